package mapping

import (
	"maps"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// What the models of the invented emitters are asked and answer.
const (
	ask      = "How is the weather in Paris?"
	weather  = `{"city":"Paris"}`
	celsius  = `{"celsius":18}`
	systemIs = "You are a weather bot."
)

type anyMap = map[string]any

func textPart(text string) []any { return []any{anyMap{"type": "text", "content": text}} }

var (
	asked       = oneMessage("user", ask)
	askedSystem = append(oneMessage("system", systemIs), asked...)
	said18      = oneMessage("assistant", sunny)
	toldSystem  = textPart(systemIs)
	callPart    = anyMap{"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": anyMap{"city": "Paris"}}
	saidCall    = []any{anyMap{"role": "assistant", "parts": []any{callPart}}}
	paris       = anyMap{"city": "Paris"}
	is18        = anyMap{"celsius": 18.0}
	twoDocs     = []any{anyMap{"content": "Paris is the capital of France."}, anyMap{"content": "Lyon is a city."}}
	docsJSON    = `[{"content":"Paris is the capital of France."},{"content":"Lyon is a city."}]`
	chatJSON    = `[{"role":"system","content":"You are a weather bot."},{"role":"user","content":"How is the weather in Paris?"}]`
	openAIBody  = `{"model":"gpt-4o","messages":` + chatJSON + `,"temperature":0.2,"max_tokens":200,"stream":false,"tools":[{"type":"function","function":{"name":"get_weather","description":"Get the weather","parameters":{"type":"object"}}}]}`
	openAISaid  = `{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"` + sunny + `"}}],"usage":{"prompt_tokens":1520,"completion_tokens":20,"total_tokens":1540,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":8}}}`
	weatherTool = []any{anyMap{"type": "function", "name": "get_weather", "description": "Get the weather", "parameters": anyMap{"type": "object"}}}
)

type inventedSpan struct {
	span testSpan
	want anyMap
}

func init() { maps.Copy(invented, inventedMore) }

// invented are spans of emitters that nobody wrote, each with what the attributes mean to
// whoever reads them.
var invented = map[string]inventedSpan{
	// 1 Halcyon: a name space of its own, flat
	"halcyon call": {testSpan{name: "halcyon.llm.call", attrs: anyMap{
		"halcyon.llm.model": "gpt-4o", "halcyon.llm.provider": "openai", "halcyon.llm.prompt": chatJSON, "halcyon.llm.completion": sunny,
		"halcyon.llm.input_tokens": int64(1520), "halcyon.llm.output_tokens": int64(20), "halcyon.llm.cached_tokens": int64(1024), "halcyon.llm.reasoning_tokens": int64(8),
		"halcyon.llm.temperature": 0.2, "halcyon.llm.max_tokens": int64(200), "halcyon.llm.stream": true, "halcyon.llm.ttft_ms": 310.0,
		"halcyon.llm.cost_usd": 0.004, "halcyon.user_id": "u1", "halcyon.session_id": "s1", "halcyon.llm.finish_reason": "stop", "halcyon.llm.response_id": "r1",
	}}, anyMap{"kind": "llm", "operation": "chat", "provider": "openai", "request_model": "gpt-4o", "input_messages": askedSystem, "output_messages": said18, "system_instructions": toldSystem,
		"input_tokens": 1520.0, "output_tokens": 20.0, "total_tokens": 1540.0, "cache_read_tokens": 1024.0, "reasoning_tokens": 8.0, "request_parameters": anyMap{"temperature": 0.2, "max_tokens": 200.0},
		"streaming": true, "ttft_ms": 310.0, "total_cost": 0.004, "user_id": "u1", "session_id": "s1", "finish_reasons": []any{"stop"}, "response_id": "r1"}},
	"halcyon tool": {testSpan{name: "halcyon.tool.call", attrs: anyMap{"halcyon.tool.name": "get_weather", "halcyon.tool.input": weather, "halcyon.tool.output": celsius, "halcyon.tool.call_id": "call_1"}},
		anyMap{"kind": "tool", "tool_name": "get_weather", "tool_arguments": paris, "tool_result": is18, "tool_call_id": "call_1", "operation": "execute_tool"}},
	"halcyon embedding": {testSpan{name: "halcyon.embed", attrs: anyMap{"halcyon.embedding.model": "text-embedding-3-small", "halcyon.embedding.dimensions": int64(1536), "halcyon.embedding.input_tokens": int64(5)}},
		anyMap{"kind": "embedding", "request_model": "text-embedding-3-small", "embedding_dimensions": 1536.0, "input_tokens": 5.0, "provider": "openai"}},
	"halcyon retriever": {testSpan{name: "halcyon.retriever", attrs: anyMap{"halcyon.retrieval.query": "capital of France", "halcyon.retrieval.documents": docsJSON, "halcyon.retrieval.top_k": int64(2)}},
		anyMap{"kind": "retriever", "retrieval_query": "capital of France", "documents": twoDocs}},
	"halcyon reranker": {testSpan{name: "halcyon.rerank", attrs: anyMap{"halcyon.rerank.model": "rerank-english-v3.0", "halcyon.rerank.query": "capital of France", "halcyon.rerank.results": `[{"text":"Paris is the capital of France.","score":0.9}]`}},
		anyMap{"kind": "reranker", "request_model": "rerank-english-v3.0", "retrieval_query": "capital of France", "documents": []any{anyMap{"content": "Paris is the capital of France.", "score": 0.9}}}},
	"halcyon agent": {testSpan{name: "halcyon.agent.run", attrs: anyMap{"halcyon.agent.name": "planner", "halcyon.agent.id": "a1", "halcyon.session_id": "s1"}},
		anyMap{"kind": "agent", "agent_name": "planner", "agent_id": "a1", "session_id": "s1"}},
	// 2 Bare keys
	"bare call": {testSpan{name: "chat", attrs: anyMap{"model": "gpt-4o", "provider": "openai", "prompt": ask, "completion": sunny, "prompt_tokens": int64(9), "completion_tokens": int64(3), "temperature": 0.5, "user_id": "u1", "session_id": "s1"}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "input_messages": asked, "output_messages": said18, "input_tokens": 9.0, "output_tokens": 3.0, "user_id": "u1", "session_id": "s1", "request_parameters": anyMap{"temperature": 0.5}}},
	"bare tool": {testSpan{name: "run_tool", attrs: anyMap{"tool_name": "get_weather", "tool_input": weather, "tool_output": celsius, "tool_call_id": "call_1"}},
		anyMap{"kind": "tool", "tool_name": "get_weather", "tool_arguments": paris, "tool_result": is18, "tool_call_id": "call_1"}},
	// 3 .NET, PascalCase
	"pascal call": {testSpan{name: "ChatCompletion", attrs: anyMap{"Contoso.Llm.ModelName": "gpt-4o", "Contoso.Llm.Provider": "AzureOpenAI", "Contoso.Llm.Prompt": ask, "Contoso.Llm.Completion": sunny, "Contoso.Llm.InputTokenCount": int64(9),
		"Contoso.Llm.OutputTokenCount": int64(3), "Contoso.Llm.TotalTokenCount": int64(12), "Contoso.UserId": "u1", "Contoso.ConversationId": "s1", "Contoso.Llm.Temperature": 0.5, "Contoso.Llm.FinishReason": "Stop"}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "provider": "azure.ai.openai", "input_messages": asked, "output_messages": said18, "input_tokens": 9.0, "output_tokens": 3.0, "total_tokens": 12.0, "user_id": "u1", "session_id": "s1", "finish_reasons": []any{"stop"}}},
	"pascal tool": {testSpan{name: "GetWeather", attrs: anyMap{"Contoso.Tool.Name": "GetWeather", "Contoso.Tool.Arguments": weather, "Contoso.Tool.Result": celsius}},
		anyMap{"kind": "tool", "tool_name": "GetWeather", "tool_arguments": paris, "tool_result": is18}},
	// 4 JS, camelCase
	"camel call": {testSpan{name: "nimbus.generateText", attrs: anyMap{"nimbus.modelId": "claude-sonnet-4-5", "nimbus.promptTokens": int64(24), "nimbus.completionTokens": int64(40), "nimbus.cacheReadInputTokens": int64(1500), "nimbus.messages": chatJSON,
		"nimbus.responseText": sunny, "nimbus.finishReason": "end_turn", "nimbus.maxOutputTokens": int64(300), "nimbus.topP": 0.9, "nimbus.userId": "u1", "nimbus.timeToFirstTokenMs": int64(120)}},
		anyMap{"kind": "llm", "request_model": "claude-sonnet-4-5", "provider": "anthropic", "input_tokens": 1524.0, "output_tokens": 40.0, "cache_read_tokens": 1500.0, "input_messages": askedSystem, "output_messages": said18,
			"finish_reasons": []any{"stop"}, "request_parameters": anyMap{"max_tokens": 300.0, "top_p": 0.9}, "user_id": "u1", "ttft_ms": 120.0}},
	"camel tool": {testSpan{name: "nimbus.toolCall", attrs: anyMap{"nimbus.toolName": "get_weather", "nimbus.toolArgs": weather, "nimbus.toolResult": celsius, "nimbus.toolCallId": "call_1"}},
		anyMap{"kind": "tool", "tool_name": "get_weather", "tool_arguments": paris, "tool_result": is18, "tool_call_id": "call_1"}},
	// 5 Java, dotted deep
	"java call": {testSpan{name: "com.acme.ai.ChatService.complete", attrs: anyMap{"com.acme.ai.request.model": "mistral-large-latest", "com.acme.ai.response.model": "mistral-large-2411", "com.acme.ai.request.messages": chatJSON, "com.acme.ai.response.content": sunny,
		"com.acme.ai.usage.prompt.tokens": "9", "com.acme.ai.usage.completion.tokens": "3", "com.acme.ai.request.max.tokens": "100", "com.acme.ai.response.finish.reason": "STOP"}},
		anyMap{"kind": "llm", "request_model": "mistral-large-latest", "response_model": "mistral-large-2411", "provider": "mistral_ai", "input_messages": askedSystem, "output_messages": said18, "input_tokens": 9.0, "output_tokens": 3.0, "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"max_tokens": 100.0}}},
	// 6 Go, snake
	"snake call": {testSpan{name: "llm_request", attrs: anyMap{"llm_model": "gpt-4o-mini", "llm_vendor": "openai", "llm_prompt": ask, "llm_response": sunny, "llm_prompt_tokens": int64(9), "llm_completion_tokens": int64(3), "llm_total_tokens": int64(12), "llm_cost_usd": 0.001, "llm_streaming": false}},
		anyMap{"kind": "llm", "request_model": "gpt-4o-mini", "provider": "openai", "input_messages": asked, "output_messages": said18, "input_tokens": 9.0, "output_tokens": 3.0, "total_cost": 0.001, "streaming": false}},
	// 7 Structured values
	"nested call": {testSpan{name: "vega.generation", attrs: anyMap{"vega.request": fromText(openAIBody), "vega.response": fromText(openAISaid), "vega.user": anyMap{"id": "u1"}, "vega.session": anyMap{"id": "s1"}}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-08-06", "response_id": "chatcmpl-1", "input_messages": askedSystem, "output_messages": said18, "input_tokens": 1520.0, "output_tokens": 20.0, "cache_read_tokens": 1024.0, "reasoning_tokens": 8.0,
			"request_parameters": anyMap{"temperature": 0.2, "max_tokens": 200.0}, "streaming": false, "tool_definitions": weatherTool, "finish_reasons": []any{"stop"}, "user_id": "u1", "session_id": "s1"}},
	"nested tool": {testSpan{name: "vega.step", attrs: anyMap{"vega.tool": anyMap{"name": "get_weather", "arguments": anyMap{"city": "Paris"}, "result": anyMap{"celsius": int64(18)}, "call_id": "call_1"}}},
		anyMap{"kind": "tool", "tool_name": "get_weather", "tool_arguments": paris, "tool_result": is18, "tool_call_id": "call_1"}},
	"nested llm map": {testSpan{name: "vega.call", attrs: anyMap{"llm": anyMap{"model": "gpt-4o", "provider": "openai", "usage": anyMap{"input_tokens": int64(9), "output_tokens": int64(3)}, "messages": []any{anyMap{"role": "user", "content": ask}}, "output": sunny}}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "provider": "openai", "input_tokens": 9.0, "output_tokens": 3.0, "input_messages": asked, "output_messages": said18}},
	// 8 Bodies as JSON texts
	"bodies": {testSpan{name: "orion.chat", attrs: anyMap{"orion.llm.request": openAIBody, "orion.llm.response": openAISaid}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-08-06", "response_id": "chatcmpl-1", "input_messages": askedSystem, "output_messages": said18, "input_tokens": 1520.0, "output_tokens": 20.0, "total_tokens": 1540.0, "cache_read_tokens": 1024.0,
			"tool_definitions": weatherTool, "request_parameters": anyMap{"temperature": 0.2}, "finish_reasons": []any{"stop"}}},
	"anthropic bodies": {testSpan{name: "orion.messages", attrs: anyMap{"orion.request_body": `{"model":"claude-sonnet-4-5","system":"You are a weather bot.","max_tokens":100,"messages":[{"role":"user","content":"How is the weather in Paris?"}]}`,
		"orion.response_body": `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"` + sunny + `"}],"stop_reason":"end_turn","usage":{"input_tokens":24,"cache_read_input_tokens":10,"cache_creation_input_tokens":0,"output_tokens":40}}`}},
		anyMap{"kind": "llm", "request_model": "claude-sonnet-4-5", "response_model": "claude-sonnet-4-5-20250929", "response_id": "msg_1", "provider": "anthropic", "input_messages": asked, "output_messages": said18, "system_instructions": toldSystem,
			"input_tokens": 34.0, "output_tokens": 40.0, "cache_read_tokens": 10.0, "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"max_tokens": 100.0}}},
	"gemini bodies": {testSpan{name: "gemini.generate", attrs: anyMap{"lyra.model": "gemini-2.5-pro", "lyra.request": `{"contents":[{"role":"user","parts":[{"text":"How is the weather in Paris?"}]}],"generationConfig":{"temperature":0.1}}`,
		"lyra.response": `{"candidates":[{"content":{"role":"model","parts":[{"text":"` + sunny + `"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":12,"thoughtsTokenCount":64,"totalTokenCount":106}}`}},
		anyMap{"kind": "llm", "request_model": "gemini-2.5-pro", "provider": "gcp.gen_ai", "input_messages": asked, "output_messages": said18, "input_tokens": 30.0, "output_tokens": 76.0, "reasoning_tokens": 64.0, "finish_reasons": []any{"stop"}}},
	"ollama bodies": {testSpan{name: "local.chat", attrs: anyMap{"local.request": `{"model":"llama3.2","messages":[{"role":"user","content":"How is the weather in Paris?"}],"stream":false}`,
		"local.response": `{"model":"llama3.2","message":{"role":"assistant","content":"` + sunny + `"},"done":true,"done_reason":"stop","total_duration":1000,"prompt_eval_count":26,"eval_count":8}`}},
		anyMap{"kind": "llm", "request_model": "llama3.2", "input_messages": asked, "output_messages": said18, "input_tokens": 26.0, "output_tokens": 8.0, "finish_reasons": []any{"stop"}, "streaming": false}},
	"bedrock bodies": {testSpan{name: "local.converse", attrs: anyMap{"local.input": `{"modelId":"anthropic.claude-3-5-sonnet-20240620-v1:0","messages":[{"role":"user","content":[{"text":"How is the weather in Paris?"}]}],"inferenceConfig":{"maxTokens":100}}`,
		"local.output": `{"output":{"message":{"role":"assistant","content":[{"text":"` + sunny + `"}]}},"stopReason":"end_turn","usage":{"inputTokens":26,"outputTokens":8,"totalTokens":34}}`}},
		anyMap{"kind": "llm", "request_model": "anthropic.claude-3-5-sonnet-20240620-v1:0", "provider": "aws.bedrock", "input_messages": asked, "output_messages": said18, "input_tokens": 26.0, "output_tokens": 8.0, "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"max_tokens": 100.0}}},
	"responses bodies": {testSpan{name: "local.responses", attrs: anyMap{"local.request": `{"model":"gpt-5","instructions":"You are a weather bot.","input":"How is the weather in Paris?","max_output_tokens":100}`,
		"local.response": `{"id":"resp_1","object":"response","model":"gpt-5-2025","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"` + sunny + `"}]}],"usage":{"input_tokens":26,"input_tokens_details":{"cached_tokens":10},"output_tokens":8,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":34}}`}},
		anyMap{"kind": "llm", "request_model": "gpt-5", "response_model": "gpt-5-2025", "response_id": "resp_1", "input_messages": asked, "output_messages": said18, "system_instructions": toldSystem, "input_tokens": 26.0, "output_tokens": 8.0, "cache_read_tokens": 10.0, "reasoning_tokens": 2.0}},
	// 9 Indexed, as OpenLLMetry does
	"indexed call": {testSpan{name: "polaris.chat", attrs: anyMap{"polaris.llm.model": "gpt-4o", "polaris.prompt.0.role": "system", "polaris.prompt.0.content": systemIs, "polaris.prompt.1.role": "user", "polaris.prompt.1.content": ask,
		"polaris.completion.0.role": "assistant", "polaris.completion.0.content": sunny, "polaris.completion.0.finish_reason": "stop", "polaris.usage.prompt_tokens": int64(9), "polaris.usage.completion_tokens": int64(3)}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "input_messages": askedSystem, "output_messages": said18, "finish_reasons": []any{"stop"}, "input_tokens": 9.0}},
	"indexed tool calls": {testSpan{name: "polaris.chat", attrs: anyMap{"polaris.llm.model": "gpt-4o", "polaris.usage.input_tokens": int64(9), "polaris.usage.output_tokens": int64(3), "polaris.messages[0].role": "user", "polaris.messages[0].content": ask,
		"polaris.choices.0.message.role": "assistant", "polaris.choices.0.message.tool_calls.0.id": "call_1", "polaris.choices.0.message.tool_calls.0.function.name": "get_weather", "polaris.choices.0.message.tool_calls.0.function.arguments": weather, "polaris.choices.0.finish_reason": "tool_calls"}},
		anyMap{"kind": "llm", "input_messages": asked, "output_messages": saidCall, "finish_reasons": []any{"tool_call"}}},
	"indexed openinference": {testSpan{name: "ChatModel", attrs: anyMap{"acme.span.kind": "LLM", "acme.llm.model_name": "gpt-4o", "acme.llm.input_messages.0.message.role": "user", "acme.llm.input_messages.0.message.content": ask,
		"acme.llm.output_messages.0.message.role": "assistant", "acme.llm.output_messages.0.message.content": sunny, "acme.llm.token_count.prompt": int64(9), "acme.llm.token_count.completion": int64(3), "acme.llm.token_count.prompt_details.cache_read": int64(4)}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "input_messages": asked, "output_messages": said18, "input_tokens": 9.0, "output_tokens": 3.0, "cache_read_tokens": 4.0}},
	"indexed documents": {testSpan{name: "Retriever", attrs: anyMap{"acme.span.kind": "RETRIEVER", "acme.retrieval.query": "capital of France", "acme.retrieval.documents.0.document.content": "Paris is the capital of France.", "acme.retrieval.documents.1.document.content": "Lyon is a city."}},
		anyMap{"kind": "retriever", "retrieval_query": "capital of France", "documents": twoDocs}},
	// 10 gen_ai-like
	"gen_ai prompts": {testSpan{name: "chat gpt-4o", attrs: anyMap{"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.prompts": chatJSON, "gen_ai.completions": `[{"role":"assistant","content":"` + sunny + `"}]`, "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3)}},
		anyMap{"kind": "llm", "input_messages": askedSystem, "output_messages": said18, "input_tokens": 9.0}},
	"genai spelling": {testSpan{name: "genai.chat", attrs: anyMap{"genai.system": "openai", "genai.request.model": "gpt-4o", "genai.request.temperature": "0.2", "genai.usage.input_tokens": "9", "genai.usage.output_tokens": "3", "genai.response.id": "r1", "genai.response.finish_reasons": []any{"stop"}}},
		anyMap{"kind": "llm", "provider": "openai", "request_model": "gpt-4o", "input_tokens": 9.0, "output_tokens": 3.0, "response_id": "r1", "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"temperature": 0.2}}},
	// 11 MCP
	"mcp tool": {testSpan{name: "mcp.call", attrs: anyMap{"mcp.tool.name": "get_weather", "mcp.tool.arguments": weather, "mcp.tool.result": celsius, "mcp.server.name": "weather"}},
		anyMap{"kind": "tool", "tool_name": "get_weather", "tool_arguments": paris, "tool_result": is18}},
	// 12 Applications
	"app call": {testSpan{name: "POST /ask", attrs: anyMap{"app.llm.model": "gpt-4o", "app.llm.tokens.input": int64(9), "app.llm.tokens.output": int64(3), "app.llm.cost": 0.001, "app.user_id": "u1", "http.request.method": "POST"}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "input_tokens": 9.0, "output_tokens": 3.0, "total_cost": 0.001, "user_id": "u1"}},
	"app without model": {testSpan{name: "GET /users", attrs: anyMap{"app.user_id": "u1", "app.query": "name", "app.results": int64(3), "http.request.method": "GET"}},
		anyMap{"kind": "other", "documents": nil, "retrieval_query": nil}},
	// 13 Events instead of attributes
	"events": {testSpan{name: "solaris.llm", attrs: anyMap{"solaris.llm.model": "gpt-4o", "solaris.llm.input_tokens": int64(9), "solaris.llm.output_tokens": int64(3)}, events: []testEvent{
		{"solaris.prompt", 1, anyMap{"role": "user", "content": ask}}, {"solaris.first_token", 200_000_000, anyMap{}}, {"solaris.completion", 5, anyMap{"role": "assistant", "content": sunny, "finish_reason": "stop"}}}},
		anyMap{"kind": "llm", "input_messages": asked, "output_messages": said18, "finish_reasons": []any{"stop"}, "ttft_ms": 200.0, "streaming": true}},
	"events with facts": {testSpan{name: "llm.call", attrs: anyMap{"solaris.run": "r9"}, events: []testEvent{
		{"llm.request", 1, anyMap{"model": "gpt-4o", "temperature": 0.2, "prompt": ask}}, {"llm.response", 5, anyMap{"text": sunny, "input_tokens": int64(9), "output_tokens": int64(3), "finish_reason": "stop"}}}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "input_messages": asked, "output_messages": said18, "input_tokens": 9.0, "output_tokens": 3.0, "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"temperature": 0.2}}},
	"plain events": {testSpan{name: "GET /", attrs: anyMap{"x": "y"}, events: []testEvent{{"request", 1, anyMap{"body": ask}}}}, anyMap{"kind": "other", "input_messages": nil}},
	// 14 Several spellings on one span
	"spellings": {testSpan{name: "chat gpt-4o", attrs: anyMap{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": int64(1524), "gen_ai.usage.output_tokens": int64(40), "zed.usage": `{"input_tokens":24,"cache_read_input_tokens":1500,"output_tokens":40}`,
		"zed.input_tokens": int64(24), "zed.cache_read_tokens": int64(1500), "zed.prompt": ask}},
		anyMap{"kind": "llm", "input_tokens": 1524.0, "output_tokens": 40.0, "cache_read_tokens": 1500.0, "input_messages": asked}},
	// 15 Failures
	"failure": {testSpan{name: "aurora.llm.call", status: ptrace.StatusCodeError, message: "429 Too Many Requests", attrs: anyMap{"aurora.llm.model": "gpt-4o", "aurora.llm.provider": "openai", "aurora.error.type": "RateLimitError", "aurora.llm.prompt": ask}},
		anyMap{"kind": "llm", "error_type": "RateLimitError", "error_message": "429 Too Many Requests", "request_model": "gpt-4o", "input_messages": asked, "output_messages": nil}},
	"tool failure": {testSpan{name: "aurora.tool", status: ptrace.StatusCodeError, attrs: anyMap{"aurora.tool.name": "get_weather", "aurora.tool.args": weather}, events: []testEvent{{"exception", 1, anyMap{"exception.type": "TimeoutError", "exception.message": "timed out"}}}},
		anyMap{"kind": "tool", "error_type": "TimeoutError", "error_message": "timed out", "tool_arguments": paris}},
	// 16 Kinds by other words
	"type llm":       {testSpan{name: "x", attrs: anyMap{"kestrel.span_type": "llm", "kestrel.model": "gpt-4o", "kestrel.inputs": `{"messages":` + chatJSON + `}`, "kestrel.outputs": `{"choices":[{"message":{"role":"assistant","content":"` + sunny + `"}}]}`}}, anyMap{"kind": "llm", "input_messages": askedSystem, "output_messages": said18}},
	"type tool":      {testSpan{name: "x", attrs: anyMap{"kestrel.span_type": "tool", "kestrel.name": "get_weather", "kestrel.inputs": weather, "kestrel.outputs": celsius}}, anyMap{"kind": "tool", "tool_arguments": paris, "tool_result": is18}},
	"type chain":     {testSpan{name: "x", attrs: anyMap{"kestrel.span_type": "chain", "kestrel.inputs": weather}}, anyMap{"kind": "chain"}},
	"type retriever": {testSpan{name: "x", attrs: anyMap{"kestrel.span_type": "retriever", "kestrel.query": "capital of France", "kestrel.outputs": docsJSON}}, anyMap{"kind": "retriever", "retrieval_query": "capital of France", "documents": twoDocs}},
	"type guardrail": {testSpan{name: "x", attrs: anyMap{"kestrel.span_type": "guardrail", "kestrel.inputs": ask}}, anyMap{"kind": "guardrail"}},
	"type evaluator": {testSpan{name: "x", attrs: anyMap{"kestrel.span_type": "evaluator"}}, anyMap{"kind": "evaluator"}},
	// 17 Costs apart
	"costs": {testSpan{name: "tern.llm", attrs: anyMap{"tern.llm.model": "gpt-4o", "tern.llm.usage.input_tokens": int64(9), "tern.llm.usage.output_tokens": int64(3), "tern.llm.cost.input": "0.001", "tern.llm.cost.output": "0.002", "tern.llm.cost.total": "0.003"}},
		anyMap{"kind": "llm", "input_cost": 0.001, "output_cost": 0.002, "total_cost": 0.003}},
	// 18 Limits are no figures
	"limits": {testSpan{name: "tern.llm", attrs: anyMap{"tern.llm.model": "gpt-4o", "tern.llm.input_tokens": int64(9), "tern.llm.output_tokens": int64(3), "tern.budget.max_cost": 5.0, "tern.fallback.model": "gpt-4o-mini", "tern.session.total_cost": 7.0, "tern.parent.session_id": "p"}},
		anyMap{"kind": "llm", "request_model": "gpt-4o", "total_cost": nil, "session_id": nil}},
	// 19 Speech and polls are no calls
	"tts":          {testSpan{name: "tts", attrs: anyMap{"wren.tts.model": "tts-1", "wren.tts.text": ask}}, anyMap{"kind": "other"}},
	"count tokens": {testSpan{name: "wren.count_tokens", attrs: anyMap{"wren.model": "gpt-4o", "wren.input_tokens": int64(9)}}, anyMap{"kind": "other"}},
	"list models":  {testSpan{name: "wren.models.list", attrs: anyMap{"wren.model": "gpt-4o", "wren.provider": "openai"}}, anyMap{"kind": "other"}},
	// 20 Agents that sum up
	"agent sums": {testSpan{name: "ibis.agent", attrs: anyMap{"ibis.span.kind": "agent", "ibis.agent.name": "planner", "ibis.usage.input_tokens": int64(300), "ibis.usage.output_tokens": int64(60), "ibis.messages": chatJSON}},
		anyMap{"kind": "agent", "agent_name": "planner", "aggregate_usage": anyMap{"input_tokens": 300.0, "output_tokens": 60.0}, "input_messages": askedSystem}},
	// 21 Vendors in names
	"anthropic.messages": {testSpan{name: "anthropic.messages", attrs: anyMap{"finch.model": "claude-sonnet-4-5", "finch.max_tokens": int64(100)}}, anyMap{"kind": "llm", "request_model": "claude-sonnet-4-5", "provider": "anthropic"}},
	"gemini.generate":    {testSpan{name: "gemini.generate", attrs: anyMap{"finch.model": "gemini-2.5-flash"}}, anyMap{"kind": "llm", "request_model": "gemini-2.5-flash"}},
	"bedrock.invoke":     {testSpan{name: "bedrock.invoke_model", attrs: anyMap{"finch.model_id": "anthropic.claude-3-5-sonnet-20240620-v1:0", "finch.input_tokens": int64(9), "finch.output_tokens": int64(3)}}, anyMap{"kind": "llm", "request_model": "anthropic.claude-3-5-sonnet-20240620-v1:0", "provider": "aws.bedrock"}},
	// 22 Questions and answers
	"question": {testSpan{name: "heron.ask_llm", attrs: anyMap{"heron.llm.model": "gpt-4o", "heron.question": ask, "heron.answer": sunny, "heron.system_prompt": systemIs, "heron.llm.tokens_in": int64(9), "heron.llm.tokens_out": int64(3)}},
		anyMap{"kind": "llm", "input_messages": asked, "output_messages": said18, "system_instructions": toldSystem, "input_tokens": 9.0, "output_tokens": 3.0}},
	// 23 Retrieval of application code
	"vector search": {testSpan{name: "vector_search", attrs: anyMap{"stork.search.query": "capital of France", "stork.search.top_k": int64(2), "stork.search.results": docsJSON, "stork.embedding_model": "text-embedding-3-small"}},
		anyMap{"kind": "retriever", "retrieval_query": "capital of France", "documents": twoDocs}},
	"rag contexts": {testSpan{name: "retrieve_context", attrs: anyMap{"rag.query": "capital of France", "rag.contexts": []any{"Paris is the capital of France.", "Lyon is a city."}}},
		anyMap{"kind": "retriever", "retrieval_query": "capital of France", "documents": twoDocs}},
	"reranker with both": {testSpan{name: "rerank", attrs: anyMap{"rag.rerank.model": "bge-reranker", "rag.rerank.query": "capital of France", "rag.rerank.input_documents": docsJSON, "rag.rerank.output_documents": `[{"content":"Paris is the capital of France."}]`}},
		anyMap{"kind": "reranker", "documents": twoDocs[:1], "retrieval_query": "capital of France"}},
	// 24 Tool of a framework under function
	"function": {testSpan{name: "execute_function", attrs: anyMap{"plover.function.name": "get_weather", "plover.function.arguments": weather, "plover.function.result": celsius, "plover.span.type": "function_tool"}},
		anyMap{"kind": "tool", "tool_name": "get_weather", "tool_arguments": paris, "tool_result": is18}},
	// 25 Time to the first token in seconds
	"ttft": {testSpan{name: "lark.llm", attrs: anyMap{"lark.llm.model": "gpt-4o", "lark.llm.input_tokens": int64(9), "lark.llm.output_tokens": int64(3), "lark.llm.time_to_first_token": 0.25, "lark.llm.is_streaming": true}},
		anyMap{"kind": "llm", "ttft_ms": 250.0, "streaming": true}},
	"ttft in ms": {testSpan{name: "lark.llm", attrs: anyMap{"lark.llm.model": "gpt-4o", "lark.llm.input_tokens": int64(9), "lark.llm.output_tokens": int64(3), "lark.llm.ttft": int64(250)}}, anyMap{"kind": "llm", "ttft_ms": 250.0}},
	// 26 Prompts of a registry, tags
	"prompt": {testSpan{name: "lark.llm", attrs: anyMap{"lark.llm.model": "gpt-4o", "lark.llm.input_tokens": int64(9), "lark.llm.output_tokens": int64(3), "lark.prompt.name": "greet", "lark.prompt.version": "3", "lark.tags": []any{"a", "b"}}},
		anyMap{"kind": "llm", "prompt_name": "greet", "prompt_version": "3", "tags": []any{"a", "b"}}},
}

func fromText(text string) map[string]any {
	return decodeText(text).(map[string]any)
}

// TestInventedEmitters holds the rows of invented emitters to what their attributes mean.
func TestInventedEmitters(t *testing.T) {
	held, all := 0, 0
	for name, c := range invented {
		t.Run(name, func(t *testing.T) {
			_, got := c.span.mapped(t)
			for field, want := range c.want {
				all++
				if problem := compare(field, want, got[field]); problem != "" {
					t.Errorf("%s: %s", field, strings.ReplaceAll(problem, "\n", " "))
					continue
				}
				held++
			}
		})
	}
	t.Logf("%d of %d fields hold", held, all)
}
