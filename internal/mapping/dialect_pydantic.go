package mapping

import "strings"

// Pydantic AI and Logfire.
var _ = register(dialect{
	name:     "Pydantic AI and Logfire",
	rank:     rankFramework + 10,
	versions: "pydantic-ai 0.4.0, 0.8, 1.40.0",
	scopes:   []string{"pydantic-ai", "logfire*"},
	marks:    []string{"logfire.msg", "logfire.json_schema", "model_request_parameters", "pydantic_ai.all_messages"},
	sources: map[field][]source{
		fInputTokens:   {{attr: "gen_ai.aggregated_usage.input_tokens"}},
		fOutputTokens:  {{attr: "gen_ai.aggregated_usage.output_tokens"}},
		fCacheRead:     {{attr: "gen_ai.aggregated_usage.cache_read.input_tokens"}, {attr: "gen_ai.aggregated_usage.details.cache_read_tokens"}},
		fCacheCreation: {{attr: "gen_ai.aggregated_usage.cache_creation.input_tokens"}, {attr: "gen_ai.aggregated_usage.details.cache_write_tokens"}},
		fReasoning:     {{attr: "gen_ai.aggregated_usage.reasoning.output_tokens"}, {attr: "gen_ai.aggregated_usage.details.reasoning_tokens"}},
		fTotalCost:     {{attr: "operation.cost", at: rankOpenInfer + 10}},
		fAgentName:     {{attr: "agent_name", own: true, at: rankLegacy}},
		fToolArguments: {{attr: "tool_arguments", own: true, at: rankCurrent + 20}},
		fToolResult:    {{attr: "tool_response", own: true, at: rankCurrent + 20}},
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
		fSystemInstructions: {{attr: "request_data", own: true, as: asBody, with: bodyOnly, note: "of a request's body", only: onlyLLM}},
		fToolDefinitions:    {{attr: "request_data", own: true, as: asBody, with: bodyOnly, note: "of a request's body", only: onlyLLM}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: logfireEcho, note: "`streaming response from …` → other"},
		{at: kindByOthers, own: true, of: pydanticKind, note: "`agent run` `invoke_agent …` → agent"},
	},
	words:    []string{"model_request_parameters", "pydantic_ai.new_messages"},
	ownWords: []string{"inputs"},
})

func pydanticKind(_ *reading, name string) (Kind, verdict) {
	if name == "agent run" || strings.HasPrefix(name, "invoke_agent ") {
		return KindAgent, decided
	}
	return KindOther, undecided
}

// logfireEcho knows the span by which Logfire tells how a streamed response ended; it
// repeats the request of the call before it.
func logfireEcho(_ *reading, name string) (Kind, verdict) {
	if strings.HasPrefix(name, "streaming response from ") {
		return KindOther, decided
	}
	return KindOther, undecided
}

// logfireResponse takes the message of a response.
func logfireResponse(r *reading, v value) value {
	n := r.parseOnce(v)
	if m := n.Get("message"); m.Exists() {
		return value{node: m}
	}
	return value{node: n}
}
