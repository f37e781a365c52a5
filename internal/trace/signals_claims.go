package trace

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Claims are hashes of what calls have in common with others that may be the same: two
// observations of one call share a trace, a session or an id, as all keys of candidates are
// made of one of these. All lists are sorted by Sort.
//
// Two events of one kind and name are no pair (oneCall), so batches may share a session, or the trace of a turn, of
// which both bring such events alone: most do whose programs send log records and no spans.
type Claims struct {
	Events, Spans []uint64
	// Alike says, in hashes of claims of Events with kinds and names, which of these are of such events.
	Alike  []uint64
	alike  []alikeEvents
	events []claimingEvent
}

// claimingEvent is an event of the batch that claims a session or a trace.
type claimingEvent struct {
	claim uint64
	name  uint64 // hash of its name
	kind  int8   // in eventKinds; -1: it may pair with events of its name, or is paired
	kept  bool   // of a session: its record keeps its keys in sessions
}

// alikeEvents are the events of the batch that claim one session or turn, where those of a kind have one name.
type alikeEvents struct {
	claim uint64
	kept  bool
	names [len(eventKinds)]uint64 // 0: there is none of the kind
}

// eventKinds are the kinds of calls that events tell.
var eventKinds = [...]mapping.Kind{mapping.KindLLM, mapping.KindEmbedding, mapping.KindReranker, mapping.KindTool}

// ClaimSession is the claim on the calls of a session.
func ClaimSession(session string) uint64 { return keyHash{}.text('s', session, "") }

// ClaimTrace is the claim on the calls of a trace.
func ClaimTrace(id pcommon.TraceID) uint64 { return keyHash{}.text('x', string(id[:]), "") }

// AddEvent claims what an event is of that may be one with any other.
func (c *Claims) AddEvent(claim uint64) {
	c.Events, c.events = append(c.Events, claim), append(c.events, claimingEvent{claim: claim, kind: -1})
}

// Claims lists what the candidates have in common with others: those of the batch, and
// stored ones that pair with them. kept reports of one whether its record keeps its keys in its sessions.
func (s *Signals) Claims(kept func(at int) bool) (c Claims) {
	for at := range s.Candidates {
		one := &s.Candidates[at]
		if !one.looks() && len(s.pairsOf[at]) == 0 {
			continue
		}
		claims := &c.Spans
		if one.Event != "" {
			claims = &c.Events
		}
		first := len(*claims)
		if !one.Foreign {
			*claims = append(*claims, ClaimTrace(one.Origin))
		}
		for session := range one.sessions {
			*claims = append(*claims, ClaimSession(session))
		}
		if one.Event != "" {
			event := s.claimingEvent(at)
			for i, claim := range c.Events[first:] {
				event := event
				event.claim = claim
				if ofTrace := i == 0 && !one.Foreign; !ofTrace {
					event.kept = kept(at)
				} else if !one.Derived { // spans are meant to come of it
					event.kind = -1
				}
				c.events = append(c.events, event)
			}
		}
		for _, id := range one.IDs {
			*claims = append(*claims, keyHash{}.text('i', id, ""))
		}
		if one.Turn != "" {
			*claims = append(*claims, keyHash{}.text('i', one.Turn, ""))
		}
	}
	return c
}

// claimingEvent describes a candidate that is an event.
func (s *Signals) claimingEvent(at int) claimingEvent {
	c := &s.Candidates[at]
	if c.Stored || c.line() || len(s.pairsOf[at]) > 0 {
		return claimingEvent{kind: -1}
	}
	return claimingEvent{name: hashed(keyHash{kind: c.Kind}.begin('n'), c.Event) | 1, kind: int8(slices.Index(eventKinds[:], c.Kind))}
}

// Sort orders the lists, each claim once.
func (c *Claims) Sort() {
	for _, list := range []*[]uint64{&c.Events, &c.Spans} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortFunc(c.events, func(a, b claimingEvent) int { return cmp.Compare(a.claim, b.claim) })
	for from := 0; from < len(c.events); {
		to := from + 1
		for to < len(c.events) && c.events[to].claim == c.events[from].claim {
			to++
		}
		if a, ok := alikeOf(c.events[from:to]); ok {
			c.alike, c.Alike = append(c.alike, a), a.append(c.Alike)
		}
		from = to
	}
	slices.Sort(c.Alike)
}

// StoredEvents is what other batches compare with: Events and Alike in one list, the first of which is all that versions
// before know.
func (c *Claims) StoredEvents() []uint64 {
	all := append(slices.Clip(c.Events), c.Alike...)
	slices.Sort(all)
	return all
}

// alikeOf describes events that claim the same; false where one of them may pair with others of the kinds and names.
func alikeOf(events []claimingEvent) (a alikeEvents, ok bool) {
	a.claim, a.kept = events[0].claim, events[0].kept
	for i := range events {
		e := &events[i]
		if e.kind < 0 || e.kept != a.kept || a.names[e.kind] != 0 && a.names[e.kind] != e.name {
			return a, false
		}
		a.names[e.kind] = e.name
	}
	return a, true
}

// kinds is the set of the kinds of events, as bits.
func (a *alikeEvents) kinds() (kinds uint8) {
	for kind, name := range a.names {
		if name != 0 {
			kinds |= 1 << kind
		}
	}
	return kinds
}

// append appends the hashes that say of which kinds the events are, and which name those of each kind have.
func (a *alikeEvents) append(dst []uint64) []uint64 {
	dst = append(dst, a.hashOfKinds(a.kinds(), a.kept))
	for kind, name := range a.names {
		if name != 0 {
			dst = append(dst, a.hashOfName(kind))
		}
	}
	return dst
}

func (a *alikeEvents) hashOfKinds(kinds uint8, kept bool) uint64 {
	tag := byte('y')
	if kept {
		tag = 'z'
	}
	return keyHash{}.numbers(tag, int64(a.claim), int64(kinds))
}

func (a *alikeEvents) hashOfName(kind int) uint64 {
	return keyHash{kind: eventKinds[kind]}.numbers('w', int64(a.claim), int64(a.names[kind]))
}

// among reports whether those of another batch, if sorted hashes say of which kinds and names they are, are
// of no kind under another name, and whether their records keep their keys.
func (a *alikeEvents) among(alike []uint64) (are, kept bool) {
	has := func(hash uint64) bool {
		_, ok := slices.BinarySearch(alike, hash)
		return ok
	}
	for kinds := uint8(1); kinds < 1<<len(eventKinds); kinds++ {
		kept := has(a.hashOfKinds(kinds, true))
		if !kept && !has(a.hashOfKinds(kinds, false)) {
			continue
		}
		for kind := range eventKinds {
			if a.kinds()&kinds&(1<<kind) != 0 && !has(a.hashOfName(kind)) {
				return false, false
			}
		}
		return true, kept
	}
	return false, false
}

// Overlap reports whether two batches, of which c is one's own, may have observed one call. Of two spans none is an
// event, so they make no pair. Where they have not, it gives to mixed the claims on sessions of which records of one of the two keep
// their keys, and those of the other do not.
func (c *Claims) Overlap(d *Claims, mixed func(claim uint64)) bool {
	return share(c.Events, d.Spans, nil) || share(c.Spans, d.Events, nil) || share(c.Events, d.Events, func(claim uint64) bool {
		i, ok := slices.BinarySearchFunc(c.alike, claim, func(a alikeEvents, claim uint64) int { return cmp.Compare(a.claim, claim) })
		if !ok {
			return false
		}
		alike, kept := c.alike[i].among(d.Alike)
		if alike && kept != c.alike[i].kept {
			mixed(claim)
		}
		return alike
	})
}

// share reports whether two sorted lists have an element in common, but for those that except, if it is there, holds for.
func share(a, b []uint64, except func(uint64) bool) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			if except == nil || !except(a[0]) {
				return true
			}
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
}
