package write

import (
	"bytes"
	"context"
	"maps"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// A batch pairs in this order: this file works out what to ask for while contents are stored, and asks what is stored of
// the batch's traces; pairing_sessions.go settles the sessions of these, pairing_candidates.go reads stored calls that may
// be the batch's, package trace finds the pairs, and pairing_layout.go lays the batch out anew, both while records are
// stored. pairing_kept.go is about records that keep the keys of their calls, pairing_claims.go about batches that pair at
// the same time.

// pairing is what a batch with events, or with spans of programs that send events too,
// works out before it locks its traces: which of its calls are observed in both signals,
// and in which traces events are kept. Other batches have none.
type pairing struct {
	tx      *transaction
	asks    *signalAsks
	claims  trace.Claims // unless the batch pairs exclusively
	keepers []keeper     // of the candidates
	since   int64        // the number of the last batch that had paired when this one began
	signals *trace.Signals

	// Of the batch's spans, in their order.
	observed []trace.Candidate // as far as they are known before anything is asked; of events
	numbers  []int             // among the candidates of signals; -1: none
	known    []bool            // events that are stored already
	isNew    []bool            // events whose records are sure not to have been stored before: an optimistic attempt stores them
	keeps    []bool            // those of them whose records keep the keys of their calls

	// Of the batch's traces.
	evented map[pcommon.TraceID]bool             // those of which the batch brings events
	asked   map[pcommon.TraceID]bool             // all of them
	facts   map[pcommon.TraceID]store.TraceFacts // what is stored of them
	derived map[pcommon.TraceID]bool             // those that the batch's records do not name
	prompts map[pcommon.TraceID][]store.EventRef // stored prompts
	begun   map[pcommon.TraceID]string           // the session, by trace of a turn that is taken for new if nothing of the session is listed

	// Sessions (pairing_sessions.go).
	sessions map[pcommon.TraceID]string   // of traces, with what the batch says
	others   map[pcommon.TraceID][]string // further sessions that spans of a trace name
	fresh    map[pcommon.TraceID]bool     // stored traces of which the batch brings a further session
	naming   []int                        // the batch's spans that are the first to name a session

	// What comes of it.
	pairs   map[pcommon.TraceID][]trace.EventPair
	places  map[spanKey]pcommon.TraceID // of events that are paired, by where they came
	kept    map[trace.SessionDay]bool   // days of sessions of which records of earlier batches keep keys
	changes store.Signals
}

// mayPair reports whether a span or event of the batch may have others in the other signal.
func (t *transaction) mayPair() bool {
	if t.tellsBoth() {
		return true
	}
	for i := range t.batch.Spans {
		if s := &t.batch.Spans[i]; t.withoutContext && isAnswered(s) || t.untraced && mayBeUntraced(s) {
			return true
		}
	}
	return false
}

// tellsBoth reports whether the batch has events, or spans of programs that send events too.
func (t *transaction) tellsBoth() bool {
	scope, sends := "", false
	for i := range t.batch.Spans {
		s := &t.batch.Spans[i]
		if s.Event != nil {
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

// pairSignals looks for what may be paired with the batch's calls, if they may have others in the other signal.
// Records of the batch are stored later, so that those of its sessions that are found are of other batches. The
// batch's calls are paired while Postgres stores these.
func (t *transaction) pairSignals(ctx context.Context) error {
	if !t.mayPair() {
		return nil
	}
	// Only now it is known that events without context are listed: traces may have been counted ahead without them.
	t.ahead.Wait()
	t.forget()
	if t.pairing == nil {
		t.beginPairing()
	}
	return t.pairing.look(ctx)
}

// pairAgain pairs the batch's calls once more, when its records are stored.
func (t *transaction) pairAgain(ctx context.Context) error {
	t.pairsAgain = true
	t.beginPairing()
	if err := t.pairing.look(ctx); err != nil {
		return err
	}
	t.pairing.settlePairs()
	return t.pairing.movePaired(ctx)
}

// beginPairing works out what to ask for.
func (t *transaction) beginPairing() {
	traces := len(t.traces)
	p := &pairing{
		tx:    t,
		facts: map[pcommon.TraceID]store.TraceFacts{}, sessions: make(map[pcommon.TraceID]string, traces),
		derived: make(map[pcommon.TraceID]bool, traces), prompts: map[pcommon.TraceID][]store.EventRef{},
		places: map[spanKey]pcommon.TraceID{}, asked: make(map[pcommon.TraceID]bool, traces), evented: make(map[pcommon.TraceID]bool, traces),
		others: map[pcommon.TraceID][]string{}, fresh: map[pcommon.TraceID]bool{},
		kept: map[trace.SessionDay]bool{},
	}
	t.pairing = p
	p.observe()
	// Candidates are added in the order of what is observed, each at its place or before.
	p.signals = trace.NewSignals(p.observed)
	p.asks = p.asksOf()
}

// observe notes what the batch's spans are.
func (p *pairing) observe() {
	b := p.tx.batch
	records := make(map[content.ID]int, len(b.Events))
	for i := range b.Events {
		records[b.Events[i].ID] = i
	}
	n := len(b.Spans)
	p.observed, p.numbers = make([]trace.Candidate, n), make([]int, n)
	p.known, p.isNew, p.keeps = make([]bool, n), make([]bool, n), make([]bool, n)
	for i := range b.Spans {
		s := &b.Spans[i]
		if p.numbers[i] = -1; s.Event != nil {
			p.evented[s.TraceID] = true
			p.observed[i] = trace.CandidateOf(s, "")
			if at, ok := records[s.Event.Record]; ok {
				e := &b.Events[at]
				keepKeys(e, s, &p.observed[i])
				if !p.tx.careful { // its records are new
					p.keeps[i], p.isNew[i] = e.CallKeys != nil, true
				}
			}
		}
	}
}

// look finds what is stored of the batch's calls.
func (p *pairing) look(ctx context.Context) error {
	places, err := p.lockSignals(ctx)
	if err != nil {
		return err
	}
	p.settleSessions()
	if err := p.findSessions(ctx); err != nil {
		return err
	}
	p.addCandidates(places)
	if err := p.findKept(ctx); err != nil {
		return err
	}
	return p.findStored(ctx)
}

// settlePairs finds the pairs of the batch's calls and, unless stored events move, lays the batch out and counts
// the traces that it creates. It needs no connection.
func (p *pairing) settlePairs() {
	var placements []trace.Placement
	placements, p.pairs = p.signals.Settle()
	p.tx.result.Crowded += p.signals.Crowded
	p.take(placements)
	p.list()
	if !p.tx.pairsExclusively {
		p.claims = p.ownClaims()
	}
	if len(p.changes.Moving) > 0 {
		return
	}
	p.layOutPaired()
	if !p.tx.careful {
		p.tx.countAhead()
	}
}

// movePaired reads the stored events that move, and lays the batch out with them.
func (p *pairing) movePaired(ctx context.Context) error {
	if len(p.changes.Moving) == 0 {
		return nil
	}
	err := p.tx.store.ReadMoving(ctx, p.tx.conn, p.changes.Moving, func(e *store.MovingEvent, pair trace.EventPair) {
		to := p.placeOf(e)
		p.pairs[to] = append(p.pairs[to], pair)
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.changes.Moving, func(e store.MovingEvent) bool { return e.Span == nil }) { // another batch has moved it
		return errShared
	}
	if err := p.listMoved(ctx); err != nil {
		return err
	}
	p.layOutPaired()
	return nil
}

// signalAsks is what a batch asks for when it begins to pair.
type signalAsks struct {
	events      []store.EventRef // that may have come before
	at          []int            // the batch's spans that these are
	sessions    []string
	first, last int64                      // end of the batch's spans
	spans       bool                       // some are no events
	turns       map[pcommon.TraceID]string // the session, by trace that is derived from a turn
	began       map[pcommon.TraceID]string // the same of prompts, of whose turns calls may be stored that are not listed
}

// asksOf lists what to ask for of the batch's spans, and notes their traces.
func (p *pairing) asksOf() *signalAsks {
	asks := &signalAsks{first: math.MaxInt64, last: math.MinInt64, turns: make(map[pcommon.TraceID]string, len(p.tx.traces)), began: map[pcommon.TraceID]string{}}
	sessions := map[string]bool{}
	for i := range p.tx.batch.Spans {
		s := &p.tx.batch.Spans[i]
		p.asked[s.TraceID] = true
		if s.SessionID != "" {
			sessions[s.SessionID] = true
		}
		asks.first, asks.last = min(asks.first, s.End), max(asks.last, s.End)
		e := s.Event
		if e == nil {
			asks.spans = true
			continue
		}
		if e.Derived {
			p.derived[s.TraceID] = true
			asks.turns[s.TraceID] = s.SessionID
		}
		if s.Kind == mapping.KindAgent && !e.TurnTrace.IsEmpty() {
			asks.began[e.TurnTrace] = s.SessionID
		}
		if !p.isNew[i] {
			asks.events, asks.at = append(asks.events, store.EventRef{Origin: s.TraceID, ID: s.SpanID, Start: s.Start}), append(asks.at, i)
		}
	}
	asks.sessions = slices.Collect(maps.Keys(sessions))
	return asks
}

// lockSignals returns where events of the batch are that came before.
func (p *pairing) lockSignals(ctx context.Context) (places map[int]pcommon.TraceID, err error) {
	asks := p.asks
	places = map[int]pcommon.TraceID{}
	absences := trace.AbsencesOf(asks.sessions, asks.first, asks.last, asks.spans)
	facts := func(id pcommon.TraceID, f store.TraceFacts) { p.facts[id] = f }
	p.since, err = p.tx.store.LockSignals(ctx, p.tx.conn, p.tx.pairsExclusively, p.tx.mayBeStored(), asks.events, absences, facts,
		func(event int, id pcommon.TraceID) { places[asks.at[event]] = id })
	if err != nil {
		return places, err
	}
	p.signals.Absent = absences.Absence()
	turns := slices.Collect(maps.Keys(asks.began))
	sure := !p.tx.careful && !p.tx.pairsAgain // all that is of a turn's trace is of its session, and prompts of one are listed
	for turn, session := range asks.turns {
		if _, prompt := asks.began[turn]; !prompt && (!sure || !p.signals.Absent.Sessions[session].Unlisted) {
			turns = append(turns, turn)
		}
	}
	if sure {
		p.begun = asks.turns
	}
	slices.SortFunc(turns, compareTraces)
	return places, p.findTurns(ctx, turns)
}

// findTurns reads the prompts and the rows of traces that are derived from turns.
func (p *pairing) findTurns(ctx context.Context, turns []pcommon.TraceID) error {
	for _, turn := range turns {
		delete(p.signals.Turns, turn)
	}
	facts := func(id pcommon.TraceID, f store.TraceFacts) { p.facts[id] = f }
	return p.tx.store.FindTurns(ctx, p.tx.conn, turns, facts, func(turn pcommon.TraceID, prompt trace.TurnPrompt) {
		p.signals.Turns[turn] = append(p.signals.Turns[turn], prompt)
		if ref := (store.EventRef{Origin: turn, ID: prompt.ID, Start: prompt.Start}); prompt.Origin == turn && !slices.Contains(p.prompts[turn], ref) {
			p.prompts[turn] = append(p.prompts[turn], ref)
		}
	})
}

// mayBeStored lists the batch's traces that are neither taken for new nor derived from turns.
func (t *transaction) mayBeStored() []pcommon.TraceID {
	p := t.pairing
	var may []pcommon.TraceID
	for id := range p.asked {
		if _, derived := p.asks.turns[id]; !derived && (t.pairsAgain || !t.isTakenForNew(id)) {
			may = append(may, id)
		}
	}
	slices.SortFunc(may, compareTraces)
	return may
}

func compareTraces(a, b pcommon.TraceID) int { return bytes.Compare(a[:], b[:]) }

// hasToPair reports whether the batch has to look for pairs, now that its traces are locked:
// events observe calls of a stored one, or one was not there when the batch looked, or got spans
// after that.
func (t *transaction) hasToPair() bool {
	return slices.ContainsFunc(t.traces, func(tr traceSpans) bool {
		if tr.stored == nil {
			return false
		}
		if t.pairing == nil {
			return tr.stored.Evented()
		}
		facts, known := t.pairing.facts[tr.otel]
		return t.pairing.asked[tr.otel] && (!known || t.pairing.missesFirst(tr, facts))
	})
}

// missesFirst reports whether the batch looked before the first events of a trace came, or, where the batch brings the first
// itself, before spans did. The other batch may have paired nothing: of programs that are not known to send records, spans of
// a trace without events claim nothing.
func (p *pairing) missesFirst(tr traceSpans, facts store.TraceFacts) bool {
	switch {
	case facts.Evented:
		return false
	case p.evented[tr.otel]:
		return facts.Spans != tr.stored.Spans
	}
	return tr.stored.Evented()
}
