package write

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// unreadableRow is the reason for setting aside spans whose trace has a stored row that
// cannot be read.
const unreadableRow = "stored_row_unreadable"

// writeFailed is the reason for setting aside what brings the writer down.
const writeFailed = "write_failed"

// batchWrite is one call of Write; one goroutine uses it.
type batchWrite struct {
	w       *Writer
	mapped  *MappedContents // for the first transaction, that of the whole batch
	unknown map[pcommon.TraceID]bool
	result  Result
	// othersWork tells, once asked, whether a batch of nobody can be stored.
	othersWork *bool
}

// store stores a batch or, by the policy, its halves.
func (bw *batchWrite) store(ctx context.Context, b *mapping.Batch, careful bool) error {
	if b.Len() == 0 {
		return nil
	}
	if b.Len() > bw.w.size.max() {
		bw.mapped.Close() // else the halves would wait for its contents
		return bw.storeHalves(ctx, b, careful)
	}
	begin, had := time.Now(), timeLeft(ctx)
	part, err := bw.w.transact(ctx, b, options{mapped: bw.mapped, unknown: bw.unknown, careful: careful})
	if careful && len(b.Spans) == 1 && pgbatch.Final(err) == pgbatch.Suspect {
		part, err = bw.w.transact(ctx, b, options{unknown: bw.unknown, careful: careful}) // the last word on this span
	}
	if err == nil {
		bw.w.size.succeeded(b.Len(), time.Since(begin), had)
		bw.result.add(&part)
		return nil
	}
	verdict := pgbatch.Final(err)
	if verdict == pgbatch.TooLong {
		bw.w.size.tookTooLong(b.Len())
		if b.Len() > 1 && ctx.Err() == nil {
			return bw.storeHalves(ctx, b, careful)
		}
	}
	if verdict != pgbatch.Fault && (verdict != pgbatch.Suspect || !bw.othersCanBeStored(ctx)) {
		bw.leave(b)
		return err
	}
	if b.Len() > 1 {
		return bw.storeHalves(ctx, b, true)
	}
	bw.setAside(b, err)
	return nil
}

// timeLeft is the time until the deadline of a context, 0 where that has none.
func timeLeft(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(1, time.Until(deadline))
}

// storeHalves stores one half of a batch after the other.
func (bw *batchWrite) storeHalves(ctx context.Context, b *mapping.Batch, careful bool) error {
	first, second := b.Split()
	if err := bw.store(ctx, first, careful); err != nil {
		bw.leave(second)
		return err
	}
	for _, stored := range bw.result.Traces {
		delete(bw.unknown, stored.OTel)
	}
	return bw.store(ctx, second, careful)
}

// leave leaves a batch to a later attempt.
func (bw *batchWrite) leave(b *mapping.Batch) {
	bw.result.Left = append(bw.result.Left, b.Spans...)
	bw.result.LeftEvents = append(bw.result.LeftEvents, b.Events...)
}

// setAside gives the only row of a batch up.
func (bw *batchWrite) setAside(b *mapping.Batch, err error) {
	reason := pool.SQLState(err)
	switch {
	case errors.As(err, new(*panics.Error)):
		reason = writeFailed
	case reason == "":
		reason = unreadableRow
	}
	aside := bw.result.SetAside[reason]
	aside.Spans += len(b.Spans)
	aside.Records += len(b.Events)
	if aside.Err == nil {
		aside.Err = err
	}
	bw.result.SetAside[reason] = aside
}

// othersCanBeStored reports whether Postgres stores a span that nobody sent, in a
// transaction that is rolled back: then a batch that fails is at fault itself, and else
// the tables are.
func (bw *batchWrite) othersCanBeStored(ctx context.Context) bool {
	if bw.othersWork == nil {
		_, err := bw.w.transact(ctx, canary(time.Now()), options{careful: true, dryRun: true})
		works := err == nil
		bw.othersWork = &works
	}
	return *bw.othersWork
}

// canary is a batch of one span of nobody's.
func canary(now time.Time) *mapping.Batch {
	at := now.UnixMicro()
	span := mapping.Span{
		Name: "canary", SpanKind: "internal", Status: "unset", Kind: mapping.KindLLM,
		Start: at, End: at, Day: store.DayOf(now),
	}
	binary.BigEndian.PutUint64(span.TraceID[:], rand.Uint64())
	binary.BigEndian.PutUint64(span.TraceID[8:], rand.Uint64())
	span.SpanID[0] = 1
	return &mapping.Batch{Spans: []mapping.Span{span}}
}
