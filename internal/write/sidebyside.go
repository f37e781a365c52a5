package write

import (
	"bytes"
	"context"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// callKey is what two tellings of one call have in common.
type callKey struct {
	trace    int32
	kind     mapping.Kind
	response string // or else
	input    int64
	output   int64
}

// callKeys returns the keys under which another telling of n may be found.
func callKeys(n *node) []callKey {
	var keys []callKey
	if n.response != "" {
		keys = append(keys, callKey{trace: n.trace, kind: n.kind, response: n.response})
	}
	if n.input.OK && n.output.OK {
		keys = append(keys, callKey{trace: n.trace, kind: n.kind, input: n.input.V, output: n.output.V})
	}
	return keys
}

// order tells which of two model spans is the outer in time; ok is false
// unless one's time lies wholly within the other's.
func order(a, b *node) (outer, inner *node, ok bool) {
	aAround := a.start <= b.start && b.end <= a.end
	bAround := b.start <= a.start && a.end <= b.end
	switch {
	case aAround && bAround: // equal times
		if bytes.Compare(a.span[:], b.span[:]) < 0 {
			return a, b, true
		}
		return b, a, true
	case aAround:
		return a, b, true
	case bAround:
		return b, a, true
	}
	return nil, nil, false
}

// pairUp finds the model spans, among nodes, that tell a call which another
// span tells side by side, and links them. Pairs of stored spans are linked
// already.
func (g *graph) pairUp(ctx context.Context, nodes []int32) ([]edge, error) {
	byKey := map[callKey][]int32{}
	linked := map[[2]int32]bool{}
	var edges []edge
	for _, i := range nodes {
		for _, key := range callKeys(&g.nodes[i]) {
			for _, j := range byKey[key] {
				pair := [2]int32{j, i}
				if linked[pair] || !g.afresh && g.nodes[i].stored && g.nodes[j].stored {
					continue
				}
				linked[pair] = true
				e, ok, err := g.link(ctx, i, j)
				if err != nil {
					return nil, err
				}
				if ok {
					edges = append(edges, e)
				}
			}
			byKey[key] = append(byKey[key], i)
		}
	}
	return edges, nil
}

// link makes the inner of two tellings of one call count as if it lay below
// the outer.
func (g *graph) link(ctx context.Context, i, j int32) (edge, bool, error) {
	a, b := g.nodes[i], g.nodes[j]
	if a.scope == b.scope || a.span == b.span {
		return edge{}, false, nil
	}
	outer, inner, ok := order(&a, &b)
	if !ok {
		return edge{}, false, nil
	}
	below, complete, err := g.isBelow(ctx, outer, inner.span)
	if err != nil || below {
		return edge{}, false, err
	}
	e := edge{trace: a.trace, inner: inner.span, outer: outer.span, settled: complete}
	g.addEdges([]edge{e})
	n := &g.nodes[g.index[spanRef{e.trace, e.inner}]]
	tools := n.tools
	g.queue = append(g.queue, news{spanRef{e.trace, e.outer}, n.own() | n.below, tools})
	return e, true, nil
}
