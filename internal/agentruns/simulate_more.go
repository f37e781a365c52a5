package agentruns

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// gemini makes up a session of Gemini CLI with traces on.
func (s *session) gemini() {
	const scope = "gemini-cli"
	s.common = fields{"session.id": s.id, "installation.id": "i"}
	for turn := range 1 + s.r.IntN(3) {
		prompt := fields{"prompt_id": fmt.Sprintf("%s########%d", s.id, s.nth(turn))}
		s.sleep(6000)
		s.record(scope, place{}, s.now, prompt, fields{"event.name": "gemini_cli.user_prompt", "prompt": fmt.Sprint("question ", turn), "prompt_length": 10})
		for range 1 + s.r.IntN(4) {
			s.geminiCall(scope, prompt)
			s.sleep(5000) // nothing but time tells equal calls apart
		}
	}
}

func (s *session) geminiCall(scope string, prompt fields) {
	at := place{s.traceID(), s.spanID()}
	from := s.sleep(20)
	call := fields{"gen_ai.request.model": "gemini-2.5-pro", "gen_ai.conversation.id": s.id, "gen_ai.operation.name": "llm_call", "gen_ai.agent.name": "gemini-cli"}
	details := fields{"event.name": "gen_ai.client.inference.operation.details", "gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gen_ai", "gen_ai.request.model": "gemini-2.5-pro"}
	s.record(scope, at, s.sleep(3), prompt, fields{"event.name": "gemini_cli.api_request", "model": "gemini-2.5-pro", "request_text": `[{"role":"user","parts":[{"text":"hi"}]}]`})
	s.record(scope, at, s.now, prompt, details, fields{"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`})
	s.sleep(900)
	took := s.now.Sub(from).Milliseconds()
	if s.oneIn(6) {
		s.failed()
		s.record(scope, at, s.now, prompt, fields{"event.name": "gemini_cli.api_error", "model": "gemini-2.5-pro", "error": "quota", "error.message": "quota", "error.type": "ApiError", "status_code": 429, "duration_ms": took})
		s.record(scope, at, s.now, prompt, details, fields{"error.type": "ApiError", "gen_ai.response.model": "gemini-2.5-pro"})
		s.span(scope, "llm_call", place{trace: at.trace}, at.span, from, s.sleep(3), call).Status().SetCode(ptrace.StatusCodeError)
		return
	}
	u := s.answered(false, true)
	said := u.output - u.reasoning
	s.record(scope, place{}, s.now, prompt, fields{
		"event.name": "gemini_cli.api_response", "model": "gemini-2.5-pro", "duration_ms": took, "input_token_count": u.input, "output_token_count": said, "cached_content_token_count": u.read,
		"thoughts_token_count": u.reasoning, "tool_token_count": 0, "total_token_count": u.input + u.output, "status_code": 200, "finish_reasons": []any{"stop"},
	})
	s.record(scope, place{}, s.now, details, fields{"gen_ai.response.id": fmt.Sprintf("gem-%04d", s.nth(s.calls)), "gen_ai.usage.input_tokens": u.input, "gen_ai.usage.output_tokens": said})
	s.span(scope, "llm_call", place{trace: at.trace}, at.span, from, s.sleep(3), call, fields{"gen_ai.usage.input_tokens": u.input, "gen_ai.usage.output_tokens": said})
	if s.oneIn(2) {
		return
	}
	s.run.Truth.Tools++
	schedule := place{s.traceID(), s.spanID()}
	begun := s.sleep(10)
	s.sleep(50)
	s.record(scope, schedule, s.now, prompt, fields{"event.name": "gemini_cli.tool_call", "function_name": "list_directory", "function_args": `{"dir_path":"."}`, "duration_ms": 5, "success": !s.oneIn(4), "decision": "accept"})
	s.span(scope, "tool_call", schedule, s.spanID(), begun, s.now, fields{"gen_ai.tool.name": "list_directory", "gen_ai.tool.call_id": fmt.Sprint("list_", s.nth(int(s.run.Truth.Tools))), "gen_ai.conversation.id": s.id, "gen_ai.operation.name": "tool_call"})
	s.span(scope, "schedule_tool_calls", place{trace: schedule.trace}, schedule.span, begun, s.sleep(2), fields{"gen_ai.conversation.id": s.id, "gen_ai.operation.name": "schedule_tool_calls"})
}

// qwen makes up a session of Qwen Code.
func (s *session) qwen() {
	const scope = "qwen-code"
	s.common = fields{"session.id": s.id}
	for turn := range 1 + s.r.IntN(3) {
		id := fmt.Sprintf("%s########%d", s.id, s.nth(turn))
		prompt := fields{"prompt_id": id}
		around := place{s.traceID(), s.spanID()}
		from := s.sleep(3000)
		s.record(scope, place{}, s.now, prompt, fields{"event.name": "qwen-code.user_prompt", "prompt": fmt.Sprint("question ", turn), "prompt_length": 10})
		s.asked = fmt.Sprintf(`[{"role":"user","parts":[{"text":"question %d"}]}]`, turn)
		for range 1 + s.r.IntN(3) {
			s.qwenCall(scope, around, prompt)
		}
		s.span(scope, "qwen-code.interaction", place{trace: around.trace}, around.span, from, s.sleep(5), fields{"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": s.id, "gen_ai.agent.name": "qwen-code", "qwen-code.prompt_id": id})
	}
}

func (s *session) qwenCall(scope string, around place, prompt fields) {
	at := place{around.trace, s.spanID()}
	from := s.sleep(20)
	call := fields{"gen_ai.conversation.id": s.id, "gen_ai.request.model": "gpt-4.1", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "qwen-code.prompt_id": prompt["prompt_id"]}
	s.record(scope, at, s.now, prompt, fields{"event.name": "qwen-code.api_request", "model": "gpt-4.1", "request_text": s.asked})
	s.sleep(700)
	took := s.now.Sub(from).Milliseconds()
	if s.oneIn(6) {
		s.failed()
		s.record(scope, at, s.now, prompt, fields{"event.name": "qwen-code.api_error", "response_id": fmt.Sprintf("req_%04d", s.nth(s.calls)), "model": "gpt-4.1", "error_message": "bad", "error_type": "BadRequestError", "status_code": 400, "duration_ms": took, "auth_type": "openai"})
		s.span(scope, "qwen-code.llm_request", around, at.span, from, s.sleep(3), call, fields{"error.type": "BadRequestError"}).Status().SetCode(ptrace.StatusCodeError)
		return
	}
	u := s.answered(false, false)
	response := fmt.Sprintf("chatcmpl-%04d", s.nth(s.calls))
	s.record(scope, at, s.now, prompt, fields{
		"event.name": "qwen-code.api_response", "response_id": response, "model": "gpt-4.1-2025-04-14", "status_code": 200, "duration_ms": took, "input_token_count": u.input, "output_token_count": u.output,
		"cached_content_token_count": u.read, "thoughts_token_count": 0, "total_token_count": u.input + u.output, "auth_type": "openai", "response_text": fmt.Sprint("answer ", s.nth(s.calls)),
	})
	s.span(scope, "qwen-code.llm_request", around, at.span, from, s.sleep(3), call, fields{
		"gen_ai.response.id": response, "gen_ai.response.model": "gpt-4.1-2025-04-14", "gen_ai.usage.input_tokens": u.input, "gen_ai.usage.output_tokens": u.output, "gen_ai.usage.cache_read.input_tokens": u.read,
	})
	for range s.r.IntN(3) {
		s.run.Truth.Tools++
		tool, begun := place{around.trace, s.spanID()}, s.sleep(5)
		id := fmt.Sprintf("call_%04d", s.nth(int(s.run.Truth.Tools)))
		s.span(scope, "qwen-code.tool", around, tool.span, begun, s.sleep(100), fields{"gen_ai.tool.call.id": id, "call_id": id, "tool_name": "ls", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "ls"})
		s.record(scope, tool, s.now, prompt, fields{"event.name": "qwen-code.tool_call", "call_id": id, "function_name": "ls", "function_args": "{}", "duration_ms": 5, "success": !s.oneIn(4), "response_id": response})
	}
}

// unknown makes up a session of a program that nobody described. Its spans follow the
// conventions; its records name the calls, or the spans around, and have ids or none.
func (s *session) unknown() {
	named := s.program()
	oneIn := func(n int) bool { return named.IntN(n) == 0 }
	words := func(all ...string) string { return all[named.IntN(len(all))] }
	prefix := words("mycli.", "agent.", "acme_dev.", "zed-like.", "helper/", "co.pilot.")
	answered := prefix + words("api_request", "llm.request", "llm_response", "model.completed", "chat_completion", "ModelResponse")
	broken := prefix + words("api_error", "llm.request.failed", "model.error")
	toolDone := prefix + words("tool_result", "tool.call", "ToolCallCompleted", "tool_used")
	model, session := words("model", "llm.model", "request_model", "modelId"), words("session.id", "session_id", "conversationId", "gen_ai.conversation.id")
	input, output, read := words("input_tokens", "prompt_tokens", "tokensIn", "llm.usage.input"), words("output_tokens", "completion_tokens", "tokensOut", "llm.usage.output"), words("cache_read_tokens", "cached_input_tokens", "cacheReadTokens")
	if oneIn(4) {
		input, output, read = "usage.prompt_tokens", "usage.completion_tokens", "usage.cached_tokens"
	}
	took, request, call := words("duration_ms", "latency_ms", "durationMs"), words("request_id", "requestId", "llm.request.id"), words("tool_use_id", "toolCallId", "call_id")
	toolName, bodies, names, ids := words("tool_name", "tool", "toolName"), oneIn(4), oneIn(2), oneIn(2)
	spanScope, traced := words("mycli", "acme.instrumentation"), oneIn(2)
	prompt := fields{}
	record := func(at place, name string, attrs ...map[string]any) plog.LogRecord {
		if !traced {
			at = place{}
		}
		rec := s.record("mycli.events", at, s.now, append(attrs, prompt, fields{session: s.id})...)
		if bodies {
			rec.Attributes().CopyTo(rec.Body().SetEmptyMap())
			rec.Attributes().Clear()
		}
		rec.SetEventName(name)
		return rec
	}
	for turn := range 1 + s.r.IntN(3) {
		around := place{s.traceID(), s.spanID()}
		from := s.sleep(3000)
		prompt = fields{"prompt.id": fmt.Sprintf("%s-%d", s.id, s.nth(turn))}
		record(around, prefix+"user_prompt", fields{"prompt": fmt.Sprint("question ", turn)})
		for range 1 + s.r.IntN(3) {
			id := s.spanID()
			at := around
			if names {
				at.span = id
			}
			begun := s.sleep(2000)
			s.sleep(700)
			asked := fields{"gen_ai.conversation.id": s.id, "gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": "m-1"}
			said := fields{model: "m-1", took: s.now.Sub(begun).Milliseconds()}
			if ids {
				said[request] = fmt.Sprintf("q%d", s.nth(s.calls))
				asked["gen_ai.response.id"] = said[request]
			}
			if s.oneIn(6) {
				s.failed()
				record(at, broken, said, fields{"error": "overloaded", "status_code": 529})
				s.spanOf(traced, spanScope, "chat m-1", around, id, begun, asked, fields{"error.type": "Overloaded"}).Status().SetCode(ptrace.StatusCodeError)
				continue
			}
			u := s.answered(false, false)
			record(at, answered, said, fields{input: u.input, output: fmt.Sprint(u.output), read: u.read, "cost_usd": 0.01, "response": fmt.Sprint("answer ", s.nth(s.calls))})
			s.spanOf(traced, spanScope, "chat m-1", around, id, begun, asked, fields{"gen_ai.usage.input_tokens": u.input, "gen_ai.usage.output_tokens": u.output, "gen_ai.usage.cache_read.input_tokens": u.read})
			for range s.r.IntN(3) {
				s.run.Truth.Tools++
				s.sleep(2500)
				tool, id := fields{toolName: "search"}, s.spanID()
				spanTool := fields{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.conversation.id": s.id}
				if ids {
					tool[call] = fmt.Sprint("c", s.nth(int(s.run.Truth.Tools)))
					spanTool["gen_ai.tool.call.id"] = tool[call]
				}
				at := around
				if names {
					at.span = id
				}
				begun := s.now
				s.sleep(100)
				record(at, toolDone, tool, fields{"success": !s.oneIn(4), took: 5})
				s.spanOf(traced, spanScope, "execute_tool search", around, id, begun, spanTool)
			}
		}
		record(around, prefix+"turn_completed", fields{model: "m-1", input: 1000, output: 1000})
		s.spanOf(traced, spanScope, "invoke_agent", place{trace: around.trace}, around.span, from, fields{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "gen_ai.conversation.id": s.id})
	}
}

// spanOf adds a span that ends now, of a program that sends spans.
func (s *session) spanOf(sends bool, scope, name string, at place, id pcommon.SpanID, from time.Time, attrs ...map[string]any) ptrace.Span {
	if !sends {
		return ptrace.NewSpan()
	}
	return s.span(scope, name, at, id, from, s.now, attrs...)
}
