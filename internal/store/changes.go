package store

import (
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// countingChanges write what counting found out: the rows that wait, pairs, calls and tools.
type countingChanges struct {
	resetCounting string
	upsertAwaited pgbatch.Query[AwaitedRow]
	deleteAwaited pgbatch.Query[AwaitedRow]
	reachTools    pgbatch.Query[AwaitedRow]
	upsertPairs   pgbatch.Query[PairRow]
	upsertCalls   pgbatch.Query[CallRow]
	upsertTools   pgbatch.Query[ToolRow]
	deleteTools   pgbatch.Query[ToolRow]
}

func newCountingChanges(schemaName string) countingChanges {
	return countingChanges{
		resetCounting: text(schemaName, "counting_reset"),
		upsertAwaited: query(schemaName, "awaited_upsert", awaitedColumns),
		deleteAwaited: query(schemaName, "awaited_delete", awaitedColumns),
		reachTools:    query(schemaName, "tools_reach", awaitedColumns),
		upsertPairs:   query(schemaName, "pairs_upsert", pairColumns),
		upsertCalls:   query(schemaName, "calls_upsert", callColumns),
		upsertTools:   query(schemaName, "tools_upsert", toolColumns),
		deleteTools:   query(schemaName, "tools_delete", toolColumns),
	}
}

// Changes are what a batch changes on rows stored before, and what counting keeps.
type Changes struct {
	Reset   [][16]byte // traces of which nothing is kept but what follows
	Flags   []FlagRow
	Awaited []AwaitedRow
	Pairs   []PairRow
	Calls   []CallRow
	Tools   []ToolRow

	Arrived      []AwaitedRow
	RemovedTools []ToolRow
	Reached      []AwaitedRow // what nested tools await no longer
	Failing      []FailingRow
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
	for _, tool := range r.RemovedTools {
		c.RemovedTools = append(c.RemovedTools, ToolRow{id, tool})
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
	return pgbatch.AppendQuery(statements, "delete nested tools", &s.deleteTools, c.RemovedTools)
}
