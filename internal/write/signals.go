package write

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// pairing is what a batch with events, or with spans of programs that send events too,
// works out before it locks its traces: which of its calls are observed in both signals,
// and in which traces events are kept. Other batches have none.
type pairing struct {
	signals  *trace.Signals
	facts    map[pcommon.TraceID]store.TraceFacts
	sessions map[pcommon.TraceID]string   // of traces, with what the batch says
	others   map[pcommon.TraceID][]string // further sessions that spans of a trace name
	fresh    map[pcommon.TraceID]bool     // stored traces with one that the batch brings
	naming   []int                        // the batch's spans that name one first
	numbers  map[int]int                  // of the batch's spans among the candidates
	derived  map[pcommon.TraceID]bool     // traces that the batch's records do not name
	prompts  map[pcommon.TraceID][]store.EventRef
	asked    map[pcommon.TraceID]bool     // those of the batch
	records  map[content.ID]bool          // that are not stored; true: they keep the keys of their calls
	since    int64                        // the number of the last batch that had paired
	begun    map[string][]pcommon.TraceID // traces of turns, by session, that are taken for new since nothing of these is listed
	known    map[int]bool                 // the batch's events that are stored already
	pairs    map[pcommon.TraceID][]trace.EventPair
	places   map[spanKey]pcommon.TraceID // of events that are paired, by where they came
	kept     map[trace.SessionDay]bool   // calls of earlier batches whose keys records keep were found
	changes  store.Signals
}

// mayPair reports whether a span or event of the batch may have others in the other signal.
func (t *transaction) mayPair() bool {
	scope, sends := "", false
	for i := range t.batch.Spans {
		s := &t.batch.Spans[i]
		if s.Event != nil {
			return true
		}
		if t.withoutContext && isAnswered(s) || t.untraced && mayBeUntraced(s) {
			return true
		}
		if s.ScopeName != scope {
			if scope, sends = s.ScopeName, logs.SendsRecords(s.ScopeName); sends {
				return true
			}
		}
	}
	return false
}

// pairSignals pairs the batch's calls if they may have others in the other signal. Records of the batch are
// stored later, so that those of its sessions that are found are of other batches.
func (t *transaction) pairSignals(ctx context.Context) error {
	t.keepKeys()
	if !t.mayPair() {
		return nil
	}
	// Only now it is known that events without context are listed: traces may have been counted ahead without them.
	t.ahead.Wait()
	t.forget()
	return t.pair(ctx)
}

// pair finds the pairs of the batch's calls and lays the batch out anew, with each event in
// the trace where it is kept.
func (t *transaction) pair(ctx context.Context) error {
	p := &pairing{
		signals: trace.NewSignals(len(t.batch.Spans)), facts: map[pcommon.TraceID]store.TraceFacts{}, sessions: map[pcommon.TraceID]string{},
		numbers: map[int]int{}, derived: map[pcommon.TraceID]bool{}, prompts: map[pcommon.TraceID][]store.EventRef{}, known: map[int]bool{},
		places: map[spanKey]pcommon.TraceID{}, asked: map[pcommon.TraceID]bool{}, records: map[content.ID]bool{},
		others: map[pcommon.TraceID][]string{}, fresh: map[pcommon.TraceID]bool{},
		kept: map[trace.SessionDay]bool{}, begun: map[string][]pcommon.TraceID{},
	}
	t.pairing = p
	if !t.careful {
		for i := range t.batch.Events {
			p.records[t.batch.Events[i].ID] = t.batch.Events[i].CallKeys != nil
		}
	}
	places, err := t.lockSignals(ctx)
	if err != nil {
		return err
	}
	p.settleSessions(t.batch.Spans)
	if err := t.findSessions(ctx); err != nil {
		return err
	}
	t.addCandidates(places)
	if err := t.findKept(ctx); err != nil {
		return err
	}
	if err := t.findPartners(ctx); err != nil {
		return err
	}
	var placements []trace.Placement
	placements, p.pairs = p.signals.Settle()
	t.result.Crowded += p.signals.Crowded
	p.take(placements)
	p.list(t.batch.Spans)
	err = t.w.store.ReadMoving(ctx, t.conn, p.changes.Moving, func(e *store.MovingEvent, pair trace.EventPair) {
		to := p.placeOf(e)
		p.pairs[to] = append(p.pairs[to], pair)
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.changes.Moving, func(e store.MovingEvent) bool { return e.Span == nil }) { // another batch has moved it
		return errShared
	}
	if err := t.listMoved(ctx); err != nil {
		return err
	}
	t.layOutPaired()
	return nil
}

// signalAsks is what a batch asks for when it begins to pair.
type signalAsks struct {
	events      []store.EventRef // that may have come before
	at          []int            // the batch's spans that these are
	sessions    []string
	first, last int64                      // end of the batch's spans
	turns       map[pcommon.TraceID]string // the session, by trace that is derived from a turn
	began       map[pcommon.TraceID]string // the same of prompts, of whose turns calls may be stored that are not listed
}

// asksOf lists what to ask for of the batch's spans, and notes their traces.
func (p *pairing) asksOf(spans []mapping.Span) *signalAsks {
	asks := &signalAsks{first: maxTime, last: minTime, turns: map[pcommon.TraceID]string{}, began: map[pcommon.TraceID]string{}}
	sessions := map[string]bool{}
	for i := range spans {
		s := &spans[i]
		p.asked[s.TraceID] = true
		if s.SessionID != "" {
			sessions[s.SessionID] = true
		}
		asks.first, asks.last = min(asks.first, s.End), max(asks.last, s.End)
		e := s.Event
		if e == nil {
			continue
		}
		if e.Derived {
			p.derived[s.TraceID] = true
			asks.turns[s.TraceID] = s.SessionID
		}
		if s.Kind == mapping.KindAgent && !e.TurnTrace.IsEmpty() {
			asks.began[e.TurnTrace] = s.SessionID
		}
		if !p.isNew(s) {
			asks.events, asks.at = append(asks.events, store.EventRef{Origin: s.TraceID, ID: s.SpanID, Start: s.Start}), append(asks.at, i)
		}
	}
	asks.sessions = slices.Collect(maps.Keys(sessions))
	return asks
}

// lockSignals returns where events of the batch are that came before.
func (t *transaction) lockSignals(ctx context.Context) (places map[int]pcommon.TraceID, err error) {
	p := t.pairing
	asks := p.asksOf(t.batch.Spans)
	places = map[int]pcommon.TraceID{}
	absences := trace.Absences(asks.sessions, asks.first, asks.last)
	found := make([]bool, len(absences))
	facts := func(id pcommon.TraceID, f store.TraceFacts) { p.facts[id] = f }
	p.since, err = t.w.store.LockSignals(ctx, t.conn, t.alone, p.tracesBut(asks.turns), asks.events, absences, facts,
		func(event int, id pcommon.TraceID) { places[asks.at[event]] = id },
		func(absence int) { found[absence] = true })
	if err != nil {
		return places, err
	}
	p.signals.Absent = trace.NewAbsence(asks.sessions, found)
	turns := asks.turns
	if !t.careful && !t.again { // all that is of a turn's trace is of its session, and prompts of one are listed
		maps.DeleteFunc(turns, func(turn pcommon.TraceID, session string) bool {
			absent := p.signals.Absent.Sessions[session]
			if absent {
				p.begun[session] = append(p.begun[session], turn)
			}
			return absent
		})
	}
	maps.Copy(turns, asks.began)
	return places, t.findTurns(ctx, slices.SortedFunc(maps.Keys(turns), compareTraces))
}

// findTurns reads the prompts and the rows of traces that are derived from turns.
func (t *transaction) findTurns(ctx context.Context, turns []pcommon.TraceID) error {
	p := t.pairing
	for _, turn := range turns {
		delete(p.signals.Turns, turn)
	}
	facts := func(id pcommon.TraceID, f store.TraceFacts) { p.facts[id] = f }
	return t.w.store.FindTurns(ctx, t.conn, turns, facts, func(turn pcommon.TraceID, prompt trace.TurnPrompt) {
		p.signals.Turns[turn] = append(p.signals.Turns[turn], prompt)
		if ref := (store.EventRef{Origin: turn, ID: prompt.ID, Start: prompt.Start}); prompt.Origin == turn && !slices.Contains(p.prompts[turn], ref) {
			p.prompts[turn] = append(p.prompts[turn], ref)
		}
	})
}

// tracesBut lists the batch's traces that are not derived from turns.
func (p *pairing) tracesBut(turns map[pcommon.TraceID]string) []pcommon.TraceID {
	var others []pcommon.TraceID
	for id := range p.asked {
		if _, derived := turns[id]; !derived {
			others = append(others, id)
		}
	}
	slices.SortFunc(others, compareTraces)
	return others
}

func compareTraces(a, b pcommon.TraceID) int { return bytes.Compare(a[:], b[:]) }

// settleSessions gives each trace the session of its row, else that of its earliest span
// in the batch that names one.
func (p *pairing) settleSessions(spans []mapping.Span) {
	earliest := map[pcommon.TraceID]*mapping.Span{}
	for i := range spans {
		s := &spans[i]
		if s.SessionID == "" {
			continue
		}
		if e := earliest[s.TraceID]; e == nil || s.Start < e.Start || s.Start == e.Start && bytes.Compare(s.SpanID[:], e.SpanID[:]) < 0 {
			earliest[s.TraceID] = s
		}
	}
	for id, s := range earliest {
		p.sessions[id] = s.SessionID
	}
	for id, f := range p.facts {
		if f.Session != "" {
			p.sessions[id] = f.Session
		}
	}
}

// findSessions finds the sessions that spans of a trace name beside the trace's: an agent below
// another may have one of its own, which the spans of its calls do not say.
func (t *transaction) findSessions(ctx context.Context) error {
	p := t.pairing
	first, lookups := p.sessionsNamed(t.batch.Spans)
	known := map[pcommon.TraceID][]string{}
	if len(lookups) > 0 {
		_, err := t.w.store.FindCandidates(ctx, t.conn, lookups, nil, func(_ trace.CandidateKey, c *trace.Candidate) {
			known[c.Origin] = append(known[c.Origin], c.Session)
		})
		if err != nil {
			return err
		}
	}
	for id, named := range first {
		for session, i := range named {
			if !slices.Contains(known[id], session) {
				known[id] = append(known[id], session)
				p.naming = append(p.naming, i)
				_, p.fresh[id] = p.facts[id]
			}
		}
	}
	for id, sessions := range known {
		slices.Sort(sessions)
		p.others[id] = slices.DeleteFunc(slices.Compact(sessions), func(session string) bool { return session == p.sessions[id] })
	}
	return nil
}

// sessionsNamed returns, by trace and session, the first span of the batch that names a session which is not
// known to be its trace's, and where to look up the sessions that stored spans name: of traces in which the
// batch's spans name others, or calls of the batch name none.
func (p *pairing) sessionsNamed(spans []mapping.Span) (first map[pcommon.TraceID]map[string]int, lookups []trace.Lookup) {
	first = map[pcommon.TraceID]map[string]int{}
	asks := map[pcommon.TraceID]bool{}
	scope, sends := "", false
	for i := range spans {
		s := &spans[i]
		if s.ScopeName != scope {
			scope, sends = s.ScopeName, logs.SendsRecords(s.ScopeName)
		}
		switch f, stored := p.facts[s.TraceID]; {
		case !sends || s.Event != nil:
		case s.SessionID == "":
			asks[s.TraceID] = asks[s.TraceID] || stored && (s.Kind.IsModel() || s.Kind == mapping.KindTool || trace.Sums(s))
		case s.SessionID != f.Session || !stored:
			if first[s.TraceID] == nil {
				first[s.TraceID] = map[string]int{}
			}
			if _, there := first[s.TraceID][s.SessionID]; !there {
				first[s.TraceID][s.SessionID] = i
			}
			asks[s.TraceID] = stored
		}
	}
	for id, ask := range asks {
		if ask {
			lookups = append(lookups, trace.Lookup{Key: trace.SessionsOf(id), First: minTime, Last: maxTime, Most: maxSessions})
		}
	}
	return first, lookups
}

// maxSessions bounds how many sessions of a trace are looked at.
const maxSessions = 1000

// addCandidates takes the batch's calls. Of an event that is stored already nothing
// follows.
func (t *transaction) addCandidates(places map[int]pcommon.TraceID) {
	p, spans := t.pairing, t.batch.Spans
	evented := map[pcommon.TraceID]bool{}
	for i := range spans {
		if spans[i].Event != nil {
			evented[spans[i].TraceID] = true
		}
	}
	for i := range spans {
		s := &spans[i]
		inTrace := evented[s.TraceID] || p.facts[s.TraceID].Evented
		_, stored := places[i]
		switch {
		case t.isForeign(s, inTrace):
			p.addForeign(i, s)
		case trace.Sums(s):
			if inTrace || t.untraced && p.sessions[s.TraceID] != "" || logs.SendsRecords(s.ScopeName) {
				p.add(i, s, inTrace)
			}
		case stored || s.Event != nil && p.isKnownPrompt(s):
			p.known[i] = true
		case trace.MayBeTurn(s, inTrace):
			p.add(i, s, inTrace)
		case !s.Kind.IsModel() && s.Kind != mapping.KindTool && s.Event == nil:
		case s.Event != nil || inTrace || logs.SendsRecords(s.ScopeName):
			p.add(i, s, inTrace)
		}
	}
}

// isKnownPrompt reports whether a prompt is stored.
func (p *pairing) isKnownPrompt(s *mapping.Span) bool {
	return slices.ContainsFunc(p.prompts[s.TraceID], func(r store.EventRef) bool { return r.ID == s.SpanID && r.Start == s.Start })
}

// isForeign reports whether none but events that name no trace, of which there are some at the time of the
// batch, may observe the call of a span.
func (t *transaction) isForeign(s *mapping.Span, inTrace bool) bool {
	return (t.withoutContext && isAnswered(s) || t.untraced && isCall(s)) && !inTrace && !logs.SendsRecords(s.ScopeName)
}

// mayBeUntraced reports whether events that name no trace may observe a span, or others of its trace by the
// session that it names.
func mayBeUntraced(s *mapping.Span) bool {
	return isCall(s) || s.Event == nil && s.SessionID != ""
}

// isCall reports whether a span is a call of a model or a tool.
func isCall(s *mapping.Span) bool {
	return s.Event == nil && (s.Kind.IsModel() || s.Kind == mapping.KindTool)
}

// isAnswered reports whether a span is a call with the id of a response.
func isAnswered(s *mapping.Span) bool {
	return s.Event == nil && s.Kind.IsModel() && s.ResponseID != ""
}

func (p *pairing) addForeign(i int, s *mapping.Span) {
	c := trace.CandidateOf(s, p.sessions[s.TraceID])
	_, stored := p.facts[s.TraceID]
	c.First, c.Foreign = !stored, true
	p.numbers[i] = p.signals.Add(&c)
}

// add takes a span of the batch as a candidate.
func (p *pairing) add(i int, s *mapping.Span, inTrace bool) {
	c := trace.CandidateOf(s, p.sessions[s.TraceID])
	_, stored := p.facts[s.TraceID]
	c.InTrace, c.First, c.Sums = inTrace, !stored, trace.Sums(s)
	if c.Sessionless {
		c.Others = p.others[s.TraceID]
	}
	p.numbers[i] = p.signals.Add(&c)
}

// findPartners reads the stored calls that may be the same as the batch's, and as
// those of a trace that has got a session.
func (t *transaction) findPartners(ctx context.Context) error {
	p := t.pairing
	lookups := p.signals.Lookups()
	waiting := map[uint64]pcommon.TraceID{} // by key
	for id, f := range p.facts {
		if f.Session == "" && p.sessions[id] != "" || p.fresh[id] {
			key := trace.WithoutSession(id)
			waiting[key.Hash] = id
			lookups = append(lookups, trace.Lookup{Key: key, First: minTime, Last: maxTime, Most: maxWaiting})
		}
	}
	around := p.around()
	if t.untraced { // calls of any program wait for the session of their trace
		for _, id := range waiting {
			around.Add(id, minTime, maxTime)
		}
	}
	err := t.w.store.FindObserved(ctx, t.conn, p.firstEvents(), around, func(c *trace.Candidate) {
		c.Again, c.InTrace = true, true
		if c.Session == "" {
			c.Session = p.sessions[c.Origin]
		}
		p.signals.Add(c)
	})
	if err != nil {
		return err
	}
	err = t.w.store.FindAnswered(ctx, t.conn, p.signals.Answers(), func(key trace.CandidateKey, c *trace.Candidate) { p.signals.Add(c, key) })
	if err != nil {
		return err
	}
	err = t.w.store.FindOfSessions(ctx, t.conn, p.signals.UntracedTimes(), func(c *trace.Candidate) { p.signals.Add(c) })
	if err != nil {
		return err
	}
	if err := t.lookUp(ctx, lookups, p.named(), waiting); err != nil {
		return err
	}
	if moving := p.signals.MovingPrompts(); len(moving) > 0 {
		if err := t.findTurns(ctx, moving); err != nil {
			return err
		}
	}
	followings := p.signals.Followings()
	if len(followings) == 0 {
		return nil
	}
	if err := t.w.store.FindFollowing(ctx, t.conn, followings, p.signals.AddFollowing); err != nil {
		return err
	}
	return t.lookUp(ctx, p.signals.Lookups(), nil, waiting)
}

// lookUp reads the stored calls under some keys, and under those of what these bring; waiting are
// keys of calls that wait for the session of their trace.
func (t *transaction) lookUp(ctx context.Context, lookups []trace.Lookup, named []store.NamedSpan, waiting map[uint64]pcommon.TraceID) error {
	p := t.pairing
	for {
		if err := t.findKeptOfSessions(ctx); err != nil {
			return err
		}
		if len(lookups)+len(named) == 0 {
			return nil
		}
		crowded, err := t.w.store.FindCandidates(ctx, t.conn, lookups, named, func(key trace.CandidateKey, c *trace.Candidate) {
			if id, ok := waiting[key.Hash]; ok {
				c.Session, c.Others, c.Again = p.sessions[id], p.others[id], true
				p.signals.Add(c)
				return
			}
			p.signals.Add(c, key)
		})
		if err != nil {
			return err
		}
		t.result.Crowded += crowded
		lookups, named = p.signals.Lookups(), nil
	}
}

// firstEvents lists the stored traces that get their first events: spans of unknown programs that
// were stored before are no candidates yet.
func (p *pairing) firstEvents() (traces []pcommon.TraceID) {
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if f, stored := p.facts[c.Origin]; c.Event != "" && !c.Derived && stored && !f.Evented && !slices.Contains(traces, c.Origin) {
			traces = append(traces, c.Origin)
		}
	}
	return traces
}

// around lists the stored traces of events that may be calls of any span around which they name.
func (p *pairing) around() (around store.Around) {
	around.First, around.Last = maxTime, minTime
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if _, stored := p.facts[c.Origin]; !stored || c.Stored || !c.ReadsAround() {
			continue
		}
		first, last := c.EndsAround()
		around.Add(c.Origin, first, last)
	}
	return around
}

const (
	minTime = -1 << 63
	maxTime = 1<<63 - 1
)

// maxWaiting bounds how many calls of a trace are paired anew when the trace gets a session.
const maxWaiting = 10_000

// named lists the spans that the batch's events name, by their ids or those of responses.
// They may be of any program. A trace without a row has none.
func (p *pairing) named() (named []store.NamedSpan) {
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if _, stored := p.facts[c.Origin]; c.Event == "" || c.Derived || !stored {
			continue
		}
		if !c.Names.IsEmpty() {
			named = append(named, store.NamedSpan{Trace: c.Origin, ID: c.Names, Key: c.Named()})
		}
		if c.Kind.IsModel() {
			for _, id := range c.IDs {
				named = append(named, store.NamedSpan{Trace: c.Origin, ResponseID: id, Key: c.KeyOf(id)})
			}
		}
	}
	return named
}

// isNew reports whether the record of an event is sure not to have been stored before: an
// optimistic attempt has stored it.
func (p *pairing) isNew(s *mapping.Span) bool {
	if s.Event == nil {
		return false
	}
	_, isNew := p.records[s.Event.Record]
	return isNew
}

// list notes under which keys candidates are to be stored.
func (p *pairing) list(spans []mapping.Span) {
	p.changes.Events = make([]store.CandidateRow, 0, 4*len(p.records))
	newEvents := make(map[int]bool, len(p.numbers))
	for i, at := range p.numbers {
		newEvents[at] = newEvents[at] || p.isNew(&spans[i])
	}
	present, keeps, marked := p.signals.Presence(), p.keepers(spans), map[int64]bool{}
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if c.Stored && !c.Again || c.Foreign {
			continue
		}
		rows := &p.changes.Candidates
		if newEvents[i] && !c.Stored {
			rows = &p.changes.Events
		}
		keys := c.Keys(!keeps[i].inTrace, !keeps[i].inSession)
		if !keeps[i].inSession {
			keys = append(keys, present[i]...)
		}
		for _, key := range keys {
			*rows = append(*rows, candidateRow(c, key.Hash))
		}
		if day := c.EndDay(); c.Untraced() && !c.Stored && !marked[day] {
			marked[day] = true
			*rows = append(*rows, candidateRow(c, trace.UntracedKey))
		}
	}
	for _, i := range p.naming {
		s := &spans[i]
		p.changes.Candidates = append(p.changes.Candidates, store.CandidateRow{Key: trace.SessionsOf(s.TraceID).Hash, Origin: s.TraceID, ID: s.SpanID, Start: s.Start, End: s.End})
	}
	store.SortCandidates(p.changes.Events)
	p.changes.Events = slices.Compact(p.changes.Events)
}

func candidateRow(c *trace.Candidate, key uint64) store.CandidateRow {
	return store.CandidateRow{Key: key, Origin: c.Origin, ID: c.ID, Start: c.Start, End: c.End, ByTime: c.ByTime, HasID: c.HasID}
}

// take notes what is to be stored of places.
func (p *pairing) take(placements []trace.Placement) {
	for _, placed := range placements {
		e := placed.Event
		ref := store.EventRef{Origin: e.Origin, ID: e.ID, Start: e.Start}
		p.places[spanKey{e.Origin, e.ID}] = e.Place
		p.changes.Places = append(p.changes.Places, store.PlaceRow{EventRef: ref, Trace: e.Place, Settled: placed.Settled})
		if e.Place == placed.From {
			continue
		}
		record := store.MovedRecord{Trace: e.Place, From: placed.From, ID: e.ID, End: e.End, Name: e.Event}
		if e.Prompt() {
			p.changes.Prompts = append(p.changes.Prompts, record)
		} else {
			p.changes.Records = append(p.changes.Records, record)
		}
		if e.Stored {
			p.changes.Moving = append(p.changes.Moving, store.MovingEvent{EventRef: ref, From: placed.From, Agent: e.Agent})
		}
	}
}

// layOutPaired makes room for the rows of all traces that the batch concerns: of its spans
// and events where they are kept, of stored events that come and go, and of pairs.
func (t *transaction) layOutPaired() {
	p := t.pairing
	traces := map[pcommon.TraceID]*traceSpans{}
	of := func(id pcommon.TraceID) *traceSpans {
		if traces[id] == nil {
			traces[id] = &traceSpans{otel: id, id: id}
		}
		return traces[id]
	}
	for i := range t.batch.Spans {
		s := &t.batch.Spans[i]
		place := p.settle(i, s)
		if t.dead[i] = p.known[i]; t.dead[i] {
			continue
		}
		tr := of(place)
		tr.rows = append(tr.rows, int32(i))
		tr.calls = tr.calls || s.Event == nil || s.Kind.IsModel() || s.Kind == mapping.KindTool
		if s.Event != nil && s.Kind == mapping.KindAgent && !s.Event.TurnTrace.IsEmpty() {
			key := trace.PromptKey(s.Event.TurnTrace)
			p.changes.Candidates = append(p.changes.Candidates, store.CandidateRow{Key: key.Hash, Origin: s.TraceID, ID: s.SpanID, Start: s.Start, End: s.End})
		}
	}
	for m := range p.changes.Moving {
		e := &p.changes.Moving[m]
		to := of(p.placeOf(e))
		to.moving, to.calls = append(to.moving, m), true
		from := of(e.From)
		from.leaving = append(from.leaving, e.EventRef)
	}
	for id, pairs := range p.pairs {
		of(id).events = pairs
	}
	for i := range t.batch.Events {
		if w := t.batch.Events[i].Words; w != nil {
			of(w.Trace).words = true
		}
	}
	store.SortCandidates(p.changes.Candidates)
	store.SortPlaces(p.changes.Places)
	t.traces = t.traces[:0]
	for _, id := range slices.SortedFunc(maps.Keys(traces), compareTraces) {
		t.traces = append(t.traces, *traces[id])
	}
}

// settle gives a span of the batch what its pairs say of it, and returns the trace that it is kept in.
func (p *pairing) settle(i int, s *mapping.Span) (place pcommon.TraceID) {
	at, ok := p.numbers[i]
	if !ok {
		return s.TraceID
	}
	c := &p.signals.Candidates[at]
	p.known[i] = s.Event != nil && c.Stored
	if s.ParentSpanID.IsEmpty() {
		s.ParentSpanID = c.Agent
	}
	if told := p.signals.Errors[trace.SpanRef{Trace: c.Place, ID: s.SpanID}]; told != "" && s.Event == nil && s.ErrorType == "" {
		s.ErrorType = told
		s.Adjustments |= mapping.ErrorFromRecord
	}
	return c.Place
}

// errorType returns the type of the error that an event tells of a span's call.
func (t *transaction) errorType(otel pcommon.TraceID, span pcommon.SpanID) string {
	if t.pairing == nil {
		return trace.OtherError
	}
	return cmp.Or(t.pairing.signals.Errors[trace.SpanRef{Trace: otel, ID: span}], trace.OtherError)
}

// placeOf returns where an event goes.
func (p *pairing) placeOf(e *store.MovingEvent) pcommon.TraceID {
	return p.places[spanKey{e.Origin, e.ID}]
}

// listed reports whether a trace gets a row of llm_traces: not one of which the batch brings
// words of others or prompts only, or a pair with an event that is kept elsewhere.
func (t *transaction) listed(tr *traceSpans) bool {
	if t.pairing == nil {
		return len(tr.rows) > 0
	}
	return tr.calls || len(tr.rows) > 0 && !t.pairing.derived[tr.otel]
}

// wanted returns those of the traces without a row that get one, if only while records
// bring words of them.
func (t *transaction) wanted(missing []int32) []int32 {
	if t.pairing == nil {
		return missing
	}
	return slices.DeleteFunc(missing, func(at int32) bool { return !t.listed(&t.traces[at]) && !t.traces[at].words })
}

// countWithPrompts counts those of the missing traces whose prompts came before.
func (t *transaction) countWithPrompts(ctx context.Context, missing []int32) error {
	if t.pairing == nil {
		return nil
	}
	var begun []int32
	for _, at := range missing {
		if tr := &t.traces[at]; t.listed(tr) && len(t.pairing.prompts[tr.otel]) > 0 {
			tr.stored = &trace.Rollup{}
			begun = append(begun, at)
		}
	}
	err := t.countStored(ctx, begun)
	for _, at := range begun {
		t.traces[at].stored = nil
	}
	return err
}

// hasToPair reports whether the batch has to look for pairs, now that its traces are locked:
// events observe calls of a stored one, or one was not there when the batch looked.
func (t *transaction) hasToPair() bool {
	return slices.ContainsFunc(t.traces, func(tr traceSpans) bool {
		if tr.stored == nil {
			return false
		}
		if t.pairing == nil {
			return tr.stored.Evented()
		}
		_, known := t.pairing.facts[tr.otel]
		return t.pairing.asked[tr.otel] && !known
	})
}

// takeMoving copies flags to the events that move to a trace, and unlists a trace of which
// nothing but what was said around calls is left.
func (t *transaction) takeMoving(tr *traceSpans, result *trace.Result) {
	for i, m := range tr.moving {
		e := &t.pairing.changes.Moving[m]
		e.To, e.Flags = tr.id, result.Spans[len(tr.rows)+i]
		t.hours = append(t.hours, e.Start)
	}
	for _, pair := range tr.events {
		t.pairing.changes.Pairs = append(t.pairing.changes.Pairs, store.EventPairRow{Trace: tr.id, EventPair: pair})
	}
	if len(tr.leaving) > 0 && !result.Observed {
		t.pairing.changes.Unlisted = append(t.pairing.changes.Unlisted, tr.id)
		tr.row = nil
	}
}

// lookWithoutTrace is the statement that asks for events that name no trace around the time of calls that any
// of them may observe; none for a batch without such. A batch finds those of about a day, so that it pairs
// beside the batches that bring others of the time.
func (t *transaction) lookWithoutTrace() []pgbatch.Statement {
	first, last, some := int64(maxTime), int64(minTime), false
	for i := range t.batch.Spans {
		if s := &t.batch.Spans[i]; mayBeUntraced(s) {
			first, last, some = min(first, s.End), max(last, s.End), true
		}
	}
	if !some {
		return nil
	}
	return []pgbatch.Statement{t.w.store.EventsWithoutTrace(first-microsPerDay, last+microsPerDay, &t.withoutContext, &t.untraced)}
}
