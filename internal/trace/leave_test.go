package trace

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestWhatEventsSaidLeavesWithThem moves the event of a call to another trace: its model, tag and
// session do not stay behind, what others said does.
func TestWhatEventsSaidLeavesWithThem(t *testing.T) {
	event := &mapping.EventCall{Event: "call"}
	call := Of(&mapping.Span{SpanID: [8]byte{1}, Kind: mapping.KindLLM, RequestModel: "m", Tags: []string{"a", "b"}, SessionID: "s", Start: 1, End: 2, Event: event})
	tool := Of(&mapping.Span{SpanID: [8]byte{2}, Kind: mapping.KindTool, ToolName: "t", Tags: []string{"b"}, UserID: "u", Start: 3, End: 4, Event: event})
	var p Planner
	ask, first := p.Plan(begin([]Span{call, tool}, nil))
	require.Nil(t, ask)
	require.Equal(t, []string{"m"}, first.Row.Models)

	moving := begin(nil, first.Row)
	moving.Leave(call.ID, call.Start)
	ask, _ = p.Plan(moving)
	require.True(t, ask.Whole)
	moving.Answer(ask)
	moving.KnowSpans(Stored{call, first.Spans[0]}, Stored{tool, first.Spans[1]})
	ask, rest := p.Plan(moving)
	require.Nil(t, ask)
	require.EqualValues(t, 1, rest.Row.Spans)
	require.Empty(t, rest.Row.Models)
	require.Equal(t, []string{"b"}, rest.Row.Tags)
	require.ElementsMatch(t, []string{"u"}, said(rest.Row))
}

// said are the fields that a row has.
func said(r *Rollup) (values []string) {
	for f := range r.root.fields {
		if v := r.Field(f); v != "" {
			values = append(values, v)
		}
	}
	return values
}
