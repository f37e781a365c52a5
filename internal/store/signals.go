package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// signalQueries read what pairing asks of the stored calls of both signals.
type signalQueries struct {
	signalsTraces  string
	findPlaces     pgbatch.Query[EventRef]
	findPresent    pgbatch.Query[presenceRow]
	findCandidates pgbatch.Query[lookupRow]
	findPrompts    pgbatch.Query[lookupRow]
	findFollowing  pgbatch.Query[followingRow]
	findSums       string
	withoutTrace   string
	awaitBatches   string
	findAnswered   pgbatch.Query[answerRow]
	findOfSessions pgbatch.Query[sessionTimeRow]
	findNamed      pgbatch.Query[NamedSpan]
	pairsOfEvents  string
}

func newSignalQueries(schemaName string) signalQueries {
	return signalQueries{
		signalsTraces:  text(schemaName, "signals_traces"),
		findPlaces:     query(schemaName, "places_find", eventRefColumns),
		findPresent:    query(schemaName, "candidates_present", presenceColumns),
		findCandidates: query(schemaName, "candidates_find", candidateLookupColumns),
		findPrompts:    query(schemaName, "prompts_find", promptColumns),
		findFollowing:  query(schemaName, "following_find", followingColumns),
		findSums:       text(schemaName, "candidates_sums"),
		withoutTrace:   text(schemaName, "candidates_without_trace"),
		awaitBatches:   text(schemaName, "batches_await"),
		findAnswered:   query(schemaName, "candidates_answered", answerColumns),
		findOfSessions: query(schemaName, "candidates_of_session", sessionTimeColumns),
		findNamed:      query(schemaName, "candidates_named", namedColumns),
		pairsOfEvents:  text(schemaName, "pairs_of_events"),
	}
}

// TraceFacts are what candidates take from the row of their trace.
type TraceFacts struct {
	Session string
	Evented bool
	Spans   int64
}

// EventRef names an event by the trace that it came with.
type EventRef struct {
	n      int32
	Origin pcommon.TraceID
	ID     pcommon.SpanID
	Start  int64
}

var eventRefColumns = []pgbatch.Column[EventRef]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *EventRef) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *EventRef) []byte { return pgbatch.AppendUUID(b, r.Origin) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *EventRef) []byte { return appendSpanID(b, r.ID) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *EventRef) []byte { return appendStoredTime(b, r.Start) }),
}

// PlaceRow is a row of llm_internal_event_places.
type PlaceRow struct {
	EventRef
	Trace   pcommon.TraceID
	Settled bool
}

var placeColumns = []pgbatch.Column[PlaceRow]{
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *PlaceRow) []byte { return pgbatch.AppendUUID(b, r.Origin) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *PlaceRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *PlaceRow) []byte { return appendStoredTime(b, r.Start) }),
	pgbatch.Col("settled", pgtype.BoolOID, func(b []byte, r *PlaceRow) []byte { return pgbatch.AppendBool(b, r.Settled) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *PlaceRow) []byte { return appendSpanID(b, r.ID) }),
}

// LockSignals begins to pair, exclusively or beside other batches, after the batch of number since.
// It reads the facts of traces, where events are that came before, and what is there of sessions.
func (s *Store) LockSignals(ctx context.Context, c *pgbatch.Conn, exclusively bool, traces []pcommon.TraceID, events []EventRef, absences *trace.Absences,
	facts func(pcommon.TraceID, TraceFacts), place func(event int, trace pcommon.TraceID),
) (since int64, err error) {
	for i := range events {
		events[i].n = int32(i)
	}
	rows := make([]presenceRow, len(absences.Lookups))
	for i, l := range absences.Lookups {
		rows[i].lookupRow = lookupRow{int32(i), l}
	}
	for i, session := range absences.Sessions {
		rows[len(rows)-len(absences.Sessions)+i].session = session
	}
	statements := appendRead(s.lockPairing(exclusively, &since), "look for sessions with calls of both signals", &s.findPresent, rows, func(v [][]byte) error {
		r := pgbatch.Reader{Values: v}
		n := r.Int()
		absences.Listed[n], _ = r.OptBool()
		absences.Kept[n], _ = r.OptBool()
		return r.Err
	}, param(appendStoredTime(nil, absences.KeptFirst)), param(appendStoredTime(nil, absences.KeptLast)))
	statements = s.lookUpTraces(statements, traces, facts)
	statements = appendRead(statements, "look up the places of events", &s.findPlaces, events, func(v [][]byte) error {
		var id [16]byte
		r := pgbatch.Reader{Values: v}
		n := r.Int()
		r.UUID(&id)
		place(int(n), id)
		return r.Err
	})
	return since, c.Exec(ctx, statements...)
}

// lookUpTraces appends the statement that reads the facts of traces.
func (s *Store) lookUpTraces(statements []pgbatch.Statement, traces []pcommon.TraceID, facts func(pcommon.TraceID, TraceFacts)) []pgbatch.Statement {
	if len(traces) == 0 {
		return statements
	}
	return append(statements, pgbatch.Statement{
		What: "look up traces", SQL: s.signalsTraces, Params: [][]byte{hexArray(traces)}, OIDs: []uint32{pgtype.TextArrayOID},
		Row: func(v [][]byte) error {
			var id pcommon.TraceID
			var f TraceFacts
			r := pgbatch.Reader{Values: v}
			r.Hex(id[:])
			f.Session = r.String()
			f.Evented, _ = r.OptBool()
			f.Spans = r.Int()
			facts(id, f)
			return r.Err
		},
	})
}

// lookupRow is a key under which calls are looked for.
type lookupRow struct {
	n int32
	trace.Lookup
}

var (
	lookupColumns = []pgbatch.Column[lookupRow]{
		pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *lookupRow) []byte { return pgbatch.AppendInt32(b, r.n) }),
		pgbatch.Col("key", pgtype.Int8OID, func(b []byte, r *lookupRow) []byte { return pgbatch.AppendInt64(b, int64(r.Key.Hash)) }),
		pgbatch.Col("first", pgtype.TimestamptzOID, func(b []byte, r *lookupRow) []byte { return appendStoredTime(b, r.First) }),
		pgbatch.Col("last", pgtype.TimestamptzOID, func(b []byte, r *lookupRow) []byte { return appendStoredTime(b, r.Last) }),
	}
	candidateLookupColumns = append(slices.Clone(lookupColumns),
		pgbatch.Col("most", pgtype.Int4OID, func(b []byte, r *lookupRow) []byte { return pgbatch.AppendInt32(b, r.Most) }),
		pgbatch.Col("only_by_time", pgtype.BoolOID, func(b []byte, r *lookupRow) []byte { return pgbatch.AppendBool(b, r.OnlyByTime) }),
		pgbatch.Col("without_id", pgtype.BoolOID, func(b []byte, r *lookupRow) []byte { return pgbatch.AppendBool(b, r.WithoutID) }))
	promptColumns = []pgbatch.Column[lookupRow]{lookupColumns[0], lookupColumns[1]}
)

// presenceRow asks what is there of a session, if any.
type presenceRow struct {
	lookupRow
	session string
}

var presenceColumns = func() (columns []pgbatch.Column[presenceRow]) {
	for _, c := range lookupColumns {
		columns = append(columns, pgbatch.Col(c.Name, c.OID, func(b []byte, r *presenceRow) []byte { return c.Append(b, &r.lookupRow) }))
	}
	return append(columns, pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, r *presenceRow) []byte { return pgbatch.AppendText(b, r.session) }))
}()

func lookupRows(lookups []trace.Lookup) []lookupRow {
	rows := make([]lookupRow, len(lookups))
	for i, l := range lookups {
		rows[i] = lookupRow{int32(i), l}
	}
	return rows
}

// NamedSpan is a span of a trace that an event names, or that has the response id of one.
type NamedSpan struct {
	n          int32
	Trace      pcommon.TraceID
	ID         pcommon.SpanID
	ResponseID string
	Key        trace.CandidateKey
}

var namedColumns = []pgbatch.Column[NamedSpan]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *NamedSpan) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *NamedSpan) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *NamedSpan) []byte { return appendParentID(b, r.ID) }),
	pgbatch.Col("response_id", pgtype.TextOID, func(b []byte, r *NamedSpan) []byte { return pgbatch.AppendText(b, r.ResponseID) }),
}

// FindCandidates gives the stored candidates under some keys to found. It returns under how
// many keys there may be more.
func (s *Store) FindCandidates(ctx context.Context, c *pgbatch.Conn, lookups []trace.Lookup, named []NamedSpan, found func(trace.CandidateKey, *trace.Candidate)) (crowded int, err error) {
	rows, counts := lookupRows(lookups), make([]int32, len(lookups))
	for i := range named {
		named[i].n = int32(i)
	}
	var statements []pgbatch.Statement
	statements = appendRead(statements, "look for calls of both signals", &s.findCandidates, rows, func(v [][]byte) error {
		return readCandidate(v, func(n int64, candidate *trace.Candidate) {
			if counts[n]++; counts[n] == lookups[n].Most {
				crowded++
			}
			found(lookups[n].Key, candidate)
		})
	})
	statements = appendRead(statements, "look up named spans", &s.findNamed, named, func(v [][]byte) error {
		return readCandidate(v, func(n int64, candidate *trace.Candidate) { found(named[n].Key, candidate) })
	})
	err = c.Exec(ctx, statements...)
	return crowded, err
}

// longestSpan is how long before its end a span begins at most that is found by its session or by the id of
// its response.
const longestSpan = mapping.MicrosPerDay

// answerRow asks for spans with the id of a response.
type answerRow struct {
	n int32
	trace.Answer
}

var answerColumns = []pgbatch.Column[answerRow]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *answerRow) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("response_id", pgtype.TextOID, func(b []byte, r *answerRow) []byte { return pgbatch.AppendText(b, r.ID) }),
	pgbatch.Col("first", pgtype.TimestamptzOID, func(b []byte, r *answerRow) []byte { return appendStoredTime(b, r.First) }),
	pgbatch.Col("last", pgtype.TimestamptzOID, func(b []byte, r *answerRow) []byte { return appendStoredTime(b, r.Last) }),
	pgbatch.Col("earliest", pgtype.TimestamptzOID, func(b []byte, r *answerRow) []byte { return appendStoredTime(b, r.First-longestSpan) }),
}

// FindAnswered gives the stored spans that have the ids of responses to found.
func (s *Store) FindAnswered(ctx context.Context, c *pgbatch.Conn, answers []trace.Answer, found func(trace.CandidateKey, *trace.Candidate)) error {
	rows := make([]answerRow, len(answers))
	for i, a := range answers {
		rows[i] = answerRow{int32(i), a}
	}
	return c.Exec(ctx, appendRead(nil, "look up spans by the ids of responses", &s.findAnswered, rows, func(v [][]byte) error {
		return readCandidate(v, func(n int64, candidate *trace.Candidate) { found(answers[n].Key, candidate) })
	})...)
}

// sessionTimeRow asks for the spans of a session.
type sessionTimeRow struct {
	n int32
	trace.SessionTime
}

var sessionTimeColumns = []pgbatch.Column[sessionTimeRow]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *sessionTimeRow) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, r *sessionTimeRow) []byte { return pgbatch.AppendText(b, r.Session) }),
	pgbatch.Col("first", pgtype.TimestamptzOID, func(b []byte, r *sessionTimeRow) []byte { return appendStoredTime(b, r.First) }),
	pgbatch.Col("last", pgtype.TimestamptzOID, func(b []byte, r *sessionTimeRow) []byte { return appendStoredTime(b, r.Last) }),
	pgbatch.Col("earliest", pgtype.TimestamptzOID, func(b []byte, r *sessionTimeRow) []byte { return appendStoredTime(b, r.First-longestSpan) }),
}

// FindOfSessions gives the stored spans of sessions to found that end within a time, calls and sums of calls.
func (s *Store) FindOfSessions(ctx context.Context, c *pgbatch.Conn, times []trace.SessionTime, found func(*trace.Candidate)) error {
	rows := make([]sessionTimeRow, len(times))
	for i, t := range times {
		rows[i] = sessionTimeRow{int32(i), t}
	}
	return c.Exec(ctx, appendRead(nil, "look up spans of sessions", &s.findOfSessions, rows, func(v [][]byte) error {
		return readCandidate(v, func(_ int64, candidate *trace.Candidate) { found(candidate) })
	})...)
}

// EventsWithoutTrace is the statement that tells whether events without context tell calls that end within a time, and
// whether events do that name a session and no trace.
func (s *Store) EventsWithoutTrace(first, last int64, withoutContext, untraced *bool) pgbatch.Statement {
	return pgbatch.Statement{
		What: "look for events without a trace", SQL: s.withoutTrace,
		Params: [][]byte{int64Param(int64(trace.WithoutContextKey)), int64Param(int64(trace.UntracedKey)), param(appendStoredTime(nil, first)), param(appendStoredTime(nil, last))},
		OIDs:   []uint32{pgtype.Int8OID, pgtype.Int8OID, pgtype.TimestamptzOID, pgtype.TimestamptzOID},
		Row: func(v [][]byte) error {
			r := pgbatch.Reader{Values: v}
			*withoutContext, _ = r.OptBool()
			*untraced, _ = r.OptBool()
			return r.Err
		},
	}
}

// Around names traces whose events may be calls of any span around which the events name, and
// when such calls end, in µs.
type Around struct {
	Traces      []pcommon.TraceID
	First, Last int64
}

// Add adds a trace, which may be there.
func (a *Around) Add(id pcommon.TraceID, first, last int64) {
	a.First, a.Last = min(a.First, first), max(a.Last, last)
	a.Traces = append(a.Traces, id)
}

// FindObserved gives to found the spans of traces that report the usage of calls around them, and
// failed calls, and all calls around.
func (s *Store) FindObserved(ctx context.Context, c *pgbatch.Conn, traces []pcommon.TraceID, around Around, found func(*trace.Candidate)) error {
	if len(traces)+len(around.Traces) == 0 {
		return nil
	}
	slices.SortFunc(around.Traces, func(a, b pcommon.TraceID) int { return bytes.Compare(a[:], b[:]) })
	around.Traces = slices.Compact(around.Traces)
	return c.Exec(ctx, pgbatch.Statement{
		What: "look for spans that events observe", SQL: s.findSums,
		Params: [][]byte{hexArray(traces), hexArray(around.Traces), param(appendStoredTime(nil, around.First)), param(appendStoredTime(nil, around.Last))},
		OIDs:   []uint32{pgtype.TextArrayOID, pgtype.TextArrayOID, pgtype.TimestamptzOID, pgtype.TimestamptzOID},
		Row: func(v [][]byte) error {
			return readCandidate(v, func(_ int64, candidate *trace.Candidate) { found(candidate) })
		},
	})
}

// FindTurns gives the facts of traces that are derived from turns, and the stored prompts of these.
func (s *Store) FindTurns(ctx context.Context, c *pgbatch.Conn, traces []pcommon.TraceID, facts func(pcommon.TraceID, TraceFacts), prompt func(turn pcommon.TraceID, p trace.TurnPrompt)) error {
	rows := make([]lookupRow, len(traces))
	for i, id := range traces {
		rows[i] = lookupRow{int32(i), trace.Lookup{Key: trace.PromptKey(id)}}
	}
	statements := s.lookUpTraces(nil, traces, facts)
	return c.Exec(ctx, appendRead(statements, "look for prompts", &s.findPrompts, rows, func(v [][]byte) error {
		r := pgbatch.Reader{Values: v}
		var p trace.TurnPrompt
		var origin, place [16]byte
		turn := traces[r.Int()]
		spanID(&p.ID, r.Next())
		p.Start, p.End = r.Int(), r.Int()
		r.UUID(&origin)
		r.UUID(&place)
		p.Origin, p.Place = origin, place
		if r.Err == nil {
			prompt(turn, p)
		}
		return r.Err
	})...)
}

// followingRow asks for stored calls of a turn.
type followingRow struct {
	n int32
	trace.Following
}

var followingColumns = []pgbatch.Column[followingRow]{
	pgbatch.Col("n", pgtype.Int4OID, func(b []byte, r *followingRow) []byte { return pgbatch.AppendInt32(b, r.n) }),
	pgbatch.Col("origin", pgtype.UUIDOID, func(b []byte, r *followingRow) []byte { return pgbatch.AppendUUID(b, r.Turn) }),
	pgbatch.Col("place", pgtype.UUIDOID, func(b []byte, r *followingRow) []byte { return pgbatch.AppendUUID(b, r.Place) }),
	pgbatch.Col("agent", pgtype.TextOID, func(b []byte, r *followingRow) []byte { return appendSpanID(b, r.Agent) }),
	pgbatch.Col("since", pgtype.TimestamptzOID, func(b []byte, r *followingRow) []byte { return appendStoredTime(b, r.Since) }),
}

// FindFollowing gives the stored calls that may follow prompts to found, each with its turn.
func (s *Store) FindFollowing(ctx context.Context, c *pgbatch.Conn, followings []trace.Following, found func(turn pcommon.TraceID, c *trace.Candidate)) error {
	rows := make([]followingRow, len(followings))
	for i, f := range followings {
		rows[i] = followingRow{int32(i), f}
	}
	return c.Exec(ctx, appendRead(nil, "look for calls of turns", &s.findFollowing, rows, func(v [][]byte) error {
		return readCandidate(v, func(n int64, candidate *trace.Candidate) { found(followings[n].Turn, candidate) })
	})...)
}

// readCandidate reads a row of candidates_find.sql.
func readCandidate(v [][]byte, found func(n int64, c *trace.Candidate)) error {
	var origin [16]byte
	var place pcommon.TraceID
	m := &mapping.Span{}
	r := pgbatch.Reader{Values: v}
	n := r.Int()
	r.UUID(&origin)
	r.Hex(place[:])
	settled, _ := r.OptBool()
	byTime, _ := r.OptBool()
	hasID, _ := r.OptBool()
	session := r.String()
	event, _ := r.OptBool()
	name := r.String()
	known := spanID(&m.SpanID, r.Next())
	m.Start, m.End = r.Int(), r.Int()
	m.Kind = mapping.KindOf(r.String())
	m.Status, m.ErrorType = r.String(), r.String()
	u := &m.Usage
	u.Input, u.Output, u.Total, u.CacheRead, u.CacheCreation, u.Reasoning = tokens(&r), tokens(&r), tokens(&r), tokens(&r), tokens(&r), tokens(&r)
	u.TotalCost.Valid, _ = r.OptBool()
	m.ResponseID, m.RequestModel, m.ResponseModel = r.String(), r.String(), r.String()
	if answered, _ := r.OptBool(); answered {
		m.OutputMessageIDs = []content.ID{{}}
	}
	m.ToolName, m.ToolCallID = r.String(), r.String()
	counted, _ := r.OptBool()
	spanID(&m.ParentSpanID, r.Next())
	sessionless, _ := r.OptBool()
	readErrorOf(&r, m)
	if event {
		m.Event = &mapping.EventCall{Event: name, ByTime: byTime}
	}
	c := trace.CandidateOf(m, session)
	c.Origin, c.Place, c.HasID, c.Sessionless = origin, place, hasID, sessionless && !event
	c.Stored, c.Counted, c.Settled = true, counted, settled
	if r.Err == nil && known {
		found(n, &c)
	}
	return r.Err
}

// eventPairsOf reads the stored pairs of a trace of which one is an event.
func (s *Store) eventPairsOf(ref spanRef, t *trace.Trace) pgbatch.Statement {
	statement := s.whole(ref, func(v [][]byte) error { return readEventPairOf(v, t) })
	statement.What, statement.SQL = "read pairs of events", s.pairsOfEvents
	return statement
}

func readEventPair(v [][]byte, asks []TraceAsk) error {
	r := pgbatch.Reader{Values: v}
	n := r.Int()
	if r.Err != nil {
		return r.Err
	}
	return readEventPairOf(v, asks[n].Trace)
}

// readEventPairOf reads a pair of a trace, after the number of the trace.
func readEventPairOf(v [][]byte, t *trace.Trace) error {
	var p trace.EventPair
	r := pgbatch.Reader{Values: v[1:]}
	spanID(&p.Inner, r.Next())
	spanID(&p.Outer, r.Next())
	p.Effects = trace.Effects(r.Int())
	t.KnowEvents(p)
	return r.Err
}
