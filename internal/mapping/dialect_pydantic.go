package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Pydantic AI and Logfire.
var _ = register(dialect{
	name:     "Pydantic AI and Logfire",
	versions: "pydantic-ai 0.4.0, 0.8, 1.40.0, *pydantic-ai* 2.68; *logfire* 5.4.0",
	scopes:   []string{"pydantic-ai", "logfire*"},
	byHand:   []string{"logfire"},
	marks:    []string{"logfire.msg", "logfire.json_schema", "model_request_parameters", "pydantic_ai.all_messages"},
	sources: map[field][]source{
		fInputTokens:  {{attr: "gen_ai.aggregated_usage.input_tokens"}, {attr: "response_data", own: true, path: "usage.prompt_tokens|input_tokens", at: last1}},
		fOutputTokens: {{attr: "gen_ai.aggregated_usage.output_tokens"}, {attr: "response_data", own: true, path: "usage.completion_tokens|output_tokens", at: last1}},
		fCacheRead: {{attr: "gen_ai.aggregated_usage.cache_read.input_tokens"}, {attr: "gen_ai.aggregated_usage.details.cache_read_tokens"},
			{attr: "gen_ai.usage.raw", path: "prompt_tokens_details|input_tokens_details.cached_tokens", at: otherNames4},
			{attr: "gen_ai.usage.raw", path: "cache_read_input_tokens|cached_content_token_count", at: otherNames4},
			{attr: "response_data", own: true, path: "usage.prompt_tokens_details|input_tokens_details.cached_tokens", at: last1},
			{attr: "response_data", own: true, path: "usage.cache_read_input_tokens", at: last1}},
		fCacheCreation: {{attr: "gen_ai.aggregated_usage.cache_creation.input_tokens"}, {attr: "gen_ai.aggregated_usage.details.cache_write_tokens"},
			{attr: "gen_ai.usage.raw", path: "cache_creation_input_tokens", at: last1},
			{attr: "response_data", own: true, path: "usage.cache_creation_input_tokens", at: last1}},
		fReasoning: {
			{attr: "gen_ai.usage.details.thoughts_tokens", at: otherNames2},
			{attr: "gen_ai.usage.raw", path: "completion_tokens_details|output_tokens_details.reasoning_tokens|thinking_tokens", at: otherNames3},
			{attr: "gen_ai.usage.raw", path: "thoughts_token_count", at: otherNames3},
			{attr: "gen_ai.aggregated_usage.reasoning.output_tokens"}, {attr: "gen_ai.aggregated_usage.details.reasoning_tokens"},
		},
		fTotalCost:     {{attr: "operation.cost", at: afterOpenInference}},
		fAgentName:     {{attr: "agent_name", own: true, at: afterLegacy}},
		fToolArguments: {{attr: "tool_arguments", own: true, at: libraryNames1}},
		fToolResult:    {{attr: "tool_response", own: true, at: libraryNames1}},
		fInputMessages: {
			{attr: "events", own: true, as: asEventList},
			{attr: "all_messages_events", own: true, as: asEventList},
			{attr: "pydantic_ai.all_messages"},
			{attr: "all_messages", own: true},
			{attr: "request_data", own: true, as: asBody, only: onlyLLM},
		},
		fOutputMessages: {
			{attr: "events", own: true, as: asEventList},
			{attr: "final_result", own: true, as: asText},
			{attr: "response_data", own: true, as: asBody, with: logfireResponse, note: "its `message`", only: onlyLLM},
		},
		fSystemInstructions: {{attr: "request_data", own: true, as: asBody, object: true, with: bodyOnly, note: "of a request's body", only: onlyLLM}},
		fToolDefinitions:    {{attr: "request_data", own: true, as: asBody, object: true, with: bodyOnly, note: "of a request's body", only: onlyLLM}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: logfireStream, note: "`streaming response from …` → llm if it tells tokens or an answer, else other; the call that it belongs to → chain"},
		{at: kindByOthers, own: true, of: pydanticKind, note: "`agent run` `invoke_agent …` → agent; `Chat Completion with …` `Responses API with …` `Completion with …` `Message with …` → llm; `Embedding Creation with …` → embedding"},
	},
	words:    []string{"model_request_parameters", "pydantic_ai.new_messages"},
	facts:    []string{"logfire.metrics"}, // sums over the spans below
	ownWords: []string{"inputs"},
	names:    []string{"logfire.msg", "logfire.msg_template"},
})

func pydanticKind(r Reading, name string) (Kind, verdict) {
	if name == "agent run" || strings.HasPrefix(name, "invoke_agent ") {
		return KindAgent, decided
	}
	if strings.HasPrefix(r.ScopeName(), "logfire.") { // of clients, before it followed the conventions
		switch method, _, _ := strings.Cut(name, " with "); method {
		case "Chat Completion", "Responses API", "Completion", "Message":
			return KindLLM, decided
		case "Embedding Creation":
			return KindEmbedding, decided
		}
	}
	return KindOther, undecided
}

// logfireAnswers are attributes of which a span that tells an answer has one.
var logfireAnswers = [...]string{"gen_ai.response.id", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.output.messages"}

// logfireStream tells a streamed call once. Its span ends with the headers of the
// response and tells neither answer nor tokens; a span that begins when the stream has
// ended, beside the call's, tells both. Before 5 the latter only repeated the former.
func logfireStream(r Reading, name string) (Kind, verdict) {
	switch {
	case strings.HasPrefix(name, "streaming response from "):
		for _, told := range logfireAnswers {
			if r.attr(told).exists() {
				return KindLLM, decided
			}
		}
		return KindOther, decided
	case !strings.HasPrefix(r.ScopeName(), "logfire.") || !r.attr("request_data").exists() || r.Span().Status().Code() == ptrace.StatusCodeError:
		return KindOther, undecided
	}
	for _, told := range logfireAnswers {
		if r.attr(told).exists() {
			return KindOther, undecided
		}
	}
	if r.attr("response_data").exists() {
		return KindOther, undecided
	}
	if operation, _ := r.attr("gen_ai.operation.name").str(); operation != "chat" {
		return KindOther, undecided
	}
	return KindChain, decided
}

// logfireResponse takes the message of a response.
func logfireResponse(r Reading, v value) value {
	n := r.parseOnce(v)
	if m := n.Get("message"); m.Exists() {
		return value{node: m}
	}
	return value{node: n}
}
