package write

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"
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
			t.settled = append(t.settled, edgeRow{t.traces[e.trace].id, e})
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
	var rows []refRow
	for _, at := range traces {
		if t.traces[at].stored.beside && t.traces[at].rollup.spans > 0 {
			rows = append(rows, refRow{n: at, trace: t.traces[at].id})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	n, ids := appendArrayHeader(nil, pgtype.Int4OID, len(rows)), appendArrayHeader(nil, pgtype.UUIDOID, len(rows))
	for i := range rows {
		n, ids = appendInt32(n, rows[i].n), appendUUID(ids, rows[i].trace)
	}
	return t.readEdges(ctx, []statement{{
		what: "look up open calls side by side", sql: t.w.sql.openEdges,
		params: [][]byte{n, ids}, oids: []uint32{pgtype.Int4ArrayOID, pgtype.UUIDArrayOID},
	}})
}

// recount works out a trace's flags from all its spans, stored or new, as if
// nothing had been counted before.
func (t *transaction) recount(ctx context.Context, at int32) error {
	tr := &t.traces[at]
	bounds := t.bounds()
	stored, err := t.readNodes(ctx, []statement{{
		what: "read the whole trace", sql: t.w.sql.wholeTrace,
		params: [][]byte{appendInt32(nil, at)[4:], appendUUID(nil, tr.id)[4:], bounds[0], bounds[1]},
		oids:   []uint32{pgtype.Int4OID, pgtype.UUIDOID, pgtype.TimestamptzOID, pgtype.TimestamptzOID},
	}})
	if err != nil {
		return err
	}
	t.dropChanges(tr.id)
	err = exec(ctx, t.pg,
		statement{what: "drop calls side by side", sql: t.w.sql.deleteEdges, params: [][]byte{appendUUID(nil, tr.id)[4:]}, oids: []uint32{pgtype.UUIDOID}},
		statement{what: "drop awaited spans", sql: t.w.sql.deleteAwaited, params: [][]byte{appendUUID(nil, tr.id)[4:]}, oids: []uint32{pgtype.UUIDOID}})
	if err != nil {
		return err
	}
	g := t.newGraph(nil, 0)
	g.afresh = true
	for _, n := range stored {
		n.below, n.toolBelow, n.outers = 0, false, nil
		i, _ := g.add(n)
		g.announce(i)
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
	t.flags = keep(t.flags, func(r flagRow) bool { return r.trace != id })
	t.arrived = keep(t.arrived, func(r refRow) bool { return r.trace != id })
	t.awaits = keep(t.awaits, func(r awaitedRow) bool { return r.trace != id })
	t.edges = keep(t.edges, func(r edgeRow) bool { return r.trace != id })
	t.settled = keep(t.settled, func(r edgeRow) bool { return r.trace != id })
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
