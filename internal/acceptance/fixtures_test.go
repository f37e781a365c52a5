package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// fixtureFolder holds what instrumentations send, and what is to come of it.
const fixtureFolder = "../mapping/testdata/fixtures"

// TestFixturesBecomeRows sends every case through the exporter and compares
// the rows, read by SQL, with what the case expects.
func TestFixturesBecomeRows(t *testing.T) {
	for _, orders := range []struct {
		name    string
		batches func(ptrace.Traces) []ptrace.Traces
	}{
		{"whole", func(td ptrace.Traces) []ptrace.Traces { return []ptrace.Traces{td} }},
		{"a span a batch", spanByBatch},
		{"a span a batch, last first", func(td ptrace.Traces) []ptrace.Traces { return reversed(spanByBatch(td)) }},
	} {
		t.Run(orders.name, func(t *testing.T) {
			e, db := startExporter(t, nil)
			known := knownFailures(t)
			for _, name := range fixtureNames(t) {
				t.Run(name, func(t *testing.T) {
					td := readFixture(t, name)
					for _, batch := range orders.batches(td) {
						require.NoError(t, e.ConsumeTraces(t.Context(), batch))
					}
					report := func(field, problem string) { known.report(t, name+" "+field, problem) }
					compareSpans(t, db, name, report)
					compareTotals(t, db, name, td, report)
				})
			}
			rowcheck.Agree(t, db)
			if orders.name == "whole" {
				foldAll(t, db, time.Now().Add(3*time.Hour))
				rowcheck.Agree(t, db)
			}
		})
	}
}

// failures are the fields of cases that are known to fail: "case span field", or
// "case total field".
type failures map[string]bool

func knownFailures(t *testing.T) failures {
	text, err := os.ReadFile("../mapping/testdata/known_failures.txt")
	require.NoError(t, err)
	known := failures{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			known[strings.TrimSpace(line)] = true
		}
	}
	return known
}

func (known failures) report(t *testing.T, entry, problem string) {
	switch {
	case problem != "" && !known[entry]:
		t.Errorf("%s: %s", entry, problem)
	case problem == "" && known[entry]:
		t.Errorf("%s holds: take it out of known_failures.txt", entry)
	}
}

// fixtureNames lists the cases: exports of traces that say what is expected of them.
func fixtureNames(t *testing.T) []string {
	var names []string
	require.NoError(t, filepath.WalkDir(fixtureFolder, func(path string, _ os.DirEntry, err error) error {
		name, ok := strings.CutSuffix(path, ".otlp.json")
		if _, missing := os.Stat(name + ".expected.json"); ok && missing == nil {
			names = append(names, strings.TrimPrefix(name, fixtureFolder+"/"))
		}
		return err
	}))
	require.NotEmpty(t, names)
	return names
}

func readFixture(t *testing.T, name string) ptrace.Traces {
	return agentruns.LoadTraces(t, filepath.Join(fixtureFolder, name+".otlp.json"))
}

// spanByBatch cuts td into batches of one span.
func spanByBatch(td ptrace.Traces) []ptrace.Traces {
	var batches []ptrace.Traces
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				one := ptrace.NewTraces()
				oneRS := one.ResourceSpans().AppendEmpty()
				rs.Resource().CopyTo(oneRS.Resource())
				oneRS.SetSchemaUrl(rs.SchemaUrl())
				oneSS := oneRS.ScopeSpans().AppendEmpty()
				ss.Scope().CopyTo(oneSS.Scope())
				oneSS.SetSchemaUrl(ss.SchemaUrl())
				span.CopyTo(oneSS.Spans().AppendEmpty())
				batches = append(batches, one)
			}
		}
	}
	return batches
}

func reversed(batches []ptrace.Traces) []ptrace.Traces {
	var back []ptrace.Traces
	for i := len(batches) - 1; i >= 0; i-- {
		back = append(back, batches[i])
	}
	return back
}

func compareSpans(t *testing.T, db *pgxpool.Pool, name string, report func(field, problem string)) {
	text, err := os.ReadFile(filepath.Join(fixtureFolder, name+".expected.json"))
	require.NoError(t, err)
	var expected map[string]map[string]any
	require.NoError(t, json.Unmarshal(text, &expected))
	for span, fields := range expected {
		var row map[string]any
		require.NoError(t, db.QueryRow(t.Context(), `SELECT to_jsonb(d) FROM llm_span_details d WHERE span_id = $1`, span).Scan(&row), span)
		for field, want := range fields {
			got, ok := row[field]
			require.True(t, ok, "llm_span_details has no column %s", field)
			if field == "request_parameters" || field == "aggregate_usage" || field == "attributes" {
				got = onlyKeys(got, want)
			}
			if field == "output_messages" {
				dropUnexpectedFinish(want, got)
			}
			report(span+" "+field, difference(want, got))
		}
	}
}

func difference(want, got any) string {
	if rowcheck.Same(want, got) {
		return ""
	}
	return "want " + asJSON(want) + ", got " + asJSON(got)
}

// onlyKeys keeps the members of got that want names.
func onlyKeys(got, want any) any {
	g, ok := got.(map[string]any)
	w, wanted := want.(map[string]any)
	if !ok || !wanted {
		return got
	}
	kept := map[string]any{}
	for key, want := range w {
		if v, ok := g[key]; ok || want == nil {
			kept[key] = v
		}
	}
	return kept
}

// dropUnexpectedFinish drops the finish reasons, which the view takes from the
// span, where a case lists the message as it was sent, without one.
func dropUnexpectedFinish(want, got any) {
	w, _ := want.([]any)
	g, _ := got.([]any)
	for i := range min(len(w), len(g)) {
		wanted, okWanted := w[i].(map[string]any)
		message, okMessage := g[i].(map[string]any)
		if _, has := wanted["finish_reason"]; okWanted && okMessage && !has {
			delete(message, "finish_reason")
		}
	}
}

// compareTotals compares what a trace's spans report: the cases name no estimates.
func compareTotals(t *testing.T, db *pgxpool.Pool, name string, td ptrace.Traces, report func(field, problem string)) {
	text, err := os.ReadFile(filepath.Join(fixtureFolder, name+".totals.json"))
	if os.IsNotExist(err) {
		return
	}
	require.NoError(t, err)
	var expected map[string]any
	require.NoError(t, json.Unmarshal(text, &expected))
	ids := map[string]bool{}
	var list []string
	for _, batch := range spanByBatch(td) {
		id := batch.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).TraceID().String()
		if !ids[id] {
			ids[id] = true
			list = append(list, id)
		}
	}
	var got map[string]any
	require.NoError(t, db.QueryRow(t.Context(), `SELECT to_jsonb(x) FROM (SELECT sum(llm_call_count) AS llm_calls,
		sum(tool_call_count) AS tool_calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
		(SELECT sum(coalesce(s.total_cost, (s.aggregate_usage ->> 'total_cost')::numeric)) FROM llm_spans s
			WHERE s.cost_counted AND s.trace_id = ANY (array_agg(t.id))) AS total_cost, min(user_id) AS user_id, min(session_id) AS session_id FROM llm_traces t WHERE trace_id = ANY ($1)) x`, list).Scan(&got))
	for field, want := range expected {
		report("total "+field, difference(want, got[field]))
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
