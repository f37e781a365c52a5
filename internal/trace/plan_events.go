package trace

import "go.opentelemetry.io/collector/pdata/pcommon"

// pairEvents applies what follows from pairs with events. The other end of a pair may be in
// another trace. Of an event that lies below the span with which it is paired, the nesting says
// already that the two are one call: then the event is the inner one.
func (p *Planner) pairEvents() *Ask {
	if ask := p.untoldPairs(); ask != nil {
		return ask
	}
	for _, pair := range p.t.events {
		if p.nestsEvent(pair) {
			if p.revives(pair) {
				if ask := p.countAnew(); ask != nil {
					return ask
				}
			}
			pair.Effects &= InnerFails
		}
		for end, id := range [...]pcommon.SpanID{pair.Inner, pair.Outer} {
			v := p.find(id)
			if (v == none || !p.vertices[v].arrived()) && p.unknown != nil && p.unknown(id) {
				p.want = append(p.want, id)
			}
			if v != none {
				p.applyPair(v, pair.Effects, end == 0)
			}
		}
	}
	return nil
}

// untoldPairs asks for the pairs of stored calls below which another call has come to lie: that
// may be the event with which one is paired.
func (p *Planner) untoldPairs() *Ask {
	if p.after&evented == 0 || p.unknown == nil {
		return nil
	}
	ask := &Ask{}
	for v := range p.vertices {
		at := &p.vertices[v]
		if at.state&(isStored|isChanged) == isStored|isChanged && at.own&at.below&callMarks != 0 && !p.t.asked.events[at.id] {
			ask.Events = append(ask.Events, at.id)
		}
	}
	if len(ask.Events) == 0 {
		return nil
	}
	return ask
}

// nestsEvent reports whether the outer one of a pair lies below the inner one.
func (p *Planner) nestsEvent(pair EventPair) bool {
	inner, outer := p.find(pair.Inner), p.find(pair.Outer)
	if inner == none || outer == none {
		return false
	}
	if p.vertices[inner].below&p.vertices[outer].own&callMarks == 0 {
		return false
	}
	found, _, _ := p.above(outer, inner)
	return found
}

// revives reports whether something of a pair does not count since the two were paired before the
// event lay below its span. The whole trace says what counts then.
func (p *Planner) revives(pair EventPair) bool {
	if p.unknown == nil {
		return false
	}
	stopped := func(id pcommon.SpanID, call, tokens, cost Effects) bool {
		for n := p.vertices[p.find(id)].first; n != none; n = p.nodes[n].next {
			was := p.nodes[n].was
			if was != nil && (pair.Effects&call != 0 && !was.Counted.V || pair.Effects&tokens != 0 && !was.UsageCounted.V ||
				pair.Effects&cost != 0 && (!was.CostCounted.V || !was.EstimateCounted.V)) {
				return true
			}
		}
		return false
	}
	return stopped(pair.Outer, OuterCall, OuterTokens, OuterCost) || stopped(pair.Inner, 0, InnerTokens, InnerPriced)
}

func (p *Planner) applyPair(v int32, e Effects, inner bool) {
	at := &p.vertices[v]
	if !inner {
		for effect, state := range map[Effects]vertexState{OuterCall: callRepeats, OuterTokens: tokensRepeat | sumTokensRepeat, OuterCost: costRepeats | sumCostRepeats} {
			if e&effect != 0 {
				at.state |= state
			}
		}
		return
	}
	if e&InnerFails != 0 {
		p.fail(v)
	}
	if e&InnerTokens != 0 {
		at.state |= tokensRepeat
	}
	if e&InnerPriced != 0 {
		at.priced |= p.pricedKind(v)
	}
}

// pricedKind is the kind of a call whose cost an event reports.
func (p *Planner) pricedKind(v int32) modelKinds {
	if at := &p.vertices[v]; at.arrived() {
		if kind := p.nodes[at.first].Kind; kind.IsModel() {
			return 1 << modelShift(kind)
		}
	}
	return 0
}

// fail gives spans the error of an event, once however many events bring one.
func (p *Planner) fail(v int32) {
	if p.vertices[v].state&isFailing != 0 {
		return
	}
	p.vertices[v].state |= isFailing
	for n := p.vertices[v].first; n != none; n = p.nodes[n].next {
		node := &p.nodes[n]
		if node.was == nil || node.Event || !node.isCall() {
			continue
		}
		if at := (observation{node.ID, node.Start}); !node.Error || p.t.failing[at] { // it is counted again with each answer
			if p.t.failing == nil {
				p.t.failing = map[observation]bool{}
			}
			p.t.failing[at], node.Error = true, true
			p.failing = append(p.failing, n)
		}
	}
}
