package dialect

import "strings"

// HoneyHive: inputs, outputs, settings and metadata flattened into a key each. The
// scope is honeyhive and the id of an object, another one in each process.
var _ = register(Dialect{
	Name:     "HoneyHive",
	Versions: "*honeyhive* (Python) 1.7.0",
	Scopes:   []string{"honeyhive*"},
	Marks:    []string{"honeyhive_event_type", "honeyhive.session_id"},
	Sources: map[Field][]Source{
		Provider:          {{Attr: "honeyhive_config.provider"}},
		RequestModel:      {{Attr: "honeyhive_config.model"}},
		ResponseModel:     {{Attr: "honeyhive_metadata.response_model"}},
		RequestParameters: {{Attr: "honeyhive_config.*", Except: []string{"model", "provider", "template", "template.", "tools", "tools.", "is_streaming"}}},
		Streaming:         {{Attr: "honeyhive_config.is_streaming"}},
		InputTokens:       {{Attr: "honeyhive_metadata.prompt_tokens"}},
		OutputTokens:      {{Attr: "honeyhive_metadata.completion_tokens"}},
		TotalTokens:       {{Attr: "honeyhive_metadata.total_tokens"}},
		TotalCost:         {{Attr: "honeyhive_metadata.cost"}},
		UserID:            {{Attr: "honeyhive_user_properties.user_id"}, {Attr: "honeyhive_user_id"}},
		SessionID:         {{Attr: "honeyhive.session_id"}, {Attr: "honeyhive_session_id"}},
		Environment:       {{Attr: "honeyhive.source"}},
		ToolName:          {{Attr: "honeyhive_event_name"}, {As: AsName, Own: true, At: last1}},
		ErrorType:         {{Attr: "honeyhive_error_type"}},
		ErrorMessage:      {{Attr: "honeyhive_error"}},
		InputMessages: {
			{Attr: "honeyhive_inputs.chat_history.#"},
			{Attr: "honeyhive_inputs.chat_history"},
			{Attr: "honeyhive_inputs.messages.#"},
			{Attr: "honeyhive_inputs.messages"},
			{Attr: "honeyhive_inputs.question", As: AsText},
			{Attr: "honeyhive_inputs.query", As: AsText},
		},
		OutputMessages: {
			{Attr: "honeyhive_outputs.*", As: AsObject, Except: []string{"result", "result."}, Heads: []string{
				"role", "content", "tool_calls", "refusal", "finish_reason",
			}},
			{Attr: "honeyhive_outputs.result", As: AsText, Only: honeyHiveTalks},
		},
		ToolArguments: {{Attr: "honeyhive_inputs.*", As: AsObject}},
		ToolResult:    {{Attr: "honeyhive_outputs.result"}, {Attr: "honeyhive_outputs.result.*", As: AsObject}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: honeyHiveEcho, Note: "`…_error`, with `honeyhive_error` and without inputs → other"},
		{Group: kindByOthers, Attr: "honeyhive_event_type", Values: map[string]Kind{
			"model": KindLLM, "tool": KindTool, "chain": KindChain, "session": KindChain, "evaluation": KindEvaluator,
		}},
	},
	Words: []string{"honeyhive_config.template", "honeyhive_ground_truth.*"},
})

var honeyHiveTalks = KindsOf(KindLLM, KindChain, KindAgent)

// honeyHiveEcho knows the span that repeats the failure of its sibling.
func honeyHiveEcho(r Reading, name string) (Kind, Verdict) {
	if strings.HasSuffix(name, "_error") && r.Attr("honeyhive_error").Exists() && !r.Attr("honeyhive_event_name").Exists() {
		return KindOther, Decided
	}
	return KindOther, Undecided
}
