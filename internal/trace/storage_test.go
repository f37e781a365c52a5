package trace

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// storage holds what the tables hold of one trace.
type storage struct {
	planner Planner
	spans   map[pcommon.SpanID][]Stored
	below   map[pcommon.SpanID]map[pcommon.SpanID]bool // children by parent
	awaited map[pcommon.SpanID]Marks
	pairs   map[pairKey]Pair
	byInner map[pcommon.SpanID][]pairKey
	calls   map[observation]Call
	tools   map[toolID]Tool
	names   map[uint64]map[uint64]map[toolID]bool
	// Tools by the span that they await.
	awaiting map[pcommon.SpanID]map[toolID]bool
	events   map[pcommon.SpanID][]EventPair // by the inner one
	row      *Rollup                        // as it is read
	written  *Rollup

	asks, read int           // how often something was asked, and the rows of spans, pairs and tools read
	wholes     int           // how often all spans were asked for
	narrow     int           // rows of llm_internal_call_keys read
	changes    int           // rows changed, those of the batch apart
	took       time.Duration // by the planner
	weighs     bool          // what the planner allocates is counted
	allocated  uint64        // bytes
}

func newStorage() *storage {
	return &storage{
		spans: map[pcommon.SpanID][]Stored{}, below: map[pcommon.SpanID]map[pcommon.SpanID]bool{}, awaited: map[pcommon.SpanID]Marks{}, pairs: map[pairKey]Pair{},
		tools: map[toolID]Tool{}, calls: map[observation]Call{}, byInner: map[pcommon.SpanID][]pairKey{}, names: map[uint64]map[uint64]map[toolID]bool{},
		awaiting: map[pcommon.SpanID]map[toolID]bool{}, events: map[pcommon.SpanID][]EventPair{},
	}
}

// store counts a batch, with pairs of which one is an event, and stores what comes of it.
func (s *storage) store(t testing.TB, batch []Span, pairs ...EventPair) {
	trace := begin(batch, s.row)
	trace.KnowEvents(pairs...)
	for range 100 {
		var before uint64
		if s.weighs {
			before = allocated()
		}
		begin := time.Now()
		ask, result := s.planner.Plan(trace)
		s.took += time.Since(begin)
		if s.weighs {
			s.allocated += allocated() - before
		}
		if ask == nil {
			s.apply(t, batch, result)
			for _, p := range pairs {
				s.events[p.Inner] = append(s.events[p.Inner], p)
			}
			return
		}
		s.asks++
		s.answer(trace, ask)
	}
	require.Fail(t, "asks without end")
}

func (s *storage) answer(t *Trace, ask *Ask) {
	t.Answer(ask)
	if ask.Whole {
		s.wholes++
		for _, spans := range s.spans {
			s.know(t, spans)
		}
		for _, pairs := range s.events {
			t.KnowEvents(pairs...)
		}
		return
	}
	for _, r := range ask.Arrived {
		s.knowExactly(t, r)
		if below, ok := s.awaited[r.ID]; ok {
			t.KnowAwaited(r.ID, below)
		}
		for _, p := range s.pairs {
			if p.Awaits == r.ID {
				s.read++
				t.KnowPairs(p)
			}
		}
	}
	for _, id := range ask.Pairs {
		for _, key := range s.byInner[id] {
			s.read++
			t.KnowPairs(s.pairs[key])
		}
	}
	ids := ask.Spans
	seen := map[pcommon.SpanID]bool{}
	for range ask.Above + 1 {
		var above []pcommon.SpanID
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			spans := s.spans[id][:min(len(s.spans[id]), MostObservations)]
			s.know(t, spans)
			for _, stored := range spans {
				above = append(above, stored.Parent)
			}
		}
		ids = above
	}
	for _, id := range ask.Observations {
		s.know(t, s.spans[id])
	}
	for _, r := range ask.Exact {
		s.knowExactly(t, r)
	}
	for _, id := range ask.Events {
		s.read += len(s.events[id])
		t.KnowEvents(s.events[id]...)
	}
	s.answerBelow(t, ask)
	for _, key := range ask.Tools {
		s.answerTools(t, key, false)
	}
	for _, key := range ask.Counted {
		s.answerTools(t, key, true)
	}
	for _, id := range ask.Awaiting {
		for tool := range s.awaiting[id] {
			s.read++
			t.KnowTools(s.tools[tool])
		}
	}
	if ask.Calls != nil {
		s.answerCalls(t, ask.Calls)
	}
}

// answerBelow finds children as the index llm_spans_below has them.
func (s *storage) answerBelow(t *Trace, ask *Ask) {
	ids := ask.Below
	seen := map[pcommon.SpanID]bool{}
	for range ask.Levels {
		var below []pcommon.SpanID
		for _, id := range ids {
			for child := range s.below[id] {
				listed := slices.ContainsFunc(s.spans[child], func(c Stored) bool { return c.Parent == id && (c.Kind.IsModel() || c.Column() != 0) })
				if listed && !seen[child] {
					seen[child] = true
					s.know(t, s.spans[child][:min(len(s.spans[child]), MostObservations)])
					below = append(below, child)
				}
			}
		}
		ids = below
	}
}

func (s *storage) answerTools(t *Trace, key ToolKey, counted bool) {
	for call, ids := range s.names[key.Name] {
		if key.Call != 0 && call != 0 && call != key.Call {
			continue
		}
		for id := range ids {
			if tool := s.tools[id]; counted && tool.Counted || !counted && !tool.Covered && tool.Awaits.IsEmpty() {
				s.read++
				t.KnowTools(tool)
				if counted {
					break
				}
			}
		}
	}
}

func (s *storage) answerCalls(t *Trace, q *CallQuery) {
	for _, c := range s.calls {
		if c.Start > q.To || c.End < q.From || !slices.ContainsFunc(c.Keys, func(k uint64) bool { _, found := slices.BinarySearch(q.Keys, k); return found }) {
			continue
		}
		s.narrow++
		t.KnowCalls(c)
	}
}

func (s *storage) knowExactly(t *Trace, r Ref) {
	for _, stored := range s.spans[r.ID] {
		if stored.Start == r.Start {
			s.know(t, []Stored{stored})
		}
	}
}

func (s *storage) know(t *Trace, spans []Stored) {
	s.read += len(spans)
	t.KnowSpans(spans...)
}

func (s *storage) apply(t testing.TB, batch []Span, r *Result) {
	for i := range batch {
		if !r.Duplicate[i] {
			s.spans[batch[i].ID] = append(s.spans[batch[i].ID], Stored{batch[i], storedFlags(r.Spans[i])})
			if s.below[batch[i].Parent] == nil {
				s.below[batch[i].Parent] = map[pcommon.SpanID]bool{}
			}
			s.below[batch[i].Parent][batch[i].ID] = true
		}
	}
	if r.Row == nil {
		return
	}
	if r.Reset {
		clear(s.awaited)
		clear(s.pairs)
		clear(s.byInner)
		clear(s.tools)
		clear(s.names)
		clear(s.awaiting)
		clear(s.calls)
	}
	s.changes += len(r.Changed) + len(r.Arrived) + len(r.Awaited) + len(r.Pairs) + len(r.Calls) + len(r.Tools) + len(r.RemovedTools)
	for _, c := range r.Changed {
		s.change(t, c, r.Reset)
	}
	for _, id := range r.Arrived {
		delete(s.awaited, id)
	}
	for _, a := range r.Awaited {
		same(t, 0, len(s.spans[a.ID]), "awaited, and there")
		s.awaited[a.ID] |= a.Below
	}
	stored := map[pairKey]bool{}
	for _, p := range r.Pairs {
		key := pairKey{p.Inner, p.Outer}
		same(t, false, stored[key], "a statement cannot change a row twice")
		stored[key] = true
		if _, ok := s.pairs[key]; !ok {
			s.byInner[p.Inner] = append(s.byInner[p.Inner], key)
		}
		s.pairs[key] = p
	}
	calls := map[observation]bool{}
	for _, c := range r.Calls {
		same(t, false, calls[observation{c.ID, c.Start}], "a statement cannot change a row twice")
		calls[observation{c.ID, c.Start}] = true
		same(t, true, len(c.Keys) <= 7, "internal/store/sql/calls_find.sql looks at seven")
		s.calls[observation{c.ID, c.Start}] = c
	}
	for _, id := range r.Reached {
		for tool := range s.awaiting[id] {
			s.changes++
			s.await(tool, pcommon.SpanID{})
		}
	}
	upserted := map[toolID]bool{}
	for _, tool := range r.Tools {
		same(t, false, upserted[tool.id()], "a statement cannot change a row twice")
		upserted[tool.id()] = true
		tool.Covered = tool.Covered || s.tools[tool.id()].Covered
		s.await(tool.id(), tool.Awaits)
		s.tools[tool.id()] = tool
		if s.names[tool.Name] == nil {
			s.names[tool.Name] = map[uint64]map[toolID]bool{}
		}
		if s.names[tool.Name][tool.Call] == nil {
			s.names[tool.Name][tool.Call] = map[toolID]bool{}
		}
		s.names[tool.Name][tool.Call][tool.id()] = true
	}
	for _, tool := range r.RemovedTools {
		s.await(tool.id(), pcommon.SpanID{})
		delete(s.tools, tool.id())
		delete(s.names[tool.Name][tool.Call], tool.id())
	}
	// As the columns would give it back.
	s.written = r.Row
	row := *r.Row
	s.row = &Rollup{
		Start: row.Start, End: row.End, Tags: row.Tags, Models: row.Models, Spans: row.Spans, LLMCalls: row.LLMCalls, ToolCalls: row.ToolCalls,
		Errors: row.Errors, Input: row.Input, Output: row.Output, Total: row.Total,
	}
	s.row.SetCost(row.Cost())
	s.row.SetEstimated(row.Estimated())
	s.row.Unpriced = row.Unpriced
	columns := Row{RootID: row.RootID(), Status: row.Status(), Labels: row.Labels()}
	for f := range columns.Fields {
		columns.Fields[f] = row.Field(f)
	}
	s.row.ReadProvenance(row.AppendProvenance(nil), &columns)
	same(t, r.Row.state, s.row.state, "the row can be read again")
}

// await sets what a tool awaits.
func (s *storage) await(id toolID, span pcommon.SpanID) {
	tool, there := s.tools[id]
	if there {
		delete(s.awaiting[tool.Awaits], id)
		tool.Awaits = span
		s.tools[id] = tool
	}
	if span.IsEmpty() {
		return
	}
	if s.awaiting[span] == nil {
		s.awaiting[span] = map[toolID]bool{}
	}
	s.awaiting[span][id] = true
}

// storedFlags is flags as a row gives them back.
func storedFlags(f Flags) Flags {
	column := f.Column()
	f.Below, f.Passes, f.IsCall = 0, 0, false
	f.ReadColumn(column)
	return f
}

func (s *storage) change(t testing.TB, c Change, afresh bool) {
	for i := range s.spans[c.ID] {
		stored := &s.spans[c.ID][i]
		if stored.Start != c.Start {
			continue
		}
		if !afresh {
			require.False(t, c.Counted.V && !stored.Counted.V || c.UsageCounted.V && !stored.UsageCounted.V || c.CostCounted.V && !stored.CostCounted.V,
				"a flag went from false to true")
		}
		stored.Flags = storedFlags(c.Flags)
		return
	}
	require.Fail(t, "a span changes that is not stored")
}

// allocated is how many bytes this process has allocated so far. The counters of runtime/metrics lack what each processor has
// not handed over yet: of 450 KiB they say 130 to 800.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// begin returns the trace of the spans of a batch.
func begin(spans []Span, stored *Rollup) *Trace {
	t := &Trace{}
	t.Begin(spans, stored)
	return t
}
