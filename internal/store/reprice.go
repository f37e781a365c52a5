package store

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// Repricing is a row of llm_internal_repricing: a day whose spans are priced again.
type Repricing struct {
	Day    int32    // since 1970-01-01
	DoneTo [16]byte // traces up to this one are done
}

// NextRepricing locks the day that is to be priced next; nil if there is none.
func (s *Store) NextRepricing(ctx context.Context, c *pgbatch.Conn) (next *Repricing, err error) {
	err = c.Exec(ctx, pgbatch.Statement{What: "look for days to price again", SQL: s.nextDay, Row: func(v [][]byte) error {
		r := pgbatch.Reader{Values: v}
		next = &Repricing{Day: int32(r.Int())}
		if v[1] != nil {
			r.UUID(&next.DoneTo)
		}
		return r.Err
	}})
	return next, err
}

// TraceRef names a trace that has spans. A trace without a row in llm_traces has no
// TraceID.
type TraceRef struct {
	ID      [16]byte
	TraceID pcommon.TraceID
}

// TracesToPrice returns the next traces of a day, as many as some spans have.
func (s *Store) TracesToPrice(ctx context.Context, c *pgbatch.Conn, next *Repricing, spans int32) (refs []TraceRef, err error) {
	err = c.Exec(ctx, pgbatch.Statement{
		What: "list traces to price again", SQL: s.tracesOfDay,
		Params: [][]byte{param(pgbatch.AppendInt32(nil, next.Day)), param(pgbatch.AppendUUID(nil, next.DoneTo)), param(pgbatch.AppendInt32(nil, spans))},
		OIDs:   []uint32{pgtype.Int4OID, pgtype.UUIDOID, pgtype.Int4OID},
		Row: func(v [][]byte) error {
			var ref TraceRef
			r := pgbatch.Reader{Values: v}
			r.UUID(&ref.ID)
			r.Hex(ref.TraceID[:])
			refs = append(refs, ref)
			return r.Err
		},
	})
	return refs, err
}

// PricedSpan is a stored span with what its price depends on. Span.EstimatedCost is what
// is stored.
type PricedSpan struct {
	mapping.Span
	Trace [16]byte
	trace.Flags
}

// SpansToPrice gives the model spans of traces to span, one by one: a trace may have any
// number.
func (s *Store) SpansToPrice(ctx context.Context, c *pgbatch.Conn, traces [][16]byte, within Range, span func(*PricedSpan)) error {
	ids := pgbatch.AppendArrayHeader(nil, pgtype.UUIDOID, len(traces))
	for _, id := range traces {
		ids = pgbatch.AppendUUID(ids, id)
	}
	return c.Exec(ctx, pgbatch.Statement{
		What: "read spans to price again", SQL: s.pricedSpans, Params: append([][]byte{ids}, within.params()...),
		OIDs: []uint32{pgtype.UUIDArrayOID, pgtype.TimestamptzOID, pgtype.TimestamptzOID},
		Row: func(v [][]byte) error {
			s, known, err := readPricedSpan(v)
			if known && err == nil {
				span(&s)
			}
			return err
		},
	})
}

// readPricedSpan reads a row of reprice_spans.sql. A row of another program that has no
// span id of ours is not known.
func readPricedSpan(v [][]byte) (s PricedSpan, known bool, err error) {
	r := pgbatch.Reader{Values: v}
	r.UUID(&s.Trace)
	known = spanID(&s.SpanID, r.Next())
	s.Start, s.Kind = r.Int(), mapping.KindOf(r.String())
	s.Provider, s.RequestModel, s.ResponseModel, s.ServiceTier = r.String(), r.String(), r.String(), r.String()
	u := &s.Usage
	for _, figure := range []*mapping.Int{
		&u.Input, &u.Output, &u.CacheRead, &u.CacheCreation, &u.CacheWrite1h, &u.Reasoning,
		&u.InputAudio, &u.OutputAudio, &u.InputImage, &u.OutputImage, &u.WebSearchRequests,
	} {
		figure.V, figure.OK = r.OptInt()
	}
	s.EstimatedCost = cost(&r)
	s.Counted, s.UsageCounted, s.EstimateCounted = optBool(&r), optBool(&r), optBool(&r)
	return s, known, r.Err
}

// EstimateRow gives a stored span another estimate.
type EstimateRow struct {
	Trace    [16]byte
	Span     pcommon.SpanID
	Start    int64
	Estimate decimal.NullDecimal
}

var estimateColumns = []pgbatch.Column[EstimateRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *EstimateRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *EstimateRow) []byte { return appendSpanID(b, r.Span) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *EstimateRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("estimated_cost", pgtype.NumericOID, func(b []byte, r *EstimateRow) []byte { return pgbatch.AppendOptNumeric(b, r.Estimate) }),
}

// UpdateEstimates stores estimates.
func (s *Store) UpdateEstimates(ctx context.Context, c *pgbatch.Conn, rows []EstimateRow, within Range) error {
	return c.Exec(ctx, pgbatch.AppendQuery(nil, "update estimates", &s.updateEstimates, rows, within.params()...)...)
}

// Progress appends the statement that notes the last trace of a day that is done; nil:
// the whole day is.
func (s *Store) Progress(statements []pgbatch.Statement, next *Repricing, last *[16]byte) []pgbatch.Statement {
	day := param(pgbatch.AppendInt32(nil, next.Day))
	if last == nil {
		return append(statements, pgbatch.Statement{What: "end a day", SQL: s.dayDone, Params: [][]byte{day}, OIDs: []uint32{pgtype.Int4OID}})
	}
	return append(statements, pgbatch.Statement{
		What: "note progress", SQL: s.dayProgress,
		Params: [][]byte{day, param(pgbatch.AppendUUID(nil, *last))}, OIDs: []uint32{pgtype.Int4OID, pgtype.UUIDOID},
	})
}
