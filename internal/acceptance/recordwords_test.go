package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// dividedCalls makes up a trace of calls and of tools, each told by records of which one has the question, and
// another the tokens and the answer, or the error. want is the question by span, span 1 being around all.
func dividedCalls(r *rand.Rand, trace byte, qwen, around bool) (run inventedRun, want map[string]string) {
	run, spans, records := newInventedRun(r, time.Now().Add(-time.Hour+time.Duration(trace)*time.Minute), fmt.Sprint("divided ", trace))
	scope := "acme.instrumentation"
	if qwen {
		scope = "qwen-code"
	}
	spans.scope.SetName(scope)
	records.scope.SetName(scope)
	id, agent, begin := run.traceID(), run.spanID(), run.now
	record := func(names pcommon.SpanID, event string, attrs map[string]any) {
		rec := run.records.AppendEmpty()
		rec.SetTraceID(id)
		rec.SetSpanID(names)
		rec.SetEventName(event)
		rec.SetTimestamp(pcommon.NewTimestampFromTime(run.now))
		put(rec.Attributes(), attrs)
	}
	want = map[string]string{}
	for n := range 1 + r.IntN(5) {
		call, from, question, failed := run.spanID(), run.now, fmt.Sprint("question ", n), r.IntN(4) == 0
		names := call
		if around {
			names = agent
		}
		in, out := 100+n, 10+n
		took := time.Duration(1+r.IntN(900)) * time.Millisecond
		attrs := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1"}
		if qwen {
			record(names, "qwen-code.api_request", map[string]any{"session.id": run.session, "model": "m-1", "request_text": `[{"role":"user","parts":[{"text":"` + question + `"}]}]`})
		} else {
			record(names, "gen_ai.user.message", map[string]any{"content": question})
		}
		run.now = run.now.Add(took)
		switch {
		case failed && qwen:
			record(names, "qwen-code.api_error", map[string]any{"session.id": run.session, "model": "m-1", "error_type": "overloaded", "duration_ms": took.Milliseconds()})
		case failed:
			record(names, "gen_ai.client.operation.exception", map[string]any{"exception.type": "overloaded", "gen_ai.request.model": "m-1"})
		case qwen:
			record(names, "qwen-code.api_response", map[string]any{
				"session.id": run.session, "model": "m-1", "input_token_count": in, "output_token_count": out, "duration_ms": took.Milliseconds(), "response_text": fmt.Sprint("answer ", n),
			})
		default:
			record(names, inferenceDetails, map[string]any{"gen_ai.request.model": "m-1", "gen_ai.response.id": call.String(), "gen_ai.usage.input_tokens": in, "gen_ai.usage.output_tokens": out})
		}
		if failed {
			attrs["error.type"] = "overloaded"
		} else {
			attrs["gen_ai.usage.input_tokens"], attrs["gen_ai.usage.output_tokens"], attrs["gen_ai.response.id"] = in, out, call.String()
		}
		want[call.String()] = question
		run.span(id, call, agent, from, attrs)
		run.now = run.now.Add(time.Second)
	}
	run.span(id, agent, pcommon.SpanID{}, begin, map[string]any{"gen_ai.operation.name": "invoke_agent"})
	return run, want
}

// inputsOfCalls returns the inputs of the calls of a trace in order of time.
func inputsOfCalls(t *testing.T, db *pgxpool.Pool, trace pcommon.TraceID) []string {
	return column[string](t, db, `SELECT coalesce((SELECT string_agg(llm_internal_said(m), '|') FROM jsonb_array_elements(input_messages) m), '')
		FROM llm_calls WHERE trace_id = llm_internal_find_trace($1) AND is_call ORDER BY end_time`, trace.String())
}

// TestWordsOfACallThatAnotherRecordTells has the question of each call on one record, and the call on another: the call
// has the question whichever comes first, and so has its span, once spans are sent too.
func TestWordsOfACallThatAnotherRecordTells(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	for seed := range byte(48) {
		r := rand.New(rand.NewPCG(uint64(seed), 67))
		run, want := dividedCalls(r, seed, seed%2 == 0, seed%4 == 3)
		id := run.spans.At(0).TraceID()
		var all []string
		for n := range len(want) {
			all = append(all, fmt.Sprint("question ", n))
		}
		traces, records := run.run.Traces, run.run.Logs
		if seed%3 > 0 { // records alone, traces later
			run.run.Traces = ptrace.NewTraces()
		}
		for _, a := range batches(r, run.run) {
			a.send(t, collectors[r.IntN(2)])
		}
		require.Equal(t, all, inputsOfCalls(t, db, id), "seed %d", seed)
		if run.run.Traces, run.run.Logs = traces, plog.NewLogs(); r.IntN(2) == 0 {
			run.run.Logs = records
		}
		for _, a := range batches(r, run.run) {
			a.send(t, collectors[r.IntN(2)])
		}
		require.Equal(t, all, inputsOfCalls(t, db, id), "seed %d with spans", seed)
		require.Empty(t, column[string](t, db, `SELECT span_id FROM llm_spans WHERE trace_id = llm_internal_find_trace($1) AND source = 'event' AND event_words & 1 > 0`, id.String()),
			"seed %d: events leave to spans what is theirs", seed)
		for span, question := range want {
			got := column[string](t, db, `SELECT string_agg(llm_internal_said(m), '|') FROM llm_span_details d, jsonb_array_elements(d.input_messages) m
				WHERE d.trace_hex = $1 AND d.span_id = $2`, id.String(), span)
			require.Equal(t, []string{question}, got, "seed %d: span %s", seed, span)
		}
	}
}
