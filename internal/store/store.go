package store

import (
	"embed"
	"strconv"
	"strings"
	"text/template"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// files are the statements, one a file. In them {{.schema}} is the quoted schema and
// {{.literal}} its name as a literal, {{.columns}} the columns of the file's rows,
// {{.rows}} the rows as a table r, {{.values}} their values, and {{.set}} and
// {{.set_values}} the same without the ids of a trace.
//
//go:embed sql/*.sql
var files embed.FS

// Store has the statements on the tables of one schema.
type Store struct {
	schema string

	begin, guard string
	proof        string

	findContents, unstoreContents string
	copyContents                  string
	insertContents                pgbatch.Query[ContentRow]
	noteOwners                    pgbatch.Query[OwnerRow]
	insertResources               pgbatch.Query[ResourceRow]

	lockTraces   string
	copyTraces   string
	insertTraces pgbatch.Query[TraceRow]
	updateTraces pgbatch.Query[TraceRow]

	spansTable  string
	updateSpans pgbatch.Query[FlagRow]
	failSpans   pgbatch.Query[FailingRow]

	findSpans, findBelow, findExactly, findObservations, findAwaited, findAwaiting pgbatch.Query[spanRef]
	findCalls, wholeTrace, resetCounting                                           string
	findTools, findCountedTools                                                    pgbatch.Query[toolRef]
	findAwaitingTools, findEvents, findPairs                                       pgbatch.Query[spanRef]
	upsertAwaited, deleteAwaited, reachTools                                       pgbatch.Query[AwaitedRow]
	upsertPairs                                                                    pgbatch.Query[PairRow]
	upsertCalls                                                                    pgbatch.Query[CallRow]
	upsertTools, deleteTools                                                       pgbatch.Query[ToolRow]

	copyEvents   string
	insertEvents pgbatch.Query[mapping.Event]
	insertScores pgbatch.Query[*mapping.Score]

	nextDay, tracesOfDay, lockPriced, pricedSpans, dayProgress, dayDone string
	listTraces, dueTraces, unlistPriced                                 string
	priceLater                                                          pgbatch.Query[DueTrace]
	updateEstimates                                                     pgbatch.Query[EstimateRow]
	updateCosts                                                         pgbatch.Query[TraceRow]
	tracesWithWords, deleteTraces                                       string
	copyWords                                                           string
	insertWords                                                         pgbatch.Query[WordsRow]
	findWords                                                           pgbatch.Query[WordsRef]
	findSpansOfWords                                                    pgbatch.Query[SpansRef]
	bindWords                                                           pgbatch.Query[BoundWords]
	copyToDay                                                           pgbatch.Query[CopiedContent]
	findBodies                                                          pgbatch.Query[bodyRef]
	updateSpanWords                                                     pgbatch.Query[SpanWords]
	insertFormerWords                                                   pgbatch.Query[FormerWords]

	lockSignals, shareSignals, lockPairings, lastPairing string
	findPairings, insertPairing, deletePairings          string
	signalsTraces, pairsOfEvents, unlistTraces           string
	findPlaces                                           pgbatch.Query[EventRef]
	upsertPlaces                                         pgbatch.Query[PlaceRow]
	findPresent, findCandidates, findPrompts             pgbatch.Query[lookupRow]
	findFollowing                                        pgbatch.Query[followingRow]
	findSums, withoutTrace, keptOfTraces, keptWords      string
	findAnswered                                         pgbatch.Query[answerRow]
	findOfSessions                                       pgbatch.Query[sessionTimeRow]
	keptOfSessions                                       pgbatch.Query[sessionDayRow]
	keptKeys                                             pgbatch.Query[recordRow]
	findNamed                                            pgbatch.Query[NamedSpan]
	copyCandidates                                       string
	insertCandidates                                     pgbatch.Query[CandidateRow]
	findMoving, findMovingPairs, moveSpans, repriceMoved pgbatch.Query[MovingEvent]
	moveFormerWords                                      pgbatch.Query[MovingEvent]
	moveEvents                                           pgbatch.Query[recordRow]
	movePrompts                                          pgbatch.Query[MovedRecord]
	upsertEventPairs                                     pgbatch.Query[EventPairRow]

	touchHours pgbatch.Query[HourRow]
	createDay  string
}

// New returns the statements for the tables of a schema.
func New(schemaName string) *Store {
	return &Store{
		schema: schemaName,

		begin: text(schemaName, "begin"), guard: text(schemaName, "guard"),
		proof: text(schemaName, "contents_proof"),

		findContents:    text(schemaName, "contents_find"),
		unstoreContents: text(schemaName, "contents_unstore"),
		copyContents:    pgbatch.CopySQL(schema.Table(schemaName, "llm_contents"), contentColumns),
		insertContents:  query(schemaName, "contents_insert", contentColumns),
		noteOwners:      query(schemaName, "owners_note", ownerColumns),
		insertResources: query(schemaName, "resources_insert", resourceColumns),

		lockTraces:   text(schemaName, "traces_lock"),
		copyTraces:   pgbatch.CopySQL(schema.Table(schemaName, "llm_traces"), copyTraceColumns),
		insertTraces: query(schemaName, "traces_insert", traceColumns),
		updateTraces: query(schemaName, "traces_update", traceColumns),

		spansTable:  schema.Table(schemaName, "llm_spans"),
		updateSpans: query(schemaName, "spans_update", flagColumns),
		failSpans:   query(schemaName, "spans_fail", failingColumns),

		findSpans:        query(schemaName, "spans_find", findColumns),
		findBelow:        query(schemaName, "spans_find_below", findColumns),
		findExactly:      query(schemaName, "spans_find_exactly", exactColumns),
		findObservations: query(schemaName, "spans_find_observations", findColumns),
		findCalls:        text(schemaName, "calls_find"),
		wholeTrace:       text(schemaName, "spans_of_trace"),
		resetCounting:    text(schemaName, "counting_reset"),

		findAwaited:   query(schemaName, "awaited_find", refColumns),
		upsertAwaited: query(schemaName, "awaited_upsert", awaitedColumns),
		deleteAwaited: query(schemaName, "awaited_delete", awaitedColumns),

		findAwaiting: query(schemaName, "pairs_awaiting", refColumns),
		upsertPairs:  query(schemaName, "pairs_upsert", pairColumns),
		upsertCalls:  query(schemaName, "calls_upsert", callColumns),

		findTools:         query(schemaName, "tools_find", toolRefColumns),
		findCountedTools:  query(schemaName, "tools_counted", toolRefColumns),
		findAwaitingTools: query(schemaName, "tools_awaiting", refColumns),
		upsertTools:       query(schemaName, "tools_upsert", toolColumns),
		deleteTools:       query(schemaName, "tools_delete", toolColumns),
		reachTools:        query(schemaName, "tools_reach", awaitedColumns),

		findPairs:  query(schemaName, "pairs_of", refColumns),
		findEvents: query(schemaName, "pairs_with_events", refColumns),

		copyEvents:   pgbatch.CopySQL(schema.Table(schemaName, "llm_events"), eventColumns),
		insertEvents: query(schemaName, "events_insert", insertEventColumns),
		insertScores: query(schemaName, "scores_insert", scoreColumns),

		nextDay: text(schemaName, "reprice_day"), tracesOfDay: text(schemaName, "reprice_traces"), lockPriced: text(schemaName, "reprice_lock"),
		pricedSpans: text(schemaName, "reprice_spans"), dayProgress: text(schemaName, "reprice_progress"),
		dayDone: text(schemaName, "reprice_done"), updateEstimates: query(schemaName, "reprice_update", estimateColumns),
		updateCosts: query(schemaName, "reprice_costs", costColumns),
		listTraces:  text(schemaName, "reprice_list"), dueTraces: text(schemaName, "reprice_due"),
		unlistPriced: text(schemaName, "reprice_unlist"), priceLater: query(schemaName, "reprice_later", dueColumns),
		tracesWithWords: text(schemaName, "words_traces"), deleteTraces: text(schemaName, "traces_delete"),
		copyWords:        pgbatch.CopySQL(schema.Table(schemaName, "llm_internal_words"), copyWordsColumns),
		insertWords:      query(schemaName, "words_insert", wordsColumns),
		findWords:        query(schemaName, "words_find", wordsRefColumns),
		findSpansOfWords: query(schemaName, "words_spans", spansRefColumns),
		bindWords:        query(schemaName, "words_bind", boundColumns),
		copyToDay:        query(schemaName, "words_copy", copiedColumns),
		findBodies:       query(schemaName, "words_bodies", bodyColumns),
		updateSpanWords:  query(schemaName, "words_update", spanWordsColumns),

		insertFormerWords: query(schemaName, "former_words_insert", formerWordsColumns),
		moveFormerWords:   query(schemaName, "former_words_move", moveColumns[:4]),

		lockSignals: text(schemaName, "signals_lock"), shareSignals: text(schemaName, "signals_share"),
		lockPairings: text(schemaName, "pairings_lock"), lastPairing: text(schemaName, "pairings_last"),
		findPairings: text(schemaName, "pairings_find"), insertPairing: text(schemaName, "pairings_insert"),
		deletePairings: text(schemaName, "pairings_delete"),
		signalsTraces:  text(schemaName, "signals_traces"),
		pairsOfEvents:  text(schemaName, "pairs_of_events"), unlistTraces: text(schemaName, "traces_unlist"),
		findPlaces:       query(schemaName, "places_find", eventRefColumns),
		upsertPlaces:     query(schemaName, "places_upsert", placeColumns),
		findPresent:      query(schemaName, "candidates_present", lookupColumns),
		findCandidates:   query(schemaName, "candidates_find", candidateLookupColumns),
		findSums:         text(schemaName, "candidates_sums"),
		withoutTrace:     text(schemaName, "candidates_without_trace"),
		findAnswered:     query(schemaName, "candidates_answered", answerColumns),
		findOfSessions:   query(schemaName, "candidates_of_session", sessionTimeColumns),
		keptOfTraces:     text(schemaName, "kept_of_traces"),
		keptOfSessions:   query(schemaName, "kept_of_sessions", sessionDayColumns),
		keptKeys:         query(schemaName, "kept_keys", recordColumns[1:]),
		keptWords:        text(schemaName, "kept_words"),
		findNamed:        query(schemaName, "candidates_named", namedColumns),
		findPrompts:      query(schemaName, "prompts_find", promptColumns),
		findFollowing:    query(schemaName, "following_find", followingColumns),
		copyCandidates:   pgbatch.CopySQL(schema.Table(schemaName, "llm_internal_call_candidates"), candidateColumns),
		insertCandidates: query(schemaName, "candidates_insert", candidateColumns),
		findMoving:       query(schemaName, "spans_to_move", movingColumns),
		findMovingPairs:  query(schemaName, "pairs_of_moving", movingColumns),
		moveSpans:        query(schemaName, "spans_move", moveColumns),
		repriceMoved:     query(schemaName, "moved_reprice", movingColumns[3:]),
		moveEvents:       query(schemaName, "events_move", recordColumns),
		movePrompts:      query(schemaName, "prompts_move", promptRecordColumns),
		upsertEventPairs: query(schemaName, "event_pairs_upsert", eventPairColumns),

		touchHours: query(schemaName, "hours_touch", hourColumns),
		createDay:  text(schemaName, "day_create"),
	}
}

// text is the statement of a file that takes no rows.
func text(schemaName, file string) string { return render(schemaName, file, nil, "") }

// query is the statement of a file that takes rows.
func query[T any](schemaName, file string, columns []pgbatch.Column[T]) pgbatch.Query[T] {
	names, values := make([]string, len(columns)), make([]string, len(columns))
	casts := false
	for i, c := range columns {
		names[i], values[i] = c.Name, c.Name
		if to := arrayCasts[c.Name]; to != "" {
			values[i] += to + " AS " + c.Name
			casts = true
		}
	}
	rows := "$rows AS r (" + strings.Join(names, ", ") + ")"
	if casts { // apart from the statement, since Citus takes no such casts in what an UPDATE sets
		rows = "(SELECT " + strings.Join(values, ", ") + " FROM " + rows + " OFFSET 0) AS r"
	}
	return pgbatch.NewQuery(render(schemaName, file, names, rows), columns)
}

func render(schemaName, file string, columns []string, rows string) string {
	values := make([]string, len(columns))
	var set, setValues []string
	for i, name := range columns {
		values[i] = "r." + name
		if name != "id" && name != "trace_id" {
			set, setValues = append(set, name), append(setValues, values[i])
		}
	}
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, file+".sql", map[string]string{
		"schema": pgx.Identifier{schemaName}.Sanitize(), "literal": schema.Literal(schemaName),
		"columns": strings.Join(columns, ", "), "values": strings.Join(values, ", "), "rows": rows,
		"set": strings.Join(set, ", "), "set_values": strings.Join(setValues, ", "),
		"most_owners": strconv.Itoa(MaxOwners),
	})
	if err != nil {
		panic(err) // a file of this package is wrong: every test shows it
	}
	return b.String()
}

// arrayCasts are the types of columns whose values come as text, since the elements of
// an array parameter cannot be arrays.
var arrayCasts = map[string]string{
	"tags": "::text[]", "models": "::text[]", "adjustments": "::text[]", "finish_reasons": "::text[]",
	"input_message_ids": "::uuid[]", "output_message_ids": "::uuid[]",
}

var templates = template.Must(template.New("sql").Option("missingkey=error").ParseFS(files, "sql/*.sql"))

// Session is what the server says of a transaction's session.
type Session struct {
	Durable  bool // a commit that succeeded survives a crash of the server
	MayProve bool // the role may run contents_proof.sql
}

// Begin returns the first statements of a transaction that stores a batch. They fill in
// session.
func (s *Store) Begin(session *Session) []pgbatch.Statement {
	return []pgbatch.Statement{
		{What: "begin", SQL: s.begin},
		{
			What: "begin", SQL: s.guard, Params: [][]byte{[]byte(s.schema)}, OIDs: []uint32{pgtype.TextOID},
			Row: func(v [][]byte) error {
				r := pgbatch.Reader{Values: v}
				session.Durable, _ = r.OptBool()
				session.MayProve, _ = r.OptBool()
				return r.Err
			},
		},
	}
}

// param is the value of a field that was appended with its length.
func param(field []byte) []byte { return field[4:] }
