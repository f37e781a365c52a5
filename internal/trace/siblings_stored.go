package trace

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// A batch may bring a call with thousands of stored siblings. Of those it reads
// one narrow row each, which says what the call lacks and what it supplies. From llm_spans
// it reads only the calls from which something follows: outer ones that learn from the
// batch, and inner ones that supply it, a few of a sort. Where these turn out to be no
// observations of the call, it reads more.

// Traits say of a stored call what pairing needs to know: the column
// llm_internal_call_keys.told.
type Traits uint64

const (
	traitsOwn              = 16               // by how much the call's own marks are shifted; those below it come first
	isToolCall      Traits = 1 << (32 + iota) // a tool span
	isRepeated                                // … that another one repeats
	hasCallID                                 // … with a call id
	isObservedAgain                           // there are several observations of the span
	isSeveralTools                            // … that are not all the same tool
	passesCover                               // three bits: what the span passes down, see cover.go
)

const lacksCover = passesCover << 3 // three bits: what it would still learn

// traits returns what is kept of a call.
func (p *Planner) traits(n int32) Traits {
	node := &p.nodes[n]
	at := &p.vertices[node.vertex]
	traits := Traits(at.below) | Traits(at.own)<<traitsOwn | p.coverTraits(node.vertex)
	isTool := node.Kind == mapping.KindTool
	for _, flag := range [...]struct {
		flag Traits
		set  bool
	}{
		{isToolCall, isTool},
		{isRepeated, at.state&callRepeats != 0},
		{hasCallID, isTool && node.ToolCall != ""},
		{isObservedAgain, at.observations > 1},
		{isSeveralTools, at.state&isSeveral != 0},
	} {
		if flag.set {
			traits |= flag.flag
		}
	}
	return traits
}

func (t Traits) below() Marks { return Marks(t) }

// lacks is pairing.lacks of a stored call.
func (t Traits) lacks() lack {
	lacks := lack(^t.below()) & lacksMarks
	if t&(isToolCall|isRepeated) == isToolCall {
		lacks |= lacksRepeat
	}
	if t&hasCallID != 0 {
		lacks |= lacksAnonymous
	}
	return lacks
}

// supplies is pairing.supplies of a stored call.
func (t Traits) supplies() (supplied lack, every bool) {
	supplied = lack(t.below() | Marks(t>>traitsOwn))
	if t&isToolCall != 0 {
		if t&isObservedAgain == 0 && t.below()&toolBelow == 0 {
			supplied &^= lack(toolBelow)
		}
		supplied |= lacksRepeat
		if t&hasCallID == 0 {
			supplied |= lacksAnonymous
		}
	}
	return supplied, t.below()&toolBelow != 0 || t&isSeveralTools != 0
}

// moment is when an observation of a call was.
type moment struct {
	start, end int64
	id         pcommon.SpanID
}

// compare orders as compareTime does: the outer of two comes first.
func (m *moment) compare(o *moment) int {
	return cmp.Or(cmp.Compare(m.start, o.start), cmp.Compare(o.end, m.end), bytes.Compare(m.id[:], o.id[:]))
}

// bucket is calls of one scope under one key, stored ones of the same
// traits.
type bucket struct {
	scope  uint64
	traits Traits // stored calls
	// What calls of the batch supply.
	supplied lack
	every    bool

	calls []moment // outer ones first, once sorted
	ends  []int64  // of each place, the first end from there on
	lasts []int64  // and the last one up to there
}

func (s *bucket) sort() {
	if len(s.ends) == len(s.calls) {
		return
	}
	slices.SortFunc(s.calls, func(a, b moment) int { return a.compare(&b) })
	s.ends, s.lasts = slices.Grow(s.ends[:0], len(s.calls))[:len(s.calls)], s.lasts[:0]
	first := int64(math.MaxInt64)
	for i := len(s.calls) - 1; i >= 0; i-- {
		first = min(first, s.calls[i].end)
		s.ends[i] = first
	}
	last := int64(math.MinInt64)
	for i := range s.calls {
		last = max(last, s.calls[i].end)
		s.lasts = append(s.lasts, last)
	}
}

// inner returns the calls that may lie within m, up to the first that begins after it.
func (s *bucket) inner(m *moment, yield func(*moment) bool) {
	s.sort()
	i, found := slices.BinarySearchFunc(s.calls, *m, func(a, b moment) int { return a.compare(&b) })
	if found {
		i++
	}
	for ; i < len(s.calls) && s.ends[i] <= m.end && s.calls[i].start <= m.end; i++ {
		if c := &s.calls[i]; c.end <= m.end && c.id != m.id && !yield(c) {
			return
		}
	}
}

// buckets are calls by key.
type buckets map[uint64][]*bucket

func (s buckets) add(key, scope uint64, traits Traits, m moment) *bucket {
	at := slices.IndexFunc(s[key], func(other *bucket) bool { return other.scope == scope && other.traits == traits })
	if at < 0 {
		at = len(s[key])
		s[key] = append(s[key], &bucket{scope: scope, traits: traits})
	}
	on := s[key][at]
	on.calls = append(on.calls, m)
	return on
}

// KnowCalls takes stored calls that Ask.Calls asks for.
func (t *Trace) KnowCalls(calls ...Call) {
	if t.calls == nil {
		t.calls, t.listed = buckets{}, map[observation]bool{}
	}
	for i := range calls {
		c := &calls[i]
		if at := (observation{c.ID, c.Start}); !t.listed[at] {
			t.listed[at] = true
			for _, key := range c.Keys {
				t.calls.add(key, c.Scope, c.Traits, moment{c.Start, c.End, c.ID})
			}
		}
	}
}

// fetchCalls asks for the stored calls from which something follows for those of the
// batch, or the other way round.
func (p *Planner) fetchCalls() *Ask {
	t := p.t
	if len(t.calls) == 0 {
		return nil
	}
	f := fetch{Planner: p, pairing: pairing{graph: &p.graph}, batch: buckets{}, want: map[observation]Traits{}}
	for n := range p.nodes {
		if p.searches(int32(n)) {
			f.innerOf(int32(n))
		}
	}
	f.outer()
	if len(f.want) == 0 {
		return nil
	}
	ask := &Ask{}
	f.addTo(ask)
	return ask
}

// addTo adds the stored calls that are wanted to what is asked for.
func (f *fetch) addTo(ask *Ask) {
	if len(f.want) == 0 {
		return
	}
	f.t.asked.callRounds++
	for at, traits := range f.want {
		f.t.asked.calls[at] = true
		ask.Spans = append(ask.Spans, at.id)
		if traits&isObservedAgain != 0 {
			ask.Exact = append(ask.Exact, Ref{at.id, at.start})
		}
	}
	ask.Spans = distinct(ask.Spans)
	slices.SortFunc(ask.Exact, func(a, b Ref) int { return cmp.Or(bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Start, b.Start)) })
}

type fetch struct {
	*Planner
	pairing pairing
	batch   buckets
	want    map[observation]Traits
	keys    []uint64
}

// take asks for a stored call unless it is known.
func (f *fetch) take(c *moment, traits Traits) {
	at := observation{c.id, c.start}
	if !f.t.index[at] && !f.t.asked.calls[at] {
		f.want[at] = traits
	}
}

// innerOf asks for stored calls that may lie within one of the batch and supply it with
// something, and keeps the one of the batch for outer.
func (f *fetch) innerOf(n int32) {
	node := &f.nodes[n]
	m, scope := moment{node.Start, node.End, node.ID}, scopeHash(node.Scope)
	lacks := f.pairing.lacks(n)
	supplied, every := f.pairing.supplies(n)
	f.keys = node.lookedUp(f.keys[:0])
	unknown := f.t.unknownCalls()
	for _, key := range f.keys {
		for _, stored := range unknown[key] {
			gives, every := stored.traits.supplies()
			left := 1 << min(f.t.asked.callRounds, 30)
			switch every = every && f.nested && left < closest; {
			case stored.scope == scope || lacks&gives == 0 && !every:
				continue
			case every:
				left = closest
			}
			stored.inner(&m, func(c *moment) bool {
				f.take(c, stored.traits)
				left--
				return left > 0
			})
		}
		if len(f.t.calls[key]) > 0 {
			on := f.batch.add(key, scope, 0, m)
			on.supplied |= supplied
			on.every = on.every || every
		}
	}
}

// outer asks for the stored calls that may lie around some of the batch and learn from
// them.
func (f *fetch) outer() {
	for key, calls := range f.batch {
		for _, stored := range f.t.calls[key] {
			for _, inner := range calls {
				learns := stored.traits.lacks()&inner.supplied != 0
				every := 0
				if inner.every {
					every = closest * len(inner.calls)
				}
				if stored.scope == inner.scope || !learns && every == 0 {
					continue
				}
				for i := len(stored.calls) - 1; i >= 0 && (learns || every > 0); i-- {
					inner.inner(&stored.calls[i], func(*moment) bool {
						f.take(&stored.calls[i], stored.traits)
						every--
						return false
					})
				}
			}
		}
	}
}
