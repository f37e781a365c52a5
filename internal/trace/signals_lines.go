package trace

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Log libraries can copy the attributes of a span to each line that is written inside. Such lines have no name of an
// event, and those that name one span and do not differ in what they report are one call. They may be many, so a line is
// not paired with all others: it suffices that each which is not the innermost has one within.

// line reports whether a candidate is a line of a log that has no name of an event.
func (c *Candidate) line() bool { return c.Event == mapping.UnnamedEvent }

// oneLine reports whether two lines that name one span may be copies of the span's attributes: one may have been written before the span
// had all of them.
func oneLine(a, b *Candidate) bool {
	agree := func(a, b mapping.Int) bool { return !a.OK || !b.OK || a == b }
	return a.line() && b.line() && a.Kind == b.Kind && a.Models.agree(&b.Models) && agree(a.Input, b.Input) && agree(a.Output, b.Output) && agree(a.Reasoning, b.Reasoning)
}

// compareInside compares two events: the inner one is greater.
func compareInside(a, b *Candidate) int {
	switch {
	case inside(a, b):
		return 1
	case inside(b, a):
		return -1
	}
	return 0
}

// toPair returns those of a group, all named by one span or naming one, with which a candidate is paired: of lines that are one call the
// next one within, and those without which have none between.
func (s *Signals) toPair(at int, group []int) []int {
	c := &s.Candidates[at]
	if !slices.ContainsFunc(group, func(o int) bool { return s.Candidates[o].line() }) {
		if s.hasWithin(at) {
			return nil // the innermost is paired with the span
		}
		return group
	}
	lines := slices.Clone(group)
	slices.SortFunc(lines, func(a, b int) int { return compareInside(&s.Candidates[b], &s.Candidates[a]) })
	inner, outer := -1, []int(nil)
	for _, other := range lines {
		o := &s.Candidates[other]
		switch {
		case other == at || c.line() && !oneLine(c, o):
		case c.line() && inside(o, c):
			inner = other
		case len(outer) < maxPairs && (!o.line() || !slices.ContainsFunc(outer, func(within int) bool { return oneLine(&s.Candidates[within], o) })):
			outer = append(outer, other)
		}
	}
	if inner >= 0 {
		outer = append(outer, inner)
	}
	return outer
}

// hasWithin reports whether a candidate is a line that is paired with one within. No other pair of such a line says more, whatever ties
// the two, and many lines would take all pairs that the span may have.
func (s *Signals) hasWithin(at int) bool {
	c := &s.Candidates[at]
	return c.line() && slices.ContainsFunc(s.pairsOf[at], func(o int) bool { return oneLine(c, &s.Candidates[o]) && inside(&s.Candidates[o], c) })
}
