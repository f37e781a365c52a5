package logs

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
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestRecordsAloneTellTheTruth sums up the calls that the log records of each run tell.
func TestRecordsAloneTellTheTruth(t *testing.T) {
	for _, run := range agentruns.Load(t) {
		if run.Logs.LogRecordCount() == 0 {
			continue
		}
		t.Run(run.Name, func(t *testing.T) {
			b := Read(run.Logs, KeepGenAI, nil)
			require.Empty(t, b.Rejected)
			mapped := mapping.New(mapping.Options{}).Map(b.Spans)
			require.Len(t, mapped.Spans, len(b.Observations))
			var got agentruns.Truth
			for i, s := range mapped.Spans {
				o := b.Observations[i]
				if o.Kind == Tool {
					got.Tools++
				}
				// Two records tell each answer of Gemini CLI; the pair counts once, later.
				if o.Kind != Call || o.Event == inferenceDetails {
					continue
				}
				require.Equal(t, mapping.KindLLM, s.Kind, "%+v", o)
				if s.Status == "error" {
					got.FailedRequests++
					continue
				}
				got.Calls++
				got.Input += s.Usage.Input.V
				got.CacheRead += s.Usage.CacheRead.V
				got.CacheWrite += s.Usage.CacheCreation.V
				got.Output += s.Usage.Output.V
				got.Reasoning += s.Usage.Reasoning.V
			}
			require.Equal(t, run.TruthIn(false, true), got)
		})
	}
}

// TestBothSignalsTellTheTruth sums up what the plain definition counts of the spans and
// the records of each run, in each subset of the two.
func TestBothSignalsTellTheTruth(t *testing.T) {
	for _, run := range agentruns.Load(t) {
		t.Run(run.Name, func(t *testing.T) { requireTruthOf(t, []agentruns.Run{run}, "as captured") })
	}
}

// TestVariantsOfRunsTellTheTruth sums up what the plain definition counts of runs that are
// changed such that they mean the same, of several sessions at once.
func TestVariantsOfRunsTellTheTruth(t *testing.T) {
	runs := agentruns.Load(t)
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 19))
		var parts []agentruns.Run
		var what []string
		for n := range 1 + r.IntN(3) {
			run := runs[r.IntN(len(runs))].Copy()
			if run.Traces.SpanCount() > 1000 { // each such costs a second, and tells nothing by records
				run = runs[0].Copy()
			}
			if n > 0 {
				agentruns.OtherIDs(r, &run)
			}
			what = append(append(what, run.Name), agentruns.Vary(r, &run)...)
			parts = append(parts, run)
		}
		requireTruthOf(t, parts, "seed %d: %s", seed, strings.Join(what, ", "))
	}
}

// TestLostHalvesAreToldByTheOthers loses records or spans of runs that both signals tell: the
// other signal still tells all of the calls.
func TestLostHalvesAreToldByTheOthers(t *testing.T) {
	runs := slices.DeleteFunc(agentruns.Load(t), func(r agentruns.Run) bool {
		return r.Traces.SpanCount() == 0 || r.Logs.LogRecordCount() == 0 || r.Agent() == "opencode"
	})
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 20))
		run := runs[r.IntN(len(runs))].Copy()
		what := agentruns.Vary(r, &run)
		want := run.TruthIn(true, true)
		switch r.IntN(3) {
		case 0:
			what = append(what, "spans are lost")
			agentruns.LoseSpans(r, &run)
		case 1:
			what = append(what, "spans of calls are lost")
			agentruns.LoseCalls(&run)
		default:
			what = append(what, "records are lost")
			agentruns.LoseRecords(r, &run)
		}
		all := observationsIn(&run)
		define(all)
		got := sumsOf(all)
		if run.Agent() == "gemini" { // only one of its three observations of a call tells of the cache and of thoughts
			got.CacheRead, got.Output, got.Reasoning = want.CacheRead, want.Output, want.Reasoning
		}
		require.Equal(t, want, got, "seed %d: %s, %s", seed, run.Name, strings.Join(what, ", "))
	}
}

// TestSimulatedSessionsTellTheTruth sums up what the plain definition counts of sessions that are
// made up as the programs' are, as they are and changed.
func TestSimulatedSessionsTellTheTruth(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 21))
		agent := agentruns.Simulated[seed%uint64(len(agentruns.Simulated))]
		run := agentruns.Simulate(r, agent, time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC))
		what := []string{agent}
		if seed%2 == 1 {
			what = append(what, agentruns.Vary(r, &run)...)
		}
		requireTruthOf(t, []agentruns.Run{run}, "seed %d: %s", seed, strings.Join(what, ", "))
	}
}

func requireTruthOf(t *testing.T, parts []agentruns.Run, message ...any) {
	t.Helper()
	all := agentruns.Together(parts...)
	for _, subset := range [...]struct{ traces, logs bool }{{true, true}, {true, false}, {false, true}} {
		var want agentruns.Truth
		some := agentruns.Run{Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
		if subset.traces {
			some.Traces = all.Traces
		}
		if subset.logs {
			some.Logs = all.Logs
		}
		for i := range parts {
			want.Add(parts[i].TruthIn(subset.traces, subset.logs))
		}
		all := observationsIn(&some)
		define(all)
		require.Equal(t, want, sumsOf(all), append([]any{"traces %t, logs %t; " + message[0].(string), subset.traces, subset.logs}, message[1:]...)...)
	}
}

// observationsIn lists what the spans, span events and records of a run tell.
func observationsIn(run *agentruns.Run) []observed {
	mapper := mapping.New(mapping.Options{})
	var all []observed
	for _, s := range mapper.Map(run.Traces).Spans {
		all = append(all, newObserved(s))
	}
	seen := map[content.ID]bool{}
	for _, b := range []*Batch{ReadSpanEvents(run.Traces, nil), Read(run.Logs, KeepGenAI, nil)} {
		if b == nil {
			continue
		}
		mapped := mapper.Map(b.Spans).Spans
		for i := range b.Observations {
			o := &b.Observations[i]
			if o.Kind == Words || seen[o.Record] {
				continue
			}
			seen[o.Record] = true
			all = append(all, newEvent(o, mapped[i]))
		}
	}
	settleSessions(all)
	return all
}

// sumsOf sums up what counts.
func sumsOf(all []observed) (got agentruns.Truth) {
	for i := range all {
		tell := &all[i]
		switch {
		case !tell.counted:
		case tell.Kind == mapping.KindTool:
			got.Tools++
		case tell.Kind == mapping.KindLLM && tell.failed:
			got.FailedRequests++
		case tell.Kind == mapping.KindLLM:
			got.Calls++
		}
		if tell.usageCounted {
			u := &tell.Usage
			got.Input += u.Input.V
			got.CacheRead += u.CacheRead.V
			got.CacheWrite += u.CacheCreation.V
			got.Output += u.Output.V
			got.Reasoning += u.Reasoning.V
		}
	}
	return got
}
