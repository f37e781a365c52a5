package trace

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestSmallTracesAreReadInsteadOfTheIndex grows traces that came complete, and others, beyond the size up to
// which spans have no entry in llm_spans_below. At last an agent around all reports a cost: the calls below are
// found, by reading the trace or by the index.
func TestSmallTracesAreReadInsteadOfTheIndex(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 41))
		complete := r.IntN(3) > 0
		spans := treeOfCalls(r, 1+r.IntN(2*smallTrace), complete)
		first := 1 + r.IntN(len(spans))
		s := newStorage()
		s.store(t, spans[:first])
		isSmall := complete && first > 1 && first <= smallTrace
		s.requireSmall(t, isSmall, seed)
		for at := first; at < len(spans); {
			n := min(1+r.IntN(20), len(spans)-at)
			s.store(t, spans[at:at+n])
			at += n
			isSmall = isSmall && at <= smallTrace
			s.requireSmall(t, isSmall, seed)
		}
		total := spans[0]
		total.Start++
		total.Cost = decimal.NewNullDecimal(decimal.New(1, 0))
		spans = append(spans, total)
		wholes := s.wholes
		s.store(t, spans[len(spans)-1:])
		s.requireSmall(t, isSmall && len(spans) <= smallTrace, seed)
		require.LessOrEqual(t, s.wholes-wholes, 1, "seed %d", seed)
		if !isSmall {
			require.Equal(t, wholes, s.wholes, "seed %d: the index is enough", seed)
		}
		s.require(t, spans)
	}
}

// treeOfCalls makes a trace whose spans lie below the first, each before those below it; an incomplete one's
// first span has a parent that never arrives.
func treeOfCalls(r *rand.Rand, n int, complete bool) []Span {
	spans := make([]Span, n)
	for i := range spans {
		s := &spans[i]
		binary.BigEndian.PutUint64(s.ID[:], uint64(i+1))
		s.Start = 1_700_000_000_000_000 + int64(10*i)
		s.End, s.Scope, s.From = s.Start+int64(1000*(n-i)), "a", &mapping.Span{}
		switch {
		case i > 0:
			s.Parent = spans[r.IntN(i)].ID
		case !complete:
			s.Parent = pcommon.SpanID{0xff}
		}
		s.Kind = []mapping.Kind{mapping.KindAgent, mapping.KindChain, mapping.KindOther, mapping.KindLLM}[r.IntN(4)]
		if i == 0 {
			s.Kind = mapping.KindAgent
		}
		if s.Kind == mapping.KindLLM {
			s.Models, s.Input = NewModels("gpt-4o"), mapping.Int{V: int64(i + 1), OK: true}
			s.Estimate = decimal.NewNullDecimal(decimal.New(int64(i+1), -6))
		}
	}
	return spans
}

// requireSmall checks that all spans of the trace are those of a small trace, or none.
func (s *storage) requireSmall(t *testing.T, want bool, seed uint64) {
	t.Helper()
	require.Equal(t, want, s.row.state&small != 0, "seed %d", seed)
	for _, stored := range s.spans {
		for i := range stored {
			require.Equal(t, want, stored[i].Small, "seed %d", seed)
		}
	}
}
