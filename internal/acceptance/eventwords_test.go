package acceptance

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// arrival is a batch of either signal.
type arrival struct {
	td *ptrace.Traces
	ld *plog.Logs
}

func (a arrival) send(t *testing.T, c collector) {
	t.Helper()
	if a.td != nil {
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), *a.td))
	}
	if a.ld != nil {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), *a.ld))
	}
}

// recordByBatch cuts ld into batches of one record.
func recordByBatch(ld plog.Logs) (batches []plog.Logs) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, rec := range sl.LogRecords().All() {
				one := plog.NewLogs()
				oneRL := one.ResourceLogs().AppendEmpty()
				rl.Resource().CopyTo(oneRL.Resource())
				oneSL := oneRL.ScopeLogs().AppendEmpty()
				sl.Scope().CopyTo(oneSL.Scope())
				rec.CopyTo(oneSL.LogRecords().AppendEmpty())
				batches = append(batches, one)
			}
		}
	}
	return batches
}

func pieces(td ptrace.Traces, ld plog.Logs) (all []arrival) {
	for _, one := range spanByBatch(td) {
		all = append(all, arrival{td: &one})
	}
	for _, one := range recordByBatch(ld) {
		all = append(all, arrival{ld: &one})
	}
	return all
}

// TestWordsOfRecordsAreTheSpans sends each captured run's spans and log records in several
// orders: the spans say what they say themselves and what the records add.
func TestWordsOfRecordsAreTheSpans(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(fixtureFolder, "py/*.logs.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	shuffled := func(seed uint64) func(ptrace.Traces, plog.Logs) []arrival {
		return func(td ptrace.Traces, ld plog.Logs) []arrival {
			all := pieces(td, ld)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			return all
		}
	}
	for _, order := range []struct {
		name string
		of   func(ptrace.Traces, plog.Logs) []arrival
	}{
		{"traces first", func(td ptrace.Traces, ld plog.Logs) []arrival { return []arrival{{td: &td}, {ld: &ld}} }},
		{"records first", func(td ptrace.Traces, ld plog.Logs) []arrival { return []arrival{{ld: &ld}, {td: &td}} }},
		{"one by one, spans first", pieces},
		{"one by one, last first", func(td ptrace.Traces, ld plog.Logs) []arrival {
			all := pieces(td, ld)
			slices.Reverse(all)
			return all
		}},
		{"at random", shuffled(1)},
		{"at random again, twice", func(td ptrace.Traces, ld plog.Logs) []arrival {
			return append(shuffled(2)(td, ld), shuffled(3)(td, ld)...)
		}},
		{"written otherwise", varied(1)}, {"written otherwise again", varied(2)}, {"written otherwise once more", varied(3)},
	} {
		t.Run(order.name, func(t *testing.T) {
			url := storetest.NewDatabase(t)
			first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
			for _, path := range paths {
				name := strings.TrimSuffix(path, ".logs.json")
				t.Run(filepath.Base(name), func(t *testing.T) {
					for i, a := range order.of(agentruns.LoadTraces(t, name+".otlp.json"), agentruns.LoadLogs(t, path)) {
						a.send(t, []collector{first, second}[i%2])
					}
					compareBoth(t, db, name)
				})
			}
		})
	}
}

// varied writes the records as other libraries write the same.
func varied(seed uint64) func(ptrace.Traces, plog.Logs) []arrival {
	return func(td ptrace.Traces, ld plog.Logs) []arrival {
		r := rand.New(rand.NewPCG(seed, uint64(ld.LogRecordCount())))
		agentruns.VaryEvents(r, ld)
		all := []arrival{{td: &td}, {ld: &ld}}
		if r.IntN(2) == 0 {
			slices.Reverse(all)
		}
		return all
	}
}

var wordFields = []string{"input_messages", "output_messages", "system_instructions", "tool_definitions", "tool_arguments", "tool_result"}

// compareBoth compares the spans of a run with what is expected of both signals.
func compareBoth(t *testing.T, db *pgxpool.Pool, name string) {
	t.Helper()
	expected, added := map[string]map[string]any{}, map[string]map[string]any{}
	for suffix, into := range map[string]any{".expected.json": &expected, ".logs.expected.json": &added} {
		data, err := os.ReadFile(name + suffix)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, into))
	}
	for span, fields := range added {
		if expected[span] == nil {
			expected[span] = map[string]any{}
		}
		// Of the words that records add, a case lists some only.
		maps.DeleteFunc(expected[span], func(field string, want any) bool { return want == nil && slices.Contains(wordFields, field) })
		maps.Copy(expected[span], fields)
	}
	known := knownFailures(t)
	for span, fields := range expected {
		var row map[string]any
		require.NoError(t, db.QueryRow(t.Context(), `SELECT to_jsonb(d) FROM llm_span_details d WHERE span_id = $1`, span).Scan(&row), span)
		for field, want := range fields {
			got := row[field]
			if field == "request_parameters" || field == "aggregate_usage" || field == "attributes" {
				got = onlyKeys(got, want)
			}
			if field == "output_messages" {
				dropUnexpectedFinish(want, got)
			}
			known.report(t, strings.TrimPrefix(name, fixtureFolder+"/")+" "+span+" "+field, difference(want, got))
		}
	}
}
