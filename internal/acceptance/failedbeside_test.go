package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestAnswerBesideAFailedCall has Claude Code ask twice at once behind a gateway that drops the ids of requests. One call fails, and the
// record of the other's answer is written when the failed one ends: in each order the calls are two, one failed, and the answer
// is that of the other.
func TestAnswerBesideAFailedCall(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 61))
		m := newMadeUp(byte(seed), "com.anthropic.claude_code.tracing", time.Now().Add(-20*time.Hour+time.Duration(seed)*20*time.Minute))
		m.ld.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName("com.anthropic.claude_code.events")
		session := fmt.Sprint("session ", seed)
		of := func(others attrs) attrs {
			others["session.id"] = session
			return others
		}
		request := of(attrs{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"})
		m.span(1, 0, "claude_code.interaction", 0, 9, of(attrs{"gen_ai.operation.name": "invoke_agent"}))
		m.span(2, 1, "claude_code.llm_request", 1, 2, request)
		m.spans.At(1).Status().SetCode(2)
		m.span(3, 1, "claude_code.llm_request", 1.1, 2.1, request)
		put(m.spans.At(2).Attributes(), attrs{"gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 10})
		m.record(1, "api_error", 2, of(attrs{"event.name": "api_error", "model": "claude-sonnet-4-5", "error": "overloaded", "status_code": 529, "duration_ms": 1000}), nil)
		m.record(1, "api_request", 2.1, of(attrs{"event.name": "api_request", "model": "claude-sonnet-4-5", "input_tokens": 20, "output_tokens": 10, "duration_ms": 1000}), nil)
		m.record(1, "assistant_response", 2.01, of(attrs{"event.name": "assistant_response", "response": "hello"}), nil)
		sums.Add(agentruns.Truth{Calls: 1, FailedRequests: 1, Input: 20, Output: 10})
		all := pieces(m.td, m.ld)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, a := range all {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, fmt.Sprint("seed ", seed))
		_, failed := wordsOf(t, db, m.trace, 2)
		_, answered := wordsOf(t, db, m.trace, 3)
		require.Equal(t, []string{"", "hello"}, []string{failed, answered}, "seed %d", seed)
	}
	rowcheck.Consistent(t, db)
}
