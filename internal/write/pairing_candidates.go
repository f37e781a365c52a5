package write

import (
	"context"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// addCandidates takes the batch's calls. Of an event that is stored already nothing
// follows.
func (p *pairing) addCandidates(places map[int]pcommon.TraceID) {
	spans := p.tx.batch.Spans
	for i := range spans {
		s := &spans[i]
		inTrace := p.evented[s.TraceID] || p.facts[s.TraceID].Evented
		_, stored := places[i]
		switch {
		case p.isForeign(s, inTrace):
			p.addForeign(i, s)
		case trace.Sums(s):
			if inTrace || p.tx.untraced && p.sessions[s.TraceID] != "" || logs.SendsRecords(s.ScopeName) {
				p.add(i, s, inTrace)
			}
		case stored || s.Event != nil && p.isKnownPrompt(s):
			p.known[i] = true
		case trace.MayBeTurn(s, inTrace):
			p.add(i, s, inTrace)
		case !s.Kind.IsModel() && s.Kind != mapping.KindTool && s.Event == nil:
		case s.Event != nil || inTrace || logs.SendsRecords(s.ScopeName):
			p.add(i, s, inTrace)
		}
	}
}

// isKnownPrompt reports whether a prompt is stored.
func (p *pairing) isKnownPrompt(s *mapping.Span) bool {
	return slices.ContainsFunc(p.prompts[s.TraceID], func(r store.EventRef) bool { return r.ID == s.SpanID && r.Start == s.Start })
}

// isForeign reports whether none but events that name no trace, of which there are some at the time of the
// batch, may observe the call of a span.
func (p *pairing) isForeign(s *mapping.Span, inTrace bool) bool {
	return (p.tx.withoutContext && isAnswered(s) || p.tx.untraced && isCall(s)) && !inTrace && !logs.SendsRecords(s.ScopeName)
}

// mayBeUntraced reports whether events that name no trace may observe a span, or others of its trace by the
// session that it names.
func mayBeUntraced(s *mapping.Span) bool {
	return isCall(s) || s.Event == nil && s.SessionID != ""
}

// isCall reports whether a span is a call of a model or a tool.
func isCall(s *mapping.Span) bool {
	return s.Event == nil && (s.Kind.IsModel() || s.Kind == mapping.KindTool)
}

// isAnswered reports whether a span is a call with the id of a response.
func isAnswered(s *mapping.Span) bool {
	return s.Event == nil && s.Kind.IsModel() && s.ResponseID != ""
}

func (p *pairing) addForeign(i int, s *mapping.Span) {
	c := trace.CandidateOf(s, p.sessions[s.TraceID])
	_, stored := p.facts[s.TraceID]
	c.First, c.Foreign = !stored, true
	p.numbers[i] = p.signals.Add(&c)
}

// add takes a span of the batch as a candidate.
func (p *pairing) add(i int, s *mapping.Span, inTrace bool) {
	c := &p.observed[i]
	if s.Event == nil {
		*c = trace.CandidateOf(s, "")
	}
	if c.Session == "" {
		c.Session = p.sessions[s.TraceID]
	}
	_, stored := p.facts[s.TraceID]
	c.InTrace, c.First, c.Sums = inTrace, !stored, trace.Sums(s)
	if c.Sessionless {
		c.Others = p.others[s.TraceID]
	}
	p.numbers[i] = p.signals.Add(c)
}

// findStored reads the stored calls that may be the same as the batch's, and as
// those of a trace that has got a session.
func (p *pairing) findStored(ctx context.Context) error {
	lookups := p.signals.Lookups()
	waiting := map[uint64]pcommon.TraceID{} // by key
	for id, f := range p.facts {
		if f.Session == "" && p.sessions[id] != "" || p.fresh[id] {
			key := trace.WithoutSession(id)
			waiting[key.Hash] = id
			lookups = append(lookups, trace.Lookup{Key: key, First: math.MinInt64, Last: math.MaxInt64, Most: maxWaiting})
		}
	}
	around := p.around()
	if p.tx.untraced { // calls of any program wait for the session of their trace
		for _, id := range waiting {
			around.Add(id, math.MinInt64, math.MaxInt64)
		}
	}
	err := p.tx.store.FindObserved(ctx, p.tx.conn, p.firstEvents(), around, func(c *trace.Candidate) {
		c.Again, c.InTrace = true, true
		if c.Session == "" {
			c.Session = p.sessions[c.Origin]
		}
		p.signals.Add(c)
	})
	if err != nil {
		return err
	}
	err = p.tx.store.FindAnswered(ctx, p.tx.conn, p.signals.Answers(), func(key trace.CandidateKey, c *trace.Candidate) { p.signals.Add(c, key) })
	if err != nil {
		return err
	}
	err = p.tx.store.FindOfSessions(ctx, p.tx.conn, p.signals.UntracedTimes(), func(c *trace.Candidate) { p.signals.Add(c) })
	if err != nil {
		return err
	}
	if err := p.lookUp(ctx, lookups, p.named(), waiting); err != nil {
		return err
	}
	if moving := p.signals.MovingPrompts(); len(moving) > 0 {
		if err := p.findTurns(ctx, moving); err != nil {
			return err
		}
	}
	followings := p.signals.Followings()
	if len(followings) == 0 {
		return nil
	}
	if err := p.tx.store.FindFollowing(ctx, p.tx.conn, followings, p.signals.AddFollowing); err != nil {
		return err
	}
	return p.lookUp(ctx, p.signals.Lookups(), nil, waiting)
}

// lookUp reads the stored calls under some keys, and under those of what these bring; waiting are
// keys of calls that wait for the session of their trace.
func (p *pairing) lookUp(ctx context.Context, lookups []trace.Lookup, named []store.NamedSpan, waiting map[uint64]pcommon.TraceID) error {
	for {
		if err := p.findKeptOfSessions(ctx); err != nil {
			return err
		}
		if len(lookups)+len(named) == 0 {
			return nil
		}
		crowded, err := p.tx.store.FindCandidates(ctx, p.tx.conn, lookups, named, func(key trace.CandidateKey, c *trace.Candidate) {
			if id, ok := waiting[key.Hash]; ok {
				c.Session, c.Others, c.Again = p.sessions[id], p.others[id], true
				p.signals.Add(c)
				return
			}
			p.signals.Add(c, key)
		})
		if err != nil {
			return err
		}
		p.tx.result.Crowded += crowded
		lookups, named = p.signals.Lookups(), nil
	}
}

// firstEvents lists the stored traces that get their first events: spans of unknown programs that
// were stored before are no candidates yet.
func (p *pairing) firstEvents() (traces []pcommon.TraceID) {
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if f, stored := p.facts[c.Origin]; c.Event != "" && !c.Derived && stored && !f.Evented {
			traces = append(traces, c.Origin)
		}
	}
	slices.SortFunc(traces, compareTraces)
	return slices.Compact(traces)
}

// around lists the stored traces of events that may be calls of any span around which they name.
func (p *pairing) around() (around store.Around) {
	around.First, around.Last = math.MaxInt64, math.MinInt64
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if _, stored := p.facts[c.Origin]; !stored || c.Stored || !c.ReadsAround() {
			continue
		}
		first, last := c.EndsAround()
		around.Add(c.Origin, first, last)
	}
	return around
}

// maxWaiting bounds how many calls of a trace are paired anew when the trace gets a session.
const maxWaiting = 10_000

// named lists the spans that the batch's events name, by their ids or those of responses.
// They may be of any program. A trace without a row has none.
func (p *pairing) named() (named []store.NamedSpan) {
	for i := range p.signals.Candidates {
		c := &p.signals.Candidates[i]
		if _, stored := p.facts[c.Origin]; c.Event == "" || c.Derived || !stored {
			continue
		}
		if !c.Names.IsEmpty() {
			named = append(named, store.NamedSpan{Trace: c.Origin, ID: c.Names, Key: c.Named()})
		}
		if c.Kind.IsModel() {
			for _, id := range c.IDs {
				named = append(named, store.NamedSpan{Trace: c.Origin, ResponseID: id, Key: c.KeyOf(id)})
			}
		}
	}
	return named
}

// lookWithoutTrace is the statement that asks for events that name no trace around the time of calls that any
// of them may observe; none for a batch without such. A batch finds those of about a day, so that it pairs
// beside the batches that bring others of the time.
func (t *transaction) lookWithoutTrace() []pgbatch.Statement {
	first, last, some := int64(math.MaxInt64), int64(math.MinInt64), false
	for i := range t.batch.Spans {
		if s := &t.batch.Spans[i]; mayBeUntraced(s) {
			first, last, some = min(first, s.End), max(last, s.End), true
		}
	}
	if !some {
		return nil
	}
	return []pgbatch.Statement{t.store.EventsWithoutTrace(first-mapping.MicrosPerDay, last+mapping.MicrosPerDay, &t.withoutContext, &t.untraced)}
}

// announcements are about the events of a batch whose calls spans of any program may observe, and which name no trace.
func announcements(b *mapping.Batch) (all map[store.Announcement]bool) {
	for i := range b.Spans {
		s := &b.Spans[i]
		if s.Event == nil || !s.Event.Derived || s.Kind == mapping.KindAgent {
			continue
		}
		var keys []uint64
		if trace.WithoutContext(s) {
			keys = append(keys, trace.WithoutContextKey)
		}
		if s.SessionID != "" && s.Event.AnySpan {
			keys = append(keys, trace.UntracedKey)
		}
		for _, key := range keys {
			if all == nil {
				all = map[store.Announcement]bool{}
			}
			all[store.Announcement{Key: key, Day: s.Day}] = true
		}
	}
	return all
}
