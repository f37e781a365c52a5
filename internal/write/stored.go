package write

import (
	"cmp"
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// spans implements the graph's store.
func (t *transaction) spans(ctx context.Context, refs []spanRef) ([]node, []edge, error) {
	rows := make([]store.SpanRef, len(refs))
	var beside []store.SpanRef
	for i, r := range refs {
		tr := &t.traces[r.trace]
		rows[i] = store.SpanRef{N: r.trace, Trace: tr.id, Span: r.span}
		if tr.stored.beside {
			beside = append(beside, rows[i])
		}
	}
	spans, err := t.w.store.FindSpans(ctx, t.conn, rows, t.bounds())
	if err != nil {
		return nil, nil, err
	}
	nodes := make([]node, len(spans))
	for i := range spans {
		nodes[i] = storedNode(&spans[i])
	}
	pairs, err := t.w.store.FindPairs(ctx, t.conn, beside)
	return nodes, edgesOf(pairs), err
}

func edgesOf(pairs []store.PairRow) []edge {
	var edges []edge
	for _, p := range pairs {
		edges = append(edges, edge{trace: p.N, inner: p.Inner, outer: p.Outer, settled: p.Settled})
	}
	return edges
}

func (t *transaction) pairRow(e edge) store.PairRow {
	return store.PairRow{Trace: t.traces[e.trace].id, Inner: e.inner, Outer: e.outer, Settled: e.settled}
}

// readAwaited tells f of each of rows that something waits for.
func (t *transaction) readAwaited(ctx context.Context, rows []store.SpanRef, f func(spanRef, awaited)) error {
	found, err := t.w.store.FindAwaited(ctx, t.conn, rows)
	for _, a := range found {
		f(spanRef{a.N, a.Span}, awaited{below: marks(a.Below), tools: a.Tools})
	}
	return err
}

func storedNode(s *store.StoredSpan) node {
	return node{
		stored: true, trace: s.N, span: s.Span, parent: s.Parent, start: s.Start, end: s.End,
		kind: s.Kind, tool: s.Tool, scope: s.Scope, response: s.Response,
		input: s.Input, output: s.Output, total: s.Total, cost: s.Cost,
		below: marks(s.Below), wasBelow: marks(s.Below), wasCounted: s.Counted, wasUsageCounted: s.UsageCounted,
		reports: s.UsageCounted.OK, toolBelow: s.Kind == mapping.KindTool && !s.Counted.V,
	}
}

// row is the roll-up as llm_traces holds it.
func (r *rollup) row(id [16]byte, otel pcommon.TraceID) store.TraceRow {
	return store.TraceRow{
		ID: id, TraceID: otel, RootSpanID: r.rootID(),
		Name: r.value(fieldName), ServiceName: r.value(fieldService), Environment: r.value(fieldEnvironment),
		Release: r.value(fieldRelease), UserID: r.value(fieldUser), SessionID: r.value(fieldSession),
		Start: r.start, End: r.end, Status: r.status(),
		Spans: r.spans, LLMCalls: r.llmCalls, ToolCalls: r.toolCalls, Errors: r.errors,
		Input: r.input, Output: r.output, Total: r.total, Cost: r.cost,
		Tags: r.tags, Models: r.models, Origins: r.appendOrigins(nil),
	}
}

// read restores the roll-up from a row of llm_traces.
func (r *rollup) read(row *store.TraceRow) error {
	r.start, r.end = row.Start, row.End
	r.spans, r.llmCalls, r.toolCalls, r.errors = row.Spans, row.LLMCalls, row.ToolCalls, row.Errors
	r.input, r.output, r.total, r.cost = row.Input, row.Output, row.Total, row.Cost
	r.tags, r.models = row.Tags, row.Models
	values := [fieldCount]string{row.Name, row.ServiceName, row.Environment, row.Release, row.UserID, row.SessionID}
	if err := r.readOrigins(row.Origins, row.RootSpanID, values); err != nil {
		return err
	}
	if r.root.ok {
		r.root.status = row.Status
	} else {
		r.foreign.root, r.foreign.status = row.RootSpanID, row.Status
	}
	for f, v := range values {
		if r.value(f) == "" {
			r.foreign.values[f] = v
		}
	}
	return nil
}

func compareAwaited(a, b store.AwaitedRow) int {
	return cmp.Or(slices.Compare(a.Trace[:], b.Trace[:]), slices.Compare(a.Span[:], b.Span[:]))
}
