package mapping

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	koog        = "JetBrains/koog 0.3.0, in langfuse/langfuse@6275144"
	adkOI       = "openinference-instrumentation-google-adk 0.1.3, in langfuse/langfuse@6275144"
	vertexOI    = "openinference-instrumentation-vertexai 0.1.11, in langfuse/langfuse@6275144"
	openAIOI    = "openinference-instrumentation-openai, in envoyproxy/ai-gateway@c217da8"
	firstOpenAI = "open-telemetry/opentelemetry-php-contrib, OpenAIPHP"
	latitudeSDK = "latitude-dev/latitude-llm@418d599"
	axiom       = "axiomhq/ai"
	vertexName  = "projects/p/locations/europe-central2/publishers/google/models/gemini-2.5-flash"
	openAICalls = `[{"function":{"name":"get_weather","arguments":"{\"city\": \"Paris\"}"},"id":"call_1","type":"function"}]`
)

// sourcedReceived are spans as tests of programs that receive spans hold them.
var sourcedReceived = []sourcedSpan{
	{koog, "calls as the content of an answer", inventedSpan{testSpan{name: "llm.chat", scope: "ai.koog", attrs: anyMap{
		"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": ask,
		"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": openAICalls, "gen_ai.completion.0.finish_reason": "tool_calls",
	}}, anyMap{"kind": "llm", "input_messages": asked, "output_messages": saidCall, "finish_reasons": []any{"tool_call"}}}},
	{koog, "calls under the role of what answers them", inventedSpan{testSpan{name: "llm.chat", scope: "ai.koog", attrs: anyMap{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": ask,
		"gen_ai.prompt.1.role": "tool", "gen_ai.prompt.1.content": openAICalls, "gen_ai.prompt.2.role": "tool", "gen_ai.prompt.2.content": "18 degrees",
	}}, anyMap{"kind": "llm", "input_messages": []any{asked[0], saidCall[0], anyMap{"role": "tool", "parts": []any{anyMap{"type": "tool_call_response", "response": "18 degrees"}}}}}}},
	{adkOI, "agent", inventedSpan{testSpan{name: "agent_run [clerk]", scope: "openinference.instrumentation.google_adk", attrs: anyMap{"openinference.span.kind": "AGENT"}},
		anyMap{"kind": "agent", "agent_name": "clerk"}}},
	{vertexOI, "a model by its resource", inventedSpan{testSpan{name: "generate_content", scope: "openinference.instrumentation.vertexai", attrs: anyMap{
		"openinference.span.kind": "LLM", "llm.model_name": vertexName, "llm.token_count.prompt": int64(5), "llm.token_count.completion": int64(845), "llm.token_count.total": int64(2023),
	}}, llmRow(vertexName, 5, 2018, anyMap{"provider": "gcp.vertex_ai", "total_tokens": 2023.0})}},
	{openAIOI, "two completions", inventedSpan{testSpan{name: "Completion", scope: "openinference.instrumentation.openai", attrs: anyMap{
		"openinference.span.kind": "LLM", "llm.model_name": "gpt-3.5-turbo-instruct", "llm.prompts.0.prompt.text": ask, "llm.choices.0.completion.text": sunny, "llm.choices.1.completion.text": sunny,
		"llm.token_count.prompt": int64(9), "llm.token_count.completion": int64(3),
	}}, llmRow("", 9, 3, anyMap{"input_messages": asked, "output_messages": []any{said18[0], said18[0]}})}},
	{openAIOI, "embeddings that failed", inventedSpan{testSpan{name: "CreateEmbeddings", scope: "openinference.instrumentation.openai", status: ptrace.StatusCodeError, message: "m", attrs: anyMap{
		"openinference.span.kind": "EMBEDDING", "embedding.invocation_parameters": `{"model":"` + embedModel + `","dimensions":-1}`,
	}, events: []testEvent{{"exception", 1, anyMap{"exception.type": "openai.BadRequestError", "exception.message": "m"}}}},
		anyMap{"kind": "embedding", "request_model": embedModel, "error_type": "openai.BadRequestError"}}},
	{"strands-agents 0, in langwatch/langwatch@6ce6cbb", "call", inventedSpan{testSpan{name: "Model invoke", scope: "opentelemetry.instrumentation.strands", attrs: anyMap{
		"event_loop.cycle_id": "c1", "gen_ai.request.model": "openai/gpt-4.1-nano", "gen_ai.agent.name": "clerk", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content.0.text": ask,
		"gen_ai.completion.0.text": sunny, "gen_ai.usage.prompt_tokens": int64(9), "gen_ai.usage.completion_tokens": int64(3),
	}}, llmRow("openai/gpt-4.1-nano", 9, 3, anyMap{"agent_name": "clerk", "input_messages": asked, "output_messages": said18})}},
	{firstOpenAI, "embeddings", inventedSpan{testSpan{name: "openai embeddings/create", attrs: anyMap{
		"openai.resource": "embeddings/create", "openai.model": "text-embedding-ada-002", "openai.usage.prompt_tokens": int64(9), "openai.usage.total_tokens": int64(9),
	}}, anyMap{"kind": "embedding", "request_model": "text-embedding-ada-002", "input_tokens": 9.0}}},
	{firstOpenAI, "completion that failed", inventedSpan{testSpan{name: "openai completions/create", status: ptrace.StatusCodeError, message: timedOut, attrs: anyMap{
		"openai.resource": "completions/create", "openai.model": "gpt-3.5-turbo-instruct", "openai.max_tokens": int64(7),
	}}, anyMap{"kind": "llm", "request_model": "gpt-3.5-turbo-instruct", "error_message": timedOut}}},
	{firstOpenAI, "list of models", inventedSpan{testSpan{name: "openai models/list", attrs: anyMap{"openai.resource": "models/list"}}, anyMap{"kind": "other"}}},
	{latitudeSDK, "tool", inventedSpan{testSpan{name: "get_weather", scope: "so.latitude.instrumentation.latitude", attrs: anyMap{
		"latitude.type": "tool", "gen_ai.operation.name": "tool", "gen_ai.tool.name": "get_weather", "gen_ai.tool.call.id": "call_1", "gen_ai.tool.call.arguments": weather,
		"gen_ai.tool.result.value": celsius, "gen_ai.tool.result.is_error": false,
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "tool_arguments": paris, "tool_result": is18, "error_type": nil})}},
	{axiom, "call", inventedSpan{testSpan{name: "chat gpt-4o", attrs: anyMap{
		"axiom.gen_ai.sdk.name": "axiom", "gen_ai.capability.name": "weather", "gen_ai.step.name": "ask", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o",
		"gen_ai.request.tools.available": toolsOfOne, "gen_ai.request.tools.choice": `{"type":"auto"}`, "gen_ai.completion": calledBack, "gen_ai.response.finish_reasons": `["tool-calls"]`,
	}}, anyMap{"kind": "llm", "tool_definitions": weatherTool, "output_messages": saidCall, "finish_reasons": []any{"tool_call"}}}},
	{axiom, "tool", inventedSpan{testSpan{name: "execute_tool get_weather", attrs: anyMap{
		"gen_ai.capability.name": "weather", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "gen_ai.tool.arguments": weather, "gen_ai.tool.message": celsius,
	}}, toolRow("get_weather", anyMap{"tool_arguments": paris, "tool_result": is18})}},
	{"crewAIInc/crewAI 0.141, in langfuse/langfuse@6275144", "what was made", inventedSpan{testSpan{name: "Crew Created", scope: "crewai.telemetry", attrs: anyMap{
		"crewai_version": "0.141.0", "crew_key": "k", "crew_number_of_agents": "1", "crew_agents": `[{"key":"k","role":"clerk","llm":"gpt-4o-mini"}]`,
	}}, anyMap{"kind": "other"}}},
}

// TestProviderBeforeTheName: a span named by what it does is of the same kind where the name of a
// provider stands before.
func TestProviderBeforeTheName(t *testing.T) {
	compared := 0
	for name := range kindTable {
		span := testSpan{name: name, attrs: anyMap{"quetzal.model": "m", "quetzal.temperature": 0.2}}
		_, want := span.mapped(t)
		if want["kind"] == "other" {
			continue
		}
		for provider := range providerAliases {
			span.name = provider + " " + strings.ReplaceAll(name, "_", ".") + "/create"
			plain := testSpan{name: strings.ReplaceAll(name, "_", ".") + "/create", attrs: span.attrs}
			_, alone := plain.mapped(t)
			_, got := span.mapped(t)
			require.Equal(t, alone["kind"], got["kind"], span.name)
			compared++
		}
	}
	require.Positive(t, compared)
}

// TestValueBehindKeys: the key of what was said says the same with "value" behind it.
func TestValueBehindKeys(t *testing.T) {
	compared := 0
	for tail, names := range unknownTails {
		if !names.isSaid() || strings.HasSuffix(tail, "value") || strings.HasSuffix(tail, "put") {
			continue // input.value and output.value are names of their own
		}
		words := append([]string{"quetzal"}, strings.Fields(tail)...)
		require.Equal(t, unknownKeyOf(words), unknownKeyOf(append(words, "value")), tail)
		compared++
	}
	require.Greater(t, compared, 50)
}

// TestNamesInBrackets: what stands in brackets behind words that say no more than what is run is
// its name, and behind others a part of it.
func TestNamesInBrackets(t *testing.T) {
	r := &reading{}
	for word := range runWords {
		require.Equal(t, "clerk", r.Bracketed(word+" [clerk]"))
	}
	for _, name := range []string{"clerk", "clerk [2]", "[", "]", "run []", "run [clerk", "run clerk]", ""} {
		require.Equal(t, name, r.Bracketed(name))
	}
}
