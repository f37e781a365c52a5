package write

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// MappedContents stores the contents of a batch while the batch is being mapped, in the transaction that Write goes on
// with: see "Contents of a batch that is alone" in the documentation of the package. A nil one does nothing. One
// goroutine calls its methods, but for Add. With one caller, 6 to 10 % more spans a second of the workload agent are stored.
type MappedContents struct {
	w     *Writer
	ctx   context.Context // of the batch
	days  []int32
	parts chan *mapping.Batch
	taken bool // Write goes on with the transaction, or Close has ended it

	held    chan *pgbatch.Held // gives the connection once; closed without if there is none
	started chan struct{}      // closed when the COPY begins or none will
	// begun and err are to be read once done is closed: the parts are stored, or cannot be.
	done  chan struct{}
	begun *transaction
	err   error
}

// headStart bounds how long mapping waits until the COPY begins. Once mapping keeps all threads of the Go runtime busy, the
// runtime looks for answers of PostgreSQL only every 10 ms, and in that time most of a batch is mapped.
const headStart = 5 * time.Millisecond

// Mapped begins to store the contents of a batch of so many spans on these days; nil if that is not worth it or may
// fail: the batch has few spans or is too large, others are being stored, or contents may be there already.
func (w *Writer) Mapped(ctx context.Context, spans int, days []int32) *MappedContents {
	parts := mapping.Parts(spans)
	if len(days) == 0 || parts < 2 || spans > w.size.max() || !w.optimism.justified() || !w.contents.IsIdle() {
		return nil
	}
	// The spans come in parts, and the calls that their events tell in one more (signal.Data).
	m := &MappedContents{w: w, ctx: ctx, days: days, parts: make(chan *mapping.Batch, parts+1), held: make(chan *pgbatch.Held, 1),
		started: make(chan struct{}), done: make(chan struct{})}
	go m.store()
	patience := time.NewTimer(headStart)
	defer patience.Stop()
	select {
	case <-m.started:
	case <-patience.C:
	}
	return m
}

// Add adds a part of the batch. It never waits for PostgreSQL, but gives the thread, which mapping would keep for 10 ms, to
// the goroutines that send the part.
func (m *MappedContents) Add(part *mapping.Batch) {
	if m != nil {
		m.parts <- part
		runtime.Gosched()
	}
}

// store stores the parts. A panic is an error of the batch's first attempt.
func (m *MappedContents) store() {
	defer close(m.done)
	defer close(m.held)
	start := sync.OnceFunc(func() { close(m.started) })
	defer start()
	var staging panics.Group
	m.err = panics.Safely(func() error {
		defer staging.End()
		held, err := pgbatch.Hold(m.ctx, m.w.pool)
		if err != nil {
			return err
		}
		t := &transaction{w: m.w, store: m.w.store, conn: held.Conn, storing: newStoring()}
		m.begun = t
		m.held <- held
		if err := m.w.days.Ensure(m.ctx, t.conn, m.days); err != nil {
			return err
		}
		if err := t.begin(m.ctx, m.days); err != nil {
			return err
		}
		if t.contents = m.w.contents.Grow(&t.proof); t.contents == nil {
			return nil // another batch was faster
		}
		start()
		rows := make(chan []store.ContentRow, cap(m.parts))
		staging.Go(func() { m.stage(rows) })
		err = m.w.store.CopyContentsInParts(m.ctx, t.conn, func() []store.ContentRow { return <-rows })
		staging.Wait()
		return err
	})
}

// stage decides about the contents of the parts, whatever Postgres does meanwhile: other batches wait for it.
func (m *MappedContents) stage(rows chan<- []store.ContentRow) {
	defer close(rows)
	contents := m.begun.contents
	defer contents.Whole()
	for part := range m.parts {
		if found := contents.Add(part); len(found) > 0 {
			m.begun.written(found)
			rows <- found
		}
	}
}

// isOpen reports whether its transaction can be gone on with.
func (m *MappedContents) isOpen() bool { return m != nil && !m.taken }

// take returns the connection, on which only goOn may be called until it has returned. No more parts come.
func (m *MappedContents) take() (*pgbatch.Held, error) {
	m.taken = true
	close(m.parts)
	held, ok := <-m.held
	if !ok {
		<-m.done
		return nil, m.err
	}
	return held, nil
}

// Close undoes what Write has not gone on with.
func (m *MappedContents) Close() {
	if !m.isOpen() {
		return
	}
	held, err := m.take()
	if err != nil {
		return
	}
	<-m.done
	held.GiveBack(m.ctx)
	if r := m.begun.contents; r != nil {
		r.End(false, false)
	}
}

// errBeganEarly says that the batch begins anew: nothing is wrong with what is stored.
var errBeganEarly = fmt.Errorf("a batch brings events of another day, or without a trace, which come before its transaction: %w", pgbatch.ErrConflict)

// goOn waits until the parts of the batch are stored, and takes over what begun has.
func (t *transaction) goOn(ctx context.Context) error {
	m := t.mapped
	<-m.done
	t.storing = m.begun.storing
	t.result.ContentsWritten, t.result.ContentsWrittenBytes = m.begun.result.ContentsWritten, m.begun.result.ContentsWrittenBytes
	if m.err != nil {
		return m.err
	}
	late := slices.ContainsFunc(t.batch.Days(), func(day int32) bool { return !slices.Contains(m.days, day) })
	if late || len(announcements(t.batch)) > 0 { // both come before the transaction
		return errBeganEarly
	}
	return t.conn.Exec(ctx, t.lookWithoutTrace()...)
}
