package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

var testDay = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func TestSameSeedSameTraffic(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			first, second := w.build(7, testDay, 2, 256), w.build(7, testDay, 2, 256)
			require.Equal(t, marshal(t, first), marshal(t, second))
			require.NotEqual(t, marshal(t, first), marshal(t, w.build(8, testDay, 2, 256)))
		})
	}
}

func TestBatchesHoldWholeTracesOfOneDay(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			const size = 512
			batches := w.build(7, testDay, 3, size)
			require.GreaterOrEqual(t, len(batches), 3)
			batchOf := map[pcommon.TraceID]int{}
			ids := map[pcommon.SpanID]bool{}
			for i, td := range batches {
				require.LessOrEqual(t, td.SpanCount(), size)
				for span := range spansIn(td) {
					before, seen := batchOf[span.TraceID()]
					require.True(t, !seen || before == i, "a trace lies in two batches")
					batchOf[span.TraceID()] = i
					require.False(t, ids[span.SpanID()], "a span id comes twice")
					ids[span.SpanID()] = true
					require.Equal(t, testDay, span.StartTimestamp().AsTime().Truncate(24*time.Hour))
				}
			}
			require.Greater(t, len(ids), 2*size)
		})
	}
}

func TestNoWordsComeTwiceInSingle(t *testing.T) {
	spans, contents := mapped(buildSingle(7, testDay, 4, 300))
	calls := 0
	for i := range spans {
		if spans[i].Kind != mapping.KindLLM {
			continue
		}
		calls++
		require.Len(t, spans[i].InputMessageIDs, 1)
		require.Len(t, spans[i].OutputMessageIDs, 1)
	}
	require.Equal(t, len(spans)/3, calls)
	require.Len(t, contents, 2*calls)
	words := 0
	for _, body := range contents {
		words += len(body)
	}
	require.InDelta(t, promptBytes+answerBytes, words/calls, 250)
}

func TestCallsOfAgentCarryTheirHistory(t *testing.T) {
	spans, contents := mapped(buildAgent(7, testDay, 6, 200))
	conversations := map[string]int{}
	turns := 0
	for i := range spans {
		s := &spans[i]
		if s.Kind != mapping.KindLLM {
			continue
		}
		// A turn leaves a question, the wish for a tool, its result and an answer.
		calls := conversations[s.SessionID]
		require.Len(t, s.InputMessageIDs, 1+4*(calls/2)+2*(calls%2))
		require.NotZero(t, s.SystemInstructionsID)
		require.NotZero(t, s.ToolDefinitionsID)
		conversations[s.SessionID]++
		turns += calls % 2
	}
	for session, calls := range conversations {
		require.Equal(t, 2*conversationTurns, calls, session)
	}
	require.Equal(t, len(spans)/turnSpans, turns)
	// Each turn adds four messages, a tool's arguments and its result; instructions and tools are shared.
	shared := 2 * min(3, len(conversations))
	require.Len(t, contents, 6*turns+shared)
}

func TestSmallSpansHaveNoWords(t *testing.T) {
	spans, contents := mapped(buildSmall(7, testDay, 2, 200))
	require.Empty(t, contents)
	attributes := 0
	for i := range spans {
		require.Equal(t, mapping.KindOther, spans[i].Kind)
		attributes += len(spans[i].Attributes)
	}
	require.InDelta(t, 300, attributes/len(spans), 60)
}

func TestSpansOfOneTrace(t *testing.T) {
	spans, _ := mapped(buildOneTrace(7, testDay, 2, 200))
	roots := 0
	for i := range spans {
		require.Equal(t, spans[0].TraceID, spans[i].TraceID)
		if spans[i].ParentSpanID == (pcommon.SpanID{}) {
			roots++
		}
	}
	require.Equal(t, 1, roots)
}

func TestTextIsAsLongAsAskedFor(t *testing.T) {
	w := newWriter(7)
	for _, size := range []int{1, 200, 5000} {
		text := w.text(size)
		require.GreaterOrEqual(t, len(text), size)
		require.Less(t, len(text), size+400)
		require.True(t, strings.HasSuffix(text, "."))
	}
}

func marshal(t *testing.T, batches []ptrace.Traces) [][]byte {
	t.Helper()
	var all [][]byte
	for _, td := range batches {
		encoded, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(t, err)
		all = append(all, encoded)
	}
	return all
}

func spansIn(td ptrace.Traces) func(yield func(ptrace.Span) bool) {
	return func(yield func(ptrace.Span) bool) {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if !yield(span) {
						return
					}
				}
			}
		}
	}
}

// mapped returns the spans and the distinct contents of all batches.
func mapped(batches []ptrace.Traces) (spans []mapping.Span, contents map[[16]byte][]byte) {
	mapper := mapping.New(mapping.Options{})
	contents = map[[16]byte][]byte{}
	for _, td := range batches {
		batch := mapper.Map(td)
		spans = append(spans, batch.Spans...)
		for key, body := range batch.Contents {
			contents[key.ID] = body
		}
	}
	return spans, contents
}
