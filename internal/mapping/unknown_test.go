package mapping

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// questionJSON is what most of the models below are asked, sunny what models answer.
const (
	questionJSON = `[{"role":"user","content":"How is the weather in Paris?"}]`
	sunny        = "It is sunny in Paris today."
)

func oneMessage(role, text string) []any {
	return []any{map[string]any{"role": role, "parts": []any{map[string]any{"type": "text", "content": text}}}}
}

// TestUnknownEmitters maps spans in the manner of public emitters that have no dialect: what each
// attribute means is said in the emitter's source or documentation, which is named.
func TestUnknownEmitters(t *testing.T) {
	question, answer := oneMessage("user", "How is the weather in Paris?"), oneMessage("assistant", sunny)
	for name, c := range map[string]struct {
		span testSpan
		want map[string]any
	}{
		// No emitter that is known: usage in an object under a key of its own, in three APIs' spellings
		"usage of OpenAI as an object": {testSpan{name: "llm.invoke", attrs: map[string]any{
			"zephyr.llm.model": "gpt-4o", "zephyr.usage": `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":64}}`,
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "input_tokens": 100.0, "output_tokens": 20.0, "total_tokens": 120.0, "cache_read_tokens": 64.0}},
		"usage of Anthropic as an object": {testSpan{name: "messages", attrs: map[string]any{
			"zephyr.llm.model": "claude-opus-4", "zephyr.llm.usage": map[string]any{"input_tokens": int64(24), "cache_read_input_tokens": int64(1500), "output_tokens": int64(40)},
		}}, map[string]any{"kind": "llm", "input_tokens": 1524.0, "output_tokens": 40.0, "cache_read_tokens": 1500.0}},
		"usage of Gemini as an object": {testSpan{name: "generate", attrs: map[string]any{
			"zephyr.llm.model": "gemini-2.5-pro", "zephyr.usage_metadata": `{"promptTokenCount":30,"candidatesTokenCount":12,"thoughtsTokenCount":64,"totalTokenCount":106}`,
		}}, map[string]any{"kind": "llm", "input_tokens": 30.0, "output_tokens": 76.0, "reasoning_tokens": 64.0}},
		"usage of a session as an object": {testSpan{name: "turn", attrs: map[string]any{
			"zephyr.session.usage": `{"prompt_tokens":100,"completion_tokens":20}`,
		}}, map[string]any{"kind": "other"}},
		// rig-core (Rust): tracing fields of rig::completions
		"rig chat": {testSpan{name: "chat_streaming", scope: "rig::completions", attrs: map[string]any{
			"gen_ai.operation.name": "chat_streaming", "gen_ai.provider.name": "github-copilot", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "r1",
			"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20), "gen_ai.usage.cached_tokens": int64(64),
			"gen_ai.system_instructions": "Be brief.",
		}}, map[string]any{"kind": "llm", "input_tokens": 100.0, "output_tokens": 20.0, "cache_read_tokens": 64.0, "response_id": "r1",
			"system_instructions": []any{map[string]any{"type": "text", "content": "Be brief."}}}},
		"rig agent": {testSpan{name: "invoke_agent", attrs: map[string]any{
			"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "bot", "gen_ai.prompt": "How is the weather in Paris?", "gen_ai.completion": sunny,
			"gen_ai.usage.input_tokens": int64(300), "gen_ai.usage.output_tokens": int64(60),
		}}, map[string]any{"kind": "agent", "agent_name": "bot", "input_messages": question, "output_messages": answer,
			"aggregate_usage": map[string]any{"input_tokens": 300.0, "output_tokens": 60.0}}},
		// trpc-agent-go: telemetry/trace
		"trpc tool": {testSpan{name: "execute_tool get_weather", scope: "trpc.agent.go", attrs: map[string]any{
			"gen_ai.system": "trpc.go.agent", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "trpc.go.agent.event_id": "e1",
			"trpc.go.agent.tool_id": "call_1", "trpc.go.agent.tool_call_args": `{"city":"Paris"}`, "trpc.go.agent.tool_response": `{"celsius":18}`,
		}}, map[string]any{"kind": "tool", "tool_name": "get_weather", "tool_arguments": map[string]any{"city": "Paris"}, "tool_result": map[string]any{"celsius": 18.0}, "provider": nil}},
		"trpc old tool": {testSpan{name: "execute_tool", attrs: map[string]any{
			"gen_ai.system": "trpc.go.agent", "gen_ai.operation.name": "tool.execute", "gen_ai.tool.name": "get_weather",
		}}, map[string]any{"kind": "tool", "tool_name": "get_weather"}},
		"trpc chat": {testSpan{name: "chat gpt-4o", attrs: map[string]any{
			"gen_ai.system": "trpc.go.agent", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.request.is_stream": true,
			"gen_ai.conversation.id": "s1", "trpc_go_agent.user.id": "u1", "gen_ai.input.messages": questionJSON,
			"trpc.go.agent.llm_request": `{"messages":` + questionJSON + `}`, "trpc_agent_go.client.time_to_first_token": 0.25,
			"gen_ai.output.messages":    `[{"index":0,"message":{"role":"assistant","content":"` + sunny + `"},"finish_reason":"stop"}]`,
			"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3),
		}}, map[string]any{"kind": "llm", "session_id": "s1", "user_id": "u1", "streaming": true, "input_messages": question, "provider": "openai", "input_tokens": 9.0}},
		"trpc runner": {testSpan{name: "invocation", attrs: map[string]any{
			"gen_ai.operation.name": "run_runner", "trpc.go.agent.runner.name": "app", "trpc.go.agent.runner.user_id": "u1", "trpc.go.agent.runner.session_id": "s1",
			"trpc.go.agent.runner.input": "How is the weather in Paris?", "trpc.go.agent.runner.output": sunny,
		}}, map[string]any{"kind": "other", "user_id": "u1"}},
		// cozeloop-go: trace/otel
		"cozeloop model": {testSpan{name: "ArkChatModel", attrs: map[string]any{
			"cozeloop.span_type": "model", "cozeloop.input": `{"messages":` + questionJSON + `}`, "cozeloop.output": `{"choices":[{"message":{"role":"assistant","content":"` + sunny + `"}}]}`,
			"gen_ai.request.model": "doubao-pro", "gen_ai.usage.input_tokens": int64(8), "gen_ai.usage.output_tokens": int64(4), "cozeloop.stream": true,
			"cozeloop.prompt_key": "greet", "cozeloop.prompt_version": "3", "user_id": "u1", "thread_id": "s1",
		}}, map[string]any{"kind": "llm", "input_messages": question, "output_messages": answer, "input_tokens": 8.0, "user_id": "u1", "session_id": "s1",
			"streaming": true, "prompt_name": "greet", "prompt_version": "3"}},
		"cozeloop tool": {testSpan{name: "get_weather", attrs: map[string]any{
			"cozeloop.span_type": "tool", "cozeloop.input": `{"city":"Paris"}`, "cozeloop.output": `{"celsius":18}`,
		}}, map[string]any{"kind": "tool", "tool_arguments": map[string]any{"city": "Paris"}, "tool_result": map[string]any{"celsius": 18.0}}},
		// deepeval: ConfidentSpanExporter
		"confident llm": {testSpan{name: "llm_span", scope: "deepeval_tracer", attrs: map[string]any{
			"confident.span.type": "llm", "confident.llm.model": "gpt-4o", "confident.llm.input_token_count": int64(10), "confident.llm.output_token_count": int64(5),
			"confident.span.input": []any{`{"role":"system","content":"Be brief."}`, `{"role":"user","content":"How is the weather in Paris?"}`}, "confident.span.output": sunny,
			"confident.trace.thread_id": "s1", "confident.trace.user_id": "u1", "confident.trace.tags": []any{"a"},
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "input_tokens": 10.0, "output_tokens": 5.0, "output_messages": answer, "session_id": "s1", "user_id": "u1",
			"input_messages": append(oneMessage("system", "Be brief."), question...)}},
		"confident tool": {testSpan{name: "tool_span", attrs: map[string]any{
			"confident.span.type": "tool", "confident.tool.name": "get_weather", "confident.span.input": `{"city":"Paris"}`, "confident.span.output": `{"celsius":18}`,
		}}, map[string]any{"kind": "tool", "tool_name": "get_weather", "tool_arguments": map[string]any{"city": "Paris"}, "tool_result": map[string]any{"celsius": 18.0}}},
		"confident retriever": {testSpan{name: "retriever_span", attrs: map[string]any{
			"confident.span.type": "retriever", "confident.retriever.embedder": "text-embedding-3-small", "confident.span.input": "capital of France",
			"confident.span.retrieval_context": []any{"Paris is the capital."},
		}}, map[string]any{"kind": "retriever"}},
		"confident agent": {testSpan{name: "agent_span", attrs: map[string]any{
			"confident.span.type": "agent", "confident.agent.name": "planner", "confident.agent.available_tools": []any{"x"},
		}}, map[string]any{"kind": "agent", "agent_name": "planner"}},
		// NVIDIA NeMo Agent Toolkit: nat/data_models/span.py
		"nat llm": {testSpan{name: "meta/llama-3.1-70b", attrs: map[string]any{
			"nat.event_type": "LLM_START", "nat.span.kind": "LLM", "nat.subspan.name": "meta/llama-3.1-70b", "nat.framework": "langchain", "llm.token_count.prompt": int64(1204),
			"llm.token_count.completion": int64(331), "llm.token_count.total": int64(1535), "input.value": "How is the weather in Paris?", "output.value": sunny,
			"nat.conversation.id": "s1", "nat.usage.num_llm_calls": int64(1),
		}}, map[string]any{"kind": "llm", "input_tokens": 1204.0, "output_tokens": 331.0, "total_tokens": 1535.0, "input_messages": question, "output_messages": answer, "session_id": "s1"}},
		"nat tool": {testSpan{name: "websearch", attrs: map[string]any{
			"nat.event_type": "TOOL_START", "nat.span.kind": "TOOL", "nat.subspan.name": "websearch", "input.value": `{"q":"x"}`, "output.value": "found",
		}}, map[string]any{"kind": "tool", "tool_arguments": map[string]any{"q": "x"}, "tool_result": "found"}},
		"nat workflow": {testSpan{name: "react_agent", attrs: map[string]any{
			"nat.event_type": "WORKFLOW_START", "nat.span.kind": "WORKFLOW", "nat.function.id": "fn", "input.value": "x", "output.value": "y",
		}}, map[string]any{"kind": "chain"}},
		// Koog: docs/opentelemetry-support.md; bodies of events are attributes called body
		"koog inference": {testSpan{name: "inference.gpt-4o", attrs: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.conversation.id": "run1",
			"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3),
		}, events: []testEvent{
			{"gen_ai.user.message", 1, map[string]any{"gen_ai.system": "openai", "body": `{"content":"How is the weather in Paris?"}`}},
			{"gen_ai.choice", 2, map[string]any{"gen_ai.system": "openai", "body": `{"index":0,"message":{"content":"` + sunny + `","role":"assistant"}}`}},
		}}, map[string]any{"kind": "llm", "session_id": "run1", "input_messages": question, "output_messages": answer}},
		"koog node":   {testSpan{name: "node.callLLM", attrs: map[string]any{"koog.node.name": "callLLM", "koog.node.input": "x", "gen_ai.conversation.id": "run1"}}, map[string]any{"kind": "other", "session_id": "run1"}},
		"koog hidden": {testSpan{name: "inference", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.completion": "HIDDEN:non-empty"}}, map[string]any{"kind": "llm", "output_messages": nil}},
		// veadk-go: observability/attributes.go
		"veadk-go tool": {testSpan{name: "execute_tool get_weather", attrs: map[string]any{
			"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "gen_ai.tool.input": `{"city":"Paris"}`, "gen_ai.tool.output": `{"celsius":18}`, "gen_ai.span.kind": "tool",
		}}, map[string]any{"kind": "tool", "tool_arguments": map[string]any{"city": "Paris"}, "tool_result": map[string]any{"celsius": 18.0}}},
		// adk-ts: arguments and result as events
		"adk-ts tool": {testSpan{name: "execute_tool get_weather", attrs: map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"}, events: []testEvent{
			{"gen_ai.tool.input", 1, map[string]any{"gen_ai.tool.input": `{"city":"Paris"}`}}, {"gen_ai.tool.output", 2, map[string]any{"gen_ai.tool.output": `{"celsius":18}`}},
		}}, map[string]any{"kind": "tool", "tool_arguments": map[string]any{"city": "Paris"}, "tool_result": map[string]any{"celsius": 18.0}}},
		// hand-written spans of applications: llm.* without a convention
		"llm.tokens": {testSpan{name: "synthesize", attrs: map[string]any{
			"llm.model.name": "gpt-4o", "llm.model.provider": "openai", "llm.temperature": 0.2, "llm.tokens.input": int64(30), "llm.tokens.output": int64(4), "llm.tokens.total": int64(34), "llm.cost.usd": 0.002,
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "provider": "openai", "input_tokens": 30.0, "output_tokens": 4.0, "total_tokens": 34.0, "total_cost": 0.002}},
		"llm.usage": {testSpan{name: "llm.completion", attrs: map[string]any{
			"llm.system": "anthropic", "llm.model": "claude-sonnet-4-5", "llm.request.type": "chat", "llm.usage.input_tokens": int64(30), "llm.usage.output_tokens": int64(4), "llm.usage.cached_tokens": int64(10),
			"llm.finish_reason": "stop", "llm.max_tokens": int64(99),
		}}, map[string]any{"kind": "llm", "request_model": "claude-sonnet-4-5", "provider": "anthropic", "input_tokens": 30.0, "output_tokens": 4.0, "cache_read_tokens": 10.0, "finish_reasons": []any{"stop"}}},
		"llm.token_usage": {testSpan{name: "llm_call", attrs: map[string]any{
			"llm.model": "gpt-4o", "llm.token_usage.input_tokens": int64(30), "llm.token_usage.output_tokens": int64(4), "llm.response.text": sunny,
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "input_tokens": 30.0, "output_tokens": 4.0}},
		"llm.prompt and completion": {testSpan{name: "openai.chat.completions", attrs: map[string]any{
			"llm.provider": "openai", "llm.model": "gpt-4o", "llm.prompt": questionJSON, "llm.completion": sunny, "llm.tokens.input": int64(14), "llm.tokens.output": int64(1), "llm.cost_usd": 0.000075,
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "input_messages": question, "output_messages": answer, "input_tokens": 14.0, "total_cost": 0.000075}},
		"gen_ai.llm.request": {testSpan{name: "openai.chat", attrs: map[string]any{
			"gen_ai.llm.system": "openai", "gen_ai.llm.request.model": "gpt-4", "gen_ai.llm.request.max_tokens": int64(100), "gen_ai.llm.usage.prompt_tokens": int64(10), "gen_ai.llm.usage.completion_tokens": int64(2),
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4", "provider": "openai", "input_tokens": 10.0, "output_tokens": 2.0}},
		"ai.tokens": {testSpan{name: "llm.call", attrs: map[string]any{
			"ai.provider": "openai", "ai.model": "gpt-4o", "ai.tokens.input": int64(5), "ai.tokens.output": int64(7), "ai.tokens.cache_read": int64(2), "ai.tokens.reasoning": int64(3), "ai.cost.total": 0.01,
		}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "provider": "openai", "input_tokens": 5.0, "output_tokens": 7.0, "cache_read_tokens": 2.0, "reasoning_tokens": 3.0, "total_cost": 0.01}},
		// livekit-based voice agents; speech makes no call
		"voice chat": {testSpan{name: "chat gpt-4o", attrs: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "c1", "gen_ai.usage.input_tokens": int64(80),
			"gen_ai.usage.output_tokens": int64(9), "gen_ai.usage.cache_read.input_tokens": int64(64), "gen_ai.usage.cache_creation.input_tokens": int64(0), "voice_agent.llm.ttft": 0.31,
		}}, map[string]any{"kind": "llm", "input_tokens": 80.0, "cache_creation_tokens": 0.0}},
		"voice tts": {testSpan{name: "tts", attrs: map[string]any{"gen_ai.provider.name": "cartesia", "gen_ai.request.model": "sonic-2", "voice_agent.tts.characters": int64(80), "voice_agent.tts.ttfb": 0.1}}, map[string]any{"kind": "other"}},
		// PixiAgent-like loops: only names of what is around
		"agent iteration": {testSpan{name: "agent_iteration", attrs: map[string]any{"agent.loop.iteration": int64(1)}}, map[string]any{"kind": "other", "aggregate_usage": nil}},
		"tool batch":      {testSpan{name: "execute_tool_calls", attrs: map[string]any{"gen_ai.tool.names": "a,b", "agent.tool.parallel": true}}, map[string]any{"kind": "other"}},
		// sentry-claude: tools with current names and gen_ai.tool.input
		"sentry-claude tool": {testSpan{name: "execute_tool Bash", attrs: map[string]any{
			"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "Bash", "gen_ai.tool.call.id": "toolu_1", "gen_ai.tool.input": `{"command":"ls"}`, "gen_ai.provider.name": "anthropic",
		}}, map[string]any{"kind": "tool", "tool_call_id": "toolu_1", "tool_arguments": map[string]any{"command": "ls"}}},
		// braintrust-sdk-go: an A2A client's task
		"braintrust a2a": {testSpan{name: "a2a.SendMessage", attrs: map[string]any{"braintrust.span_attributes": `{"type":"task"}`, "braintrust.metadata": `{"provider":"a2a"}`, "braintrust.output_json": `{"text":"hi"}`}}, map[string]any{"kind": "chain"}},
		// KeywordsAI over OpenLLMetry
		"keywordsai": {testSpan{name: "openai.chat", attrs: map[string]any{
			"llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-4o", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "How is the weather in Paris?",
			"keywordsai.customer_params.customer_identifier": "u1", "keywordsai.threads.thread_identifier": "s1", "gen_ai.usage.prompt_tokens": int64(9), "gen_ai.usage.completion_tokens": int64(3),
		}}, map[string]any{"kind": "llm", "input_messages": question, "input_tokens": 9.0, "output_tokens": 3.0}},
		// ruby: CACHE_READ_TOKENS and friends of hand-written constants
		"ruby constants": {testSpan{name: "gen_ai.llm.call", attrs: map[string]any{
			"gen_ai.system": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.usage.input_tokens": int64(50), "gen_ai.usage.output_tokens": int64(4), "gen_ai.usage.cache_read_tokens": int64(40),
			"gen_ai.usage.cache_creation_tokens": int64(5), "gen_ai.prompt.content": "How is the weather in Paris?", "gen_ai.completion.content": sunny,
		}}, map[string]any{"kind": "llm", "input_tokens": 50.0, "cache_read_tokens": 40.0, "cache_creation_tokens": 5.0}},
		// failing call of a hand-written client
		"a failing call": {testSpan{name: "chat gpt-4o", status: ptrace.StatusCodeError, message: "429", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "error.type": "rate_limit"}},
			map[string]any{"kind": "llm", "error_type": "rate_limit", "provider": "openai"}},
		// MCP client of cubepi
		"mcp call": {testSpan{name: "tools/call get_weather", attrs: map[string]any{"mcp.method.name": "tools/call", "gen_ai.tool.name": "get_weather", "gen_ai.operation.name": "execute_tool", "mcp.session.id": "m1"}},
			map[string]any{"kind": "tool", "tool_name": "get_weather", "session_id": nil}},
		"a plan of an LLM":         {testSpan{name: "llm.plan", attrs: map[string]any{"llm.tokens.out": 9}}, map[string]any{"kind": "llm", "output_tokens": 9.0}},
		"what a tool found":        {testSpan{name: "tool.search", attrs: map[string]any{"tool.hits": 3}}, map[string]any{"kind": "tool", "tool_name": "search"}},
		"what an agent does":       {testSpan{name: "agent.query_intent", attrs: map[string]any{"ai.model.name": "gemini-2.5-flash", "adk.agent.name": "intent"}}, map[string]any{"kind": "agent", "agent_name": "intent"}},
		"a model that is measured": {testSpan{name: "evaluate_model", attrs: map[string]any{"ai.model": "gpt-4o", "ai.provider": "openai", "ai.grade": "A"}}, map[string]any{"kind": "evaluator"}},
		// names that say no more than that something is run, and of what
		"a run of a run":        {testSpan{name: "tool.execute.call", attrs: map[string]any{"tool": "createNote", "operationIndex": 0}}, map[string]any{"kind": "tool", "tool_name": "createNote"}},
		"a call of a provider":  {testSpan{name: "openai.call", attrs: map[string]any{"model": "gpt-4o", "runtime": "sdk"}}, map[string]any{"kind": "llm", "request_model": "gpt-4o"}},
		"a subagent":            {testSpan{name: "subagent: explore - find the files", attrs: map[string]any{"subagent.role": "explore"}}, map[string]any{"kind": "agent"}},
		"all tokens, and whose": {testSpan{name: "llm-inference", attrs: map[string]any{"model": "qwen2.5:7b", "tokens": 300}}, map[string]any{"kind": "llm", "total_tokens": 300.0}},
		"several agents' sums": {testSpan{name: "orchestrate_agents", attrs: map[string]any{"zephyr.agent_count": 3, "gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 90}},
			map[string]any{"kind": "chain", "input_tokens": nil}},
		"a session of no call":      {testSpan{name: "agent_execution", attrs: map[string]any{"session_id": "s1"}}, map[string]any{"kind": "other", "session_id": "s1"}},
		"a thread of a process":     {testSpan{name: "work", attrs: map[string]any{"thread_id": "7"}}, map[string]any{"kind": "other", "session_id": nil}},
		"an agent that a key names": {testSpan{name: "server", attrs: map[string]any{"openinference.span.kind": "AGENT", "zephyr.agent.name": "helper"}}, map[string]any{"kind": "agent", "agent_name": "helper"}},
		"prefill":                   {testSpan{name: "llm_inference", attrs: map[string]any{"prefill_tokens": 900, "output_tokens": 30}}, map[string]any{"kind": "llm", "input_tokens": 900.0, "output_tokens": 30.0}},
		"a hosted agent in Foundry": {testSpan{name: "invoke_agent cora:3", attrs: map[string]any{"gen_ai.system": "azure.ai.agentserver", "gen_ai.operation.name": "invoke_agent", "azure.ai.agentserver.agent.name": "cora", "azure.ai.agentserver.session.id": "s1"}}, map[string]any{"kind": "agent", "agent_name": "cora", "session_id": "s1"}},
		"mcp list":                  {testSpan{name: "tools/list", attrs: map[string]any{"mcp.method.name": "tools/list"}}, map[string]any{"kind": "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := c.span.mapped(t)
			for field, want := range c.want {
				if problem := compare(field, want, got[field]); problem != "" {
					t.Errorf("%s: %s", field, strings.ReplaceAll(problem, "\n", " "))
				}
			}
		})
	}
}

// TestNewKeysOfKnownDialects gives spans of each dialect keys that no dialect has: what their words
// say fills the fields that the dialect leaves empty.
func TestNewKeysOfKnownDialects(t *testing.T) {
	read := 0
	for i := range compiled().dialects {
		d := compiled().dialects[i]
		for _, scope := range d.Scopes {
			span := testSpan{name: "chat gpt-4o", scope: strings.ReplaceAll(scope, "*", "x"), attrs: anyMap{
				"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "newly.system_prompt": systemIs, "newly.retries": int64(2),
			}}
			_, got := span.mapped(t)
			if got["kind"] != "llm" {
				continue // a span of this library is a call by other keys
			}
			read++
			require.Equal(t, toldSystem, got["system_instructions"], "%s, %s", d.Name, scope)
		}
	}
	require.Greater(t, read, 20)
}
