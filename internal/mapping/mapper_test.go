package mapping

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

func TestASpanThatBringsTheMapperDownIsSetAside(t *testing.T) {
	m := New(Options{})
	m.table = compile(append(dialect.All(), &dialect.Dialect{Name: "broken", Sources: map[dialect.Field][]dialect.Source{
		dialect.UserID: {{Attr: "boom", At: dialect.Precedence[0], With: func(dialect.Reading, value.Value) value.Value { panic("boom") }}},
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
	b, err := New(Options{}).Traces(t.Context(), td)
	require.NoError(t, err)
	require.Len(t, b.Spans, len(spans)-rejected)
	require.Equal(t, map[string]int{"empty_span_id": rejected}, b.Rejected)
	for i := 1; i < len(b.Spans); i++ {
		require.Less(t, b.Spans[i-1].Start, b.Spans[i].Start)
	}
	checkStorable(t, b)
}

// TestABatchLeavesNothingToTheNext maps batches into the memory that others gave back, some
// of them smaller, and some with spans of another batch added.
func TestABatchLeavesNothingToTheNext(t *testing.T) {
	m := New(Options{})
	names := fixtureNames(t)
	for i, name := range names {
		td := loadTraces(t, name)
		fresh, err := New(Options{}).Traces(t.Context(), td)
		require.NoError(t, err)
		got, err := m.Traces(t.Context(), td)
		require.NoError(t, err)
		require.Equal(t, fresh.Spans, got.Spans, name)
		other, err := m.Traces(t.Context(), loadTraces(t, names[(i+1)%len(names)]))
		require.NoError(t, err)
		got.Add(other)
		require.Equal(t, fresh.Spans, got.Spans[:len(fresh.Spans)], name)
		got.Release()
		require.Nil(t, got.Spans)
	}
}

func TestEverySourceHasAPlaceOfItsOwn(t *testing.T) {
	for f := range dialect.Field(dialect.NumFields) {
		places := map[int]string{}
		for i := range compiled().sources[f] {
			src := &compiled().sources[f][i]
			if other, taken := places[src.rank]; taken {
				require.NotEqual(t, compiled().dialectOf(src), other, "two sources of %s share a place", fields[f].column)
			}
			places[src.rank] = compiled().dialectOf(src)
		}
	}
	require.LessOrEqual(t, len(dialect.All()), dialect.MaxDialects, "a dialect is a bit of a set, in which completionBit and chatBit are the last")
}

// A panic while the resource or the scope of spans is read costs those spans only, and
// is logged once, with its place and without words.
func TestAFaultAroundSpansSetsThemAside(t *testing.T) {
	logger, logs := observer.New(zap.ErrorLevel)
	m := New(Options{Logger: zap.New(logger)})
	m.norm = nil // what the long attributes of a scope bring down
	td := testSpan{name: "before"}.traces(t)
	testSpan{name: "broken"}.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	testSpan{name: "after"}.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	td.ResourceSpans().At(1).ScopeSpans().At(0).Scope().Attributes().PutStr("secret words", strings.Repeat("secret words", 1000))
	for range 2 {
		b := m.Map(td)
		require.Len(t, b.Spans, 2)
		require.Equal(t, []string{"before", "after"}, []string{b.Spans[0].Name, b.Spans[1].Name})
		require.Equal(t, map[string]int{mappingFailed: 1}, b.Rejected)
	}
	require.Len(t, logs.All(), 1)
	require.Contains(t, fmt.Sprint(logs.All()[0].ContextMap()), "mapping.(*reading).readAround")
	require.NotContains(t, fmt.Sprint(logs.All()[0].ContextMap()), "secret words")

	m = New(Options{})
	broken := *m.table
	broken.sources[dialect.ServiceName] = []boundSource{{}}
	m.table = &broken
	b := m.Map(td)
	require.Empty(t, b.Spans)
	require.Equal(t, map[string]int{mappingFailed: 3}, b.Rejected)
}

// Mapping ends with its context, and says that it did.
func TestMappingEndsWithItsContext(t *testing.T) {
	td := ptrace.NewTraces()
	for range 3000 {
		chatWith(map[string]any{"user.id": "a"}).traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	ctx, cancel := context.WithCancel(t.Context())
	m := New(Options{})
	var mapped atomic.Int32
	m.table = compile(append(dialect.All(), &dialect.Dialect{Name: "slow", Sources: map[dialect.Field][]dialect.Source{
		dialect.UserID: {{Attr: "user.id", At: dialect.Precedence[0], With: func(_ dialect.Reading, v value.Value) value.Value {
			mapped.Add(1)
			cancel()
			return v
		}}},
	}}))
	_, err := m.Traces(ctx, td)
	require.ErrorIs(t, err, context.Canceled)
	require.Positive(t, mapped.Load())
	require.Less(t, mapped.Load(), int32(256))

	b, err := New(Options{}).Traces(t.Context(), td)
	require.NoError(t, err)
	require.Len(t, b.Spans, 3000)
}

// TestAttributesAroundDoNotDependOnTheSpanBefore maps a span whose resource and scope have a key that is words for one
// dialect, after a span of this dialect and after another.
func TestAttributesAroundDoNotDependOnTheSpanBefore(t *testing.T) {
	of := func(scope string, around bool) ptrace.Traces {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName(scope)
		if around {
			rs.Resource().Attributes().PutStr("events", "null")
			ss.Scope().Attributes().PutStr("events", "null")
		}
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1})
		s.SetSpanID(pcommon.SpanID{1})
		s.SetStartTimestamp(1_795_863_746_000_000_000)
		return td
	}
	var want *Batch
	for _, before := range []string{"my.app", "pydantic-ai"} {
		m := New(Options{})
		m.Map(of(before, false))
		got := m.Map(of("my.app", true))
		if want == nil {
			want = got
		}
		require.Equal(t, want.Resources, got.Resources, before)
		require.Equal(t, string(want.Spans[0].Attributes), string(got.Spans[0].Attributes), before)
	}
}
