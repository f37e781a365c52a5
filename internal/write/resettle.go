package write

import (
	"context"

	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// resettle looks again at the calls told side by side whose outer's ancestors
// had not all arrived: a new link may show that the inner is one of them. Then
// the two are nested the other way round, which needs spans with odd clocks,
// and the trace is counted afresh.
func (t *transaction) resettle(ctx context.Context, g *batchGraph, traces []int32) error {
	edges, err := t.openEdges(ctx, traces)
	if err != nil {
		return err
	}
	afresh := map[int32]bool{}
	for _, e := range edges {
		ref := spanRef{e.trace, e.outer}
		if err := g.fetch(ctx, []spanRef{ref}); err != nil {
			return err
		}
		i, found := g.index[ref]
		if !found {
			continue
		}
		outer := g.nodes[i]
		below, complete, err := g.isBelow(ctx, &outer, e.inner)
		switch {
		case err != nil:
			return err
		case below:
			afresh[e.trace] = true
		case complete:
			e.settled = true
			t.changes.Settled = append(t.changes.Settled, t.pairRow(e))
		}
	}
	for at := range afresh {
		if err := t.recount(ctx, at); err != nil {
			return err
		}
	}
	return nil
}

// openEdges returns the unsettled edges of traces.
func (t *transaction) openEdges(ctx context.Context, traces []int32) ([]edge, error) {
	var rows []store.SpanRef
	for _, at := range traces {
		if t.traces[at].stored.beside && t.traces[at].rollup.spans > 0 {
			rows = append(rows, store.SpanRef{N: at, Trace: t.traces[at].id})
		}
	}
	pairs, err := t.w.store.FindOpenPairs(ctx, t.conn, rows)
	return edgesOf(pairs), err
}

// recount works out a trace's flags from all its spans, stored or new, as if
// nothing had been counted before.
func (t *transaction) recount(ctx context.Context, at int32) error {
	tr := &t.traces[at]
	stored, err := t.w.store.WholeTrace(ctx, t.conn, at, tr.id, t.bounds())
	if err != nil {
		return err
	}
	t.dropChanges(tr.id)
	if err := t.w.store.ForgetRelations(ctx, t.conn, tr.id); err != nil {
		return err
	}
	g := t.newGraph(nil, 0)
	g.afresh = true
	for i := range stored {
		n := storedNode(&stored[i])
		n.below, n.toolBelow, n.outers = 0, false, nil
		added, _ := g.add(n)
		g.announce(added)
	}
	g.rows = make([]int32, len(g.nodes))
	for i := range g.rows {
		g.rows[i] = -1
	}
	t.addBatchSpans(g, at)
	return t.count(ctx, g, []int32{at})
}

// dropChanges forgets what was to change on a trace.
func (t *transaction) dropChanges(id [16]byte) {
	t.changes.Flags = keep(t.changes.Flags, func(r store.FlagRow) bool { return r.Trace != id })
	t.changes.Arrived = keep(t.changes.Arrived, func(r store.SpanRef) bool { return r.Trace != id })
	t.changes.Awaited = keep(t.changes.Awaited, func(r store.AwaitedRow) bool { return r.Trace != id })
	t.changes.Pairs = keep(t.changes.Pairs, func(r store.PairRow) bool { return r.Trace != id })
	t.changes.Settled = keep(t.changes.Settled, func(r store.PairRow) bool { return r.Trace != id })
}

func keep[T any](rows []T, wanted func(T) bool) []T {
	kept := rows[:0]
	for _, r := range rows {
		if wanted(r) {
			kept = append(kept, r)
		}
	}
	return kept
}
