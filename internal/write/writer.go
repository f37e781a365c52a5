package write

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/seen"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// Writer writes batches to the tables of one schema. It is safe for concurrent
// use; a batch holds one connection.
type Writer struct {
	pool     Pool
	store    *store.Store
	days     *store.Days
	inFlight *inFlight

	known                  seen.Contents
	contentHope, traceHope hope
}

// IsNew tells of a batch's traces which are not known to have a row. It is
// called once, with each trace once.
type IsNew func(ctx context.Context, traces []pcommon.TraceID) func(pcommon.TraceID) bool

// Pool hands out connections.
type Pool interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// New returns a Writer. window says how far back from now a span's day gets a
// partition of its own; spans from before it, or from more than a week ahead,
// go to the default partition.
func New(pool Pool, schema string, window time.Duration) *Writer {
	s := store.New(schema)
	return &Writer{pool: pool, store: s, days: s.Days(window), inFlight: newInFlight()}
}

// Result says what a batch came to.
type Result struct {
	SpansWritten, SpansDuplicate              int
	TracesCreated                             int
	ContentsWritten, ContentsReused           int
	ContentsWrittenBytes, ContentsReusedBytes int
	// Traces are the rows that the batch's spans belong to, committed.
	Traces []Trace

	ContentsTime, ResolveTime, SpansTime, CommitTime time.Duration

	committed bool
}

// Trace is the row of an OTel trace.
type Trace struct {
	OTel pcommon.TraceID
	ID   [16]byte // llm_traces.id
}

var (
	errTraceLost  = errors.New("a trace's row vanished while spans were added to it")
	errRolledBack = errors.New("the server rolled the transaction back instead of committing it")
)

// attempts bounds how often a batch is tried again at once after a conflict
// with another writer; after that the collector's retry takes over.
const attempts = 5

// Write stores a batch in one transaction: all of it, or on error nothing. A
// span that is stored already is skipped and counted as duplicate. isNew saves
// asking for traces; a wrong answer costs time only.
func (w *Writer) Write(ctx context.Context, source Source, isNew IsNew) (Result, error) {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()
	pg := conn.Conn().PgConn()
	j := &job{}
	careful := false
	for attempt := 1; ; attempt++ {
		t := &transaction{
			w: w, pg: pg, source: source, job: j, careful: careful, asksAll: careful || !w.contentHope.allowed(),
			met: map[content.Key]bool{}, resources: map[content.ID][]byte{}, left: map[*claims][]store.ContentRow{},
			proof: seen.Proof{Files: map[int32]string{}}, relied: map[int32]content.ID{},
		}
		err := w.attempt(ctx, t, isNew)
		if err == nil {
			return t.result, nil
		}
		if pgbatch.HasCode(err, pgbatch.ReadOnly) {
			return Result{}, errors.Join(err, conn.Conn().Close(ctx))
		}
		if rollback(ctx, pg) != nil || attempt == attempts || !conflict(err) {
			return Result{}, err
		}
		w.learn(err)
		careful = careful || pgbatch.HasCode(err, pgbatch.UniqueViolation)
		source = Whole(source.Whole())
	}
}

// attempt runs t among the batches in flight.
func (w *Writer) attempt(ctx context.Context, t *transaction, isNew IsNew) error {
	t.claims, t.alone = w.inFlight.enter()
	err := t.run(ctx, isNew)
	if err == nil {
		// Known before no longer claimed: others find them as the one or the other.
		w.known.Add(&t.proof, t.met)
	}
	w.inFlight.leave(t.claims, err == nil)
	if err != nil {
		return err
	}
	t.result.Traces = t.resolved()
	w.contentHope.done(t.surprised)
	w.traceHope.done(t.foundUnknown())
	return nil
}

// learn draws conclusions from a failed attempt: a unique violation dampens the
// hope that led to it.
func (w *Writer) learn(err error) {
	if errors.Is(err, errKnownWrong) {
		w.known.Forget()
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != pgbatch.UniqueViolation {
		return
	}
	if strings.HasPrefix(pgErr.TableName, "llm_contents") {
		w.contentHope.disappointed()
	} else {
		w.traceHope.disappointed()
	}
}

// foundUnknown tells whether traces were there that nobody was known to have
// met.
func (t *transaction) foundUnknown() bool {
	for i := range t.traces {
		if t.traces[i].stored != nil && t.job.isNew(t.traces[i].otel) {
			return true
		}
	}
	return false
}

func (t *transaction) resolved() []Trace {
	traces := make([]Trace, len(t.traces))
	for i := range t.traces {
		traces[i] = Trace{t.traces[i].otel, t.traces[i].id}
	}
	return traces
}

// rollback ends a failed transaction so that the connection can be used again.
func rollback(ctx context.Context, pg *pgconn.PgConn) error {
	if pg.IsClosed() {
		return errors.New("connection lost")
	}
	if pg.TxStatus() == 'I' {
		return nil
	}
	return pgbatch.Exec(ctx, pg, pgbatch.Statement{What: "roll back", SQL: "ROLLBACK"})
}

func conflict(err error) bool {
	if errors.Is(err, errKnownWrong) || errors.Is(err, errImpatient) {
		return true
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	switch pgErr.Code {
	case pgbatch.UniqueViolation, pgbatch.SerializationFailure, pgbatch.DeadlockDetected, pgbatch.LockNotAvailable:
		return true
	case pgbatch.CheckViolation: // a partition was attached under a row of its day
		return pgErr.ConstraintName == "" // a partition's; others are rules of the operator
	}
	return false
}

// EnsureAhead creates today's and tomorrow's partitions, so that no batch has
// to wait for them.
func (w *Writer) EnsureAhead(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()
	return w.days.EnsureAhead(ctx, conn.Conn().PgConn())
}

// ForgetDays makes the writer check again which days have partitions, after
// some were dropped.
func (w *Writer) ForgetDays() { w.days.Forget() }
