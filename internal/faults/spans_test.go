package faults

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// oddSpan is a span that something is wrong with.
type oddSpan struct {
	fault string
	spoil func(ptrace.Span)
	mark  string // what the row's adjustments hold; "" if nothing has to be repaired
}

var oddSpans = []oddSpan{
	{"NUL in every text", func(s ptrace.Span) { everyText(s, "a\x00b") }, "nul_removed"},
	{"invalid UTF-8 in every text", func(s ptrace.Span) { everyText(s, "a\xff\xc0b") }, "utf8_replaced"},
	{"surrogate as UTF-8", func(s ptrace.Span) { everyText(s, "a\xed\xa0\x80b") }, "utf8_replaced"},
	{"NUL escaped in messages", func(s ptrace.Span) {
		s.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"a\u0000b"}]}]`)
	}, "nul_removed"},
	{"lone surrogate escaped in messages", func(s ptrace.Span) {
		s.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"\ud83d alone"}]}]`)
	}, "utf8_replaced"},
	{"numbers that are none", func(s ptrace.Span) {
		list := s.Attributes().PutEmptySlice("numbers")
		for _, n := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			list.AppendEmpty().SetDouble(n)
		}
		s.Attributes().PutDouble("gen_ai.request.temperature", math.NaN())
	}, "number_not_finite"},
	{"extreme numbers", func(s ptrace.Span) {
		s.Attributes().PutInt("gen_ai.usage.input_tokens", math.MaxInt64)
		s.Attributes().PutInt("gen_ai.usage.output_tokens", math.MinInt64)
		s.Attributes().PutDouble("tiny", math.SmallestNonzeroFloat64)
		s.Attributes().PutDouble("large", math.MaxFloat64)
	}, ""},
	{"latest times", func(s ptrace.Span) { s.SetStartTimestamp(math.MaxUint64); s.SetEndTimestamp(math.MaxUint64) }, ""},
	{"no times", func(s ptrace.Span) { s.SetStartTimestamp(0); s.SetEndTimestamp(0) }, ""},
	{"end before start", func(s ptrace.Span) { s.SetEndTimestamp(s.StartTimestamp() - 1e9) }, "time_clamped"},
	{"10 MB attribute", func(s ptrace.Span) { s.Attributes().PutStr("long", strings.Repeat("word ", 2<<20)) }, ""},
	{"10,000 attributes", func(s ptrace.Span) {
		for i := range 10_000 {
			s.Attributes().PutInt(fmt.Sprint("key ", i), int64(i))
		}
	}, ""},
	{"1,000 events", func(s ptrace.Span) {
		for i := range 1000 {
			event := s.Events().AppendEmpty()
			event.SetName(fmt.Sprint("event ", i))
			event.Attributes().PutStr("bad", "\x00\xff")
		}
	}, "nul_removed"},
	{"64 levels deep", func(s ptrace.Span) {
		level := s.Attributes().PutEmptyMap("deep")
		for range 64 {
			level = level.PutEmptyMap("deep")
		}
		s.Attributes().PutStr("gen_ai.input.messages", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000))
	}, ""},
	{"names of 10 kB", func(s ptrace.Span) { everyText(s, strings.Repeat("長", 10_000/3)) }, ""},
	{"names of 10 kB that no index can pack", func(s ptrace.Span) { everyText(s, noise(10_000)) }, "text_cut"},
	{"message of 20 MB", func(s ptrace.Span) {
		s.Attributes().PutStr("gen_ai.input.messages", asJSON([]message{text("user", strings.Repeat("word ", 4<<20))}))
	}, "content_cut"},
	{"lone surrogate escaped in a key", func(s ptrace.Span) {
		s.Attributes().PutStr("gen_ai.operation.name", "execute_tool")
		s.Attributes().PutStr("gen_ai.tool.call.arguments", `{"\ud800\u0000":"\udfff"}`)
	}, "utf8_replaced"},
	{"sums that overflow", func(s ptrace.Span) {
		for _, key := range []string{"input_tokens", "output_tokens", "cache_read.input_tokens", "reasoning.output_tokens"} {
			s.Attributes().PutInt("gen_ai.usage."+key, math.MaxInt64)
		}
	}, ""},
	{"SQL in keys", func(s ptrace.Span) {
		for _, key := range []string{`'; DROP TABLE llm_spans; --`, `"`, `\`, `$1`, `{"a"`, "", "\t\n\\N"} {
			s.Attributes().PutStr(key, key)
		}
	}, ""},
	{"history of 20,000 messages", func(s ptrace.Span) {
		history := make([]message, 20_000)
		for i := range history {
			history[i] = text("user", fmt.Sprint("message ", i))
		}
		s.Attributes().PutStr("gen_ai.input.messages", asJSON(history))
	}, ""},
}

// noise makes text that does not pack.
func noise(size int) string {
	r := rand.New(rand.NewPCG(9, 9))
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%x ", r.Uint64())
	}
	return b.String()[:size]
}

// everyText puts a text wherever a span takes one.
func everyText(s ptrace.Span, words string) {
	s.SetName(words)
	s.Status().SetCode(ptrace.StatusCodeError)
	s.Status().SetMessage(words)
	s.TraceState().FromRaw(words)
	for _, key := range []string{
		"gen_ai.request.model", "gen_ai.response.model", "gen_ai.response.id", "gen_ai.provider.name", "gen_ai.tool.name", "gen_ai.tool.call.id",
		"gen_ai.tool.call.result", "gen_ai.agent.name", "gen_ai.agent.id", "gen_ai.conversation.id", "user.id", "error.type", "gen_ai.input.messages",
		"gen_ai.system_instructions", words,
	} {
		s.Attributes().PutStr(key, words)
	}
	s.Attributes().PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr(words)
	event := s.Events().AppendEmpty()
	event.SetName(words)
	event.Attributes().PutStr(words, words)
	link := s.Links().AppendEmpty()
	link.TraceState().FromRaw(words)
	link.Attributes().PutStr(words, words)
}

// TestBadSpansAreStored sends all of them in one batch among good spans, twice.
func TestBadSpansAreStored(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	s := start(t, database, func(cfg *config) { cfg.TimeoutConfig.Timeout = patience }) // spans of 10 MB take their time
	db := connect(t, database)
	r := rand.New(rand.NewPCG(5, 5))
	td := conversation(r, 10, time.Now())
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	ids := map[string]oddSpan{}
	for _, odd := range oddSpans {
		span := spans.AppendEmpty()
		span.SetTraceID(randomTraceID(r))
		span.SetSpanID(randomSpanID(r))
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		odd.spoil(span)
		ids[span.SpanID().String()] = odd
	}
	spans.AppendEmpty().SetSpanID(randomSpanID(r))
	spans.AppendEmpty().SetTraceID(randomTraceID(r))
	for range 2 {
		require.NoError(t, deliver(t.Context(), s.send, td))
	}
	requireAll(t, db, spans.Len()-2)
	requireMarks(t, db, ids)
	require.Eventually(t, func() bool { return s.counter(t, spansRejected) == 4 }, patience, glance)
	require.EqualValues(t, 2*number(t.Context(), db, "SELECT sum(cardinality(adjustments)) FROM llm_spans"),
		s.counter(t, spansRepaired))
	require.Equal(t, 2, s.logs.FilterMessageSnippet("Set spans or log records aside").Len(), "once for each of two reasons")
	readViews(t, db)
}

// readViews reads every column of every row.
func readViews(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	for _, view := range []string{"llm_span_details", "llm_calls", "llm_tool_calls", "llm_messages", "llm_trace_io", "llm_sessions"} {
		run(t, db, "SELECT length(v::text) FROM "+view+" v")
	}
}

func requireMarks(t *testing.T, db *pgxpool.Pool, ids map[string]oddSpan) {
	t.Helper()
	for id, odd := range ids {
		var marks []string
		require.NoError(t, db.QueryRow(t.Context(), "SELECT coalesce(adjustments, '{}') FROM llm_spans WHERE span_id = $1", id).Scan(&marks))
		if odd.mark != "" {
			require.Contains(t, marks, odd.mark, odd.fault)
		}
	}
}

// TestSchemaNameIsQuoted migrates and writes in a schema whose name is SQL.
func TestSchemaNameIsQuoted(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	const schema = `we"ird; drop`
	s := start(t, database, func(cfg *config) { cfg.Postgres.Schema = schema })
	td := conversation(rand.New(rand.NewPCG(6, 6)), 5, time.Now())
	for range 2 {
		require.NoError(t, deliver(t.Context(), s.send, td))
	}
	requireAll(t, connectTo(t, database, schema), td.SpanCount())
}

// TestLargeTraceInManyBatches stores a trace in which every span has ten children.
func TestLargeTraceInManyBatches(t *testing.T) {
	t.Parallel()
	largeTrace(t, 100_000)
}

func largeTrace(t *testing.T, spans int) {
	t.Helper()
	const batchSize = 5000
	database := testserver.NewDatabase(t)
	s := start(t, database, func(cfg *config) { cfg.TimeoutConfig.Timeout = patience }) // several go into one batch
	trace := randomTraceID(rand.New(rand.NewPCG(9, 9)))
	begin := time.Now()
	for first := 0; first < spans; first += batchSize {
		require.NoError(t, deliver(t.Context(), s.send, partOfTrace(trace, first, first+batchSize, begin)))
	}
	db := connect(t, database)
	require.Eventually(t, func() bool { return storedSpans(t, db) >= spans }, 5*patience, 5*glance)
	t.Logf("%d spans of one trace in %s", spans, time.Since(begin).Round(time.Millisecond))
	require.Equal(t, spans, number(t.Context(), db, "SELECT count(DISTINCT span_id) FROM llm_spans"))
	rowcheck.Rollups(t, db)
	began := time.Now()
	calls := number(t.Context(), db, "SELECT llm_call_count FROM llm_traces")
	for _, told := range []string{
		"SELECT CASE WHEN sum(calls) = sum(input_tokens) THEN sum(calls)::bigint END FROM llm_usage",
		"SELECT CASE WHEN count(*) = sum(input_tokens) THEN count(*) FILTER (WHERE is_call) END FROM llm_calls",
	} {
		require.Equal(t, calls, number(t.Context(), db, told), told)
	}
	t.Logf("llm_usage and llm_calls tell them in %s", time.Since(began).Round(time.Millisecond))
}

// partOfTrace makes spans first to last-1 of a trace.
func partOfTrace(trace pcommon.TraceID, first, last int, start time.Time) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for n := first; n < last; n++ {
		span := spans.AppendEmpty()
		span.SetTraceID(trace)
		span.SetSpanID(numbered(n))
		if n > 0 {
			span.SetParentSpanID(numbered((n - 1) / 10))
		}
		span.SetName("chat")
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(n) * time.Microsecond)))
		span.SetEndTimestamp(span.StartTimestamp() + 1000)
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutInt("gen_ai.usage.input_tokens", 1)
	}
	return td
}

func numbered(n int) pcommon.SpanID {
	return pcommon.SpanID{1, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}
