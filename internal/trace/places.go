package trace

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Signals finds the pairs among candidates: those of a batch, and stored ones that share
// a key with them.
type Signals struct {
	Candidates []Candidate
	index      map[candidateID]int
	listed     map[list][]int
	sorted     bool          // listed is, by end
	partners   map[int][]int // pairs, both ways
	paired     bool          // they are known
	// Turns are stored prompts by the trace that is derived from their turn.
	Turns    map[pcommon.TraceID][]TurnPrompt
	daysRead map[SessionDay]bool
	// Absent is what need not be looked for.
	Absent Absence
	// Errors are the types of errors that events tell of spans, by trace and span.
	Errors map[SpanRef]string
	// Crowded is how many candidates were not compared with all under their keys.
	Crowded int
}

// SpanRef names a span of a trace.
type SpanRef struct {
	Trace pcommon.TraceID
	ID    pcommon.SpanID
}

// list names the spans, or the events, under a key.
type list struct {
	key   uint64
	event bool
}

type candidateID struct {
	origin pcommon.TraceID
	id     pcommon.SpanID
	start  int64
}

// NewSignals returns a search without candidates, with room for some.
func NewSignals(room int) *Signals {
	return &Signals{
		Candidates: make([]Candidate, 0, room), index: make(map[candidateID]int, room), listed: make(map[list][]int, 4*room),
		partners: map[int][]int{}, daysRead: map[SessionDay]bool{}, Turns: map[pcommon.TraceID][]TurnPrompt{}, Errors: map[SpanRef]string{},
	}
}

// Add adds a candidate, listed under its keys or under that which found it. It returns
// the candidate's number.
func (s *Signals) Add(c *Candidate, found ...CandidateKey) int {
	s.sorted, s.paired = false, false
	id := candidateID{c.Origin, c.ID, c.Start}
	at, there := s.index[id]
	if !there {
		at = len(s.Candidates)
		s.index[id] = at
		s.Candidates = append(s.Candidates, *c)
		s.Candidates[at].summed = c.Sums && c.Stored && !c.Counted
		if found == nil {
			found = c.Listed()
		}
	} else if old := &s.Candidates[at]; c.follows && old.Stored {
		old.TurnTrace, old.Derived, old.follows = c.TurnTrace, true, true
	} else if c.Stored && !old.Stored {
		old.follows = c.follows
		old.Stored, old.Place, old.Counted, old.Settled, old.Again = true, c.Place, c.Counted, c.Settled, c.Again // it comes again
	}
	for _, key := range found {
		under := list{key.Hash, c.Event != ""}
		if !there || !slices.Contains(s.listed[under], at) {
			s.listed[under] = append(s.listed[under], at)
		}
	}
	return at
}

// sort orders what is listed under each key by end.
func (s *Signals) sort() {
	if s.sorted {
		return
	}
	s.sorted = true
	for _, group := range s.listed {
		slices.SortFunc(group, func(a, b int) int {
			return cmp.Or(cmp.Compare(s.Candidates[a].End, s.Candidates[b].End), cmp.Compare(a, b))
		})
	}
}

// OtherError is the type of an error whose type is not told.
const OtherError = "_OTHER"

// maxGroup bounds how many candidates under one key are compared with one: those that end
// nearest to it.
const maxGroup = 256

// maxPartners bounds the pairs that a candidate gets with others of its batch, and with those found
// stored. Each is a row, and no program observes a call as often.
const maxPartners = 32

// pair finds the pairs of a candidate.
func (s *Signals) pair(at int) {
	c := &s.Candidates[at]
	for _, key := range c.LookedUp() {
		s.pairWith(at, key, s.within(c, key, s.listed[list{key.Hash, true}]))
		if c.Event != "" { // of two spans none is an event
			s.pairWith(at, key, s.within(c, key, s.listed[list{key.Hash, false}]))
		}
	}
}

// within returns those of a list, which is in order of ends, that c looks for under a key.
func (s *Signals) within(c *Candidate, key CandidateKey, group []int) []int {
	before := func(end int64) int {
		n, _ := slices.BinarySearchFunc(group, end, func(o int, end int64) int { return cmp.Compare(s.Candidates[o].End, end) })
		return n
	}
	first, last := c.window(key)
	from, to := before(first), len(group)
	if last < math.MaxInt64 {
		to = before(last + 1)
	}
	if to-from > maxGroup {
		s.Crowded++
		from = min(max(from, before(c.End)-maxGroup/2), to-maxGroup)
		to = from + maxGroup
	}
	return group[from:to]
}

// pairWith finds the pairs of a candidate among others that share a key with it.
func (s *Signals) pairWith(at int, key CandidateKey, group []int) {
	c := &s.Candidates[at]
	for _, other := range group {
		o := &s.Candidates[other]
		if key.way == bySum && (c.summed || o.summed) {
			continue // from one call follows all that does from many
		}
		if other == at || !oneCall(c, o, key.way) || slices.Contains(s.partners[at], other) {
			continue
		}
		if len(s.partners[at]) >= maxPartners || len(s.partners[other]) >= maxPartners {
			s.Crowded++
			continue
		}
		s.partners[at], s.partners[other] = append(s.partners[at], other), append(s.partners[other], at)
		if key.way == bySum {
			summedBy(c, o)
		}
	}
}

// summedBy notes that nothing more can follow for a sum, one of a and b, where the other, an
// event, reports all that the sum does.
func summedBy(a, b *Candidate) {
	if b.Sums {
		a, b = b, a
	}
	a.summed = b.Cost || !a.Cost
}

// Placement says in whose trace an event is kept.
type Placement struct {
	Event   *Candidate
	From    pcommon.TraceID // where it was, or came
	Settled bool            // in the trace of a span that it is paired with
}

// pairAll finds the pairs of the candidates that are not stored, unless it has.
func (s *Signals) pairAll() {
	if s.paired {
		return
	}
	s.paired = true
	s.sort()
	for at := range s.Candidates {
		if s.Candidates[at].looks() {
			s.pair(at)
		}
	}
}

// Settle finds the pairs of the candidates that are not stored, and where events belong:
// a paired one in the trace of its span, or else of the event that it lies below, or of the prompt
// of its turn. It sets their places and returns what is to be stored of them, and the pairs by trace.
func (s *Signals) Settle() (placements []Placement, pairs map[pcommon.TraceID][]EventPair) {
	s.pairAll()
	moved := s.place(&placements)
	pairs = map[pcommon.TraceID][]EventPair{}
	for at := range s.Candidates {
		for _, other := range s.partners[at] {
			a, b := &s.Candidates[at], &s.Candidates[other]
			if !inside(a, b) || !a.looks() && !b.looks() && !moved[at] && !moved[other] {
				continue
			}
			pair := EventPair{a.ID, b.ID, effects(a, b)}
			if at := (SpanRef{a.Place, a.ID}); pair.Effects&InnerFails != 0 && cmp.Compare(s.Errors[at], b.ErrorType) <= 0 {
				s.Errors[at] = cmp.Or(b.ErrorType, OtherError)
			}
			pairs[a.Place] = append(pairs[a.Place], pair)
			if b.Place != a.Place {
				pairs[b.Place] = append(pairs[b.Place], pair)
			}
		}
	}
	return placements, pairs
}

// place sets the places of events and returns those that move.
func (s *Signals) place(placements *[]Placement) map[int]bool {
	moved := map[int]bool{}
	var events []int
	for at := range s.Candidates {
		if c := &s.Candidates[at]; c.Event != "" && !c.Settled && (len(s.partners[at]) > 0 || c.mayFollow()) {
			events = append(events, at)
		}
	}
	// The inner ones first: others follow them.
	slices.SortFunc(events, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.Candidates[b].Figures, s.Candidates[a].Figures), cmp.Compare(s.Candidates[b].Event, s.Candidates[a].Event), bytes.Compare(s.Candidates[b].ID[:], s.Candidates[a].ID[:]))
	})
	taken, turns := map[int]map[string]int{}, s.settledTurns()
	settle := func(at int, to pcommon.TraceID, settled bool) {
		c := &s.Candidates[at]
		from := c.Place
		c.Place, c.Settled = to, settled
		if c.Place != from && c.Stored {
			moved[at] = true
			s.pair(at)
		}
		if settled || c.Place != from {
			*placements = append(*placements, Placement{c, from, settled})
		}
	}
	for _, at := range events {
		if s.Candidates[at].Prompt() {
			if span := s.turnOf(at, turns); span >= 0 {
				c, to := &s.Candidates[at], &s.Candidates[span]
				if c.Place != to.Place {
					c.Agent = to.ID
				}
				settle(at, to.Place, true)
			}
			continue
		}
		if span := s.nearestSpan(at, taken); span >= 0 {
			if taken[span] == nil {
				taken[span] = map[string]int{}
			}
			taken[span][s.Candidates[at].Event]++
			settle(at, s.Candidates[span].Place, true)
		}
	}
	prompts := s.promptsByTurn(func(at int) pcommon.TraceID { return s.Candidates[at].Place })
	for _, at := range events {
		c := &s.Candidates[at]
		if c.Settled {
			continue
		}
		inner := -1
		for _, other := range s.partners[at] {
			if o := &s.Candidates[other]; o.Event != "" && inside(o, c) && (inner < 0 || inside(o, &s.Candidates[inner])) {
				inner = other
			}
		}
		if inner >= 0 {
			settle(at, s.Candidates[inner].Place, false)
		} else if of := prompts[c.TurnTrace]; c.mayFollow() && len(of) > 0 {
			settle(at, begins(of, c).Place, false)
		}
	}
	return moved
}

// nearestSpan returns the span that an event is paired with; of several the one that ends
// nearest to the event and is not taken by another event of that name. -1: none.
func (s *Signals) nearestSpan(at int, taken map[int]map[string]int) int {
	c := &s.Candidates[at]
	nearest := -1
	for _, other := range s.partners[at] {
		o := &s.Candidates[other]
		if o.Event != "" || o.Sums {
			continue
		}
		if nearest < 0 || cmp.Or(
			cmp.Compare(taken[other][c.Event], taken[nearest][c.Event]),
			cmp.Compare(apart(o, c), apart(&s.Candidates[nearest], c)),
			bytes.Compare(o.ID[:], s.Candidates[nearest].ID[:])) < 0 {
			nearest = other
		}
	}
	return nearest
}

// turnID names the turn that prompts of one id and trace begin.
type turnID struct {
	origin pcommon.TraceID
	id     pcommon.SpanID
}

// settledTurns returns where prompts are settled. All prompts of one turn are in one trace,
// as they have one id.
func (s *Signals) settledTurns() map[turnID]pcommon.TraceID {
	settled := map[turnID]pcommon.TraceID{}
	for at := range s.Candidates {
		if c := &s.Candidates[at]; c.Prompt() && c.Settled {
			settled[turnID{c.Origin, c.ID}] = c.Place
		}
	}
	return settled
}

// turnOf returns the span of a prompt's turn: of several that which begins nearest to the
// prompt. -1: none.
func (s *Signals) turnOf(at int, settled map[turnID]pcommon.TraceID) int {
	c := &s.Candidates[at]
	begins := func(o *Candidate) int64 { return max(o.Start-c.End, c.End-o.Start) }
	turn := -1
	for _, other := range s.partners[at] {
		o := &s.Candidates[other]
		if place, ok := settled[turnID{c.Origin, c.ID}]; o.Event != "" || ok && o.Place != place {
			continue
		}
		if turn < 0 || cmp.Or(cmp.Compare(begins(o), begins(&s.Candidates[turn])), bytes.Compare(o.ID[:], s.Candidates[turn].ID[:])) < 0 {
			turn = other
		}
	}
	if turn >= 0 {
		settled[turnID{c.Origin, c.ID}] = s.Candidates[turn].Place
	}
	return turn
}

func apart(a, b *Candidate) int64 { return max(a.End-b.End, b.End-a.End) }

// Lookup is a key under which stored candidates are looked for.
type Lookup struct {
	Key         CandidateKey
	First, Last int64 // of their ends
	Most        int32 // of them, the earliest
}

// Answer is a response id by which the call that an event of nobody tells is looked for among all spans.
type Answer struct {
	ID          string
	Key         CandidateKey
	First, Last int64 // of their ends
}

// Answers lists the ids of responses of events that name neither a trace nor a session.
func (s *Signals) Answers() (answers []Answer) {
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if !c.looks() || c.Event == "" || !c.Derived || c.Session != "" || !c.Kind.IsModel() {
			continue
		}
		for _, id := range c.IDs {
			key := c.ofNobody(id)
			first, last := c.window(key)
			answers = append(answers, Answer{id, key, first, last})
		}
	}
	return answers
}

// mostStored bounds how many stored candidates one candidate looks for under a key, and
// mostMore by how many more another one that looks for the same raises that.
const (
	mostStored = 1000
	mostMore   = 16
)

// Lookups are the keys under which stored candidates may be found, of those candidates
// that have not been asked for. Times of one key that overlap are asked for once.
func (s *Signals) Lookups() []Lookup {
	var all []Lookup
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if !c.looks() || c.asked {
			continue
		}
		c.asked = true
		for _, key := range c.LookedUp() {
			if key.way == byName && c.Event != "" {
				continue // under a name events alone are listed, and named spans are looked up by their ids
			}
			if key.inTrace && c.First && c.Event != "" || s.Absent.has(c, key) {
				continue
			}
			first, last := c.window(key)
			all = append(all, Lookup{key, first, last, mostStored})
		}
	}
	slices.SortFunc(all, func(a, b Lookup) int {
		return cmp.Or(cmp.Compare(a.Key.Hash, b.Key.Hash), cmp.Compare(a.First, b.First))
	})
	merged := all[:0]
	for _, l := range all {
		if n := len(merged); n > 0 && merged[n-1].Key.Hash == l.Key.Hash && merged[n-1].Last >= l.First {
			merged[n-1].Last = max(merged[n-1].Last, l.Last)
			merged[n-1].Most += mostMore
			continue
		}
		merged = append(merged, l)
	}
	return merged
}
