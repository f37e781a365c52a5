package trace

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// coverWalk finds what a batch changes of what is covered in a trace most of whose spans are
// stored. What stored spans pass down is taken as it is, unless the batch takes that from
// one of them: then all that may follow is taken back, and whoever lost something looks for
// another span above that still passes it.
type coverWalk struct {
	*Planner
	below    [][]int32
	passed   []modelKinds     // by vertex: before the batch
	learning []modelKinds     // by vertex: what others than those it has learnt from may still pass
	lost     []modelKinds     // by vertex: what it may pass no more
	byEvents []modelKinds     // by vertex: its own, whose cost events report
	untold   []pcommon.SpanID // spans of which that is not known
	levels   map[int32]int
	calls    buckets // of the graph
	down     []pcommon.SpanID
	fetch    fetch
	keys     []uint64
}

// coverStored asks for the spans to which something else is passed than before, and for those that
// may pass something to them.
func (p *Planner) coverStored() *Ask {
	w := &coverWalk{
		Planner: p, below: p.inverted(false), passed: make([]modelKinds, len(p.vertices)), learning: make([]modelKinds, len(p.vertices)),
		lost: make([]modelKinds, len(p.vertices)), byEvents: make([]modelKinds, len(p.vertices)),
		fetch: fetch{Planner: p, want: map[observation]Traits{}},
	}
	w.descend()
	w.begin()
	for _, pair := range p.t.events {
		if v := p.find(pair.Inner); v != none && pair.Effects&InnerPriced != 0 {
			w.byEvents[v] |= p.pricedKind(v)
		}
	}
	w.uncover()
	if len(w.untold) > 0 {
		return &Ask{Events: distinct(w.untold)}
	}
	p.spreadCover()
	w.look()
	if len(p.want) > 0 {
		return nil
	}
	return w.asks()
}

// descend notes of which vertices the children are known, and how many levels of theirs.
func (w *coverWalk) descend() {
	if len(w.t.asked.children) == 0 {
		return
	}
	w.levels = make(map[int32]int, len(w.t.asked.children))
	children := w.inverted(true)
	var todo []int32
	know := func(v int32, levels int) {
		if levels > w.levels[v] {
			w.levels[v] = levels
			todo = append(todo, v)
		}
	}
	for id, levels := range w.t.asked.children {
		if v := w.find(id); v != none {
			know(v, levels)
		}
	}
	for len(todo) > 0 {
		v := todo[0]
		todo = todo[1:]
		for _, child := range children[v] {
			know(child, w.levels[v]-1)
		}
	}
}

// begin notes what vertices passed, what they pass no more, and which have to look above them.
func (w *coverWalk) begin() {
	for v := range w.vertices {
		at := &w.vertices[v]
		w.passed[v] = at.passed
		var covered modelKinds // by itself
		var before Marks
		for n := at.first; n != none; n = w.nodes[n].next {
			if node := &w.nodes[n]; node.was != nil {
				covered |= node.covers(*node.was)
				before |= node.was.Below | node.own()
			}
		}
		w.lost[v] = covered &^ at.covers & at.passed
		if at.arrived() {
			w.learning[v] = tokenKinds(at.total()) &^ tokenKinds(before)
		}
		if at.state&isNew != 0 {
			w.learning[v] = allModels
		}
	}
}

// uncover takes back what may follow from what vertices pass no more.
func (w *coverWalk) uncover() {
	var todo []int32
	drop := func(v int32, kinds modelKinds) {
		at := &w.vertices[v]
		if kinds &= at.passed; kinds != 0 {
			at.passed &^= kinds
			w.lost[v] |= kinds
			w.learning[v] |= kinds
			todo = append(todo, v)
		}
	}
	for v := range w.lost {
		if kinds := w.lost[v]; kinds != 0 {
			w.lost[v] = 0
			drop(int32(v), kinds)
		}
	}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		kinds := w.lost[v]
		w.eachBelow(v, func(c int32) {
			at := &w.vertices[c]
			if own := kinds & at.priced &^ w.byEvents[c]; own != 0 {
				if w.after&evented != 0 && !w.t.asked.events[at.id] && at.state&isStored != 0 {
					w.untold = append(w.untold, at.id)
				}
				at.priced &^= own
				w.learning[c] |= own
			}
			drop(c, kinds&^at.covers)
		})
	}
}

// eachBelow calls f with the vertices of the graph to which a vertex may pass something.
func (w *coverWalk) eachBelow(v int32, f func(int32)) {
	for _, child := range w.below[v] {
		f(child)
	}
	if !w.mixed {
		return
	}
	if w.calls == nil {
		w.calls = buckets{}
		for n := range w.nodes {
			if node := &w.nodes[n]; node.mayLieBeside() {
				for _, key := range node.listed(nil) {
					w.calls.add(key, scopeHash(node.Scope), 0, moment{node.Start, node.End, node.ID})
				}
			}
		}
	}
	w.eachInner(v, w.calls, func(*bucket) bool { return true }, func(c *moment, _ Traits) { f(w.find(c.id)) })
}

// eachInner calls f with those of some calls that may lie within an observation of a vertex.
func (w *coverWalk) eachInner(v int32, calls buckets, may func(*bucket) bool, f func(*moment, Traits)) {
	w.eachBucket(v, calls, func(m *moment, b *bucket) {
		if may(b) {
			b.inner(m, func(c *moment) bool { f(c, b.traits); return true })
		}
	})
}

// eachBucket calls f with the times of a vertex's observations and those of some calls that have
// a key in common with the observation, in other scopes.
func (w *coverWalk) eachBucket(v int32, calls buckets, f func(*moment, *bucket)) {
	for n := w.vertices[v].first; n != none; n = w.nodes[n].next {
		node := &w.nodes[n]
		if !node.mayLieBeside() {
			continue
		}
		m, scope := moment{node.Start, node.End, node.ID}, scopeHash(node.Scope)
		w.keys = node.lookedUp(w.keys[:0])
		for _, key := range w.keys {
			for _, b := range calls[key] {
				if b.scope != scope {
					f(&m, b)
				}
			}
		}
	}
}

// look finds out which stored spans may be concerned.
func (w *coverWalk) look() {
	for v := range w.vertices {
		at := &w.vertices[v]
		lacks := w.learning[v] & w.lacksCover(int32(v))
		if lacks != 0 {
			for e := at.firstEdge; e != none; e = w.edges[e].next {
				if to := &w.vertices[w.edges[e].to]; !to.arrived() && w.unknown(to.id) {
					w.want = append(w.want, to.id)
				}
			}
		}
		gained := at.passes() &^ w.passed[v]
		_, awaited := w.t.awaited[at.id]
		if (gained|w.lost[v])&tokenKinds(at.below) != 0 && (awaited || at.state&isStored != 0) && w.levels[int32(v)] < 1 {
			w.down = append(w.down, at.id)
		}
		if at.state&isNew != 0 {
			gained = at.passes() // others may lie within the time of the new observation
		}
		if w.mixed && lacks|gained|w.lost[v] != 0 {
			at.state |= isCovering
			w.lookBeside(int32(v), lacks, gained)
		}
	}
}

// lookBeside asks for stored calls around a vertex that pass what it lacks, and for those within
// that lack what it passes, or may lack what it passes no more.
func (w *coverWalk) lookBeside(v int32, lacks, gained modelKinds) {
	lost := w.lost[v]
	if gained|lost != 0 {
		w.eachInner(v, w.t.unknownCalls(), func(b *bucket) bool {
			return b.traits.lacksCover()&gained != 0 || b.traits.tokenKinds()&^b.traits.lacksCover()&lost != 0
		}, func(c *moment, traits Traits) { w.fetch.take(c, traits) })
	}
	if lacks == 0 {
		return
	}
	w.eachBucket(v, w.t.unknownCalls(), func(m *moment, b *bucket) {
		if b.traits.passes()&lacks == 0 {
			return
		}
		left := 1 << min(w.t.asked.callRounds, 30)
		b.outer(m, func(c *moment) bool {
			w.fetch.take(c, b.traits)
			left--
			return left > 0
		})
	})
}

// asks is what the walk asks for.
func (w *coverWalk) asks() *Ask {
	ask := w.searchCalls()
	if ask == nil && len(w.fetch.want)+len(w.down) > 0 {
		ask = &Ask{}
	}
	if ask == nil {
		return nil
	}
	w.fetch.addTo(ask)
	if len(w.down) > 0 {
		ask.Below, ask.Levels = distinct(w.down), 1<<min(3*w.t.asked.childRounds, 15)
		w.t.asked.childRounds++
	}
	return ask
}

// lacksCover is what a vertex would still learn from spans above it.
func (p *Planner) lacksCover(v int32) modelKinds {
	at := &p.vertices[v]
	lacks := tokenKinds(at.total()) &^ at.passes()
	for n := at.first; n != none; n = p.nodes[n].next {
		if f := p.flags(n); f.EstimateCounted.V {
			lacks |= p.nodes[n].estimated(f)
		}
	}
	return lacks
}

// coverTraits is the part of a call's traits that says what it passes and lacks.
func (p *Planner) coverTraits(v int32) Traits {
	if p.after&covering == 0 {
		return Traits(tokenKinds(p.vertices[v].total())) * lacksCover
	}
	return Traits(p.vertices[v].passes())*passesCover | Traits(p.lacksCover(v))*lacksCover
}

func (t Traits) passes() modelKinds     { return modelKinds(t/passesCover) & allModels }
func (t Traits) lacksCover() modelKinds { return modelKinds(t/lacksCover) & allModels }
func (t Traits) tokenKinds() modelKinds { return tokenKinds(t.below() | Marks(t>>traitsOwn)) }

// unknownCalls are the listed calls that are neither known nor asked for.
func (t *Trace) unknownCalls() buckets {
	if t.unlisted == nil {
		t.unlisted = buckets{}
		for key, all := range t.calls {
			for _, b := range all {
				for i := range b.calls {
					if at := (observation{b.calls[i].id, b.calls[i].start}); !t.index[at] && !t.asked.calls[at] {
						t.unlisted.add(key, b.scope, b.traits, b.calls[i])
					}
				}
			}
		}
	}
	return t.unlisted
}

// outer calls yield with the calls that may lie around m, the inner ones first.
func (s *bucket) outer(m *moment, yield func(*moment) bool) {
	s.sort()
	i, _ := slices.BinarySearchFunc(s.calls, *m, func(a, b moment) int { return a.compare(&b) })
	for i--; i >= 0 && s.lasts[i] >= m.end; i-- {
		if c := &s.calls[i]; c.end >= m.end && c.id != m.id && !yield(c) {
			return
		}
	}
}
