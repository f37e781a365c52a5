package trace

import (
	"cmp"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// sameTool reports whether a tool span repeats the call of one above it, their names
// being equal: not if both have a call id and these differ.
func sameTool(call, above string) bool { return call == "" || above == "" || call == above }

// covers reports whether a tool span tells all above it what one below it, of the same
// name, tells them.
func covers(above, call string) bool { return above == "" || above == call }

// toolGroup is the tool spans of one name and one call id, as nodes.
type toolGroup struct {
	name, call string
	nodes      []int32
}

// matchTools finds the tool spans whose call is repeated below them, and those that
// another one of their name covers, which it returns. climb tells from which nodes it is
// worth asking storage for ancestors that are not known; nil: from none. Of the others from which
// it climbs it returns the span that has not arrived, if there is but one.
func (g *graph) matchTools(climb func(n int32) bool) (covered map[int32]bool, awaits map[int32]pcommon.SpanID) {
	groups, names := g.toolGroups()
	covered, awaits = map[int32]bool{}, map[int32]pcommon.SpanID{}
	vertices := len(g.vertices)
	w := toolWalk{graph: g, seen: make([]int32, vertices), leads: make([]bool, vertices), ends: make([]int32, vertices), met: make([]int32, vertices), covering: make([]bool, vertices)}
	circle := g.circle()
	for i := range groups {
		group := &groups[i]
		n := names[group.name]
		alone := n.all == 1 || group.call != "" && n.anonymous == 0 && len(group.nodes) == 1
		w.group, w.round = group, int32(i+1)
		// A way that was passed without climbing is not passed again.
		for _, w.climb = range [...]bool{true, false} {
			for _, n := range group.nodes {
				if w.steps < 0 || w.climb != (climb != nil && climb(n)) || alone && !w.climb && !circle[g.nodes[n].vertex] {
					continue // no other span can repeat it, or be repeated by it
				}
				v := g.nodes[n].vertex
				switch leads := w.from(v); {
				case leads || w.climb && w.ends[v] == none: // or nothing can come above it
					covered[n] = true
				case w.climb && w.ends[v] >= 0 && g.vertices[w.ends[v]].below&toolBelow != 0:
					awaits[n] = g.vertices[w.ends[v]].id
				}
			}
		}
	}
	return covered, awaits
}

// circle returns the vertices that may lie below themselves: those that are left when
// the ones with nothing above them, or nothing below, are taken away one by one.
func (g *graph) circle() []bool {
	left := make([]bool, len(g.vertices))
	in, out := make([]int32, len(g.vertices)), make([]int32, len(g.vertices))
	below := g.inverted(false)
	var todo []int32
	for v := range g.vertices {
		left[v], in[v], out[v] = true, int32(len(below[v])), g.vertices[v].degree
		if in[v] == 0 || out[v] == 0 {
			todo = append(todo, int32(v))
		}
	}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !left[v] {
			continue
		}
		left[v] = false
		for e := g.vertices[v].firstEdge; e != none; e = g.edges[e].next {
			if to := g.edges[e].to; left[to] {
				if in[to]--; in[to] == 0 {
					todo = append(todo, to)
				}
			}
		}
		for _, from := range below[v] {
			if left[from] {
				if out[from]--; out[from] == 0 {
					todo = append(todo, from)
				}
			}
		}
	}
	return left
}

type toolName struct{ all, anonymous int }

func (g *graph) toolGroups() ([]toolGroup, map[string]toolName) {
	var groups []toolGroup
	names := map[string]toolName{}
	index := map[[2]string]int{}
	for n := range g.nodes {
		node := &g.nodes[n]
		if node.Kind != mapping.KindTool {
			continue
		}
		count := names[node.ToolName]
		count.all++
		if node.ToolCall == "" {
			count.anonymous++
		}
		names[node.ToolName] = count
		at, found := index[[2]string{node.ToolName, node.ToolCall}]
		if !found {
			at = len(groups)
			index[[2]string{node.ToolName, node.ToolCall}] = at
			groups = append(groups, toolGroup{name: node.ToolName, call: node.ToolCall})
		}
		groups[at].nodes = append(groups[at].nodes, int32(n))
	}
	return groups, names
}

// toolWalk goes up from the spans of a group, past each vertex once, as far as the
// first span on each way that covers them.
type toolWalk struct {
	*graph
	group *toolGroup
	round int32
	seen  []int32 // by vertex: the round it was passed in
	leads []bool  // by vertex: every way up leads to a covering span
	// By vertex: the span that has not arrived and to which the other ways lead; none: these end
	// at a root.
	ends     []int32
	met      []int32 // by vertex: the round in which repeat was asked
	covering []bool  // by vertex: what repeat said
	stack    []walkStep
	climb    bool // past what is known
}

// walkStep is a vertex on the way, its next edge, and what those before have led to.
type walkStep struct{ vertex, edge, end int32 }

// several stands for more than one span that has not arrived, or for a way that leads in a
// circle.
const several int32 = -2

// from reports whether every way up from v leads to a covering span.
func (w *toolWalk) from(v int32) bool {
	if w.seen[v] == w.round {
		return w.leads[v]
	}
	w.enter(v)
	for len(w.stack) > 0 {
		step := &w.stack[len(w.stack)-1]
		if step.edge == none {
			w.leave()
			continue
		}
		w.step()
		here, to := step.vertex, w.edges[step.edge].to
		step.edge = w.edges[step.edge].next
		switch {
		case w.repeat(to):
		case w.seen[to] == w.round:
			w.join(here, to)
		default:
			w.enter(to)
		}
	}
	return w.leads[v]
}

func (w *toolWalk) enter(v int32) {
	at := &w.vertices[v]
	w.seen[v], w.leads[v], w.ends[v] = w.round, at.firstEdge != none, several
	w.stack = append(w.stack, walkStep{v, at.firstEdge, none})
	if w.climb && !at.arrived() && w.unknown(at.id) {
		w.want = append(w.want, at.id)
	}
}

func (w *toolWalk) leave() {
	done := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	if w.ends[done.vertex] = done.end; !w.vertices[done.vertex].arrived() {
		w.ends[done.vertex] = done.vertex
	}
	if len(w.stack) > 0 {
		w.join(w.stack[len(w.stack)-1].vertex, done.vertex)
	}
}

// join notes for a vertex on the top of the stack what one above it leads to.
func (w *toolWalk) join(v, above int32) {
	w.leads[v] = w.leads[v] && w.leads[above]
	switch step, end := &w.stack[len(w.stack)-1], w.ends[above]; {
	case end == none || end == step.end:
	case step.end == none:
		step.end = end
	default:
		step.end = several
	}
}

// repeat marks the vertex as repeated if one of its observations is a call of the
// group's tool, and reports whether one covers the group.
func (w *toolWalk) repeat(v int32) (covering bool) {
	if w.met[v] == w.round {
		return w.covering[v]
	}
	w.met[v] = w.round
	for n := w.vertices[v].first; n != none; n = w.nodes[n].next {
		w.step()
		node := &w.nodes[n]
		if node.Kind != mapping.KindTool || node.ToolName != w.group.name || !sameTool(w.group.call, node.ToolCall) {
			continue
		}
		w.vertices[v].state |= callRepeats
		covering = covering || covers(node.ToolCall, w.group.call)
	}
	w.covering[v] = covering
	return covering
}

// toolHash is the name of a tool, or the id of a call, as llm_internal_nested_tools keeps it;
// 0 stands for none.
func toolHash(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(hashed(fnvOffset, s), 1)
}

// repeatStoredTools finds repeated tool calls where most spans of the trace are stored.
// Only tools whose names, or those of spans that may have to do with them, are stored
// make it go up further than marks have.
func (p *Planner) repeatStoredTools() *Ask {
	if p.otherWay() {
		if ask := p.countAnew(); ask != nil {
			return ask
		}
	}
	links := p.toolLinks()
	above := p.climbAll(links)
	if len(p.want) > 0 {
		return nil
	}
	counted, keys := p.newTools(), map[ToolKey]bool{}
	for name, calls := range above {
		for call := range calls {
			keys[ToolKey{name, call}] = true
		}
	}
	maps.DeleteFunc(counted, func(key ToolKey, _ bool) bool { return p.t.asked.counted[key] })
	maps.DeleteFunc(keys, func(key ToolKey, _ bool) bool { return p.t.asked.tools[key] })
	if len(counted)+len(keys) > 0 {
		ask := &Ask{Tools: slices.SortedFunc(maps.Keys(keys), compareKeys), Counted: slices.SortedFunc(maps.Keys(counted), compareKeys)}
		if len(keys) > 0 && !p.t.asked.awaiting {
			for _, link := range links {
				ask.Awaiting = append(ask.Awaiting, p.vertices[link].id)
			}
		}
		return ask
	}
	for id := range p.wanted(above) {
		if v := p.vertex(id); !p.vertices[v].arrived() && p.unknown(id) {
			p.want = append(p.want, id)
		}
	}
	if len(p.want) > 0 {
		return nil
	}
	below := p.wanted(above)
	p.covered, p.awaits = p.matchTools(func(n int32) bool {
		node := &p.nodes[n]
		key := ToolKey{toolHash(node.ToolName), toolHash(node.ToolCall)}
		return node.was == nil && (p.mayRepeat(key) || above.has(key)) || below[node.ID]
	})
	return nil
}

// toolSet is names of tools, and of each the ids of calls.
type toolSet map[uint64]map[uint64]bool

func (s toolSet) add(key ToolKey) {
	if s[key.Name] == nil {
		s[key.Name] = map[uint64]bool{}
	}
	s[key.Name][key.Call] = true
}

// has reports whether one of the set could be repeated by a call.
func (s toolSet) has(key ToolKey) bool {
	calls := s[key.Name]
	return calls[key.Call] || calls[0] || key.Call == 0 && len(calls) > 0
}

func compareKeys(a, b ToolKey) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Call, b.Call))
}

// wanted returns the stored tool spans that may lie below others.
func (p *Planner) wanted(above toolSet) map[pcommon.SpanID]bool {
	ids := map[pcommon.SpanID]bool{}
	for name, calls := range above {
		for call := range calls {
			p.t.eachTool(ToolKey{name, call}, func(tool Tool) {
				if !tool.Covered {
					ids[tool.ID] = true
				}
			})
		}
	}
	return ids
}

// newTools returns the tool calls that the batch brings.
func (p *Planner) newTools() map[ToolKey]bool {
	keys := map[ToolKey]bool{}
	for n := range p.nodes {
		if node := &p.nodes[n]; node.was == nil && node.Kind == mapping.KindTool {
			keys[ToolKey{toolHash(node.ToolName), toolHash(node.ToolCall)}] = true
		}
	}
	return keys
}

// toolLinks returns the spans of the batch that join stored tool spans to others above.
func (p *Planner) toolLinks() (links []int32) {
	for id, below := range p.t.awaited {
		if below&toolBelow != 0 {
			links = append(links, p.find(id))
		}
	}
	return links
}

// otherWay reports whether stored tool spans get another way up, or another tool on the
// way: what covers them covers them for the spans above it only.
func (p *Planner) otherWay() bool {
	for v := range p.vertices {
		at := &p.vertices[v]
		if at.total()&toolBelow != 0 && p.hasOtherParent(int32(v)) || at.below&toolBelow != 0 && p.hasOtherTool(int32(v)) {
			return true
		}
	}
	for _, pair := range p.linked {
		inner, outer := p.find(pair.inner), p.find(pair.outer)
		if at := &p.vertices[inner]; at.state&isStored != 0 &&
			(at.below&toolBelow != 0 || p.hasTool(inner, false) && p.hasTool(outer, true)) {
			return true
		}
	}
	return false
}

// hasOtherTool reports whether the batch makes a stored span a tool that its observations
// so far are not.
func (p *Planner) hasOtherTool(v int32) bool {
	at := &p.vertices[v]
	if at.state&(isNew|isStored) != isNew|isStored {
		return false
	}
	before := map[[2]string]bool{}
	for n := at.first; n != none; n = p.nodes[n].next {
		if node := &p.nodes[n]; node.was != nil && node.Kind == mapping.KindTool {
			before[[2]string{node.ToolName, node.ToolCall}] = true
		}
	}
	for n := at.first; n != none; n = p.nodes[n].next {
		if node := &p.nodes[n]; node.Kind == mapping.KindTool && !before[[2]string{node.ToolName, node.ToolCall}] {
			return true
		}
	}
	return false
}

// hasTool reports whether an observation of a vertex is a tool span with, or without, a
// call id.
func (p *Planner) hasTool(v int32, called bool) bool {
	for n := p.vertices[v].first; n != none; n = p.nodes[n].next {
		if p.nodes[n].Kind == mapping.KindTool && called == (p.nodes[n].ToolCall != "") {
			return true
		}
	}
	return false
}

// climbAll asks for all that is above some vertices and returns the tools there, and at
// the vertices themselves, that are counted yet.
func (p *Planner) climbAll(from []int32) toolSet {
	tools := toolSet{}
	seen := map[int32]bool{}
	todo := slices.Clone(from)
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[v] {
			continue
		}
		seen[v] = true
		at := &p.vertices[v]
		if !at.arrived() && p.unknown(at.id) {
			p.want = append(p.want, at.id)
		}
		for n := at.first; n != none; n = p.nodes[n].next {
			if p.nodes[n].Kind == mapping.KindTool && at.state&callRepeats == 0 {
				tools.add(ToolKey{toolHash(p.nodes[n].ToolName), toolHash(p.nodes[n].ToolCall)})
			}
		}
		for e := at.firstEdge; e != none; e = p.edges[e].next {
			todo = append(todo, p.edges[e].to)
		}
	}
	return tools
}

// mayRepeat reports whether a stored span could be one that a tool call repeats.
func (p *Planner) mayRepeat(key ToolKey) (may bool) {
	p.t.eachTool(key, func(tool Tool) { may = may || tool.Counted })
	return may
}
