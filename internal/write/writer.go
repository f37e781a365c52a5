package write

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/seen"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// Writer writes batches to the tables of one schema. It is safe for concurrent
// use; a batch holds one connection, and what a batch changes of its own is in its
// transaction. What batches share is in the types below, each with a lock of its own.
type Writer struct {
	pool  pgbatch.Pool
	store *store.Store // immutable

	days      *store.Days
	untraced  *store.Announcements // of events that name no trace
	contents  seen.Contents
	optimism  optimism // for contents
	newTraces optimism
	inFlight  inFlight
	// concurrentPairing is optimism that batches which pair at the same time have no calls in common.
	concurrentPairing optimism
	size              transactionSize
	mayProve          atomic.Bool // the role could read what proves that contents are stored
}

// New returns a Writer. window says how far back from now a span's day gets a
// partition of its own; spans from before it, or from more than a week ahead,
// go to the default partition.
func New(pool pgbatch.Pool, schema string, window time.Duration) *Writer {
	s := store.New(schema)
	days := s.Days(window)
	return &Writer{pool: pool, store: s, days: days, untraced: s.Announcements(days)}
}

// Write stores a batch in one transaction, or in several if the batch is very large, if such
// transactions took too long, or if it holds spans that cannot be stored: those are set aside, all others are stored
// (isolate.go). A span that is stored already is skipped and counted as duplicate. An error says that
// Postgres cannot store the spans left at present. unknown are traces that no
// cache knows: most of them are new. contents, if any, has all parts of the batch.
func (w *Writer) Write(ctx context.Context, b *mapping.Batch, contents *MappedContents, unknown map[pcommon.TraceID]bool) (Result, error) {
	defer contents.Close()
	bw := &batchWrite{w: w, mapped: contents, unknown: unknown, result: Result{SetAside: map[string]SetAside{}}}
	err := bw.store(ctx, b, false)
	return bw.result, err
}

// Result says what a batch came to.
type Result struct {
	SpansWritten, SpansDuplicate     int
	RecordsWritten, RecordsDuplicate int
	TracesCreated                    int
	// Crowded are spans and log records that were not compared with all that may be the same call,
	// since a session or a trace has so many.
	Crowded                                   int
	ContentsWritten, ContentsReused           int
	ContentsWrittenBytes, ContentsReusedBytes int
	// Traces are the rows that the batch's spans belong to, committed.
	Traces []Trace
	// SetAside are the spans that cannot be stored, by reason.
	SetAside map[string]SetAside
	// Left are the spans that are neither stored nor set aside, where Write fails, and
	// LeftEvents the log records.
	Left       []mapping.Span
	LeftEvents []mapping.Event

	ContentsTime, EventsTime, ResolveTime, SpansTime, CommitTime time.Duration
}

// Trace is the row of an OTel trace.
type Trace struct {
	OTel pcommon.TraceID
	ID   [16]byte // llm_traces.id
}

// SetAside is how many spans and log records cannot be stored, with the error of the
// first.
type SetAside struct {
	Spans, Records int
	Err            error
}

// add adds what a part of the batch came to.
func (r *Result) add(part *Result) {
	r.SpansWritten += part.SpansWritten
	r.SpansDuplicate += part.SpansDuplicate
	r.RecordsWritten += part.RecordsWritten
	r.RecordsDuplicate += part.RecordsDuplicate
	r.TracesCreated += part.TracesCreated
	r.Crowded += part.Crowded
	r.ContentsWritten += part.ContentsWritten
	r.ContentsReused += part.ContentsReused
	r.ContentsWrittenBytes += part.ContentsWrittenBytes
	r.ContentsReusedBytes += part.ContentsReusedBytes
	r.Traces = append(r.Traces, part.Traces...)
	r.ContentsTime += part.ContentsTime
	r.EventsTime += part.EventsTime
	r.ResolveTime += part.ResolveTime
	r.SpansTime += part.SpansTime
	r.CommitTime += part.CommitTime
}

// EnsureAhead creates today's and tomorrow's partitions, so that no batch has
// to wait for them.
func (w *Writer) EnsureAhead(ctx context.Context) error {
	return pgbatch.With(ctx, w.pool, func(c *pgbatch.Conn) error { return w.days.EnsureAhead(ctx, c) })
}

// ForgetDays makes the writer check again which days have partitions, after
// some were dropped.
func (w *Writer) ForgetDays() { w.days.Forget() }
