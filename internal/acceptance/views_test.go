package acceptance

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const question = `[{"role":"user","parts":[{"type":"text","content":"Which way is north?"}]}]`
const answer = `[{"role":"assistant","parts":[{"type":"text","content":"That way."}],"finish_reason":"stop"}]`

// TestTheLastOfSeveralCallsHasTheAnswerAroundThem stores a span with the answer and its id around
// two calls with the figures only, in both orders.
func TestTheLastOfSeveralCallsHasTheAnswerAroundThem(t *testing.T) {
	for name, order := range map[string][]int{"outer first": {0, 1, 2}, "outer last": {1, 2, 0}} {
		t.Run(name, func(t *testing.T) {
			e, db := startExporter(t, nil)
			start := time.Now()
			call := func(id, parent byte, from, to time.Duration) (ptrace.Traces, pcommon.Map) {
				td, span := newSpan("steps", id, parent, start.Add(from), start.Add(to))
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
				return td, span.Attributes()
			}
			outer, said := call(1, 0, 0, 5*time.Second)
			said.PutStr("gen_ai.input.messages", question)
			said.PutStr("gen_ai.output.messages", answer)
			said.PutStr("gen_ai.response.id", "resp_2")
			first, figures := call(2, 1, time.Second, 2*time.Second)
			figures.PutInt("gen_ai.usage.input_tokens", 12)
			last, figures := call(3, 1, 3*time.Second, 4*time.Second)
			figures.PutInt("gen_ai.usage.input_tokens", 30)
			for _, n := range order {
				consume(t, e, []ptrace.Traces{outer, first, last}[n])
			}
			var shown string
			require.NoError(t, db.QueryRow(t.Context(), `SELECT string_agg(concat_ws(' ', left(span_id, 2), input_messages #>> '{0,parts,0,content}', coalesce(output_messages #>> '{0,parts,0,content}', '-'),
				coalesce(response_id, '-'), coalesce(finish_reasons[1], '-')), ', ' ORDER BY start_time) FROM llm_calls`).Scan(&shown))
			require.Equal(t, "02 Which way is north? - - -, 03 Which way is north? That way. resp_2 stop", shown)
		})
	}
}

// TestCountedCallShowsWhyItsAnswerEnded stores a call with its answer inside an observation that says why the
// answer ended, in both orders: with as many reasons as there are answers, and with another number.
func TestCountedCallShowsWhyItsAnswerEnded(t *testing.T) {
	for name, c := range map[string]struct {
		reasons []any
		shown   *string
	}{"one reason": {[]any{"stop"}, new("stop")}, "two reasons": {[]any{"stop", "length"}, nil}} {
		for _, order := range [][]int{{0, 1}, {1, 0}} {
			t.Run(fmt.Sprint(name, order), func(t *testing.T) {
				e, db := startExporter(t, nil)
				start := time.Now()
				outer, around := newSpan("framework", 1, 0, start, start.Add(3*time.Second))
				inner, call := newSpan("client", 2, 1, start.Add(time.Second), start.Add(2*time.Second))
				for _, s := range []ptrace.Span{around, call} {
					s.Attributes().PutStr("gen_ai.operation.name", "chat")
					s.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
					s.Attributes().PutInt("gen_ai.usage.output_tokens", 3)
				}
				require.NoError(t, around.Attributes().PutEmptySlice("gen_ai.response.finish_reasons").FromRaw(c.reasons))
				call.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"That way."}]}]`)
				for _, n := range order {
					consume(t, e, []ptrace.Traces{outer, inner}[n])
				}
				var shown, inMessage *string
				require.NoError(t, db.QueryRow(t.Context(), `SELECT finish_reasons[1], output_messages #>> '{0,finish_reason}' FROM llm_calls`).Scan(&shown, &inMessage))
				require.Equal(t, []*string{c.shown, c.shown}, []*string{shown, inMessage})
			})
		}
	}
}

// TestCountedCallShowsTheWordsAroundIt stores an outer observation of a call, with
// the words, and an inner one with the figures, nested and side by side.
func TestCountedCallShowsTheWordsAroundIt(t *testing.T) {
	for name, parent := range map[string]byte{"nested": 2, "side by side": 1} {
		t.Run(name, func(t *testing.T) {
			e, db := startExporter(t, nil)
			start := time.Now()
			call := func(scope string, id, parent byte, from, to time.Duration, words bool) ptrace.Traces {
				td, span := newSpan(scope, id, parent, start.Add(from), start.Add(to))
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
				span.Attributes().PutInt("gen_ai.usage.input_tokens", 12)
				span.Attributes().PutInt("gen_ai.usage.output_tokens", 3)
				if words {
					span.Attributes().PutStr("gen_ai.input.messages", question)
					span.Attributes().PutStr("gen_ai.output.messages", answer)
				}
				return td
			}
			consume(t, e, call("client", 3, parent, 2*time.Second, 3*time.Second, false))
			consume(t, e, call("framework", 2, 1, time.Second, 4*time.Second, true))
			root, _ := newSpan("app", 1, 0, start, start.Add(5*time.Second))
			consume(t, e, root)

			var span, input, output string
			var silent bool
			require.NoError(t, db.QueryRow(t.Context(), `SELECT span_id, input_messages #>> '{0,parts,0,content}', output_messages #>> '{0,finish_reason}'
				FROM llm_calls`).Scan(&span, &input, &output), "exactly one call")
			require.Equal(t, "0300000000000000", span)
			require.Equal(t, "Which way is north?", input)
			require.Equal(t, "stop", output)
			require.NoError(t, db.QueryRow(t.Context(), `SELECT llm_asked(input_messages), llm_asked(output_messages) IS NULL FROM llm_calls`).Scan(&input, &silent))
			require.Equal(t, "Which way is north?", input)
			require.True(t, silent, "an answer asks nothing")
			require.NoError(t, db.QueryRow(t.Context(), `SELECT input, output FROM llm_trace_io`).Scan(&input, &output))
			require.Equal(t, []string{"Which way is north?", "That way."}, []string{input, output})
		})
	}
}

// documentedQueries are the SQL blocks of the README and of docs/queries.md.
func documentedQueries(t *testing.T) (queries []string) {
	t.Helper()
	for _, file := range []string{"../../README.md", "../../docs/queries.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, block := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			queries = append(queries, block[1])
		}
	}
	return queries
}

// TestDocumentedQueriesRun runs every query of the documentation over all cases.
func TestDocumentedQueriesRun(t *testing.T) {
	e, db := startExporter(t, nil)
	for _, name := range fixtureNames(t) {
		consume(t, e, readFixture(t, name))
	}
	queries := documentedQueries(t)
	require.GreaterOrEqual(t, len(queries), 10)
	for _, q := range queries {
		sql := regexp.MustCompile(`interval '[^']*'`).ReplaceAllString(q, "interval '3 years'")
		sql = strings.ReplaceAll(sql, "SYSTEM (5)", "SYSTEM (100)") // the tables have few pages
		sql = strings.ReplaceAll(sql, "llm_search((now() AT TIME ZONE 'UTC')::date", "(SELECT DISTINCT day FROM llm_contents) d, llm_search(d.day")
		require.NotZero(t, countRows(t, db, sql), sql)
	}
}

// TestDocumentedFiguresAreThoseOfTheSpans compares what the documented queries of calls, tokens
// and failures sum up to with the definition over the spans.
func TestDocumentedFiguresAreThoseOfTheSpans(t *testing.T) {
	e, db := startExporter(t, nil)
	for _, name := range fixtureNames(t) {
		consume(t, e, readFixture(t, name))
	}
	queries := documentedQueries(t)
	for begin, want := range map[string][2]string{
		"SELECT (hour AT": {`SELECT sum(calls), sum(tokens), sum(usd) FROM`, `SELECT count(*) FILTER (WHERE counted AND kind <> 'tool'),
			sum(coalesce(total_tokens, (aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE usage_counted),
			sum(CASE WHEN estimate_counted THEN estimated_cost WHEN cost_counted THEN coalesce(total_cost, (aggregate_usage ->> 'total_cost')::numeric) END) FROM llm_spans`},
		"SELECT user_id": {`SELECT sum(calls), sum(tokens) FROM`, `SELECT count(*) FILTER (WHERE counted AND kind <> 'tool'),
			sum(coalesce(total_tokens, (aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE usage_counted) FROM llm_spans`},
		"SELECT service_name, hour":                      {`SELECT sum(failed) FROM`, `SELECT count(error_type) FROM llm_spans WHERE counted AND kind = 'llm'`},
		"SELECT start_time, service_name, model AS what": {`SELECT count(*) FROM`, `SELECT count(error_type) FROM llm_spans WHERE counted`},
		"SELECT tool_name, sum(offered)":                 {`SELECT sum(called), sum(failed) FROM`, `SELECT count(*), count(error_type) FROM llm_spans WHERE kind = 'tool' AND counted`},
	} {
		at := slices.IndexFunc(queries, func(q string) bool { return strings.HasPrefix(q, begin) })
		require.GreaterOrEqual(t, at, 0, begin)
		sql, _, _ := strings.Cut(queries[at], ";")
		sql = regexp.MustCompile(`interval '[^']*'`).ReplaceAllString(strings.ReplaceAll(sql, " LIMIT 20", ""), "interval '3 years'")
		require.Equal(t, lines(t, db, want[1]), lines(t, db, want[0]+" ("+sql+") q"), sql)
	}
}

func countRows(t *testing.T, db *pgxpool.Pool, sql string) int {
	t.Helper()
	rows, err := db.Query(t.Context(), sql)
	require.NoError(t, err, sql)
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	require.NoError(t, rows.Err(), sql)
	return n
}

func consume(t *testing.T, e exporter.Traces, td ptrace.Traces) {
	t.Helper()
	require.NoError(t, e.ConsumeTraces(context.Background(), td))
}

// newSpan makes a trace of one span; ids are their first byte.
func newSpan(scope string, id, parent byte, start, end time.Time) (ptrace.Traces, ptrace.Span) {
	td := ptrace.NewTraces()
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName(scope)
	span := ss.Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{7})
	span.SetSpanID(pcommon.SpanID{id})
	if parent != 0 {
		span.SetParentSpanID(pcommon.SpanID{parent})
	}
	span.SetName("span")
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
	return td, span
}
