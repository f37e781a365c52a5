package mapping

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	vercelJS     = "ai 6.0.326"
	tanstack     = "@tanstack/ai 0.58.0"
	voltAgentJS  = "@voltagent/core 2.10.0"
	strandsTS    = "@strands-agents/sdk 1.16.0, with a service name"
	langChainOI  = "@arizeai/openinference-instrumentation-langchain 4.1.1"
	agentsOI     = "@arizeai/openinference-instrumentation-openai-agents 0.2.15"
	langChainTL  = "@traceloop/instrumentation-langchain 0.27.0"
	adkJS        = "@google/adk 2.0.0"
	responsesTL  = "@traceloop/instrumentation-openai 0.27.0"
	sentryLC     = "@sentry/node 10.78.0, LangChain"
	axLLM        = "@ax-llm/ax 24.0.21"
	mastraJS     = "@mastra/core 1.71.0"
	messageOfLC  = `{"lc":1,"type":"constructor","id":["langchain_core","messages","`
	answerOfLC   = `{"generations":[[{"text":"","message":` + messageOfLC + `AIMessage"],"kwargs":{"id":"chatcmpl-1","content":"` + sunny + `","response_metadata":{"model_name":"` + gptDated + `"}}}}]]}`
	zodSchema    = `{"def":{"type":"object","shape":{"city":{"def":{"type":"string"},"type":"string"}}},"type":"object"}`
	agentOfLC    = `{"ls_integration":"langchain_create_agent","lc_agent_name":"clerk","langgraph_node":"tools"}`
	instructions = "You are a harbour clerk."
)

// sourcedJavaScript are spans as they were captured from JavaScript libraries.
var sourcedJavaScript = []sourcedSpan{
	{vercelJS, "the user agent is a program", inventedSpan{testSpan{name: "ai.generateText.doGenerate", scope: "ai", attrs: anyMap{
		"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o", "ai.request.headers.user-agent": "ai/6.0.326",
		"ai.usage.inputTokens": int64(1520), "ai.usage.outputTokens": int64(20),
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"agent_name": nil})}},

	{tanstack, "tool", inventedSpan{testSpan{name: "execute_tool get_weather", scope: "shop-chat", attrs: anyMap{
		"gen_ai.tool.name": "get_weather", "gen_ai.tool.call.id": "call_1", "gen_ai.tool.type": "function", "tanstack.ai.tool.outcome": "success",
		"gen_ai.input.messages":       `[{"role":"tool","content":"{\"city\":\"Paris\"}"}]`,
		"langfuse.observation.input":  `[{"role":"tool","content":"{\"city\":\"Paris\"}"}]`,
		"gen_ai.output.messages":      `[{"role":"tool","content":"{\"celsius\":18}"}]`,
		"langfuse.observation.output": `[{"role":"tool","content":"{\"celsius\":18}"}]`,
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "tool_arguments": paris, "tool_result": is18})}},

	{voltAgentJS, "tool with a schema of Zod", inventedSpan{testSpan{name: "tool.execution:get_weather", scope: "@voltagent/core", attrs: anyMap{
		"span.type": "tool", "entity.type": "agent", "entity.name": "clerk", "user.id": "u1", "conversation.id": sessionOfAll, "tool.name": "get_weather",
		"tool.call.id": "call_1", "tool.parameters": zodSchema, "input": `{"city":"Paris"}`, "output": `{"celsius":18}`,
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "agent_name": "clerk", "user_id": "u1", "session_id": sessionOfAll, "tool_arguments": paris, "tool_result": is18})}},

	{strandsTS, "chat", inventedSpan{testSpan{name: "chat", scope: "shop", attrs: anyMap{
		"gen_ai.operation.name": "chat", "gen_ai.system": "shop", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": int64(1520), "gen_ai.usage.output_tokens": int64(20),
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"provider": gptProvider})}},

	{langChainOI, "content in blocks", inventedSpan{testSpan{name: "ChatOpenAI", scope: "@arizeai/openinference-instrumentation-langchain", attrs: anyMap{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": int64(1520), "llm.token_count.completion": int64(20), "metadata": agentOfLC,
		"input.value": `{"messages":[[` + messageOfLC + `SystemMessage"],"kwargs":{"content":[{"type":"text","text":"` + instructions + `"}]}},` +
			messageOfLC + `HumanMessage"],"kwargs":{"content":"` + ask + `"}}]]}`,
		"output.value":                      answerOfLC,
		"llm.input_messages.0.message.role": "system", "llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": ask,
		"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": sunny,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"response_model": gptDated, "response_id": "chatcmpl-1", "agent_name": "clerk", "input_messages": []any{
		anyMap{"role": "system", "parts": []any{anyMap{"type": "text", "content": instructions}}},
		anyMap{"role": "user", "parts": []any{anyMap{"type": "text", "content": ask}}},
	}})}},
	{langChainOI, "agent that a tool asks", inventedSpan{testSpan{name: "clerk", scope: "@arizeai/openinference-instrumentation-langchain", attrs: anyMap{
		"openinference.span.kind": "CHAIN", "metadata": agentOfLC, "input.value": `{"messages":[]}`,
	}}, anyMap{"kind": "agent", "agent_name": "clerk"}}},
	{langChainOI, "node of an agent", inventedSpan{testSpan{name: "model_request", scope: "@arizeai/openinference-instrumentation-langchain", attrs: anyMap{
		"openinference.span.kind": "CHAIN", "metadata": agentOfLC, "input.value": `{"messages":[]}`,
	}}, anyMap{"kind": "chain"}}},

	{agentsOI, "answer in the history", inventedSpan{testSpan{name: "response", scope: "@arizeai/openinference-instrumentation-openai-agents", attrs: anyMap{
		"openinference.span.kind": "LLM", "llm.model_name": gptDated, "llm.token_count.prompt": int64(1520), "llm.token_count.completion": int64(20),
		"input.value":                       `[{"type":"message","role":"user","content":"Hello"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"` + sunny + `"}]},{"role":"user","content":"` + ask + `"}]`,
		"output.value":                      `{"id":"resp_1","object":"response","model":"` + gptDated + `","output":[]}`,
		"llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": instructions,
		"llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": "Hello",
		"llm.input_messages.2.message.role": "assistant",
		"llm.input_messages.3.message.role": "user", "llm.input_messages.3.message.content": ask,
	}}, llmRow("", 1520, 20, anyMap{"response_id": "resp_1", "input_messages": []any{
		anyMap{"role": "system", "parts": []any{anyMap{"type": "text", "content": instructions}}},
		anyMap{"role": "user", "parts": []any{anyMap{"type": "text", "content": "Hello"}}},
		anyMap{"role": "assistant", "parts": []any{anyMap{"type": "text", "content": sunny}}},
		anyMap{"role": "user", "parts": []any{anyMap{"type": "text", "content": ask}}},
	}})}},

	{agentsOI, "bodies of chat completions in a list", inventedSpan{testSpan{name: "generation", scope: "@arizeai/openinference-instrumentation-openai-agents", attrs: anyMap{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": int64(1520), "llm.token_count.completion": int64(20),
		"output.value": `[{"id":"chatcmpl-1","object":"chat.completion","model":"` + gptDated + `","choices":[{"index":0,"message":{"role":"assistant","content":"` + sunny + `","tool_calls":null}}]}]`,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"response_id": "chatcmpl-1", "response_model": gptDated})}},

	{axLLM, "parameters that are not set", inventedSpan{testSpan{name: "AI Chat Request", scope: "shop", attrs: anyMap{
		"gen_ai.system": "OpenAI", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.request.max_tokens": "Not set", "gen_ai.request.temperature": int64(0),
		"gen_ai.conversation.id": sessionOfAll, "ax.session.id": sessionOfAll, "gen_ai.response.id": "chatcmpl-1", "gen_ai.response.model": gptDated,
	}, events: []testEvent{{name: "gen_ai.usage", attrs: anyMap{"gen_ai.usage.input_tokens": int64(1520), "gen_ai.usage.output_tokens": int64(20)}}}},
		llmRow("gpt-4o", 1520, 20, anyMap{"provider": gptProvider, "session_id": sessionOfAll, "response_id": "chatcmpl-1", "request_parameters": anyMap{"temperature": 0.0, "max_tokens": nil}})}},

	{langChainTL, "tool named by its class", inventedSpan{testSpan{name: "execute_tool DynamicStructuredTool", scope: "@traceloop/instrumentation-langchain", attrs: anyMap{
		"gen_ai.operation.name": "execute_tool", "gen_ai.provider.name": "langchain", "traceloop.span.kind": "task", "traceloop.entity.name": "DynamicStructuredTool",
		"traceloop.entity.output": messageOfLC + `ToolMessage"],"kwargs":{"status":"success","content":"mild","tool_call_id":"call_1","name":"get_weather"}}`,
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "tool_result": "mild"})}},

	{responsesTL, "input of Responses", inventedSpan{testSpan{name: "chat gpt-5", scope: "@traceloop/instrumentation-openai", attrs: anyMap{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(1520), "gen_ai.usage.output_tokens": int64(20),
		"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"[{\"role\":\"user\",\"content\":\"` + ask + `\"},{\"type\":\"function_call_output\",\"call_id\":\"call_1\",\"output\":\"mild\"}]"}]}]`,
	}}, llmRow("gpt-5", 1520, 20, anyMap{"input_messages": []any{
		asked[0],
		anyMap{"role": "tool", "parts": []any{anyMap{"type": "tool_call_response", "id": "call_1", "response": "mild"}}},
	}})}},
	{responsesTL, "text that a user wrote as JSON", inventedSpan{testSpan{name: "chat gpt-5", scope: "@traceloop/instrumentation-openai", attrs: anyMap{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(2),
		"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"[{\"city\":\"Paris\"}]"}]}]`,
	}}, llmRow("gpt-5", 9, 2, anyMap{"input_messages": oneMessage("user", `[{"city":"Paris"}]`)})}},

	{sentryLC, "instructions in blocks", inventedSpan{testSpan{name: "chat gpt-4o", scope: "@sentry/node", attrs: anyMap{
		"sentry.op": "gen_ai.chat", "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": int64(1520), "gen_ai.usage.output_tokens": int64(20),
		"gen_ai.system_instructions": `[{"type":"text","content":"[{\"type\":\"text\",\"text\":\"` + instructions + `\"}]"}]`,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"system_instructions": []any{anyMap{"type": "text", "content": instructions}}})}},

	{mastraJS, "failed call", inventedSpan{testSpan{name: "chat gpt-4o", scope: "@mastra/otel-exporter", status: ptrace.StatusCodeOk, attrs: anyMap{
		"gen_ai.operation.name": "chat", "mastra.span.type": "model_inference", "gen_ai.request.model": "gpt-4o", "gen_ai.response.finish_reasons": `["error"]`,
	}}, anyMap{"kind": "llm", "error_type": "_OTHER"}}},
	{mastraJS, "session in metadata", inventedSpan{testSpan{name: "model_inference clerk", scope: "@mastra/otel-exporter", attrs: anyMap{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "metadata": `{"runId":"r1","sessionId":"` + sessionOfAll + `"}`,
	}}, anyMap{"kind": "llm", "session_id": sessionOfAll}}},

	{adkJS, "answers of several tools", inventedSpan{testSpan{name: "execute_tool (merged)", scope: "gcp.vertex.agent", attrs: anyMap{
		"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "(merged tools)", "gen_ai.tool.call.id": "1jBx", "gcp.vertex.agent.tool_call_args": "N/A",
	}}, anyMap{"kind": "other"}}},
}

// TestMessagesWithoutWordsAreFilledIn leaves the words out of any of the messages that stand in
// indexed keys, where a body beside them has all, or all but the instructions.
func TestMessagesWithoutWordsAreFilledIn(t *testing.T) {
	roles := []string{"system", "user", "assistant", "user"}
	for missing := range 1 << len(roles) {
		for _, first := range []int{0, 1} { // of the body
			if first == 1 && missing&1 == 1 {
				continue
			}
			attrs, body, want := anyMap{"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}, []string{}, []any{}
			for i, role := range roles {
				text, key := "words of "+strconv.Itoa(i), "llm.input_messages."+strconv.Itoa(i)+".message."
				attrs[key+"role"] = role
				if missing>>i&1 == 0 {
					attrs[key+"content"] = text
				}
				if i >= first {
					body = append(body, `{"role":"`+role+`","content":"`+text+`"}`)
				}
				want = append(want, anyMap{"role": role, "parts": []any{anyMap{"type": "text", "content": text}}})
			}
			attrs["input.value"] = `{"messages":[` + strings.Join(body, ",") + `],"model":"gpt-4o"}`
			_, got := testSpan{name: "ChatOpenAI", scope: "@arizeai/openinference-instrumentation-langchain", attrs: attrs}.mapped(t)
			require.Empty(t, compare("input_messages", want, got["input_messages"]), "without %b, body from %d", missing, first)
		}
	}
}
