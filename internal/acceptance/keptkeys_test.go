package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// keptCall is a call that a record tells, and a span that arrives later.
type keptCall struct {
	trace, span byte
	session     string
	id          string
	at          time.Time
	names       bool // the record names the span
}

const callTakes = 2 * time.Second

func (c keptCall) attributes() map[string]any {
	return map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": c.id,
		"gen_ai.conversation.id": c.session, "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3,
	}
}

func keptRecords(t *testing.T, calls ...keptCall) []plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("opentelemetry.util.genai")
	for _, c := range calls {
		rec := sl.LogRecords().AppendEmpty()
		rec.SetEventName("gen_ai.client.inference.operation.details")
		rec.SetTimestamp(pcommon.NewTimestampFromTime(c.at))
		rec.SetTraceID(pcommon.TraceID{c.trace, 7})
		if c.names {
			rec.SetSpanID(pcommon.SpanID{c.span})
		}
		require.NoError(t, rec.Attributes().FromRaw(c.attributes()))
		rec.Attributes().PutStr("gen_ai.input.messages", fmt.Sprintf(`[{"role":"user","parts":[{"type":"text","content":"question %s"}]}]`, c.id))
	}
	return []plog.Logs{ld}
}

func keptSpans(t *testing.T, ofTrace byte, calls ...keptCall) []ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName("qwen-code")
	for _, c := range calls {
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{ofTrace, 7})
		s.SetSpanID(pcommon.SpanID{c.span})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(c.at.Add(-callTakes)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(c.at))
		require.NoError(t, s.Attributes().FromRaw(c.attributes()))
	}
	return []ptrace.Traces{td}
}

// TestRecordsKeepTheKeysOfTheirCalls requires that of calls that records alone tell nothing is listed,
// and that spans which come later find them all the same: by name in a trace that a later batch makes
// too large to be read whole, by id in a session whose other days are listed already, and in the trace
// that calls have left.
func TestRecordsKeepTheKeysOfTheirCalls(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	listed := func() (rows int) {
		return countRows(t, db, "SELECT FROM llm_internal_call_candidates") + countRows(t, db, "SELECT FROM llm_internal_words")
	}
	requireCalls := func(n int, what string) {
		t.Helper()
		require.Equal(t, n, countRows(t, db, "SELECT FROM llm_calls WHERE is_call"), what)
		rowcheck.Consistent(t, db)
	}
	noon := time.Now().UTC().Truncate(24 * time.Hour).Add(-36 * time.Hour)
	call := func(ofTrace, span byte, session string, at time.Duration) keptCall {
		return keptCall{trace: ofTrace, span: span, session: session, id: fmt.Sprintf("resp-%d-%d", ofTrace, span), at: noon.Add(at), names: true}
	}

	// A trace of many records.
	var first, more []keptCall
	for i := range byte(trace.MostKept - 10) {
		first = append(first, call(1, i+1, fmt.Sprint("session ", i), time.Duration(i)*time.Second))
	}
	for i := range byte(20) {
		more = append(more, call(1, 200+i, "later", time.Duration(i)*time.Second))
	}
	sendLogs(t, c, keptRecords(t, first...))
	require.Zero(t, listed())
	requireCalls(len(first), "records alone")
	sendTraces(t, c, keptSpans(t, 1, first[3]))
	requireCalls(len(first), "a span that a record names")
	sendLogs(t, c, keptRecords(t, more...))
	require.NotZero(t, listed())
	sendTraces(t, c, keptSpans(t, 1, append(first[4:], more...)...))
	requireCalls(len(first)+len(more), "spans in a large trace")
	require.Equal(t, len(first)+len(more)-3, countRows(t, db, "SELECT FROM llm_spans WHERE source IS DISTINCT FROM 'event' AND input_message_ids IS NOT NULL"), "words of records")
	before := len(first) + len(more)

	// A session of several days, whose records and spans are of different traces.
	days := []keptCall{call(2, 1, "days", 0), call(3, 1, "days", 24*time.Hour), call(4, 1, "days", 24*time.Hour+time.Minute)}
	rows := listed()
	sendLogs(t, c, keptRecords(t, days[0]))
	sendLogs(t, c, keptRecords(t, days[1]))
	require.Equal(t, rows, listed(), "each day is the first")
	sendLogs(t, c, keptRecords(t, days[2]))
	require.Equal(t, 4, listed()-rows, "what is of the session on that day, and in no trace")
	for i := range days {
		sendTraces(t, c, keptSpans(t, 50+byte(i), days[i]))
		requireCalls(before+len(days), fmt.Sprint("call of a session ", i))
	}
	before += len(days)

	// A session around midnight, of which one day is listed and the other is not.
	night := []keptCall{
		call(6, 1, "night", 12*time.Hour-2*time.Second), call(7, 1, "night", 12*time.Hour-time.Second), call(8, 1, "night", 12*time.Hour+time.Second),
	}
	for i := range night {
		sendLogs(t, c, keptRecords(t, night[i]))
	}
	for i := range night {
		sendTraces(t, c, keptSpans(t, 70+byte(i), night[i]))
		requireCalls(before+len(night), fmt.Sprint("call around midnight ", i))
	}
	before += len(night)

	// A call that goes to the trace of the span with its id, and then a span that its record names.
	moved := call(5, 1, "moved", 0)
	sendLogs(t, c, keptRecords(t, moved, call(5, 2, "stays", 0)))
	elsewhere := moved
	elsewhere.span = 9
	sendTraces(t, c, keptSpans(t, 60, elsewhere))
	requireCalls(before+2, "a call in the trace of its span")
	require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_events WHERE belongs_to <> trace_id AND session_id = 'moved'"))
	paired := "SELECT FROM llm_internal_pairs WHERE effects IS NOT NULL AND inner_span_id = '0100000000000000' AND trace_id IN (SELECT trace_id FROM llm_spans WHERE session_id = 'moved')"
	require.Zero(t, countRows(t, db, paired))
	moved.id, moved.session = "another", ""
	sendTraces(t, c, keptSpans(t, 5, moved))
	require.NotZero(t, countRows(t, db, paired), "a span that the record of a call elsewhere names")
	require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_spans WHERE response_id = 'another' AND input_message_ids IS NOT NULL"), "its words")
	rowcheck.Consistent(t, db)
}

// TestKeysThatCannotBeReadArePassedBy has another program, or a later version, write what records
// keep of their calls.
func TestKeysThatCannotBeReadArePassedBy(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	at := time.Now().Add(-time.Hour)
	for i, keys := range []string{`\x`, `\x07`, `\xff` + strings.Repeat("ff", 40)} {
		n := byte(i)
		call := keptCall{trace: 1 + n, span: 1 + n, session: fmt.Sprint("s", n), id: fmt.Sprint("r", n), at: at}
		for _, ld := range keptRecords(t, call) {
			require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
		}
		tag, err := db.Exec(t.Context(), "UPDATE llm_events SET call_keys = $1::text::bytea WHERE session_id = $2", keys, call.session)
		require.NoError(t, err)
		require.EqualValues(t, 1, tag.RowsAffected())
		for _, trace := range []byte{100 + n, 1 + n} { // of the session, and of the trace
			call.span += 50
			for _, td := range keptSpans(t, trace, call) {
				consume(t, c.traces, td)
			}
			require.Equal(t, 1, countRows(t, db, fmt.Sprintf("SELECT FROM llm_spans WHERE span_id = '%02x00000000000000'", call.span)))
		}
	}
}
