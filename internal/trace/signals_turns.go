package trace

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Where records name no trace, calls of a turn come in a trace that is derived from the turn. The
// prompt of the turn may be in another one: its record names that, or an agent's span is the turn.
// Then the calls go there too, whichever came first, unless spans tell where they are.

// TurnPrompt is a prompt that begins a turn.
type TurnPrompt struct {
	Origin, Place pcommon.TraceID
	ID            pcommon.SpanID
	Start, End    int64
}

// Following asks for the stored calls of a turn that may follow a prompt: those in a trace whose parent
// is the agent of the turn, and which end after a time.
type Following struct {
	Turn, Place pcommon.TraceID
	Agent       pcommon.SpanID
	Since       int64
}

// promptIn is a candidate as a prompt that is kept in some trace.
func (c *Candidate) promptIn(place pcommon.TraceID) TurnPrompt {
	return TurnPrompt{Origin: c.Origin, Place: place, ID: c.ID, Start: c.Start, End: c.End}
}

// promptsByTurn are the stored prompts and those among the candidates, each where it is kept once the batch
// is through, in order of time.
func (s *Signals) promptsByTurn(place func(at int) pcommon.TraceID) map[pcommon.TraceID][]TurnPrompt {
	var turns map[pcommon.TraceID][]TurnPrompt
	add := func(turn pcommon.TraceID, p TurnPrompt) {
		if turns == nil {
			turns = map[pcommon.TraceID][]TurnPrompt{}
		}
		turns[turn] = append(turns[turn], p)
	}
	for at := range s.Candidates {
		if c := &s.Candidates[at]; c.Prompt() && !c.TurnTrace.IsEmpty() {
			add(c.TurnTrace, c.promptIn(place(at)))
		}
	}
	for turn, stored := range s.Turns {
		for _, p := range stored {
			if at, ok := s.index[candidateID{p.Origin, p.ID, p.Start}]; ok {
				if s.Candidates[at].TurnTrace == turn {
					continue
				}
				p.Place = place(at)
			}
			add(turn, p)
		}
	}
	for _, prompts := range turns {
		slices.SortFunc(prompts, func(a, b TurnPrompt) int {
			return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.Place[:], b.Place[:]), bytes.Compare(a.Origin[:], b.Origin[:]))
		})
	}
	return turns
}

// begins returns the prompt, of those of a turn in order of time, after which a call came.
func begins(prompts []TurnPrompt, c *Candidate) TurnPrompt {
	n, _ := slices.BinarySearchFunc(prompts, c.End, func(p TurnPrompt, end int64) int {
		if p.End <= end {
			return -1
		}
		return 1
	})
	return prompts[max(0, n-1)]
}

// movesTo returns where a prompt goes; turns are where those of its turn are.
func (s *Signals) movesTo(at int, turns map[turnID]pcommon.TraceID) pcommon.TraceID {
	c := &s.Candidates[at]
	if !c.Settled && len(s.pairsOf[at]) > 0 {
		if span := s.turnOf(at, turns); span >= 0 {
			return s.Candidates[span].Place
		}
	}
	return c.Place
}

// MovingPrompts lists the traces of stored prompts that go to another one, of which calls may go too.
// It finds pairs first.
func (s *Signals) MovingPrompts() (origins []pcommon.TraceID) {
	if !s.hasPrompts() {
		return nil
	}
	s.pairAll()
	turns := s.settledTurns()
	for at := range s.Candidates {
		if c := &s.Candidates[at]; c.Prompt() && c.Stored && s.movesTo(at, turns) != c.Place && !slices.Contains(origins, c.Origin) {
			origins = append(origins, c.Origin)
		}
	}
	return origins
}

func (s *Signals) hasPrompts() bool {
	for at := range s.Candidates {
		if s.Candidates[at].Prompt() {
			return true
		}
	}
	return false
}

// Followings lists which stored calls may follow prompts that the batch brings, or moves to the trace
// of an agent's span.
func (s *Signals) Followings() (list []Following) {
	turns := s.settledTurns()
	place := func(at int) pcommon.TraceID { return s.movesTo(at, turns) }
	var byTurn map[pcommon.TraceID][]TurnPrompt
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if !c.Prompt() {
			continue
		}
		to := place(at)
		if c.Stored && to == c.Place || !c.Stored && c.TurnTrace.IsEmpty() {
			continue
		}
		if c.Stored { // one whose record names a trace is not listed under it
			if !slices.ContainsFunc(s.Turns[c.Origin], func(p TurnPrompt) bool { return p.Origin == c.Origin && p.ID == c.ID && p.Start == c.Start }) {
				continue
			}
			c.TurnTrace = c.Origin
		}
		if byTurn == nil {
			byTurn = s.promptsByTurn(place)
		}
		prompts := byTurn[c.TurnTrace]
		if !slices.ContainsFunc(prompts, func(p TurnPrompt) bool { return p.Place != c.TurnTrace }) {
			continue // nothing is elsewhere
		}
		since := int64(math.MinInt64)
		places := []pcommon.TraceID{c.TurnTrace, c.Place}
		if own := slices.Index(prompts, c.promptIn(to)); own > 0 {
			since = c.End
			places = append(places, prompts[own-1].Place)
		} else if len(prompts) > 1 {
			places = append(places, prompts[1].Place)
		}
		for i, p := range places {
			if !slices.Contains(places[:i], p) {
				list = append(list, Following{c.TurnTrace, p, c.ID, since})
			}
		}
	}
	return list
}

// AddFollowing adds a stored call that may follow a prompt of its turn.
func (s *Signals) AddFollowing(turn pcommon.TraceID, c *Candidate) {
	if c.Settled {
		return
	}
	c.TurnTrace, c.Derived, c.follows = turn, true, true
	s.Add(c)
}

// mayFollow reports whether a call is kept where the prompt of its turn is.
func (c *Candidate) mayFollow() bool {
	return c.Derived && !c.TurnTrace.IsEmpty() && !c.Settled && !c.Prompt() && c.looks()
}
