package mapping

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestPythonLibraries maps what Python's libraries were seen to write, each fact in a span of
// its own with other values than in the captures.
func TestPythonLibraries(t *testing.T) {
	oslo := map[string]any{"city": "Oslo"}
	oi := func(kind string, scope string, attrs map[string]any) testSpan {
		attrs["openinference.span.kind"] = kind
		return testSpan{name: "s", scope: "openinference.instrumentation." + scope, attrs: attrs}
	}
	for name, c := range map[string]struct {
		span testSpan
		want map[string]any
	}{
		// Traceloop
		"traceloop's execute_tool": {testSpan{name: "execute_tool lookup", scope: "opentelemetry.instrumentation.langchain", attrs: map[string]any{
			"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup",
			"gen_ai.tool.call.arguments": `{"input_str":"{'city': 'Oslo'}","tags":["a"],"metadata":{"x":1},"inputs":{"city":"Oslo"},"kwargs":{"color":null}}`,
			"gen_ai.tool.call.result":    `{"output":"{\"celsius\": 4}","kwargs":{"color":null}}`,
		}}, map[string]any{"tool_arguments": oslo, "tool_result": map[string]any{"celsius": 4.0}}},
		"traceloop's LlamaIndex tool": {testSpan{name: "BaseWorkflowAgent.task", scope: "opentelemetry.instrumentation.llamaindex", attrs: map[string]any{
			"traceloop.span.kind": "task", "tool.name": "lookup", "tool.arguments": `{"city":"Oslo"}`,
		}}, map[string]any{"kind": "tool", "tool_name": "lookup"}},
		"logfire before the conventions": {testSpan{name: "Chat Completion with 'gpt-4o'", scope: "logfire.openai", attrs: map[string]any{
			"logfire.span_type": "span", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "request_data": `{"messages":[{"role":"user","content":"hi"}],"model":"gpt-4o"}`,
			"response_data": `{"message":{"role":"assistant","content":"ho"},"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}`}},
			map[string]any{"kind": "llm", "input_tokens": 9.0, "output_tokens": 4.0, "cache_read_tokens": 3.0}},
		"logfire before the conventions, Anthropic": {testSpan{name: "Message with 'claude-opus-4'", scope: "logfire.anthropic", attrs: map[string]any{
			"logfire.span_type": "span", "gen_ai.system": "anthropic", "gen_ai.request.model": "claude-opus-4", "request_data": `{"messages":[{"role":"user","content":"hi"}],"model":"claude-opus-4"}`,
			"response_data": `{"message":{"role":"assistant","content":"ho"},"usage":{"input_tokens":9,"output_tokens":4,"cache_read_input_tokens":300,"cache_creation_input_tokens":20}}`}},
			map[string]any{"kind": "llm", "input_tokens": 329.0, "output_tokens": 4.0, "cache_read_tokens": 300.0}},
		"thoughts in raw usage": {testSpan{name: "chat", scope: "logfire.anthropic", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 9,
			"gen_ai.usage.raw": `{"input_tokens":40,"output_tokens":9,"output_tokens_details":{"thinking_tokens":5}}`}}, map[string]any{"kind": "llm", "reasoning_tokens": 5.0}},
		"a response that is read once more": {testSpan{name: "Response", scope: "openinference.instrumentation.openai", attrs: map[string]any{"openinference.span.kind": "LLM", "input.value": "{}",
			"llm.token_count.prompt": 10, "llm.token_count.completion": 5, "output.value": `{"id":"resp_1","object":"response","usage":{"input_tokens":10,"output_tokens":5}}`}}, map[string]any{"kind": "other", "input_tokens": nil}},
		"token counting": {testSpan{name: "anthropic.messages.count_tokens", scope: "com.anthropic.sdk.python", attrs: map[string]any{"gen_ai.request.model": "claude-opus-4", "gen_ai.provider.name": "anthropic"}},
			map[string]any{"kind": "other"}},
		"token counting around": {oi("LLM", "anthropic", map[string]any{"llm.model_name": "claude-opus-4", "output.value": `{"input_tokens": 31}`}), map[string]any{"kind": "llm"}},
		"openlit, not streamed": {testSpan{name: "chat gpt-4o", scope: "openlit.instrumentation.openai", attrs: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.request.is_stream": false, "gen_ai.server.time_to_first_token": 0.084, "gen_ai.request.model": "gpt-4o",
		}}, map[string]any{"ttft_ms": nil}},
		"bedrock leaves the cache out": {testSpan{name: "chat c", scope: "opentelemetry.instrumentation.genai.bedrock", attrs: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": int64(30), "gen_ai.usage.output_tokens": int64(9), "gen_ai.usage.cache_read.input_tokens": int64(20), "gen_ai.usage.cache_write.input_tokens": int64(5),
		}}, map[string]any{"input_tokens": 55.0, "total_tokens": 64.0}},
		// OpenInference
		"LangChain's dumped ToolMessage": {oi("TOOL", "langchain", map[string]any{
			"tool.name": "lookup", "output.value": `{"type":"tool","data":{"content":"{\"celsius\": 4}","additional_kwargs":{},"type":"tool","name":"lookup","tool_call_id":"call_9","status":"success"}}`,
		}), map[string]any{"tool_result": map[string]any{"celsius": 4.0}, "tool_call_id": "call_9", "error_type": nil}},
		"LangChain's failed ToolMessage": {oi("TOOL", "langchain", map[string]any{
			"tool.name": "lookup", "output.value": `{"type":"tool","data":{"content":"no such city","tool_call_id":"call_9","status":"error"}}`,
		}), map[string]any{"tool_result": "no such city", "tool_call_id": "call_9", "error_type": "tool_error"}},
		"LangChain's agent by metadata": {testSpan{name: "supervisor", scope: "openinference.instrumentation.langchain", attrs: map[string]any{
			"openinference.span.kind": "CHAIN", "metadata": `{"ls_integration": "langchain_create_agent", "lc_agent_name": "boss"}`,
		}}, map[string]any{"kind": "agent", "agent_name": "boss"}},
		"a node of LangChain's agent":           {oi("CHAIN", "langchain", map[string]any{"metadata": `{"ls_integration": "langchain_create_agent", "langgraph_node": "model"}`}), map[string]any{"kind": "chain"}},
		"a tool called agent":                   {oi("AGENT", "langchain", map[string]any{"tool.name": "ask_agent", "tool.description": "Asks"}), map[string]any{"kind": "tool", "tool_name": "ask_agent"}},
		"an agent's name in the span's":         {testSpan{name: "Planner.run", scope: "openinference.instrumentation.smolagents", attrs: map[string]any{"openinference.span.kind": "AGENT"}}, map[string]any{"agent_name": "Planner"}},
		"wrapped arguments":                     {oi("TOOL", "smolagents", map[string]any{"tool.name": "t", "input.value": `{"args":[],"sanitize_inputs_outputs":true,"kwargs":{"city":"Oslo"}}`}), map[string]any{"tool_arguments": oslo}},
		"wrapped arguments without a list":      {oi("TOOL", "llama_index", map[string]any{"tool.name": "t", "input.value": `{"kwargs":{"city":"Oslo"}}`}), map[string]any{"tool_arguments": oslo}},
		"arguments by place stay wrapped":       {oi("TOOL", "smolagents", map[string]any{"tool.name": "t", "input.value": `{"args":["Oslo"],"kwargs":{}}`}), map[string]any{"tool_arguments": map[string]any{"args": []any{"Oslo"}, "kwargs": map[string]any{}}}},
		"LlamaIndex's raw output":               {oi("TOOL", "llama_index", map[string]any{"tool.name": "t", "output.value": `{"blocks":[{"text":"sunny"}],"tool_name":"t","raw_input":{},"raw_output":"sunny","is_error":false}`}), map[string]any{"tool_result": "sunny", "error_type": nil}},
		"LlamaIndex's result around the output": {oi("TOOL", "llama_index", map[string]any{"tool.name": "t", "output.value": `{"tool_name":"t","tool_kwargs":{},"tool_id":"c1","tool_output":{"blocks":[{"text":"sunny"}],"tool_name":"t","raw_input":{},"raw_output":"sunny","is_error":false},"return_direct":false}`}), map[string]any{"tool_result": "sunny", "tool_call_id": "c1", "error_type": nil}},
		"Haystack's embedder":                   {oi("EMBEDDING", "haystack", map[string]any{"embedding.model_name": "text-embedding-3-small", "output.value": `{"embedding":"<8-dimensional vector>","meta":{"model":"text-embedding-3-small","usage":{"prompt_tokens":106,"total_tokens":106}}}`}), map[string]any{"input_tokens": 106.0}},
		"LlamaIndex's failed tool":              {oi("TOOL", "llama_index", map[string]any{"tool.name": "t", "output.value": `{"blocks":[{"text":"no"}],"tool_name":"t","raw_output":"no","is_error":true}`}), map[string]any{"error_type": "tool_error"}},
		"ADK's response":                        {oi("TOOL", "google_adk", map[string]any{"tool.name": "t", "output.value": `{"id":"adk-1","name":"t","response":{"celsius":4}}`}), map[string]any{"tool_result": map[string]any{"celsius": 4.0}}},
		"dspy's tool":                           {testSpan{name: "lookup.__call__", scope: "openinference.instrumentation.dspy", attrs: map[string]any{"openinference.span.kind": "TOOL", "input.value": `{"kwargs":{"city":"Oslo"}}`}}, map[string]any{"tool_name": "lookup", "tool_arguments": oslo}},
		"a Responses body in a list":            {oi("LLM", "openai_agents", map[string]any{"output.value": `[{"id":"x","object":"response","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Four degrees."}]}],"usage":null}]`}), map[string]any{"output_messages": oneMessage("assistant", "Four degrees.")}},
		"a chat completion in a list":           {oi("LLM", "openai_agents", map[string]any{"output.value": `[{"id":"x","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Four degrees."}}]}]`}), map[string]any{"output_messages": oneMessage("assistant", "Four degrees.")}},
		"a coroutine":                           {oi("LLM", "openai", map[string]any{"output.value": "<coroutine object AsyncAPIResponse.parse at 0x7f12>"}), map[string]any{"output_messages": nil}},
		"redacted words":                        {oi("LLM", "openai", map[string]any{"input.value": "__REDACTED__", "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "__REDACTED__", "output.value": "__REDACTED__"}), map[string]any{"input_messages": nil, "output_messages": nil}},
		"a template's version":                  {oi("LLM", "openai", map[string]any{"llm.prompt_template.version": "v2"}), map[string]any{"prompt_version": "v2"}},
		"a decision":                            {oi("DECISION", "openai", map[string]any{"decision.provider": "openai", "decision.request.model_name": "gpt-6", "decision.token_count.input": int64(60), "decision.token_count.output": int64(4)}), map[string]any{"provider": "openai", "request_model": "gpt-6", "input_tokens": 60.0, "output_tokens": 4.0}},
		"Agno's agent":                          {oi("AGENT", "agno", map[string]any{"agno.agent.id": "a-1", "agno.agent": "bot"}), map[string]any{"agent_id": "a-1"}},
		// frameworks
		"MAF's provider":            {testSpan{name: "invoke_agent bot", scope: "agent_framework", attrs: map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "microsoft.agent_framework"}}, map[string]any{"provider": nil}},
		"MAF's edges":               {testSpan{name: "edge_group.process SingleEdge", scope: "agent_framework", attrs: map[string]any{"edge_group.type": "SingleEdgeGroup"}}, map[string]any{"kind": "chain"}},
		"SK's finish reason":        {testSpan{name: "chat", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.response.finish_reason": "FinishReason.TOOL_CALLS"}}, map[string]any{"finish_reasons": []any{"tool_call"}}},
		"SK's error":                {testSpan{name: "chat", status: ptrace.StatusCodeError, attrs: map[string]any{"gen_ai.operation.name": "chat", "error.type": "<class 'semantic_kernel.exceptions.ServiceResponseException'>"}}, map[string]any{"error_type": "semantic_kernel.exceptions.ServiceResponseException"}},
		"logfire's raw usage":       {testSpan{name: "x", scope: "logfire.openai", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.response.id": "r", "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(30), "gen_ai.usage.raw": `{"completion_tokens":30,"prompt_tokens":9,"completion_tokens_details":{"reasoning_tokens":21}}`}}, map[string]any{"reasoning_tokens": 21.0, "output_tokens": 30.0}},
		"logfire scrubs":            {testSpan{name: "x", scope: "logfire", attrs: map[string]any{"gen_ai.operation.name": "chat", "session.id": "[Scrubbed due to 'session']", "user.id": "[Scrubbed due to 'auth']"}}, map[string]any{"session_id": nil, "user_id": nil}},
		"logfire announces":         {testSpan{name: "chat gpt-4o", scope: "pydantic-ai", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "logfire.span_type": "pending_span"}}, map[string]any{"kind": "other"}},
		"pydantic's thoughts":       {testSpan{name: "chat g", scope: "pydantic-ai", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(70), "gen_ai.usage.details.thoughts_tokens": int64(64)}}, map[string]any{"reasoning_tokens": 64.0}},
		"litellm's repr of a usage": {testSpan{name: "litellm_request", scope: "litellm", attrs: map[string]any{"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": int64(90), "gen_ai.usage.output_tokens": int64(5), "metadata.usage_object": "{'completion_tokens': 5, 'prompt_tokens': 90, 'total_tokens': 95, 'completion_tokens_details': None, 'prompt_tokens_details': {'audio_tokens': None, 'cached_tokens': 64}}"}}, map[string]any{"cache_read_tokens": 64.0, "input_tokens": 90.0}},
		"litellm's tool message":    {testSpan{name: "litellm_request", scope: "litellm", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.input.messages": `[{"role":"tool","parts":[{"type":"text","content":"4"}],"tool_call_id":"call_9"}]`}}, map[string]any{"input_messages": []any{map[string]any{"role": "tool", "parts": []any{map[string]any{"type": "tool_call_response", "id": "call_9", "response": "4"}}}}}},
		"litellm's costs":           {testSpan{name: "chat gpt-4o", scope: "litellm", attrs: map[string]any{"gen_ai.operation.name": "chat", "litellm.cost.total": 0.003, "litellm.cost.input": 0.001, "litellm.cost.output": 0.002}}, map[string]any{"total_cost": 0.003, "input_cost": 0.001, "output_cost": 0.002}},
		"livekit's host":            {testSpan{name: "llm_request", scope: "livekit-agents", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "10.0.0.7:8000", "gen_ai.request.model": "claude-opus-4"}}, map[string]any{"provider": "anthropic"}},
		"livekit's tool":            {testSpan{name: "function_tool", scope: "livekit-agents", attrs: map[string]any{"gen_ai.tool.name": "t", "lk.pii.function_tool.arguments": `{"city":"Oslo"}`, "lk.pii.function_tool.output": "4"}}, map[string]any{"kind": "tool", "tool_arguments": oslo}},
		"pipecat":                   {testSpan{name: "llm", scope: "pipecat", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "input": questionJSON, "output": sunny, "stream": true, "metrics.ttfb": 0.3, "gen_ai.request.top_k": "NOT_GIVEN"}}, map[string]any{"input_messages": oneMessage("user", "How is the weather in Paris?"), "output_messages": oneMessage("assistant", sunny), "streaming": true, "ttft_ms": 300.0}},
		"crewai's agent":            {testSpan{name: "execute agent", attrs: map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "6f1ed002ab5595859014ebf0951522d9", "crewai.agent.role": "weather bot"}}, map[string]any{"agent_name": "weather bot"}},
		"haystack's generator": {testSpan{name: "haystack.component.run", attrs: map[string]any{
			"haystack.component.name": "llm", "haystack.component.type": "OpenAIChatGenerator", "haystack.component.fully_qualified_type": "haystack.components.generators.chat.openai.OpenAIChatGenerator",
			"haystack.component.output": `{"replies":[{"role":"assistant","meta":{"model":"gpt-4o-2024","finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":3}},"content":[{"text":"Four."}]}]}`,
		}}, map[string]any{"kind": "llm", "input_tokens": 9.0, "output_tokens": 3.0, "finish_reasons": []any{"stop"}, "output_messages": oneMessage("assistant", "Four.")}},
		// vendors
		"langfuse's answer":        {testSpan{name: "OpenAI-generation", scope: "langfuse-sdk", attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.metadata.object": `"response"`, "langfuse.observation.metadata.id": `"resp_1"`}}, map[string]any{"response_id": "resp_1"}},
		"langfuse's metadata":      {testSpan{name: "ask", scope: "langfuse-sdk", attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.metadata.id": `"x1"`}}, map[string]any{"response_id": nil}},
		"langfuse's quoted model":  {testSpan{name: "ChatOpenAI", scope: "langfuse-sdk", attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.metadata.ls_model_name": `"gpt-4o"`, "langfuse.observation.metadata.finish_reason": `"stop"`}}, map[string]any{"request_model": "gpt-4o", "finish_reasons": []any{"stop"}}},
		"langsmith's details":      {testSpan{name: "ChatOpenAI", scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "llm", "gen_ai.usage.input_tokens": int64(90), "gen_ai.usage.output_tokens": int64(30), "langsmith.metadata.usage_metadata": `{"input_tokens": 90, "output_tokens": 30, "input_token_details": {"cache_read": 64}, "output_token_details": {"reasoning": 20}}`}}, map[string]any{"cache_read_tokens": 64.0, "reasoning_tokens": 20.0, "input_tokens": 90.0}},
		"mlflow's thread":          {testSpan{name: "chain", scope: "mlflow.langchain", attrs: map[string]any{"mlflow.spanType": `"CHAIN"`, "metadata": `{"thread_id": "t-1"}`}}, map[string]any{"session_id": "t-1", "kind": "chain"}},
		"mlflow's query":           {testSpan{name: "r", scope: "mlflow", attrs: map[string]any{"mlflow.spanType": `"RETRIEVER"`, "mlflow.spanInputs": `"capital of Norway"`}}, map[string]any{"retrieval_query": "capital of Norway"}},
		"mlflow's embedding":       {testSpan{name: "e", scope: "mlflow", attrs: map[string]any{"mlflow.spanType": `"EMBEDDING"`, "mlflow.spanOutputs": `{"data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}`}}, map[string]any{"kind": "embedding", "input_tokens": 5.0}},
		"laminar's tool":           {testSpan{name: "lookup", scope: "lmnr.tracer", attrs: map[string]any{"lmnr.span.type": "TOOL", "lmnr.span.input": `{"city":"Oslo"}`, "lmnr.span.output": `{"celsius":4}`, "lmnr.association.properties.user_id": "u", "lmnr.association.properties.session_id": "s"}}, map[string]any{"kind": "tool", "tool_arguments": oslo, "user_id": "u", "session_id": "s"}},
		"traceAI's stream":         {testSpan{name: "ChatCompletion", scope: "traceai_openai", attrs: map[string]any{"gen_ai.span.kind": "LLM", "gen_ai.request.parameters": `{"model": "gpt-4o", "temperature": 0.1}`, "gen_ai.usage.input_tokens": int64(90), "gen_ai.usage.input_tokens.cache_read": int64(64)}}, map[string]any{"kind": "llm", "request_model": "gpt-4o", "cache_read_tokens": 64.0}},
		"agentops' enum":           {testSpan{name: "lookup", scope: "agentops", attrs: map[string]any{"agentops.span.kind": "AgentOpsSpanKindValues.TOOL", "agentops.tool.input": `{"args":[],"kwargs":{"city":"Oslo"}}`, "agentops.tool.output": `{"celsius":4}`}}, map[string]any{"kind": "tool", "tool_arguments": oslo}},
		"agentops' request":        {testSpan{name: "tool_call.lookup", scope: "agentops", attrs: map[string]any{"agentops.span.kind": "AgentOpsSpanKindValues.TOOL", "tool.name": "lookup", "tool.parameters": `{"city":"Oslo"}`}}, map[string]any{"kind": "other"}},
		"honeyhive's failing twin": {testSpan{name: "lookup_error", scope: "honeyhive.1", attrs: map[string]any{"honeyhive_event_type": "tool", "honeyhive_error": "offline"}}, map[string]any{"kind": "other"}},
		"trulens' tool":            {testSpan{name: "Bot.lookup", scope: "trulens", attrs: map[string]any{"ai.observability.span_type": "tool", "ai.observability.call.kwargs.city": "Oslo", "ai.observability.call.return": `{"celsius": 4}`}}, map[string]any{"kind": "tool", "tool_arguments": oslo, "tool_result": map[string]any{"celsius": 4.0}}},
		"trulens without a model":  {testSpan{name: "generate", scope: "trulens", attrs: map[string]any{"ai.observability.span_type": "generation"}}, map[string]any{"kind": "llm"}},
		"agent 365's guardrail":    {testSpan{name: "apply_guardrail", scope: "Agent365Sdk", attrs: map[string]any{"gen_ai.operation.name": "apply_guardrail"}}, map[string]any{"kind": "guardrail"}},
		"ddtrace's provider":       {testSpan{name: "llm", attrs: map[string]any{"gen_ai.operation.name": "llm", "_dd.llmobs.enabled": int64(1), "gen_ai.provider.name": "unknown", "gen_ai.request.model": "claude-opus-4", "openai.request.model": "claude-opus"}}, map[string]any{"kind": "llm", "provider": "anthropic"}},
		"azure's polls":            {testSpan{name: "get_thread_run", attrs: map[string]any{"gen_ai.operation.name": "submit_tool_outputs", "gen_ai.system": "az.ai.agents", "gen_ai.thread.id": "th", "gen_ai.response.model": "gpt-4o"}}, map[string]any{"kind": "other", "session_id": "th"}},
		"mcp's client alone":       {testSpan{name: "MCP send tools/call lookup", scope: "mcp-python-sdk", attrs: map[string]any{"mcp.method.name": "tools/call", "jsonrpc.request.id": "3"}}, map[string]any{"kind": "tool", "tool_name": "lookup"}},
		"bedrock's InvokeModel of a model of embeddings": {testSpan{name: "text_completion amazon.titan-embed-text-v2:0", scope: "opentelemetry.instrumentation.botocore.bedrock-runtime", attrs: map[string]any{
			"gen_ai.operation.name": "text_completion", "gen_ai.request.model": "amazon.titan-embed-text-v2:0", "gen_ai.usage.input_tokens": int64(7)}}, map[string]any{"kind": "embedding", "input_tokens": 7.0}},
		"a rerank called llm":    {testSpan{name: "chat rerank-v3.5", scope: "litellm", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "rerank-v3.5", "gen_ai.provider.name": "cohere"}}, map[string]any{"kind": "reranker"}},
		"a chat with a reranker": {testSpan{name: "chat", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "qwen3-reranker", "gen_ai.usage.output_tokens": int64(1)}}, map[string]any{"kind": "llm"}},
		"botocore leaves the cache out": {testSpan{name: "chat c", scope: "opentelemetry.instrumentation.botocore.bedrock-runtime", attrs: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": int64(30), "gen_ai.usage.output_tokens": int64(9), "gen_ai.usage.cache_read.input_tokens": int64(20), "gen_ai.usage.cache_creation.input_tokens": int64(5),
		}}, map[string]any{"input_tokens": 55.0}},
		"OpenInference's moderation":   {testSpan{name: "ModerationCreateResponse", scope: "openinference.instrumentation.openai", attrs: map[string]any{"openinference.span.kind": "LLM", "input.value": `{"input": "hi"}`, "llm.invocation_parameters": `{"input": "hi"}`, "output.value": `{"id":"modr-1","model":"omni-moderation-latest"}`}}, map[string]any{"kind": "other"}},
		"a response that was fetched":  {oi("LLM", "openai", map[string]any{"input.value": "{}", "llm.model_name": "gpt-5", "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": sunny}), map[string]any{"kind": "other"}},
		"traceAI's list of models":     {testSpan{name: "SyncPage[Model]", scope: "traceai_openai", attrs: map[string]any{"gen_ai.span.kind": "LLM", "input.value": "{}", "gen_ai.request.parameters": "{}"}}, map[string]any{"kind": "other"}},
		"the id in a body of Gemini's": {oi("LLM", "google_genai", map[string]any{"llm.model_name": "gemini-2.5-flash-001", "llm.token_count.prompt": int64(3), "output.value": `{"candidates":[{"content":{"parts":[{"text":"Sunny."}],"role":"model"}}],"model_version":"gemini-2.5-flash-001","response_id":"g-7"}`}), map[string]any{"response_id": "g-7"}},
		"the id in a body":             {oi("LLM", "openai", map[string]any{"llm.model_name": "gpt-5", "llm.token_count.prompt": int64(3), "output.value": `{"choices":[{"id":"no","index":0}],"id":"chatcmpl-7","model":"gpt-5"}`}), map[string]any{"response_id": "chatcmpl-7"}},
		"logfire's stream without usage": {testSpan{name: "streaming response from {request_data[model]!r} took {duration:.2f}s", scope: "logfire.openai", attrs: map[string]any{
			"logfire.span_type": "log", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "chatcmpl-7", "request_data": `{"model":"gpt-4o"}`,
			"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"Sunny."}]}]`}}, map[string]any{"kind": "llm", "response_id": "chatcmpl-7"}},
		"langwatch's parameters": {testSpan{name: "llm", attrs: map[string]any{"langwatch.span.type": "llm", "gen_ai.request.model": "openai/gpt-4o", "langwatch.params": `{"stream": true, "temperature": 0.2, "tools": [{"type": "function", "function": {"name": "lookup"}}]}`, "langwatch.metrics": `{"prompt_tokens": 90, "completion_tokens": 30, "reasoning_tokens": 20}`}},
			map[string]any{"streaming": true, "reasoning_tokens": 20.0, "input_tokens": 90.0, "output_tokens": 30.0}},
		"prepare_chat_with_tools":        {testSpan{name: "OpenAILike._prepare_chat_with_tools", scope: "openinference.instrumentation.llama_index", attrs: map[string]any{"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}}, map[string]any{"kind": "other"}},
		"a decorated agent":              {testSpan{name: "planner", scope: "some-sdk", attrs: map[string]any{"some.span.type": "agent"}}, map[string]any{"kind": "agent", "agent_name": "planner"}},
		"a decorated tool":               {testSpan{name: "lookup", scope: "some-sdk", attrs: map[string]any{"some.span.type": "tool", "some.span.input": `{"city": "Oslo"}`}}, map[string]any{"kind": "tool", "tool_name": "lookup", "tool_arguments": oslo}},
		"a tool that an attribute names": {testSpan{name: "run", scope: "some-sdk", attrs: map[string]any{"some.span.type": "tool", "some.tool_name": "lookup"}}, map[string]any{"tool_name": "lookup"}},
		"an agent that nothing names":    {testSpan{name: "AgentRunner.run", scope: "some-sdk", attrs: map[string]any{"some.span.type": "agent"}}, map[string]any{"agent_name": nil}},
		"the agent of a framework":       {testSpan{name: "LangGraph", scope: "some-sdk", attrs: map[string]any{"some.span.type": "agent"}}, map[string]any{"agent_name": nil}},
		"mlflow's body counts thoughts": {testSpan{name: "c", scope: "mlflow", attrs: map[string]any{"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.chat.tokenUsage": `{"input_tokens": 9, "output_tokens": 30, "total_tokens": 39}`,
			"mlflow.spanOutputs": `{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Sunny."}}], "usage": {"prompt_tokens": 9, "completion_tokens": 30, "completion_tokens_details": {"audio_tokens": 0, "reasoning_tokens": 21}}}`}},
			map[string]any{"input_tokens": 9.0, "output_tokens": 30.0, "reasoning_tokens": 21.0}},
		"mlflow's metadata": {testSpan{name: "bot", scope: "mlflow", attrs: map[string]any{"mlflow.spanType": `"CHAIN"`, "metadata": `{"lc_agent_name": "bot", "session_id": "s-1", "user_id": "u-1"}`}}, map[string]any{"session_id": "s-1", "user_id": "u-1", "agent_name": "bot"}},
		"a decorated call whose body counts": {testSpan{name: "ask", scope: "app", attrs: map[string]any{"openinference.span.kind": "LLM",
			"output.value": `{"choices":[{"message":{"role":"assistant","content":"Sunny."}}],"usage":{"prompt_tokens":90,"completion_tokens":30,"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":20}}}`}},
			map[string]any{"input_tokens": 90.0, "output_tokens": 30.0, "cache_read_tokens": 64.0, "reasoning_tokens": 20.0}},
		"counts before the body's": {oi("LLM", "openai", map[string]any{"llm.token_count.prompt": int64(7), "output.value": `{"choices":[{"message":{"role":"assistant","content":"Sunny."}}],"usage":{"prompt_tokens":90,"completion_tokens":30}}`}),
			map[string]any{"input_tokens": 7.0, "output_tokens": nil}},
		"Gemini's thoughts in the total only": {testSpan{name: "generate_content g", scope: "opentelemetry.instrumentation.google_generativeai", attrs: map[string]any{"gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gen_ai",
			"gen_ai.usage.input_tokens": int64(90), "gen_ai.usage.output_tokens": int64(10), "gen_ai.usage.total_tokens": int64(160), "gen_ai.usage.cache_read.input_tokens": int64(64)}},
			map[string]any{"input_tokens": 90.0, "output_tokens": 70.0, "total_tokens": 160.0}},
		"a total of others": {testSpan{name: "chat", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": int64(90), "gen_ai.usage.output_tokens": int64(10), "gen_ai.usage.total_tokens": int64(160)}},
			map[string]any{"output_tokens": 10.0}},
		"arguments by place around messages": {testSpan{name: "ask", scope: "langfuse-sdk", attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.input": `{"args": [[{"role": "user", "content": "How is the weather in Paris?"}]], "kwargs": {}}`}},
			map[string]any{"input_messages": oneMessage("user", "How is the weather in Paris?")}},
		"a message around a tool's result": {testSpan{name: "lookup", scope: "confident_trace", attrs: map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup",
			"confident.span.output": `[{"role":"tool","parts":[{"type":"tool_call_response","id":"call_9","response":{"celsius":4}}]}]`}}, map[string]any{"tool_result": map[string]any{"celsius": 4.0}}},
		"langwatch's metadata": {testSpan{name: "flow", scope: "langwatch", attrs: map[string]any{"langwatch.span.type": "workflow", "metadata": `{"user_id": "u-1", "thread_id": "s-1"}`}}, map[string]any{"user_id": "u-1", "session_id": "s-1"}},
		"agenta's call": {testSpan{name: "ask", scope: "agenta.tracer", attrs: map[string]any{"ag.type.node": "CHAT", "ag.meta.model": "gpt-4o", "ag.meta.provider": "openai", "ag.session.id": "s-1", "ag.metrics.costs.total": 0.25,
			"ag.metrics.tokens.prompt": int64(90), "ag.metrics.tokens.completion": int64(30), "ag.data.outputs.__default__": "Sunny.",
			"ag.data.inputs.messages": `@ag.type=json:[{"role": "user", "content": "How is the weather in Paris?"}]`}},
			map[string]any{"kind": "llm", "request_model": "gpt-4o", "input_tokens": 90.0, "output_tokens": 30.0, "total_cost": 0.25, "session_id": "s-1", "input_messages": oneMessage("user", "How is the weather in Paris?"), "output_messages": oneMessage("assistant", "Sunny.")}},
		"agenta's tool": {testSpan{name: "lookup", scope: "agenta.tracer", attrs: map[string]any{"ag.type.node": "TOOL", "ag.data.inputs.city": "Oslo", "ag.data.outputs.celsius": int64(4)}},
			map[string]any{"kind": "tool", "tool_name": "lookup", "tool_arguments": oslo, "tool_result": map[string]any{"celsius": 4.0}}},
		"an agent's method":                  {testSpan{name: "planner.on_messages", scope: "some-sdk", attrs: map[string]any{"some.span.type": "agent"}}, map[string]any{"agent_name": "planner"}},
		"smolagents under mlflow":            {testSpan{name: "ToolCallingAgent.run", scope: "mlflow", attrs: map[string]any{"mlflow.spanType": `"AGENT"`, "name": `"planner"`, "agent_name": `"ToolCallingAgent"`}}, map[string]any{"agent_name": "planner"}},
		"embeddings of no output":            {testSpan{name: "text_completion e", attrs: map[string]any{"gen_ai.operation.name": "text_completion", "gen_ai.request.model": "titan-embed-text-v2:0", "gen_ai.usage.input_tokens": int64(7), "gen_ai.usage.output_tokens": int64(0)}}, map[string]any{"kind": "embedding"}},
		"agentops' request untyped":          {testSpan{name: "tool_call.lookup", scope: "agentops.instrumentation.providers.openai.wrappers.chat", attrs: map[string]any{"tool.name": "lookup", "tool.parameters": `{"city":"Oslo"}`, "tool.call.id": "call_9"}}, map[string]any{"kind": "other"}},
		"monocle's call below a framework's": {testSpan{name: "openai.Completions.create", scope: "monocle_apptrace", attrs: map[string]any{"monocle_apptrace.version": "0.8.15", "span.type": "inference.modelapi", "span.subtype": "tool_call", "scope.agentic.session": "s-1"}}, map[string]any{"kind": "other", "session_id": "s-1"}},
		"langsmith's response":               {testSpan{name: "Span Response", scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "llm", "langsmith.metadata.object": "response", "langsmith.metadata.id": "resp_7"}}, map[string]any{"response_id": "resp_7"}},
		"an id that is none": {testSpan{name: "Generation", scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "llm",
			"gen_ai.completion": `{"id":"__fake_id__","model":"gpt-4o","object":"response","output":[{"arguments":"{}","call_id":"call_9","name":"lookup","type":"function_call","id":"__fake_id__","provider_data":{"model":"gpt-4o","response_id":"chatcmpl-9"}}]}`}},
			map[string]any{"response_id": "chatcmpl-9", "response_model": "gpt-4o"}},
		"an agent of the agents' sdk": {testSpan{name: "Planner", scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "chain", "langsmith.trace.name": "Planner", "langsmith.metadata.ls_integration": "openai-agents-sdk", "langsmith.metadata.output_type": "str"}},
			map[string]any{"kind": "agent", "agent_name": "Planner"}},
		"a turn of the agents' sdk": {testSpan{name: "Span", scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "chain", "langsmith.trace.name": "Span", "langsmith.metadata.ls_integration": "openai-agents-sdk", "langsmith.metadata.output_type": "str"}},
			map[string]any{"kind": "chain", "agent_name": nil}},
		"a response dumped into attributes": {testSpan{name: "Response", scope: "mlflow.tracing.provider", attrs: map[string]any{"mlflow.spanType": `"CHAT_MODEL"`, "id": `"resp_9"`, "model": `"gpt-4o"`,
			"usage": `{"input_tokens": 90, "input_tokens_details": {"cached_tokens": 64}, "output_tokens": 30, "output_tokens_details": {"reasoning_tokens": 20}, "total_tokens": 120}`}},
			map[string]any{"response_id": "resp_9", "input_tokens": 90.0, "output_tokens": 30.0, "total_tokens": 120.0, "cache_read_tokens": 64.0, "reasoning_tokens": 20.0}},
		"a component that is no model": {testSpan{name: "haystack.component.run", scope: "mlflow.haystack.autolog", attrs: map[string]any{"mlflow.spanType": `"LLM"`, "haystack.component.type": "ChatPromptBuilder",
			"haystack.component.fully_qualified_type": "haystack.components.builders.chat_prompt_builder.ChatPromptBuilder"}}, map[string]any{"kind": "chain"}},
		"a tool without mlflow's type": {testSpan{name: "haystack.agent.step.tool", scope: "mlflow.haystack.autolog", attrs: map[string]any{"mlflow.spanType": "null", "haystack.tool.name": "lookup", "haystack.agent.step.tool.input": `{"city":"Oslo"}`}},
			map[string]any{"kind": "tool", "tool_name": "lookup", "tool_arguments": oslo}},
		"an object of python's for an answer": {testSpan{name: "AsyncResponses", scope: "mlflow.tracing.provider", attrs: map[string]any{"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.spanOutputs": `"<AsyncAPIResponse [200 OK] type=<class 'openai.types.responses.response.Response'>>"`}},
			map[string]any{"output_messages": nil}},
		"thoughts in the body only": {oi("LLM", "openai", map[string]any{"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Sunny.",
			"output.value": `{"choices":[{"index":0,"message":{"role":"assistant","content":"Sunny.","reasoning_content":"It is May."}}]}`}),
			map[string]any{"output_messages": []any{map[string]any{"role": "assistant", "parts": []any{map[string]any{"type": "reasoning", "content": "It is May."}, map[string]any{"type": "text", "content": "Sunny."}}}}}},
		"thoughts in a body that says something else": {oi("LLM", "openai", map[string]any{"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Sunny.",
			"output.value": `{"choices":[{"index":0,"message":{"role":"assistant","content":"Rainy.","reasoning_content":"It is May."}}]}`}),
			map[string]any{"output_messages": oneMessage("assistant", "Sunny.")}},
		"datadog's tool of an integration":  {testSpan{name: "lookup", attrs: map[string]any{"_dd.llmobs.span_kind": "tool", "operation.name": "langchain.request", "gen_ai.operation.name": "tool"}}, map[string]any{"kind": "tool", "tool_name": "lookup"}},
		"datadog's tool of the program":     {testSpan{name: "tool", attrs: map[string]any{"_dd.llmobs.span_kind": "tool", "operation.name": "lookup", "gen_ai.operation.name": "tool"}}, map[string]any{"tool_name": "lookup"}},
		"datadog's agent of an integration": {testSpan{name: "planner", attrs: map[string]any{"_dd.llmobs.enabled": int64(1), "operation.name": "pydantic_ai.agent", "_dd.p.llmobs_pagent_name": "pydantic_ai.agent", "gen_ai.operation.name": "agent"}}, map[string]any{"kind": "agent", "agent_name": "planner"}},
		"datadog's agent around":            {testSpan{name: "lookup", attrs: map[string]any{"_dd.llmobs.span_kind": "tool", "operation.name": "langchain.request", "_dd.p.llmobs_pagent_name": "planner"}}, map[string]any{"agent_name": "planner"}},
		"a reason to finish in the body":    {oi("LLM", "openai", map[string]any{"llm.token_count.prompt": int64(9), "llm.model_name": "gpt-4o", "output.value": `{"choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":"Sunny \"finish_reason\":\"stop\""}}]}`}), map[string]any{"finish_reasons": []any{"length"}}},
		"a request that failed":             {testSpan{name: "response", attrs: map[string]any{"gen_ai.span.kind": "LLM", "input.value": "{}"}, status: ptrace.StatusCodeError, message: "Error code: 400"}, map[string]any{"kind": "llm", "error_message": "Error code: 400"}},
		"traceAI's parameters of a response": {testSpan{name: "response", scope: "traceai_openai_agents", attrs: map[string]any{"gen_ai.span.kind": "LLM", "gen_ai.request.parameters": `{"id": "resp_9", "created_at": 1795998526.0, "model": "gpt-4o", "temperature": 1.0}`}},
			map[string]any{"response_id": "resp_9", "request_parameters": map[string]any{"temperature": 1.0}}},
		"a provider before a colon":    {testSpan{name: "call_llm", attrs: map[string]any{"gen_ai.operation.name": "call_llm", "gen_ai.request.model": "anthropic:claude-sonnet-4-5"}}, map[string]any{"provider": "anthropic"}},
		"a tag after a colon":          {testSpan{name: "chat", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gemma:7b"}}, map[string]any{"provider": nil}},
		"an event that infers nothing": {testSpan{name: "agent.turn", attrs: map[string]any{"agent.span.type": "turn", "governance.event_type": "inference", "agent.name": "planner"}}, map[string]any{"kind": "agent"}},
		"an agent that is unknown":     {testSpan{name: "chat gpt-4o", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.agent.name": "unknown"}}, map[string]any{"agent_name": nil}},
		"content of prompt events": {testSpan{name: "general gpt-4o", attrs: map[string]any{"gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3)},
			events: []testEvent{{"gen_ai.content.prompt", 1, map[string]any{"content": "How is the weather in Paris?"}}, {"gen_ai.content.completion", 2, map[string]any{"content": "Sunny."}}}},
			map[string]any{"input_messages": oneMessage("user", "How is the weather in Paris?"), "output_messages": oneMessage("assistant", "Sunny.")}},
		"what a tool answered, printed": {oi("TOOL", "langchain", map[string]any{"tool.name": "lookup", "output.value": `{"output": "content='it\\'s mild' name='lookup' tool_call_id='call_9'"}`}), map[string]any{"tool_result": "it's mild", "tool_call_id": "call_9"}},
		"a call of llamaindex's own": {testSpan{name: "OpenAI.achat", scope: "llamaindex.opentelemetry.tracer", events: []testEvent{
			{"LLMChatStartEvent", 1, map[string]any{"model_dict.model_name": "gpt-4o", "messages": `[{"role": "user", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": "How is the weather in Paris?"}]}]`}},
			{"LLMChatEndEvent", 2, map[string]any{"response.raw.id": "chatcmpl-9", "response.raw.model": "gpt-4o-2024-08-06", "response.raw.choices": `[{"finish_reason": "stop", "index": 0, "message": {"content": "Sunny.", "role": "assistant"}}]`,
				"response.raw.usage.prompt_tokens": "90", "response.raw.usage.completion_tokens": "30", "response.raw.usage.total_tokens": "120", "response.raw.usage.prompt_tokens_details.cached_tokens": "64"}}}},
			map[string]any{"kind": "llm", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-08-06", "response_id": "chatcmpl-9", "finish_reasons": []any{"stop"}, "input_tokens": 90.0, "output_tokens": 30.0, "total_tokens": 120.0, "cache_read_tokens": 64.0,
				"input_messages": oneMessage("user", "How is the weather in Paris?"), "output_messages": oneMessage("assistant", "Sunny.")}},
		"a tool of llamaindex's own": {testSpan{name: "BaseWorkflowAgent.call_tool", scope: "llamaindex.opentelemetry.tracer", events: []testEvent{
			{"step.output", 1, map[string]any{"tags.llamaindex.step.input_summary": "ToolCall(tool_name='lookup', tool_kwargs={'city': 'Oslo'}, tool_id='call_9')"}}}},
			map[string]any{"kind": "tool", "tool_name": "lookup", "tool_arguments": oslo, "tool_call_id": "call_9"}},
		"a tool of NAT":            {testSpan{name: "lookup", attrs: map[string]any{"nat.span.kind": "TOOL", "nat.event_type": "TOOL_START", "nat.function.name": "react_agent", "nat.subspan.name": "lookup", "nat.conversation.id": "unknown", "nat.framework": "langchain", "input.value": `{"city":"Oslo"}`, "output.value": "mild"}}, map[string]any{"kind": "tool", "tool_name": "lookup", "tool_arguments": oslo, "tool_result": "mild", "session_id": nil}},
		"a function of NAT":        {testSpan{name: "react_agent", attrs: map[string]any{"nat.span.kind": "FUNCTION", "nat.function.name": "react_agent", "nat.conversation.id": "c1", "llm.token_count.prompt": 40, "llm.token_count.completion": 9}}, map[string]any{"kind": "chain", "session_id": "c1", "input_tokens": nil}},
		"a tool of tracekit":       {testSpan{name: "Tool - lookup", scope: "llm_tracekit.openai_agents.instrumentor", attrs: map[string]any{"type": "function", "name": "lookup", "input": `{"city":"Oslo"}`, "output": "mild"}}, map[string]any{"kind": "tool", "tool_name": "lookup", "tool_arguments": oslo, "tool_result": "mild"}},
		"an operation for a model": {testSpan{name: "chat", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "chat", "gen_ai.response.model": "gpt-4o-2026-02-03"}}, map[string]any{"kind": "llm", "request_model": nil, "response_model": "gpt-4o-2026-02-03"}},
		"langsmith's other id":     {testSpan{name: "ask", scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "llm", "langsmith.metadata.id": "7"}}, map[string]any{"response_id": nil}},
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
