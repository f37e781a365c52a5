package trace

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Result is what changes.
type Result struct {
	// Spans are the flags of the batch's spans, as Begin got them. A duplicate is stored
	// already, or stands earlier in the batch.
	Spans     []Flags
	Duplicate []bool
	// Changed are stored spans and their new flags.
	Changed []Change
	// Failing are stored spans that get the error of an event.
	Failing []Ref
	// Row is the new row of llm_traces; nil if nothing changes.
	Row *Rollup
	// Hours are times in the hours whose usage changes beside those of the spans above.
	Hours []int64

	// Crowded tells that the trace asked for more than is done, see bounds.go.
	Crowded bool

	// Observed tells, of a trace that was counted anew, that it has a span, or an event that
	// counts.
	Observed bool

	// Reset tells that the rows of the llm_internal tables of this trace go before those
	// below are stored.
	Reset        bool
	Arrived      []pcommon.SpanID // rows of llm_internal_awaited_spans to remove
	Awaited      []Awaited        // marks to add to rows of llm_internal_awaited_spans; Row has others
	Pairs        []Pair
	Calls        []Call
	Tools        []Tool // to store
	RemovedTools []Tool // that need not be looked for any more
	// Rows of llm_internal_nested_tools that await these spans await none from now on, but for
	// those in Tools.
	Reached []pcommon.SpanID
}

// Change gives a stored span other flags.
type Change struct {
	ID    pcommon.SpanID
	Start int64
	Flags
}

// Awaited says what lies below a span that has not arrived.
type Awaited struct {
	ID    pcommon.SpanID
	Below Marks
}

func cmpIDs(a, b, c, d pcommon.SpanID) int {
	return cmp.Or(bytes.Compare(a[:], b[:]), bytes.Compare(c[:], d[:]))
}

// flags returns the flags of a node. Observations of one span id repeat what any of
// them repeats.
func (p *Planner) flags(n int32) Flags {
	node := &p.nodes[n]
	at := &p.vertices[node.vertex]
	f := Flags{Below: at.below, Passes: at.passes(), IsCall: !node.Kind.IsModel() && tokenKinds(at.own) != 0}
	if at.state&isSummed == 0 {
		p.sum(at)
	}
	if node.isCall() {
		f.Counted = mapping.Bool{V: at.state&callRepeats == 0, OK: true}
	}
	if !node.reports() {
		return f
	}
	f.UsageCounted.OK, f.CostCounted.OK = true, true
	switch {
	case node.Kind.IsModel():
		f.UsageCounted.V, f.CostCounted.V = at.state&tokensRepeat == 0, at.state&costRepeats == 0
		f.EstimateCounted.OK = node.reportsTokens()
		f.EstimateCounted.V = node.estimated(f)&^(at.covered|at.priced) != 0
	case isGroup(node.Kind):
		f.UsageCounted.V = at.below&anyTokens == 0 && at.state&sumTokensRepeat == 0
		f.CostCounted.V = at.below&anyCost == 0 && at.state&sumCostRepeats == 0
	default:
		return f
	}
	return f
}

// sum takes together what the observations of a vertex repeat.
func (p *Planner) sum(at *vertex) {
	at.state |= isSummed
	for n := at.first; n != none; n = p.nodes[n].next {
		s := p.nodes[n].Span
		if !s.Kind.IsModel() {
			continue
		}
		if s.repeats(at.below) {
			at.state |= callRepeats
		}
		if s.tokensRepeat(at.below) {
			at.state |= tokensRepeat
		}
		if s.costRepeats(at.below) {
			at.state |= costRepeats
		}
	}
}

// cleared returns a slice of n zero values, in the memory of s if that is enough.
func cleared[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, 2*n)
	}
	s = s[:n]
	clear(s)
	return s
}

// result takes down what the graph says.
func (p *Planner) result() *Result {
	t := p.t
	r := &p.out
	*r = Result{Spans: cleared(r.Spans, len(t.spans)), Duplicate: p.duplicate, Reset: t.whole, Crowded: t.crowded || p.steps < 0}
	if t.whole {
		r.Row = p.takeWhole(r)
	} else {
		r.Row = p.take(r)
	}
	if r.Row == nil {
		return r
	}
	p.takeAwaited(r)
	r.Pairs = p.pairs
	if len(r.Pairs) > 0 {
		p.after |= paired
	}
	if t.whole {
		p.after &^= paired | registered
		if len(r.Pairs) > 0 {
			p.after |= paired
		}
		if r.Row.mixed() || p.after&nested != 0 {
			p.after |= registered
		}
	}
	if p.after&registered != 0 {
		p.register(r)
	}
	r.Hours = p.otherHours(r)
	r.Row.state = p.after | current
	if p.unsure {
		r.Row.state &^= current
	}
	return r
}

// take returns the trace's row with the batch's spans added and what changes on stored
// ones.
func (p *Planner) take(r *Result) *Rollup {
	p.eachNew(func(i int, n int32) {
		r.Spans[i] = p.flags(n)
		p.noteRepeated(p.nodes[n].Span, r.Spans[i])
		p.batch.count(p.nodes[n].Span, r.Spans[i], 1)
	})
	p.takeFailing(r)
	for n := range p.nodes {
		node := &p.nodes[n]
		if node.was == nil {
			continue
		}
		now := p.flags(int32(n))
		p.noteRepeated(node.Span, now)
		if now == *node.was {
			continue
		}
		p.vertices[node.vertex].state |= isAltered
		p.batch.count(node.Span, *node.was, -1)
		p.batch.count(node.Span, now, 1)
		r.Changed = append(r.Changed, Change{node.ID, node.Start, now})
	}
	sortChanges(r.Changed)
	if p.t.stored == nil {
		return p.batch
	}
	if p.batch.Spans == 0 && len(r.Changed)+len(r.Failing) == 0 {
		return nil
	}
	row := p.t.stored.clone()
	row.merge(p.batch)
	return row
}

// takeFailing notes the stored spans that get the error of an event. Those that count are
// errors from now on.
func (p *Planner) takeFailing(r *Result) {
	for _, n := range p.failing {
		node := &p.nodes[n]
		r.Failing = append(r.Failing, Ref{node.ID, node.Start})
		if !p.t.whole && node.was.Counted.V {
			p.batch.Errors++
		}
	}
}

// takeWhole returns the trace's row made anew from all spans, and what has to change
// on stored ones.
func (p *Planner) takeWhole(r *Result) *Rollup {
	p.after &^= repeated
	p.takeFailing(r)
	p.eachNew(func(i int, n int32) {
		r.Spans[i] = p.flags(n)
		p.noteRepeated(p.nodes[n].Span, r.Spans[i])
		p.batch.count(p.nodes[n].Span, r.Spans[i], 1)
	})
	row := p.batch
	for n := range p.nodes {
		node := &p.nodes[n]
		r.Observed = r.Observed || !node.Event || p.flags(int32(n)).Counted.V
		if node.was == nil {
			continue
		}
		now := p.flags(int32(n))
		p.noteRepeated(node.Span, now)
		row.addSpan(node.Span)
		row.count(node.Span, now, 1)
		if now != *node.was {
			r.Changed = append(r.Changed, Change{node.ID, node.Start, now})
		}
	}
	sortChanges(r.Changed)
	// What another program wrote stays where no span says it; what events said that leave goes with them.
	old, left := p.t.stored, p.t.left
	if left == nil {
		left = &Rollup{}
	}
	for _, tag := range old.Tags {
		if !slices.Contains(left.Tags, tag) {
			row.Tags = insert(row.Tags, tag)
		}
	}
	for _, m := range old.Models {
		if !slices.Contains(left.Models, m) {
			row.Models = insert(row.Models, m)
		}
	}
	row.foreign = foreign{root: old.RootID(), status: old.Status(), labels: old.Labels()}
	for f := range row.foreign.fields {
		if v := old.Field(f); v != left.Field(f) {
			row.foreign.fields[f] = v
		}
	}
	return row
}

func (p *Planner) eachNew(f func(i int, n int32)) {
	n := int32(len(p.t.known))
	for i := range p.t.spans {
		if !p.duplicate[i] {
			f(i, n)
			n++
		}
	}
}

func sortChanges(changes []Change) {
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Start, b.Start))
	})
}

// takeAwaited collects what lies below spans that have not arrived.
func (p *Planner) takeAwaited(r *Result) {
	for v := range p.vertices {
		if at := &p.vertices[v]; !at.arrived() && at.below != 0 && at.state&isChanged != 0 {
			r.Awaited = append(r.Awaited, Awaited{at.id, at.below})
		}
	}
	slices.SortFunc(r.Awaited, func(a, b Awaited) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if !p.t.whole {
		p.takeArrived(r)
	}
	r.Awaited = r.Row.await(r.Awaited)
}

// takeArrived collects the spans that were awaited and came.
func (p *Planner) takeArrived(r *Result) {
	for id := range p.t.awaited {
		if p.t.inRow(id) {
			r.Row.awaited = Awaited{}
		}
		if p.t.inTable[id] {
			r.Arrived = append(r.Arrived, id)
		}
	}
	slices.SortFunc(r.Arrived, func(a, b pcommon.SpanID) int { return bytes.Compare(a[:], b[:]) })
	if p.after&nested != 0 {
		r.Reached = slices.SortedFunc(maps.Keys(p.t.awaited), func(a, b pcommon.SpanID) int { return bytes.Compare(a[:], b[:]) })
	}
}

// await keeps what lies below one span that has not arrived, and returns what the row has no place for.
func (r *Rollup) await(awaited []Awaited) (left []Awaited) {
	for _, a := range awaited {
		switch {
		case !r.awaits():
			r.awaited = a
		case r.awaited.ID == a.ID:
			r.awaited.Below |= a.Below
		default:
			left = append(left, a)
		}
	}
	return left
}

// register collects the rows by which later batches find the calls, and the tools that
// changed.
func (p *Planner) register(r *Result) {
	before, done := map[toolID]Tool{}, map[toolID]bool{}
	for _, calls := range p.t.tools {
		for _, tools := range calls {
			for _, tool := range tools {
				before[tool.id()] = tool
			}
		}
	}
	for n := range p.nodes {
		node := &p.nodes[n]
		if !node.isCall() {
			continue
		}
		if !node.Event && (p.t.whole || node.was == nil || p.changesTraits(int32(n))) {
			r.Calls = append(r.Calls, Call{
				ID: node.ID, Start: node.Start, End: node.End, Keys: node.listed(nil),
				Scope: scopeHash(node.Scope), Traits: p.traits(int32(n)),
			})
		}
		if node.Kind != mapping.KindTool {
			continue
		}
		tool := Tool{
			ID: node.ID, Name: toolHash(node.ToolName), Call: toolHash(node.ToolCall),
			Counted: p.vertices[node.vertex].state&callRepeats == 0, Covered: p.covered[int32(n)], Awaits: p.awaits[int32(n)],
		}
		if done[tool.id()] {
			continue // another observation of the span
		}
		done[tool.id()] = true
		was, stored := before[tool.id()]
		if !stored && !p.t.whole && node.was != nil && (tool.Counted || !node.was.Counted.V) {
			continue // the row, if there is one, stays as it is
		}
		tool.Covered = tool.Covered || was.Covered
		if _, reached := p.t.awaited[was.Awaits]; stored && tool.Awaits.IsEmpty() && !reached {
			tool.Awaits = was.Awaits
		}
		switch {
		case stored && tool == was:
		case !tool.settled():
			r.Tools = append(r.Tools, tool)
		case node.was != nil && !p.t.whole:
			r.RemovedTools = append(r.RemovedTools, tool)
		}
	}
}

// changesTraits reports whether the Traits of a stored call changes.
func (p *Planner) changesTraits(n int32) bool {
	return p.vertices[p.nodes[n].vertex].state&(isNew|isAltered) != 0
}

type toolID struct {
	id         pcommon.SpanID
	name, call uint64
}

func (t *Tool) id() toolID { return toolID{t.ID, t.Name, t.Call} }
