package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

// What counting each call once reads and changes of rows that are stored already. N is
// always the caller's number of a trace.

// SpanRef names a span of a trace.
type SpanRef struct {
	N     int32
	Trace [16]byte
	Span  pcommon.SpanID
}

var refColumns = []pgbatch.Column[SpanRef]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *SpanRef) []byte { return pgbatch.AppendInt32(b, r.N) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *SpanRef) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *SpanRef) []byte { return appendSpanID(b, r.Span) }),
}

// CallRef asks for other observations of a call: by the response's id or, without one,
// by the numbers of tokens.
type CallRef struct {
	N             int32
	Trace         [16]byte
	Kind          mapping.Kind
	ResponseID    string
	Input, Output int64
	Scope         string // observations are of other scopes
}

var callColumns = []pgbatch.Column[CallRef]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendInt32(b, r.N) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("kind", pgtype.TextOID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendString(b, r.Kind.String()) }),
	pgbatch.Col("response_id", pgtype.TextOID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendText(b, r.ResponseID) }),
	pgbatch.Col("input_tokens", pgtype.Int8OID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendInt64(b, r.Input) }),
	pgbatch.Col("output_tokens", pgtype.Int8OID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendInt64(b, r.Output) }),
	pgbatch.Col("scope_name", pgtype.TextOID, func(b []byte, r *CallRef) []byte { return pgbatch.AppendString(b, r.Scope) }),
}

// AwaitedRow is a row of llm_awaited_spans: what is known to lie below a span that has
// not arrived.
type AwaitedRow struct {
	N     int32 // when read
	Trace [16]byte
	Span  pcommon.SpanID
	Below uint8
	Tools []string
}

var awaitedColumns = []pgbatch.Column[AwaitedRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *AwaitedRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *AwaitedRow) []byte { return appendSpanID(b, r.Span) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *AwaitedRow) []byte { return pgbatch.AppendInt16(b, int16(r.Below)) }),
	pgbatch.Col("tools", pgtype.TextOID, func(b []byte, r *AwaitedRow) []byte { return pgbatch.AppendArrayLiteral(b, r.Tools) }),
}

// PairRow is a row of llm_side_by_side: two sibling observations of one call.
type PairRow struct {
	N            int32 // when read
	Trace        [16]byte
	Inner, Outer pcommon.SpanID
	Settled      bool
}

var pairColumns = []pgbatch.Column[PairRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *PairRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("inner_span_id", pgtype.TextOID, func(b []byte, r *PairRow) []byte { return appendSpanID(b, r.Inner) }),
	pgbatch.Col("outer_span_id", pgtype.TextOID, func(b []byte, r *PairRow) []byte { return appendSpanID(b, r.Outer) }),
	pgbatch.Col("settled", pgtype.BoolOID, func(b []byte, r *PairRow) []byte { return pgbatch.AppendBool(b, r.Settled) }),
}

// FlagRow changes what a stored span says of the spans below it.
type FlagRow struct {
	Trace                 [16]byte
	Span                  pcommon.SpanID
	Start                 int64
	Below                 uint8
	Counted, UsageCounted mapping.Bool
}

var flagColumns = []pgbatch.Column[FlagRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *FlagRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *FlagRow) []byte { return appendSpanID(b, r.Span) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *FlagRow) []byte { return pgbatch.AppendTime(b, r.Start) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *FlagRow) []byte { return appendOptInt16(b, int16(r.Below)) }),
	pgbatch.Col("counted", pgtype.BoolOID, func(b []byte, r *FlagRow) []byte { return appendOptBool(b, r.Counted) }),
	pgbatch.Col("usage_counted", pgtype.BoolOID, func(b []byte, r *FlagRow) []byte { return appendOptBool(b, r.UsageCounted) }),
}

// StoredSpan is what counting needs of a stored span.
type StoredSpan struct {
	N                     int32
	Span, Parent          pcommon.SpanID
	Start, End            int64
	Kind                  mapping.Kind
	Tool, Scope, Response string
	Input, Output, Total  mapping.Int
	Cost                  decimal.NullDecimal
	Below                 uint8
	Counted, UsageCounted mapping.Bool
}

// Range is a range of times (µs), both ends included. Every stored span of a batch's
// traces starts within the batch's range, so that no partition of another day is opened.
type Range struct{ From, To int64 }

func (r Range) params() [][]byte {
	return [][]byte{param(pgbatch.AppendTime(nil, r.From)), param(pgbatch.AppendTime(nil, r.To))}
}

// FindSpans returns the stored spans with the given ids.
func (s *Store) FindSpans(ctx context.Context, c *pgbatch.Conn, refs []SpanRef, within Range) ([]StoredSpan, error) {
	return readSpans(ctx, c, pgbatch.AppendQuery(nil, "look up spans", &s.findSpans, refs, within.params()...))
}

// FindCalls returns the stored spans that may be other observations of calls.
func (s *Store) FindCalls(ctx context.Context, c *pgbatch.Conn, calls []CallRef, within Range) ([]StoredSpan, error) {
	return readSpans(ctx, c, pgbatch.AppendQuery(nil, "look for other observations", &s.findCalls, calls, within.params()...))
}

// WholeTrace returns all stored spans of a trace.
func (s *Store) WholeTrace(ctx context.Context, c *pgbatch.Conn, n int32, trace [16]byte, within Range) ([]StoredSpan, error) {
	return readSpans(ctx, c, []pgbatch.Statement{{
		What: "read the whole trace", SQL: s.wholeTrace,
		Params: slices.Concat([][]byte{param(pgbatch.AppendInt32(nil, n)), param(pgbatch.AppendUUID(nil, trace))}, within.params()),
		OIDs:   []uint32{pgtype.Int4OID, pgtype.UUIDOID, pgtype.TimestamptzOID, pgtype.TimestamptzOID},
	}})
}

func readSpans(ctx context.Context, c *pgbatch.Conn, statements []pgbatch.Statement) ([]StoredSpan, error) {
	var spans []StoredSpan
	for i := range statements {
		statements[i].Row = func(v [][]byte) error {
			s, err := readSpan(v)
			spans = append(spans, s)
			return err
		}
	}
	return spans, c.Exec(ctx, statements...)
}

// readSpan reads the columns of stored_span.sql.
func readSpan(v [][]byte) (StoredSpan, error) {
	var s StoredSpan
	r := pgbatch.Reader{Values: v}
	s.N = int32(r.Int())
	r.Hex(s.Span[:])
	r.Hex(s.Parent[:])
	s.Start, s.End = r.Int(), r.Int()
	s.Kind = mapping.KindOf(r.String())
	s.Tool, s.Scope, s.Response = r.String(), r.String(), r.String()
	s.Input, s.Output, s.Total = optInt(&r), optInt(&r), optInt(&r)
	s.Cost = r.OptDecimal()
	s.Below = uint8(r.Int())
	s.Counted, s.UsageCounted = optBool(&r), optBool(&r)
	return s, r.Err
}

func optInt(r *pgbatch.Reader) mapping.Int {
	v, ok := r.OptInt()
	return mapping.Int{V: v, OK: ok}
}

func optBool(r *pgbatch.Reader) mapping.Bool {
	v, ok := r.OptBool()
	return mapping.Bool{V: v, OK: ok}
}

// FindPairs returns the pairs whose inner spans are given.
func (s *Store) FindPairs(ctx context.Context, c *pgbatch.Conn, inner []SpanRef) ([]PairRow, error) {
	return readPairs(ctx, c, pgbatch.AppendQuery(nil, "look up sibling pairs", &s.findPairs, inner))
}

// FindOpenPairs returns the pairs of traces that are not settled.
func (s *Store) FindOpenPairs(ctx context.Context, c *pgbatch.Conn, traces []SpanRef) ([]PairRow, error) {
	if len(traces) == 0 {
		return nil, nil
	}
	n, ids := pgbatch.AppendArrayHeader(nil, pgtype.Int4OID, len(traces)), pgbatch.AppendArrayHeader(nil, pgtype.UUIDOID, len(traces))
	for i := range traces {
		n, ids = pgbatch.AppendInt32(n, traces[i].N), pgbatch.AppendUUID(ids, traces[i].Trace)
	}
	return readPairs(ctx, c, []pgbatch.Statement{{
		What: "look up open sibling pairs", SQL: s.findOpenPairs,
		Params: [][]byte{n, ids}, OIDs: []uint32{pgtype.Int4ArrayOID, pgtype.UUIDArrayOID},
	}})
}

func readPairs(ctx context.Context, c *pgbatch.Conn, statements []pgbatch.Statement) ([]PairRow, error) {
	var pairs []PairRow
	for i := range statements {
		statements[i].Row = func(v [][]byte) error {
			var p PairRow
			r := pgbatch.Reader{Values: v}
			p.N = int32(r.Int())
			r.Hex(p.Inner[:])
			r.Hex(p.Outer[:])
			p.Settled, _ = r.OptBool()
			pairs = append(pairs, p)
			return r.Err
		}
	}
	return pairs, c.Exec(ctx, statements...)
}

// FindAwaited returns what lies below spans that had not arrived.
func (s *Store) FindAwaited(ctx context.Context, c *pgbatch.Conn, refs []SpanRef) ([]AwaitedRow, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	var found []AwaitedRow
	statement := s.findAwaited.Statement("look up awaited spans", refs)
	statement.Row = func(v [][]byte) error {
		var a AwaitedRow
		r := pgbatch.Reader{Values: v}
		a.N = int32(r.Int())
		r.Hex(a.Span[:])
		a.Below = uint8(r.Int())
		a.Tools = r.Strings()
		found = append(found, a)
		return r.Err
	}
	return found, c.Exec(ctx, statement)
}

// ForgetRelations deletes the pairs and awaited spans of a trace.
func (s *Store) ForgetRelations(ctx context.Context, c *pgbatch.Conn, trace [16]byte) error {
	params, oids := [][]byte{param(pgbatch.AppendUUID(nil, trace))}, []uint32{pgtype.UUIDOID}
	return c.Exec(ctx,
		pgbatch.Statement{What: "drop sibling pairs", SQL: s.forgetPairs, Params: params, OIDs: oids},
		pgbatch.Statement{What: "drop awaited spans", SQL: s.forgetAwaited, Params: params, OIDs: oids})
}

// Changes are what a batch changes on rows stored before.
type Changes struct {
	Flags          []FlagRow
	Arrived        []SpanRef // awaited spans
	Awaited        []AwaitedRow
	Pairs, Settled []PairRow
}

// Change appends the statements that apply changes, each list sorted as every batch does.
func (s *Store) Change(statements []pgbatch.Statement, c *Changes, within Range) []pgbatch.Statement {
	statements = pgbatch.AppendQuery(statements, "update spans", &s.updateSpans, c.Flags, within.params()...)
	statements = pgbatch.AppendQuery(statements, "delete awaited spans", &s.deleteAwaited, c.Arrived)
	statements = pgbatch.AppendQuery(statements, "await spans", &s.upsertAwaited, c.Awaited)
	statements = pgbatch.AppendQuery(statements, "store sibling pairs", &s.insertPairs, c.Pairs)
	return pgbatch.AppendQuery(statements, "settle sibling pairs", &s.settlePairs, c.Settled)
}
