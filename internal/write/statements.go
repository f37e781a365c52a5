package write

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// statements are the commands of a batch, for one schema.
type statements struct {
	begin           string
	guard           string
	proof           string
	askContents     string
	copyContents    string
	insertContents  query[contentRow]
	insertResources query[resourceRow]
	insertTraces    query[traceRow]
	lockTraces      string
	updateTraces    query[traceRow]
	copyTraces      string
	spans           string // the table
	updateSpans     query[flagRow]
	storedSpans     query[refRow]
	storedEdges     query[refRow]
	openEdges       string
	storedCalls     query[callRow]
	awaited         query[refRow]
	awaitedUpsert   query[awaitedRow]
	awaitedDelete   query[refRow]
	insertEdges     query[edgeRow]
	settleEdges     query[edgeRow]
	noteHours       query[hourRow]
	deleteEdges     string
	deleteAwaited   string
	createDay       string
	wholeTrace      string
}

// traceRow is a row of llm_traces.
type traceRow struct {
	id    [16]byte
	trace pcommon.TraceID
	*rollup
}

var traceColumns = []column[traceRow]{
	{"id", pgtype.UUIDOID, func(b []byte, r *traceRow) []byte { return appendUUID(b, r.id) }},
	{"trace_id", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendTraceHex(b, r.trace) }},
	{"root_span_id", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendText(b, r.rootID()) }},
	{"name", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendString(b, r.value(fieldName)) }},
	{"service_name", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendText(b, r.value(fieldService)) }},
	{"environment", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendText(b, r.value(fieldEnvironment)) }},
	{"release", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendText(b, r.value(fieldRelease)) }},
	{"user_id", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendText(b, r.value(fieldUser)) }},
	{"session_id", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendText(b, r.value(fieldSession)) }},
	{"start_time", pgtype.TimestamptzOID, func(b []byte, r *traceRow) []byte { return appendTime(b, r.start) }},
	{"end_time", pgtype.TimestamptzOID, func(b []byte, r *traceRow) []byte { return appendTime(b, r.end) }},
	{"duration_us", pgtype.Int8OID, func(b []byte, r *traceRow) []byte { return appendInt64(b, r.end-r.start) }},
	{"status", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendString(b, r.status()) }},
	{"span_count", pgtype.Int4OID, func(b []byte, r *traceRow) []byte { return appendInt32(b, int32(r.spans)) }},
	{"llm_call_count", pgtype.Int4OID, func(b []byte, r *traceRow) []byte { return appendInt32(b, int32(r.llmCalls)) }},
	{"tool_call_count", pgtype.Int4OID, func(b []byte, r *traceRow) []byte { return appendInt32(b, int32(r.toolCalls)) }},
	{"error_count", pgtype.Int4OID, func(b []byte, r *traceRow) []byte { return appendInt32(b, int32(r.errors)) }},
	{"input_tokens", pgtype.Int8OID, func(b []byte, r *traceRow) []byte { return appendInt64(b, r.input) }},
	{"output_tokens", pgtype.Int8OID, func(b []byte, r *traceRow) []byte { return appendInt64(b, r.output) }},
	{"total_tokens", pgtype.Int8OID, func(b []byte, r *traceRow) []byte { return appendInt64(b, r.total) }},
	{"total_cost", pgtype.NumericOID, func(b []byte, r *traceRow) []byte { return appendNumeric(b, r.cost) }},
	{"tags", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendArrayLiteral(b, r.tags) }},
	{"models", pgtype.TextOID, func(b []byte, r *traceRow) []byte { return appendArrayLiteral(b, r.models) }},
	{"origins", pgtype.ByteaOID, func(b []byte, r *traceRow) []byte { return appendOriginsField(b, r.rollup) }},
}

// traceCopyColumns are traceColumns as COPY takes them: arrays as arrays.
var traceCopyColumns = copyable(traceColumns)

func copyable(columns []column[traceRow]) []column[traceRow] {
	columns = slices.Clone(columns)
	for i := range columns {
		switch columns[i].name {
		case "tags":
			columns[i] = column[traceRow]{"tags", pgtype.TextArrayOID, func(b []byte, r *traceRow) []byte { return appendTextArrayOrEmpty(b, r.tags) }}
		case "models":
			columns[i] = column[traceRow]{"models", pgtype.TextArrayOID, func(b []byte, r *traceRow) []byte { return appendTextArrayOrEmpty(b, r.models) }}
		}
	}
	return columns
}

func appendOriginsField(b []byte, r *rollup) []byte {
	at := len(b)
	return setLen(r.appendOrigins(appendLen(b, 0)), at)
}

// refRow names a span of a trace; n is its index in the batch.
type refRow struct {
	n     int32 // of the trace
	trace [16]byte
	span  pcommon.SpanID
}

var refColumns = []column[refRow]{
	{"n", pgtype.Int4OID, func(b []byte, r *refRow) []byte { return appendInt32(b, r.n) }},
	{"trace_id", pgtype.UUIDOID, func(b []byte, r *refRow) []byte { return appendUUID(b, r.trace) }},
	{"span_id", pgtype.TextOID, func(b []byte, r *refRow) []byte { return appendSpanID(b, r.span) }},
}

// callRow asks for other tellings of a call.
type callRow struct {
	n     int32
	trace [16]byte
	key   callKey
	scope string
}

var callColumns = []column[callRow]{
	{"n", pgtype.Int4OID, func(b []byte, r *callRow) []byte { return appendInt32(b, r.n) }},
	{"trace_id", pgtype.UUIDOID, func(b []byte, r *callRow) []byte { return appendUUID(b, r.trace) }},
	{"kind", pgtype.TextOID, func(b []byte, r *callRow) []byte { return appendString(b, r.key.kind.String()) }},
	{"response_id", pgtype.TextOID, func(b []byte, r *callRow) []byte { return appendText(b, r.key.response) }},
	{"input_tokens", pgtype.Int8OID, func(b []byte, r *callRow) []byte { return appendInt64(b, r.key.input) }},
	{"output_tokens", pgtype.Int8OID, func(b []byte, r *callRow) []byte { return appendInt64(b, r.key.output) }},
	{"scope_name", pgtype.TextOID, func(b []byte, r *callRow) []byte { return appendString(b, r.scope) }},
}

// awaitedRow is a row of llm_awaited_spans.
type awaitedRow struct {
	trace [16]byte
	span  pcommon.SpanID
	awaited
}

var awaitedColumns = []column[awaitedRow]{
	{"trace_id", pgtype.UUIDOID, func(b []byte, r *awaitedRow) []byte { return appendUUID(b, r.trace) }},
	{"span_id", pgtype.TextOID, func(b []byte, r *awaitedRow) []byte { return appendSpanID(b, r.span) }},
	{"below", pgtype.Int2OID, func(b []byte, r *awaitedRow) []byte { return appendInt16(b, int16(r.below)) }},
	{"tools", pgtype.TextOID, func(b []byte, r *awaitedRow) []byte { return appendArrayLiteral(b, r.tools) }},
}

// edgeRow is a row of llm_side_by_side.
type edgeRow struct {
	trace [16]byte
	edge
}

var edgeColumns = []column[edgeRow]{
	{"trace_id", pgtype.UUIDOID, func(b []byte, r *edgeRow) []byte { return appendUUID(b, r.trace) }},
	{"inner_span_id", pgtype.TextOID, func(b []byte, r *edgeRow) []byte { return appendSpanID(b, r.inner) }},
	{"outer_span_id", pgtype.TextOID, func(b []byte, r *edgeRow) []byte { return appendSpanID(b, r.outer) }},
	{"settled", pgtype.BoolOID, func(b []byte, r *edgeRow) []byte { return appendBool(b, r.settled) }},
}

// flagRow changes what a stored span says of the spans below it.
type flagRow struct {
	trace [16]byte
	*node
}

var flagColumns = []column[flagRow]{
	{"trace_id", pgtype.UUIDOID, func(b []byte, r *flagRow) []byte { return appendUUID(b, r.trace) }},
	{"span_id", pgtype.TextOID, func(b []byte, r *flagRow) []byte { return appendSpanID(b, r.span) }},
	{"start_time", pgtype.TimestamptzOID, func(b []byte, r *flagRow) []byte { return appendTime(b, r.start) }},
	{"below", pgtype.Int2OID, func(b []byte, r *flagRow) []byte { return appendMarks(b, r.below) }},
	{"counted", pgtype.BoolOID, func(b []byte, r *flagRow) []byte { return appendOptBool(b, r.counted()) }},
	{"usage_counted", pgtype.BoolOID, func(b []byte, r *flagRow) []byte { return appendOptBool(b, r.usageCounted()) }},
}

// storedColumns are what node needs of a stored span, in readNode's order.
const storedColumns = `r.n, s.span_id, s.parent_span_id,
	(extract(epoch FROM s.start_time) * 1000000)::bigint, (extract(epoch FROM s.end_time) * 1000000)::bigint,
	s.kind, s.tool_name, s.scope_name, s.response_id,
	coalesce(s.input_tokens, (s.aggregate_usage ->> 'input_tokens')::bigint),
	coalesce(s.output_tokens, (s.aggregate_usage ->> 'output_tokens')::bigint),
	coalesce(s.total_tokens, (s.aggregate_usage ->> 'total_tokens')::bigint),
	coalesce(s.total_cost, (s.aggregate_usage ->> 'total_cost')::numeric),
	coalesce(s.below, 0), s.counted, s.usage_counted`

// newStatements writes the commands for the tables of schema name.
func newStatements(name string) statements {
	t := func(table string) string { return schema.Table(name, table) }
	spans, traces := t("llm_spans"), t("llm_traces")
	contents, resources := t("llm_contents"), t("llm_resources")
	awaitedSpans, edges := t("llm_awaited_spans"), t("llm_side_by_side")
	return statements{
		// The database's default isolation may be stricter; this protocol locks
		// what it depends on and wants to see what others committed meanwhile.
		begin: "BEGIN ISOLATION LEVEL READ COMMITTED",
		// Erasure takes this lock exclusively: contents that a batch found
		// stored stay until it has committed. Look-ups go by index whatever the
		// statistics say, which are missing on a young partition; see lookUp.
		guard: "SELECT pg_advisory_xact_lock_shared(hashtextextended($1 || '.llm_contents', 0))," +
			" set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true)," +
			" set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)",
		// The last column is empty: looking locks the day's partition before anything is
		// read, so that a TRUNCATE is either seen or waits for this batch.
		proof: "SELECT pg_postmaster_start_time() || ' ' || (SELECT removals FROM " + t("llm_contents_removals") + ")," +
			" pg_relation_filenode(to_regclass(format('%I.%I', " + schema.Literal(name) + ", 'llm_contents_' || to_char($1::date, 'YYYYMMDD')))), (SELECT id FROM " + contents + " WHERE day = $1 LIMIT 0)",
		askContents:  "SELECT c.id FROM unnest($2) AS r (id) " + lookUp("SELECT id FROM "+contents+" WHERE day = $1 AND id = r.id", "c"),
		copyContents: copySQL(contents, contentColumns),
		insertContents: newQuery("INSERT INTO "+contents+" ("+names(contentColumns)+")"+
			" SELECT * FROM $rows ON CONFLICT DO NOTHING", contentColumns),
		// A row is changed, and so locked, by the first batch of a day only: batches
		// that share it do not wait for one another.
		insertResources: newQuery("INSERT INTO "+resources+" AS s ("+names(resourceColumns)+") SELECT * FROM $rows AS r ("+names(resourceColumns)+")"+
			" WHERE NOT EXISTS (SELECT FROM "+resources+" s WHERE s.id = r.id AND s.last_day >= r.last_day)"+
			" ON CONFLICT (id) DO UPDATE SET last_day = greatest(s.last_day, EXCLUDED.last_day)", resourceColumns),
		insertTraces: newQuery("INSERT INTO "+traces+" ("+names(traceColumns)+") SELECT "+traceValues(traceColumns)+
			" FROM $rows AS r ("+names(traceColumns)+") ON CONFLICT (trace_id) DO NOTHING", traceColumns),
		// Served by the unique index on trace_id.
		lockTraces: `SELECT id, trace_id, root_span_id, name, service_name, environment, release, user_id, session_id,
				(extract(epoch FROM start_time) * 1000000)::bigint, (extract(epoch FROM end_time) * 1000000)::bigint, status,
				span_count, llm_call_count, tool_call_count, error_count, input_tokens, output_tokens, total_tokens, total_cost,
				to_jsonb(tags), to_jsonb(models), encode(origins, 'hex')
			FROM ` + traces + ` WHERE trace_id = ANY ($1) ORDER BY trace_id FOR UPDATE`,
		updateTraces: newQuery("UPDATE "+traces+" t SET ("+names(traceColumns[2:])+", updated_at) = ("+traceValues(traceColumns[2:])+", now())"+
			" FROM $rows AS r ("+names(traceColumns)+") WHERE t.id = r.id", traceColumns),
		copyTraces: copySQL(traces, traceCopyColumns),
		spans:      spans,
		updateSpans: newQuery("UPDATE "+spans+" s SET below = r.below, counted = r.counted, usage_counted = r.usage_counted"+
			" FROM $rows AS r ("+names(flagColumns)+") "+
			lookUp("SELECT k.tableoid, k.ctid FROM "+spans+" k WHERE k.trace_id = r.trace_id AND k.span_id = r.span_id AND k.start_time = r.start_time"+
				" AND k.start_time BETWEEN $7 AND $8", "k")+
			" WHERE s.ctid = k.ctid AND s.tableoid = k.tableoid AND s.start_time BETWEEN $7 AND $8", flagColumns),
		// Served by the primary keys. The last two parameters of a statement on
		// llm_spans bound the days, so that no other partition is opened.
		storedSpans: newQuery("SELECT "+storedColumns+" FROM $rows AS r ("+names(refColumns)+") "+
			lookUp("SELECT * FROM "+spans+" WHERE trace_id = r.trace_id AND span_id = r.span_id AND start_time BETWEEN $4 AND $5", "s"), refColumns),
		storedEdges: newQuery("SELECT r.n, e.inner_span_id, e.outer_span_id, e.settled FROM $rows AS r ("+names(refColumns)+") JOIN "+edges+" e"+
			" ON e.trace_id = r.trace_id AND e.inner_span_id = r.span_id", refColumns),
		awaited: newQuery("SELECT r.n, a.span_id, a.below, to_jsonb(a.tools) FROM $rows AS r ("+names(refColumns)+") JOIN "+awaitedSpans+" a"+
			" ON a.trace_id = r.trace_id AND a.span_id = r.span_id", refColumns),
		openEdges: "SELECT r.n, e.inner_span_id, e.outer_span_id, e.settled FROM unnest($1, $2) AS r (n, trace_id) JOIN " + edges + " e" +
			" ON e.trace_id = r.trace_id AND NOT e.settled",
		// Served by llm_spans_response and llm_spans_call_tokens.
		storedCalls: newQuery("WITH r AS (SELECT * FROM $rows AS r ("+names(callColumns)+"))"+
			" SELECT "+storedColumns+" FROM r "+
			lookUp("SELECT * FROM "+spans+" WHERE response_id = r.response_id AND trace_id = r.trace_id"+
				" AND kind = r.kind AND coalesce(scope_name, '') <> r.scope_name AND start_time BETWEEN $8 AND $9", "s")+
			" WHERE r.response_id IS NOT NULL UNION"+
			" SELECT "+storedColumns+" FROM r "+
			lookUp("SELECT * FROM "+spans+" WHERE trace_id = r.trace_id AND input_tokens = r.input_tokens"+
				" AND output_tokens = r.output_tokens AND kind IN ('llm', 'embedding', 'reranker')"+
				" AND kind = r.kind AND coalesce(scope_name, '') <> r.scope_name AND start_time BETWEEN $8 AND $9", "s")+
			" WHERE r.response_id IS NULL", callColumns),
		awaitedUpsert: newQuery("INSERT INTO "+awaitedSpans+" AS a ("+names(awaitedColumns)+")"+
			" SELECT r.trace_id, r.span_id, r.below, r.tools::text[] FROM $rows AS r ("+names(awaitedColumns)+")"+
			" ON CONFLICT (trace_id, span_id) DO UPDATE SET below = a.below | EXCLUDED.below,"+
			" tools = ARRAY(SELECT DISTINCT unnest(a.tools || EXCLUDED.tools))", awaitedColumns),
		awaitedDelete: newQuery("DELETE FROM "+awaitedSpans+" a USING $rows AS r ("+names(refColumns)+")"+
			" WHERE a.trace_id = r.trace_id AND a.span_id = r.span_id", refColumns),
		insertEdges: newQuery("INSERT INTO "+edges+" ("+names(edgeColumns)+") SELECT * FROM $rows ON CONFLICT DO NOTHING", edgeColumns),
		settleEdges: newQuery("UPDATE "+edges+" e SET settled = r.settled FROM $rows AS r ("+names(edgeColumns)+")"+
			" WHERE e.trace_id = r.trace_id AND e.inner_span_id = r.inner_span_id AND e.outer_span_id = r.outer_span_id", edgeColumns),
		noteHours: newQuery("INSERT INTO "+t("llm_usage_hours")+" (hour) SELECT hour FROM $rows AS r ("+names(hourColumns)+")"+
			" ON CONFLICT DO NOTHING", hourColumns),
		deleteEdges:   "DELETE FROM " + edges + " WHERE trace_id = $1",
		deleteAwaited: "DELETE FROM " + awaitedSpans + " WHERE trace_id = $1",
		createDay:     "SELECT " + t("llm_create_day") + "($1)",
		wholeTrace: "SELECT " + storedColumns + " FROM (SELECT $1::int AS n) r JOIN " + spans +
			" s ON s.trace_id = $2 AND s.start_time BETWEEN $3 AND $4",
	}
}

// lookUp joins what query finds for each row r. A young partition has no
// statistics, and guesses can make a join read it whole for every batch; OFFSET 0
// keeps the planner from anything but one look-up by index a row.
func lookUp(query, alias string) string {
	return "CROSS JOIN LATERAL (" + query + " OFFSET 0) " + alias
}

// traceValues lists the values of columns from rows r, in which arrays come as
// text.
func traceValues(columns []column[traceRow]) string {
	list := ""
	for i, c := range columns {
		if i > 0 {
			list += ", "
		}
		list += "r." + c.name
		if c.name == "tags" || c.name == "models" {
			list += "::text[]"
		}
	}
	return list
}
