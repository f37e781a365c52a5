package agentruns

import (
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// SimulateAtOnce makes up runs of one program at about one time: in one session or several, of which some say all the same, whose calls
// take as long or not, with ids of requests on both sides, on spans or on none, and within one turn or several.
func SimulateAtOnce(r *rand.Rand, agent string, begin time.Time) (runs []Run, what string) {
	seed, alike, even, together := r.Uint64(), r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(3) > 0
	apart, id := []int{0, 1, 40, 700}[r.IntN(4)], fmt.Sprintf("%08x", r.Uint32())
	if alike && together {
		apart = max(apart, 1) // records that say all the same at one time are one
	}
	drops := r.IntN(3) // known programs have no ids on records alone
	for n := range 2 + r.IntN(2) {
		own := rand.New(rand.NewPCG(seed, uint64(n)))
		if alike {
			own = rand.New(rand.NewPCG(seed, 0))
		}
		s := &session{r: own, now: begin.Add(time.Duration(n*apart) * time.Millisecond), id: id, number: n, even: even, named: rand.New(rand.NewPCG(seed, 1)), beside: together, byTime: drops > 0}
		if !together {
			s.id = fmt.Sprint(id, "-", n)
		}
		s.simulate(agent)
		runs = append(runs, s.run)
	}
	for i := range runs {
		if drops > 0 {
			runs[i].eachRecord(func(rec plog.LogRecord) { withoutRequests(&runs[i], rec.Attributes()) })
		}
		if drops > 1 {
			runs[i].eachSpan(func(s ptrace.Span) {
				withoutRequests(&runs[i], s.Attributes())
				for _, e := range s.Events().All() {
					withoutRequests(&runs[i], e.Attributes())
				}
			})
		}
	}
	oneTurn := together && r.IntN(2) == 0
	if oneTurn {
		inOneTurn(runs)
	}
	return runs, fmt.Sprintf("%d of %s at once: alike %v, even %v, one session %v, one turn %v, %d ms apart, records without ids %v, spans %v",
		len(runs), agent, alike, even, together, oneTurn, apart, drops > 0, drops > 1)
}

// turnSpans are the names of the root spans of turns below which calls of several runs may be.
var turnSpans = map[string]bool{"claude_code.interaction": true, "qwen-code.interaction": true, "invoke_agent": true}

// inOneTurn puts what runs do in a turn below the span of the turn of the first of them.
func inOneTurn(runs []Run) {
	var turns []place
	for i := range runs {
		n, others := 0, map[pcommon.TraceID]place{}
		roots := map[pcommon.TraceID]pcommon.SpanID{}
		runs[i].eachSpan(func(s ptrace.Span) {
			if !turnSpans[s.Name()] || !s.ParentSpanID().IsEmpty() {
				return
			}
			if i == 0 {
				turns = append(turns, place{s.TraceID(), s.SpanID()})
			} else if n < len(turns) {
				others[s.TraceID()], roots[s.TraceID()] = turns[n], s.SpanID()
			}
			n++
		})
		for _, rs := range runs[i].Traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				ss.Spans().RemoveIf(func(s ptrace.Span) bool { return roots[s.TraceID()] == s.SpanID() })
			}
		}
		runs[i].eachSpan(func(s ptrace.Span) {
			if to, ok := others[s.TraceID()]; ok {
				if s.ParentSpanID() == roots[s.TraceID()] {
					s.SetParentSpanID(to.span)
				}
				s.SetTraceID(to.trace)
			}
		})
		runs[i].eachRecord(func(rec plog.LogRecord) {
			if to, ok := others[rec.TraceID()]; ok {
				if rec.SpanID() == roots[rec.TraceID()] {
					rec.SetSpanID(to.span)
				}
				rec.SetTraceID(to.trace)
			}
		})
	}
}
