package acceptance

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// simulated makes up one to three sessions at about one time, of which some are changed such that
// they mean the same, and some lack a signal.
func simulated(r *rand.Rand, begin time.Time) (all agentruns.Run, want agentruns.Truth, what string) {
	var parts []agentruns.Run
	var words []string
	for range 1 + r.IntN(3) {
		run := agentruns.Simulate(r, agentruns.Simulated[r.IntN(len(agentruns.Simulated))], begin.Add(time.Duration(r.IntN(20))*time.Second))
		words = append(words, run.Name)
		if r.IntN(2) == 0 {
			words = append(words, agentruns.Vary(r, &run)...)
		}
		switch r.IntN(4) {
		case 0:
			run.Traces = ptrace.NewTraces()
			words = append(words, "no spans")
		case 1:
			run.Logs = plog.NewLogs()
			words = append(words, "no records")
		}
		want.Add(run.TruthIn(true, true))
		parts = append(parts, run)
	}
	return agentruns.Together(parts...), want, strings.Join(words, ", ")
}

// TestSimulatedSessionsInRandomBatches sends made up sessions of several programs in random
// batches, some of them twice, to two collectors.
func TestSimulatedSessionsInRandomBatches(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	for seed := range uint64(agentruns.Seeds(30)) {
		r := rand.New(rand.NewPCG(seed, 22))
		all, want, what := simulated(r, time.Now().Add(-20*time.Hour+time.Duration(seed)*30*time.Minute))
		sums.Add(want)
		for _, a := range batches(r, all) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, what)
	}
	rowcheck.Consistent(t, db)
	require.NotZero(t, sums.FailedRequests)
}

// TestSimulatedSessionsReadAsConversations reads sessions of which only log records arrive: each
// question comes before the answers to it, and each once.
func TestSimulatedSessionsReadAsConversations(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 23))
		run := agentruns.Simulate(r, []string{"claude", "unknown"}[seed%2], time.Now().Add(-20*time.Hour+time.Duration(seed)*time.Hour))
		run.Traces = ptrace.NewTraces()
		var session string
		var want []string
		for _, rl := range run.Logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					all := rec.Attributes()
					if all.Len() == 0 {
						all = rec.Body().Map()
					}
					for _, key := range []string{"session.id", "session_id", "conversationId", "gen_ai.conversation.id"} {
						if v, ok := all.Get(key); ok {
							session = v.AsString()
						}
					}
					for _, key := range []string{"prompt", "response", "response_text"} {
						if v, ok := all.Get(key); ok {
							want = append(want, v.AsString())
						}
					}
				}
			}
		}
		if len(session) < 4 {
			continue // another one may have it
		}
		for _, a := range batches(r, run) {
			a.send(t, collectors[r.IntN(2)])
		}
		got := column[string](t, db, "SELECT content FROM llm_transcript($1) WHERE role IN ('user', 'assistant') AND content IS NOT NULL", session)
		got = slices.DeleteFunc(got, func(s string) bool { return !strings.HasPrefix(s, "question") && !strings.HasPrefix(s, "answer") })
		require.Equal(t, want, got, "seed %d: %s", seed, run.Name)
	}
}
