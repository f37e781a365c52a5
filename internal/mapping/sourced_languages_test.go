package mapping

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	braintrustGo   = "*braintrust-sdk-go* 63142de"
	braintrustJava = "*braintrust-sdk-java* 0.3.6"
	genkitGo       = "*github.com/firebase/genkit/go* 1.4.0"
	adkJava        = "*google-adk* (Java) 1.8.0"
	trpcGo         = "*trpc-agent-go* 0e352fdd"

	geminiAsked = `{"config":{"temperature":0.2},"contents":[{"parts":[{"text":"` + ask + `"}],"role":"user"}],"model":"gemini-2.5-flash"}`
	geminiSaid  = `{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"` + sunny + `"}],"role":"model"},"finishReason":"STOP","index":0}],"modelVersion":"gemini-2.5-flash-001","responseId":"gem-1",` +
		`"usageMetadata":{"candidatesTokenCount":20,"promptTokenCount":1520,"thoughtsTokenCount":30,"totalTokenCount":1570}}`
	toolAnswered = `{"id":"","object":"tool.response","model":"gpt-4o","choices":[{"index":0,"message":{"role":"tool","content":"{\"celsius\":18}","tool_id":"call_1"},"delta":{"role":""}}]}`
)

// sourcedLanguages are spans of programs in Go and Java, as they left them.
var sourcedLanguages = []sourcedSpan{
	{braintrustGo, "chat", inventedSpan{testSpan{name: "Chat Completion", scope: "braintrust", attrs: braintrustChat()},
		llmRow("gpt-4o", 1520, 20, anyMap{"provider": "openai", "response_id": "chatcmpl-1", "cache_read_tokens": 1500.0, "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"temperature": 0.2, "endpoint": "/v1/chat/completions"}})}},
	{braintrustGo, "chat that failed, of which nothing else is told", inventedSpan{testSpan{name: "Chat Completion", scope: "braintrust", attrs: anyMap{
		"braintrust.parent": "project_name:p", "braintrust.input_json": `[{"role":"user","content":"` + ask + `"}]`, "braintrust.metadata": `{"model":"gpt-4o","provider":"openai"}`,
	}}, anyMap{"kind": "llm", "provider": "openai", "request_model": "gpt-4o"}}},
	{braintrustGo, "a program's own span", inventedSpan{testSpan{name: "handle", scope: "app", attrs: anyMap{"braintrust.parent": "project_name:p"}}, anyMap{"kind": "other"}}},
	{braintrustGo, "Gemini", inventedSpan{testSpan{name: "genai.models.generateContent", scope: "braintrust", attrs: anyMap{
		"braintrust.parent": "project_name:p", "braintrust.span_attributes": `{"type":"llm"}`, "braintrust.input_json": geminiAsked, "braintrust.output_json": geminiSaid,
		"braintrust.metadata": `{"model":"gemini-2.5-flash-001","provider":"gemini","systemInstruction":{"parts":[{"text":"Be brief."}],"role":"user"},"temperature":0.2}`,
		"braintrust.metrics":  `{"completion_tokens":20,"prompt_tokens":1520,"thoughts_token_count":30,"tokens":1570}`,
	}}, llmRow("gemini-2.5-flash", 1520, 50, anyMap{"provider": "gcp.gemini", "response_model": "gemini-2.5-flash-001", "response_id": "gem-1", "reasoning_tokens": 30.0,
		"system_instructions": []any{anyMap{"type": "text", "content": "Be brief."}}})}},
	{braintrustGo, "Gemini that failed", inventedSpan{testSpan{name: "genai.models.generateContent", scope: "braintrust", attrs: anyMap{
		"braintrust.parent": "project_name:p", "braintrust.span_attributes": `{"type":"llm"}`, "braintrust.input_json": geminiAsked, "braintrust.metadata": `{"provider":"gemini"}`,
		"braintrust.output_json": `{"error":{"code":429,"message":"too many requests","status":"RESOURCE_EXHAUSTED"}}`,
	}}, anyMap{"kind": "llm", "request_model": "gemini-2.5-flash", "error_type": "RESOURCE_EXHAUSTED", "error_message": "too many requests", "input_tokens": nil}}},
	{braintrustJava, "embedding", inventedSpan{testSpan{name: "batch_embed_contents", scope: "braintrust-java", attrs: anyMap{
		"braintrust.parent": "project_name:p", "braintrust.span_attributes": `{"type":"llm"}`, "braintrust.input_json": `{"model":"text-embedding-004"}`, "braintrust.metadata": `{"provider":"gemini"}`,
	}}, anyMap{"kind": "embedding", "request_model": "text-embedding-004"}}},
	{genkitGo, "model", inventedSpan{testSpan{name: "openai/gpt-4o", scope: "genkit-tracer", attrs: anyMap{
		"genkit:type": "action", "genkit:name": "openai/gpt-4o", "genkit:metadata:subtype": "model", "genkit:input": `{"messages":[{"content":[{"text":"` + ask + `"}],"role":"user"}]}`,
		"genkit:output": `{"custom":{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06"},"finishReason":"stop","message":{"content":[{"text":"` + sunny + `"}],"role":"model"},"usage":{"inputTokens":1520,"outputTokens":20}}`,
	}}, llmRow("", 1520, 20, anyMap{"response_id": "chatcmpl-1", "response_model": gptDated})}},
	{genkitGo, "tool", inventedSpan{testSpan{name: "get_weather", scope: "genkit-tracer", attrs: anyMap{
		"genkit:type": "action", "genkit:name": "get_weather", "genkit:metadata:subtype": "tool.v2", "genkit:input": weather, "genkit:output": `{"output":{"celsius":18}}`,
	}}, toolRow("get_weather", anyMap{"tool_arguments": paris, "tool_result": is18})}},
	{genkitGo, "tool whose result has an output", inventedSpan{testSpan{name: "get_weather", scope: "genkit-tracer", attrs: anyMap{
		"genkit:type": "action", "genkit:name": "get_weather", "genkit:metadata:subtype": "tool", "genkit:input": weather, "genkit:output": `{"output":{"celsius":18}}`,
	}}, toolRow("get_weather", anyMap{"tool_result": anyMap{"output": is18}})}},
	{adkJava, "model", inventedSpan{testSpan{name: "call_llm", scope: "gcp.vertex.agent", attrs: anyMap{
		"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash", "gcp.vertex.agent.llm_response": `{"modelVersion":"gemini-2.5-flash-001","content":{"parts":[{"text":"` + sunny + `"}],"role":"model"}}`,
	}}, anyMap{"kind": "llm", "request_model": "gemini-2.5-flash", "response_model": "gemini-2.5-flash-001"}}},
	{trpcGo, "tool", inventedSpan{testSpan{name: "execute_tool get_weather", scope: "trpc.agent.go", attrs: anyMap{
		"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "langfuse.observation.type": "tool", "langfuse.observation.input": weather, "langfuse.observation.output": toolAnswered,
	}}, toolRow("get_weather", anyMap{"tool_arguments": paris, "tool_result": is18})}},
	{trpcGo, "answers of several tools", inventedSpan{testSpan{name: "execute_tool (merged tools)", scope: "trpc.agent.go", attrs: anyMap{
		"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "(merged tools)", "langfuse.observation.type": "tool", "langfuse.observation.output": toolAnswered,
	}}, anyMap{"kind": "other"}}},
	{trpcGo, "model, exported to Langfuse", inventedSpan{testSpan{name: "chat gpt-4o", scope: "trpc.agent.go", attrs: anyMap{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "langfuse.observation.type": "generation", "langfuse.observation.usage_details": `{"input":20,"output":20,"input_cached":1500}`,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"cache_read_tokens": 1500.0})}},
}

func braintrustChat() anyMap {
	return anyMap{
		"braintrust.parent":      "project_name:p",
		"braintrust.input_json":  `[{"role":"user","content":"` + ask + `"}]`,
		"braintrust.output_json": `[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"` + sunny + `"}}]`,
		"braintrust.metadata":    `{"endpoint":"/v1/chat/completions","id":"chatcmpl-1","model":"gpt-4o","provider":"openai","temperature":0.2}`,
		"braintrust.metrics":     `{"completion_tokens":20,"prompt_cached_tokens":1500,"prompt_tokens":1520,"tokens":1540}`,
	}
}

func braintrustSpan(t *testing.T, attrs anyMap) *Span {
	s, _ := testSpan{name: "a", scope: "braintrust", attrs: attrs}.mapped(t)
	return s
}

// TestKindOfMembers: a call is one, whether or not a dialect that writes groups of facts states its
// kind, as long as any group that tells of a call is there.
func TestKindOfMembers(t *testing.T) {
	whole := braintrustChat()
	for _, without := range [][]string{nil, {"braintrust.metadata"}, {"braintrust.metrics"}, {"braintrust.output_json"}, {"braintrust.metadata", "braintrust.input_json"}, {"braintrust.input_json", "braintrust.output_json"}} {
		t.Run(strings.Join(without, ","), func(t *testing.T) {
			attrs := anyMap{}
			for k, v := range whole {
				attrs[k] = v
			}
			for _, k := range without {
				delete(attrs, k)
			}
			silent := braintrustSpan(t, attrs)
			attrs["braintrust.span_attributes"] = `{"type":"llm"}`
			stated := braintrustSpan(t, attrs)
			require.Equal(t, KindLLM, stated.Kind)
			require.Equal(t, stated.Kind, silent.Kind)
			require.Equal(t, stated.Usage, silent.Usage)
			require.Equal(t, stated.RequestModel, silent.RequestModel)
		})
	}
}

// TestErrorAnswered: a body that is an error makes a model's call fail, and nothing that a model or
// a tool says does.
func TestErrorAnswered(t *testing.T) {
	of := func(kind, output string) *Span {
		return braintrustSpan(t, anyMap{"braintrust.span_attributes": `{"type":"` + kind + `"}`, "braintrust.input_json": geminiAsked, "braintrust.output_json": output})
	}
	for _, c := range [][2]string{
		{`{"error":{"message":"m","type":"rate_limit_exceeded","param":null,"code":"x"}}`, "rate_limit_exceeded"},
		{`{"type":"error","error":{"type":"overloaded_error","message":"m"}}`, "overloaded_error"},
		{`{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}`, "RESOURCE_EXHAUSTED"},
		{`{"error":{"code":429,"message":"m"}}`, otherError},
	} {
		s := of("llm", c[0])
		require.Equal(t, c[1], s.ErrorType, c[0])
		require.Equal(t, "m", s.ErrorMessage, c[0])
		require.Empty(t, of("tool", c[0]).ErrorMessage)
	}
	said, err := json.Marshal(`{"error":{"message":"m"}}`)
	require.NoError(t, err)
	require.Empty(t, of("llm", `[{"message":{"role":"assistant","content":`+string(said)+`}}]`).ErrorType)
}
