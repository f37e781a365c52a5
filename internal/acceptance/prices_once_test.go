package acceptance

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// permutations returns all orders of the numbers below n.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			order := append(append(append([]int{}, shorter[:at]...), n-1), shorter[at:]...)
			all = append(all, order)
		}
	}
	return all
}

// TestCostIsCountedOnceInEveryOrder sends each span of a trace alone, in every order: calls
// of which the span itself, another observation around or below, or a sum around tells the
// cost, and calls of which nobody does. gpt-4o-mini costs 0.15 and 0.6 USD per million.
func TestCostIsCountedOnceInEveryOrder(t *testing.T) {
	tokens := []string{"gen_ai.usage.input_tokens", "1000000", "gen_ai.usage.output_tokens", "500000"} // 0.45
	call := []string{"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4o-mini"}
	agent := []string{"gen_ai.operation.name", "invoke_agent", "gen_ai.agent.name", "a"}
	with := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	cost := func(usd string) []string { return []string{"gen_ai.usage.cost", usd} }
	type span struct {
		id, parent byte
		attributes []string
	}
	scenarios := []struct {
		name             string
		spans            []span
		total, estimated string
		unpriced         int
	}{
		{"nobody reports", []span{{1, 0, agent}, {2, 1, with(call, tokens)}, {3, 1, with(call, tokens)}}, "0.9", "0.9", 0},
		{"the call itself", []span{{1, 0, agent}, {2, 1, with(call, tokens, cost("0.123456789012345678"))}, {3, 1, with(call, tokens)}}, "0.573456789012345678", "0.9", 0},
		{"a gateway around", []span{{1, 0, with(call, cost("0.7"))}, {2, 1, nil}, {3, 2, with(call, tokens)}}, "0.7", "0.45", 0},
		{"a gateway below", []span{{1, 0, with(call, tokens)}, {2, 1, nil}, {3, 2, with(call, cost("0.7"))}}, "0.7", "0.45", 0},
		{"a sum around", []span{{1, 0, with(agent, cost("3"))}, {2, 1, nil}, {3, 2, with(call, tokens)}, {4, 2, with(call, tokens)}}, "3", "0.9", 0},
		{"a sum around, a call reports", []span{{1, 0, with(agent, cost("3"))}, {2, 1, with(call, tokens, cost("1"))}, {3, 1, with(call, tokens)}}, "1.45", "0.9", 0},
		{"no price", []span{{1, 0, agent}, {2, 1, with(call[:4], []string{"gen_ai.request.model", "nobody-knows"}, tokens)}, {3, 1, with(call, tokens)}}, "0.45", "0.45", 1},
		{"a price of 0", []span{{1, 0, agent}, {2, 1, with(call[:4], []string{"gen_ai.request.model", "free-model"}, tokens)}}, "0", "0", 0},
	}
	url, db := storetest.Open(t)
	_, err := db.Exec(t.Context(), `INSERT INTO llm_prices (model, input, output) VALUES ('free-model', 0, 0)`)
	require.NoError(t, err)
	e := startExporterAt(t, url, nil)
	start := time.Now().Add(-time.Hour)
	number := uint16(0)
	for _, s := range scenarios {
		number = number&^0xff + 0x100 // traces of a scenario begin with its number
		for _, order := range permutations(len(s.spans)) {
			number++
			for _, at := range order {
				of := s.spans[at]
				td := spanIn(0, of.id, of.parent, start, of.attributes...)
				inTrace(td, number)
				require.NoError(t, e.ConsumeTraces(t.Context(), td))
			}
		}
		got := column[string](t, db, fmt.Sprintf(`SELECT concat_ws('|', trim_scale(total_cost), trim_scale(estimated_cost), unpriced_calls) FROM llm_traces WHERE trace_id ^@ '%02x' GROUP BY 1`, number>>8))
		require.Equal(t, []string{fmt.Sprintf("%s|%s|%d", s.total, s.estimated, s.unpriced)}, got, s.name)
	}
	rowcheck.Rollups(t, db)
	rowcheck.Agree(t, db)
}

// inTrace moves the spans to a trace of a number.
func inTrace(td ptrace.Traces, number uint16) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				id := s.TraceID()
				binary.BigEndian.PutUint16(id[:], number)
				s.SetTraceID(id)
			}
		}
	}
}
