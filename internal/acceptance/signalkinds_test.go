package acceptance

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestFailuresThatRecordsAloneTell sends sessions whose spans say nothing of failures, in random
// batches to two collectors: each call is one, and fails once.
func TestFailuresThatRecordsAloneTell(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 31))
		run := agentruns.Simulate(r, []string{"claude", "gemini", "qwen"}[seed%3], time.Now().Add(-20*time.Hour+time.Duration(seed)*30*time.Minute))
		agentruns.SilenceErrors(&run)
		sums.Add(run.Truth)
		for _, a := range batches(r, run) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, run.Name)
	}
	rowcheck.Consistent(t, db)
	require.NotZero(t, sums.FailedRequests)
	require.NotZero(t, countRows(t, db, "SELECT FROM llm_calls WHERE source = 'span' AND failed AND status = 'unset' AND 'error_from_record' = ANY (adjustments)"))
	require.Zero(t, countRows(t, db, "SELECT FROM llm_calls WHERE failed AND (error_type IS NULL OR error_message IS NULL)"))
}

// TestRecordsInsideTheirCalls has the records of calls name the spans of these, or of requests below
// them: each call is one, whichever of the three comes first.
func TestRecordsInsideTheirCalls(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 37))
		run := agentruns.Simulate(r, "claude", time.Now().Add(-20*time.Hour+time.Duration(seed)*30*time.Minute))
		agentruns.InsideCalls(r, &run)
		sums.Add(run.Truth)
		for _, a := range batches(r, run) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, run.Name)
	}
	rowcheck.Consistent(t, db)
	requireCountedAlike(t, db)
}

// TestCallsOfATurnAreWhereItsPromptIs has records of prompts that name a trace, or whose turn an agent's
// span is, and calls of the turn that name none. Calls follow the prompt, whichever comes first.
func TestCallsOfATurnAreWhereItsPromptIs(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 41))
		run := agentruns.Simulate(r, []string{"claude", "codex"}[seed%2], time.Now().Add(-20*time.Hour+time.Duration(seed)*30*time.Minute))
		sums.Add(run.Truth)
		run.Traces = ptrace.NewTraces()
		turn := pcommon.TraceID{}
		traces := map[string]string{} // of turns, by prompt
		for _, rl := range run.Logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					name, _ := rec.Attributes().Get("event.name")
					if !strings.HasSuffix(name.AsString(), "user_prompt") {
						rec.SetTraceID(pcommon.TraceID{})
						rec.SetSpanID(pcommon.SpanID{})
						continue
					}
					if turn = rec.TraceID(); turn.IsEmpty() {
						turn = pcommon.TraceID{byte(seed), byte(r.Uint32()), byte(len(traces)), 1}
						rec.SetTraceID(turn)
					}
					prompt, _ := rec.Attributes().Get("prompt")
					traces[turn.String()] = prompt.AsString()
				}
			}
		}
		for _, a := range batches(r, run) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, run.Name)
		for trace, prompt := range traces {
			require.Equal(t, prompt, column[string](t, db, "SELECT input FROM llm_trace_io WHERE trace_hex = $1", trace)[0])
		}
	}
	require.Zero(t, countRows(t, db, `SELECT FROM llm_spans s JOIN llm_traces t ON t.id = s.trace_id WHERE s.source = 'event' AND s.kind IN ('llm', 'tool')
		AND NOT EXISTS (SELECT FROM llm_spans p WHERE p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND p.kind = 'agent')`), dump(t, db))
	require.Zero(t, countRows(t, db, `SELECT FROM llm_spans c WHERE c.kind = 'llm' AND c.end_time < (SELECT min(p.end_time) FROM llm_spans p WHERE p.trace_id = c.trace_id AND p.kind = 'agent')`))
	rowcheck.Consistent(t, db)
}

// TestCallsFollowPromptsThatSpansPlace has records that name no trace, and spans of the agents' turns
// alone: each call is in the trace of its turn's span, whichever comes first.
func TestCallsFollowPromptsThatSpansPlace(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	turns := 0
	for seed := range uint64(16) {
		r := rand.New(rand.NewPCG(seed, 43))
		run := agentruns.Simulate(r, "qwen", time.Now().Add(-20*time.Hour+time.Duration(seed)*time.Hour))
		if session, _ := run.Logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Get("session.id"); len(session.Str()) < 4 {
			continue // another one may have it, and then all is one turn
		}
		sums.Add(run.Truth)
		for _, rs := range run.Traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				ss.Spans().RemoveIf(func(s ptrace.Span) bool { return s.Name() != "qwen-code.interaction" })
				turns += ss.Spans().Len()
			}
		}
		for _, rl := range run.Logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					rec.SetTraceID(pcommon.TraceID{})
					rec.SetSpanID(pcommon.SpanID{})
				}
			}
		}
		for _, a := range batches(r, run) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, run.Name)
		require.Equal(t, turns, countRows(t, db, "SELECT FROM llm_traces"), "seed %d\n%s", seed, dump(t, db))
	}
	require.Zero(t, countRows(t, db, "SELECT FROM llm_traces t WHERE NOT EXISTS (SELECT FROM llm_spans s WHERE s.trace_id = t.id AND s.source = 'span')"))
	rowcheck.Consistent(t, db)
}
