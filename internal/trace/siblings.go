package trace

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// sameCall reports whether two spans of different scopes, the time of one within that
// of the other, are one call (docs/counting.md, "Side by side").
func sameCall(a, b *Span) bool {
	if a.Kind != b.Kind || a.Scope == b.Scope || a.ID == b.ID || a.Event || b.Event {
		return false
	}
	if a.Kind == mapping.KindTool {
		return a.ToolName != "" && a.ToolName == b.ToolName && sameToolCall(a, b)
	}
	return a.Kind.IsModel() && sameModelCall(a, b)
}

func sameToolCall(a, b *Span) bool {
	if a.ToolCall != "" && b.ToolCall != "" {
		return a.ToolCall == b.ToolCall
	}
	return a.ToolArguments != [16]byte{} && a.ToolArguments == b.ToolArguments
}

func sameModelCall(a, b *Span) bool {
	if a.ResponseID != "" && a.ResponseID == b.ResponseID {
		return true
	}
	if a.Input.OK && a.Output.OK && a.Input == b.Input && a.Output == b.Output {
		return true
	}
	if !a.Models.agree(&b.Models) {
		return false
	}
	unknown := [16]byte{}
	sameInput := a.LastInput != unknown && a.LastInput == b.LastInput
	if a.FirstOutput != unknown && a.FirstOutput == b.FirstOutput &&
		(sameInput || a.LastInput == unknown || b.LastInput == unknown) {
		return true
	}
	if sameInput && (a.FirstOutput == unknown || b.FirstOutput == unknown) {
		return true
	}
	if !a.Models.named() || !b.Models.named() {
		return false
	}
	return a.Failed && b.Failed || a.Output.OK && a.Output == b.Output && (a.lacksInput() || b.lacksInput())
}

func (s *Span) lacksInput() bool { return s.Input.V == 0 }

// compareTime orders spans so that the outer of two comes first.
func compareTime(a, b *Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), bytes.Compare(a.ID[:], b.ID[:]))
}

// The keys of a span are such that of two spans of one call each is listed under a
// key that the other looks under. A key is a hash: sameCall decides.

// listed appends the keys under which s is found.
func (s *Span) listed(keys []uint64) []uint64 {
	h := keyHash{kind: s.Kind}
	unknown := [16]byte{}
	if s.Kind == mapping.KindTool {
		if s.ToolName != "" && s.ToolCall != "" {
			keys = append(keys, h.text('t', s.ToolName, s.ToolCall))
		}
		if s.ToolName != "" && s.ToolArguments != unknown {
			keys = append(keys, h.text(has('a', s.ToolCall != ""), s.ToolName, string(s.ToolArguments[:])))
		}
		return keys
	}
	keys = s.exactKeys(keys, h)
	if s.FirstOutput != unknown {
		keys = append(keys, h.ids('c', s.FirstOutput, s.LastInput), h.ids('C', s.FirstOutput, unknown))
	}
	if s.LastInput != unknown {
		keys = append(keys, h.ids(has('d', s.FirstOutput != unknown), s.LastInput, unknown))
	}
	if s.Output.OK && s.Models.named() {
		keys = append(keys, h.numbers(has('f', !s.lacksInput()), s.Output.V, 0))
	}
	return keys
}

// lookedUp appends the keys under which other observations of the call of s are found.
func (s *Span) lookedUp(keys []uint64) []uint64 {
	h := keyHash{kind: s.Kind}
	unknown := [16]byte{}
	if s.Kind == mapping.KindTool {
		if s.ToolName != "" && s.ToolCall != "" {
			keys = append(keys, h.text('t', s.ToolName, s.ToolCall))
		}
		if s.ToolName != "" && s.ToolArguments != unknown {
			keys = append(keys, h.text('a', s.ToolName, string(s.ToolArguments[:])))
			if s.ToolCall == "" {
				keys = append(keys, h.text('A', s.ToolName, string(s.ToolArguments[:])))
			}
		}
		return keys
	}
	keys = s.exactKeys(keys, h)
	switch {
	case s.FirstOutput == unknown:
	case s.LastInput == unknown:
		keys = append(keys, h.ids('C', s.FirstOutput, unknown))
	default:
		keys = append(keys, h.ids('c', s.FirstOutput, s.LastInput), h.ids('c', s.FirstOutput, unknown))
	}
	if s.LastInput != unknown {
		keys = append(keys, h.ids('d', s.LastInput, unknown))
		if s.FirstOutput == unknown {
			keys = append(keys, h.ids('D', s.LastInput, unknown))
		}
	}
	if s.Output.OK && s.Models.named() {
		keys = append(keys, h.numbers('f', s.Output.V, 0))
		if s.lacksInput() {
			keys = append(keys, h.numbers('F', s.Output.V, 0))
		}
	}
	return keys
}

// exactKeys appends the keys that spans of one call have in common.
func (s *Span) exactKeys(keys []uint64, h keyHash) []uint64 {
	if s.ResponseID != "" {
		keys = append(keys, h.text('r', s.ResponseID, ""))
	}
	if s.Input.OK && s.Output.OK {
		keys = append(keys, h.numbers('b', s.Input.V, s.Output.V))
	}
	if s.Failed && s.Models.named() {
		keys = append(keys, h.numbers('e', 0, 0))
	}
	return keys
}

// has returns the tag of a key, in upper case if what may be absent is there.
func has(tag byte, there bool) byte {
	if there {
		return tag - 'a' + 'A'
	}
	return tag
}

// keyHash makes keys of one kind of span. Keys are stored: they must not change.
type keyHash struct{ kind mapping.Kind }

// The hash is FNV-1a of 64 bits; that of hash/fnv wants its values in memory of their own.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func hashed[T string | []byte](h uint64, value T) uint64 {
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * fnvPrime
	}
	return h
}

func (h keyHash) bytes(tag byte, value []byte) uint64 { return hashed(h.begin(tag), value) }

func (h keyHash) begin(tag byte) uint64 {
	const offset uint64 = fnvOffset
	return ((offset^uint64(h.kind))*fnvPrime ^ uint64(tag)) * fnvPrime
}

// text hashes texts with a zero byte between each two.
func (h keyHash) text(tag byte, first string, others ...string) uint64 {
	sum := hashed(h.begin(tag), first)
	for _, text := range others {
		sum = hashed(sum*fnvPrime, text)
	}
	return sum
}

func (h keyHash) ids(tag byte, a, b [16]byte) uint64 {
	return h.bytes(tag, append(a[:], b[:]...))
}

func (h keyHash) numbers(tag byte, a, b int64) uint64 {
	sum := h.begin(tag)
	for _, n := range [...]int64{a, b} {
		for shift := 56; shift >= 0; shift -= 8 {
			sum = (sum ^ uint64(byte(n>>shift))) * fnvPrime
		}
	}
	return sum
}

// class is the spans listed under one key, outer ones first. A tree over them finds
// those around a given time that still lack something: inner vertices hold what a
// range of spans has at most, so that the search enters few ranges in vain.
type class struct {
	members []int32 // in graph.nodes
	size    int     // of the tree: its leaves start there
	tree    []extent
}

// extent sums up a range of a class's members.
type extent struct {
	lastEnd int64 // of all
	// Of those that lack anything:
	end   int64
	lacks lack
	scope string // of all, unless they differ
	mixed bool
}

// lack is what an outer span may still learn from an inner one.
type lack uint32

const (
	lacksMarks     lack = 1<<15 - 1
	lacksRepeat    lack = 1 << 15 // a tool span that nothing repeats
	lacksAnonymous lack = 1 << 16 // a tool span with a call id, and none without one beside it
)

// linear is the size up to which a class is searched without a tree.
const linear = 12

// pairing finds calls side by side among the spans of a graph.
type pairing struct {
	*graph
	calls    []int32 // in graph.nodes, outer ones first
	classes  map[uint64]*class
	places   map[int32][]place // by vertex: where its observations stand in trees
	linked   func(inner, outer int32)
	keys     []uint64
	covering bool // inner spans learn from outer ones, see cover.go
}

type place struct {
	class *class
	at    int
}

func newPairing(g *graph, covering bool, linked func(inner, outer int32)) *pairing {
	p := &pairing{graph: g, covering: covering, classes: map[uint64]*class{}, places: map[int32][]place{}, linked: linked}
	var calls []int32
	for n := range g.nodes {
		if g.nodes[n].mayLieBeside() {
			calls = append(calls, int32(n))
		}
	}
	slices.SortFunc(calls, func(a, b int32) int { return compareTime(g.nodes[a].Span, g.nodes[b].Span) })
	for _, n := range calls {
		p.keys = g.nodes[n].listed(p.keys[:0])
		for _, key := range p.keys {
			c := p.classes[key]
			if c == nil {
				c = &class{}
				p.classes[key] = c
			}
			c.members = append(c.members, n)
		}
	}
	for _, c := range p.classes {
		if len(c.members) > linear {
			p.plant(c)
		}
	}
	p.calls = calls
	return p
}

// run links all calls that are side by side and spreads what follows from that.
func (p *pairing) run() {
	p.grown = p.update
	for _, n := range p.calls {
		p.pushCall(n)
	}
	p.spread(p.push)
	p.grown = nil
}

// plant makes a class's tree.
func (p *pairing) plant(c *class) {
	c.size = 1
	for c.size < len(c.members) {
		c.size *= 2
	}
	c.tree = make([]extent, 2*c.size)
	for i := range c.size {
		leaf := &c.tree[c.size+i]
		if i >= len(c.members) {
			leaf.lastEnd = math.MinInt64
			continue
		}
		n := c.members[i]
		*leaf = extent{lastEnd: p.nodes[n].End, end: p.nodes[n].End, lacks: p.lacks(n), scope: p.nodes[n].Scope}
		v := p.nodes[n].vertex
		p.places[v] = append(p.places[v], place{c, i})
	}
	for i := c.size - 1; i > 0; i-- {
		c.join(i)
	}
}

// join sets an inner vertex of the tree from the two below it.
func (c *class) join(i int) {
	a, b := &c.tree[2*i], &c.tree[2*i+1]
	at := &c.tree[i]
	switch {
	case b.lacks == 0:
		*at = *a
	case a.lacks == 0:
		*at = *b
	default:
		*at = extent{end: max(a.end, b.end), lacks: a.lacks | b.lacks, scope: a.scope, mixed: a.mixed || b.mixed || a.scope != b.scope}
	}
	at.lastEnd = max(a.lastEnd, b.lastEnd)
}

// lacks returns what a node may still learn.
func (p *pairing) lacks(n int32) lack {
	node := &p.nodes[n]
	at := &p.vertices[node.vertex]
	if p.covering {
		return lack(at.passes())
	}
	lacks := lack(^at.below) & lacksMarks
	if node.Kind == mapping.KindTool {
		if at.state&callRepeats == 0 {
			lacks |= lacksRepeat
		}
		if node.ToolCall != "" && at.state&anonymousSibling == 0 {
			lacks |= lacksAnonymous
		}
	}
	return lacks
}

// supplies returns what outer spans learn from a node. With every, each of them has to
// be linked: what tools lie below it is told apart by more than marks, which makes a
// difference where tools are nested.
func (p *pairing) supplies(n int32) (supplied lack, every bool) {
	node := &p.nodes[n]
	at := &p.vertices[node.vertex]
	if p.covering {
		return lack(tokenKinds(at.total()) &^ at.covered), false
	}
	supplied = lack(at.total())
	if node.Kind == mapping.KindTool {
		supplied = lack(p.passed(node.vertex, at.observations == 1)) | lacksRepeat
		if node.ToolCall == "" {
			supplied |= lacksAnonymous
		}
	}
	return supplied, p.nested && (at.below&toolBelow != 0 || at.state&isSeveral != 0)
}

// update brings the trees up to date with what a vertex lacks.
func (p *pairing) update(v int32) {
	for _, pl := range p.places[v] {
		i := pl.class.size + pl.at
		lacks := p.lacks(pl.class.members[pl.at])
		if pl.class.tree[i].lacks == lacks {
			continue
		}
		pl.class.tree[i].lacks = lacks
		for i /= 2; i > 0; i /= 2 {
			pl.class.join(i)
		}
	}
}

// push links the observations of a vertex, as inner ones, with the outer ones that
// learn something from them; the others know it from elsewhere.
func (p *pairing) push(v int32) {
	for n := p.vertices[v].first; n != none; n = p.nodes[n].next {
		if p.nodes[n].mayLieBeside() {
			p.pushCall(n)
		}
	}
}

func (p *pairing) pushCall(n int32) {
	p.keys = p.nodes[n].lookedUp(p.keys[:0])
	for _, key := range p.keys {
		if c := p.classes[key]; c != nil {
			p.pushClass(c, n)
		}
	}
}

func (p *pairing) pushClass(c *class, n int32) {
	if c.tree == nil {
		for _, m := range c.members {
			if supplied, every := p.supplies(n); every || p.lacks(m)&supplied != 0 {
				p.try(n, m)
			}
		}
		return
	}
	inner := p.nodes[n].Span
	before, _ := slices.BinarySearchFunc(c.members, inner, func(m int32, s *Span) int { return compareTime(p.nodes[m].Span, s) })
	supplied, every := p.supplies(n)
	s := &search{n: n, before: before, supplied: supplied}
	if every {
		s.every = closest
	}
	p.search(c, 1, 0, c.size, s)
}

// search looks for outer spans of node n among the members before a place.
type search struct {
	n        int32
	before   int
	supplied lack
	every    int // how many are tried although they lack nothing
}

// search tries all members in the range of tree vertex i that may be found.
func (p *pairing) search(c *class, i, from, size int, s *search) {
	at := &c.tree[i]
	inner := p.nodes[s.n].Span
	if from >= s.before || at.lastEnd < inner.End {
		return
	}
	if s.every == 0 && (at.lacks&s.supplied == 0 || at.end < inner.End || !at.mixed && at.scope == inner.Scope) {
		return
	}
	if size == 1 {
		p.try(s.n, c.members[from])
		s.every = max(s.every-1, 0)
		return
	}
	p.search(c, 2*i+1, from+size/2, size/2, s) // those that begin last first, which lie below others
	p.search(c, 2*i, from, size/2, s)
}

// try links an inner and an outer span if they are one call and the outer one does
// not lie below the inner one by parents.
func (p *pairing) try(n, m int32) {
	if !p.step() {
		return
	}
	inner, outer := &p.nodes[n], &p.nodes[m]
	if outer.Start > inner.Start || outer.End < inner.End || compareTime(outer.Span, inner.Span) >= 0 || !sameCall(inner.Span, outer.Span) {
		return
	}
	if outer.own()&^p.vertices[inner.vertex].below == 0 {
		if found, _, unknown := p.above(outer.vertex, inner.vertex); found || unknown || p.steps < 0 {
			return
		}
	}
	if p.covering {
		if p.cover(inner.vertex, p.vertices[outer.vertex].passes()) && p.connect(inner.vertex, outer.vertex, false) {
			p.linked(inner.vertex, outer.vertex)
		}
		return
	}
	if outer.Kind == mapping.KindTool {
		p.vertices[outer.vertex].state |= callRepeats
		if inner.ToolCall == "" {
			p.vertices[outer.vertex].state |= anonymousSibling
		}
		p.update(outer.vertex)
	}
	covered := inner.Kind == mapping.KindTool && p.vertices[inner.vertex].observations == 1 && covers(outer.ToolCall, inner.ToolCall)
	if p.connect(inner.vertex, outer.vertex, false) {
		p.edges[len(p.edges)-1].covered = covered
		p.linked(inner.vertex, outer.vertex)
	}
	p.deliver(outer.vertex, p.passed(inner.vertex, covered))
}
