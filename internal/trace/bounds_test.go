package trace

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestStepsAreBounded counts a chain of nested tools in which each name comes twice, far apart:
// to find all takes half as many steps as the square of the spans.
func TestStepsAreBounded(t *testing.T) {
	count := func(n int) *Result {
		var last pcommon.SpanID
		spans := flat(n, func(i int, s *Span) {
			s.Kind, s.ToolName, s.Parent = mapping.KindTool, strconv.Itoa(i%(n/2)), last
			last = s.ID
		})
		var p Planner
		ask, result := p.Plan(begin(spans, nil))
		require.Nil(t, ask)
		return result
	}
	few := count(200)
	require.False(t, few.Crowded)
	require.False(t, few.Spans[0].Counted.V, "the other one of the name lies below")
	require.True(t, few.Spans[199].Counted.V)
	require.True(t, count(16_000).Crowded)
}

// TestLargeTracesAreNotReadWhole counts a span of a trace with more spans than are read, which
// another version counted.
func TestLargeTracesAreNotReadWhole(t *testing.T) {
	batch := flat(1, func(_ int, s *Span) { s.Kind = mapping.KindLLM })
	for _, spans := range []int{LargeTrace, LargeTrace + 1} {
		tr := begin(batch, &Rollup{Spans: int64(spans)})
		var p Planner
		ask, _ := p.Plan(tr)
		require.Equal(t, spans == LargeTrace, ask.Whole)
		if ask.Whole {
			continue
		}
		tr.Answer(ask)
		ask, result := p.Plan(tr)
		require.Nil(t, ask)
		require.True(t, result.Crowded)
		require.True(t, result.Spans[0].Counted.V)
		require.EqualValues(t, spans+1, result.Row.Spans)
	}
}
