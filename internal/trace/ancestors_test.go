package trace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// TestAbove compares ancestors with what parents say in random graphs: trees, spans of several
// parents, circles, ancestors that have not arrived.
func TestAbove(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(14)
		id := func(i int) pcommon.SpanID { return pcommon.SpanID{1, byte(i)} }
		g := &graph{}
		g.bound()
		parents := map[pcommon.SpanID][]pcommon.SpanID{}
		again := 1 + r.IntN(2)*r.IntN(3) // observations of a span
		backwards := r.IntN(3) == 0
		for i := range n {
			for at := range again {
				s := &Span{ID: id(i), Start: int64(at)}
				switch {
				case r.IntN(5) == 0: // a root
				case r.IntN(6) == 0:
					s.Parent = id(100 + r.IntN(2)) // one that does not come
				case backwards:
					s.Parent = id(r.IntN(n))
				case i > 0:
					s.Parent = id(r.IntN(i))
				}
				if !s.Parent.IsEmpty() {
					parents[s.ID] = append(parents[s.ID], s.Parent)
				}
				g.observe(s, nil)
			}
		}
		for from := range g.vertices {
			above := map[pcommon.SpanID]bool{}
			todo := []pcommon.SpanID{g.vertices[from].id}
			for len(todo) > 0 {
				for _, parent := range parents[todo[0]] {
					if !above[parent] {
						above[parent] = true
						todo = append(todo, parent)
					}
				}
				todo = todo[1:]
			}
			for top := range g.vertices {
				what := fmt.Sprintf("seed %d, %d above %d", seed, top, from)
				found, missing, unknown := g.above(int32(from), int32(top))
				require.Equal(t, above[g.vertices[top].id], found, what)
				require.False(t, unknown, what)
				if found {
					continue
				}
				var want []pcommon.SpanID
				for id := range above {
					if !g.vertices[g.find(id)].arrived() {
						want = append(want, id)
					}
				}
				require.ElementsMatch(t, want, slices.Compact(distinct(missing)), what)
			}
		}
	}
}
