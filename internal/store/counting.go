package store

import (
	"context"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// What counting each call once reads and changes of rows that are stored already.

// TraceAsk is what a trace asks for.
type TraceAsk struct {
	ID    [16]byte // llm_traces.id
	Trace *trace.Trace
	Ask   *trace.Ask
}

// Range is a range of times (µs), both ends included. Every stored span of a batch's
// traces starts within the batch's range, so that no partition of another day is opened.
type Range struct{ From, To int64 }

// Has reports whether a time lies in the range.
func (r Range) Has(micros int64) bool { return r.From <= micros && micros <= r.To }

func (r Range) params() [][]byte {
	return [][]byte{param(appendStoredTime(nil, r.From)), param(appendStoredTime(nil, r.To))}
}

// appendStoredTime appends a time that a row may have, infinite ones too.
func appendStoredTime(dst []byte, micros int64) []byte {
	if micros == math.MaxInt64 || micros == math.MinInt64 {
		return pgbatch.AppendInt64(dst, micros) // the same numbers stand for them
	}
	return pgbatch.AppendTime(dst, micros)
}

// spanRef names a span of a trace. n is the number of the trace among those that ask.
type spanRef struct {
	n     int32
	trace [16]byte
	span  pcommon.SpanID
	start int64
	above int32 // levels of ancestors, or of spans below
}

type spanColumn = pgbatch.Column[spanRef]

var (
	colN     = pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *spanRef) []byte { return pgbatch.AppendInt32(b, r.n) })
	colTrace = pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *spanRef) []byte { return pgbatch.AppendUUID(b, r.trace) })
	colSpan  = pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *spanRef) []byte { return appendSpanID(b, r.span) })
	colAbove = pgbatch.Col("above", pgtype.Int4OID, func(b []byte, r *spanRef) []byte { return pgbatch.AppendInt32(b, r.above) })
	colStart = pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *spanRef) []byte { return appendStoredTime(b, r.start) })

	refColumns   = []spanColumn{colN, colTrace, colSpan}
	findColumns  = []spanColumn{colN, colTrace, colSpan, colAbove}
	exactColumns = []spanColumn{colN, colTrace, colSpan, colStart}
)

// toolRef asks for nested tool spans.
type toolRef struct {
	n     int32
	trace [16]byte
	key   trace.ToolKey
}

var toolRefColumns = []pgbatch.Column[toolRef]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *toolRef) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *toolRef) []byte { return pgbatch.AppendUUID(b, r.trace) }),
	pgbatch.Col("name", pgtype.Int8OID, func(b []byte, r *toolRef) []byte { return pgbatch.AppendInt64(b, int64(r.key.Name)) }),
	pgbatch.Col("call", pgtype.Int8OID, func(b []byte, r *toolRef) []byte { return pgbatch.AppendInt64(b, int64(r.key.Call)) }),
}

// Answer reads what traces ask for, in one round trip, and tells them.
func (s *Store) Answer(ctx context.Context, c *pgbatch.Conn, asks []TraceAsk, within Range) error {
	var spans, below, exactly, observations, arrived, awaiting, awaitingTools, events, pairs []spanRef
	var tools, counted []toolRef
	var statements []pgbatch.Statement
	span := func(v [][]byte) error { return readSpan(v, asks) }
	for i := range asks {
		a := &asks[i]
		a.Trace.Answer(a.Ask)
		ref := spanRef{n: int32(i), trace: a.ID, above: int32(a.Ask.Above)}
		if a.Ask.Whole {
			statements = append(statements, s.whole(ref, span), s.eventPairsOf(ref, a.Trace))
			continue
		}
		for _, ref.span = range a.Ask.Spans {
			spans = append(spans, ref)
		}
		for _, ref.span = range a.Ask.Below {
			child := ref
			child.above = int32(a.Ask.Levels)
			below = append(below, child)
		}
		for _, ref.span = range a.Ask.Observations {
			observations = append(observations, ref)
		}
		for _, at := range a.Ask.Exact {
			ref.span, ref.start = at.ID, at.Start
			exactly = append(exactly, ref)
		}
		for _, at := range a.Ask.Arrived {
			ref.span, ref.start = at.ID, at.Start
			exactly, arrived = append(exactly, ref), append(arrived, ref)
			if a.Trace.Paired() {
				awaiting = append(awaiting, ref)
			}
		}
		for _, ref.span = range a.Ask.Pairs {
			pairs = append(pairs, ref)
		}
		for _, ref.span = range a.Ask.Events {
			events = append(events, ref)
		}
		for _, ref.span = range a.Ask.Awaiting {
			awaitingTools = append(awaitingTools, ref)
		}
		for _, key := range a.Ask.Tools {
			tools = append(tools, toolRef{ref.n, a.ID, key})
		}
		for _, key := range a.Ask.Counted {
			counted = append(counted, toolRef{ref.n, a.ID, key})
		}
		if a.Ask.Calls != nil {
			statements = append(statements, s.callsOf(ref, a.Ask.Calls, a.Trace))
		}
	}
	statements = appendRead(statements, "look up spans", &s.findSpans, spans, span, within.params()...)
	statements = appendRead(statements, "look up spans below", &s.findBelow, below, span, within.params()...)
	statements = appendRead(statements, "look up observations", &s.findExactly, exactly, span, within.params()...)
	statements = appendRead(statements, "look up all observations", &s.findObservations, observations, span, within.params()...)
	statements = appendRead(statements, "look up pairs with events", &s.findEvents, events, func(v [][]byte) error { return readEventPair(v, asks) })
	statements = appendRead(statements, "look up awaited spans", &s.findAwaited, arrived, func(v [][]byte) error { return readAwaited(v, asks) })
	pair := func(v [][]byte) error { return readPair(v, asks) }
	statements = appendRead(statements, "look up pairs that await spans", &s.findAwaiting, awaiting, pair)
	statements = appendRead(statements, "look up pairs", &s.findPairs, pairs, pair)
	tool := func(v [][]byte) error { return readTool(v, asks) }
	statements = appendRead(statements, "look up nested tools", &s.findTools, tools, tool)
	statements = appendRead(statements, "look up nested tools that count", &s.findCountedTools, counted, tool)
	statements = appendRead(statements, "look up nested tools that await spans", &s.findAwaitingTools, awaitingTools, tool)
	return c.Exec(ctx, statements...)
}

func appendRead[T any](s []pgbatch.Statement, what string, q *pgbatch.Query[T], rows []T, row func([][]byte) error, extra ...[]byte) []pgbatch.Statement {
	before := len(s)
	s = pgbatch.AppendQuery(s, what, q, rows, extra...)
	for i := before; i < len(s); i++ {
		s[i].Row = row
	}
	return s
}

func (s *Store) whole(ref spanRef, row func([][]byte) error) pgbatch.Statement {
	return pgbatch.Statement{
		What: "read the whole trace", SQL: s.wholeTrace, Row: row,
		Params: [][]byte{param(pgbatch.AppendInt32(nil, ref.n)), param(pgbatch.AppendUUID(nil, ref.trace))},
		OIDs:   []uint32{pgtype.Int4OID, pgtype.UUIDOID},
	}
}

func (s *Store) callsOf(ref spanRef, q *trace.CallQuery, t *trace.Trace) pgbatch.Statement {
	keys := pgbatch.AppendArrayHeader(nil, pgtype.Int8OID, len(q.Keys))
	for _, key := range q.Keys {
		keys = pgbatch.AppendInt64(keys, int64(key))
	}
	return pgbatch.Statement{
		What: "look for other observations of calls", SQL: s.findCalls, Binary: true,
		Row: func(v [][]byte) error { return readCall(v, t) },
		Params: [][]byte{
			param(pgbatch.AppendUUID(nil, ref.trace)), param(appendStoredTime(nil, q.From)), param(appendStoredTime(nil, q.To)), keys,
		},
		OIDs: []uint32{pgtype.UUIDOID, pgtype.TimestamptzOID, pgtype.TimestamptzOID, pgtype.Int8ArrayOID},
	}
}

// readCall reads a row of llm_internal_call_keys. There may be very many, so these are
// binary.
func readCall(v [][]byte, t *trace.Trace) error {
	call := trace.Call{
		Start: pgbatch.ReadTime(v[1]), End: pgbatch.ReadTime(v[2]),
		Scope: uint64(pgbatch.ReadInt64(v[3])), Traits: trace.Traits(pgbatch.ReadInt64(v[4])),
	}
	if !spanID(&call.ID, v[0]) {
		return nil
	}
	keys := pgbatch.ReadInt64Array(v[5])
	call.Keys = make([]uint64, len(keys))
	for i, key := range keys {
		call.Keys[i] = uint64(key)
	}
	t.KnowCalls(call)
	return nil
}

// readSpan reads the columns of stored_span.sql and those of spans_of_trace.sql. A row of another program that has no span id of ours is passed by.
func readSpan(v [][]byte, asks []TraceAsk) error {
	r := pgbatch.Reader{Values: v}
	m, flags, n, known := scanSpan(&r)
	stored := trace.Stored{Flags: flags}
	if len(v) > spanOfTrace {
		scanFields(&r, m)
		stored.Span = trace.Of(m)
	} else {
		stored.Span = trace.Of(m)
		stored.From = nil
	}
	if r.Err != nil || !known {
		return r.Err
	}
	asks[n].Trace.KnowSpans(stored)
	return nil
}

// scanSpan reads the columns of stored_span.sql.
func scanSpan(r *pgbatch.Reader) (m *mapping.Span, flags trace.Flags, n int64, known bool) {
	m = &mapping.Span{}
	n = r.Int()
	known = spanID(&m.SpanID, r.Next())
	spanID(&m.ParentSpanID, r.Next())
	m.Start, m.End = r.Int(), r.Int()
	m.Kind = mapping.KindOf(r.String())
	m.Status, m.ErrorType, m.ScopeName = r.String(), r.String(), r.String()
	m.Usage.Input, m.Usage.Output, m.Usage.Total = tokens(r), tokens(r), tokens(r)
	m.Usage.TotalCost, m.EstimatedCost = cost(r), cost(r)
	m.ResponseID, m.RequestModel, m.ResponseModel = r.String(), r.String(), r.String()
	m.OutputMessageIDs, m.InputMessageIDs = contentIDs(r), contentIDs(r)
	if some, _ := r.OptBool(); !some {
		m.OutputMessageIDs = nil
	}
	m.ToolName, m.ToolCallID = r.String(), r.String()
	m.ToolArgumentsID = contentID(r)
	flags.ReadColumn(int16(r.Int()))
	flags.Counted, flags.UsageCounted, flags.CostCounted = optBool(r), optBool(r), optBool(r)
	flags.EstimateCounted = optBool(r)
	if event, _ := r.OptBool(); event {
		m.Event = &storedEvent
	}
	readErrorOf(r, m)
	return m, flags, n, known
}

// readErrorOf reads whether the error of a stored span is one that a record told.
func readErrorOf(r *pgbatch.Reader, m *mapping.Span) {
	if told, _ := r.OptBool(); told {
		m.Adjustments |= mapping.ErrorFromRecord
	}
}

// storedEvent marks a stored span that an event observes.
var storedEvent mapping.EventCall

// scanFields reads what a trace's row takes from a span.
func scanFields(r *pgbatch.Reader, m *mapping.Span) {
	m.Name, m.ServiceName, m.Environment, m.Release = r.String(), r.String(), r.String(), r.String()
	m.UserID, m.SessionID, m.Tags = r.String(), r.String(), r.Strings()
	m.Labels = readLabels(r)
}

// spanOfTrace is the number of columns that all statements on spans have in common.
const spanOfTrace = 30

// spanID reads 16 hex digits and reports whether that is what there is.
func spanID(id *pcommon.SpanID, text []byte) bool {
	var read pcommon.SpanID
	if len(text) != 2*len(read) {
		return false
	}
	if _, err := hex.Decode(read[:], text); err != nil {
		return false
	}
	*id = read
	return true
}

// tokens reads a figure; what another program wrote and is none is unknown.
func tokens(r *pgbatch.Reader) mapping.Int {
	n, err := strconv.ParseInt(r.String(), 10, 64)
	return mapping.Int{V: n, OK: err == nil}
}

func cost(r *pgbatch.Reader) decimal.NullDecimal {
	text := r.Next()
	if text == nil {
		return decimal.NullDecimal{}
	}
	d, err := decimal.NewFromString(string(text))
	if err != nil { // NaN, of another program
		d = decimal.Zero
	}
	return decimal.NewNullDecimal(d)
}

func contentID(r *pgbatch.Reader) (id [16]byte) {
	if v := r.Next(); v != nil {
		one := pgbatch.Reader{Values: [][]byte{v}}
		one.UUID(&id)
		r.Fail(one.Err)
	}
	return id
}

func optBool(r *pgbatch.Reader) mapping.Bool {
	v, ok := r.OptBool()
	return mapping.Bool{V: v, OK: ok}
}

func readAwaited(v [][]byte, asks []TraceAsk) error {
	var id pcommon.SpanID
	r := pgbatch.Reader{Values: v}
	t := asks[r.Int()].Trace
	spanID(&id, r.Next())
	t.KnowAwaited(id, trace.Marks(r.Int()))
	return r.Err
}

func readPair(v [][]byte, asks []TraceAsk) error {
	var p trace.Pair
	r := pgbatch.Reader{Values: v}
	t := asks[r.Int()].Trace
	spanID(&p.Inner, r.Next())
	spanID(&p.Outer, r.Next())
	spanID(&p.Awaits, r.Next())
	t.KnowPairs(p)
	return r.Err
}

func readTool(v [][]byte, asks []TraceAsk) error {
	var tool trace.Tool
	r := pgbatch.Reader{Values: v}
	t := asks[r.Int()].Trace
	tool.Name, tool.Call = uint64(r.Int()), uint64(r.Int())
	spanID(&tool.ID, r.Next())
	tool.Counted, _ = r.OptBool()
	tool.Covered, _ = r.OptBool()
	spanID(&tool.Awaits, r.Next())
	t.KnowTools(tool)
	return r.Err
}

// Changes are what a batch changes on rows stored before, and what counting keeps.
type Changes struct {
	Reset   [][16]byte // traces of which nothing is kept but what follows
	Flags   []FlagRow
	Awaited []AwaitedRow
	Pairs   []PairRow
	Calls   []CallRow
	Tools   []ToolRow

	Arrived []AwaitedRow
	Settled []ToolRow
	Reached []AwaitedRow // what nested tools await no longer
	Failing []FailingRow
}

// FailingRow gives a stored span the error that an event tells of its call.
type FailingRow struct {
	Trace [16]byte
	trace.Ref
	ErrorType string
}

var failingColumns = []pgbatch.Column[FailingRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *FailingRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *FailingRow) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *FailingRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("error_type", pgtype.TextOID, func(b []byte, r *FailingRow) []byte { return pgbatch.AppendText(b, r.ErrorType) }),
}

// FlagRow changes the flags of a stored span.
type FlagRow struct {
	Trace [16]byte
	trace.Change
}

var flagColumns = []pgbatch.Column[FlagRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *FlagRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *FlagRow) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *FlagRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *FlagRow) []byte { return appendOptInt16(b, r.Column()) }),
	pgbatch.Col("counted", pgtype.BoolOID, func(b []byte, r *FlagRow) []byte { return appendOptBool(b, r.Counted) }),
	pgbatch.Col("usage_counted", pgtype.BoolOID, func(b []byte, r *FlagRow) []byte { return appendOptBool(b, r.UsageCounted) }),
	pgbatch.Col("cost_counted", pgtype.BoolOID, func(b []byte, r *FlagRow) []byte { return appendOptBool(b, r.CostCounted) }),
	pgbatch.Col("estimate_counted", pgtype.BoolOID, func(b []byte, r *FlagRow) []byte { return appendOptBool(b, r.EstimateCounted) }),
}

// AwaitedRow is a row of llm_internal_awaited_spans: what lies below a span that has not
// arrived.
type AwaitedRow struct {
	Trace [16]byte
	trace.Awaited
}

var awaitedColumns = []pgbatch.Column[AwaitedRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *AwaitedRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *AwaitedRow) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *AwaitedRow) []byte { return pgbatch.AppendInt16(b, int16(r.Below)) }),
}

// PairRow is a row of llm_internal_pairs.
type PairRow struct {
	Trace [16]byte
	trace.Pair
}

var pairColumns = []pgbatch.Column[PairRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *PairRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("inner_span_id", pgtype.TextOID, func(b []byte, r *PairRow) []byte { return appendSpanID(b, r.Inner) }),
	pgbatch.Col("outer_span_id", pgtype.TextOID, func(b []byte, r *PairRow) []byte { return appendSpanID(b, r.Outer) }),
	pgbatch.Col("awaits", pgtype.TextOID, func(b []byte, r *PairRow) []byte { return appendParentID(b, r.Awaits) }),
}

// CallRow is a row of llm_internal_call_keys.
type CallRow struct {
	Trace [16]byte
	trace.Call
}

var callColumns = []pgbatch.Column[CallRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *CallRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *CallRow) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *CallRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("end_time", pgtype.TimestamptzOID, func(b []byte, r *CallRow) []byte { return appendStoredTime(b, r.End) }),
	pgbatch.Col("keys", pgtype.TextOID, func(b []byte, r *CallRow) []byte {
		keys := make([]string, len(r.Keys))
		for i, key := range r.Keys {
			keys[i] = strconv.FormatInt(int64(key), 10)
		}
		return pgbatch.AppendArrayLiteral(b, keys)
	}),
	pgbatch.Col("scope", pgtype.Int8OID, func(b []byte, r *CallRow) []byte { return pgbatch.AppendInt64(b, int64(r.Scope)) }),
	pgbatch.Col("told", pgtype.Int8OID, func(b []byte, r *CallRow) []byte { return pgbatch.AppendInt64(b, int64(r.Traits)) }),
}

// ToolRow is a row of llm_internal_nested_tools.
type ToolRow struct {
	Trace [16]byte
	trace.Tool
}

var toolColumns = []pgbatch.Column[ToolRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *ToolRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("name", pgtype.Int8OID, func(b []byte, r *ToolRow) []byte { return pgbatch.AppendInt64(b, int64(r.Name)) }),
	pgbatch.Col("call", pgtype.Int8OID, func(b []byte, r *ToolRow) []byte { return pgbatch.AppendInt64(b, int64(r.Call)) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *ToolRow) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("counted", pgtype.BoolOID, func(b []byte, r *ToolRow) []byte { return pgbatch.AppendBool(b, r.Counted) }),
	pgbatch.Col("covered", pgtype.BoolOID, func(b []byte, r *ToolRow) []byte { return pgbatch.AppendBool(b, r.Covered) }),
	pgbatch.Col("awaits", pgtype.TextOID, func(b []byte, r *ToolRow) []byte { return appendParentID(b, r.Awaits) }),
}

// Add takes what counting a trace has come to; errorType is that of a span that gets one.
func (c *Changes) Add(id [16]byte, r *trace.Result, errorType func(pcommon.SpanID) string) {
	for _, ref := range r.Failing {
		c.Failing = append(c.Failing, FailingRow{id, ref, errorType(ref.ID)})
	}
	if r.Reset {
		c.Reset = append(c.Reset, id)
	}
	for _, change := range r.Changed {
		c.Flags = append(c.Flags, FlagRow{id, change})
	}
	for _, a := range r.Awaited {
		c.Awaited = append(c.Awaited, AwaitedRow{id, a})
	}
	for _, span := range r.Arrived {
		c.Arrived = append(c.Arrived, AwaitedRow{id, trace.Awaited{ID: span}})
	}
	for _, span := range r.Reached {
		c.Reached = append(c.Reached, AwaitedRow{id, trace.Awaited{ID: span}})
	}
	for _, p := range r.Pairs {
		c.Pairs = append(c.Pairs, PairRow{id, p})
	}
	for _, call := range r.Calls {
		c.Calls = append(c.Calls, CallRow{id, call})
	}
	for _, tool := range r.Tools {
		c.Tools = append(c.Tools, ToolRow{id, tool})
	}
	for _, tool := range r.Settled {
		c.Settled = append(c.Settled, ToolRow{id, tool})
	}
}

// Change appends the statements that apply changes.
func (s *Store) Change(statements []pgbatch.Statement, c *Changes, within Range) []pgbatch.Statement {
	if len(c.Reset) > 0 {
		statements = append(statements, pgbatch.Statement{
			What: "forget what was counted", SQL: s.resetCounting, Params: [][]byte{uuidArray(c.Reset)}, OIDs: []uint32{pgtype.UUIDArrayOID},
		})
	}
	statements = pgbatch.AppendQuery(statements, "update spans", &s.updateSpans, c.Flags, within.params()...)
	statements = pgbatch.AppendQuery(statements, "delete awaited spans", &s.deleteAwaited, c.Arrived)
	statements = pgbatch.AppendQuery(statements, "await spans", &s.upsertAwaited, c.Awaited)
	statements = pgbatch.AppendQuery(statements, "store pairs of calls", &s.upsertPairs, c.Pairs)
	statements = pgbatch.AppendQuery(statements, "store calls", &s.upsertCalls, c.Calls)
	statements = pgbatch.AppendQuery(statements, "reach nested tools", &s.reachTools, c.Reached)
	statements = pgbatch.AppendQuery(statements, "store nested tools", &s.upsertTools, c.Tools)
	statements = pgbatch.AppendQuery(statements, "give spans their errors", &s.failSpans, c.Failing)
	return pgbatch.AppendQuery(statements, "delete nested tools", &s.deleteTools, c.Settled)
}
