package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// workload makes traffic of one kind; the same seed, the same traffic.
type workload struct {
	name       string
	batches    int // measured, by default
	batchSpans int // by default
	build      func(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces
	buildLogs  func(seed uint64, begin time.Time, batches, batchRecords int) []plog.Logs // instead, for the exporter alone
}

// workloads are of spans, and the same for all subjects.
var workloads = []workload{
	{name: "single", batches: 32, batchSpans: 4096, build: buildSingle},
	{name: "agent", batches: 8, batchSpans: 4096, build: buildAgent},
	{name: "small", batches: 32, batchSpans: 4096, build: buildSmall},
	{name: "calls", batches: 32, batchSpans: 1024, build: buildCalls},
	{name: "ongoing", batches: 32, batchSpans: 1024, build: buildOngoing},
	{name: "bare", batches: 32, batchSpans: 4096, build: buildBare},
	{name: "requestspans", batches: 32, batchSpans: 4096, build: buildRequestSpans},
}

// recordWorkloads are of log records, which the exporter alone takes.
var recordWorkloads = []workload{
	{name: "events", batches: 32, batchSpans: 1024, buildLogs: buildEvents},
	{name: "ongoingevents", batches: 32, batchSpans: 1024, buildLogs: buildOngoingEvents},
	{name: "requests", batches: 32, batchSpans: 4096, buildLogs: buildRequests},
	{name: "plain", batches: 250, batchSpans: 4000, buildLogs: buildPlain},
}

// batch is one batch in the form that each subject takes, made before the clock starts.
type batch struct {
	spans  int
	traces ptrace.Traces
	logs   *plog.Logs // instead
	rows   [][]any    // for COPY, and there only while it is measured
	// requests are for the collector, encoded: one a resource.
	requests [][]byte
}

// load is what a measurement sends.
type load struct {
	// warmUp has small batches that are not measured: they open each caller's connection and bring each resource.
	warmUp   []batch
	measured []batch
	spans    int // measured
}

const warmUpSpans = 64

func (w *workload) load(day time.Time, maxCallers int) (*load, error) {
	var l load
	begin := day.Add(time.Hour) // in the first minute of a day, calls may be those of records of the day before
	warmUps := max(2*maxCallers, hosts)
	if w.buildLogs != nil {
		l.warmUp, l.measured = prepareLogs(w.buildLogs(1, begin, warmUps, warmUpSpans)), prepareLogs(w.buildLogs(2, begin, w.batches, w.batchSpans))
		l.spans = spansOf(l.measured)
		return &l, nil
	}
	var err error
	if l.warmUp, err = prepare(w.build(1, begin, warmUps, warmUpSpans)); err != nil {
		return nil, err
	}
	if l.measured, err = prepare(w.build(2, begin, w.batches, w.batchSpans)); err != nil {
		return nil, err
	}
	l.spans = spansOf(l.measured)
	return &l, nil
}

func prepare(batches []ptrace.Traces) ([]batch, error) {
	prepared := make([]batch, len(batches))
	for i, td := range batches {
		requests, err := encode(td)
		if err != nil {
			return nil, err
		}
		prepared[i] = batch{spans: td.SpanCount(), traces: td, requests: requests}
	}
	return prepared, nil
}

func prepareLogs(batches []plog.Logs) []batch {
	prepared := make([]batch, len(batches))
	for i := range batches {
		prepared[i] = batch{spans: batches[i].LogRecordCount(), logs: &batches[i]}
	}
	return prepared
}

// makeRows makes the rows for COPY. They are millions of values, which the garbage
// collector would go through during the measurement of the other subjects too.
func (l *load) makeRows() {
	mapper := mapping.New(mapping.Options{})
	for _, batches := range [][]batch{l.warmUp, l.measured} {
		for i := range batches {
			batches[i].rows = copyRows(mapper, batches[i].traces)
		}
	}
}

func (l *load) dropRows() {
	for _, batches := range [][]batch{l.warmUp, l.measured} {
		for i := range batches {
			batches[i].rows = nil
		}
	}
}

func encode(td ptrace.Traces) ([][]byte, error) {
	var requests [][]byte
	for _, rs := range td.ResourceSpans().All() {
		one := ptrace.NewTraces()
		rs.CopyTo(one.ResourceSpans().AppendEmpty())
		request, err := ptraceotlp.NewExportRequestFromTraces(one).MarshalProto()
		if err != nil {
			return nil, err
		}
		requests = append(requests, request)
	}
	return requests, nil
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
