package trace

import (
	"bytes"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Planner counts traces, one after the other. It keeps its memory between them.
type Planner struct {
	graph
	t         *Trace
	batch     *Rollup
	rows      []Rollup // room for more of these
	after     state    // and the trace's state after the batch
	out       Result
	duplicate []bool
	mixed     bool // calls may be side by side
	unsure    bool // the next batch has to count the trace anew
	linked    []pairKey
	pairs     []Pair  // to be stored
	failing   []int32 // stored spans that get the error of an event
	covered   map[int32]bool
	awaits    map[int32]pcommon.SpanID // of tools
}

// Plan counts a trace. Either it returns what has to be asked first; then it is to be
// called again with the answers. Or it returns the result, which holds until the next call.
func (p *Planner) Plan(t *Trace) (*Ask, *Result) {
	p.t = t
	if ask := p.open(); ask != nil {
		return ask, nil
	}
	p.reset()
	p.batch, p.after, p.unsure = p.emptyRow(), 0, false
	p.linked, p.pairs, p.covered, p.awaits, p.failing = p.linked[:0], nil, nil, nil, p.failing[:0]
	if t.stored != nil && !t.whole && !t.full() {
		p.unknown = func(id pcommon.SpanID) bool { return !t.asked.spans[id] }
		if t.stored.state&paired != 0 {
			p.unpaired = func(id pcommon.SpanID) bool { return !t.asked.pairs[id] }
		}
	}
	p.observeAll()
	p.bound()
	for _, step := range []func() *Ask{p.needsWhole, p.nest, p.pairCalls, p.repeatTools, p.pairEvents, p.coverCalls, p.orderPairs, p.gatherObservations} {
		ask := step()
		if ask == nil && len(p.want)+len(p.wantPairs) > 0 {
			ask = &Ask{Spans: distinct(p.want), Pairs: distinct(p.wantPairs)}
			if len(p.want) > 0 {
				ask.Above = t.nextLevels()
			}
		}
		if ask != nil {
			return ask, nil
		}
	}
	return nil, p.result()
}

// emptyRow returns a row that nobody has. Rows last as long as the transaction, and one takes 768 bytes:
// they are made by the dozen.
func (p *Planner) emptyRow() *Rollup {
	if p.batch != nil && p.out.Row != p.batch {
		*p.batch = Rollup{}
		return p.batch
	}
	if len(p.rows) == 0 {
		p.rows = make([]Rollup, 16)
	}
	row := &p.rows[0]
	p.rows = p.rows[1:]
	return row
}

// open asks for what is needed of every stored trace.
func (p *Planner) open() *Ask {
	t := p.t
	if t.stored == nil || t.whole || t.asked.spans != nil {
		return nil
	}
	if t.stored.state&current == 0 {
		if ask := p.countAnew(); ask != nil {
			return ask
		}
	}
	ask := &Ask{}
	for i := range t.spans {
		s := &t.spans[i]
		ask.Arrived = append(ask.Arrived, Ref{s.ID, s.Start})
		ask.Spans = append(ask.Spans, s.ID)
		if !s.Parent.IsEmpty() {
			ask.Spans = append(ask.Spans, s.Parent)
		}
	}
	ask.Spans = distinct(ask.Spans)
	return ask
}

func distinct(ids []pcommon.SpanID) []pcommon.SpanID {
	slices.SortFunc(ids, func(a, b pcommon.SpanID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// observeAll adds what is known of the trace to the graph.
func (p *Planner) observeAll() {
	t := p.t
	for i := range t.known {
		s := &t.known[i]
		if s.Event {
			p.after |= evented
		}
		v := p.observe(&s.Span, &s.Flags)
		if !t.whole {
			p.vertices[v].below |= s.Below
			p.vertices[v].state |= s.repeated()
			p.vertices[v].passed |= s.Passes
			p.vertices[v].priced |= s.priced()
		}
	}
	for id, below := range t.awaited {
		p.vertices[p.vertex(id)].below |= below
	}
	for _, pair := range t.pairs {
		if inner := p.find(pair.Inner); inner != none && p.vertices[inner].arrived() {
			p.connect(inner, p.vertex(pair.Outer), false)
		}
	}
	p.duplicate = cleared(p.duplicate, len(t.spans))
	for i := range t.spans {
		s := &t.spans[i]
		if p.observed(s) {
			p.duplicate[i] = true
			continue
		}
		p.observe(s, nil)
		if s.Event {
			p.after |= evented
		}
		p.batch.addSpan(s)
	}
}

// repeated restores from stored flags what its marks do not say.
func (s *Stored) repeated() (state vertexState) {
	if s.isCall() && !s.Counted.V {
		state |= callRepeats
	}
	tokens, cost := tokensRepeat, costRepeats
	if isGroup(s.Kind) {
		tokens, cost = sumTokensRepeat, sumCostRepeats
	} else if !s.Kind.IsModel() {
		return state
	}
	if s.reports() && !s.UsageCounted.V {
		state |= tokens
	}
	if s.reports() && !s.CostCounted.V {
		state |= cost
	}
	return state
}

// priced is the kind of a call whose estimate does not count only since another observation
// reports its cost.
func (s *Stored) priced() modelKinds {
	if s.EstimateCounted.OK && !s.EstimateCounted.V {
		return s.estimated(s.Flags)
	}
	return 0
}

// observed reports whether the graph has an observation already.
func (p *Planner) observed(s *Span) bool {
	if p.t.index[observation{s.ID, s.Start}] {
		return true
	}
	v := p.find(s.ID)
	if v == none {
		return false
	}
	if p.vertices[v].observations < MostObservations {
		for n := p.vertices[v].first; n != none; n = p.nodes[n].next {
			if p.nodes[n].Start == s.Start {
				return true
			}
		}
		return false
	}
	return p.observedAmongMany(v, s.Start)
}

// observedAmongMany is observed for a span with many observations.
func (p *Planner) observedAmongMany(v int32, start int64) bool {
	if p.crowds == nil {
		p.crowds = map[int32]map[int64]bool{}
	}
	starts := p.crowds[v]
	if starts == nil {
		starts = map[int64]bool{}
		for n := p.vertices[v].first; n != none; n = p.nodes[n].next {
			starts[p.nodes[n].Start] = true
		}
		p.crowds[v] = starts
	}
	there := starts[start]
	starts[start] = true
	return there
}

// needsWhole asks for the whole trace where more than its ancestors can be affected.
func (p *Planner) needsWhole() *Ask {
	t := p.t
	p.mixed = p.mixedScopes()
	if t.stored == nil {
		return nil
	}
	p.after |= t.stored.state
	if t.whole || p.batch.Spans == 0 {
		return nil
	}
	if (p.mixed || p.after&nested != 0) && p.after&registered == 0 || p.after&paired != 0 && p.otherParent() {
		return p.countAnew()
	}
	return nil
}

// mixedScopes reports whether the trace, with the batch, has calls of several scopes.
func (p *Planner) mixedScopes() bool {
	if p.t.stored == nil {
		return p.batch.mixed()
	}
	models, tools := slices.Clone(p.batch.modelScopes), slices.Clone(p.batch.toolScopes)
	if !p.t.whole {
		for _, s := range p.t.stored.modelScopes {
			models = addScope(models, s)
		}
		for _, s := range p.t.stored.toolScopes {
			tools = addScope(tools, s)
		}
	}
	for i := range p.t.known {
		s := &p.t.known[i]
		if s.Event {
			continue
		}
		if s.Kind.IsModel() {
			models = addScope(models, scopeHash(s.Scope))
		} else if s.Kind == mapping.KindTool {
			tools = addScope(tools, scopeHash(s.Scope))
		}
	}
	return len(models) > 1 || len(tools) > 1
}

// otherParent reports whether the batch gives a stored span another parent: then a pair
// may have become nested without anybody noticing.
func (p *Planner) otherParent() bool {
	for v := range p.vertices {
		if p.hasOtherParent(int32(v)) {
			return true
		}
	}
	return false
}

// hasOtherParent reports whether the batch gives a stored span a parent that its
// observations so far do not name.
func (p *Planner) hasOtherParent(v int32) bool {
	at := &p.vertices[v]
	if at.state&(isNew|isStored) != isNew|isStored {
		return false
	}
	before := map[pcommon.SpanID]bool{{}: true}
	for n := at.first; n != none; n = p.nodes[n].next {
		if p.nodes[n].was != nil {
			before[p.nodes[n].Parent] = true
		}
	}
	for n := at.first; n != none; n = p.nodes[n].next {
		if !before[p.nodes[n].Parent] {
			return true
		}
	}
	return false
}

// nest spreads what the batch brings along parents and stored pairs.
func (p *Planner) nest() *Ask {
	for v := range p.vertices {
		if at := &p.vertices[v]; at.arrived() && (p.t.whole || at.state&isNew != 0) {
			p.enqueue(int32(v))
			p.needPairs(int32(v))
		}
	}
	if p.after&nested != 0 { // tools are looked for through all pairs
		for v := range p.vertices {
			p.needPairs(int32(v))
		}
	}
	p.spread(nil)
	return nil
}

// pairCalls finds calls side by side.
func (p *Planner) pairCalls() *Ask {
	if !p.mixed {
		return nil
	}
	if ask := p.searchCalls(); ask != nil {
		return ask
	}
	p.nested = p.after&nested != 0
	newPairing(&p.graph, false, p.link).run()
	if ask := p.searchCalls(); ask != nil { // of stored calls that have changed since
		return ask
	}
	if p.unknown == nil {
		return nil
	}
	return p.fetchCalls()
}

// link notes that two calls are side by side.
func (p *Planner) link(inner, outer int32) {
	p.linked = append(p.linked, pairKey{p.vertices[inner].id, p.vertices[outer].id})
}

// searches reports whether stored calls may be side by side with a node that were not before.
func (p *Planner) searches(n int32) bool {
	node := &p.nodes[n]
	return node.mayLieBeside() && (node.was == nil || p.vertices[node.vertex].state&(isChanged|isGrown|isCovering) != 0)
}

// searchCalls asks for the stored calls that may be side by side with those that are
// new or tell something new, unless they were asked for. What was asked for under a key is
// asked for again together with what is missing, so that a key has one period.
func (p *Planner) searchCalls() *Ask {
	if p.unknown == nil {
		return nil
	}
	q := &CallQuery{From: math.MaxInt64, To: math.MinInt64}
	var keys []uint64
	for n := range p.nodes {
		node := &p.nodes[n]
		if !p.searches(int32(n)) {
			continue
		}
		keys = node.lookedUp(keys[:0])
		for _, key := range keys {
			at, sought := p.t.asked.keys[key]
			if sought && at.from <= node.Start && node.End <= at.to {
				continue
			}
			q.Keys = append(q.Keys, key)
			q.From, q.To = min(q.From, node.Start), max(q.To, node.End)
			if sought {
				q.From, q.To = min(q.From, at.from), max(q.To, at.to)
			}
		}
	}
	if len(q.Keys) == 0 {
		return nil
	}
	slices.Sort(q.Keys)
	q.Keys = slices.Compact(q.Keys)
	return &Ask{Calls: q}
}

// orderPairs looks whether the outer one of a pair lies below the inner one after
// all: then the two are nested the other way round, which needs odd clocks. Where it
// may turn out later, the pair awaits the ancestor on which that depends.
func (p *Planner) orderPairs() *Ask {
	for _, key := range p.linked {
		pair := Pair{Inner: key.inner, Outer: key.outer}
		if _, ok := p.t.pairs[key]; !ok && p.orderPair(&pair) {
			if ask := p.countAnew(); ask != nil {
				return ask
			}
		}
		p.pairs = append(p.pairs, pair)
	}
	for _, pair := range p.t.pairs {
		inner := p.find(pair.Inner)
		changed := inner != none && p.vertices[inner].state&isChanged != 0
		if awaited := p.find(pair.Awaits); !changed && (pair.Awaits.IsEmpty() || awaited == none || p.vertices[awaited].state&isNew == 0) {
			continue
		}
		before := pair.Awaits
		if p.orderPair(&pair) {
			if ask := p.countAnew(); ask != nil {
				return ask
			}
		}
		if pair.Awaits != before {
			p.pairs = append(p.pairs, pair)
		}
	}
	slices.SortFunc(p.pairs, func(a, b Pair) int {
		return cmpIDs(a.Inner, b.Inner, a.Outer, b.Outer)
	})
	return nil
}

// orderPair sets what a pair awaits and reports whether it is nested.
func (p *Planner) orderPair(pair *Pair) (nested bool) {
	ends := [2]int32{p.vertex(pair.Inner), p.vertex(pair.Outer)}
	for _, v := range ends {
		if at := &p.vertices[v]; !at.arrived() && p.unknown != nil && p.unknown(at.id) {
			p.want = append(p.want, at.id)
		}
	}
	inner, outer := ends[0], ends[1]
	if p.vertices[outer].own&^p.vertices[inner].below != 0 && p.vertices[outer].arrived() {
		pair.Awaits = pcommon.SpanID{}
		return false
	}
	nested, missing, _ := p.above(outer, inner)
	pair.Awaits = pcommon.SpanID{}
	if len(missing) > 0 {
		pair.Awaits = missing[0]
	}
	// Observations with several parents that have not arrived are too rare to keep more.
	p.unsure = p.unsure || len(missing) > 1
	return nested
}

// repeatTools finds tool spans whose call is repeated below them.
func (p *Planner) repeatTools() *Ask {
	if p.after&nested == 0 && !p.toolsNested() {
		return nil
	}
	t := p.t
	if p.mixed && p.after&nested == 0 { // which links there are did not matter before
		if t.stored != nil && !t.whole {
			if ask := p.countAnew(); ask != nil {
				return ask
			}
		}
		p.nested = true
		newPairing(&p.graph, false, p.link).run()
	}
	p.after |= nested
	if t.stored == nil || t.whole {
		p.covered, p.awaits = p.matchTools(nil)
		return nil
	}
	if p.after&registered == 0 {
		return p.countAnew()
	}
	if p.unknown == nil {
		return nil
	}
	return p.repeatStoredTools()
}

func (p *Planner) toolsNested() bool {
	for n := range p.nodes {
		if p.nodes[n].Kind == mapping.KindTool && p.vertices[p.nodes[n].vertex].below&toolBelow != 0 {
			return true
		}
	}
	return false
}

// gatherObservations asks for all observations of stored spans that change, or say more, and have many.
func (p *Planner) gatherObservations() *Ask {
	var ids []pcommon.SpanID
	for v := range p.vertices {
		at := &p.vertices[v]
		if at.state&isStored == 0 || at.observations < MostObservations || p.unknown == nil || p.t.asked.observations[at.id] {
			continue
		}
		for n := at.first; n != none; n = p.nodes[n].next {
			if was := p.nodes[n].was; at.state&isGrown != 0 || was != nil && *was != p.flags(n) {
				ids = append(ids, at.id)
				break
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return &Ask{Observations: ids}
}
