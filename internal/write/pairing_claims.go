package write

import (
	"context"
	"fmt"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// Batches that pair do so beside one another, without seeing each other's rows. Before it
// commits, a batch compares its claims with those of the batches that have committed since
// it looked for pairs. Where some are the same, it begins anew and pairs exclusively: then none
// that pairs is under way, and what it finds is all there is. It need not where both have but events of one kind and
// name of a session, which are no pairs.

// errShared says that another batch has paired calls that may be this batch's, too.
var errShared = fmt.Errorf("another batch has stored calls of the same traces or sessions meanwhile: %w", pgbatch.ErrConflict)

// ownClaims lists what the batch claims.
func (p *pairing) ownClaims() trace.Claims {
	c := p.signals.Claims(func(at int) bool { return p.keepers[at].inSession })
	for i := range p.tx.batch.Spans { // prompts are no candidates
		if s := &p.tx.batch.Spans[i]; s.Event != nil && s.Kind == mapping.KindAgent {
			c.AddEvent(trace.ClaimTrace(s.TraceID))
		}
	}
	for id, f := range p.facts { // calls that wait for a session of their trace
		if f.Session == "" && p.sessions[id] != "" || p.fresh[id] {
			c.AddEvent(trace.ClaimTrace(id))
			c.Spans = append(c.Spans, trace.ClaimTrace(id))
		}
	}
	c.Sort()
	return c
}

// commitPairs compares the batch's claims and commits it after the statements s.
func (p *pairing) commitPairs(ctx context.Context, s []pgbatch.Statement) error {
	own, shared, mixed := p.claims, false, map[uint64]bool{}
	last, ok, err := p.tx.store.ComparePairings(ctx, p.tx.conn, p.since, func(others trace.Claims) {
		shared = shared || own.Overlap(&others, func(claim uint64) { mixed[claim] = true })
	}, s...)
	switch {
	case err != nil:
		return err
	case shared || !ok:
		return errShared
	}
	if s, err = p.listMixed(ctx, mixed); err != nil {
		return err
	}
	return p.tx.conn.Commit(ctx, p.tx.store.NotePairing(s, last+1, own)...)
}

// listMixed lists the calls of sessions that are claimed of which records keep the keys, this batch's and others', which have
// committed: who finds anything listed of a session on a day reads no such records.
func (p *pairing) listMixed(ctx context.Context, claimed map[uint64]bool) ([]pgbatch.Statement, error) {
	if len(claimed) == 0 {
		return nil, nil
	}
	some := map[trace.SessionDay]bool{}
	for i := range p.signals.Candidates {
		p.signals.Candidates[i].DaysOf(func(d trace.SessionDay) {
			if claimed[trace.ClaimSession(d.Session)] {
				some[d] = true
			}
		})
	}
	rows, err := p.keptRows(ctx, some)
	store.SortCandidates(rows)
	return p.tx.store.ListCalls(nil, rows), err
}
