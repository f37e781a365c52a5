package store

import (
	"context"
	"encoding/hex"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// keptQueries read the records that a trace or a session keeps.
type keptQueries struct {
	keptOfTraces   string
	keptOfSessions pgbatch.Query[sessionDayRow]
	keptKeys       pgbatch.Query[recordRow]
	keptWords      string
}

func newKeptQueries(schemaName string) keptQueries {
	return keptQueries{
		keptOfTraces:   text(schemaName, "kept_of_traces"),
		keptOfSessions: query(schemaName, "kept_of_sessions", sessionDayColumns),
		keptKeys:       query(schemaName, "kept_keys", recordColumns[1:]),
		keptWords:      text(schemaName, "kept_words"),
	}
}

// SessionDays asks for the calls of a session from one day to another.
type SessionDays struct {
	Session     string
	First, Last int64
	Absent      bool // nothing is listed of the session
}

type sessionDayRow struct {
	n int32
	SessionDays
}

var sessionDayColumns = []pgbatch.Column[sessionDayRow]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *sessionDayRow) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, r *sessionDayRow) []byte { return pgbatch.AppendString(b, r.Session) }),
	pgbatch.Col("first_day", pgtype.DateOID, func(b []byte, r *sessionDayRow) []byte { return pgbatch.AppendDay(b, int32(r.First)) }),
	pgbatch.Col("last_day", pgtype.DateOID, func(b []byte, r *sessionDayRow) []byte { return pgbatch.AppendDay(b, int32(r.Last)) }),
	pgbatch.Col("first", pgtype.TimestamptzOID, func(b []byte, r *sessionDayRow) []byte { return appendStoredTime(b, r.First*mapping.MicrosPerDay) }),
	pgbatch.Col("last", pgtype.TimestamptzOID, func(b []byte, r *sessionDayRow) []byte { return appendStoredTime(b, (r.Last+1)*mapping.MicrosPerDay-1) }),
	pgbatch.Col("key", pgtype.Int8OID, func(b []byte, r *sessionDayRow) []byte {
		return pgbatch.AppendInt64(b, int64(trace.SessionKey(r.Session).Hash))
	}),
	pgbatch.Col("absent", pgtype.BoolOID, func(b []byte, r *sessionDayRow) []byte { return pgbatch.AppendBool(b, r.Absent) }),
}

// KeptOfSessions gives the calls of sessions on days with the keys that records keep to found.
func (s *Store) KeptOfSessions(ctx context.Context, c *pgbatch.Conn, days []SessionDays, found func(session string, c *trace.Candidate, keys trace.CallKeys)) error {
	rows := make([]sessionDayRow, len(days))
	for i := range days {
		rows[i] = sessionDayRow{int32(i), days[i]}
	}
	return c.Exec(ctx, appendRead(nil, "look for calls of sessions whose keys records keep", &s.keptOfSessions, rows, func(v [][]byte) error {
		return readKept(v, func(n int64, candidate *trace.Candidate, keys trace.CallKeys) {
			found(days[n].Session, candidate, keys)
		})
	})...)
}

// KeptOfTraces gives the calls of traces with the keys that records keep to found.
func (s *Store) KeptOfTraces(ctx context.Context, c *pgbatch.Conn, traces []pcommon.TraceID, found func(*trace.Candidate, trace.CallKeys)) error {
	if len(traces) == 0 {
		return nil
	}
	return c.Exec(ctx, pgbatch.Statement{
		What: "look for calls of traces whose keys records keep", SQL: s.keptOfTraces, Params: [][]byte{hexArray(traces)}, OIDs: []uint32{pgtype.TextArrayOID},
		Row: func(v [][]byte) error {
			return readKept(v, func(_ int64, candidate *trace.Candidate, keys trace.CallKeys) { found(candidate, keys) })
		},
	})
}

// readKept reads a call, and the keys that its record keeps. A row whose keys another version or
// program wrote is passed by.
func readKept(v [][]byte, found func(n int64, c *trace.Candidate, keys trace.CallKeys)) error {
	keys, err := readCallKeys(v[len(v)-1])
	if err != nil {
		return nil
	}
	return readCandidate(v, func(n int64, c *trace.Candidate) { found(n, c, keys) })
}

func readCallKeys(text []byte) (keys trace.CallKeys, err error) {
	data, err := hex.AppendDecode(nil, text)
	if err != nil {
		return keys, err
	}
	return trace.ReadCallKeys(data)
}

// KeptKeys gives the keys that the records of calls keep to found, by the calls' ids.
func (s *Store) KeptKeys(ctx context.Context, c *pgbatch.Conn, calls []MovedRecord, found func(pcommon.SpanID, trace.CallKeys)) error {
	rows := make([]recordRow, len(calls))
	for i := range calls {
		rows[i] = calls[i].row()
	}
	return c.Exec(ctx, appendRead(nil, "read keys that records keep", &s.keptKeys, rows, func(v [][]byte) error {
		var id pcommon.SpanID
		spanID(&id, v[0])
		if keys, err := readCallKeys(v[1]); err == nil {
			found(id, keys)
		}
		return nil
	})...)
}

// KeptWords gives the words that records of calls of traces have of spans that they name to row, where
// these have no rows of their own.
func (s *Store) KeptWords(ctx context.Context, c *pgbatch.Conn, traces []pcommon.TraceID, row func(WordsRow)) error {
	if len(traces) == 0 {
		return nil
	}
	return c.Exec(ctx, pgbatch.Statement{
		What: "look for words that records keep", SQL: s.keptWords, Params: [][]byte{hexArray(traces)}, OIDs: []uint32{pgtype.TextArrayOID},
		Row: func(v [][]byte) error {
			var w WordsRow
			r := pgbatch.Reader{Values: v}
			w.Day = int32(r.Int())
			w.Record = contentID(&r)
			at := r.Int()
			w.Trace = contentID(&r)
			w.System, w.Tools, w.ToolArguments, w.ToolResult = contentID(&r), contentID(&r), contentID(&r), contentID(&r)
			spanID(&w.Named, r.Next())
			w.Scope, w.ID, w.Models = r.String(), r.String(), r.Strings()
			w.Input, w.Output, w.FinishReasons = idList(&r), idList(&r), r.Strings()
			keys, err := readCallKeys(r.Next())
			if r.Err == nil && err == nil && keys.Words != nil {
				w.At, w.Ordinal = at*1000+int64(keys.Words.Nanos), keys.Words.Ordinal
				w.setForm(int64(keys.Words.Form))
				if w.Some() {
					row(w)
				}
			}
			return r.Err
		},
	})
}

// KeepWords notes what words have besides those of their call, so that they have a row only once a
// span is there that may have them.
func KeepWords(w *WordsRow) *trace.KeptWords {
	return &trace.KeptWords{Form: w.form(), Nanos: int32(w.At % 1000), Ordinal: w.Ordinal}
}
