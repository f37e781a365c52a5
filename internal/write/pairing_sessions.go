package write

import (
	"bytes"
	"context"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// settleSessions gives each trace the session of its row, else that of its earliest span
// in the batch that names one.
func (p *pairing) settleSessions() {
	earliest := map[pcommon.TraceID]*mapping.Span{}
	for i := range p.tx.batch.Spans {
		s := &p.tx.batch.Spans[i]
		if s.SessionID == "" {
			continue
		}
		if e := earliest[s.TraceID]; e == nil || s.Start < e.Start || s.Start == e.Start && bytes.Compare(s.SpanID[:], e.SpanID[:]) < 0 {
			earliest[s.TraceID] = s
		}
	}
	for id, s := range earliest {
		p.sessions[id] = s.SessionID
	}
	for id, f := range p.facts {
		if f.Session != "" {
			p.sessions[id] = f.Session
		}
	}
}

// findSessions finds the sessions that spans of a trace name beside the trace's: an agent below
// another may have one of its own, which the spans of its calls do not say.
func (p *pairing) findSessions(ctx context.Context) error {
	first, lookups := p.sessionsNamed()
	known := map[pcommon.TraceID][]string{}
	if len(lookups) > 0 {
		_, err := p.tx.store.FindCandidates(ctx, p.tx.conn, lookups, nil, func(_ trace.CandidateKey, c *trace.Candidate) {
			known[c.Origin] = append(known[c.Origin], c.Session)
		})
		if err != nil {
			return err
		}
	}
	for id, named := range first {
		for session, i := range named {
			if !slices.Contains(known[id], session) {
				known[id] = append(known[id], session)
				p.naming = append(p.naming, i)
				_, p.fresh[id] = p.facts[id]
			}
		}
	}
	for id, sessions := range known {
		slices.Sort(sessions)
		p.others[id] = slices.DeleteFunc(slices.Compact(sessions), func(session string) bool { return session == p.sessions[id] })
	}
	return nil
}

// sessionsNamed returns, by trace and session, the first span of the batch that names a session which is not
// known to be its trace's, and where to look up the sessions that stored spans name: of traces in which the
// batch's spans name others, or calls of the batch name none.
func (p *pairing) sessionsNamed() (first map[pcommon.TraceID]map[string]int, lookups []trace.Lookup) {
	first = map[pcommon.TraceID]map[string]int{}
	asks := map[pcommon.TraceID]bool{}
	scope, sends := "", false
	for i := range p.tx.batch.Spans {
		s := &p.tx.batch.Spans[i]
		if s.ScopeName != scope {
			scope, sends = s.ScopeName, logs.SendsRecords(s.ScopeName)
		}
		switch f, stored := p.facts[s.TraceID]; {
		case !sends || s.Event != nil:
		case s.SessionID == "":
			asks[s.TraceID] = asks[s.TraceID] || stored && (s.Kind.IsModel() || s.Kind == mapping.KindTool || trace.Sums(s))
		case s.SessionID != f.Session || !stored:
			if first[s.TraceID] == nil {
				first[s.TraceID] = map[string]int{}
			}
			if _, there := first[s.TraceID][s.SessionID]; !there {
				first[s.TraceID][s.SessionID] = i
			}
			asks[s.TraceID] = stored
		}
	}
	for id, ask := range asks {
		if ask {
			lookups = append(lookups, trace.Lookup{Key: trace.SessionsOf(id), First: math.MinInt64, Last: math.MaxInt64, Most: maxSessions})
		}
	}
	return first, lookups
}

// maxSessions bounds how many sessions of a trace are looked at.
const maxSessions = 1000
