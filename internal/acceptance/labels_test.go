package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestLabels sends a trace in every order through two collectors. Labels are a span's, else
// its resource's; a trace's are the root's, each by itself, else the earliest span's.
func TestLabels(t *testing.T) {
	url, db := storetest.Open(t)
	var collectors []exporter.Traces
	for range 2 {
		collectors = append(collectors, startExporterAt(t, url, func(cfg *llmobservatoryexporter.Config) {
			cfg.Labels = []string{"team", "cost_center", "team.id", "beta"}
		}))
	}
	labelled := func(trace, id, parent byte, after time.Duration, resource, own map[string]any) ptrace.Traces {
		td := chat(trace, id, parent, noon(1).Add(after), []string{"user: hi"}, []string{"assistant: ho"})
		rs := td.ResourceSpans().At(0)
		require.NoError(t, rs.Resource().Attributes().FromRaw(all(map[string]any{"service.name": "shop"}, resource)))
		span := rs.ScopeSpans().At(0).Spans().At(0)
		for key, v := range own {
			require.NoError(t, span.Attributes().PutEmpty(key).FromRaw(v))
		}
		return td
	}
	var trace byte
	permuteInts(4, func(order []int) {
		trace++
		spans := []ptrace.Traces{
			labelled(trace, 1, 0, 2*time.Second, map[string]any{"cost_center": int64(7)}, map[string]any{"team.id": "t-root"}),
			labelled(trace, 2, 1, time.Second, map[string]any{"team": "of the resource"}, map[string]any{"team": "early", "beta": true}),
			labelled(trace, 3, 1, 3*time.Second, map[string]any{"cost_center": "c3"}, map[string]any{"team": "  ", "team.id": "t3"}),
			labelled(trace, 4, 3, 4*time.Second, map[string]any{"team": "of the resource"}, map[string]any{"team.id": []any{"no", "text"}, "cost_center": ""}),
		}
		for n, i := range order {
			consume(t, collectors[n%2], spans[i])
		}
	})
	traces := int(trace)
	require.Equal(t, fmt.Sprintf(`{"beta":"true","team":"early","team.id":"t-root","cost_center":"7"}|%d`, traces),
		lines(t, db, `SELECT replace(labels::text, ' ', ''), count(*) FROM llm_traces GROUP BY 1`))
	require.Equal(t, fmt.Sprintf(`01|{"team.id": "t-root", "cost_center": "7"}|%[1]d
02|{"beta": "true", "team": "early"}|%[1]d
03|{"team.id": "t3", "cost_center": "c3"}|%[1]d
04|{"team": "of the resource"}|%[1]d`, traces), lines(t, db, `SELECT left(span_id, 2), labels::text, count(*) FROM llm_spans GROUP BY 1, 2 ORDER BY 1`))
	require.Equal(t, fmt.Sprint("true|", traces), lines(t, db, `SELECT attributes ->> 'beta', count(*) FROM llm_span_details WHERE attributes ? 'team' AND attributes ->> 'team' = 'early' GROUP BY 1`))
	// What a call does not say itself it inherits, label by label.
	require.Equal(t, "early|7|t-root\nof the resource|7|t-root", lines(t, db, `SELECT DISTINCT labels ->> 'team', labels ->> 'cost_center', labels ->> 'team.id' FROM llm_calls ORDER BY 1`))
	byTeam := `SELECT labels ->> 'team', sum(calls) FROM llm_usage GROUP BY 1 HAVING sum(calls) > 0 ORDER BY 1`
	want := fmt.Sprintf("early|%[1]d\nof the resource|%[1]d", traces)
	require.Equal(t, want, lines(t, db, byTeam))
	rowcheck.Agree(t, db)
	foldAll(t, db, noon(0))
	require.Equal(t, want, lines(t, db, byTeam))
	require.Equal(t, want, lines(t, db, `SELECT labels ->> 'team', sum(calls) FROM llm_usage_daily GROUP BY 1 ORDER BY 1`))
	rowcheck.Agree(t, db)
}

// TestLabelsAreFactsWithoutContents: who names a label says that its attribute is no text.
func TestLabelsAreFactsWithoutContents(t *testing.T) {
	e, db := startExporter(t, func(cfg *llmobservatoryexporter.Config) {
		cfg.Labels = []string{"color"}
		cfg.Content.Capture = "metadata"
	})
	td := spanIn(1, 1, 0, noon(1), "color", "red", "shape", "round")
	td.ResourceSpans().At(0).Resource().Attributes().PutStr("color", "blue")
	consume(t, e, td)
	require.Equal(t, "red|red|~|blue", lines(t, db, `SELECT labels ->> 'color', attributes ->> 'color', attributes ->> 'shape', resource_attributes ->> 'color' FROM llm_span_details`))
}

func permuteInts(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			f(order)
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rec(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rec(0)
}

// longTrace makes a trace over several hours, of agents and calls told again, whose figures,
// users, labels and names stand on some spans only.
func longTrace(r *rand.Rand, trace byte) []ptrace.Traces {
	spans := make([]ptrace.Traces, 9)
	begin := noon(1 + int(trace))
	for i := range spans {
		parent := 0
		if i > 0 {
			parent = 1 + r.IntN(i)
		}
		if r.IntN(12) == 0 {
			parent = 200 // never arrives
		}
		start := begin.Add(time.Duration(r.IntN(4*60)) * time.Minute)
		td, span := newSpan([]string{"a", "b"}[r.IntN(2)], byte(i+1), byte(parent), start, start.Add(time.Duration(r.IntN(180))*time.Minute))
		span.SetTraceID(pcommon.TraceID{trace})
		set := func(values map[string]any) {
			if err := span.Attributes().FromRaw(all(span.Attributes().AsRaw(), values)); err != nil {
				panic(err)
			}
		}
		switch r.IntN(6) {
		case 0:
			set(agent(fmt.Sprint("agent ", i)))
		case 1:
			set(tool("search", fmt.Sprint("c", r.IntN(2))))
		case 2: // a span of no kind
		default:
			set(map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": []string{"openai", "azure"}[r.IntN(2)]})
			if r.IntN(3) > 0 {
				set(map[string]any{"gen_ai.request.model": []string{"gpt-4o", "gpt-4o-mini"}[r.IntN(2)]})
			}
		}
		if r.IntN(2) == 0 {
			set(tokens(r.IntN(50), r.IntN(9)))
		}
		for key, values := range map[string][]string{"user.id": {"ann", "bob"}, "team": {"red", "blue"}, "deployment.environment.name": {"prod", "dev"}} {
			if r.IntN(5) == 0 {
				set(map[string]any{key: values[r.IntN(2)]})
			}
		}
		if r.IntN(3) == 0 {
			set(cost(float64(r.IntN(9)) / 1000))
		}
		spans[i] = td
	}
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	return spans
}

// TestFoldedHoursFollowTheirTraces folds between the spans of traces that cross hours, in
// random orders, and compares each folded hour with the sums over its spans.
func TestFoldedHoursFollowTheirTraces(t *testing.T) {
	e, db := startExporter(t, func(cfg *llmobservatoryexporter.Config) { cfg.Labels = []string{"team"} })
	r := rand.New(rand.NewPCG(16, 2))
	var traces [][]ptrace.Traces
	for trace := range byte(6) {
		traces = append(traces, longTrace(r, trace+1))
	}
	for round := range traces[0] {
		for _, spans := range traces {
			consume(t, e, spans[round])
		}
		rowcheck.Folded(t, db)
		if round%2 == 0 {
			foldAll(t, db, noon(0))
		}
	}
	rowcheck.Folded(t, db)
	rowcheck.Agree(t, db)
}
