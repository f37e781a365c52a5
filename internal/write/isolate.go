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

// Write stores a batch in one transaction, or in several if the batch is very large, if such
// transactions took too long, or if it holds spans that cannot be stored: those are set aside, all others are stored. A span
// that is stored already is skipped and counted as duplicate. An error says that
// Postgres cannot store the spans left at present. unknown are traces that no
// cache knows: most of them are new.
func (w *Writer) Write(ctx context.Context, b *mapping.Batch, unknown map[pcommon.TraceID]bool) (Result, error) {
	s := &session{w: w, unknown: unknown, result: Result{SetAside: map[string]SetAside{}}}
	err := s.store(ctx, b, false)
	return s.result, err
}

// session is one call of Write; one goroutine uses it.
type session struct {
	w       *Writer
	unknown map[pcommon.TraceID]bool
	result  Result
	// othersWork tells, once asked, whether a batch of nobody can be stored.
	othersWork *bool
}

// store stores a batch or, by the policy, its halves.
func (s *session) store(ctx context.Context, b *mapping.Batch, careful bool) error {
	if b.Len() == 0 {
		return nil
	}
	if b.Len() > s.w.size.max() {
		return s.storeHalves(ctx, b, careful)
	}
	begin, had := time.Now(), timeLeft(ctx)
	part, err := s.w.transact(ctx, b, s.unknown, careful, false)
	if careful && len(b.Spans) == 1 && pgbatch.Final(err) == pgbatch.Suspect {
		part, err = s.w.transact(ctx, b, s.unknown, careful, false) // the last word on this span
	}
	if err == nil {
		s.w.size.succeeded(b.Len(), time.Since(begin), had)
		s.result.add(&part)
		return nil
	}
	verdict := pgbatch.Final(err)
	if verdict == pgbatch.TooLong {
		s.w.size.tookTooLong(b.Len())
		if b.Len() > 1 && ctx.Err() == nil {
			return s.storeHalves(ctx, b, careful)
		}
	}
	if verdict != pgbatch.Fault && (verdict != pgbatch.Suspect || !s.othersCanBeStored(ctx)) {
		s.leave(b)
		return err
	}
	if b.Len() > 1 {
		return s.storeHalves(ctx, b, true)
	}
	s.setAside(b, err)
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
func (s *session) storeHalves(ctx context.Context, b *mapping.Batch, careful bool) error {
	first, second := b.Split()
	if err := s.store(ctx, first, careful); err != nil {
		s.leave(second)
		return err
	}
	for _, stored := range s.result.Traces {
		delete(s.unknown, stored.OTel)
	}
	return s.store(ctx, second, careful)
}

// leave leaves a batch to a later attempt.
func (s *session) leave(b *mapping.Batch) {
	s.result.Left = append(s.result.Left, b.Spans...)
	s.result.LeftEvents = append(s.result.LeftEvents, b.Events...)
}

// setAside gives the only row of a batch up.
func (s *session) setAside(b *mapping.Batch, err error) {
	reason := pool.SQLState(err)
	switch {
	case errors.As(err, new(*panics.Error)):
		reason = writeFailed
	case reason == "":
		reason = unreadableRow
	}
	aside := s.result.SetAside[reason]
	aside.Spans += len(b.Spans)
	aside.Records += len(b.Events)
	if aside.Err == nil {
		aside.Err = err
	}
	s.result.SetAside[reason] = aside
}

// othersCanBeStored reports whether Postgres stores a span that nobody sent, in a
// transaction that is rolled back: then a batch that fails is at fault itself, and else
// the tables are.
func (s *session) othersCanBeStored(ctx context.Context) bool {
	if s.othersWork == nil {
		_, err := s.w.transact(ctx, canary(time.Now()), nil, true, true)
		works := err == nil
		s.othersWork = &works
	}
	return *s.othersWork
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
