package logs

var _ = register(program{
	name:     "Gemini CLI",
	versions: "Gemini CLI *0.61.0*",
	scopes:   []string{"gemini-cli"},
	spans:    []string{"gemini-cli"},
	prefix:   "gemini_cli.",
	session:  []string{"session.id"}, user: []string{"user.email"}, turn: []string{"prompt_id"},
	events: map[string][]rule{
		"user_prompt":  {{kind: Prompt, texts: map[string][]string{inputMessages: {"prompt"}}}},
		"api_request":  {{kind: Words, fields: map[string][]string{inputMessages: {"request_text"}}, names: namesCall}},
		"api_response": {geminiResponse("gcp.gemini")},
		"api_error":    {geminiError()},
		"tool_call": {{
			kind:     Tool,
			fields:   map[string][]string{toolName: {"function_name"}, toolArguments: {"function_args"}, errorMessage: {"error"}, errorType: {"error_type"}},
			duration: []string{"duration_ms"}, failed: unsuccessful, byTime: true,
		}},
		inferenceDetails: {
			{
				kind: Call, when: []condition{{attr: responseID, some: true}}, fields: conventional, response: []string{responseID},
				byTime: true, names: namesOther,
			},
			{kind: Words, fields: conventional, names: namesCall},
		},
		"config": {{kind: Noise}}, "model_routing": {{kind: Noise}}, "startup_stats": {{kind: Noise}}, "ripgrep_fallback": {{kind: Noise}},
		"plan.approval_mode_duration": {{kind: Noise}},
		"*":                           {{kind: Fact}},
	},
})

// geminiResponse is an answered call, whose thoughts are in addition to its output.
func geminiResponse(name string) rule {
	return rule{
		kind: Call,
		fields: map[string][]string{
			responseModel: {"model"}, inputTokens: {"input_token_count"}, totalTokens: {"total_token_count"},
			cacheRead: {"cached_content_token_count"}, reasoning: {"thoughts_token_count"}, finishReasons: {"finish_reasons"},
			ttftMillis: {"ttft_ms"}, outputMessages: {"response_text"}, agentName: {"subagent_name"},
		},
		sums:     map[string][]string{outputTokens: {"output_token_count", "thoughts_token_count"}},
		fixed:    map[string]string{operation: "chat", provider: name},
		duration: []string{"duration_ms"}, byTime: true, names: namesOther,
	}
}

func geminiError() rule {
	return rule{
		kind:     Call,
		fields:   map[string][]string{requestModel: {"model", "model_name"}, errorMessage: {"error.message", "error_message", "error"}, errorType: {"error.type", "error_type", "status_code"}},
		fixed:    map[string]string{operation: "chat"},
		duration: []string{"duration_ms", "duration"}, failed: always, names: namesCall, byTime: true, // where the record has no trace
	}
}
