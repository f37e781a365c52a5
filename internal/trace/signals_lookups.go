package trace

import (
	"cmp"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Lookup is a key under which stored candidates are looked for.
type Lookup struct {
	Key         CandidateKey
	First, Last int64 // of their ends
	Most        int32 // of them, the earliest

	OnlyByTime bool // only events that nothing but time ties
	WithoutID  bool // only calls without an id
}

// Answer is a response id by which the call that an event without context tells is looked for among all spans.
type Answer struct {
	ID          string
	Key         CandidateKey
	First, Last int64 // of their ends
}

// WithoutContext reports whether an event that tells a call of a model names neither a trace nor, itself, a session: where
// spans name the conversation, the resource of both may name the process. Spans of any session may observe its call, by the id of
// the response. No event of a tool is without context: no index has the ids of stored tools, so that a pair would depend on which of
// the two comes first.
func WithoutContext(s *mapping.Span) bool {
	e := s.Event
	return e != nil && s.Kind.IsModel() && e.Derived && lacksSession(s.SessionID, e.OfResource, e.AnySpan, len(e.IDs) > 0 || s.ResponseID != "")
}

// withoutContext is WithoutContext of the candidate's event.
func (c *Candidate) withoutContext() bool {
	return c.Event != "" && c.Kind.IsModel() && c.Derived && lacksSession(c.Session, c.OfResource, c.AnySpan, len(c.IDs) > 0)
}

// lacksSession reports whether an event names no session, or has that of its resource, which spans need not name, and an id by
// which any span is found.
func lacksSession(session string, ofResource, anySpan, hasID bool) bool {
	return session == "" || ofResource && anySpan && hasID
}

// Answers lists the ids of responses of events without context.
func (s *Signals) Answers() (answers []Answer) {
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if !c.looks() || !c.withoutContext() {
			continue
		}
		for _, id := range c.IDs {
			key := c.withoutContextKey(id)
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
		if s.Absent.hasAll(c) {
			continue
		}
		for _, key := range c.LookedUp() {
			if key.way == byName && c.Event != "" && (!c.line() || c.First) {
				continue // under a name events alone are listed, and named spans are looked up by their ids
			}
			if key.inTrace && c.First && c.Event != "" || s.Absent.has(c, key) {
				continue
			}
			first, last := c.window(key)
			inTime := key.way == byTime // see oneCall
			all = append(all, Lookup{key, first, last, mostStored, inTime && !c.ByTime, inTime && c.HasID})
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
			merged[n-1].OnlyByTime, merged[n-1].WithoutID = merged[n-1].OnlyByTime && l.OnlyByTime, merged[n-1].WithoutID && l.WithoutID
			continue
		}
		merged = append(merged, l)
	}
	return merged
}

// SessionTime asks for the stored spans of a session that end within a time.
type SessionTime struct {
	Session     string
	First, Last int64
}

// Untraced reports whether a candidate is an event that names a session and no trace, and whose call spans
// of any scope may observe.
func (c *Candidate) Untraced() bool {
	return c.AnySpan && c.Derived && c.Session != "" && !c.Prompt()
}

// UntracedTimes lists in which sessions, and when, spans may observe the calls of such events.
func (s *Signals) UntracedTimes() (times []SessionTime) {
	at := map[string]int{}
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if !c.looks() || !c.Untraced() {
			continue
		}
		first, last := c.EndsAround()
		n, there := at[c.Session]
		if !there {
			at[c.Session] = len(times)
			times = append(times, SessionTime{c.Session, first, last})
			continue
		}
		times[n].First, times[n].Last = min(times[n].First, first), max(times[n].Last, last)
	}
	return times
}
