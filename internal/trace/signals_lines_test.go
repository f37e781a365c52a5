package trace

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestLinesOfASpanAreOneCall delivers lines with copies of what a span had by then, and the span in every other
// case, in random batches: one observation counts, and there are about as many pairs as lines.
func TestLinesOfASpanAreOneCall(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 8))
		number := func(v int64) mapping.Int { return mapping.Int{V: v, OK: true} }
		call := Candidate{Kind: mapping.KindLLM, ID: pcommon.SpanID{9}, Origin: pcommon.TraceID{1}, Place: pcommon.TraceID{1}, End: 1_700_000_000_000_000, Tokens: true}
		var all []Candidate
		for i := range 1 + r.IntN(400) {
			line := call
			line.ID, line.Names, line.Event, line.NamesCall, line.ByTime = pcommon.SpanID{1, byte(i >> 8), byte(i)}, call.ID, mapping.UnnamedEvent, true, true
			line.End += int64(i/2) * 1000
			line.Start = line.End
			if line.Input, line.Figures = number(7), 1; i > 20 {
				line.Output, line.Figures = number(3), 2
			}
			all = append(all, line)
		}
		if seed%2 == 0 {
			span := call
			span.End += int64(len(all)) * 1000
			span.Input, span.Output, span.Figures = number(7), number(3), 2
			all = append(all, span)
		}
		all = append(all, all[:r.IntN(len(all))]...)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		s := &signalStorage{
			keys: map[uint64][]int{}, index: map[pcommon.SpanID]int{}, pairs: map[[2]pcommon.SpanID]Effects{}, byTrace: map[pcommon.TraceID]map[[2]pcommon.SpanID]bool{},
		}
		for batch := range slices.Chunk(all, []int{3, 100, 1000}[r.IntN(3)]) {
			s.store(t, batch)
		}
		counts := map[pcommon.SpanID]bool{}
		for i := range all {
			counts[all[i].ID] = true
		}
		require.LessOrEqual(t, len(s.pairs), 3*len(counts), "seed %d", seed)
		for pair, e := range s.pairs {
			require.NotZero(t, e&OuterCall&^OuterTokens)
			delete(counts, pair[1])
		}
		require.Len(t, counts, 1, "seed %d: of %d", seed, len(all))
		require.Equal(t, seed%2 == 0, counts[call.ID])
	}
}
