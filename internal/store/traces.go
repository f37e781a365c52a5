package store

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// traceStatements are the statements on llm_traces.
type traceStatements struct {
	lockTraces   string
	copyTraces   string
	insertTraces pgbatch.Query[TraceRow]
	updateTraces pgbatch.Query[TraceRow]
	deleteTraces string
}

func newTraceStatements(schemaName string) traceStatements {
	return traceStatements{
		lockTraces:   text(schemaName, "traces_lock"),
		copyTraces:   pgbatch.CopySQL(schema.Table(schemaName, "llm_traces"), copyTraceColumns),
		insertTraces: query(schemaName, "traces_insert", traceColumns),
		updateTraces: query(schemaName, "traces_update", traceColumns),
		deleteTraces: text(schemaName, "traces_delete"),
	}
}

// TraceRow is a row of llm_traces.
type TraceRow struct {
	ID      [16]byte
	TraceID pcommon.TraceID
	*trace.Rollup
}

var traceColumns = []pgbatch.Column[TraceRow]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("trace_id", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return appendTraceHex(b, r.TraceID) }),
	pgbatch.Col("root_span_id", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendText(b, r.RootID()) }),
	pgbatch.Col("name", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendString(b, r.Field(trace.FieldName)) }),
	pgbatch.Col("service_name", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendText(b, r.Field(trace.FieldService)) }),
	pgbatch.Col("environment", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendText(b, r.Field(trace.FieldEnvironment)) }),
	pgbatch.Col("release", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendText(b, r.Field(trace.FieldRelease)) }),
	pgbatch.Col("user_id", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendText(b, r.Field(trace.FieldUser)) }),
	pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendText(b, r.Field(trace.FieldSession)) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *TraceRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("end_time", pgtype.TimestamptzOID, func(b []byte, r *TraceRow) []byte { return appendStoredTime(b, r.End) }),
	pgbatch.Col("duration_us", pgtype.Int8OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt64(b, r.End-r.Start) }),
	pgbatch.Col("status", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendString(b, r.Status()) }),
	pgbatch.Col("span_count", pgtype.Int4OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt32(b, int32(r.Spans)) }),
	pgbatch.Col("llm_call_count", pgtype.Int4OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt32(b, int32(r.LLMCalls)) }),
	pgbatch.Col("tool_call_count", pgtype.Int4OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt32(b, int32(r.ToolCalls)) }),
	pgbatch.Col("error_count", pgtype.Int4OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt32(b, int32(r.Errors)) }),
	pgbatch.Col("input_tokens", pgtype.Int8OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt64(b, r.Input) }),
	pgbatch.Col("output_tokens", pgtype.Int8OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt64(b, r.Output) }),
	pgbatch.Col("total_tokens", pgtype.Int8OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt64(b, r.Total) }),
	pgbatch.Col("total_cost", pgtype.NumericOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendOptNumeric(b, r.Cost()) }),
	pgbatch.Col("estimated_cost", pgtype.NumericOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendOptNumeric(b, r.Estimated()) }),
	pgbatch.Col("unpriced_calls", pgtype.Int4OID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendInt32(b, int32(r.Unpriced)) }),
	pgbatch.Col("tags", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendArrayLiteral(b, r.Tags) }),
	pgbatch.Col("models", pgtype.TextOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendArrayLiteral(b, r.Models) }),
	pgbatch.Col("labels", pgtype.JSONBOID, func(b []byte, r *TraceRow) []byte { return appendLabels(b, r.Labels()) }),
	pgbatch.Col("origins", pgtype.ByteaOID, func(b []byte, r *TraceRow) []byte { return appendProvenance(b, r.Rollup) }),
}

// copyTraceColumns are the same for COPY, which takes arrays.
var copyTraceColumns = pgbatch.Replaced(traceColumns,
	pgbatch.Col("tags", pgtype.TextArrayOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendTextArrayOrEmpty(b, r.Tags) }),
	pgbatch.Col("models", pgtype.TextArrayOID, func(b []byte, r *TraceRow) []byte { return pgbatch.AppendTextArrayOrEmpty(b, r.Models) }),
)

func appendProvenance(dst []byte, r *trace.Rollup) []byte {
	at := len(dst)
	return pgbatch.SetLen(r.AppendProvenance(pgbatch.AppendLen(dst, 0)), at)
}

// LockTraces sets the savepoint llm_traces, locks the rows of traces until the transaction
// ends, and gives them to row.
func (s *Store) LockTraces(ctx context.Context, c *pgbatch.Conn, traces []pcommon.TraceID, row func(*TraceRow) error) error {
	savepoint := pgbatch.Statement{What: "set a savepoint", SQL: "SAVEPOINT llm_traces"}
	if len(traces) == 0 {
		return c.Exec(ctx, savepoint)
	}
	return c.Exec(ctx, savepoint, pgbatch.Statement{
		What: "lock traces", SQL: s.lockTraces, Params: [][]byte{hexArray(traces)}, OIDs: []uint32{pgtype.TextArrayOID},
		Row: func(v [][]byte) error {
			trace, err := readTrace(v)
			if err != nil {
				return err
			}
			return row(trace)
		},
	})
}

// readTrace reads the columns of trace_row.sql.
func readTrace(v [][]byte) (*TraceRow, error) {
	t := TraceRow{Rollup: &trace.Rollup{}}
	var columns trace.Row
	r := pgbatch.Reader{Values: v}
	r.UUID(&t.ID)
	r.Hex(t.TraceID[:])
	columns.RootID = r.String()
	for f := range columns.Fields {
		columns.Fields[f] = r.String()
	}
	t.Start, t.End = r.Int(), r.Int()
	columns.Status = r.String()
	t.Spans, t.LLMCalls, t.ToolCalls, t.Errors = r.Int(), r.Int(), r.Int(), r.Int()
	t.Input, t.Output, t.Total = r.Int(), r.Int(), r.Int()
	t.SetCost(r.OptDecimal())
	t.SetEstimated(r.OptDecimal())
	t.Unpriced = r.Int()
	t.Tags, t.Models = r.Strings(), r.Strings()
	columns.Labels = readLabels(&r)
	provenance, err := hex.AppendDecode(nil, r.Next())
	r.Fail(err)
	t.ReadProvenance(provenance, &columns)
	return &t, r.Err
}

// CopyTraces stores the rows of new traces. If one of them is there, none is stored, and
// the transaction has to go back to the savepoint llm_traces. It waits for transactions
// that are creating the same rows.
func (s *Store) CopyTraces(ctx context.Context, c *pgbatch.Conn, rows []TraceRow) (created bool, err error) {
	err = pgbatch.CopyRows(ctx, c, "create traces", s.copyTraces, copyTraceColumns, rows)
	var failed *pgconn.PgError
	if errors.As(err, &failed) && failed.Code == "23505" {
		return false, nil
	}
	return err == nil, err
}

// InsertTraces stores those of the traces' rows that are not there, and reports whether none
// was. It waits for transactions that are creating the same rows.
func (s *Store) InsertTraces(ctx context.Context, c *pgbatch.Conn, rows []TraceRow) (created bool, err error) {
	statement := s.insertTraces.Statement("create traces", rows)
	statement.Tag = func(tag pgconn.CommandTag) { created = tag.RowsAffected() == int64(len(rows)) }
	err = c.Exec(ctx, statement)
	return created, err
}

// UpdateTraces appends the statement that replaces rows of traces.
func (s *Store) UpdateTraces(statements []pgbatch.Statement, rows []TraceRow) []pgbatch.Statement {
	return pgbatch.AppendQuery(statements, "update traces", &s.updateTraces, rows)
}
