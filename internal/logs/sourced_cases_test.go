package logs

// told18 is what a call tells that was asked 30 tokens and answered 12.
func told18(more anyMap) anyMap {
	all := anyMap{"kind": "llm", "input": 30, "output": 12}
	for key, v := range more {
		all[key] = v
	}
	return all
}

// sourcedRecords are records as public programs write them.
var sourcedRecords = []sourcedRecord{
	{source: "cline/cline", scope: "cline", attrs: anyMap{
		"ulid": "s1", "tokensIn": 5000, "tokensOut": 12, "cacheReadTokens": 1000, "cacheWriteTokens": 300, "provider": "anthropic", "model": "claude-sonnet-4-5", "agentId": "a1", "isSubagent": false,
	}, body: "task.tokens", want: anyMap{"kind": "llm", "input": 6300, "output": 12, "cache_read": 1000, "request_model": "claude-sonnet-4-5", "session": "s1"}},
	{source: "cline/cline", scope: "cline", attrs: anyMap{"ulid": "s1", "tool": "read_file", "modelId": "claude-sonnet-4-5", "provider": "anthropic", "autoApproved": true, "success": true}, body: "task.tool_used", want: anyMap{
		"kind": "tool", "tool": "read_file", "session": "s1", "failed": nil,
	}},
	{source: "cline/cline", scope: "cline", attrs: anyMap{"ulid": "s1", "provider": "anthropic", "model": "claude-sonnet-4-5", "source": "assistant", "mode": "act"}, body: "task.conversation_turn"},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{
		"event.name": "iflow_cli.api_response", "session.id": "s1", "model": "glm-4.6", "status_code": 200, "duration_ms": 900, "input_token_count": 30, "output_token_count": 12,
		"cached_content_token_count": 16, "thoughts_token_count": 0, "tool_token_count": 0, "total_token_count": 42, "response_text": "[]", "prompt_id": "s1########0",
	}, want: told18(anyMap{"request_model": "glm-4.6", "cache_read": 16, "session": "s1", "ms": 900, "total": 42})},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{
		"event.name": "iflow_cli.api_error", "session.id": "s1", "model": "glm-4.6", "error": "quota exceeded", "error_type": "ApiError", "status_code": 429, "duration_ms": 40, "auth_type": "iflow",
	}, want: anyMap{"kind": "llm", "request_model": "glm-4.6", "failed": true, "error": "quota exceeded", "error_type": "ApiError", "ms": 40, "session": "s1"}},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{
		"event.name": "iflow_cli.tool_call", "session.id": "s1", "function_name": "read_file", "function_args": `{"path":"a.go"}`, "duration_ms": 7, "success": true, "decision": "accept",
	}, want: anyMap{"kind": "tool", "tool": "read_file", "arguments": true, "ms": 7, "session": "s1", "failed": nil}},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{"event.name": "iflow_cli.api_request", "session.id": "s1", "model": "glm-4.6", "request_text": "hi"}},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{"event.name": "iflow_cli.flash_fallback", "session.id": "s1", "auth_type": "iflow"}},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{"event.name": "iflow_cli.user_prompt", "session.id": "s1", "prompt": "fix it", "prompt_length": 6, "prompt_id": "s1########0"}, want: anyMap{"kind": "agent", "asked": 1, "session": "s1"}},
	{source: "iflow-ai/iflow-cli", scope: "iflow-cli", attrs: anyMap{"event.name": "iflow_cli.slash_command", "session.id": "s1", "command": "chat", "subcommand": "save"}},
	{source: "dolphin-cli", scope: "dolphin-cli", attrs: anyMap{
		"event.name": "dolphin_cli.api_response", "model": "gemini-2.5-pro", "duration_ms": 900, "input_token_count": 30, "output_token_count": 12, "thoughts_token_count": 64, "total_token_count": 106,
	}, want: anyMap{"kind": "llm", "input": 30, "output": 76, "reasoning": 64, "request_model": "gemini-2.5-pro", "ms": 900}},
	{source: "google-gemini/gemini-cli 0.1", scope: "gemini-cli", attrs: anyMap{
		"event.name": "gemini_cli.api_response", "session.id": "s1", "model": "gemini-2.5-pro", "duration_ms": 900, "input_token_count": 30, "output_token_count": 12, "attempt": 1,
	}, want: told18(anyMap{"response_model": "gemini-2.5-pro", "ms": 900, "session": "s1"})},
	{source: "microsoft/vscode-copilot-chat", scope: "copilot-chat", attrs: anyMap{
		"event.name": "gen_ai.client.inference.operation.details", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.response.model": "gpt-5-2025", "gen_ai.response.id": "r1",
		"gen_ai.response.finish_reasons": []any{"stop"}, "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12, "gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`,
	}, body: "GenAI inference: gpt-5", want: told18(anyMap{"request_model": "gpt-5", "response_model": "gpt-5-2025", "response_id": "r1", "finish": "stop", "asked": 1, "ids": "r1"})},
	{source: "microsoft/vscode-copilot-chat", scope: "copilot-chat", attrs: anyMap{"event.name": "copilot_chat.agent.turn", "turn.index": 1, "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12, "tool_call_count": 2}, body: "copilot_chat.agent.turn: 1"},
	{source: "microsoft/vscode-copilot-chat", scope: "copilot-chat", attrs: anyMap{"event.name": "copilot_chat.summarization", "outcome": "success", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12}},
	{source: "microsoft/vscode-copilot-chat", scope: "copilot-chat", attrs: anyMap{"event.name": "copilot_chat.session.start", "session.id": "s1", "gen_ai.request.model": "gpt-5", "gen_ai.agent.name": "agent"}},
	{source: "microsoft/vscode-copilot-chat", scope: "copilot-chat", attrs: anyMap{"event.name": "copilot_chat.tool.call", "gen_ai.tool.name": "read_file", "duration_ms": 9, "success": false, "error.type": "ENOENT"}, want: anyMap{"kind": "tool", "tool": "read_file", "ms": 9, "failed": true, "error_type": "ENOENT"}},
	{source: "alibaba/loongsuite-pilot", scope: "loongsuite", attrs: anyMap{
		"event.name": "llm.response", "gen_ai.session.id": "s1", "gen_ai.turn.id": "t1", "gen_ai.step.id": "t1:s1", "gen_ai.response.id": "r1", "gen_ai.request.model": "auto", "gen_ai.response.model": "qwen3",
		"gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12, "gen_ai.usage.cache_read.input_tokens": 16, "gen_ai.usage.total_tokens": 42, "gen_ai.output.messages": []any{anyMap{"role": "assistant", "parts": []any{anyMap{"type": "text", "content": "ho"}}}},
	}, want: told18(anyMap{"request_model": "auto", "response_model": "qwen3", "cache_read": 16, "total": 42, "session": "s1", "ids": "r1", "answered": 1})},
	{source: "alibaba/loongsuite-pilot", scope: "loongsuite", attrs: anyMap{"event.name": "llm.request", "gen_ai.session.id": "s1", "gen_ai.turn.id": "t1", "gen_ai.request.model": "auto"}},
	{source: "alibaba/loongsuite-pilot", scope: "loongsuite", attrs: anyMap{"event.name": "tool.call", "gen_ai.session.id": "s1", "gen_ai.tool.name": "Bash", "gen_ai.tool.call.id": "c1", "gen_ai.tool.call.arguments": `{"command":"ls"}`}, want: anyMap{"kind": "tool", "tool": "Bash", "call": "c1", "arguments": true, "session": "s1", "ids": "c1"}},
	{source: "cline/cline", scope: "cline", body: "task.tokens", attrs: anyMap{
		"distinct_id": "d", "ulid": "01J", "tokensIn": 30, "tokensOut": 12, "model": "claude-sonnet-4-5", "cacheReadTokens": 0, "cacheWriteTokens": 0, "totalCost": 0.25, "provider": "anthropic", "user_id": "u1",
	}, want: told18(anyMap{"request_model": "claude-sonnet-4-5", "cost": "0.25", "session": "01J", "user": "u1"})},
	{source: "cline/cline", scope: "cline", body: "task.conversation_turn", attrs: anyMap{"ulid": "01J", "source": "assistant", "tokensIn": 30, "tokensOut": 12, "model": "claude-sonnet-4-5", "provider": "anthropic"}},
	{source: "cline/cline", scope: "cline", body: "task.provider_api_error", attrs: anyMap{"ulid": "01J", "model": "claude-sonnet-4-5", "provider": "anthropic", "errorMessage": "overloaded", "errorStatus": 529, "requestId": "q1"}, want: anyMap{"kind": "llm", "request_model": "claude-sonnet-4-5", "failed": true, "error": "overloaded", "error_type": "529", "ids": "q1", "session": "01J"}},
	{source: "cline/cline", scope: "cline", body: "task.tool_used", attrs: anyMap{"ulid": "01J", "tool": "read_file", "model": "claude-sonnet-4-5", "provider": "anthropic", "autoApproved": true, "success": true}, want: anyMap{"kind": "tool", "tool": "read_file", "session": "01J", "failed": nil}},
	{source: "cline/cline", scope: "cline", body: "task.mcp_tool_called", attrs: anyMap{"ulid": "01J", "serverName": "s", "toolName": "search", "status": "started"}},
	{source: "cline/cline", scope: "cline", body: "task.completed", attrs: anyMap{"ulid": "01J", "provider": "anthropic", "modelId": "claude-sonnet-4-5", "apiFormat": 1}},
	{source: "BerriAI/litellm semantic logs", scope: "litellm", attrs: anyMap{"event_name": "gen_ai.content.prompt", "gen_ai.system": "openai", "gen_ai.prompt": "hi"}, body: anyMap{"role": "user", "content": "hi"}},
	{source: "Envoy AI gateway access log", scope: "envoy", attrs: anyMap{"gen_ai.request.model": "gpt-5", "gen_ai.response.model": "gpt-5-2025", "gen_ai.usage.input_tokens": "30", "gen_ai.usage.output_tokens": "12", "response_code": "200", "duration": "900", "gen_ai.provider.name": "openai"}, want: told18(anyMap{"request_model": "gpt-5", "response_model": "gpt-5-2025", "provider": "openai", "ms": 900})},
	{source: "Langfuse OTLP usage event", scope: "app", event: "llm.usage", attrs: anyMap{"schema": "v1", "tokens_total": 42, "prompt_tokens": 30, "completion_tokens": 12, "model": "gpt-5", "provider": "openai", "request_id": "q1"}, want: told18(anyMap{"request_model": "gpt-5", "provider": "openai", "ids": "q1"})},
	{source: "anthropics/claude-code", scope: "com.anthropic.claude_code.events", attrs: anyMap{
		"event.name": "api_request", "session.id": "s1", "prompt.id": "p1", "model": "claude-opus-5-5", "input_tokens": 96, "output_tokens": 155, "cache_read_tokens": 143281, "cache_creation_tokens": 539, "cost_usd": 0.0364, "duration_ms": 2957, "ttft_ms": 1065,
	}, want: anyMap{"kind": "llm", "input": 143916, "output": 155, "cache_read": 143281, "cache_write": 539, "cost": "0.0364", "ms": 2957, "session": "s1", "response_model": "claude-opus-5-5"}},
	{source: "openai/codex", scope: "codex_otel", attrs: anyMap{
		"event.name": "codex.sse_event", "event.kind": "response.completed", "conversation.id": "s1", "model": "gpt-5-codex", "slug": "gpt-5-codex", "input_token_count": "30", "output_token_count": "12", "cached_token_count": "16", "reasoning_token_count": "4", "tool_token_count": "42",
	}, want: told18(anyMap{"request_model": "gpt-5-codex", "cache_read": 16, "reasoning": 4, "session": "s1"})},
}

// inventedRecords are records of programs that nobody wrote.
var inventedRecords = []sourcedRecord{
	{source: "mycli", scope: "mycli", attrs: anyMap{
		"event.name": "mycli.api_request", "session.id": "s1", "prompt.id": "p1", "user.id": "u1", "model": "claude-sonnet-4-5", "input_tokens": 24, "cache_read_tokens": 1200, "cache_creation_tokens": 300, "output_tokens": 90, "cost_usd": 0.0029, "duration_ms": 67, "request_id": "q1",
	}, want: anyMap{"kind": "llm", "input": 1524, "output": 90, "cache_read": 1200, "cache_write": 300, "cost": "0.0029", "request_model": "claude-sonnet-4-5", "session": "s1", "user": "u1", "ids": "q1", "ms": 67}},
	{source: "mycli", event: "mycli.user_prompt", attrs: anyMap{"session.id": "s1", "prompt.id": "p1", "prompt": "fix it"}, want: anyMap{"kind": "agent", "asked": 1, "session": "s1"}},
	{source: "mycli", event: "mycli.tool_result", attrs: anyMap{"session.id": "s1", "tool_name": "Bash", "tool_use_id": "c1", "success": "false", "duration_ms": "45", "tool_input": `{"command":"ls"}`, "error": "exit 1"}, want: anyMap{"kind": "tool", "tool": "Bash", "call": "c1", "failed": true, "ms": 45, "arguments": true, "error": "exit 1", "ids": "c1"}},
	{source: "mycli", event: "mycli.tool_decision", attrs: anyMap{"session.id": "s1", "tool_name": "Bash", "tool_use_id": "c1", "decision": "reject"}, want: anyMap{"kind": "tool", "tool": "Bash", "failed": true, "error_type": "rejected"}},
	{source: "mycli", event: "mycli.tool_decision", attrs: anyMap{"session.id": "s1", "tool_name": "Bash", "tool_use_id": "c1", "decision": "accept"}},
	{source: "mycli", event: "mycli.api_error", attrs: anyMap{"session.id": "s1", "model": "claude-sonnet-4-5", "error": "overloaded", "status_code": 529, "attempt": 3, "duration_ms": 5}, want: anyMap{"kind": "llm", "failed": true, "error": "overloaded", "error_type": "529", "ms": 5}},
	{source: "mycli", event: "mycli.api_retry", attrs: anyMap{"session.id": "s1", "model": "claude-sonnet-4-5", "error": "overloaded", "status_code": 529, "attempt": 1}},
	{source: "agent", event: "agent.llm.request", attrs: anyMap{"conversation_id": "s1", "llm.model": "gpt-5", "llm.vendor": "openai", "llm.tokens.prompt": "30", "llm.tokens.completion": "12", "llm.cost": "0.002", "llm.latency_ms": 900, "llm.request.id": "q1", "llm.finish_reason": "stop"}, want: told18(anyMap{"request_model": "gpt-5", "provider": "openai", "cost": "0.002", "ms": 900, "ids": "q1", "finish": "stop", "session": "s1"})},
	{source: "agent", event: "agent.llm.request.failed", attrs: anyMap{"conversation_id": "s1", "llm.model": "gpt-5", "llm.error.type": "Timeout", "llm.error.message": "too slow", "elapsed_ms": 9}, want: anyMap{"kind": "llm", "request_model": "gpt-5", "failed": true, "error_type": "Timeout", "error": "too slow", "ms": 9, "session": "s1"}},
	{source: "agent", event: "agent.run.completed", attrs: anyMap{"conversation_id": "s1", "llm.model": "gpt-5", "total_prompt_tokens": 300, "total_completion_tokens": 120}},
	{source: "agent", event: "agent.tool.invoked", attrs: anyMap{"conversation_id": "s1", "tool.name": "search", "tool.args": anyMap{"q": "x"}, "tool.output": "found", "tool.call.id": "c1", "duration": 0.5}, want: anyMap{"kind": "tool", "tool": "search", "call": "c1", "arguments": true, "result": true, "ms": 500, "session": "s1"}},
	{source: "camel", event: "acme/ModelResponse", attrs: anyMap{"sessionId": "s1", "modelId": "mistral-large", "usage": anyMap{"promptTokens": 30, "completionTokens": 12, "totalTokens": 42}, "costUsd": 0.5, "durationMs": 900, "responseId": "r1"}, want: told18(anyMap{"request_model": "mistral-large", "cost": "0.5", "ms": 900, "ids": "r1", "session": "s1"})},
	{source: "camel", event: "acme/ToolCallFinished", attrs: anyMap{"sessionId": "s1", "toolName": "grep", "toolCallId": "c1", "durationMs": 3, "isError": true, "error": "no match"}, want: anyMap{"kind": "tool", "tool": "grep", "call": "c1", "failed": true, "error": "no match", "ms": 3}},
	{source: "camel", event: "acme/ToolCallStarted", attrs: anyMap{"sessionId": "s1", "toolName": "grep", "toolCallId": "c1"}},
	{source: "json", event: "llm_call", body: `{"model":"gpt-5","provider":"openai","usage":{"input_tokens":30,"output_tokens":12,"cached_input_tokens":16},"latency_seconds":1.5,"session_id":"s1","response":"ho","prompt":"hi"}`, want: told18(anyMap{"request_model": "gpt-5", "provider": "openai", "cache_read": 16, "ms": 1500, "session": "s1", "asked": 1, "answered": 1})},
	{source: "json", event: "llm_call", attrs: anyMap{"model": "gpt-5", "usage": `{"prompt_tokens":30,"completion_tokens":12}`, "thread_id": "s1"}, want: told18(anyMap{"request_model": "gpt-5", "session": "s1"})},
	{source: "strange gen_ai", event: "gen_ai.client.chat.completed", attrs: anyMap{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": "m-1", "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12, "gen_ai.conversation.id": "s1"}, want: told18(anyMap{"request_model": "m-1", "provider": "acme", "session": "s1"})},
	{source: "strange gen_ai", event: "gen_ai.agent.finished", attrs: anyMap{"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m-1", "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12}},
	{source: "strange gen_ai", event: "gen_ai.inference.embeddings", attrs: anyMap{"gen_ai.request.model": "e-1", "gen_ai.usage.input_tokens": 7}, want: anyMap{"kind": "embedding", "request_model": "e-1", "input": 7}},
	{source: "gateway", event: "ai_gateway.request.completed", attrs: anyMap{"model": "gpt-5", "tokens_in": 30, "tokens_out": 12, "cost": 0.25, "latency": 900, "user": "u1", "status": 200, "request_id": "q1"}, want: told18(anyMap{"request_model": "gpt-5", "cost": "0.25", "ms": 900, "ids": "q1", "failed": nil})},
	{source: "gateway", event: "ai_gateway.request.completed", attrs: anyMap{"model": "gpt-5", "status": 503, "latency": 900, "request_id": "q1", "error": "upstream down"}, want: anyMap{"kind": "llm", "request_model": "gpt-5", "failed": true, "error": "upstream down", "ids": "q1"}},
	{source: "web server", event: "http.request", attrs: anyMap{"http.request.method": "GET", "url.path": "/", "status_code": 500, "error": "down", "duration_ms": 4}},
	{source: "web server", event: "api_error", attrs: anyMap{"path": "/v1/users", "status_code": 500, "error": "down"}},
	{source: "web server", event: "user.login", attrs: anyMap{"user.id": "u1", "session.id": "s1"}},
	{source: "shop", event: "shop.order.completed", attrs: anyMap{"order.id": "7", "total_cost": 12.5, "session_id": "s1"}},
	{source: "shop", event: "chat.user_message", attrs: anyMap{"room": "r"}},
	{source: "machine tool", event: "machine.tool.changed", attrs: anyMap{"tool": "drill"}},
	{source: "stream", event: "mycli.stream.delta", attrs: anyMap{"model": "gpt-5", "output_tokens": 1, "session.id": "s1"}},
	{source: "rates", event: "api.rate_limit", attrs: anyMap{"model": "gpt-5", "remaining_tokens": 1000, "input_tokens_limit": 9000}},
}
