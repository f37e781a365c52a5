package store

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// signalChanges write what pairing found out: candidates, pairs and events that move to another trace.
type signalChanges struct {
	unlistTraces     pgbatch.Query[UnlistedTrace]
	upsertPlaces     pgbatch.Query[PlaceRow]
	copyCandidates   string
	insertCandidates pgbatch.Query[CandidateRow]
	findMoving       pgbatch.Query[MovingEvent]
	findMovingPairs  pgbatch.Query[MovingEvent]
	moveSpans        pgbatch.Query[MovingEvent]
	repriceMoved     pgbatch.Query[MovingEvent]
	moveFormerWords  pgbatch.Query[MovingEvent]
	moveEvents       pgbatch.Query[recordRow]
	movePrompts      pgbatch.Query[MovedRecord]
	upsertEventPairs pgbatch.Query[EventPairRow]
}

func newSignalChanges(schemaName string) signalChanges {
	return signalChanges{
		unlistTraces:     query(schemaName, "traces_unlist", unlistedColumns),
		upsertPlaces:     query(schemaName, "places_upsert", placeColumns),
		copyCandidates:   pgbatch.CopySQL(schema.Table(schemaName, "llm_internal_call_candidates"), candidateColumns),
		insertCandidates: query(schemaName, "candidates_insert", candidateColumns),
		findMoving:       query(schemaName, "spans_to_move", movingColumns),
		findMovingPairs:  query(schemaName, "pairs_of_moving", movingColumns),
		moveSpans:        query(schemaName, "spans_move", moveColumns),
		repriceMoved:     query(schemaName, "moved_reprice", movingColumns[3:]),
		moveFormerWords:  query(schemaName, "former_words_move", moveColumns[:4]),
		moveEvents:       query(schemaName, "events_move", recordColumns),
		movePrompts:      query(schemaName, "prompts_move", promptRecordColumns),
		upsertEventPairs: query(schemaName, "event_pairs_upsert", eventPairColumns),
	}
}

// MovingEvent is a stored event that goes to another trace.
type MovingEvent struct {
	EventRef
	From  pcommon.TraceID // the trace among whose rows it is
	Row   [16]byte        // llm_traces.id of that
	To    [16]byte        // llm_traces.id of the other
	Agent pcommon.SpanID  // of a prompt: the span of its turn, which becomes its parent
	Span  *mapping.Span
	trace.Flags
}

var movingColumns = []pgbatch.Column[MovingEvent]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *MovingEvent) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *MovingEvent) []byte { return pgbatch.AppendUUID(b, r.From) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *MovingEvent) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *MovingEvent) []byte { return appendStoredTime(b, r.Start) }),
}

var moveColumns = []pgbatch.Column[MovingEvent]{
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *MovingEvent) []byte { return pgbatch.AppendUUID(b, r.Row) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *MovingEvent) []byte { return pgbatch.AppendUUID(b, r.To) }),
	movingColumns[2], movingColumns[3],
	pgbatch.Col("agent", pgtype.TextOID, func(b []byte, r *MovingEvent) []byte { return appendParentID(b, r.Agent) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *MovingEvent) []byte { return appendOptInt16(b, r.Column()) }),
	pgbatch.Col("counted", pgtype.BoolOID, func(b []byte, r *MovingEvent) []byte { return appendOptBool(b, r.Counted) }),
	pgbatch.Col("usage_counted", pgtype.BoolOID, func(b []byte, r *MovingEvent) []byte { return appendOptBool(b, r.UsageCounted) }),
	pgbatch.Col("cost_counted", pgtype.BoolOID, func(b []byte, r *MovingEvent) []byte { return appendOptBool(b, r.CostCounted) }),
	pgbatch.Col("estimate_counted", pgtype.BoolOID, func(b []byte, r *MovingEvent) []byte { return appendOptBool(b, r.EstimateCounted) }),
}

// ReadMoving reads events that are about to move, and gives their pairs to pair.
func (s *Store) ReadMoving(ctx context.Context, c *pgbatch.Conn, events []MovingEvent, pair func(*MovingEvent, trace.EventPair)) error {
	for i := range events {
		events[i].n = int32(i)
	}
	statements := appendRead(nil, "read events that move", &s.findMoving, events, func(v [][]byte) error {
		r := pgbatch.Reader{Values: v}
		m, _, n, _ := scanSpan(&r)
		scanFields(&r, m)
		e := &events[n]
		r.UUID(&e.Row)
		m.Event = &mapping.EventCall{Event: m.Name}
		if m.ParentSpanID.IsEmpty() {
			m.ParentSpanID = e.Agent
		}
		e.Span = m
		return r.Err
	})
	statements = appendRead(statements, "read pairs of events that move", &s.findMovingPairs, events, func(v [][]byte) error {
		var p trace.EventPair
		r := pgbatch.Reader{Values: v}
		n := r.Int()
		spanID(&p.Inner, r.Next())
		spanID(&p.Outer, r.Next())
		p.Effects = trace.Effects(r.Int())
		pair(&events[n], p)
		return r.Err
	})
	return c.Exec(ctx, statements...)
}

// CandidateRow is a row of llm_internal_call_candidates.
type CandidateRow struct {
	Key        uint64
	Origin     pcommon.TraceID
	ID         pcommon.SpanID
	Start, End int64
	ByTime     bool
	HasID      bool
}

var candidateColumns = []pgbatch.Column[CandidateRow]{
	pgbatch.Col("key", pgtype.Int8OID, func(b []byte, r *CandidateRow) []byte { return pgbatch.AppendInt64(b, int64(r.Key)) }),
	pgbatch.Col("end_time", pgtype.TimestamptzOID, func(b []byte, r *CandidateRow) []byte { return appendStoredTime(b, r.End) }),
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *CandidateRow) []byte { return pgbatch.AppendUUID(b, r.Origin) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *CandidateRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("by_time", pgtype.BoolOID, func(b []byte, r *CandidateRow) []byte { return pgbatch.AppendBool(b, r.ByTime) }),
	pgbatch.Col("has_id", pgtype.BoolOID, func(b []byte, r *CandidateRow) []byte { return pgbatch.AppendBool(b, r.HasID) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *CandidateRow) []byte { return appendSpanID(b, r.ID) }),
}

// EventPairRow is a row of llm_internal_pairs with effects.
type EventPairRow struct {
	Trace [16]byte
	trace.EventPair
}

var eventPairColumns = []pgbatch.Column[EventPairRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *EventPairRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("inner_span_id", pgtype.TextOID, func(b []byte, r *EventPairRow) []byte { return appendSpanID(b, r.Inner) }),
	pgbatch.Col("outer_span_id", pgtype.TextOID, func(b []byte, r *EventPairRow) []byte { return appendSpanID(b, r.Outer) }),
	pgbatch.Col("effects", pgtype.Int2OID, func(b []byte, r *EventPairRow) []byte { return pgbatch.AppendInt16(b, int16(r.Effects)) }),
}

// recordRow names the log record of an event by the range that its id is in.
type recordRow struct {
	trace [16]byte
	day   int32
	first [16]byte
	last  [16]byte
}

var recordColumns = []pgbatch.Column[recordRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *recordRow) []byte { return pgbatch.AppendUUID(b, r.trace) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *recordRow) []byte { return pgbatch.AppendDay(b, r.day) }),
	pgbatch.Col("first", pgtype.UUIDOID, func(b []byte, r *recordRow) []byte { return pgbatch.AppendUUID(b, r.first) }),
	pgbatch.Col("last", pgtype.UUIDOID, func(b []byte, r *recordRow) []byte { return pgbatch.AppendUUID(b, r.last) }),
}

// Signals is what pairing changes.
type Signals struct {
	Events     []CandidateRow // of records that no batch has stored before
	Candidates []CandidateRow // of others, which may be stored
	Places     []PlaceRow
	Moving     []MovingEvent
	Records    []MovedRecord // of calls
	Prompts    []MovedRecord
	Pairs      []EventPairRow
	Unlisted   []UnlistedTrace
}

// UnlistedTrace is a trace that events leave, and of which nothing is left but prompts, or nothing at all.
type UnlistedTrace struct {
	Row   [16]byte // llm_traces.id
	Trace pcommon.TraceID
	Empty bool
}

var unlistedColumns = []pgbatch.Column[UnlistedTrace]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *UnlistedTrace) []byte { return pgbatch.AppendUUID(b, r.Row) }),
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *UnlistedTrace) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("key", pgtype.Int8OID, func(b []byte, r *UnlistedTrace) []byte {
		return pgbatch.AppendInt64(b, int64(trace.PromptKey(r.Trace).Hash))
	}),
	pgbatch.Col("empty", pgtype.BoolOID, func(b []byte, r *UnlistedTrace) []byte { return pgbatch.AppendBool(b, r.Empty) }),
}

// MovedRecord is the log record of an event that is kept in another trace than it came
// with.
type MovedRecord struct {
	Trace, From pcommon.TraceID
	ID          pcommon.SpanID // of the event
	End         int64
	Name        string
}

func (r *MovedRecord) day() int32 { return int32(math.Floor(float64(r.End) / mapping.MicrosPerDay)) }

// promptRecordColumns name the record of a prompt, whose span id is that of its turn.
var promptRecordColumns = []pgbatch.Column[MovedRecord]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *MovedRecord) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *MovedRecord) []byte { return pgbatch.AppendUUID(b, r.From) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *MovedRecord) []byte { return pgbatch.AppendDay(b, r.day()) }),
	pgbatch.Col("time", pgtype.TimestamptzOID, func(b []byte, r *MovedRecord) []byte { return appendStoredTime(b, r.End) }),
	pgbatch.Col("name", pgtype.TextOID, func(b []byte, r *MovedRecord) []byte { return pgbatch.AppendText(b, r.Name) }),
}

func (r *MovedRecord) row() recordRow {
	row := recordRow{trace: r.Trace, day: r.day()}
	copy(row.first[:], r.ID[:])
	copy(row.last[:], r.ID[:])
	copy(row.last[8:], bytes.Repeat([]byte{math.MaxUint8}, 8))
	return row
}

// SortCandidates orders rows as their index does, which is the order in which every batch
// stores them.
func SortCandidates(rows []CandidateRow) {
	slices.SortFunc(rows, func(a, b CandidateRow) int {
		return cmp.Or(cmp.Compare(int64(a.Key), int64(b.Key)), cmp.Compare(a.End, b.End), bytes.Compare(a.Origin[:], b.Origin[:]),
			bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Start, b.Start))
	})
}

// SortPlaces orders rows as their index does, for the same reason.
func SortPlaces(rows []PlaceRow) {
	slices.SortFunc(rows, func(a, b PlaceRow) int {
		return cmp.Or(bytes.Compare(a.Origin[:], b.Origin[:]), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// CopyCandidates stores rows, sorted, of which none may be stored.
func (s *Store) CopyCandidates(ctx context.Context, c *pgbatch.Conn, rows []CandidateRow) error {
	return pgbatch.CopyRows(ctx, c, "store calls of both signals", s.copyCandidates, candidateColumns, rows)
}

// ListCalls appends the statement that stores rows, sorted, unless they are there.
func (s *Store) ListCalls(statements []pgbatch.Statement, rows []CandidateRow) []pgbatch.Statement {
	return pgbatch.AppendQuery(statements, "store calls of both signals", &s.insertCandidates, rows)
}

// PairSignals appends the statements that apply what pairing changes.
func (s *Store) PairSignals(statements []pgbatch.Statement, p *Signals) []pgbatch.Statement {
	records := make([]recordRow, len(p.Records))
	for i := range p.Records {
		records[i] = p.Records[i].row()
	}
	statements = pgbatch.AppendQuery(statements, "move events", &s.moveSpans, p.Moving)
	statements = pgbatch.AppendQuery(statements, "move former words of events", &s.moveFormerWords, p.Moving)
	statements = pgbatch.AppendQuery(statements, "price moved events again", &s.repriceMoved, p.Moving)
	statements = pgbatch.AppendQuery(statements, "move log records", &s.moveEvents, records)
	statements = pgbatch.AppendQuery(statements, "move prompts", &s.movePrompts, p.Prompts)
	statements = s.ListCalls(statements, p.Candidates)
	statements = pgbatch.AppendQuery(statements, "store the places of events", &s.upsertPlaces, p.Places)
	statements = pgbatch.AppendQuery(statements, "store pairs of events", &s.upsertEventPairs, p.Pairs)
	return pgbatch.AppendQuery(statements, "unlist traces", &s.unlistTraces, p.Unlisted)
}
