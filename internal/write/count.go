package write

import (
	"context"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// countNew works out the flags and roll-ups of traces as if the batch held all
// there is of them.
func (t *transaction) countNew(ctx context.Context, traces []int32) error {
	g := t.newGraph(nil, len(t.rows))
	for _, at := range traces {
		t.addBatchSpans(g, at)
	}
	return t.count(ctx, g, traces)
}

// countStored does the same for traces that were there before.
func (t *transaction) countStored(ctx context.Context, traces []int32) error {
	if len(traces) == 0 {
		return nil
	}
	g := t.newGraph(traces, 0)
	if err := t.fetchTouched(ctx, g, traces); err != nil {
		return err
	}
	if err := t.count(ctx, g, traces); err != nil {
		return err
	}
	return t.resettle(ctx, g, traces)
}

// batchGraph is a graph and which of its nodes are which rows of the batch.
type batchGraph struct {
	graph
	rows []int32 // by node: the row in the batch, -1 for a stored span
}

func (t *transaction) newGraph(stored []int32, room int) *batchGraph {
	known := make([]bool, len(t.traces))
	for _, at := range stored {
		known[at] = true
	}
	return &batchGraph{graph: newGraph(t, known, room), rows: make([]int32, 0, room)}
}

// addBatchSpans adds the spans of a trace; the same span twice counts once.
func (t *transaction) addBatchSpans(g *batchGraph, at int32) {
	tr := &t.traces[at]
	tr.rollup = rollup{}
	for _, r := range tr.rows {
		row := &t.rows[r]
		row.Trace = tr.id
		_, isNew := g.add(newNode(at, row.Span))
		if !isNew {
			t.markDuplicate(r)
			continue
		}
		for len(g.rows) < len(g.nodes)-1 {
			g.rows = append(g.rows, -1)
		}
		g.rows = append(g.rows, r)
		tr.rollup.addSpan(row.Span)
	}
}

func (t *transaction) markDuplicate(row int32) {
	if !t.dead[row] {
		t.dead[row] = true
		t.result.SpansDuplicate++
	}
}

func newNode(trace int32, s *mapping.Span) node {
	n := node{
		trace: trace, span: s.SpanID, parent: s.ParentSpanID, kind: s.Kind, reports: s.Usage.Reported(),
		tool: s.ToolName, scope: s.ScopeName, response: s.ResponseID, start: s.Start, end: s.End,
		input: s.Usage.Input, output: s.Usage.Output, total: s.Usage.Total, cost: s.Usage.TotalCost,
	}
	return n
}

// fetchTouched brings in what is stored of the batch's own spans: duplicates,
// twins with another start, and what was below them before they came.
func (t *transaction) fetchTouched(ctx context.Context, g *batchGraph, traces []int32) error {
	var refs []spanRef
	for _, at := range traces {
		for _, r := range t.traces[at].rows {
			refs = append(refs, spanRef{at, t.rows[r].SpanID})
		}
	}
	if err := g.fetch(ctx, refs); err != nil {
		return err
	}
	clear(g.gone) // they are about to arrive
	stored := len(g.nodes)
	for _, at := range traces {
		t.addBatchSpans(g, at)
	}
	for i := stored; i < len(g.nodes); i++ {
		g.hearTwins(int32(i))
	}
	return t.fetchAwaited(ctx, g)
}

// hearTwins lets a new node know what spans of the same id have heard.
func (g *graph) hearTwins(i int32) {
	for j := g.nodes[i].twin; j >= 0; j = g.nodes[j].twin {
		twin := &g.nodes[j]
		g.nodes[i].outers = union(g.nodes[i].outers, twin.outers)
		tools := twin.tools
		if twin.toolBelow {
			tools = union(slices.Clone(tools), []string{twin.tool})
		}
		g.hear(i, twin.below, tools)
	}
}

// fetchAwaited lets the new nodes know what had arrived below them before.
func (t *transaction) fetchAwaited(ctx context.Context, g *batchGraph) error {
	var rows []store.SpanRef
	for i := range g.nodes {
		if n := &g.nodes[i]; !n.stored {
			rows = append(rows, store.SpanRef{N: n.trace, Trace: t.traces[n.trace].id, Span: n.span})
		}
	}
	return t.readAwaited(ctx, rows, func(ref spanRef, a awaited) {
		t.changes.Arrived = append(t.changes.Arrived, store.SpanRef{N: ref.trace, Trace: t.traces[ref.trace].id, Span: ref.span})
		for i, ok := g.index[ref]; ok && i >= 0; i = g.nodes[i].twin {
			g.hear(i, a.below, a.tools)
		}
	})
}

// count spreads the news of the batch's spans and takes the results.
func (t *transaction) count(ctx context.Context, g *batchGraph, traces []int32) error {
	for i, r := range g.rows {
		if r >= 0 {
			g.announce(int32(i))
		}
	}
	if err := g.run(ctx); err != nil {
		return err
	}
	if err := t.pairCalls(ctx, g, traces); err != nil {
		return err
	}
	if err := g.run(ctx); err != nil {
		return err
	}
	t.take(g)
	return nil
}

// take copies flags to the batch's rows, and collects what changes on rows
// stored before.
func (t *transaction) take(g *batchGraph) {
	for i := range g.nodes {
		n := &g.nodes[i]
		tr := &t.traces[n.trace]
		if !n.stored {
			row := &t.rows[g.rows[i]]
			row.Below, row.Counted, row.UsageCounted = uint8(n.below), n.counted(), n.usageCounted()
			tr.rollup.count(n, row.Counted, row.UsageCounted, 1)
			continue
		}
		if n.below == n.wasBelow && n.counted() == n.wasCounted && n.usageCounted() == n.wasUsageCounted {
			continue
		}
		tr.rollup.count(n, n.wasCounted, n.wasUsageCounted, -1)
		tr.rollup.count(n, n.counted(), n.usageCounted(), 1)
		t.changes.Flags = append(t.changes.Flags, store.FlagRow{
			Trace: tr.id, Span: n.span, Start: n.start, Below: uint8(n.below), Counted: n.counted(), UsageCounted: n.usageCounted(),
		})
	}
	for ref, a := range g.awaited {
		t.changes.Awaited = append(t.changes.Awaited, store.AwaitedRow{
			Trace: t.traces[ref.trace].id, Span: ref.span, Below: uint8(a.below), Tools: a.tools,
		})
	}
	slices.SortFunc(t.changes.Awaited, compareAwaited)
}

// pairCalls finds calls told side by side. There can be none in a trace whose
// model spans are all of one scope, as nearly always.
func (t *transaction) pairCalls(ctx context.Context, g *batchGraph, traces []int32) error {
	var mixed []int32
	for _, at := range traces {
		if g.afresh || t.mixedScopes(at) {
			mixed = append(mixed, at)
		}
	}
	if len(mixed) == 0 {
		return nil
	}
	if err := t.fetchCalls(ctx, g, mixed); err != nil {
		return err
	}
	models := make(map[int32][]int32, len(mixed))
	for i := range g.nodes {
		if n := &g.nodes[i]; n.kind.IsModel() {
			models[n.trace] = append(models[n.trace], int32(i))
		}
	}
	for _, at := range mixed {
		edges, err := g.pairUp(ctx, models[at])
		if err != nil {
			return err
		}
		for _, e := range edges {
			t.traces[at].rollup.beside = true
			t.changes.Pairs = append(t.changes.Pairs, t.pairRow(e))
		}
	}
	return nil
}

func (t *transaction) mixedScopes(at int32) bool {
	tr := &t.traces[at]
	if len(tr.rollup.scopes) == 0 {
		return false // no model span in the batch
	}
	return len(tr.rollup.scopes) > 1 || tr.stored != nil && tr.stored.otherScope(tr.rollup.scopes[0])
}

// fetchCalls brings in the stored spans that may tell a call of the batch.
func (t *transaction) fetchCalls(ctx context.Context, g *batchGraph, traces []int32) error {
	var rows []store.CallRef
	for i, r := range g.rows {
		n := &g.nodes[i]
		if r < 0 || !n.kind.IsModel() || t.traces[n.trace].stored == nil || !slices.Contains(traces, n.trace) {
			continue
		}
		for _, key := range callKeys(n) {
			rows = append(rows, store.CallRef{
				N: n.trace, Trace: t.traces[n.trace].id, Kind: key.kind, ResponseID: key.response,
				Input: key.input, Output: key.output, Scope: n.scope,
			})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	spans, err := t.w.store.FindCalls(ctx, t.conn, rows, t.bounds())
	if err != nil {
		return err
	}
	for i := range spans {
		g.add(storedNode(&spans[i]))
	}
	return nil
}
