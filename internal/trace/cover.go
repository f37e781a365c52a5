package trace

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping"

// An estimate counts where nobody reports the cost of a call. Reports of the span itself
// and of those below it are known from marks. A span above may report the cost too: the
// sum of an agent, or a gateway around a client that reports tokens only. Traces with
// such a span are covering: they are read whole when a batch brings them anything that
// has to do with cost, since what a span above reports can also come to count no more.
// All other traces pay nothing.

// modelKinds is a set of the kinds of model calls.
type modelKinds uint8

const allModels modelKinds = 1<<3 - 1

func kindsOf(k mapping.Kind) modelKinds {
	if isGroup(k) {
		return allModels
	}
	return 1 << modelShift(k)
}

// wantsEstimate reports whether a span reports tokens and not what they cost.
func (s *Span) wantsEstimate() bool { return s.Kind.IsModel() && s.reportsTokens() && !s.Cost.Valid }

// covered returns the kind of a stored call whose cost a span above reports.
func (s *Stored) covered() modelKinds {
	if s.wantsEstimate() && s.UsageCounted.V && s.CostCounted.V && s.EstimateCounted.OK && !s.EstimateCounted.V {
		return kindsOf(s.Kind)
	}
	return 0
}

// coverCalls finds calls whose cost a span above them reports.
func (p *Planner) coverCalls() *Ask {
	whole := p.t.stored == nil || p.t.whole
	if whole {
		p.after &^= covering
	}
	for n := range p.nodes {
		p.findCovering(int32(n))
	}
	switch {
	case p.after&covering == 0:
		return nil
	case whole:
		p.spreadCover()
		return nil
	case !p.changesCover():
		return nil
	case !p.onlyEstimates():
		return &Ask{Whole: true}
	}
	for n := range p.nodes {
		if p.nodes[n].was == nil {
			p.above(p.nodes[n].vertex, none) // asks for those ancestors that are not known
		}
	}
	if len(p.want) == 0 {
		p.spreadCover()
	}
	return nil
}

// onlyEstimates reports whether a batch brings new spans alone, without costs: stored spans
// cover what they covered before, and nothing follows but for the new ones.
func (p *Planner) onlyEstimates() bool {
	if p.mixed || len(p.t.awaited) > 0 || p.otherParent() {
		return false
	}
	for n := range p.nodes {
		node := &p.nodes[n]
		if node.was == nil {
			if node.Cost.Valid || node.Event || p.vertices[node.vertex].observations > 1 {
				return false
			}
			continue
		}
		was, is := *node.was, p.flags(int32(n))
		if was.Below, is.Below = 0, 0; was != is {
			return false
		}
	}
	return true
}

// findCovering notes what a node covers: calls below it that report tokens.
func (p *Planner) findCovering(n int32) {
	node := &p.nodes[n]
	if !node.Cost.Valid {
		return
	}
	at := &p.vertices[node.vertex]
	if p.flags(n).CostCounted.V && node.tokensRepeat(at.below) {
		at.covers |= kindsOf(node.Kind)
		p.after |= covering
	}
}

// changesCover reports whether the batch brings a covering trace anything from which
// follows what is covered.
func (p *Planner) changesCover() bool {
	if len(p.linked) > 0 {
		return true
	}
	for _, below := range p.t.awaited {
		if below&anyTokens != 0 {
			return true
		}
	}
	for n := range p.nodes {
		node := &p.nodes[n]
		if node.was == nil && node.own() != 0 && node.Kind != mapping.KindTool || node.was != nil && *node.was != p.flags(int32(n)) {
			return true
		}
	}
	return p.otherParent()
}

// spreadCover carries down what is covered: to children and to inner calls side by side.
func (p *Planner) spreadCover() {
	var siblings *pairing
	if p.mixed {
		siblings = newPairing(&p.graph, true, nil)
	}
	below := p.children()
	for v := range p.vertices {
		if p.vertices[v].covers != 0 {
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
				p.cover(child, at.covers|at.covered)
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

// children inverts the edges.
func (p *Planner) children() [][]int32 {
	below := make([][]int32, len(p.vertices))
	for v := range p.vertices {
		for e := p.vertices[v].firstEdge; e != none; e = p.edges[e].next {
			below[p.edges[e].to] = append(below[p.edges[e].to], int32(v))
		}
	}
	return below
}

// cover lets a vertex know of which calls a span above reports the cost.
func (g *graph) cover(v int32, kinds modelKinds) {
	if at := &g.vertices[v]; kinds&^at.covered != 0 {
		at.covered |= kinds
		g.enqueue(v)
	}
}

// coverInner carries what is covered from outer calls to inner ones side by side.
func (p *pairing) coverInner() {
	for _, n := range p.calls {
		if p.vertices[p.nodes[n].vertex].covered != allModels {
			p.pushCall(n)
		}
	}
}
