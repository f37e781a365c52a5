package trace

import (
	"bytes"
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// OtherError is the type of an error whose type is not told.
const OtherError = "_OTHER"

// Placement says in whose trace an event is kept.
type Placement struct {
	Event   *Candidate
	From    pcommon.TraceID // where it was, or came
	Settled bool            // in the trace of a span that it is paired with
}

// Settle finds the pairs of the candidates that are not stored, and where events belong:
// a paired one in the trace of its span, or else of the event that it lies below, or of the prompt
// of its turn. It sets their places and returns what is to be stored of them, and the pairs by trace.
func (s *Signals) Settle() (placements []Placement, pairs map[pcommon.TraceID][]EventPair) {
	s.pairAll()
	placements, moved := s.place()
	pairs = map[pcommon.TraceID][]EventPair{}
	for at := range s.Candidates {
		for _, other := range s.pairsOf[at] {
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

// placing sets the places of events.
type placing struct {
	*Signals
	placements []Placement
	moved      map[int]bool               // stored events that move to another trace
	taken      map[int]map[string]int     // by span: how many events of a name are placed with it
	turns      map[turnID]pcommon.TraceID // where prompts of a turn are
}

// place sets the places of events.
func (s *Signals) place() (placements []Placement, moved map[int]bool) {
	p := placing{Signals: s, moved: map[int]bool{}, taken: map[int]map[string]int{}, turns: s.settledTurns()}
	events := s.unsettled()
	for _, at := range events {
		if s.Candidates[at].Prompt() {
			p.withTurn(at)
		} else {
			p.withSpan(at)
		}
	}
	prompts := s.promptsByTurn(func(at int) pcommon.TraceID { return s.Candidates[at].Place })
	for _, at := range events {
		if !s.Candidates[at].Settled {
			p.withOthers(at, prompts)
		}
	}
	return p.placements, p.moved
}

// unsettled lists the events that may get another place, the inner ones first: others follow them.
func (s *Signals) unsettled() (events []int) {
	for at := range s.Candidates {
		if c := &s.Candidates[at]; c.Event != "" && !c.Settled && (len(s.pairsOf[at]) > 0 || c.mayFollow()) {
			events = append(events, at)
		}
	}
	slices.SortFunc(events, func(a, b int) int {
		x, y := &s.Candidates[a], &s.Candidates[b]
		return cmp.Or(cmp.Compare(y.Figures, x.Figures), cmp.Compare(y.Event, x.Event), bytes.Compare(y.ID[:], x.ID[:]))
	})
	return events
}

// settle keeps an event in a trace; settled tells that the trace is that of its span.
func (p *placing) settle(at int, to pcommon.TraceID, settled bool) {
	c := &p.Candidates[at]
	from := c.Place
	c.Place, c.Settled = to, settled
	if to != from && c.Stored {
		p.moved[at] = true
		p.pair(at)
	}
	if settled || to != from {
		p.placements = append(p.placements, Placement{c, from, settled})
	}
}

// withTurn keeps a prompt with the span of its turn.
func (p *placing) withTurn(at int) {
	span := p.turnOf(at, p.turns)
	if span < 0 {
		return
	}
	c, to := &p.Candidates[at], &p.Candidates[span]
	if c.Place != to.Place {
		c.Agent = to.ID
	}
	p.settle(at, to.Place, true)
}

// withSpan keeps an event with the span that it is paired with.
func (p *placing) withSpan(at int) {
	span := p.nearestSpan(at, p.taken)
	if span < 0 {
		return
	}
	if p.taken[span] == nil {
		p.taken[span] = map[string]int{}
	}
	p.taken[span][p.Candidates[at].Event]++
	p.settle(at, p.Candidates[span].Place, true)
}

// withOthers keeps an event that no span is paired with where the innermost event is that it is paired with,
// else where the prompt of its turn is.
func (p *placing) withOthers(at int, prompts map[pcommon.TraceID][]TurnPrompt) {
	c := &p.Candidates[at]
	inner := -1
	for _, other := range p.pairsOf[at] {
		if o := &p.Candidates[other]; o.Event != "" && inside(o, c) && (inner < 0 || inside(o, &p.Candidates[inner])) {
			inner = other
		}
	}
	if inner >= 0 {
		p.settle(at, p.Candidates[inner].Place, false)
	} else if of := prompts[c.TurnTrace]; c.mayFollow() && len(of) > 0 {
		p.settle(at, begins(of, c).Place, false)
	}
}

// nearestSpan returns the span that an event is paired with; of several the one that ends
// nearest to the event and is not taken by another event of that name. -1: none.
func (s *Signals) nearestSpan(at int, taken map[int]map[string]int) int {
	c := &s.Candidates[at]
	nearest := -1
	for _, other := range s.pairsOf[at] {
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
	for _, other := range s.pairsOf[at] {
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
