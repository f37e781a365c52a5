package store

import (
	"context"
	"encoding/hex"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/words"
)

// wordStatements are the statements on words that log records tell of spans.
type wordStatements struct {
	tracesWithWords   string
	copyWords         string
	insertWords       pgbatch.Query[WordsRow]
	findWords         pgbatch.Query[WordsRef]
	findSpansOfWords  pgbatch.Query[SpansRef]
	bindWords         pgbatch.Query[BoundWords]
	copyToDay         pgbatch.Query[CopiedContent]
	findBodies        pgbatch.Query[bodyRef]
	updateSpanWords   pgbatch.Query[SpanWords]
	insertFormerWords pgbatch.Query[FormerWords]
}

func newWordStatements(schemaName string) wordStatements {
	return wordStatements{
		tracesWithWords:   text(schemaName, "words_traces"),
		copyWords:         pgbatch.CopySQL(schema.Table(schemaName, "llm_internal_words"), copyWordsColumns),
		insertWords:       query(schemaName, "words_insert", wordsColumns),
		findWords:         query(schemaName, "words_find", wordsRefColumns),
		findSpansOfWords:  query(schemaName, "words_spans", spansRefColumns),
		bindWords:         query(schemaName, "words_bind", boundColumns),
		copyToDay:         query(schemaName, "words_copy", copiedColumns),
		findBodies:        query(schemaName, "words_bodies", bodyColumns),
		updateSpanWords:   query(schemaName, "words_update", spanWordsColumns),
		insertFormerWords: query(schemaName, "former_words_insert", formerWordsColumns),
	}
}

// Words that log records bring for spans told elsewhere.

// WordsRow is a row of llm_internal_words.
type WordsRow struct {
	mapping.Words
	Scope string
	Of    pcommon.SpanID // the span that has them; empty for none yet
}

// The bits of the column form.
const (
	formNamesCall = 1 << iota
	formExact
	formTool
	formSingle
	formBlock
	formTellsCall
	formChunk
	formResult
	formResults
)

func (r *WordsRow) form() (bits int16) {
	for i, set := range [...]bool{r.NamesCall, r.Exact, r.Tool, r.Single, r.Block, r.TellsCall, r.Chunk, r.Result, r.Results} {
		if set {
			bits |= 1 << i
		}
	}
	return bits
}

func (r *WordsRow) setForm(bits int64) {
	r.NamesCall, r.Exact, r.Tool = bits&formNamesCall > 0, bits&formExact > 0, bits&formTool > 0
	r.Single, r.Block, r.TellsCall = bits&formSingle > 0, bits&formBlock > 0, bits&formTellsCall > 0
	r.Chunk, r.Result, r.Results = bits&formChunk > 0, bits&formResult > 0, bits&formResults > 0
}

var wordsColumns = []pgbatch.Column[WordsRow]{
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendUUID(b, r.Record) }),
	pgbatch.Col("at", pgtype.Int8OID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendInt64(b, r.At) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("system_instructions_id", pgtype.UUIDOID, func(b []byte, r *WordsRow) []byte { return appendContentID(b, r.System) }),
	pgbatch.Col("tool_definitions_id", pgtype.UUIDOID, func(b []byte, r *WordsRow) []byte { return appendContentID(b, r.Tools) }),
	pgbatch.Col("tool_arguments_id", pgtype.UUIDOID, func(b []byte, r *WordsRow) []byte { return appendContentID(b, r.ToolArguments) }),
	pgbatch.Col("tool_result_id", pgtype.UUIDOID, func(b []byte, r *WordsRow) []byte { return appendContentID(b, r.ToolResult) }),
	pgbatch.Col("ordinal", pgtype.Int4OID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendInt32(b, r.Ordinal) }),
	pgbatch.Col("answer", pgtype.Int4OID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendInt32(b, r.Index) }),
	pgbatch.Col("form", pgtype.Int2OID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendInt16(b, r.form()) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return appendNamed(b, r.Named) }),
	pgbatch.Col("scope_name", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendText(b, r.Scope) }),
	pgbatch.Col("call_id", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendText(b, r.ID) }),
	pgbatch.Col("models", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return appendTexts(b, r.Models) }),
	pgbatch.Col("input_message_ids", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return appendIDs(b, r.Input) }),
	pgbatch.Col("output_message_ids", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return appendIDs(b, r.Output) }),
	pgbatch.Col("finish_reasons", pgtype.TextOID, func(b []byte, r *WordsRow) []byte { return appendTexts(b, r.FinishReasons) }),
}

// copyWordsColumns are the same for COPY, which takes arrays.
var copyWordsColumns = pgbatch.Replaced(wordsColumns,
	pgbatch.Col("models", pgtype.TextArrayOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendTextArray(b, r.Models) }),
	pgbatch.Col("input_message_ids", pgtype.UUIDArrayOID, func(b []byte, r *WordsRow) []byte { return appendIDArray(b, r.Input) }),
	pgbatch.Col("output_message_ids", pgtype.UUIDArrayOID, func(b []byte, r *WordsRow) []byte { return appendIDArray(b, r.Output) }),
	pgbatch.Col("finish_reasons", pgtype.TextArrayOID, func(b []byte, r *WordsRow) []byte { return pgbatch.AppendTextArray(b, r.FinishReasons) }),
)

// CopyWords stores rows of which none may be stored.
func (s *Store) CopyWords(ctx context.Context, c *pgbatch.Conn, rows []WordsRow) error {
	return pgbatch.CopyRows(ctx, c, "store words of log records", s.copyWords, copyWordsColumns, rows)
}

// appendNamed appends the id of a named span, or "" for none.
func appendNamed(b []byte, id pcommon.SpanID) []byte {
	if id.IsEmpty() {
		return pgbatch.AppendString(b, "")
	}
	return appendSpanID(b, id)
}

// appendTexts appends a list as an array literal, or null for none.
func appendTexts(b []byte, texts []string) []byte {
	if texts == nil {
		return pgbatch.AppendNull(b)
	}
	return pgbatch.AppendArrayLiteral(b, texts)
}

func appendIDs(b []byte, ids []content.ID) []byte {
	if ids == nil {
		return pgbatch.AppendNull(b)
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = hex.EncodeToString(id[:])
	}
	return pgbatch.AppendArrayLiteral(b, texts)
}

// InsertWords appends the statement that stores rows unless they are there, and gives the
// records of those that it stored to inserted.
func (s *Store) InsertWords(statements []pgbatch.Statement, rows []WordsRow, inserted func(content.ID)) []pgbatch.Statement {
	return appendRead(statements, "store words of log records", &s.insertWords, rows, giveID(inserted))
}

// TracesWithWords is the statement that tells of which traces log records have words.
func (s *Store) TracesWithWords(traces []pcommon.TraceID, found func(pcommon.TraceID)) pgbatch.Statement {
	return pgbatch.Statement{
		What: "look for words of log records", SQL: s.tracesWithWords, Params: [][]byte{uuidArray(traces)}, OIDs: []uint32{pgtype.UUIDArrayOID},
		Binary: true, Row: func(v [][]byte) error { found(pcommon.TraceID(v[0])); return nil },
	}
}

// WordsRef asks for words by one of four keys; the zero value of a field asks for nothing.
type WordsRef struct {
	Trace  pcommon.TraceID
	Record content.ID // with Day
	Day    int32
	// Records that name a span, or none, written from Since until Until (ns).
	ByName       bool
	Named        pcommon.SpanID
	Since, Until int64
	ID           string
	Of           pcommon.SpanID
}

var wordsRefColumns = []pgbatch.Column[WordsRef]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *WordsRef) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *WordsRef) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *WordsRef) []byte { return appendContentID(b, r.Record) }),
	pgbatch.Col("named", pgtype.TextOID, func(b []byte, r *WordsRef) []byte {
		if !r.ByName {
			return pgbatch.AppendNull(b)
		}
		return appendNamed(b, r.Named)
	}),
	pgbatch.Col("since", pgtype.Int8OID, func(b []byte, r *WordsRef) []byte { return pgbatch.AppendInt64(b, r.Since) }),
	pgbatch.Col("until", pgtype.Int8OID, func(b []byte, r *WordsRef) []byte { return pgbatch.AppendInt64(b, r.Until) }),
	pgbatch.Col("call_id", pgtype.TextOID, func(b []byte, r *WordsRef) []byte { return pgbatch.AppendText(b, r.ID) }),
	pgbatch.Col("words_of", pgtype.TextOID, func(b []byte, r *WordsRef) []byte { return appendParentID(b, r.Of) }),
}

// FindWords appends the statement that gives the stored words of refs to row.
func (s *Store) FindWords(statements []pgbatch.Statement, refs []WordsRef, row func(WordsRow)) []pgbatch.Statement {
	return appendRead(statements, "look up words of log records", &s.findWords, refs, func(v [][]byte) error {
		var w WordsRow
		r := pgbatch.Reader{Values: v}
		w.Day = int32(r.Int())
		w.Record = contentID(&r)
		w.At = r.Int()
		w.Trace = contentID(&r)
		w.System, w.Tools, w.ToolArguments, w.ToolResult = contentID(&r), contentID(&r), contentID(&r), contentID(&r)
		w.Ordinal, w.Index = int32(r.Int()), int32(r.Int())
		w.setForm(r.Int())
		spanID(&w.Named, r.Next())
		spanID(&w.Of, r.Next())
		w.Scope, w.ID, w.Models = r.String(), r.String(), r.Strings()
		w.Input, w.Output, w.FinishReasons = idList(&r), idList(&r), r.Strings()
		if r.Err == nil {
			row(w)
		}
		return r.Err
	})
}

// idList reads a uuid[] as to_jsonb writes it; nil for null.
func idList(r *pgbatch.Reader) (ids []content.ID) {
	for _, text := range r.Strings() {
		var id content.ID
		one := pgbatch.Reader{Values: [][]byte{[]byte(text)}}
		one.UUID((*[16]byte)(&id))
		r.Fail(one.Err)
		ids = append(ids, id)
	}
	return ids
}

// SpansRef asks for spans that may have the words of records.
type SpansRef struct {
	N     int32
	Trace [16]byte // llm_traces.id
	Named pcommon.SpanID
	Below bool // also calls below the named span, that overlap a time (µs), and those with the id
	Range
	ID string
}

var spansRefColumns = []pgbatch.Column[SpansRef]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *SpansRef) []byte { return pgbatch.AppendInt32(b, r.N) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *SpansRef) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("named", pgtype.TextOID, func(b []byte, r *SpansRef) []byte { return appendNamed(b, r.Named) }),
	pgbatch.Col("below", pgtype.BoolOID, func(b []byte, r *SpansRef) []byte { return pgbatch.AppendBool(b, r.Below) }),
	pgbatch.Col("since", pgtype.TimestamptzOID, func(b []byte, r *SpansRef) []byte { return appendStoredTime(b, r.From) }),
	pgbatch.Col("until", pgtype.TimestamptzOID, func(b []byte, r *SpansRef) []byte { return appendStoredTime(b, r.To) }),
	pgbatch.Col("call_id", pgtype.TextOID, func(b []byte, r *SpansRef) []byte { return pgbatch.AppendText(b, r.ID) }),
}

// FindSpansOfWords appends the statement that gives the spans of refs to row, with the
// number of the ref.
func (s *Store) FindSpansOfWords(statements []pgbatch.Statement, refs []SpansRef, within Range, row func(n int32, s words.Span)) []pgbatch.Statement {
	return appendRead(statements, "look up spans of words", &s.findSpansOfWords, refs, func(v [][]byte) error {
		var span words.Span
		r := pgbatch.Reader{Values: v}
		n := int32(r.Int())
		known := spanID(&span.ID, r.Next())
		spanID(&span.Parent, r.Next())
		span.Start, span.End = r.Int(), r.Int()
		span.Kind = mapping.KindOf(r.String())
		span.Scope, span.ResponseID, span.Models = r.String(), r.String(), r.Strings()
		span.FromRecords = words.Side(r.Int())
		span.Event, _ = r.OptBool()
		span.Failed, _ = r.OptBool()
		w := &span.Words
		w.Input, w.Output = idList(&r), idList(&r)
		w.System, w.Tools, w.ToolArguments, w.ToolResult = contentID(&r), contentID(&r), contentID(&r), contentID(&r)
		w.FinishReasons = r.Strings()
		span.User, span.Session = r.String(), r.String()
		span.Own = w.Sides() &^ span.FromRecords
		if known && r.Err == nil {
			row(n, span)
		}
		return r.Err
	}, within.params()...)
}

// BoundWords says which span has the words of a record.
type BoundWords struct {
	Day    int32
	Record content.ID
	Of     pcommon.SpanID
}

var boundColumns = []pgbatch.Column[BoundWords]{
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *BoundWords) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *BoundWords) []byte { return pgbatch.AppendUUID(b, r.Record) }),
	pgbatch.Col("words_of", pgtype.TextOID, func(b []byte, r *BoundWords) []byte { return appendParentID(b, r.Of) }),
}

// BindWords appends the statement that notes which spans have words.
func (s *Store) BindWords(statements []pgbatch.Statement, rows []BoundWords) []pgbatch.Statement {
	return pgbatch.AppendQuery(statements, "note whose words they are", &s.bindWords, rows)
}

// CopiedContent is a content that a span of another day refers to.
type CopiedContent struct {
	content.Key
	To    int32
	Owner content.Owner // of the span
}

var copiedColumns = []pgbatch.Column[CopiedContent]{
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *CopiedContent) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *CopiedContent) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("to_day", pgtype.DateOID, func(b []byte, r *CopiedContent) []byte { return pgbatch.AppendDay(b, r.To) }),
	pgbatch.Col("owner", pgtype.Int8OID, func(b []byte, r *CopiedContent) []byte { return appendOwner(b, r.Owner) }),
}

// CopyToDay appends the statement that stores contents for another day too.
func (s *Store) CopyToDay(statements []pgbatch.Statement, rows []CopiedContent) []pgbatch.Statement {
	return pgbatch.AppendQuery(statements, "store contents for another day", &s.copyToDay, rows)
}

type bodyRef struct {
	n int32
	content.Key
}

var bodyColumns = []pgbatch.Column[bodyRef]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *bodyRef) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *bodyRef) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *bodyRef) []byte { return pgbatch.AppendUUID(b, r.ID) }),
}

// Bodies returns the bodies of contents; nil for one that is gone.
func (s *Store) Bodies(ctx context.Context, c *pgbatch.Conn, keys []content.Key) ([][]byte, error) {
	bodies, refs := make([][]byte, len(keys)), make([]bodyRef, len(keys))
	for i, key := range keys {
		refs[i] = bodyRef{int32(i), key}
	}
	return bodies, c.Exec(ctx, appendRead(nil, "read contents", &s.findBodies, refs, func(v [][]byte) error {
		r := pgbatch.Reader{Values: v}
		n := r.Int()
		bodies[n] = append([]byte(nil), r.Next()...)
		return r.Err
	})...)
}

// SpanWords replaces words of a stored span.
type SpanWords struct {
	Trace [16]byte // llm_traces.id
	Span  pcommon.SpanID
	Start int64
	words.Words
	Sides       words.Side // those to replace
	FromRecords words.Side // those that the span then has from records
	Owner       content.Owner
}

var spanWordsColumns = []pgbatch.Column[SpanWords]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *SpanWords) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *SpanWords) []byte { return appendSpanID(b, r.Span) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *SpanWords) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("sides", pgtype.Int4OID, func(b []byte, r *SpanWords) []byte { return pgbatch.AppendInt32(b, int32(r.Sides)) }),
	pgbatch.Col("event_words", pgtype.Int2OID, func(b []byte, r *SpanWords) []byte { return pgbatch.AppendInt16(b, int16(r.FromRecords)) }),
	pgbatch.Col("input_message_ids", pgtype.TextOID, func(b []byte, r *SpanWords) []byte { return appendIDs(b, r.Input) }),
	pgbatch.Col("output_message_ids", pgtype.TextOID, func(b []byte, r *SpanWords) []byte { return appendIDs(b, r.Output) }),
	pgbatch.Col("system_instructions_id", pgtype.UUIDOID, func(b []byte, r *SpanWords) []byte { return appendContentID(b, r.System) }),
	pgbatch.Col("tool_definitions_id", pgtype.UUIDOID, func(b []byte, r *SpanWords) []byte { return appendContentID(b, r.Tools) }),
	pgbatch.Col("tool_arguments_id", pgtype.UUIDOID, func(b []byte, r *SpanWords) []byte { return appendContentID(b, r.ToolArguments) }),
	pgbatch.Col("tool_result_id", pgtype.UUIDOID, func(b []byte, r *SpanWords) []byte { return appendContentID(b, r.ToolResult) }),
	pgbatch.Col("finish_reasons", pgtype.TextOID, func(b []byte, r *SpanWords) []byte { return appendTexts(b, r.FinishReasons) }),
}

// UpdateSpanWords appends the statement that replaces words of spans.
func (s *Store) UpdateSpanWords(statements []pgbatch.Statement, rows []SpanWords) []pgbatch.Statement {
	within := Range{}
	for i := range rows {
		if i == 0 {
			within = Range{rows[0].Start, rows[0].Start}
		}
		within = Range{min(within.From, rows[i].Start), max(within.To, rows[i].Start)}
	}
	return pgbatch.AppendQuery(statements, "store words of spans", &s.updateSpanWords, rows, within.params()...)
}

// FormerWords is a content that a stored span referred to before further records came.
type FormerWords struct {
	Trace [16]byte // llm_traces.id
	Span  pcommon.SpanID
	Start int64
	ID    content.ID
}

var formerWordsColumns = []pgbatch.Column[FormerWords]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *FormerWords) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *FormerWords) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *FormerWords) []byte { return appendSpanID(b, r.Span) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *FormerWords) []byte { return pgbatch.AppendUUID(b, r.ID) }),
}

// InsertFormerWords appends the statement that stores rows unless they are there.
func (s *Store) InsertFormerWords(statements []pgbatch.Statement, rows []FormerWords) []pgbatch.Statement {
	return pgbatch.AppendQuery(statements, "store former words of spans", &s.insertFormerWords, rows)
}

// DeleteTraces appends the statement that removes rows of traces of which nothing came.
func (s *Store) DeleteTraces(statements []pgbatch.Statement, traces []pcommon.TraceID) []pgbatch.Statement {
	if len(traces) == 0 {
		return statements
	}
	return append(statements, pgbatch.Statement{
		What: "delete traces of which nothing came", SQL: s.deleteTraces, Params: [][]byte{hexArray(traces)}, OIDs: []uint32{pgtype.TextArrayOID},
	})
}
