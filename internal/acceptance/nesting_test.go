package acceptance

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// maxOrders bounds the orders that are tried of one case; those of up to five
// spans are tried in all.
const maxOrders = 120

// TestNestingInEveryOrder sends the cases about calls told more than once, a span
// a batch, in every order, and compares flags and totals.
func TestNestingInEveryOrder(t *testing.T) {
	e, db := startExporter(t, nil)
	r := rand.New(rand.NewPCG(6, 6))
	for _, name := range fixtureNames(t) {
		if !strings.HasPrefix(name, "nesting-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, order := range orders(r, readFixture(t, name).SpanCount()) {
				batches := spanByBatch(readFixture(t, name))
				var trace pcommon.TraceID
				fill(r, trace[:])
				for _, i := range order {
					spanOf(batches[i]).SetTraceID(trace)
					consume(t, e, batches[i])
				}
				requireNesting(t, db, name, trace, order)
			}
		})
	}
	rowcheck.Rollups(t, db)
}

func spanOf(td ptrace.Traces) ptrace.Span {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
}

// orders returns all orders of n spans, or some if there are too many.
func orders(r *rand.Rand, n int) (all [][]int) {
	if n > 5 {
		for range maxOrders {
			all = append(all, r.Perm(n))
		}
		return all
	}
	var extend func(order []int)
	extend = func(order []int) {
		if len(order) == n {
			all = append(all, slices.Clone(order))
			return
		}
		for i := range n {
			if !slices.Contains(order, i) {
				extend(append(order, i))
			}
		}
	}
	extend(nil)
	return all
}

func requireNesting(t *testing.T, db *pgxpool.Pool, name string, trace pcommon.TraceID, order []int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(fixtureFolder, name+".expected.json"))
	require.NoError(t, err)
	var expected map[string]map[string]any
	require.NoError(t, json.Unmarshal(text, &expected))
	for span, fields := range expected {
		var row map[string]any
		require.NoError(t, db.QueryRow(t.Context(), `SELECT to_jsonb(s) FROM llm_spans s JOIN llm_traces t ON t.id = s.trace_id
			WHERE t.trace_id = $1 AND s.span_id = $2`, trace.String(), span).Scan(&row))
		for _, flag := range []string{"counted", "usage_counted"} {
			if want, listed := fields[flag]; listed {
				require.Equal(t, want, row[flag], "%s of %s in order %v", flag, span, order)
			}
		}
	}
	text, err = os.ReadFile(filepath.Join(fixtureFolder, name+".totals.json"))
	require.NoError(t, err)
	var totals map[string]any
	require.NoError(t, json.Unmarshal(text, &totals))
	var row map[string]any
	require.NoError(t, db.QueryRow(t.Context(), `SELECT to_jsonb(x) FROM (SELECT llm_call_count AS llm_calls, tool_call_count AS tool_calls,
		input_tokens, output_tokens, total_cost FROM llm_traces WHERE trace_id = $1) x`, trace.String()).Scan(&row))
	for total, want := range totals {
		require.True(t, rowcheck.Same(want, row[total]), "%s in order %v: want %v, got %v", total, order, want, row[total])
	}
}
