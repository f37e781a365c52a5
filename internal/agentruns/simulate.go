package agentruns

import (
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Simulated are programs whose sessions Simulate makes up.
var Simulated = []string{"claude", "codex", "gemini", "qwen", "unknown"}

// Simulate makes up a session of a program as the captured ones are: of several turns with calls
// of models and tools, failures, retries and subagents.
func Simulate(r *rand.Rand, agent string, begin time.Time) Run {
	drawn := r.Uint32()
	s := &session{r: r, now: begin, id: fmt.Sprintf("%08x-%04x", drawn, r.IntN(1<<16)), number: int(drawn % 100_000)}
	if r.IntN(4) == 0 {
		s.id = fmt.Sprint(1 + r.IntN(3)) // short, as other programs have it too
	}
	s.simulate(agent)
	return s.run
}

func (s *session) simulate(agent string) {
	s.run = Run{Name: agent + "-simulated", Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	switch agent {
	case "claude":
		s.claude()
	case "codex":
		s.codex()
	case "gemini":
		s.gemini()
	case "qwen":
		s.qwen()
	case "unknown":
		s.unknown()
	}
}

// session is a session being made up.
type session struct {
	r      *rand.Rand
	now    time.Time
	id     string
	run    Run
	spans  map[string]ptrace.SpanSlice
	logs   map[string]plog.LogRecordSlice
	calls  int // so far
	common map[string]any
	asked  string     // the messages of a request
	number int        // others have other ids of requests, tools and turns, though they may have the session
	even   bool       // all that is alike takes as long
	named  *rand.Rand // by which an unknown program is described; nil for r
	beside bool       // others are in the session
	byTime bool       // records lose the ids of requests
}

// place is where something happens: the span around it, if spans are sent.
type place struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

func (s *session) traceID() (id pcommon.TraceID) {
	for i := range id {
		id[i] = byte(1 + s.r.IntN(255))
	}
	id[0] ^= byte(s.number)
	return id
}

func (s *session) spanID() (id pcommon.SpanID) {
	for i := range id {
		id[i] = byte(1 + s.r.IntN(255))
	}
	id[0] ^= byte(s.number)
	return id
}

// program returns by what is chosen that runs of one program have in common.
func (s *session) program() *rand.Rand {
	if s.named != nil {
		return s.named
	}
	return s.r
}

// nth is the number of something, which other runs at once do not have.
func (s *session) nth(n int) int { return 1000*s.number + n }

// sleep lets up to so many milliseconds pass.
func (s *session) sleep(millis int) time.Time {
	if s.even {
		s.now = s.now.Add(time.Duration(millis) * time.Millisecond)
		return s.now
	}
	s.now = s.now.Add(time.Duration(1+s.r.IntN(millis))*time.Millisecond + time.Duration(s.r.IntN(1e6)))
	return s.now
}

func (s *session) oneIn(n int) bool { return s.r.IntN(n) == 0 }

// span adds a span of a scope; a place without a trace gets none.
func (s *session) span(scope, name string, at place, id pcommon.SpanID, from, to time.Time, attrs ...map[string]any) ptrace.Span {
	if s.spans == nil {
		s.spans = map[string]ptrace.SpanSlice{}
	}
	if _, ok := s.spans[scope]; !ok {
		rs := s.run.Traces.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "agent")
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName(scope)
		s.spans[scope] = ss.Spans()
	}
	if at.trace.IsEmpty() {
		return ptrace.NewSpan()
	}
	span := s.spans[scope].AppendEmpty()
	span.SetTraceID(at.trace)
	span.SetSpanID(id)
	span.SetParentSpanID(at.span)
	span.SetName(name)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(from))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(to))
	putAll(span.Attributes(), attrs...)
	return span
}

// record adds a log record of a scope.
func (s *session) record(scope string, at place, when time.Time, attrs ...map[string]any) plog.LogRecord {
	if s.logs == nil {
		s.logs = map[string]plog.LogRecordSlice{}
	}
	if _, ok := s.logs[scope]; !ok {
		rl := s.run.Logs.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", "agent")
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(scope)
		s.logs[scope] = sl.LogRecords()
	}
	rec := s.logs[scope].AppendEmpty()
	rec.SetTraceID(at.trace)
	rec.SetSpanID(at.span)
	rec.SetTimestamp(pcommon.NewTimestampFromTime(when.Truncate(time.Millisecond)))
	rec.SetObservedTimestamp(rec.Timestamp())
	putAll(rec.Attributes(), append(attrs, s.common)...)
	return rec
}

func putAll(to pcommon.Map, attrs ...map[string]any) {
	for _, some := range attrs {
		for key, v := range some {
			must(to.PutEmpty(key).FromRaw(v))
		}
	}
}

type fields = map[string]any

// usage is what a call costs.
type usage struct{ input, read, write, output, reasoning int64 }

// answered makes up the tokens of an answered call and counts it.
func (s *session) answered(writes, thinks bool) (u usage) {
	u = usage{input: 20 + s.r.Int64N(3), output: 10 + s.r.Int64N(3)} // calls are often alike
	if s.oneIn(2) {
		u.read = 1000
		u.input += u.read
	}
	if writes && s.oneIn(3) {
		u.write = 300
		u.input += u.write
	}
	if thinks && s.oneIn(2) {
		u.reasoning = 64
		u.output += u.reasoning
	}
	t := &s.run.Truth
	t.Calls++
	t.Input += u.input
	t.CacheRead += u.read
	t.CacheWrite += u.write
	t.Output += u.output
	t.Reasoning += u.reasoning
	s.calls++
	return u
}

func (s *session) failed() {
	s.run.Truth.FailedRequests++
	s.calls++
}

// claude makes up a session of Claude Code whose traces are turned on at some turn.
func (s *session) claude() {
	const spans, records = "com.anthropic.claude_code.tracing", "com.anthropic.claude_code.events"
	s.common = fields{"session.id": s.id, "user.id": "u"}
	turns := 1 + s.r.IntN(3)
	traced := s.r.IntN(turns + 1)
	gateway := s.program().IntN(4) == 0 // drops the ids of requests
	if s.beside && (gateway || s.byTime) {
		traced = 0 // nothing tells a call whose span is lacking from an equal one at its time
	}
	for turn := range turns {
		root, id := place{}, s.spanID()
		inside := place{}
		if turn >= traced {
			root.trace = s.traceID()
			inside = place{root.trace, id}
		}
		from := s.sleep(5000)
		prompt := fields{"prompt.id": fmt.Sprintf("%s-%d", s.id, s.nth(turn))}
		s.record(records, inside, s.sleep(20), prompt, fields{"event.name": "user_prompt", "prompt": fmt.Sprint("question ", turn), "prompt_length": "10"}).Body().SetStr("claude_code.user_prompt")
		before := s.run.Truth
		s.claudeLoop(spans, records, inside, prompt, gateway, 0)
		if turn < traced {
			s.run.Untraced.Add(s.run.Truth)
			s.run.Untraced.Add(before.negative())
		}
		s.span(spans, "claude_code.interaction", root, id, from, s.sleep(20), fields{"session.id": s.id, "gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": s.id, "user_prompt": fmt.Sprint("question ", turn)})
		s.sleep(3000)
	}
}

func (s *session) claudeLoop(spans, records string, at place, prompt fields, gateway bool, depth int) {
	name := func(event string) fields { return fields{"event.name": event} }
	said := func(rec plog.LogRecord) {
		v, _ := rec.Attributes().Get("event.name")
		rec.Body().SetStr("claude_code." + v.AsString())
	}
	of := fields{"query_source": "sdk"}
	if depth > 0 {
		of = fields{"query_source": "agent:builtin:general-purpose", "agent.name": "general-purpose", "agent_id": "a1"}
	}
	conversation := fields{"session.id": s.id, "gen_ai.conversation.id": s.id}
	if depth > 0 {
		conversation["gen_ai.conversation.id"] = "a1"
	}
	for range 1 + s.r.IntN(3) {
		request := fields{}
		if !gateway {
			request["request_id"] = fmt.Sprintf("req_%04d", s.nth(s.calls+1))
		}
		spanRequest := fields{}
		for _, key := range []string{"request_id", "gen_ai.response.id"} {
			if id, ok := request["request_id"]; ok {
				spanRequest[key] = id
			}
		}
		from := s.sleep(50)
		attempts := 1 + s.r.IntN(4)/3
		if attempts > 1 {
			s.sleep(1200)
		}
		asked := s.now
		to := s.sleep(900)
		took := to.Sub(asked).Milliseconds()
		call := []fields{conversation, spanRequest, {"gen_ai.operation.name": "chat", "gen_ai.system": "anthropic", "gen_ai.provider.name": "anthropic", "model": "claude-sonnet-4-5", "gen_ai.request.model": "claude-sonnet-4-5", "attempt": attempts}}
		if s.oneIn(6) {
			s.failed()
			said(s.record(records, at, to, prompt, of, request, name("api_error"), fields{"model": "claude-sonnet-4-5", "error": "overloaded", "status_code": 529, "attempt": attempts, "duration_ms": took}))
			span := s.span(spans, "claude_code.llm_request", at, s.spanID(), from, s.sleep(3), append(call, fields{"success": false, "status_code": 529, "error": "overloaded", "error_class": "server_overload"})...)
			span.Status().SetCode(ptrace.StatusCodeError)
			continue
		}
		u := s.answered(true, false)
		plain := u.input - u.read - u.write
		said(s.record(records, at, to, prompt, of, request, name("api_request"), fields{
			"model": "claude-sonnet-4-5-20250929", "input_tokens": plain, "output_tokens": u.output, "cache_read_tokens": u.read, "cache_creation_tokens": u.write,
			"cost_usd": 0.002, "duration_ms": took, "ttft_ms": took / 2,
		}))
		said(s.record(records, at, to, prompt, of, request, name("assistant_response"), fields{"response": fmt.Sprint("answer ", s.nth(s.calls)), "model": "claude-sonnet-4-5-20250929"}))
		s.span(spans, "claude_code.llm_request", at, s.spanID(), from, s.sleep(3), append(call, fields{
			"gen_ai.response.model": "claude-sonnet-4-5-20250929", "input_tokens": plain, "output_tokens": u.output, "cache_read_tokens": u.read, "cache_creation_tokens": u.write, "success": true,
			"gen_ai.usage.input_tokens": u.input, "gen_ai.usage.output_tokens": u.output, "gen_ai.usage.cache_read.input_tokens": u.read, "gen_ai.usage.cache_write.input_tokens": u.write,
		})...)
		for range s.r.IntN(3) {
			s.claudeTool(spans, records, at, prompt, request, conversation, gateway, depth)
		}
	}
}

func (s *session) claudeTool(spans, records string, at place, prompt, request, conversation fields, gateway bool, depth int) {
	s.run.Truth.Tools++
	tool := fields{"tool_name": []string{"Bash", "Read"}[s.r.IntN(2)], "tool_use_id": fmt.Sprintf("toolu_%04d", s.nth(int(s.run.Truth.Tools)))}
	subagent := depth == 0 && s.oneIn(5)
	if subagent {
		tool["tool_name"] = "Task"
	}
	spanTool := fields{"tool_name": tool["tool_name"], "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool["tool_name"], "tool_use_id": tool["tool_use_id"], "gen_ai.tool.call.id": tool["tool_use_id"]}
	from, id, rejected := s.sleep(10), s.spanID(), s.oneIn(6)
	decision := "accept"
	if rejected {
		decision = "reject"
	}
	inside := place{}
	if !at.trace.IsEmpty() {
		inside = place{at.trace, id}
	}
	blocked := s.spanID()
	blockedAt := place{}
	if !at.trace.IsEmpty() {
		blockedAt = place{at.trace, blocked}
	}
	s.record(records, blockedAt, s.sleep(5), prompt, request, tool, fields{"event.name": "tool_decision", "decision": decision, "source": "config", "tool_parameters": "{}"}).Body().SetStr("claude_code.tool_decision")
	s.span(spans, "claude_code.tool.blocked_on_user", inside, blocked, from, s.now, conversation, fields{"decision": decision})
	if !rejected {
		execution := s.spanID()
		executing := place{}
		if !at.trace.IsEmpty() {
			executing = place{at.trace, execution}
		}
		begun := s.now
		if subagent {
			s.claudeLoop(spans, records, executing, prompt, gateway, 1)
			s.record(records, at, s.now, prompt, fields{"event.name": "subagent_completed", "agent_type": "general-purpose", "total_tokens": 999, "model": "claude-sonnet-4-5"}).Body().SetStr("claude_code.subagent_completed")
		}
		done := s.sleep(300)
		s.span(spans, "claude_code.tool.execution", inside, execution, begun, done, conversation, fields{"tool_use_id": tool["tool_use_id"], "gen_ai.tool.call.id": tool["tool_use_id"], "success": true})
		s.record(records, at, s.sleep(3), prompt, request, tool, fields{"event.name": "tool_result", "success": fmt.Sprint(!s.oneIn(4)), "duration_ms": fmt.Sprint(done.Sub(begun).Milliseconds()), "tool_input": `{"command":"ls"}`}).Body().SetStr("claude_code.tool_result")
	}
	s.span(spans, "claude_code.tool", at, id, from, s.now, conversation, spanTool)
}

// codex makes up a conversation of Codex CLI over HTTP or WebSockets.
func (s *session) codex() {
	const spans, records = "codex_exec", "codex_otel.log_only"
	s.common = fields{"conversation.id": s.id, "model": "gpt-5", "slug": "gpt-5"}
	sockets := s.oneIn(3)
	record := func(at place, attrs ...map[string]any) {
		rec := s.record(records, at, s.now, attrs...)
		rec.SetTimestamp(0)
		rec.SetEventName("event otel/src/events/session_telemetry.rs:1187")
	}
	for turn := range 1 + s.r.IntN(2) {
		trace, start, task, run := s.traceID(), s.spanID(), s.spanID(), s.spanID()
		of := fields{"turn.id": fmt.Sprintf("%s-t%d", s.id, s.nth(turn))}
		from, sum := s.sleep(3000), usage{}
		record(place{trace, s.spanID()}, fields{"event.name": "codex.user_prompt", "prompt": fmt.Sprint("question ", turn), "prompt_length": 10})
		if sockets {
			record(place{}, fields{"event.name": "codex.sse_event", "event.kind": "response.completed", "input_token_count": "0", "output_token_count": "0", "tool_token_count": "0"})
		}
		for range 1 + s.r.IntN(3) {
			sampling, responses := s.spanID(), s.spanID()
			begun := s.sleep(30)
			u, failed := s.codexTries(place{trace, run}, record, sockets)
			if failed {
				break
			}
			counts := fields{
				"event.name": "codex.sse_event", "event.kind": "response.completed", "input_token_count": fmt.Sprint(u.input), "output_token_count": fmt.Sprint(u.output), "cached_token_count": u.read,
				"cache_write_token_count": 0, "reasoning_token_count": u.reasoning, "tool_token_count": fmt.Sprint(u.input + u.output), "ttft_ms": 5,
			}
			if !sockets {
				record(place{}, fields{"event.name": "codex.sse_event", "event.kind": "response.completed", "duration_ms": "0"})
			}
			record(place{}, counts)
			sum.input, sum.read, sum.output, sum.reasoning = sum.input+u.input, sum.read+u.read, sum.output+u.output, sum.reasoning+u.reasoning
			at := s.sleep(10)
			s.span(spans, "handle_responses", place{trace, sampling}, responses, at, s.sleep(2), fields{
				"gen_ai.usage.input_tokens": u.input, "gen_ai.usage.cache_read.input_tokens": u.read, "gen_ai.usage.output_tokens": u.output, "codex.usage.reasoning_output_tokens": u.reasoning,
				"codex.usage.total_tokens": u.input + u.output,
			})
			for range s.r.IntN(3) {
				s.codexTool(spans, place{trace, sampling}, of, record)
			}
			s.span(spans, "run_sampling_request", place{trace, run}, sampling, begun, s.now, fields{"turn_id": of["turn.id"], "model": "gpt-5"})
		}
		s.span(spans, "run_turn", place{trace, task}, run, from, s.now, fields{"conversation.id": s.id}, of)
		s.span(spans, "session_task.turn", place{trace, start}, task, from, s.sleep(20), of, fields{
			"model": "gpt-5", "codex.turn.token_usage.input_tokens": sum.input, "codex.turn.token_usage.cached_input_tokens": sum.read, "codex.turn.token_usage.cache_write_input_tokens": 0,
			"codex.turn.token_usage.non_cached_input_tokens": sum.input - sum.read, "codex.turn.token_usage.output_tokens": sum.output, "codex.turn.token_usage.reasoning_output_tokens": sum.reasoning,
			"codex.turn.token_usage.total_tokens": sum.input + sum.output,
		})
		s.span(spans, "turn/start", place{trace: trace}, start, from, s.now, fields{"rpc.method": "turn/start"}, of)
	}
}

// codexTries asks until an answer comes, or gives up.
func (s *session) codexTries(at place, record func(place, ...map[string]any), sockets bool) (u usage, failed bool) {
	for attempt := 0; !sockets; attempt++ {
		id, from := s.spanID(), s.now
		code := 200
		if s.oneIn(5) {
			code = 429
		}
		s.sleep(400)
		event := fields{"event.name": "codex.api_request", "duration_ms": fmt.Sprint(s.now.Sub(from).Milliseconds()), "http.response.status_code": code, "attempt": attempt, "endpoint": "/responses"}
		if code >= 400 {
			event["error.message"], event["auth.request_id"] = "http 429", fmt.Sprintf("req_%04d", s.nth(s.calls+1))
			s.failed()
		}
		span := s.span("codex_exec", "endpoint_session.stream_encoded_json_with", at, id, from, s.now, fields{"http.method": "POST", "api.path": "/responses"})
		e := span.Events().AppendEmpty()
		e.SetName("event otel/src/events/session_telemetry.rs:837")
		e.SetTimestamp(pcommon.NewTimestampFromTime(s.now))
		told := fields{"target": "codex_otel.trace_safe", "conversation.id": s.id, "model": "gpt-5", "slug": "gpt-5"}
		putAll(e.Attributes(), event, told)
		e.Attributes().PutStr("http.response.status_code", fmt.Sprint(code))
		record(place{at.trace, id}, event)
		if code == 200 {
			break
		}
		if attempt == 2 {
			return u, true
		}
	}
	return s.answered(false, true), false
}

func (s *session) codexTool(spans string, at place, of fields, record func(place, ...map[string]any)) {
	s.run.Truth.Tools++
	id, dispatch := s.spanID(), s.spanID()
	tool := fields{"tool_name": "exec_command", "call_id": fmt.Sprintf("call_%04d", s.nth(int(s.run.Truth.Tools)))}
	from, denied := s.sleep(10), s.oneIn(6)
	decision := "approved"
	if denied {
		decision = "denied"
	}
	record(place{at.trace, s.spanID()}, tool, fields{"event.name": "codex.tool_decision", "tool_namespace": "functions", "decision": decision, "source": "Config"})
	s.sleep(200)
	if !denied {
		record(place{at.trace, dispatch}, tool, fields{"event.name": "codex.tool_result", "duration_ms": fmt.Sprint(s.now.Sub(from).Milliseconds()), "success": fmt.Sprint(!s.oneIn(4)), "arguments": `{"cmd":"ls"}`, "output": "out", "agent_name": "/root"})
	}
	s.span(spans, "dispatch_tool_call_with_state", place{at.trace, id}, dispatch, from, s.now)
	s.span(spans, "exec_command", at, id, from, s.now, tool, of, fields{"conversation.id": s.id, "tool_source": "direct"})
}
