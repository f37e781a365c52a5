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

var _ = register(program{
	name:     "Qwen Code",
	versions: "Qwen Code *0.24.4*",
	scopes:   []string{"qwen-code"},
	spans:    []string{"qwen-code"},
	prefix:   "qwen-code.",
	session:  []string{"session.id"}, user: []string{"user.id", "gen_ai.user.id"}, turn: []string{"prompt_id"},
	events: map[string][]rule{
		"user_prompt":  {{kind: Prompt, texts: map[string][]string{inputMessages: {"prompt"}}}},
		"api_request":  {{kind: Words, fields: map[string][]string{inputMessages: {"request_text"}}, names: namesCall}},
		"api_response": {qwenResponse()},
		"api_error":    {qwenError()},
		"tool_call": {{
			kind:     Tool,
			fields:   map[string][]string{toolName: {"function_name"}, toolCallID: {"call_id"}, toolArguments: {"function_args"}, errorMessage: {"error"}, errorType: {"error_type"}},
			duration: []string{"duration_ms"}, failed: unsuccessful, toolCall: []string{"call_id"}, names: namesCall,
		}},
		"config": {{kind: Noise}}, "memory.recall": {{kind: Noise}}, "memory.recall.delivery": {{kind: Noise}}, "ripgrep_fallback": {{kind: Noise}},
		"*": {{kind: Fact}},
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

// qwenResponse tells thoughts as a part of the output, and which span the call has.
func qwenResponse() rule {
	r := geminiResponse("")
	r.sums = nil
	r.fields[outputTokens] = []string{"output_token_count"}
	r.fields[responseID] = []string{"response_id"}
	r.fields[provider] = []string{"auth_type"}
	r.fixed = map[string]string{operation: "chat"}
	r.response = []string{"response_id"}
	r.names, r.byTime = namesCall, false
	return r
}

// qwenError has an id of the request, which the span does not have.
func qwenError() rule {
	r := geminiError()
	r.fields[provider] = []string{"auth_type"}
	return r
}
