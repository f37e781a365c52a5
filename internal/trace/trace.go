package trace

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Trace is what a batch brings of one trace, and what storage has answered so far.
type Trace struct {
	spans  []Span
	stored *Rollup // the trace's row before the batch; nil: the batch creates it
	whole  bool    // known holds all stored spans, and they are counted anew
	asked  asked

	known    []Stored
	index    map[observation]bool     // those in known
	awaited  map[pcommon.SpanID]Marks // what lies below spans of the batch
	inTable  map[pcommon.SpanID]bool  // those in awaited of which llm_internal_awaited_spans says some
	pairs    map[pairKey]Pair
	calls    buckets                      // stored calls that may lie beside those of the batch
	listed   map[observation]bool         // those in calls
	unlisted buckets                      // those in calls that are neither known nor asked for; nil: not looked
	tools    map[uint64]map[uint64][]Tool // by name and call id
	inTools  map[toolID]bool              // those in tools
	events   []EventPair                  // of which one is in the trace, or both

	gone    map[observation]bool // stored events that move to another trace
	left    *Rollup              // what these said of this one; nil: nothing
	failing map[observation]bool // stored spans that get the error of an event
	crowded bool                 // not all is read that counting asks for
}

// observation names a row of llm_spans within a trace.
type observation struct {
	id    pcommon.SpanID
	start int64
}

// Pair is two calls side by side, a row of llm_internal_pairs.
type Pair struct {
	Inner, Outer pcommon.SpanID
	// Awaits is an ancestor of the outer one that has not arrived and might link it
	// below the inner one; zero where none can.
	Awaits pcommon.SpanID
}

type pairKey struct{ inner, outer pcommon.SpanID }

// period is a time from its first to its last instant.
type period struct{ from, to int64 }

// Call is where a later batch looks for a call's other observations, a row of
// llm_internal_call_keys.
type Call struct {
	ID         pcommon.SpanID
	Start, End int64
	Keys       []uint64
	Scope      uint64 // hash
	Traits     Traits
}

// Tool is a tool span of a trace in which such spans are nested, a row of
// llm_internal_nested_tools. Rows that no later span can have to do with are removed.
type Tool struct {
	ID         pcommon.SpanID
	Name, Call uint64 // hashes; 0: none
	Counted    bool   // a span of its name may still come to lie below it
	Covered    bool   // another tells all above it what it could, or nothing can come to lie above it
	// Awaits is the one span above it that has not arrived: before, no other span can come to
	// lie above it. Zero: not known, or there are several.
	Awaits pcommon.SpanID
}

// ToolKey names a tool and a call of it.
type ToolKey struct{ Name, Call uint64 }

func (t *Tool) settled() bool { return t.Covered && !t.Counted }

// Begin makes t the trace of the spans of a batch; stored is its row, or nil if the batch creates it. A Trace may be
// begun again for the next one.
func (t *Trace) Begin(spans []Span, stored *Rollup) {
	*t = Trace{spans: spans, stored: stored}
	if stored != nil && stored.awaits() && slices.ContainsFunc(spans, func(s Span) bool { return s.ID == stored.awaited.ID }) {
		t.awaited = map[pcommon.SpanID]Marks{stored.awaited.ID: stored.awaited.Below}
	}
}

// inRow reports whether the trace's row says what lies below a span of the batch.
func (t *Trace) inRow(id pcommon.SpanID) bool { return t.stored.awaits() && t.stored.awaited.ID == id }

// KnowSpans takes stored spans.
func (t *Trace) KnowSpans(spans ...Stored) {
	if t.index == nil {
		t.index = map[observation]bool{}
	}
	for i := range spans {
		at := observation{spans[i].ID, spans[i].Start}
		switch {
		case t.gone[at]:
			if t.left == nil {
				t.left = &Rollup{}
			}
			t.left.addSpan(&spans[i].Span)
		case !t.index[at]:
			t.index[at] = true
			t.known = append(t.known, spans[i])
		}
	}
}

// KnowEvents takes pairs of observations of which one is an event.
func (t *Trace) KnowEvents(pairs ...EventPair) { t.events = append(t.events, pairs...) }

// Leave tells that a stored event moves to another trace, so that all others are counted
// anew.
func (t *Trace) Leave(id pcommon.SpanID, start int64) {
	if t.gone == nil {
		t.gone = map[observation]bool{}
	}
	t.gone[observation{id, start}] = true
	t.stored.state &^= current
}

// KnowPairs takes stored pairs.
func (t *Trace) KnowPairs(pairs ...Pair) {
	if t.pairs == nil {
		t.pairs = map[pairKey]Pair{}
	}
	for _, p := range pairs {
		t.pairs[pairKey{p.Inner, p.Outer}] = p
	}
}

// KnowAwaited takes what lies below a span according to llm_internal_awaited_spans.
func (t *Trace) KnowAwaited(id pcommon.SpanID, below Marks) {
	if t.awaited == nil {
		t.awaited = map[pcommon.SpanID]Marks{}
	}
	if t.inTable == nil {
		t.inTable = map[pcommon.SpanID]bool{}
	}
	t.awaited[id] |= below
	t.inTable[id] = true
}

// KnowTools takes rows of llm_internal_nested_tools.
func (t *Trace) KnowTools(tools ...Tool) {
	for _, tool := range tools {
		calls := t.tools[tool.Name]
		if calls == nil {
			calls = map[uint64][]Tool{}
			t.tools[tool.Name] = calls
		}
		if id := tool.id(); !t.inTools[id] {
			t.inTools[id] = true
			calls[tool.Call] = append(calls[tool.Call], tool)
		}
	}
}

// eachTool calls f with the rows that Ask.Tools asks for with key.
func (t *Trace) eachTool(key ToolKey, f func(Tool)) {
	for call, tools := range t.tools[key.Name] {
		if key.Call != 0 && call != 0 && call != key.Call {
			continue
		}
		for _, tool := range tools {
			f(tool)
		}
	}
}

// Paired reports whether pairs are stored of the trace.
func (t *Trace) Paired() bool { return t.stored != nil && t.stored.state&paired != 0 }
