package write

import (
	"context"
	"fmt"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// Batches that pair do so beside one another, without seeing each other's rows. Before it
// commits, a batch compares its claims with those of the batches that have committed since
// it looked for pairs. Where some are the same, it begins anew and pairs alone: then none
// that pairs is under way, and what it finds is all there is.

// errShared says that another batch has paired calls that may be this batch's, too.
var errShared = fmt.Errorf("another batch has stored calls of the same traces or sessions meanwhile: %w", pgbatch.ErrConflict)

// ownClaims lists what the batch claims.
func (p *pairing) ownClaims() trace.Claims {
	c := p.signals.Claims()
	for i := range p.tx.batch.Spans { // prompts are no candidates
		if s := &p.tx.batch.Spans[i]; s.Event != nil && s.Kind == mapping.KindAgent {
			c.Events = append(c.Events, trace.ClaimTrace(s.TraceID))
		}
	}
	for id, f := range p.facts { // calls that wait for a session of their trace
		if f.Session == "" && p.sessions[id] != "" || p.fresh[id] {
			c.Events, c.Spans = append(c.Events, trace.ClaimTrace(id)), append(c.Spans, trace.ClaimTrace(id))
		}
	}
	c.Sort()
	return c
}

// commitPairs compares the batch's claims and commits it after the statements s.
func (p *pairing) commitPairs(ctx context.Context, s []pgbatch.Statement) error {
	own, shared := p.claims, false
	last, ok, err := p.tx.store.ComparePairings(ctx, p.tx.conn, p.since, func(others trace.Claims) {
		shared = shared || own.Overlap(&others)
	}, s...)
	switch {
	case err != nil:
		return err
	case shared || !ok:
		return errShared
	}
	return p.tx.conn.Commit(ctx, p.tx.store.NotePairing(nil, last+1, own)...)
}
