package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// workload makes traffic of one kind; the same seed, the same traffic.
type workload struct {
	name       string
	batches    int // measured, by default
	batchSpans int // by default
	build      func(seed uint64, day time.Time, batches, batchSpans int) []ptrace.Traces
}

var workloads = []workload{
	{name: "single", batches: 16, batchSpans: 4096, build: buildSingle},
}

// batch is one batch in the form that each subject takes, made before the clock starts.
type batch struct {
	spans  int
	traces ptrace.Traces
	rows   [][]any // for COPY
}

// load is what a measurement sends.
type load struct {
	// warmUp has a small batch for each caller, which opens connections and is not measured.
	warmUp   []batch
	measured []batch
	spans    int // measured
}

const warmUpSpans = 64

func (w *workload) load(day time.Time, maxCallers int) *load {
	l := &load{
		warmUp:   prepare(w.build(1, day, maxCallers, warmUpSpans)),
		measured: prepare(w.build(2, day, w.batches, w.batchSpans)),
	}
	for i := range l.measured {
		l.spans += l.measured[i].spans
	}
	return l
}

func prepare(batches []ptrace.Traces) []batch {
	mapper := mapping.New(mapping.Options{})
	prepared := make([]batch, len(batches))
	for i, td := range batches {
		prepared[i] = batch{spans: td.SpanCount(), traces: td, rows: copyRows(mapper, td)}
	}
	return prepared
}

// resize replaces the default sizes by those that are not zero.
func (w *workload) resize(batches, batchSpans int) {
	if batches > 0 {
		w.batches = batches
	}
	if batchSpans > 0 {
		w.batchSpans = batchSpans
	}
}
