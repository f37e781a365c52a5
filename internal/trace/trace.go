package trace

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Trace is what a batch brings of one trace, and what storage has said of it so far.
type Trace struct {
	spans  []Span
	stored *Rollup // the trace's row before the batch; nil: the batch creates it

	whole    bool // known holds all stored spans, and they are counted anew
	looked   int  // how often ancestors were asked for, each time more of them
	above    int  // how many levels of them the last time
	knew     int  // how many spans were known then
	known    []Stored
	index    map[observation]bool
	asked    map[pcommon.SpanID]bool
	awaited  map[pcommon.SpanID]Marks
	pairs    map[pairKey]Pair
	paired   map[pcommon.SpanID]bool // spans whose pairs were asked for
	sought   map[uint64]period       // by key, when the calls were that were asked for
	calls    buckets                 // stored calls that may lie beside those of the batch
	listed   map[observation]bool    // those in calls
	taken    map[observation]bool    // those of them that were asked for
	fetched  int                     // how often
	unlisted buckets                 // those in calls that are neither known nor asked for; nil: not looked
	// The spans whose children, and so many levels below them, were asked for, and how often.
	descended map[pcommon.SpanID]int
	dived     int
	tools     map[uint64]map[uint64][]Tool // by name and call id
	named     map[ToolKey]bool             // tools asked for
	counted   map[ToolKey]bool             // those of which one that counts was asked for
	inTools   map[toolID]bool              // those in tools
	awaiting  bool                         // those were asked for that await spans of the batch
	complete  map[pcommon.SpanID]bool

	events []EventPair             // of which one is in the trace, or both
	told   map[pcommon.SpanID]bool // spans whose pairs with events were asked for
	gone   map[observation]bool    // stored events that move to another trace
	left   *Rollup                 // what these said of this one; nil: nothing

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

// Ask is what has to be read from storage before a trace can be counted.
type Ask struct {
	// Whole asks for all spans of the trace, with what the trace's row takes from them,
	// and for nothing else.
	Whole bool
	// Spans asks for spans, and for Above levels of their ancestors. Of a span with many
	// observations the first Crowd are enough.
	Spans []pcommon.SpanID
	Above int
	// Pairs asks for the pairs of which these spans are the inner ones.
	Pairs []pcommon.SpanID
	// Arrived asks for exactly these observations, for what lies below these spans
	// according to llm_internal_awaited_spans, and for the pairs that await them.
	Arrived []Ref
	// Calls asks for the rows of llm_internal_call_keys under any of some keys that overlap
	// a time.
	Calls *CallQuery
	// Exact asks for exactly these observations.
	Exact []Ref
	// Tools asks for the rows of llm_internal_nested_tools of one name with these, unless both
	// have a call id and the two differ, that are not covered and await no span.
	Tools []ToolKey
	// Awaiting asks for the rows of llm_internal_nested_tools that await these spans.
	Awaiting []pcommon.SpanID
	// Counted asks for one of those that count, of each call id or none.
	Counted []ToolKey
	// Events asks for the pairs with events of which these spans are the inner ones.
	Events []pcommon.SpanID
	// Twins asks for all observations of spans.
	Twins []pcommon.SpanID
	// Below asks for the children of spans, and so on for some levels, as far as calls of
	// models are there. Of a child with many observations the first Crowd are enough.
	Below  []pcommon.SpanID
	Levels int
}

// Ref names an observation.
type Ref struct {
	ID    pcommon.SpanID
	Start int64
}

// CallQuery asks for calls whose times overlap a range.
type CallQuery struct {
	From, To int64
	Keys     []uint64
}

// Crowd is how many observations of a span are looked at, unless all of them change.
const Crowd = 32

// New returns the trace of the spans of a batch; stored is its row, or nil if the
// batch creates it.
func New(spans []Span, stored *Rollup) *Trace {
	t := &Trace{}
	t.Begin(spans, stored)
	return t
}

// Begin makes t what New returns, for those who count many traces one after the other.
func (t *Trace) Begin(spans []Span, stored *Rollup) { *t = Trace{spans: spans, stored: stored} }

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
	t.awaited[id] = below
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

// Answer tells that all that ask asks for is about to be made known.
func (t *Trace) Answer(ask *Ask) {
	if ask.Whole {
		*t = Trace{spans: t.spans, stored: t.stored, whole: true, events: t.events, gone: t.gone}
		return
	}
	if t.asked == nil {
		t.asked, t.sought, t.complete = map[pcommon.SpanID]bool{}, map[uint64]period{}, map[pcommon.SpanID]bool{}
		t.taken, t.descended = map[observation]bool{}, map[pcommon.SpanID]int{}
		t.tools, t.named = map[uint64]map[uint64][]Tool{}, map[ToolKey]bool{}
		t.counted, t.inTools = map[ToolKey]bool{}, map[toolID]bool{}
		t.told, t.paired = map[pcommon.SpanID]bool{}, map[pcommon.SpanID]bool{}
	}
	t.unlisted = nil
	for _, id := range ask.Events {
		t.told[id] = true
	}
	for _, id := range ask.Pairs {
		t.paired[id] = true
	}
	for _, id := range ask.Below {
		t.descended[id] = ask.Levels
	}
	for _, r := range ask.Arrived {
		t.asked[r.ID] = true
	}
	for _, id := range ask.Spans {
		t.asked[id] = true
	}
	for _, id := range ask.Twins {
		t.complete[id] = true
	}
	for _, key := range ask.Tools {
		t.named[key] = true
	}
	t.awaiting = t.awaiting || len(ask.Awaiting) > 0
	for _, key := range ask.Counted {
		t.counted[key] = true
	}
	if ask.Calls != nil {
		for _, key := range ask.Calls.Keys {
			t.sought[key] = period{ask.Calls.From, ask.Calls.To}
		}
	}
}

// nextLevels is how many levels of ancestors to ask for together with a span: more each
// time, so that few round trips reach the top of a deep trace, and at most some times
// more is read than needed. Where the levels asked for before did not bring as many spans, the
// top is not that far, or parents lead in a circle, which takes as long as there are levels.
func (t *Trace) nextLevels() int {
	if len(t.known)-t.knew >= t.above {
		t.looked++
	} else {
		t.looked = 1
	}
	t.knew, t.above = len(t.known), 1<<min(3*t.looked, 15)-1
	return t.above
}

// Result is what changes.
type Result struct {
	// Spans are the flags of the batch's spans, as New got them. A duplicate is stored
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
	Reset   bool
	Arrived []pcommon.SpanID // rows of llm_internal_awaited_spans to remove
	Awaited []Awaited        // marks to add to rows of llm_internal_awaited_spans
	Pairs   []Pair
	Calls   []Call
	Tools   []Tool // to store
	Settled []Tool // to remove
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
