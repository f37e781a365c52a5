package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// run is a captured run of a coding agent, cut into batches.
type run struct {
	agentruns.Run
	traces []ptrace.Traces // a span each
	logs   []plog.Logs     // a record each
}

func cut(r agentruns.Run) run { return run{r, spanByBatch(r.Traces), recordByBatch(r.Logs)} }

// loadRuns loads the captured runs, each span and each record on its own.
func loadRuns(t testing.TB) (list []run) {
	for _, r := range agentruns.Load(t) {
		list = append(list, cut(r))
	}
	return list
}

// seldomRuns are runs of what happens seldom.
func seldomRuns(t testing.TB) (list []run) {
	for _, r := range agentruns.Seldom(t) {
		list = append(list, cut(r))
	}
	return list
}

func joinTraces(parts []ptrace.Traces) ptrace.Traces {
	all := ptrace.NewTraces()
	for _, p := range parts {
		p.ResourceSpans().At(0).CopyTo(all.ResourceSpans().AppendEmpty())
	}
	return all
}

func joinLogs(parts []plog.Logs) plog.Logs {
	all := plog.NewLogs()
	for _, p := range parts {
		p.ResourceLogs().At(0).CopyTo(all.ResourceLogs().AppendEmpty())
	}
	return all
}

// deliveries are ways in which the two signals of a run may arrive at two collectors.
var signalOrders = map[string]func(t *testing.T, r *run, a, b collector){
	"traces": func(t *testing.T, r *run, a, _ collector) { sendTraces(t, a, r.traces) },
	"logs":   func(t *testing.T, r *run, a, _ collector) { sendLogs(t, a, r.logs) },
	"traces first": func(t *testing.T, r *run, a, _ collector) {
		sendTraces(t, a, r.traces)
		sendLogs(t, a, r.logs)
	},
	"logs first": func(t *testing.T, r *run, a, _ collector) {
		sendLogs(t, a, r.logs)
		sendTraces(t, a, r.traces)
	},
	"record by record": func(t *testing.T, r *run, a, b collector) {
		// Spans of large runs go in groups, so that all are through when the records are.
		group := max(1, len(r.traces)/max(1, len(r.logs)))
		traces, logs := r.traces, r.logs
		for i := 0; len(traces)+len(logs) > 0; i++ {
			to := []collector{a, b}[i%2]
			if n := min(group, len(traces)); n > 0 {
				sendTraces(t, to, traces[:n])
				traces = traces[n:]
			}
			if len(logs) > 0 {
				sendLogs(t, to, logs[:1])
				logs = logs[1:]
			}
		}
	},
	"backwards": func(t *testing.T, r *run, a, b collector) {
		for i := len(r.logs) - 1; i >= 0; i-- {
			sendLogs(t, a, r.logs[i:i+1])
		}
		for end := len(r.traces); end > 0; end -= 40 {
			sendTraces(t, b, r.traces[max(0, end-40):end])
		}
	},
	"all twice": func(t *testing.T, r *run, a, b collector) {
		for range 2 {
			sendLogs(t, a, r.logs)
			sendTraces(t, b, r.traces)
		}
	},
	"two collectors at once": func(t *testing.T, r *run, a, b collector) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; i < len(r.logs); i += 3 {
				sendLogs(t, a, r.logs[i:min(i+3, len(r.logs))])
			}
		}()
		for i := 0; i < len(r.traces); i += 30 {
			sendTraces(t, b, r.traces[i:min(i+30, len(r.traces))])
		}
		<-done
	},
}

func sendTraces(t *testing.T, c collector, parts []ptrace.Traces) {
	if len(parts) > 0 {
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), joinTraces(parts)))
	}
}

func sendLogs(t *testing.T, c collector, parts []plog.Logs) {
	if len(parts) > 0 {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), joinLogs(parts)))
	}
}

// TestSumsAreTheTruthInEachOrder sends the captured runs in each subset of their signals and
// in many orders: what counts is what the model endpoints were asked. All runs of an order
// are in one database: ids of one run are found again in others.
func TestSumsAreTheTruthInEachOrder(t *testing.T) {
	for order, send := range signalOrders {
		t.Run(order, func(t *testing.T) {
			url, db := storetest.Open(t)
			a, b := startBoth(t, url, nil), startBoth(t, url, nil)
			var sums agentruns.Truth
			for _, r := range append(loadRuns(t), seldomRuns(t)...) {
				send(t, &r, a, b)
				sums.Add(r.TruthIn(order != "logs", order != "traces"))
				requireTruth(t, db, sums, r.Name)
			}
			rowcheck.Consistent(t, db)
		})
	}
}

func requireTruth(t *testing.T, db *pgxpool.Pool, want agentruns.Truth, after string) {
	t.Helper()
	tools := want.Tools
	got := agentruns.Truth{Tools: tools}
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE is_call AND NOT failed), count(*) FILTER (WHERE is_call AND failed), coalesce(sum(input_tokens), 0),
		coalesce(sum(cache_read_tokens), 0), coalesce(sum(cache_creation_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(reasoning_tokens), 0) FROM llm_calls`).Scan(
		&got.Calls, &got.FailedRequests, &got.Input, &got.CacheRead, &got.CacheWrite, &got.Output, &got.Reasoning))
	require.Equal(t, want, got, "after %s\n%s", after, dump(t, db))
	var calls, failed, input, output, toolCalls, errors int64
	require.NoError(t, db.QueryRow(t.Context(), `SELECT coalesce(sum(llm_call_count), 0), coalesce(sum(error_count), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
		coalesce(sum(tool_call_count), 0) FROM llm_traces`).Scan(&calls, &errors, &input, &output, &toolCalls))
	require.Equal(t, []int64{want.Calls + want.FailedRequests, want.Input, want.Output}, []int64{calls, input, output}, "llm_traces")
	require.Equal(t, tools, toolCalls, "tools of llm_traces after %s\n%s", after, dump(t, db))
	require.NoError(t, db.QueryRow(t.Context(), `SELECT coalesce(sum(calls), 0), coalesce(sum(failed_calls), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
		coalesce(sum(tool_calls), 0) FROM llm_usage`).Scan(&calls, &failed, &input, &output, &toolCalls))
	require.Equal(t, []int64{want.Calls + want.FailedRequests, want.FailedRequests, want.Input, want.Output, tools},
		[]int64{calls, failed, input, output, toolCalls}, "llm_usage")
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_tool_calls`).Scan(&toolCalls))
	require.Equal(t, tools, toolCalls, "llm_tool_calls")
	var bare int64
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_traces t WHERE NOT EXISTS (SELECT FROM llm_spans s WHERE s.trace_id = t.id AND (s.source = 'span' OR s.counted))
		AND NOT EXISTS (SELECT FROM llm_events e WHERE e.trace_id = t.id)`).Scan(&bare))
	require.Zero(t, bare, "traces of turns without a call, after %s", after)
}

// dump lists the rows of calls.
func dump(t testing.TB, db *pgxpool.Pool) string {
	rows, err := db.Query(t.Context(), `SELECT concat_ws(' ', left(trace_id::text, 6), span_id, source, kind, name, status, error_type, input_tokens, output_tokens, to_char(end_time, 'SS.US'),
		session_id, counted, usage_counted, cost_counted, tool_call_id) FROM llm_spans WHERE kind IN ('llm', 'tool', 'agent') ORDER BY end_time`)
	require.NoError(t, err)
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// TestErasedSessionsOfBothSignals erases the session of one run after the other: nothing of
// it is left, prompts of turns without a row neither, and the others count as before.
func TestErasedSessionsOfBothSignals(t *testing.T) {
	url, db := storetest.Open(t)
	c := startBoth(t, url, nil)
	var all []run
	for _, r := range loadRuns(t) {
		if !strings.HasPrefix(r.Name, "opencode") && len(r.logs) > 0 {
			all = append(all, r)
		}
	}
	sessions := map[string]string{}
	for _, r := range all {
		sendLogs(t, c, r.logs)
		sendTraces(t, c, r.traces)
		var session string
		require.NoError(t, db.QueryRow(t.Context(), `SELECT session_id FROM llm_events WHERE session_id IS NOT NULL AND session_id <> ALL ($1) LIMIT 1`,
			slices.AppendSeq([]string{}, maps.Values(sessions))).Scan(&session))
		sessions[r.Name] = session
	}
	for i, r := range all {
		_, err := db.Exec(t.Context(), "SELECT llm_erase_session($1, true)", sessions[r.Name])
		require.NoError(t, err)
		var left int
		require.NoError(t, db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM llm_spans WHERE session_id = $1) + (SELECT count(*) FROM llm_events WHERE session_id = $1)`,
			sessions[r.Name]).Scan(&left))
		require.Zero(t, left, r.Name)
		var sums agentruns.Truth
		for _, other := range all[i+1:] {
			sums.Add(other.TruthIn(true, true))
		}
		requireTruth(t, db, sums, "erasing "+r.Name)
		rowcheck.Consistent(t, db)
	}
}

// TestNoRecordIsLost sends all records twice and compares how many there are.
func TestNoRecordIsLost(t *testing.T) {
	url, db := storetest.Open(t)
	c := startBoth(t, url, nil)
	kept := map[content.ID]bool{}
	for _, r := range loadRuns(t) {
		sendTraces(t, c, r.traces)
		for range 2 {
			sendLogs(t, c, r.logs)
		}
		for _, rec := range logs.Read(joinLogs(r.logs), logs.KeepGenAI, nil).Records {
			kept[rec.ID] = true
		}
	}
	var rows int
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FROM llm_events").Scan(&rows))
	require.Len(t, kept, rows)
	require.NotZero(t, rows)
	var astray int
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans s WHERE source = 'event' AND kind IN ('llm', 'tool') AND name NOT LIKE '% (span event)' AND NOT EXISTS (
		SELECT FROM llm_events e WHERE left(replace(e.id::text, '-', ''), 16) = s.span_id AND e.belongs_to = s.trace_id)`).Scan(&astray))
	require.Zero(t, astray, "records are where their calls are")
}
