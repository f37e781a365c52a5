package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Pydantic AI and Logfire.
var _ = register(Dialect{
	Name:     "Pydantic AI and Logfire",
	Versions: "pydantic-ai 0.4.0, 0.8, 1.40.0, *pydantic-ai* 2.68; *logfire* 5.4.0",
	Scopes:   []string{"pydantic-ai", "logfire*"},
	ByHand:   []string{"logfire"},
	Marks:    []string{"logfire.msg", "logfire.json_schema", "model_request_parameters", "pydantic_ai.all_messages"},
	Sources: map[Field][]Source{
		InputTokens:  {{Attr: "gen_ai.aggregated_usage.input_tokens"}, {Attr: "response_data", Own: true, Path: "usage.prompt_tokens|input_tokens", At: last1}},
		OutputTokens: {{Attr: "gen_ai.aggregated_usage.output_tokens"}, {Attr: "response_data", Own: true, Path: "usage.completion_tokens|output_tokens", At: last1}},
		CacheRead: {{Attr: "gen_ai.aggregated_usage.cache_read.input_tokens"}, {Attr: "gen_ai.aggregated_usage.details.cache_read_tokens"},
			{Attr: "gen_ai.usage.raw", Path: "prompt_tokens_details|input_tokens_details.cached_tokens", At: otherNames4},
			{Attr: "gen_ai.usage.raw", Path: "cache_read_input_tokens|cached_content_token_count", At: otherNames4},
			{Attr: "response_data", Own: true, Path: "usage.prompt_tokens_details|input_tokens_details.cached_tokens", At: last1},
			{Attr: "response_data", Own: true, Path: "usage.cache_read_input_tokens", At: last1}},
		CacheCreation: {{Attr: "gen_ai.aggregated_usage.cache_creation.input_tokens"}, {Attr: "gen_ai.aggregated_usage.details.cache_write_tokens"},
			{Attr: "gen_ai.usage.raw", Path: "cache_creation_input_tokens", At: last1},
			{Attr: "response_data", Own: true, Path: "usage.cache_creation_input_tokens", At: last1}},
		Reasoning: {
			{Attr: "gen_ai.usage.details.thoughts_tokens", At: otherNames2},
			{Attr: "gen_ai.usage.raw", Path: "completion_tokens_details|output_tokens_details.reasoning_tokens|thinking_tokens", At: otherNames3},
			{Attr: "gen_ai.usage.raw", Path: "thoughts_token_count", At: otherNames3},
			{Attr: "gen_ai.aggregated_usage.reasoning.output_tokens"}, {Attr: "gen_ai.aggregated_usage.details.reasoning_tokens"},
		},
		TotalCost:     {{Attr: "operation.cost", At: afterOpenInference}},
		AgentName:     {{Attr: "agent_name", Own: true, At: afterLegacy}},
		ToolArguments: {{Attr: "tool_arguments", Own: true, At: libraryNames1}},
		ToolResult:    {{Attr: "tool_response", Own: true, At: libraryNames1}},
		InputMessages: {
			{Attr: "events", Own: true, As: AsEventList},
			{Attr: "all_messages_events", Own: true, As: AsEventList},
			{Attr: "pydantic_ai.all_messages"},
			{Attr: "all_messages", Own: true},
			{Attr: "request_data", Own: true, As: AsBody, Only: OnlyLLM},
		},
		OutputMessages: {
			{Attr: "events", Own: true, As: AsEventList},
			{Attr: "final_result", Own: true, As: AsText},
			{Attr: "response_data", Own: true, As: AsBody, With: logfireResponse, Note: "its `message`", Only: OnlyLLM},
		},
		SystemInstructions: {{Attr: "request_data", Own: true, As: AsBody, Object: true, With: bodyOnly, Note: "of a request's body", Only: OnlyLLM}},
		ToolDefinitions:    {{Attr: "request_data", Own: true, As: AsBody, Object: true, With: bodyOnly, Note: "of a request's body", Only: OnlyLLM}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: logfireStream, Note: "`streaming response from …` → llm if it tells tokens or an answer, else other; the call that it belongs to → chain"},
		{Group: kindByOthers, Own: true, Of: pydanticKind, Note: "`agent run` `invoke_agent …` → agent; `Chat Completion with …` `Responses API with …` `Completion with …` `Message with …` → llm; `Embedding Creation with …` → embedding"},
	},
	Words:    []string{"model_request_parameters", "pydantic_ai.new_messages"},
	Facts:    []string{"logfire.metrics"}, // sums over the spans below
	OwnWords: []string{"inputs"},
	Names:    []string{"logfire.msg", "logfire.msg_template"},
})

func pydanticKind(r Reading, name string) (Kind, Verdict) {
	if name == "agent run" || strings.HasPrefix(name, "invoke_agent ") {
		return KindAgent, Decided
	}
	if strings.HasPrefix(r.ScopeName(), "logfire.") { // of clients, before it followed the conventions
		switch method, _, _ := strings.Cut(name, " with "); method {
		case "Chat Completion", "Responses API", "Completion", "Message":
			return KindLLM, Decided
		case "Embedding Creation":
			return KindEmbedding, Decided
		}
	}
	return KindOther, Undecided
}

// logfireAnswers are attributes of which a span that tells an answer has one.
var logfireAnswers = [...]string{"gen_ai.response.id", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.output.messages"}

// logfireStream tells a streamed call once. Its span ends with the headers of the
// response and tells neither answer nor tokens; a span that begins when the stream has
// ended, beside the call's, tells both. Before 5 the latter only repeated the former.
func logfireStream(r Reading, name string) (Kind, Verdict) {
	switch {
	case strings.HasPrefix(name, "streaming response from "):
		for _, told := range logfireAnswers {
			if r.Attr(told).Exists() {
				return KindLLM, Decided
			}
		}
		return KindOther, Decided
	case !strings.HasPrefix(r.ScopeName(), "logfire.") || !r.Attr("request_data").Exists() || r.Span().Status().Code() == ptrace.StatusCodeError:
		return KindOther, Undecided
	}
	for _, told := range logfireAnswers {
		if r.Attr(told).Exists() {
			return KindOther, Undecided
		}
	}
	if r.Attr("response_data").Exists() {
		return KindOther, Undecided
	}
	if operation, _ := r.Attr("gen_ai.operation.name").Str(); operation != "chat" {
		return KindOther, Undecided
	}
	return KindChain, Decided
}

// logfireResponse takes the message of a response.
func logfireResponse(r Reading, v value.Value) value.Value {
	n := r.ParseOnce(v)
	if m := n.Get("message"); m.Exists() {
		return value.Value{Node: m}
	}
	return value.Value{Node: n}
}
