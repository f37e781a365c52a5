package trace

import (
	"cmp"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Programs that send spans and log records observe one call in both signals (docs/counting.md,
// "In two signals"). The files signals_*.go find pairs of such observations, and
// say what follows from a pair: which of the two counts, and in whose trace an event is kept.

// Signals finds the pairs among candidates: those of a batch, and stored ones that share
// a key with them. A candidate is named by its place in Candidates.
type Signals struct {
	Candidates []Candidate
	index      map[candidateID]int
	listed     map[list][]int
	unlisted   []int         // candidates that are not listed yet under their keys
	sorted     bool          // the candidates of each list are in order of their ends
	pairsOf    map[int][]int // the candidates that one is paired with, for both of a pair
	paired     bool          // pairsOf is complete
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

// NewSignals returns a search without candidates, with the room of a slice that becomes the search's own.
func NewSignals(room []Candidate) *Signals {
	return &Signals{
		Candidates: room[:0], index: make(map[candidateID]int, len(room)), listed: map[list][]int{},
		pairsOf: map[int][]int{}, daysRead: map[SessionDay]bool{}, Turns: map[pcommon.TraceID][]TurnPrompt{}, Errors: map[SpanRef]string{},
	}
}

// Add adds a candidate, listed under its keys or under that which found it. It returns
// the candidate's number.
func (s *Signals) Add(c *Candidate, found ...CandidateKey) int {
	s.sorted, s.paired = false, false
	id := candidateID{c.Origin, c.ID, c.Start}
	at, there := s.index[id]
	if there {
		s.listAdded(nil)
	}
	if !there {
		at = len(s.Candidates)
		s.index[id] = at
		s.Candidates = append(s.Candidates, *c)
		s.Candidates[at].summed = c.Sums && c.Stored && !c.Counted
		if found == nil {
			s.unlisted = append(s.unlisted, at)
			return at
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

// listAdded lists the candidates that were added without a key that found them, but for those that no other
// can be one with.
func (s *Signals) listAdded(alone alone) {
	left := s.unlisted[:0]
	for i, at := range s.unlisted {
		c := &s.Candidates[at]
		if alone.has(c) {
			left = append(left, at)
			continue
		}
		if len(s.listed) == 0 { // of most batches all calls are alone
			s.listed = make(map[list][]int, 4*(len(s.unlisted)-i))
		}
		for _, key := range c.Listed() {
			under := list{key.Hash, c.Event != ""}
			s.listed[under] = append(s.listed[under], at)
		}
	}
	s.unlisted = left
}

// sort lists the candidates, and orders those under each key by end.
func (s *Signals) sort(alone alone) {
	if s.sorted {
		return
	}
	s.sorted = true
	s.listAdded(alone)
	for _, group := range s.listed {
		slices.SortFunc(group, func(a, b int) int {
			return cmp.Or(cmp.Compare(s.Candidates[a].End, s.Candidates[b].End), cmp.Compare(a, b))
		})
	}
}

// maxGroup bounds how many candidates under one key are compared with one: those that end
// nearest to it.
const maxGroup = 256

// maxPairs bounds the pairs that a candidate gets with others of its batch, and with those found
// stored. Each is a row, and no program observes a call as often.
const maxPairs = 32

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
	if key.way == byName {
		group = s.toPair(at, group)
	} else if s.hasWithin(at) {
		return
	}
	for _, other := range group {
		o := &s.Candidates[other]
		if key.way != byName && s.hasWithin(other) {
			continue
		}
		if key.way == bySum && (c.summed || o.summed) {
			continue // from one call follows all that does from many
		}
		if other == at || !oneCall(c, o, key.way) || slices.Contains(s.pairsOf[at], other) {
			continue
		}
		if len(s.pairsOf[at]) >= maxPairs || len(s.pairsOf[other]) >= maxPairs {
			s.Crowded++
			continue
		}
		s.pairsOf[at], s.pairsOf[other] = append(s.pairsOf[at], other), append(s.pairsOf[other], at)
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

// pairAll finds the pairs of the candidates that are not stored, unless it has.
func (s *Signals) pairAll() {
	if s.paired {
		return
	}
	s.paired = true
	alone := s.alone()
	s.sort(alone)
	for at := range s.Candidates {
		if c := &s.Candidates[at]; c.looks() && !alone.has(c) {
			s.pair(at)
		}
	}
}
