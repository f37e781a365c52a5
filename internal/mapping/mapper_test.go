package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestASpanThatBringsTheMapperDownIsSetAside(t *testing.T) {
	m := New(Options{})
	m.table = compile(append(dialects[:len(dialects):len(dialects)], &dialect{name: "broken", sources: map[field][]source{
		fUserID: {{attr: "boom", at: 1, with: func(*reading, value) value { panic("boom") }}},
	}}))
	td := testSpan{attrs: map[string]any{"user.id": "before"}}.traces(t)
	testSpan{attrs: map[string]any{"boom": "x"}}.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	testSpan{attrs: map[string]any{"user.id": "after"}}.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	for range 2 {
		b := m.Map(td)
		require.Len(t, b.Spans, 2)
		require.Equal(t, "before", b.Spans[0].UserID)
		require.Equal(t, "after", b.Spans[1].UserID)
		require.Equal(t, map[string]int{mappingFailed: 1}, b.Rejected)
	}
}

func TestLargeBatchesKeepTheOrderOfTheirSpans(t *testing.T) {
	td := ptrace.NewTraces()
	for range 700 {
		for _, span := range []testSpan{chatWith(map[string]any{"user.id": "a"}), {name: "b"}} {
			span.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
		}
	}
	spans := allSpans(td)
	rejected := 0
	for i, span := range spans {
		span.SetStartTimestamp(testStart + pcommon.Timestamp(i)*1000)
		if i%100 == 7 {
			span.SetSpanID(pcommon.SpanID{})
			rejected++
		}
	}
	b := New(Options{}).Stream(td).Whole()
	require.Len(t, b.Spans, len(spans)-rejected)
	require.Equal(t, map[string]int{"empty_span_id": rejected}, b.Rejected)
	for i := 1; i < len(b.Spans); i++ {
		require.Less(t, b.Spans[i-1].Start, b.Spans[i].Start)
	}
	checkStorable(t, b)
}

func TestEverySourceHasAPlaceOfItsOwn(t *testing.T) {
	for f := range field(numFields) {
		places := map[int]string{}
		for _, src := range compiled().sources[f] {
			if other, taken := places[src.rank]; taken {
				require.NotEqual(t, src.dialectName, other, "two sources of %s share a place", fields[f].column)
			}
			places[src.rank] = src.dialectName
		}
	}
	require.LessOrEqual(t, len(dialects), 63, "a dialect is a bit of a set")
}
