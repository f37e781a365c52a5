package trace

import "go.opentelemetry.io/collector/pdata/pcommon"

// Ask is what has to be read from storage before a trace can be counted.
type Ask struct {
	// Whole asks for all spans of the trace, with what the trace's row takes from them,
	// and for nothing else.
	Whole bool
	// Spans asks for spans, and for Above levels of their ancestors. Of a span with many
	// observations the first MostObservations are enough.
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
	// Observations asks for all observations of spans.
	Observations []pcommon.SpanID
	// Below asks for the children of spans, and so on for some levels, as far as calls of
	// models are there. Of a child with many observations the first MostObservations are enough.
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

// MostObservations is how many observations of a span are looked at, unless all of them change.
const MostObservations = 32

// asked is what storage was asked for of a trace, so that nothing is asked for twice.
type asked struct {
	spans        map[pcommon.SpanID]bool // nil: nothing was asked for
	pairs        map[pcommon.SpanID]bool // those of which these spans are the inner ones
	events       map[pcommon.SpanID]bool // the pairs with events of these spans
	observations map[pcommon.SpanID]bool // all of these spans
	children     map[pcommon.SpanID]int  // of these spans, and how many levels of them
	keys         map[uint64]period       // calls under a key, and the time of those
	calls        map[observation]bool    // spans of calls that were found under keys
	tools        map[ToolKey]bool
	counted      map[ToolKey]bool // one of the tools that count
	awaiting     bool             // tools that await spans of the batch

	callRounds, childRounds int // how often calls and children were asked for
	ancestors               levels
}

// levels is how far ancestors were asked for: more each time.
type levels struct {
	rounds int // without a pause
	above  int // levels, the last time
	known  int // how many spans were known then
}

// Answer tells that all that ask asks for is about to be made known.
func (t *Trace) Answer(ask *Ask) {
	if ask.Whole {
		*t = Trace{spans: t.spans, stored: t.stored, whole: true, events: t.events, gone: t.gone}
		return
	}
	if t.asked.spans == nil {
		t.asked = newAsked()
		t.tools, t.inTools = map[uint64]map[uint64][]Tool{}, map[toolID]bool{}
	}
	t.unlisted = nil
	t.asked.add(ask)
}

func newAsked() asked {
	return asked{
		spans: map[pcommon.SpanID]bool{}, pairs: map[pcommon.SpanID]bool{}, events: map[pcommon.SpanID]bool{},
		observations: map[pcommon.SpanID]bool{}, children: map[pcommon.SpanID]int{}, keys: map[uint64]period{},
		calls: map[observation]bool{}, tools: map[ToolKey]bool{}, counted: map[ToolKey]bool{},
	}
}

// add notes what ask asks for. The spans of calls are noted by fetch.addTo.
func (a *asked) add(ask *Ask) {
	for _, r := range ask.Arrived {
		a.spans[r.ID] = true
	}
	note(a.spans, ask.Spans)
	note(a.pairs, ask.Pairs)
	note(a.events, ask.Events)
	note(a.observations, ask.Observations)
	note(a.tools, ask.Tools)
	note(a.counted, ask.Counted)
	a.awaiting = a.awaiting || len(ask.Awaiting) > 0
	for _, id := range ask.Below {
		a.children[id] = ask.Levels
	}
	if ask.Calls != nil {
		for _, key := range ask.Calls.Keys {
			a.keys[key] = period{ask.Calls.From, ask.Calls.To}
		}
	}
}

func note[K comparable](set map[K]bool, keys []K) {
	for _, key := range keys {
		set[key] = true
	}
}

// nextLevels is how many levels of ancestors to ask for together with a span: more each
// time, so that few round trips reach the top of a deep trace, and at most some times
// more is read than needed. Where the levels asked for before did not bring as many spans, the
// top is not that far, or parents lead in a circle, which takes as long as there are levels.
func (t *Trace) nextLevels() int {
	l := &t.asked.ancestors
	if len(t.known)-l.known >= l.above {
		l.rounds++
	} else {
		l.rounds = 1
	}
	l.known, l.above = len(t.known), 1<<min(3*l.rounds, 15)-1
	return l.above
}
