package write

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// list notes under which keys candidates are to be stored.
func (p *pairing) list() {
	newEvents := make([]bool, len(p.signals.Candidates))
	for i, at := range p.numbers {
		if at >= 0 {
			newEvents[at] = newEvents[at] || p.isNew[i]
		}
	}
	p.keepers = p.keepersOf()
	present, keeps, marked := p.signals.Presence(), p.keepers, map[int64]bool{}
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if c.Stored && !c.Again || c.Foreign {
			continue
		}
		rows := &p.changes.Candidates
		if newEvents[i] && !c.Stored {
			rows = &p.changes.Events
		}
		keys := c.Keys(!keeps[i].inTrace, !keeps[i].inSession)
		if !keeps[i].inSession {
			keys = append(keys, present[i]...)
		}
		for _, key := range keys {
			*rows = append(*rows, candidateRow(c, key.Hash))
		}
		if day := c.EndDay(); c.Untraced() && !c.Stored && !marked[day] {
			marked[day] = true
			*rows = append(*rows, candidateRow(c, trace.UntracedKey))
		}
	}
	for _, i := range p.naming {
		s := &p.tx.batch.Spans[i]
		p.changes.Candidates = append(p.changes.Candidates, store.CandidateRow{Key: trace.SessionsOf(s.TraceID).Hash, Origin: s.TraceID, ID: s.SpanID, Start: s.Start, End: s.End})
	}
	store.SortCandidates(p.changes.Events)
	p.changes.Events = slices.Compact(p.changes.Events)
}

func candidateRow(c *trace.Candidate, key uint64) store.CandidateRow {
	return store.CandidateRow{Key: key, Origin: c.Origin, ID: c.ID, Start: c.Start, End: c.End, ByTime: c.ByTime, HasID: c.HasID}
}

// take notes what is to be stored of places.
func (p *pairing) take(placements []trace.Placement) {
	for _, placed := range placements {
		e := placed.Event
		ref := store.EventRef{Origin: e.Origin, ID: e.ID, Start: e.Start}
		p.places[spanKey{e.Origin, e.ID}] = e.Place
		p.changes.Places = append(p.changes.Places, store.PlaceRow{EventRef: ref, Trace: e.Place, Settled: placed.Settled})
		if e.Place == placed.From {
			continue
		}
		record := store.MovedRecord{Trace: e.Place, From: placed.From, ID: e.ID, End: e.End, Name: e.Event}
		if e.Prompt() {
			p.changes.Prompts = append(p.changes.Prompts, record)
		} else {
			p.changes.Records = append(p.changes.Records, record)
		}
		if e.Stored {
			p.changes.Moving = append(p.changes.Moving, store.MovingEvent{EventRef: ref, From: placed.From, Agent: e.Agent})
		}
	}
}

// layOutPaired makes room for the rows of all traces that the batch concerns: of its spans
// and events where they are kept, of stored events that come and go, and of pairs.
func (p *pairing) layOutPaired() {
	traces := map[pcommon.TraceID]*traceSpans{}
	of := func(id pcommon.TraceID) *traceSpans {
		if traces[id] == nil {
			traces[id] = &traceSpans{otel: id, id: id}
		}
		return traces[id]
	}
	for i := range p.tx.batch.Spans {
		s := &p.tx.batch.Spans[i]
		place := p.settle(i, s)
		if p.tx.duplicates.Spans[i] = p.known[i]; p.tx.duplicates.Spans[i] {
			continue
		}
		tr := of(place)
		tr.rows = append(tr.rows, int32(i))
		tr.moreThanPrompts = tr.moreThanPrompts || s.Event == nil || s.Kind.IsModel() || s.Kind == mapping.KindTool
		if s.Event != nil && s.Kind == mapping.KindAgent && !s.Event.TurnTrace.IsEmpty() {
			key := trace.PromptKey(s.Event.TurnTrace)
			p.changes.Candidates = append(p.changes.Candidates, store.CandidateRow{Key: key.Hash, Origin: s.TraceID, ID: s.SpanID, Start: s.Start, End: s.End})
		}
	}
	for m := range p.changes.Moving {
		e := &p.changes.Moving[m]
		to := of(p.placeOf(e))
		to.moving, to.moreThanPrompts = append(to.moving, m), true
		from := of(e.From)
		from.leaving = append(from.leaving, e.EventRef)
	}
	for id, pairs := range p.pairs {
		of(id).events = pairs
	}
	for i := range p.tx.batch.Events {
		if w := p.tx.batch.Events[i].Words; w != nil {
			of(w.Trace).words = true
		}
	}
	store.SortCandidates(p.changes.Candidates)
	store.SortPlaces(p.changes.Places)
	p.tx.traces = p.tx.traces[:0]
	for _, id := range slices.SortedFunc(maps.Keys(traces), compareTraces) {
		p.tx.traces = append(p.tx.traces, *traces[id])
	}
}

// settle gives a span of the batch what its pairs say of it, and returns the trace that it is kept in.
func (p *pairing) settle(i int, s *mapping.Span) (place pcommon.TraceID) {
	at := p.numbers[i]
	if at < 0 {
		return s.TraceID
	}
	c := &p.signals.Candidates[at]
	p.known[i] = s.Event != nil && c.Stored
	if s.ParentSpanID.IsEmpty() {
		s.ParentSpanID = c.Agent
	}
	if told := p.signals.Errors[trace.SpanRef{Trace: c.Place, ID: s.SpanID}]; told != "" && s.Event == nil && s.ErrorType == "" {
		s.ErrorType = told
		s.Adjustments |= mapping.ErrorFromRecord
	}
	return c.Place
}

// errorType returns the type of the error that an event tells of a span's call.
func (t *transaction) errorType(otel pcommon.TraceID, span pcommon.SpanID) string {
	if t.pairing == nil {
		return trace.OtherError
	}
	return cmp.Or(t.pairing.signals.Errors[trace.SpanRef{Trace: otel, ID: span}], trace.OtherError)
}

// placeOf returns where an event goes.
func (p *pairing) placeOf(e *store.MovingEvent) pcommon.TraceID {
	return p.places[spanKey{e.Origin, e.ID}]
}

// listed reports whether a trace gets a row of llm_traces: not one of which the batch brings
// words of others or prompts only, or a pair with an event that is kept elsewhere.
func (t *transaction) listed(tr *traceSpans) bool {
	if t.pairing == nil {
		return len(tr.rows) > 0
	}
	return tr.moreThanPrompts || len(tr.rows) > 0 && !t.pairing.derived[tr.otel]
}

// wanted returns those of the traces without a row that get one, if only while records
// bring words of them.
func (t *transaction) wanted(missing []int32) []int32 {
	if t.pairing == nil {
		return missing
	}
	return slices.DeleteFunc(missing, func(at int32) bool { return !t.listed(&t.traces[at]) && !t.traces[at].words })
}

// countWithPrompts counts those of the missing traces whose prompts came before.
func (t *transaction) countWithPrompts(ctx context.Context, missing []int32) error {
	if t.pairing == nil {
		return nil
	}
	var begun []int32
	for _, at := range missing {
		if tr := &t.traces[at]; t.listed(tr) && len(t.pairing.prompts[tr.otel]) > 0 {
			tr.stored = &trace.Rollup{}
			begun = append(begun, at)
		}
	}
	err := t.countStored(ctx, begun)
	for _, at := range begun {
		t.traces[at].stored = nil
	}
	return err
}

// takeMoving copies flags to the events that move to a trace, and unlists that of a turn of which
// nothing but what was said around calls is left.
func (p *pairing) takeMoving(tr *traceSpans, result *trace.Result) {
	for i, m := range tr.moving {
		e := &p.changes.Moving[m]
		e.To, e.Flags = tr.id, result.Spans[len(tr.rows)+i]
		p.tx.counting.hours = append(p.tx.counting.hours, e.Start)
	}
	for _, pair := range tr.events {
		p.changes.Pairs = append(p.changes.Pairs, store.EventPairRow{Trace: tr.id, EventPair: pair})
	}
	if len(tr.leaving) > 0 && !result.Observed {
		empty := result.Row.Spans == 0
		p.changes.Unlisted = append(p.changes.Unlisted, store.UnlistedTrace{Row: tr.id, Trace: tr.otel, Empty: empty})
		if empty {
			tr.row = nil
		}
	}
}
