package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// repriceStatements are the statements that estimate the cost of stored calls again.
type repriceStatements struct {
	nextDay         string
	tracesOfDay     string
	lockPriced      string
	pricedSpans     string
	dayProgress     string
	dayDone         string
	updateEstimates pgbatch.Query[EstimateRow]
	updateCosts     pgbatch.Query[TraceRow]
	listTraces      string
	dueTraces       string
	unlistPriced    string
	priceLater      pgbatch.Query[DueTrace]
}

func newRepriceStatements(schemaName string) repriceStatements {
	return repriceStatements{
		nextDay:         text(schemaName, "reprice_day"),
		tracesOfDay:     text(schemaName, "reprice_traces"),
		lockPriced:      text(schemaName, "reprice_lock"),
		pricedSpans:     text(schemaName, "reprice_spans"),
		dayProgress:     text(schemaName, "reprice_progress"),
		dayDone:         text(schemaName, "reprice_done"),
		updateEstimates: query(schemaName, "reprice_update", estimateColumns),
		updateCosts:     query(schemaName, "reprice_costs", costColumns),
		listTraces:      text(schemaName, "reprice_list"),
		dueTraces:       text(schemaName, "reprice_due"),
		unlistPriced:    text(schemaName, "reprice_unlist"),
		priceLater:      query(schemaName, "reprice_later", dueColumns),
	}
}

// Repricing is a row of llm_internal_days_to_price: a day whose spans are priced again.
type Repricing struct {
	Day    int32    // since 1970-01-01
	DoneTo [16]byte // traces up to this one are done
	// TouchedSince is from when on batches have changed the traces that are to be priced; the least
	// number: all are.
	TouchedSince int64
}

// NextRepricing locks the day that is to be priced next; nil if there is none.
func (s *Store) NextRepricing(ctx context.Context, c *pgbatch.Conn) (next *Repricing, err error) {
	err = c.Exec(ctx, pgbatch.Statement{What: "look for days to price again", SQL: s.nextDay, Row: func(v [][]byte) error {
		r := pgbatch.Reader{Values: v}
		next = &Repricing{Day: int32(r.Int())}
		r.UUID(&next.DoneTo)
		next.TouchedSince = r.Int()
		return r.Err
	}})
	return next, err
}

// TracesToPrice returns the rows' ids of the next traces of a day, as many as some spans have.
func (s *Store) TracesToPrice(ctx context.Context, c *pgbatch.Conn, next *Repricing, spans int32) (ids [][16]byte, err error) {
	err = c.Exec(ctx, pgbatch.Statement{
		What: "list traces to price again", SQL: s.tracesOfDay,
		Params: [][]byte{param(pgbatch.AppendInt32(nil, next.Day)), param(pgbatch.AppendUUID(nil, next.DoneTo)), param(pgbatch.AppendInt32(nil, spans))},
		OIDs:   []uint32{pgtype.Int4OID, pgtype.UUIDOID, pgtype.Int4OID},
		Row: func(v [][]byte) error {
			r := pgbatch.Reader{Values: v}
			ids = append(ids, [16]byte{})
			r.UUID(&ids[len(ids)-1])
			return r.Err
		},
	})
	return ids, err
}

// DueTrace is a row of llm_internal_traces_to_price: a trace with calls that name no model.
type DueTrace struct {
	ID     [16]byte // of the trace's row
	Listed int64    // when the last such call came
	Next   int64    // when to price it after now
}

var dueColumns = []pgbatch.Column[DueTrace]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *DueTrace) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("listed_at", pgtype.TimestamptzOID, func(b []byte, r *DueTrace) []byte { return appendStoredTime(b, r.Listed) }),
	pgbatch.Col("due_at", pgtype.TimestamptzOID, func(b []byte, r *DueTrace) []byte { return appendStoredTime(b, r.Next) }),
}

// DueTraces returns traces that are to be priced by now, at most so many.
func (s *Store) DueTraces(ctx context.Context, c *pgbatch.Conn, most int32) (due []DueTrace, err error) {
	err = c.Exec(ctx, pgbatch.Statement{
		What: "look for traces to price again", SQL: s.dueTraces,
		Params: [][]byte{param(pgbatch.AppendInt32(nil, most))}, OIDs: []uint32{pgtype.Int4OID},
		Row: func(v [][]byte) error {
			r := pgbatch.Reader{Values: v}
			var d DueTrace
			r.UUID(&d.ID)
			d.Listed, d.Next = r.Int(), r.Int()
			due = append(due, d)
			return r.Err
		},
	})
	return due, err
}

// ListTraces appends the statement that lists traces with new calls that name no model.
func (s *Store) ListTraces(statements []pgbatch.Statement, ids [][16]byte) []pgbatch.Statement {
	if len(ids) == 0 {
		return statements
	}
	return append(statements, pgbatch.Statement{What: "list traces to price", SQL: s.listTraces, Params: [][]byte{uuidArray(ids)}, OIDs: []uint32{pgtype.UUIDArrayOID}})
}

// PricedTraces appends the statements that note that traces were priced now.
func (s *Store) PricedTraces(statements []pgbatch.Statement, due []DueTrace, ids [][16]byte) []pgbatch.Statement {
	statements = append(statements, pgbatch.Statement{What: "end traces to price", SQL: s.unlistPriced, Params: [][]byte{uuidArray(ids)}, OIDs: []uint32{pgtype.UUIDArrayOID}})
	return pgbatch.AppendQuery(statements, "put off traces to price", &s.priceLater, due)
}

// LockTracesToPrice locks those of the traces' rows that batches have changed since then, and gives
// them to row. A row of another program that has no trace id of ours is left out.
func (s *Store) LockTracesToPrice(ctx context.Context, c *pgbatch.Conn, since int64, ids [][16]byte, row func(*TraceRow)) error {
	return c.Exec(ctx, pgbatch.Statement{
		What: "lock traces to price again", SQL: s.lockPriced,
		Params: [][]byte{uuidArray(ids), param(appendStoredTime(nil, since))},
		OIDs:   []uint32{pgtype.UUIDArrayOID, pgtype.TimestamptzOID},
		Row: func(v [][]byte) error {
			var id pcommon.TraceID
			if _, err := hex.Decode(id[:], v[1][:min(len(v[1]), 2*len(id))]); err != nil || hex.EncodeToString(id[:]) != string(v[1]) {
				return nil
			}
			trace, err := readTrace(v)
			if err == nil {
				row(trace)
			}
			return err
		},
	})
}

// Place is where a row is stored, for as long as nobody changes the row.
type Place struct {
	table int64
	row   string // ctid
}

// PricedSpan is a stored span with what its price depends on. Span.EstimatedCost is what
// is stored.
type PricedSpan struct {
	mapping.Span
	Trace [16]byte
	place Place
	trace.Flags
}

// SpansToPrice gives the model spans of traces to span, one by one: a trace may have any
// number. All are read into one place, since most of what a span may hold has no price:
// room for each took half of the time.
func (s *Store) SpansToPrice(ctx context.Context, c *pgbatch.Conn, traces [][16]byte, within Range, span func(*PricedSpan)) error {
	var row PricedSpan
	row.Usage.Parts = &mapping.UsageParts{}
	return c.Exec(ctx, pgbatch.Statement{
		What: "read spans to price again", SQL: s.pricedSpans, Params: append([][]byte{uuidArray(traces)}, within.params()...),
		OIDs: []uint32{pgtype.UUIDArrayOID, pgtype.TimestamptzOID, pgtype.TimestamptzOID},
		Row: func(v [][]byte) error {
			known, err := row.read(v)
			if known && err == nil {
				span(&row)
			}
			return err
		},
	})
}

// read reads a row of reprice_spans.sql. A row of another program that has no span id of
// ours is not known.
func (s *PricedSpan) read(v [][]byte) (known bool, err error) {
	r := pgbatch.Reader{Values: v}
	s.place = Place{r.Int(), r.String()}
	r.UUID(&s.Trace)
	known = spanID(&s.SpanID, r.Next())
	s.Start, s.Kind = r.Int(), mapping.KindOf(r.String())
	for _, name := range []*string{&s.Provider, &s.RequestModel, &s.ResponseModel, &s.ServiceTier} {
		*name = r.StringLike(*name)
	}
	u, parts := &s.Usage, s.Usage.Parts
	for _, figure := range []*mapping.Int{
		&u.Input, &u.Output, &u.CacheRead, &u.CacheCreation, &parts.CacheWrite1h, &u.Reasoning,
		&parts.InputAudio, &parts.OutputAudio, &parts.InputImage, &parts.OutputImage, &parts.WebSearchRequests,
	} {
		figure.V, figure.OK = r.OptInt()
	}
	s.EstimatedCost = cost(&r)
	s.Counted, s.UsageCounted, s.EstimateCounted = optBool(&r), optBool(&r), optBool(&r)
	return known, r.Err
}

// EstimateRow gives a stored span another estimate.
type EstimateRow struct {
	Place
	Estimate decimal.NullDecimal
}

// Estimated is the row that gives the span another estimate.
func (s *PricedSpan) Estimated(cost decimal.NullDecimal) EstimateRow {
	return EstimateRow{s.place, cost}
}

var estimateColumns = []pgbatch.Column[EstimateRow]{
	pgbatch.Col("tableoid", pgtype.Int8OID, func(b []byte, r *EstimateRow) []byte { return pgbatch.AppendInt64(b, r.table) }),
	pgbatch.Col("ctid", pgtype.TextOID, func(b []byte, r *EstimateRow) []byte { return pgbatch.AppendText(b, r.row) }),
	pgbatch.Col("estimated_cost", pgtype.NumericOID, func(b []byte, r *EstimateRow) []byte { return pgbatch.AppendOptNumeric(b, r.Estimate) }),
}

// costColumns are what changes in a trace's row with estimates.
var costColumns = []pgbatch.Column[TraceRow]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("total_cost", pgtype.NumericOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendOptNumeric(b, r.Cost()) }),
	pgbatch.Col("estimated_cost", pgtype.NumericOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendOptNumeric(b, r.Estimated()) }),
	pgbatch.Col("unpriced_calls", pgtype.Int4OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt32(b, int32(r.Unpriced)) }),
	pgbatch.Col("origins", pgtype.ByteaOID, func(b []byte, r *TraceRow) []byte { return appendProvenance(b, r.Rollup) }),
}

// UpdateEstimates stores estimates. A row that another program has changed since it was
// read is a conflict.
func (s *Store) UpdateEstimates(ctx context.Context, c *pgbatch.Conn, rows []EstimateRow, within Range) error {
	if len(rows) == 0 {
		return nil
	}
	updated := 0
	statement := s.updateEstimates.Statement("update estimates", rows, within.params()...)
	statement.Tag = func(tag pgconn.CommandTag) { updated = int(tag.RowsAffected()) }
	if err := c.Exec(ctx, statement); err != nil {
		return err
	}
	if updated != len(rows) {
		return fmt.Errorf("spans changed while they were priced: %w", pgbatch.ErrConflict)
	}
	return nil
}

// UpdateCosts appends the statement that stores the costs of traces.
func (s *Store) UpdateCosts(statements []pgbatch.Statement, rows []TraceRow) []pgbatch.Statement {
	return pgbatch.AppendQuery(statements, "update costs of traces", &s.updateCosts, rows)
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
