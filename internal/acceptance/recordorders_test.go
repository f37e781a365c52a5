package acceptance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// inventedRun is a session that a test makes up, with ids by its random numbers.
type inventedRun struct {
	r       *rand.Rand
	run     agentruns.Run
	spans   ptrace.SpanSlice
	records plog.LogRecordSlice
	now     time.Time
	session string
}

// newInventedRun begins a session whose spans and records are of a resource and a scope each.
func newInventedRun(r *rand.Rand, begin time.Time, session string) (m inventedRun, spans, records scoped) {
	m = inventedRun{r: r, now: begin, session: session}
	m.run = agentruns.Run{Name: session, Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	rs, rl := m.run.Traces.ResourceSpans().AppendEmpty(), m.run.Logs.ResourceLogs().AppendEmpty()
	ss, sl := rs.ScopeSpans().AppendEmpty(), rl.ScopeLogs().AppendEmpty()
	m.spans, m.records = ss.Spans(), sl.LogRecords()
	return m, scoped{rs.Resource(), ss.Scope()}, scoped{rl.Resource(), sl.Scope()}
}

// scoped is what sends a signal.
type scoped struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
}

func (m *inventedRun) traceID() (id pcommon.TraceID) {
	for i := range id {
		id[i] = byte(1 + m.r.IntN(255))
	}
	return id
}

func (m *inventedRun) spanID() pcommon.SpanID {
	id := m.traceID()
	return pcommon.SpanID(id[:8])
}

// span adds a span that ends now.
func (m *inventedRun) span(trace pcommon.TraceID, id, parent pcommon.SpanID, from time.Time, attrs map[string]any) ptrace.Span {
	s := m.spans.AppendEmpty()
	s.SetTraceID(trace)
	s.SetSpanID(id)
	s.SetParentSpanID(parent)
	s.SetName("span")
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(from))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(m.now))
	put(s.Attributes(), attrs)
	return s
}

// anyProgram makes up turns of a program that follows the conventions in its own way: which of a span,
// a record of the conventions and a record of its own observe a call, and which ids each of them has, is
// any choice that ties them to one another.
type anyProgram struct {
	inventedRun
	sessioned bool // spans name the session
	untraced  bool // records name the session and no trace
}

func newAnyProgram(r *rand.Rand, begin time.Time, number int) *anyProgram {
	sessioned := r.IntN(2) == 0
	made, spans, records := newInventedRun(r, begin, fmt.Sprint("any-", number))
	spans.scope.SetName("any.instrumentation")
	records.scope.SetName("any.events")
	return &anyProgram{inventedRun: made, sessioned: sessioned, untraced: sessioned && r.IntN(3) == 0}
}

func (p *anyProgram) span(trace pcommon.TraceID, id, parent pcommon.SpanID, from time.Time, attrs map[string]any) ptrace.Span {
	s := p.inventedRun.span(trace, id, parent, from, attrs)
	if p.sessioned {
		s.Attributes().PutStr("gen_ai.conversation.id", p.session)
	}
	return s
}

func put(to pcommon.Map, attrs map[string]any) {
	for key, v := range attrs {
		_ = to.PutEmpty(key).FromRaw(v)
	}
}

// turn adds the calls of a turn, each more than two seconds after the other: nothing but time tells
// failures apart that have no id.
func (p *anyProgram) turn() {
	trace, agent := p.traceID(), p.spanID()
	begin := p.now
	for range 1 + p.r.IntN(4) {
		p.now = p.now.Add(2100*time.Millisecond + time.Duration(p.r.IntN(1e9)))
		p.call(trace, agent, p.r.IntN(3) == 0)
	}
	p.now = p.now.Add(time.Millisecond)
	if p.r.IntN(3) > 0 {
		p.span(trace, agent, pcommon.SpanID{}, begin, map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"})
	}
}

func (p *anyProgram) call(trace pcommon.TraceID, agent pcommon.SpanID, tool bool) {
	t := &p.run.Truth
	id, span := fmt.Sprintf("%s-%d", p.session, t.Calls+t.FailedRequests+t.Tools), p.spanID()
	failed := p.r.IntN(5) == 0
	from := p.now
	p.now = p.now.Add(time.Duration(1+p.r.IntN(900)) * time.Millisecond)
	bySpan, byDetails, byOwn := p.r.IntN(3) > 0, p.r.IntN(3) > 0 && !tool, p.r.IntN(3) > 0
	if !bySpan && !byDetails && !byOwn {
		byOwn = true
	}
	attrs := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1"}
	idKey, ownKey := "gen_ai.response.id", "response_id"
	own := map[string]any{"model": "m-1", "duration_ms": p.now.Sub(from).Milliseconds()}
	switch {
	case tool:
		attrs = map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
		idKey, ownKey = "gen_ai.tool.call.id", "tool_call_id"
		own = map[string]any{"tool_name": "search", "success": !failed}
		t.Tools++
	case failed:
		t.FailedRequests++
		attrs["error.type"], own["error.message"], own["error.type"] = "overloaded", "overloaded", "overloaded"
	default:
		t.Calls++
		in, out := int64(1000+p.r.IntN(1000)), int64(10+p.r.IntN(100))
		t.Input, t.Output = t.Input+in, t.Output+out
		attrs["gen_ai.usage.input_tokens"], attrs["gen_ai.usage.output_tokens"] = in, out
		own["input_tokens"], own["output_tokens"] = in, out
	}
	// Of two records each has the id; one beside a span has it too, or names the span, or nothing but time ties the two.
	tied := byDetails && byOwn || p.r.IntN(2) == 0
	names := func() bool { return bySpan && p.r.IntN(2) == 0 }
	if tied {
		own[ownKey] = id
		attrs[idKey] = id
	}
	if bySpan {
		s := p.span(trace, span, agent, from, attrs)
		if failed {
			s.Status().SetCode(ptrace.StatusCodeError)
		}
	}
	record := func(name string, attrs map[string]any) {
		rec := p.records.AppendEmpty()
		rec.SetEventName(name)
		rec.SetTimestamp(pcommon.NewTimestampFromTime(p.now.Add(time.Duration(p.r.IntN(5)) * time.Millisecond)))
		put(rec.Attributes(), attrs)
		if p.untraced || p.r.IntN(2) == 0 {
			rec.Attributes().PutStr("gen_ai.conversation.id", p.session)
		}
		if p.untraced {
			return
		}
		rec.SetTraceID(trace)
		rec.SetSpanID(agent)
		if names() {
			rec.SetSpanID(span)
		}
	}
	if byDetails {
		record("gen_ai.client.inference.operation.details", attrs)
	}
	if byOwn {
		record(map[bool]string{true: "any.tool_result", false: map[bool]string{true: "any.api_error", false: "any.api_request"}[failed]}[tool], own)
	}
}

// TestAnyRecordsInAnyOrderCountOnce sends made up programs in random batches, some of them twice, to two
// collectors: the sums are what was asked, whatever the order, the batches and the ids.
func TestAnyRecordsInAnyOrderCountOnce(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums agentruns.Truth
	for seed := range agentruns.Seeds(anyPrograms) {
		r := rand.New(rand.NewPCG(uint64(seed), 47))
		p := newAnyProgram(r, time.Now().Add(-20*time.Hour+time.Duration(seed)*5*time.Minute), seed)
		for range 1 + r.IntN(3) {
			p.turn()
		}
		sums.Add(p.run.Truth)
		list := batches(r, p.run)
		for _, a := range list {
			a.send(t, collectors[r.IntN(2)])
		}
		slices.Reverse(list)
		if r.IntN(4) == 0 { // all once more, from the end
			for _, a := range list {
				a.send(t, collectors[r.IntN(2)])
			}
		}
		requireTruth(t, db, sums, p.run.Name)
	}
	rowcheck.Consistent(t, db)
	require.NotZero(t, sums.FailedRequests)
}

const anyPrograms = 30
