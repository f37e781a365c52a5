package mapping

// Pipecat: a conversation of turns, each of speech to text, model and text to
// speech. Most names are anybody's.
var _ = register(dialect{
	name:     "Pipecat",
	versions: "*pipecat-ai* 1.14 (source: utils/tracing/service_attributes.py)",
	scopes:   []string{"pipecat*"},
	sources: map[field][]source{
		fSessionID:         {{attr: "conversation.id", at: metadata2}},
		fRequestModel:      {{attr: "param.model", own: true, at: exactNames}},
		fResponseModel:     {{attr: "gen_ai.request.model", own: true, with: unlessRequested, note: "unless it is the request model"}},
		fStreaming:         {{attr: "stream", own: true}},
		fTTFT:              {{attr: "metrics.ttfb", own: true, as: asSeconds}},
		fUserID:            {{attr: "user_id", own: true}},
		fRequestParameters: {{attr: "tool_choice", own: true, param: "tool_choice"}},
		fInputMessages:     {{attr: "input", own: true}, {attr: "context_messages", own: true}},
		fOutputMessages:    {{attr: "output", own: true, as: asText}, {attr: "text_output", own: true, as: asText}},
		fToolDefinitions:   {{attr: "tools", own: true}, {attr: "tools.definitions", own: true}},
		fToolName:          {{attr: "tool.function_name"}},
		fToolCallID:        {{attr: "tool.call_id"}},
		fToolArguments:     {{attr: "tool.arguments"}},
		fToolResult:        {{attr: "tool.result", own: true}},
	},
	kinds: []kindRule{
		{at: kindByOperation, attr: "gen_ai.operation.name", own: true, values: map[string]Kind{
			"stt": KindOther, "tts": KindOther, "transcription": KindOther, "setup": KindOther,
			"model_turn": KindLLM, "llm_response": KindLLM, "response": KindLLM, "tool_call": KindTool, "tool_result": KindOther,
		}},
		{at: kindByOthers, own: true, values: map[string]Kind{
			"conversation": KindChain, "turn": KindChain, "stt": KindOther, "tts": KindOther, "llm": KindLLM,
		}},
		{at: kindByOthers, attr: "tool.function_name", own: true, values: map[string]Kind{"": KindTool}},
	},
	ownWords: []string{"transcript", "text"},
})
