package llmobservatoryexporter

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// variant makes runs of one to three sessions that are changed such that they mean the same,
// and loses one signal or some of one signal. It returns what is left of the truth.
func variant(r *rand.Rand, runs []agentruns.Run) (all agentruns.Run, want agentruns.Truth, what string) {
	var parts []agentruns.Run
	var changes []string
	traces, logs := r.IntN(5) > 0, r.IntN(5) > 0
	for range 1 + r.IntN(3) {
		run := runs[r.IntN(len(runs))].Copy()
		changes = append(append(changes, run.Name), agentruns.Vary(r, &run)...)
		agentruns.OtherIDs(r, &run)
		if !traces {
			run.Traces = ptrace.NewTraces()
		}
		if !logs {
			run.Logs = plog.NewLogs()
		}
		want.Add(run.Told(traces, logs))
		both := run.Traces.SpanCount() > 0 && run.Logs.LogRecordCount() > 0
		if both && run.Agent() != "gemini" && r.IntN(2) == 0 {
			agentruns.LoseRecords(r, &run)
			changes = append(changes, "records lost")
		} else if both && run.Agent() != "opencode" && r.IntN(2) == 0 {
			agentruns.LoseSpans(r, &run)
			changes = append(changes, "spans lost")
		}
		parts = append(parts, run)
	}
	return agentruns.Together(parts...), want, strings.Join(changes, ", ")
}

// TestVariantsOfRunsInRandomBatches sends variants of the captured runs in random batches,
// some of them twice, to two collectors.
func TestVariantsOfRunsInRandomBatches(t *testing.T) {
	runs := slices.DeleteFunc(agentruns.Load(t), func(r agentruns.Run) bool { return r.Traces.SpanCount() > 1000 })
	url := testserver.NewDatabase(t)
	db := openPool(t, url)
	collectors := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}
	var sums agentruns.Truth
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 19))
		all, want, what := variant(r, runs)
		sums.Add(want)
		for _, a := range batches(r, all) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, what)
	}
	rowcheck.Consistent(t, db)
}

// batches cuts a run into batches in random order.
func batches(r *rand.Rand, all agentruns.Run) (list []arrival) {
	pieces := pieces(all.Traces, all.Logs)
	if r.IntN(3) > 0 {
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	}
	size := []int{3, 30, len(pieces)}[r.IntN(3)]
	for some := range slices.Chunk(pieces, max(1, size)) {
		var td []ptrace.Traces
		var ld []plog.Logs
		for _, p := range some {
			if p.td != nil {
				td = append(td, *p.td)
			} else {
				ld = append(ld, *p.ld)
			}
		}
		a := arrival{}
		if td != nil {
			all := joinTraces(td)
			a.td = &all
		}
		if ld != nil {
			all := joinLogs(ld)
			a.ld = &all
		}
		for range 1 + r.IntN(4)/3 {
			list = append(list, a)
		}
	}
	return list
}
