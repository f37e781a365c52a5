package main

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// TestViewsAgreeOverTheLoad sends the traffic of every workload in parts, in a random
// order, from several callers at once, and requires that all views tell the same, before
// hours are folded and after.
func TestViewsAgreeOverTheLoad(t *testing.T) {
	url := testserver.NewDatabase(t)
	const callers = 3
	subject, err := startExporter(t.Context(), url, testDay, callers)
	require.NoError(t, err)
	defer func() { require.NoError(t, subject.stop(context.Background())) }()
	var parts []ptrace.Traces
	for seed, w := range append(workloads, workload{name: "one trace", build: buildOneTrace}) {
		for _, td := range w.build(uint64(seed+1), testDay.Add(12*time.Hour), 2, 512) {
			parts = append(parts, split(td, 7)...)
		}
	}
	r := rand.New(rand.NewPCG(16, 4))
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	spans := 0
	var batches []batch
	for _, td := range parts {
		spans += td.SpanCount()
		batches = append(batches, batch{spans: td.SpanCount(), traces: td})
	}
	pool := storetest.Pool(t, url)
	half := len(batches) / 2
	for _, some := range [][]batch{batches[:half], batches[half:], batches[half-10 : half+10]} {
		_, err = send(t.Context(), subject, some, callers)
		require.NoError(t, err)
		rowcheck.Agree(t, pool)
		require.Eventually(t, func() bool {
			_, err := upkeep.FoldUsage(t.Context(), pool, "public", testDay.Add(48*time.Hour))
			require.NoError(t, err)
			return count(t, url, "SELECT count(*) FROM llm_usage_hours") == 0
		}, time.Minute, time.Millisecond)
		rowcheck.Agree(t, pool)
	}
	rowcheck.Spans(t, pool, spans)
}

// split deals the spans of td out to n batches, so that the spans of a trace come apart.
func split(td ptrace.Traces, n int) []ptrace.Traces {
	parts := make([]ptrace.Traces, n)
	for i := range parts {
		parts[i] = ptrace.NewTraces()
	}
	dealt := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				to := parts[dealt%n].ResourceSpans().AppendEmpty()
				dealt++
				rs.Resource().CopyTo(to.Resource())
				scope := to.ScopeSpans().AppendEmpty()
				ss.Scope().CopyTo(scope.Scope())
				span.CopyTo(scope.Spans().AppendEmpty())
			}
		}
	}
	return parts
}
