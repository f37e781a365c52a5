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

// countingQueries read what counting asks of the stored spans of a trace.
type countingQueries struct {
	findSpans         pgbatch.Query[spanRef]
	findBelow         pgbatch.Query[spanRef]
	findExactly       pgbatch.Query[spanRef]
	findObservations  pgbatch.Query[spanRef]
	findCalls         string
	wholeTrace        string
	findAwaited       pgbatch.Query[spanRef]
	findAwaiting      pgbatch.Query[spanRef]
	findTools         pgbatch.Query[toolRef]
	findCountedTools  pgbatch.Query[toolRef]
	findAwaitingTools pgbatch.Query[spanRef]
	findEvents        pgbatch.Query[spanRef]
	findPairs         pgbatch.Query[spanRef]
}

func newCountingQueries(schemaName string) countingQueries {
	return countingQueries{
		findSpans:         query(schemaName, "spans_find", findColumns),
		findBelow:         query(schemaName, "spans_find_below", findColumns),
		findExactly:       query(schemaName, "spans_find_exactly", exactColumns),
		findObservations:  query(schemaName, "spans_find_observations", findColumns),
		findCalls:         text(schemaName, "calls_find"),
		wholeTrace:        text(schemaName, "spans_of_trace"),
		findAwaited:       query(schemaName, "awaited_find", refColumns),
		findAwaiting:      query(schemaName, "pairs_awaiting", refColumns),
		findTools:         query(schemaName, "tools_find", toolRefColumns),
		findCountedTools:  query(schemaName, "tools_counted", toolRefColumns),
		findAwaitingTools: query(schemaName, "tools_awaiting", refColumns),
		findEvents:        query(schemaName, "pairs_with_events", refColumns),
		findPairs:         query(schemaName, "pairs_of", refColumns),
	}
}

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
