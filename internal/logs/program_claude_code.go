package logs

var _ = register(program{
	name:     "Claude Code",
	versions: "Claude Code *2.1.332*, Agent SDK *0.3.332*",
	scopes:   []string{"com.anthropic.claude_code.events", "com.anthropic.claude_code*"},
	spans:    []string{"com.anthropic.claude_code*"},
	prefix:   "claude_code.",
	session:  []string{"session.id"}, user: []string{"user.id"}, turn: []string{"prompt.id"},
	events: map[string][]rule{
		"user_prompt": {{kind: Prompt, texts: map[string][]string{inputMessages: {"prompt", "prompt_text"}}}},
		"api_request": {{
			kind: Call,
			fields: map[string][]string{
				responseModel: {"model"}, responseID: {"request_id"}, outputTokens: {"output_tokens"}, cacheRead: {"cache_read_tokens"},
				cacheWrite: {"cache_creation_tokens"}, cacheWrite1h: {"cache_creation_1h_tokens"}, cost: {"cost_usd"},
				ttftMillis: {"ttft_ms"}, agentName: {"agent.name"}, agentID: {"agent_id"},
			},
			sums:     map[string][]string{inputTokens: {"input_tokens", "cache_read_tokens", "cache_creation_tokens"}},
			fixed:    map[string]string{operation: "chat", provider: "anthropic"},
			duration: []string{"duration_ms"}, request: []string{"request_id"},
			byTime: true, // where a gateway drops the id
		}},
		"assistant_response": {{
			kind: Words, texts: map[string][]string{outputMessages: {"response"}}, request: []string{"request_id"}, names: namesOther,
		}},
		"api_error": {{
			kind:     Call,
			fields:   map[string][]string{requestModel: {"model"}, responseID: {"request_id"}, errorMessage: {"error"}, errorType: {"status_code"}, agentName: {"agent.name"}, agentID: {"agent_id"}},
			fixed:    map[string]string{operation: "chat", provider: "anthropic"},
			duration: []string{"duration_ms"}, failed: always, request: []string{"request_id"}, byTime: true,
		}},
		"tool_result": {claudeTool(claudeMCPName, ofMCP), claudeTool("tool_name")},
		"tool_decision": {
			claudeRejection(claudeMCPName, rejected, ofMCP), claudeRejection("tool_name", rejected),
			{kind: Fact},
		},
		"internal_error": {{kind: Noise}}, "plugin_loaded": {{kind: Noise}}, "managed_settings_resolved": {{kind: Noise}},
		"*": {{kind: Fact}},
	},
})

// A tool of an MCP server has no name on the record, which says mcp_tool, but among the
// parameters, where those are told.
var (
	ofMCP    = condition{attr: "tool_name", is: []string{"mcp_tool"}}
	rejected = condition{attr: "decision", is: []string{"reject"}}
)

const claudeMCPName = "tool_parameters>mcp_tool_name"

// claudeTool is a tool that ran, whose name is in an attribute.
func claudeTool(name string, when ...condition) rule {
	return rule{
		kind: Tool, when: when,
		fields: map[string][]string{
			toolName: {name}, toolCallID: {"tool_use_id"}, toolArguments: {"tool_input", "tool_parameters"}, errorMessage: {"error"}, errorType: {"error_type"},
		},
		duration: []string{"duration_ms"}, failed: unsuccessful, toolCall: []string{"tool_use_id"},
	}
}

// claudeRejection is a tool that may not run.
func claudeRejection(name string, when ...condition) rule {
	return rule{
		kind: Tool, when: when,
		fields: map[string][]string{toolName: {name}, toolCallID: {"tool_use_id"}, toolArguments: {"tool_parameters"}},
		fixed:  map[string]string{errorType: "rejected"}, failed: always, toolCall: []string{"tool_use_id"},
		names: namesOther, // the span in which the user is asked, below the tool's
	}
}
