package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// eventStatements are the statements on llm_events and llm_scores.
type eventStatements struct {
	eventsTable  string
	insertEvents pgbatch.Query[mapping.Event]
	insertScores pgbatch.Query[*mapping.Score]
}

func newEventStatements(schemaName string) eventStatements {
	return eventStatements{
		eventsTable:  schema.Table(schemaName, "llm_events"),
		insertEvents: query(schemaName, "events_insert", insertEventColumns),
		insertScores: query(schemaName, "scores_insert", scoreColumns),
	}
}

// eventColumns are the columns of llm_events in the order of COPY.
var eventColumns = []pgbatch.Column[mapping.Event]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendUUID(b, e.ID) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendDay(b, e.Day) }),
	pgbatch.Col("severity_number", pgtype.Int4OID, func(b []byte, e *mapping.Event) []byte { return appendNonZero(b, e.SeverityNumber) }),
	pgbatch.Col("time", pgtype.TimestamptzOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendTime(b, e.Time) }),
	pgbatch.Col("observed_time", pgtype.TimestamptzOID, func(b []byte, e *mapping.Event) []byte { return appendOptTime(b, e.ObservedTime) }),
	pgbatch.Col("flags", pgtype.Int8OID, func(b []byte, e *mapping.Event) []byte { return appendCount(b, e.Flags) }),
	pgbatch.Col("dropped_attributes_count", pgtype.Int8OID, func(b []byte, e *mapping.Event) []byte { return appendCount(b, e.DroppedAttributes) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, e *mapping.Event) []byte { return appendTraceUUID(b, e.TraceID) }),
	pgbatch.Col("belongs_to", pgtype.UUIDOID, func(b []byte, e *mapping.Event) []byte { return appendTraceUUID(b, e.Belongs) }),
	pgbatch.Col("resource_id", pgtype.UUIDOID, func(b []byte, e *mapping.Event) []byte { return appendContentID(b, e.ResourceID) }),
	pgbatch.Col("body_id", pgtype.UUIDOID, func(b []byte, e *mapping.Event) []byte { return appendContentID(b, e.BodyID) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return appendParentID(b, e.SpanID) }),
	pgbatch.Col("name", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.Name) }),
	pgbatch.Col("event_name", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.EventName) }),
	pgbatch.Col("severity", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.Severity) }),
	pgbatch.Col("service_name", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.ServiceName) }),
	pgbatch.Col("scope_name", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.ScopeName) }),
	pgbatch.Col("scope_version", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.ScopeVersion) }),
	pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.SessionID) }),
	pgbatch.Col("user_id", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendText(b, e.UserID) }),
	pgbatch.Col("adjustments", pgtype.TextArrayOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendTextArray(b, e.Adjustments.Names()) }),
	pgbatch.Col("attributes", pgtype.JSONBOID, func(b []byte, e *mapping.Event) []byte { return pgbatch.AppendJSONB(b, e.Attributes) }),
	pgbatch.Col("found_by_call", pgtype.BoolOID, func(b []byte, e *mapping.Event) []byte {
		return appendOptBool(b, mapping.Bool{V: e.FoundByCall, OK: e.FoundByCall})
	}),
	pgbatch.Col("call_keys", pgtype.ByteaOID, func(b []byte, e *mapping.Event) []byte { return appendOptBytes(b, e.CallKeys) }),
}

// appendOptBytes appends bytes, or null for nil.
func appendOptBytes(dst, v []byte) []byte {
	if v == nil {
		return pgbatch.AppendNull(dst)
	}
	return append(pgbatch.AppendLen(dst, len(v)), v...)
}

// insertEventColumns are the same for parameters, whose elements cannot be arrays.
var insertEventColumns = func() []pgbatch.Column[mapping.Event] {
	columns := slices.Clone(eventColumns)
	for i := range columns {
		if columns[i].Name == "adjustments" {
			columns[i] = pgbatch.Col("adjustments", pgtype.TextOID, func(b []byte, e *mapping.Event) []byte {
				if e.Adjustments == 0 {
					return pgbatch.AppendNull(b)
				}
				return pgbatch.AppendArrayLiteral(b, e.Adjustments.Names())
			})
		}
	}
	return columns
}()

// scoreColumns are the columns of llm_scores.
var scoreColumns = []pgbatch.Column[*mapping.Score]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendUUID(b, (*s).ID) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendDay(b, (*s).Day) }),
	pgbatch.Col("time", pgtype.TimestamptzOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendTime(b, (*s).Time) }),
	pgbatch.Col("value", pgtype.Float8OID, func(b []byte, s **mapping.Score) []byte { return appendOptFloat(b, (*s).Value) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, s **mapping.Score) []byte { return appendTraceUUID(b, (*s).TraceID) }),
	pgbatch.Col("belongs_to", pgtype.UUIDOID, func(b []byte, s **mapping.Score) []byte { return appendTraceUUID(b, (*s).Belongs) }),
	pgbatch.Col("explanation_id", pgtype.UUIDOID, func(b []byte, s **mapping.Score) []byte { return appendContentID(b, (*s).ExplanationID) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, s **mapping.Score) []byte { return appendParentID(b, (*s).SpanID) }),
	pgbatch.Col("response_id", pgtype.TextOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendText(b, (*s).ResponseID) }),
	pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendText(b, (*s).SessionID) }),
	pgbatch.Col("name", pgtype.TextOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendText(b, (*s).Name) }),
	pgbatch.Col("label", pgtype.TextOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendText(b, (*s).Label) }),
	pgbatch.Col("error_type", pgtype.TextOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendText(b, (*s).ErrorType) }),
	pgbatch.Col("attributes", pgtype.JSONBOID, func(b []byte, s **mapping.Score) []byte { return pgbatch.AppendJSONB(b, (*s).Attributes) }),
}

// appendNonZero appends v, or null for 0.
func appendNonZero(dst []byte, v int32) []byte {
	if v == 0 {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendInt32(dst, v)
}

// appendOptTime appends a time, or null for 0.
func appendOptTime(dst []byte, micros int64) []byte {
	if micros == 0 {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendTime(dst, micros)
}

// appendTraceUUID appends a trace id as a UUID, or null for none.
func appendTraceUUID(dst []byte, id pcommon.TraceID) []byte {
	if id.IsEmpty() {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendUUID(dst, id)
}

// SortEvents returns events in the order of their index, in which every batch stores them.
func SortEvents(rows []mapping.Event) []mapping.Event {
	return sortedByKey(rows, func(e *mapping.Event) content.Key { return content.Key{Day: e.Day, ID: e.ID} })
}

// CopyEvents stores events, sorted, of which none may be stored.
func (s *Store) CopyEvents(ctx context.Context, c *pgbatch.Conn, rows []mapping.Event) error {
	columns := pgbatch.Filled(eventColumns, rows)
	return pgbatch.CopyRows(ctx, c, "store events", pgbatch.CopySQL(s.eventsTable, columns), columns, rows)
}

// InsertEvents stores events, sorted, unless they are there, and returns those that it stored.
func (s *Store) InsertEvents(ctx context.Context, c *pgbatch.Conn, rows []mapping.Event) (inserted map[content.ID]bool, err error) {
	inserted = make(map[content.ID]bool, len(rows))
	for chunk := range slices.Chunk(rows, insertChunk) {
		statement := s.insertEvents.Statement("store events", chunk)
		statement.Row = giveID(func(id content.ID) { inserted[id] = true })
		if err := c.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	return inserted, nil
}

// InsertScores appends the statement that stores scores unless they are there, and gives those
// that it stored to inserted.
func (s *Store) InsertScores(statements []pgbatch.Statement, rows []*mapping.Score, inserted func(content.ID)) []pgbatch.Statement {
	slices.SortFunc(rows, func(a, b *mapping.Score) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return appendRead(statements, "store scores", &s.insertScores, rows, giveID(inserted))
}

// giveID reads rows of an id.
func giveID(to func(content.ID)) func([][]byte) error {
	return func(v [][]byte) error {
		var id [16]byte
		r := pgbatch.Reader{Values: v}
		r.UUID(&id)
		if r.Err == nil {
			to(id)
		}
		return r.Err
	}
}
