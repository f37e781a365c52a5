package dialect

// Pipecat: a conversation of turns, each of speech to text, model and text to
// speech. Most names are anybody's.
var _ = register(Dialect{
	Name:     "Pipecat",
	Versions: "*pipecat-ai* 1.14 (source: utils/tracing/service_attributes.py)",
	Scopes:   []string{"pipecat*"},
	Sources: map[Field][]Source{
		SessionID:         {{Attr: "conversation.id", At: metadata2}},
		RequestModel:      {{Attr: "param.model", Own: true, At: exactNames}},
		ResponseModel:     {{Attr: "gen_ai.request.model", Own: true, With: unlessRequested, Note: "unless it is the request model"}},
		Streaming:         {{Attr: "stream", Own: true}},
		TTFT:              {{Attr: "metrics.ttfb", Own: true, As: AsSeconds}},
		UserID:            {{Attr: "user_id", Own: true}},
		RequestParameters: {{Attr: "tool_choice", Own: true, Param: "tool_choice"}},
		InputMessages:     {{Attr: "input", Own: true}, {Attr: "context_messages", Own: true}},
		OutputMessages:    {{Attr: "output", Own: true, As: AsText}, {Attr: "text_output", Own: true, As: AsText}},
		ToolDefinitions:   {{Attr: "tools", Own: true}, {Attr: "tools.definitions", Own: true}},
		ToolName:          {{Attr: "tool.function_name"}},
		ToolCallID:        {{Attr: "tool.call_id"}},
		ToolArguments:     {{Attr: "tool.arguments"}},
		ToolResult:        {{Attr: "tool.result", Own: true}},
	},
	Kinds: []KindRule{
		{Group: kindByOperation, Attr: "gen_ai.operation.name", Own: true, Values: map[string]Kind{
			"stt": KindOther, "tts": KindOther, "transcription": KindOther, "setup": KindOther,
			"model_turn": KindLLM, "llm_response": KindLLM, "response": KindLLM, "tool_call": KindTool, "tool_result": KindOther,
		}},
		{Group: kindByOthers, Own: true, Values: map[string]Kind{
			"conversation": KindChain, "turn": KindChain, "stt": KindOther, "tts": KindOther, "llm": KindLLM,
		}},
		{Group: kindByOthers, Attr: "tool.function_name", Own: true, Values: map[string]Kind{"": KindTool}},
	},
	OwnWords: []string{"transcript", "text"},
})
