package mapping

import "strings"

// HoneyHive: inputs, outputs, settings and metadata flattened into a key each. The
// scope is honeyhive and the id of an object, another one in each process.
var _ = register(dialect{
	name:     "HoneyHive",
	versions: "*honeyhive* (Python) 1.7.0",
	scopes:   []string{"honeyhive*"},
	marks:    []string{"honeyhive_event_type", "honeyhive.session_id"},
	sources: map[field][]source{
		fProvider:          {{attr: "honeyhive_config.provider"}},
		fRequestModel:      {{attr: "honeyhive_config.model"}},
		fResponseModel:     {{attr: "honeyhive_metadata.response_model"}},
		fRequestParameters: {{attr: "honeyhive_config.*", except: []string{"model", "provider", "template", "template.", "tools", "tools.", "is_streaming"}}},
		fStreaming:         {{attr: "honeyhive_config.is_streaming"}},
		fInputTokens:       {{attr: "honeyhive_metadata.prompt_tokens"}},
		fOutputTokens:      {{attr: "honeyhive_metadata.completion_tokens"}},
		fTotalTokens:       {{attr: "honeyhive_metadata.total_tokens"}},
		fTotalCost:         {{attr: "honeyhive_metadata.cost"}},
		fUserID:            {{attr: "honeyhive_user_properties.user_id"}, {attr: "honeyhive_user_id"}},
		fSessionID:         {{attr: "honeyhive.session_id"}, {attr: "honeyhive_session_id"}},
		fEnvironment:       {{attr: "honeyhive.source"}},
		fToolName:          {{attr: "honeyhive_event_name"}, {as: asName, own: true, at: last1}},
		fErrorType:         {{attr: "honeyhive_error_type"}},
		fErrorMessage:      {{attr: "honeyhive_error"}},
		fInputMessages: {
			{attr: "honeyhive_inputs.chat_history.#"},
			{attr: "honeyhive_inputs.chat_history"},
			{attr: "honeyhive_inputs.messages.#"},
			{attr: "honeyhive_inputs.messages"},
			{attr: "honeyhive_inputs.question", as: asText},
			{attr: "honeyhive_inputs.query", as: asText},
		},
		fOutputMessages: {
			{attr: "honeyhive_outputs.*", as: asObject, except: []string{"result", "result."}, heads: []string{
				"role", "content", "tool_calls", "refusal", "finish_reason",
			}},
			{attr: "honeyhive_outputs.result", as: asText, only: honeyHiveTalks},
		},
		fToolArguments: {{attr: "honeyhive_inputs.*", as: asObject}},
		fToolResult:    {{attr: "honeyhive_outputs.result"}, {attr: "honeyhive_outputs.result.*", as: asObject}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: honeyHiveEcho, note: "`…_error`, with `honeyhive_error` and without inputs → other"},
		{at: kindByOthers, attr: "honeyhive_event_type", values: map[string]Kind{
			"model": KindLLM, "tool": KindTool, "chain": KindChain, "session": KindChain, "evaluation": KindEvaluator,
		}},
	},
	words: []string{"honeyhive_config.template", "honeyhive_ground_truth.*"},
})

var honeyHiveTalks = kindsOf(KindLLM, KindChain, KindAgent)

// honeyHiveEcho knows the span that repeats the failure of its sibling.
func honeyHiveEcho(r Reading, name string) (Kind, verdict) {
	if strings.HasSuffix(name, "_error") && r.attr("honeyhive_error").exists() && !r.attr("honeyhive_event_name").exists() {
		return KindOther, decided
	}
	return KindOther, undecided
}
