package trace

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// vertex is a span id of a trace. Parents and pairs name span ids, so spans that
// share an id but not a start, its observations, share what lies below them.
type vertex struct {
	id        pcommon.SpanID
	first     int32 // its first observation in graph.nodes; none: the span has not arrived
	firstEdge int32 // in graph.edges
	own       Marks // of all observations
	below     Marks
	state     vertexState
	degree    int32 // edges
	// Of which calls the cost is reported, see cover.go:
	covers       modelKinds // by an observation
	covered      modelKinds // by a span above
	passed       modelKinds // what the span passed down before the batch
	priced       modelKinds // its own, by an event, or by whatever it was before the batch
	observations int32
}

type vertexState uint16

const (
	isNew     vertexState = 1 << iota // a span of the batch is among the observations
	isStored                          // a stored span is
	isQueued                          // waits in graph.work
	isChanged                         // below has grown
	// What the flags of stored observations, or names of tools, say besides below.
	callRepeats
	tokensRepeat
	costRepeats
	isSummed         // the three above are complete
	isSeveral        // observations that are not all the same tool
	anonymousSibling // a tool span of the same name without a call id is a sibling
	sumTokensRepeat  // an event reports tokens, or the cost, of a call that is in the sums
	sumCostRepeats
	isGrown    // a stored span of which the batch brings an observation that says more
	isAltered  // flags of a stored observation change
	isCovering // passes, or lacks, something else than before, see cover_stored.go
	isFailing  // its stored observations get the error of an event
)

func (v *vertex) total() Marks { return v.own | v.below }

func (v *vertex) arrived() bool { return v.first >= 0 }

// node is an observation of a span.
type node struct {
	*Span
	vertex, next int32
	was          *Flags // of a stored span
}

// edge leads to a vertex that its owner lies below.
type edge struct {
	to, next int32
	parent   bool // else the two are side by side
	// covered: all that is to be known of the owner's tool is known of that above.
	covered bool
}

type edgeKey struct {
	from, to int32
	parent   bool
}

// none ends a list.
const none int32 = -1

// graph carries marks from spans up to all that they lie below.
type graph struct {
	vertices []vertex
	index    map[pcommon.SpanID]int32 // nil while there are few vertices
	dense    map[edgeKey]bool         // the edges of vertices that have many
	nodes    []node
	edges    []edge
	work     []int32
	// grown is called with each vertex whose marks grow; nil while pairs are not looked for.
	grown func(v int32)
	// unknown tells of a span that has not been met whether storage may have it.
	unknown func(pcommon.SpanID) bool
	// unpaired tells of a stored call whether storage may have pairs of which it is the inner one,
	// that are not known; nil: of none.
	unpaired  func(pcommon.SpanID) bool
	nested    bool                     // tools are nested
	want      []pcommon.SpanID         // spans to be looked up
	wantPairs []pcommon.SpanID         // spans whose pairs are
	crowds    map[int32]map[int64]bool // starts of the observations of vertices that have many
	ways      ancestry
	steps     int // that may still be taken, see bounds.go
}

// indexFrom is the number of vertices from which a map finds one faster than looking
// through them.
const indexFrom = 24

func (g *graph) reset() {
	clear(g.dense)
	*g = graph{
		vertices: g.vertices[:0], nodes: g.nodes[:0], edges: g.edges[:0], work: g.work[:0],
		dense: g.dense, ways: g.ways,
	}
	g.ways.built = false
}

// find returns the vertex of a span id, or none.
func (g *graph) find(id pcommon.SpanID) int32 {
	if g.index != nil {
		if v, ok := g.index[id]; ok {
			return v
		}
		return none
	}
	for i := range g.vertices {
		if g.vertices[i].id == id {
			return int32(i)
		}
	}
	return none
}

// vertex returns the vertex of a span id.
func (g *graph) vertex(id pcommon.SpanID) int32 {
	if v := g.find(id); v != none {
		return v
	}
	v := int32(len(g.vertices))
	g.vertices = append(g.vertices, vertex{id: id, first: none, firstEdge: none})
	if g.index != nil {
		g.index[id] = v
	} else if len(g.vertices) == indexFrom {
		g.index = make(map[pcommon.SpanID]int32, 4*indexFrom)
		for i := range g.vertices {
			g.index[g.vertices[i].id] = int32(i)
		}
	}
	return v
}

// observe adds an observation of a span and the edge to its parent.
func (g *graph) observe(s *Span, was *Flags) (v int32) {
	v = g.vertex(s.ID)
	at := &g.vertices[v]
	g.nodes = append(g.nodes, node{Span: s, vertex: v, next: at.first, was: was})
	several := at.arrived() && at.state&isSeveral == 0 && differsAsTool(s, g.nodes[at.first].Span)
	if several {
		at.state |= isSeveral
	}
	if was == nil && at.state&isStored != 0 && (several || s.own()&^at.own != 0) {
		at.state |= isGrown
	}
	at.first = int32(len(g.nodes) - 1)
	at.observations++
	at.own |= s.own()
	if was == nil {
		at.state |= isNew
	} else {
		at.state |= isStored
	}
	if !s.Parent.IsEmpty() {
		g.connect(v, g.vertex(s.Parent), true)
	}
	return v
}

// differsAsTool reports whether one of two spans is a tool span, and the other is not the
// same tool's.
func differsAsTool(a, b *Span) bool {
	return (a.Kind == mapping.KindTool || b.Kind == mapping.KindTool) &&
		(a.Kind != b.Kind || a.ToolName != b.ToolName || a.ToolCall != b.ToolCall)
}

// connect adds an edge unless it is there; it reports whether it was not.
func (g *graph) connect(from, to int32, parent bool) bool {
	if g.connected(from, to, parent) {
		return false
	}
	at := &g.vertices[from]
	g.edges = append(g.edges, edge{to: to, next: at.firstEdge, parent: parent})
	at.firstEdge = int32(len(g.edges) - 1)
	at.degree++
	if at.degree == indexFrom {
		if g.dense == nil {
			g.dense = map[edgeKey]bool{}
		}
		for e := at.firstEdge; e != none; e = g.edges[e].next {
			g.dense[edgeKey{from, g.edges[e].to, g.edges[e].parent}] = true
		}
	}
	if at.degree > indexFrom {
		g.dense[edgeKey{from, to, parent}] = true
	}
	return true
}

func (g *graph) connected(from, to int32, parent bool) bool {
	if g.vertices[from].degree >= indexFrom {
		return g.dense[edgeKey{from, to, parent}]
	}
	for e := g.vertices[from].firstEdge; e != none; e = g.edges[e].next {
		if g.edges[e].to == to && g.edges[e].parent == parent {
			return true
		}
	}
	return false
}

func (g *graph) enqueue(v int32) {
	if at := &g.vertices[v]; at.state&isQueued == 0 {
		at.state |= isQueued
		g.work = append(g.work, v)
	}
}

// deliver lets a vertex know what lies below it.
func (g *graph) deliver(v int32, marks Marks) {
	at := &g.vertices[v]
	if marks&^at.below == 0 {
		return
	}
	at.below |= marks
	at.state |= isChanged
	if !at.arrived() {
		if g.unknown != nil && g.unknown(at.id) {
			g.want = append(g.want, at.id)
		}
		return
	}
	g.needPairs(v)
	g.enqueue(v)
	if g.grown != nil {
		g.grown(v)
	}
}

// needPairs asks for the pairs of a stored call that tells the outer ones something, or whose ways
// up are to be known.
func (g *graph) needPairs(v int32) {
	at := &g.vertices[v]
	if g.unpaired != nil && at.state&isStored != 0 && at.own&callMarks != 0 && g.unpaired(at.id) {
		g.wantPairs = append(g.wantPairs, at.id)
	}
}

// spread delivers until nobody has anything new to say. Work is at most the number of
// edges times that of marks.
func (g *graph) spread(after func(v int32)) {
	for len(g.work) > 0 {
		v := g.work[len(g.work)-1]
		g.work = g.work[:len(g.work)-1]
		g.vertices[v].state &^= isQueued
		for e := g.vertices[v].firstEdge; e != none; e = g.edges[e].next {
			g.deliver(g.edges[e].to, g.passed(v, g.edges[e].covered))
		}
		if after != nil {
			after(v)
		}
	}
}

// passed is what a vertex tells one above it.
func (g *graph) passed(v int32, covered bool) Marks {
	at := &g.vertices[v]
	if covered && at.below&toolBelow == 0 {
		return at.total() &^ toolBelow
	}
	return at.total()
}
