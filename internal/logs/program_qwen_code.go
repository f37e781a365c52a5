package logs

// Qwen Code has grown out of Gemini CLI, and writes the same events.
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
