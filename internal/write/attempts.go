package write

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

// options say how a batch is written.
type options struct {
	mapped  *MappedContents          // began the transaction while the batch was mapped; nil: nobody did
	unknown map[pcommon.TraceID]bool // traces that no cache knows
	// careful: the attempt inserts with ON CONFLICT, relies on nothing that was remembered, and asks for everything.
	careful          bool
	dryRun           bool // rolled back where it would be committed
	pairsExclusively bool // no other batch pairs meanwhile; set by attempts.store
}

// attempts are those to write one batch in one transaction.
type attempts struct {
	w      *Writer
	batch  *mapping.Batch
	groups []group
	flight *flight
	result Result // of the one that succeeds
}

// transact stores a batch in one transaction, which how.mapped may have begun.
func (w *Writer) transact(ctx context.Context, b *mapping.Batch, how options) (Result, error) {
	a := &attempts{w: w, batch: b, groups: groupByTrace(b)}
	a.flight = w.inFlight.begin(a.groups)
	defer w.inFlight.end(a.flight)
	if !how.mapped.isOpen() {
		how.mapped = nil
	}
	held, err := w.hold(ctx, how.mapped)
	if err != nil {
		return a.result, err
	}
	err = held.Run(ctx, how.careful, func(c *pgbatch.Conn, careful bool) error {
		this := how
		this.careful = careful
		how.mapped = nil // the attempts after begin their own transactions
		err := a.store(ctx, c, this)
		if err != nil && !careful {
			w.optimism.refuted()
		}
		return err
	})
	return a.result, err
}

// hold returns a connection: that of mapped, if any.
func (w *Writer) hold(ctx context.Context, mapped *MappedContents) (*pgbatch.Held, error) {
	if mapped != nil {
		return mapped.take()
	}
	return pgbatch.Hold(ctx, w.pool)
}

// store stores the batch. An attempt that began too early begins anew, and one that has calls in common with another
// batch does so and pairs exclusively.
func (a *attempts) store(ctx context.Context, c *pgbatch.Conn, how options) error {
	how.pairsExclusively = !a.w.concurrentPairing.justified()
	err := a.once(ctx, c, how)
	if errors.Is(err, errBeganEarly) {
		how.pairsExclusively = !a.w.concurrentPairing.justified()
		err = a.again(ctx, c, how)
	}
	if errors.Is(err, errShared) {
		a.w.concurrentPairing.refuted()
		how.pairsExclusively = true
		err = a.again(ctx, c, how)
	}
	return err
}

// again stores the batch after an attempt that ended in the middle of its transaction.
func (a *attempts) again(ctx context.Context, c *pgbatch.Conn, how options) error {
	if err := c.Exec(ctx, pgbatch.Statement{What: "start over", SQL: "ROLLBACK"}); err != nil {
		return err
	}
	how.mapped = nil
	return a.once(ctx, c, how)
}

// once is one attempt.
func (a *attempts) once(ctx context.Context, c *pgbatch.Conn, how options) error {
	t := &transaction{
		options: how,
		w:       a.w, store: a.w.store, conn: c, batch: a.batch, flight: a.flight,
		copyNew: !how.careful && a.w.newTraces.justified(),
		storing: newStoring(),
	}
	if err := t.run(ctx, a.groups); err != nil {
		return err
	}
	a.result = t.result
	if t.pairing != nil && how.pairsExclusively {
		a.w.concurrentPairing.asked(false)
	}
	return nil
}
