package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
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

// anyAgent makes up sessions of an agent that nobody described, which tells each call and tool by a span and
// a record. How it names sessions, ids, times, tokens and errors, where a record has its attributes, what ties
// it to the span, and how far apart the clocks of both are, is any choice.
type anyAgent struct {
	inventedRun
	figures
	n    int
	salt byte // of ids that are the agent's own

	tie                                                          tie
	rootOnly, ids, details, retries                              bool // the root span alone names the session; calls have ids; the conventions' records, too
	tries                                                        bool // records alone tell of tries that failed before the answer
	spanIDs, recordIDs                                           bool // ids are on one side only
	apart                                                        bool // records name another session than spans
	skew                                                         time.Duration
	clock, place, usage, failure, succeeds                       int
	spanSession, spanCall, spanTool                              string
	call, tool, turn, model, toolName, took, input, output, read string
	answered, broken, ran, prompted                              string
	sessions                                                     map[string]string // the attribute with the session, by event
}

// tie is what ties the records of an agent to its spans.
type tie int

const (
	byName    tie = iota // they name the span of the call
	byParent             // they name the span around: the id or the time
	bySession            // they name the session: the id or the time
	numTies
)

func (p *anyAgent) any(all ...string) string { return all[p.r.IntN(len(all))] }

func newAnyAgent(r *rand.Rand, begin time.Time, number int) *anyAgent {
	made, spans, records := newInventedRun(r, begin, fmt.Sprintf("session-%d-%08x", number, r.Uint32()))
	p := &anyAgent{inventedRun: made, figures: newFigures(r)}
	spans.resource.Attributes().PutStr("service.name", p.any("agent", "spans of the agent"))
	records.resource.Attributes().PutStr("service.name", "agent")
	spans.scope.SetName(p.any("agent", "acme.instrumentation", ""))
	records.scope.SetName(p.any("agent.events", "agent", ""))
	flip := func() bool { return r.IntN(2) == 0 }

	p.tie = tie(number % int(numTies))
	p.ids, p.rootOnly, p.retries, p.tries = flip(), r.IntN(3) == 0, flip(), r.IntN(3) == 0
	p.details = p.ids && flip()
	if !p.ids {
		side := r.IntN(3)
		p.spanIDs, p.recordIDs = side == 1, side == 2
	}
	p.apart = p.ids && p.tie == byParent && flip()
	switch {
	// Clocks that are further apart than calls need ids on both sides, which tell a try from the error of its span, too.
	case p.ids && r.IntN(3) == 0:
		p.skew = time.Duration(r.IntN(40_000)-20_000) * time.Millisecond
	case flip():
		p.skew = time.Duration(r.IntN(2400)-1200) * time.Millisecond
	}
	p.clock, p.place, p.usage, p.failure, p.succeeds = r.IntN(5), r.IntN(5), r.IntN(4), r.IntN(5), r.IntN(3)
	p.spanSession = p.any("gen_ai.conversation.id", "session.id")
	p.spanCall, p.spanTool = p.any("gen_ai.response.id", "llm.response.id", "response_id"), p.any("gen_ai.tool.call.id", "tool_call_id")
	p.call = p.any("response_id", "response.id", "request_id", "requestId", "llm.request.id", "completion_id", "gen_ai.response.id", "generationId")
	p.tool = p.any("tool_use_id", "toolCallId", "call_id", "tool.call.id", "callId", "gen_ai.tool.call.id", "tool_call_id")
	p.turn, p.model = p.any("prompt.id", "turn_id", "turnId", ""), p.any("model", "llm.model", "request_model", "modelId", "gen_ai.request.model", "model_name")
	p.toolName, p.took = p.any("tool_name", "tool", "toolName", "function_name", "gen_ai.tool.name", "tool.name"), p.any("duration_ms", "latency_ms", "durationMs", "elapsed_ms", "duration")
	p.input = p.any("input_tokens", "prompt_tokens", "tokensIn", "llm.usage.input", "gen_ai.usage.input_tokens", "inputTokens", "input_token_count")
	p.output = p.any("output_tokens", "completion_tokens", "tokensOut", "llm.usage.output", "gen_ai.usage.output_tokens", "outputTokens", "output_token_count")
	p.read = p.any("cacheReads", "cache_read_tokens", "cached_input_tokens", "cacheReadTokens", "cached_content_token_count")
	prefix := p.any("agent.", "acme_dev.", "helper/", "my-agent:", "co.pilot.", "")
	p.answered = prefix + p.any("api_request", "llm.request", "llm_response", "model.completed", "chat_completion", "ModelResponse", "llm_call", "inference", "generation", "completion", "usage", "api.response")
	p.broken, p.ran = prefix+p.any("api_error", "llm.request.failed", "model.error", "llm_error", "inference_failed"), prefix+p.any("tool_result", "tool.call", "ToolCallCompleted", "tool_used", "tool_execution", "tool.end")
	p.prompted = prefix + p.any("user_prompt", "prompt", "user.message", "user_input")
	p.sessions = map[string]string{inferenceDetails: p.any("gen_ai.conversation.id", "session.id")}
	for _, event := range []string{p.answered, p.broken, p.ran, p.prompted} {
		p.sessions[event] = p.any("session.id", "session_id", "sessionId", "conversation_id", "conversationId", "gen_ai.conversation.id", "thread_id", "chat.id", "taskId")
	}
	return p
}

const inferenceDetails = "gen_ai.client.inference.operation.details"

// around is where a call is made.
type around struct {
	trace         pcommon.TraceID
	parent        pcommon.SpanID
	session, turn string
}

func (p *anyAgent) span(at around, id pcommon.SpanID, from time.Time, failed bool, attrs map[string]any) {
	s := p.inventedRun.span(at.trace, id, at.parent, from, attrs)
	if !p.rootOnly || at.parent.IsEmpty() {
		s.Attributes().PutStr(p.spanSession, at.session)
	}
	if failed {
		s.Status().SetCode(ptrace.StatusCodeError)
	}
}

func (p *anyAgent) record(at around, call pcommon.SpanID, event string, attrs map[string]any) {
	rec := p.records.AppendEmpty()
	switch p.tie {
	case byName:
		rec.SetTraceID(at.trace)
		rec.SetSpanID(call)
	case byParent:
		rec.SetTraceID(at.trace)
		rec.SetSpanID(at.parent)
	}
	all := maps.Clone(attrs)
	if all[p.sessions[event]] = at.session; p.apart {
		all[p.sessions[event]] = "window of " + p.session
	}
	if p.turn != "" {
		all[p.turn] = at.turn
	}
	p.date(rec, all)
	switch p.place {
	case 0, 1:
		put(rec.Attributes(), all)
		if p.place == 1 {
			rec.Body().SetStr("something happened")
		}
	case 2:
		put(rec.Body().SetEmptyMap(), all)
	default:
		text, err := json.Marshal(all)
		if err != nil {
			panic(err)
		}
		if p.place == 3 {
			rec.Body().SetStr(string(text))
		} else {
			rec.Body().SetEmptyBytes().FromRaw(text)
		}
	}
	if p.r.IntN(2) == 0 || p.place > 1 {
		rec.SetEventName(event)
	} else {
		rec.Attributes().PutStr("event.name", event)
	}
}

// date says when a record was written.
func (p *anyAgent) date(rec plog.LogRecord, attrs map[string]any) {
	at := p.now.Add(p.skew)
	switch p.clock {
	case 0:
		rec.SetTimestamp(pcommon.NewTimestampFromTime(at))
	case 1:
		rec.SetObservedTimestamp(pcommon.NewTimestampFromTime(at))
	case 2:
		attrs["event.timestamp"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	case 3:
		attrs["event.timestamp"] = at.UnixMilli()
	default:
		attrs["event.timestamp"] = at.In(time.FixedZone("", 7200)).Format(time.RFC3339Nano)
	}
}

// number is a number as any type.
func (p *anyAgent) number(n int64) any {
	return []any{strconv.FormatInt(n, 10), float64(n), n}[p.r.IntN(3)]
}

// converse adds a turn.
func (p *anyAgent) converse() {
	p.n++
	at, begin, agent := around{trace: p.traceID(), session: p.session, turn: fmt.Sprint("turn ", p.n, " of ", p.session)}, p.now, p.spanID()
	inside := at
	inside.parent = agent
	p.record(inside, agent, p.prompted, map[string]any{"prompt": "question"})
	p.work(inside, p.r.IntN(3) == 0)
	p.now = p.now.Add(time.Millisecond)
	p.span(at, agent, begin, false, map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"})
	p.now = p.now.Add(10 * time.Second)
}

// work adds calls and tools, more than the clocks are apart after one another.
func (p *anyAgent) work(at around, delegates bool) {
	for range 1 + p.r.IntN(4) {
		p.now = p.now.Add(5100 * time.Millisecond)
		if p.r.IntN(3) == 0 {
			p.runTool(at, delegates)
			continue
		}
		for p.retries && p.r.IntN(3) == 0 {
			p.ask(at, true)
			p.now = p.now.Add(time.Minute)
		}
		p.ask(at, p.r.IntN(6) == 0)
	}
}

// runTool adds a tool, which may be another agent with a session of its own.
func (p *anyAgent) runTool(at around, delegates bool) {
	p.n++
	p.ranTool()
	id, span, from, name := fmt.Sprint("c", p.n), p.spanID(), p.now, "search"
	p.now = p.now.Add(time.Duration(1+p.r.IntN(900)) * time.Millisecond)
	if delegates {
		name = "task"
		of, begin, agent := at, p.now, p.spanID()
		of.parent = span
		if p.r.IntN(2) == 0 && (!p.rootOnly || p.tie == byName || p.ids && p.tie == byParent) {
			of.session = fmt.Sprint("part ", p.n, " of ", p.session)
		}
		inside := of
		inside.parent = agent
		p.work(inside, false)
		p.now = p.now.Add(time.Millisecond)
		p.span(of, agent, begin, false, map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "b"})
		p.now = p.now.Add(time.Duration(1+p.r.IntN(900)) * time.Millisecond)
	}
	attrs := map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
	own := map[string]any{p.toolName: name, p.took: p.number(p.now.Sub(from).Milliseconds())}
	failed := p.r.IntN(4) == 0
	switch {
	case p.succeeds == 0:
		own["success"] = !failed
	case p.succeeds == 1:
		own["status"] = map[bool]string{true: "error", false: "ok"}[failed]
	case failed:
		own["error"] = "it broke"
	}
	if p.ids || p.spanIDs {
		attrs[p.spanTool] = id
	}
	if p.ids || p.recordIDs {
		own[p.tool] = id
	}
	p.span(at, span, from, failed, attrs)
	p.record(at, span, p.ran, own)
}

// ask adds a call of a model.
func (p *anyAgent) ask(at around, failed bool) {
	span, from := p.spanID(), p.now
	for p.tries && p.r.IntN(3) == 0 {
		p.n++
		begun := p.now
		p.now = p.now.Add(time.Duration(1+p.r.IntN(2900)) * time.Millisecond)
		own := map[string]any{p.model: p.asked, p.took: p.number(p.now.Sub(begun).Milliseconds())}
		if p.ids || p.recordIDs {
			own[p.call] = fmt.Sprint("r", p.n)
		}
		p.fail(own)
		p.record(at, span, p.broken, own)
		p.failedBy(false, true)
		p.now = p.now.Add(time.Duration(5100+p.r.IntN(2900)) * time.Millisecond)
	}
	p.n++
	id, event := fmt.Sprint("r", p.n), p.answered
	p.now = p.now.Add(time.Duration(1+p.r.IntN(2900)) * time.Millisecond)
	attrs := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": p.asked}
	own := map[string]any{p.model: p.asked, p.took: p.number(p.now.Sub(from).Milliseconds())}
	if p.ids || p.spanIDs {
		attrs[p.spanCall] = id
	}
	if p.ids || p.recordIDs {
		own[p.call] = id
	}
	if failed {
		p.failedBy(true, true)
		event, attrs["error.type"] = p.broken, "overloaded"
		p.fail(own)
	} else {
		p.answer(attrs, own)
		own["response"] = "answer " + id
	}
	p.span(at, span, from, failed, attrs)
	p.record(at, span, event, own)
	if p.details {
		attrs["gen_ai.response.id"] = id
		p.record(at, span, inferenceDetails, attrs)
	}
}

// answer adds the figures of an answered call to what a span and a record of it report.
func (p *anyAgent) answer(attrs, own map[string]any) {
	c := p.callOf(p.r, p.details)
	if c.tokensOf.in(spansOnly) {
		attrs["gen_ai.usage.input_tokens"], attrs["gen_ai.usage.output_tokens"] = c.input, c.output
		if c.readOf.in(spansOnly) {
			attrs["gen_ai.usage.cache_read.input_tokens"] = c.read
		}
	}
	if c.costOf.in(spansOnly) {
		attrs["gen_ai.usage.cost"] = c.spanCost
	}
	if c.costOf.in(recordsOnly) {
		own["cost_usd"] = c.recordCost
	}
	if !c.tokensOf.in(recordsOnly) {
		return
	}
	read := c.readOf.in(recordsOnly)
	switch p.usage {
	case 0:
		usage := map[string]any{"input_tokens": c.input, "output_tokens": c.output}
		if own["usage"] = usage; read {
			usage["cached_input_tokens"] = c.read
		}
	case 1:
		details := ""
		if read {
			details = fmt.Sprintf(`,"prompt_tokens_details":{"cached_tokens":%d}`, c.read)
		}
		own["usage"] = fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d%s}`, c.input, c.output, details)
	default:
		if own[p.input], own[p.output] = p.number(c.input), p.number(c.output); read {
			own[p.read] = p.number(c.read)
		}
	}
}

// fail writes an error.
func (p *anyAgent) fail(own map[string]any) {
	switch p.failure {
	case 0:
		own["error.message"], own["error.type"] = "too much", "overloaded"
	case 1:
		own["error"] = map[string]any{"type": "overloaded", "message": "too much"}
	case 2:
		own["status_code"], own["error"] = p.number(529), "overloaded"
	case 3:
		own["exception.type"], own["exception.message"] = "Overloaded", "too much"
	default:
		own["error"] = "overloaded"
	}
}

// traceID and spanID give the twin of an agent its own ids.
func (p *anyAgent) traceID() pcommon.TraceID {
	id := p.inventedRun.traceID()
	id[0] ^= p.salt
	return id
}

func (p *anyAgent) spanID() pcommon.SpanID {
	id := p.inventedRun.spanID()
	id[0] ^= p.salt
	return id
}

// anySessions makes up the sessions of an agent that lacks spans, records or nothing: one, or two of which the
// second says the same at the same time, in a session of its own or, if nothing but time ties its
// records to its spans, in that of the first.
func anySessions(seed, n int, begin time.Time) (sessions []*anyAgent) {
	r := rand.New(rand.NewPCG(uint64(seed), uint64(67+n)))
	if r.IntN(4) == 0 { // some is of the day before, some of the day after
		begin = begin.Truncate(24 * time.Hour).Add(-time.Duration(r.IntN(20_000)) * time.Millisecond)
	}
	later := time.Duration(r.IntN(3)*r.IntN(3000)) * time.Millisecond
	for twin := range 1 + r.IntN(3)/2 {
		own := rand.New(rand.NewPCG(uint64(seed), uint64(61+n)))
		p := newAnyAgent(own, begin.Add(time.Duration(twin)*later), seed)
		if p.salt = byte(twin); twin > 0 && (p.ids || p.recordIDs || p.spanIDs || r.IntN(2) == 0) {
			p.session += " again"
		}
		for range 1 + own.IntN(3) {
			p.converse()
		}
		sessions = append(sessions, p)
	}
	return sessions
}

// TestAgentsNobodyDescribedCountOnce sends sessions of made up agents in random batches, some of them twice,
// to two collectors, with one signal or both, one of them hours late: the sums are what was asked.
func TestAgentsNobodyDescribedCountOnce(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var sums reported
	for seed := range agentruns.Seeds(anyAgents) {
		for n, lacks := range []string{"spans", "records", "nothing"} {
			r := rand.New(rand.NewPCG(uint64(seed), uint64(71+n)))
			sessions := anySessions(seed, n, time.Now().Add(-20*time.Hour+time.Duration(seed)*10*time.Minute))
			var runs []agentruns.Run
			for _, p := range sessions {
				switch lacks {
				case "spans":
					p.run.Traces = ptrace.NewTraces()
				case "records":
					p.run.Logs = plog.NewLogs()
				}
				sums.add(p.reported[n])
				runs = append(runs, p.run)
			}
			list := batches(r, agentruns.Together(runs...))
			late := r.IntN(3) == 0
			if late { // spans before records, or these before those
				spans := r.IntN(2) == 0
				first := func(a arrival) int {
					if (a.td != nil) == spans {
						return 0
					}
					return 1
				}
				slices.SortStableFunc(list, func(a, b arrival) int { return first(a) - first(b) })
			}
			for i, a := range list {
				if late && i > 0 && (list[i-1].td == nil) != (a.td == nil) {
					foldAll(t, db, time.Now().Add(3*time.Hour))
				}
				a.send(t, collectors[r.IntN(2)])
			}
			what := fmt.Sprintf("%s without %s (%d), twins: %v, late: %v\n%+v", sessions[0].run.Name, lacks, n, len(sessions) > 1, late, sessions[0].figures)
			requireTruth(t, db, sums.Truth, what)
			sums.requireCost(t, db, what)
		}
	}
	rowcheck.Consistent(t, db)
	require.NotZero(t, sums.FailedRequests)
}

const anyAgents = 12
