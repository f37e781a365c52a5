package write

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// node is a span of a trace as far as counting calls once goes: one of the
// batch, or one stored earlier that the batch touches.
type node struct {
	trace        int32 // index of the trace in the batch
	twin         int32 // next node with the same span id and another start; -1: none
	span, parent pcommon.SpanID
	kind         mapping.Kind
	reports      bool // usage
	tool         string
	scope        string
	response     string
	start, end   int64
	input        mapping.Int
	output       mapping.Int
	total        mapping.Int
	cost         decimal.NullDecimal

	below     marks
	toolBelow bool     // a span of the same tool lies below
	tools     []string // names of the tools below, as far as this batch tells
	outers    []pcommon.SpanID

	stored  bool
	changed bool
	// The flags a stored span had.
	wasBelow        marks
	wasCounted      mapping.Bool
	wasUsageCounted mapping.Bool
}

func (n *node) own() marks { return ownMarks(n.kind, n.reports) }

func (n *node) counted() mapping.Bool {
	if n.kind == mapping.KindTool {
		return mapping.Bool{V: !n.toolBelow, OK: true}
	}
	return countedFlag(n.kind, n.below)
}

func (n *node) usageCounted() mapping.Bool { return usageFlag(n.kind, n.reports, n.below) }

// spanRef names a span of a trace of the batch.
type spanRef struct {
	trace int32
	span  pcommon.SpanID
}

// news is what one span tells another above it.
type news struct {
	to    spanRef
	below marks
	tools []string
}

// awaited is what is known to lie below a span that has not arrived.
type awaited struct {
	below marks
	tools []string
}

// edge says that two model spans tell one call side by side.
type edge struct {
	trace        int32
	inner, outer pcommon.SpanID
	settled      bool
}

// storedSpans reads what earlier batches left. A trace that the batch creates is
// never asked for.
type storedSpans interface {
	// spans returns the stored spans with the given ids, and the side-by-side
	// edges that start at them.
	spans(ctx context.Context, refs []spanRef) ([]node, []edge, error)
}

// graph carries news of the batch's spans up to all their ancestors, so that
// each knows what lies below it.
type graph struct {
	store storedSpans
	known []bool // by trace: it was there before this batch
	nodes []node
	index map[spanRef]int32
	gone  map[spanRef]bool // asked for, and not there
	queue []news
	// blocked waits for spans that the store has to be asked for.
	blocked []news
	awaited map[spanRef]awaited
	afresh  bool // stored spans are counted anew too
}

// newGraph returns an empty graph with room for some nodes.
func newGraph(st storedSpans, known []bool, room int) graph {
	return graph{
		store: st, known: known, nodes: make([]node, 0, room),
		index: make(map[spanRef]int32, room), gone: map[spanRef]bool{}, awaited: map[spanRef]awaited{},
	}
}

// add puts n into the graph unless the same span is there already.
func (g *graph) add(n node) (at int32, isNew bool) {
	ref := spanRef{n.trace, n.span}
	n.twin = -1
	first, found := g.index[ref]
	if found {
		for i := first; i >= 0; i = g.nodes[i].twin {
			if g.nodes[i].start == n.start {
				return i, false
			}
		}
		n.twin = first
	}
	at = int32(len(g.nodes))
	g.nodes = append(g.nodes, n)
	g.index[ref] = at
	return at, true
}

// announce queues what a span of the batch tells its parent.
func (g *graph) announce(i int32) {
	n := &g.nodes[i]
	var tools []string
	if n.kind == mapping.KindTool && n.tool != "" {
		tools = []string{n.tool}
	}
	g.tellAbove(n, n.own(), tools)
}

// tellAbove queues news for the parent of n and for the calls told beside it.
func (g *graph) tellAbove(n *node, below marks, tools []string) {
	if below == 0 && len(tools) == 0 {
		return
	}
	if !n.parent.IsEmpty() && n.parent != n.span {
		g.queue = append(g.queue, news{spanRef{n.trace, n.parent}, below, tools})
	}
	for _, outer := range n.outers {
		g.queue = append(g.queue, news{spanRef{n.trace, outer}, below, tools})
	}
}

// run delivers all news, asking the store for ancestors as it meets them.
func (g *graph) run(ctx context.Context) error {
	for {
		for len(g.queue) > 0 {
			last := len(g.queue) - 1
			item := g.queue[last]
			g.queue = g.queue[:last]
			g.deliver(item)
		}
		if len(g.blocked) == 0 {
			return nil
		}
		refs := make([]spanRef, 0, len(g.blocked))
		for _, b := range g.blocked {
			refs = append(refs, b.to)
		}
		if err := g.fetch(ctx, refs); err != nil {
			return err
		}
		g.queue = append(g.queue, g.blocked...)
		g.blocked = g.blocked[:0]
	}
}

func (g *graph) deliver(item news) {
	i, found := g.index[item.to]
	switch {
	case found:
		for ; i >= 0; i = g.nodes[i].twin {
			g.hear(i, item.below, item.tools)
		}
	case g.known[item.to.trace] && !g.gone[item.to]:
		g.blocked = append(g.blocked, item)
	default:
		a := g.awaited[item.to]
		a.below |= item.below
		a.tools = union(a.tools, item.tools)
		g.awaited[item.to] = a
	}
}

// hear lets node i know what lies below it and passes on what is new.
func (g *graph) hear(i int32, below marks, tools []string) {
	n := &g.nodes[i]
	fresh := below &^ n.below
	var freshTools []string
	for _, t := range tools {
		if !slices.Contains(n.tools, t) {
			freshTools = append(freshTools, t)
		}
	}
	if fresh == 0 && freshTools == nil {
		return
	}
	n.below |= fresh
	n.tools = append(n.tools, freshTools...)
	n.changed = true
	if n.kind == mapping.KindTool && slices.Contains(freshTools, n.tool) {
		n.toolBelow = true
	}
	g.tellAbove(n, fresh, freshTools)
}

// fetch brings stored spans into the graph. What a batch's span with the same
// id but another start has heard, its twin hears too.
func (g *graph) fetch(ctx context.Context, refs []spanRef) error {
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	refs = slices.DeleteFunc(refs, func(r spanRef) bool {
		_, there := g.index[r]
		return there || g.gone[r] || !g.known[r.trace]
	})
	if len(refs) == 0 {
		return nil
	}
	nodes, edges, err := g.store.spans(ctx, refs)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		g.add(n)
	}
	g.addEdges(edges)
	for _, r := range refs {
		if _, there := g.index[r]; !there {
			g.gone[r] = true
		}
	}
	return nil
}

// addEdges notes calls told side by side that are stored already.
func (g *graph) addEdges(edges []edge) {
	for _, e := range edges {
		for i, ok := g.index[spanRef{e.trace, e.inner}]; ok && i >= 0; i = g.nodes[i].twin {
			if !slices.Contains(g.nodes[i].outers, e.outer) {
				g.nodes[i].outers = append(g.nodes[i].outers, e.outer)
			}
		}
	}
}

// isBelow tells whether span is a descendant of top, as far as the parents
// between have arrived, and whether all of them have.
func (g *graph) isBelow(ctx context.Context, span *node, top pcommon.SpanID) (below, complete bool, err error) {
	trace, parent := span.trace, span.parent
	seen := map[pcommon.SpanID]bool{span.span: true}
	for !parent.IsEmpty() && !seen[parent] {
		if parent == top {
			return true, true, nil
		}
		seen[parent] = true
		ref := spanRef{trace, parent}
		if err := g.fetch(ctx, []spanRef{ref}); err != nil {
			return false, false, err
		}
		i, found := g.index[ref]
		if !found {
			return false, false, nil
		}
		parent = g.nodes[i].parent
	}
	return false, true, nil
}

func compareRefs(a, b spanRef) int {
	if a.trace != b.trace {
		return int(a.trace - b.trace)
	}
	return slices.Compare(a.span[:], b.span[:])
}

// union adds the elements of b that a lacks.
func union[T comparable](a, b []T) []T {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
