package trace

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"

// Some traces ask for work that grows with their square or cube (package documentation: "What
// grows with the trace"). Nobody's batches may wait for these. So the work on a trace has
// bounds, which are far beyond what any program has been seen to need. Where one is reached
// the rest is left out, and calls of the trace may count twice; Result.Crowded says so, but for
// closest, which only misses what neither the closest nor those around them know.
const (
	// LargeTrace is how many stored spans of a trace are read for a batch. A larger trace is
	// not counted anew.
	LargeTrace = 1 << 16
	// stepsPerSpan bounds how often pairs are compared, tools looked up and several ways to
	// ancestors walked; minSteps does so in small traces.
	stepsPerSpan, minSteps = 64, 1 << 20
	// closest is how many outer calls an inner one with tools below is linked with in tries
	// under one key, and the reverse. What these lie below the call lies below too.
	closest = 8
)

// maxEntries bounds the tags and the models of a trace's row, as those of a span's: of more, the first in their order
// stay, so that the row does not depend on the order of the spans. Programs that give each span a tag of its own would
// make the row grow with the trace, and each batch write all of the row again; 400,000 tags in one batch took 68 s.
// recount.sql has the number, too, which TestRecountBoundsSets compares.
const maxEntries = dialect.MaxEntries

// step takes one of the steps that are left, and reports whether there was one.
func (g *graph) step() bool {
	g.steps--
	return g.steps >= 0
}

// bound sets how many steps there are.
func (g *graph) bound() { g.steps = minSteps + stepsPerSpan*(len(g.vertices)+len(g.edges)) }

// countAnew asks for the whole trace, unless the trace is too large.
func (p *Planner) countAnew() *Ask {
	if p.t.stored.Spans > LargeTrace {
		p.t.crowded = true
		return nil
	}
	return &Ask{Whole: true}
}

// full reports whether no more of a trace is read than is known.
func (t *Trace) full() bool {
	if len(t.known) > LargeTrace && !t.whole {
		t.crowded = true
		return true
	}
	return false
}
