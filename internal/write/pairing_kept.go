package write

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// Records keep the keys of their calls until others may look for these; see trace.CallKeys.

// keeper says which keys of a candidate its record keeps.
type keeper struct{ inTrace, inSession bool }

// keepersOf says which candidates of the batch are not listed. Those of a session on a day are all
// listed or none of them: a batch that finds any listed reads no records.
func (p *pairing) keepersOf() []keeper {
	keepers, may := make([]keeper, len(p.signals.Candidates)), make([]bool, len(p.signals.Candidates))
	if !slices.Contains(p.keeps, true) {
		return keepers
	}
	ofTrace := make(map[pcommon.TraceID]int, len(p.asked))
	for i := range p.tx.batch.Spans {
		s := &p.tx.batch.Spans[i]
		ofTrace[s.TraceID]++
		if at := p.numbers[i]; at >= 0 && p.keeps[i] && p.signals.Candidates[at].Session == s.SessionID {
			may[at] = true
		}
	}
	type day struct {
		calls  int
		listed bool
	}
	days := make(map[trace.SessionDay]day, len(p.sessions))
	for at := range p.signals.Candidates {
		c := &p.signals.Candidates[at]
		if c.Stored && !c.Again || c.Foreign {
			continue
		}
		c.EndsOn(func(d trace.SessionDay) {
			of := days[d]
			of.calls++
			of.listed = of.listed || !may[at] || p.kept[d] || !p.signals.Absent.Sessions[d.Session].Unlisted || of.calls > trace.MostKept
			days[d] = of
		})
	}
	for at := range may {
		if !may[at] {
			continue
		}
		c := &p.signals.Candidates[at]
		_, stored := p.facts[c.Origin]
		keeps := keeper{inTrace: !stored && !p.derived[c.Origin] && c.Place == c.Origin && ofTrace[c.Origin] <= trace.MostKept, inSession: true}
		c.EndsOn(func(d trace.SessionDay) { keeps.inSession = keeps.inSession && !days[d].listed })
		keepers[at] = keeps
	}
	return keepers
}

// findKept reads the calls of the batch's traces whose keys records keep.
func (p *pairing) findKept(ctx context.Context) error {
	var traces []pcommon.TraceID
	for id, f := range p.facts {
		if f.Evented && f.Spans <= trace.MostKept && !p.derived[id] {
			traces = append(traces, id)
		}
	}
	slices.SortFunc(traces, compareTraces)
	return p.tx.store.KeptOfTraces(ctx, p.tx.conn, traces, func(c *trace.Candidate, keys trace.CallKeys) { p.signals.AddKept(c, keys.InTrace) })
}

// findKeptOfSessions reads and lists the calls of sessions whose keys records keep, on days on which
// candidates look for calls of these.
func (p *pairing) findKeptOfSessions(ctx context.Context) error {
	var days []store.SessionDays
	for _, d := range p.signals.DaysToRead() {
		absent := p.signals.Absent.Sessions[d.Session].Unlisted
		if n := len(days); n > 0 && absent && days[n-1].Session == d.Session && days[n-1].Last == d.Day-1 {
			days[n-1].Last = d.Day
			continue
		}
		days = append(days, store.SessionDays{Session: d.Session, First: d.Day, Last: d.Day, Absent: absent})
	}
	some := map[string]bool{} // sessions of whose turns calls may be stored
	err := p.tx.store.KeptOfSessions(ctx, p.tx.conn, days, func(session string, c *trace.Candidate, keys trace.CallKeys) {
		some[session] = true
		p.signals.AddKept(c, keys.InSession)
		if day := (trace.SessionDay{Session: session, Day: c.EndDay()}); !p.kept[day] {
			p.kept[day] = true
			keys.InSession = append(keys.InSession, trace.SessionKey(session).Hash)
		}
		p.changes.Candidates = append(p.changes.Candidates, candidateRows(c, keys.InSession)...)
	})
	if err != nil || len(some) == 0 {
		return err
	}
	var turns []pcommon.TraceID
	for turn, session := range p.begun {
		if some[session] && p.signals.Absent.Sessions[session].Unlisted {
			turns = append(turns, turn)
			delete(p.begun, turn)
		}
	}
	slices.SortFunc(turns, compareTraces)
	return p.findTurns(ctx, turns)
}

// listUnread lists the calls of sessions on days of which the batch is the first to list any, and of which records
// keep the keys that were too far from the batch's calls to be read: who finds a call of the day listed reads none.
func (p *pairing) listUnread(ctx context.Context) error {
	unread := map[trace.SessionDay]bool{}
	p.listedInSession(func(c *trace.Candidate) {
		c.EndsOn(func(d trace.SessionDay) {
			if p.signals.Unread(d) {
				unread[d] = true
			}
		})
	})
	if len(unread) == 0 {
		return nil
	}
	rows, err := p.keptRows(ctx, unread)
	p.changes.Candidates = append(p.changes.Candidates, rows...)
	store.SortCandidates(p.changes.Candidates)
	return err
}

// listedInSession gives the calls of the batch that list lists in their sessions.
func (p *pairing) listedInSession(of func(*trace.Candidate)) {
	for i := range p.signals.Candidates {
		if c := &p.signals.Candidates[i]; !p.keepers[i].inSession && (!c.Stored || c.Again) && !c.Foreign {
			of(c)
		}
	}
}

// keptRows are the rows of calls of sessions on days whose keys records keep, but for those that the batch lists.
func (p *pairing) keptRows(ctx context.Context, of map[trace.SessionDay]bool) ([]store.CandidateRow, error) {
	own := map[trace.SpanRef]bool{}
	p.listedInSession(func(c *trace.Candidate) { own[trace.SpanRef{Trace: c.Origin, ID: c.ID}] = true })
	var days []store.SessionDays
	for d := range of {
		days = append(days, store.SessionDays{Session: d.Session, First: d.Day, Last: d.Day, Absent: true})
	}
	var rows []store.CandidateRow
	err := p.tx.store.KeptOfSessions(ctx, p.tx.conn, days, func(session string, c *trace.Candidate, keys trace.CallKeys) {
		if !own[trace.SpanRef{Trace: c.Origin, ID: c.ID}] {
			rows = append(rows, candidateRows(c, append(keys.InSession, trace.SessionKey(session).Hash))...)
		}
	})
	return rows, err
}

// listMoved lists the calls that leave their traces, whose records are no more found by these.
func (p *pairing) listMoved(ctx context.Context) error {
	calls := map[pcommon.SpanID]*store.MovingEvent{}
	for i := range p.changes.Moving {
		calls[p.changes.Moving[i].ID] = &p.changes.Moving[i]
	}
	var records []store.MovedRecord
	for i := range p.changes.Records {
		if r := &p.changes.Records[i]; calls[r.ID] != nil {
			records = append(records, *r)
		}
	}
	return p.tx.store.KeptKeys(ctx, p.tx.conn, records, func(id pcommon.SpanID, keys trace.CallKeys) {
		e := calls[id]
		c := trace.Candidate{Origin: keys.Origin, ID: id, Start: e.Start, End: e.Span.End, ByTime: keys.ByTime, HasID: keys.HasID}
		p.changes.Candidates = append(p.changes.Candidates, candidateRows(&c, keys.InTrace)...)
	})
}

// listsKept reports whether a trace gets so many spans that batches do not read it whole any more.
func (t *transaction) listsKept(tr *traceSpans) bool {
	if tr.row == nil || !tr.row.Evented() || tr.row.Spans <= trace.MostKept {
		return false
	}
	if tr.stored == nil {
		return len(tr.rows) <= trace.MostKept
	}
	return tr.stored.Evented() && tr.stored.Spans <= trace.MostKept
}

// listKept lists the calls of such traces whose keys records keep.
func (p *pairing) listKept(ctx context.Context) error {
	var traces []pcommon.TraceID
	for i := range p.tx.traces {
		if p.tx.listsKept(&p.tx.traces[i]) {
			traces = append(traces, p.tx.traces[i].otel)
		}
	}
	if len(traces) == 0 {
		return nil
	}
	err := p.tx.store.KeptOfTraces(ctx, p.tx.conn, traces, func(c *trace.Candidate, keys trace.CallKeys) {
		p.changes.Candidates = append(p.changes.Candidates, candidateRows(c, keys.InTrace)...)
	})
	store.SortCandidates(p.changes.Candidates)
	return err
}

// candidateRows are the rows of a call under some keys.
func candidateRows(c *trace.Candidate, keys []uint64) []store.CandidateRow {
	rows := make([]store.CandidateRow, len(keys))
	for i, key := range keys {
		rows[i] = candidateRow(c, key)
	}
	return rows
}
