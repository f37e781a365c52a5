package trace

import "go.opentelemetry.io/collector/pdata/pcommon"

// ancestry says which spans of a graph lie above which, by parents alone. Most spans name one
// parent, and so do all above them: then two numbers of each span say it (first, last). Where
// observations of a span name several parents, or parents lead in a circle, ways up are walked.
type ancestry struct {
	built bool
	// By vertex: its place in an order in which all that is below a span comes after the span, in
	// one piece, and the last place of that piece; 0: in a circle, or below one.
	first, last []int32
	root        []int32 // by vertex: where the only way up ends; none: there are several ways

	children [][]int32 // by vertex
	parents  []int32   // by vertex: how many
	seen     []int32   // by vertex: the walk that has passed it
	walk     int32
	todo     []int32
}

// build numbers the vertices of a graph, whose parents are all known.
func (a *ancestry) build(g *graph) {
	n := len(g.vertices)
	a.built, a.walk = true, 0
	a.first, a.last, a.root, a.seen = cleared(a.first, n), cleared(a.last, n), cleared(a.root, n), cleared(a.seen, n)
	a.children, a.parents = g.inverted(true), cleared(a.parents, n)
	for v, children := range a.children {
		a.root[v] = none
		for _, child := range children {
			a.parents[child]++
		}
	}
	place := int32(0)
	for v := range g.vertices {
		if a.parents[v] == 0 {
			a.root[v] = int32(v)
			place = a.number(int32(v), place)
		}
	}
}

// number gives places to a vertex without parents and to all below that have none yet.
func (a *ancestry) number(root, place int32) int32 {
	a.todo = append(a.todo[:0], root)
	for len(a.todo) > 0 {
		v := a.todo[len(a.todo)-1]
		if a.first[v] > 0 { // all below it have their places
			a.todo = a.todo[:len(a.todo)-1]
			if a.last[v] == 0 {
				a.last[v] = place
			}
			continue
		}
		place++
		a.first[v] = place
		for _, child := range a.children[v] {
			if a.first[child] > 0 {
				continue
			}
			if a.parents[child] == 1 {
				a.root[child] = a.root[v]
			}
			a.todo = append(a.todo, child)
		}
	}
	return place
}

// within reports whether v is known to lie below top.
func (a *ancestry) within(v, top int32) bool {
	return a.first[top] > 0 && a.first[top] < a.first[v] && a.first[v] <= a.last[top]
}

// above reports whether top is an ancestor of a span, by parents alone. Else missing are the
// ancestors that have not arrived; unknown tells that storage has to be asked first.
func (g *graph) above(from, top int32) (found bool, missing []pcommon.SpanID, unknown bool) {
	if !g.ways.built {
		g.ways.build(g)
	}
	a := &g.ways
	if int(from) >= len(a.first) { // met since; nobody has named its parent
		return false, nil, false
	}
	if int(top) < len(a.first) && a.within(from, top) {
		return true, nil, false
	}
	if root := a.root[from]; root != none {
		if root != from {
			missing, unknown = g.missing(root, missing)
		}
		return false, missing, unknown
	}
	a.walk++
	a.todo = append(a.todo[:0], from)
	for len(a.todo) > 0 && g.step() {
		v := a.todo[len(a.todo)-1]
		a.todo = a.todo[:len(a.todo)-1]
		for e := g.vertices[v].firstEdge; e != none; e = g.edges[e].next {
			to := g.edges[e].to
			if !g.edges[e].parent || a.seen[to] == a.walk {
				continue
			}
			if to == top {
				return true, missing, unknown
			}
			a.seen[to] = a.walk
			var ask bool
			missing, ask = g.missing(to, missing)
			unknown = unknown || ask
			a.todo = append(a.todo, to)
		}
	}
	return false, missing, unknown
}

// missing adds a span that has not arrived, and asks for it if storage may have it.
func (g *graph) missing(v int32, missing []pcommon.SpanID) (_ []pcommon.SpanID, unknown bool) {
	at := &g.vertices[v]
	if at.arrived() {
		return missing, false
	}
	if g.unknown != nil && g.unknown(at.id) {
		g.want = append(g.want, at.id)
		unknown = true
	}
	return append(missing, at.id), unknown
}
