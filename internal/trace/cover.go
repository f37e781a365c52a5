package trace

// An estimate counts where nobody reports the cost of a call. Reports of the span itself
// and of those below it are known from marks. A span above may report the cost too: the
// sum of an agent, or a gateway around a client that reports tokens only. Such a span
// covers the calls below it that report tokens, of its kind or of all, as long as its cost
// counts. What is covered passes down, as marks go up: from parents to children and from
// outer calls side by side to inner ones, as far as calls of the kind that report tokens
// lie there. Each span keeps what it passes, so that a batch reads those spans only to
// which something else is passed than before (cover_stored.go). Traces in which nothing
// was ever covered pay nothing.

// modelKinds is a set of the kinds of model calls.
type modelKinds uint8

const allModels modelKinds = 1<<3 - 1

// tokenKinds are the kinds of the calls that report tokens, of those that marks tell of.
func tokenKinds(m Marks) modelKinds { return modelKinds(m/llmTokens) & allModels }

// wantsEstimate reports whether a span reports tokens and not what they cost.
func (s *Span) wantsEstimate() bool { return s.Kind.IsModel() && s.reportsTokens() && !s.Cost.Valid }

// covers is what an observation with these flags covers.
func (s *Span) covers(f Flags) modelKinds {
	switch {
	case !s.Cost.Valid || !f.CostCounted.V:
		return 0
	case isGroup(s.Kind):
		return tokenKinds(f.Below)
	}
	return tokenKinds(f.Below) & (1 << modelShift(s.Kind))
}

// estimated is the kind of a call whose estimate counts unless a span above reports the cost.
func (s *Span) estimated(f Flags) modelKinds {
	if s.wantsEstimate() && f.UsageCounted.V && f.CostCounted.V {
		return 1 << modelShift(s.Kind)
	}
	return 0
}

// passes is what a vertex passes down.
func (v *vertex) passes() modelKinds {
	return (v.passed | v.covers | v.covered) & tokenKinds(v.total())
}

// coverCalls finds calls whose cost a span above them reports.
func (p *Planner) coverCalls() *Ask {
	whole := p.t.stored == nil || p.t.whole
	if whole {
		p.after &^= covering
	}
	for n := range p.nodes {
		node := &p.nodes[n]
		if !node.Cost.Valid {
			continue
		}
		if covers := node.covers(p.flags(int32(n))); covers != 0 {
			p.vertices[node.vertex].covers |= covers
			p.after |= covering
		}
	}
	switch {
	case p.after&covering == 0:
		return nil
	case whole:
		p.spreadCover()
		return nil
	}
	if p.unknown == nil {
		return nil
	}
	return p.coverStored()
}

// spreadCover carries down what is covered: to children and to inner calls side by side.
func (p *Planner) spreadCover() {
	var siblings *pairing
	if p.mixed {
		siblings = newPairing(&p.graph, true, p.link)
	}
	below := p.inverted(false)
	for v := range p.vertices {
		if p.vertices[v].passes() != 0 {
			p.enqueue(int32(v))
		}
	}
	for len(p.work) > 0 {
		for len(p.work) > 0 {
			v := p.work[len(p.work)-1]
			p.work = p.work[:len(p.work)-1]
			at := &p.vertices[v]
			at.state &^= isQueued
			for _, child := range below[v] {
				p.cover(child, at.passes())
			}
			if siblings != nil {
				siblings.update(v)
			}
		}
		if siblings != nil {
			siblings.coverInner()
		}
	}
}

// inverted returns by vertex those with an edge to it; parents: with one to their parent.
func (g *graph) inverted(parents bool) [][]int32 {
	below := make([][]int32, len(g.vertices))
	for v := range g.vertices {
		for e := g.vertices[v].firstEdge; e != none; e = g.edges[e].next {
			if g.edges[e].parent || !parents {
				below[g.edges[e].to] = append(below[g.edges[e].to], int32(v))
			}
		}
	}
	return below
}

// cover lets a vertex know of which calls a span above reports the cost. It reports whether
// that was new.
func (g *graph) cover(v int32, kinds modelKinds) bool {
	at := &g.vertices[v]
	kinds &= tokenKinds(at.total()) &^ at.covered
	if kinds == 0 {
		return false
	}
	at.covered |= kinds
	g.enqueue(v)
	return true
}

// coverInner carries what is covered from outer calls to inner ones side by side.
func (p *pairing) coverInner() {
	for _, n := range p.calls {
		if at := &p.vertices[p.nodes[n].vertex]; tokenKinds(at.total())&^at.covered != 0 {
			p.pushCall(n)
		}
	}
}
