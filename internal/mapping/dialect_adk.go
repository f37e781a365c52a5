package mapping

import "strings"

// Google's Agent Development Kit: request and response in JSON, in snake case
// (Python) or camel case (JavaScript).
var _ = register(dialect{
	name:     "Google ADK",
	versions: "google-adk 1.12.0, *google-adk* 1.14.1; *@google/adk* 2.0.0; *adk-go* 2 (0a51e153), *google-adk* (Java) 1.8.0, *trpc-agent-go* 0e352fdd",
	scopes:   []string{"gcp.vertex.agent"},
	marks:    []string{"gcp.vertex.agent.llm_request", "gcp.vertex.agent.event_id", "gen_ai.system=gcp.vertex.agent"},
	sources: map[field][]source{
		fRequestModel:       {{attr: adkRequest, path: "model"}},
		fResponseModel:      {{attr: adkResponse, path: "model_version|modelVersion"}},
		fFinishReasons:      {{attr: adkResponse, path: "finish_reason|finishReason"}},
		fRequestParameters:  {{attr: adkRequest, path: "config", at: last1}},
		fInputTokens:        {{attr: adkResponse, path: adkUsage + "prompt_token_count|promptTokenCount"}},
		fOutputTokens:       {{attr: adkResponse, path: adkUsage + adkCandidates}},
		fTotalTokens:        {{attr: adkResponse, path: adkUsage + "total_token_count|totalTokenCount"}},
		fCacheRead:          {{attr: adkResponse, path: adkUsage + "cached_content_token_count|cachedContentTokenCount"}},
		fReasoning:          {{attr: adkResponse, path: adkUsage + "thoughts_token_count|thoughtsTokenCount"}},
		fSessionID:          {{attr: "gcp.vertex.agent.session_id", at: libraryNames1}},
		fAgentName:          {{as: asName, own: true, only: kindsOf(KindAgent), with: adkAgentName, note: "in `agent_run […]`"}},
		fToolName:           {{as: asName, own: true, with: adkToolName, note: "after `execute_tool`"}},
		fInputMessages:      {{attr: adkRequest, path: "contents"}},
		fOutputMessages:     {{attr: adkResponse, path: "content"}},
		fSystemInstructions: {{attr: adkRequest, path: "config.system_instruction|systemInstruction"}},
		fToolDefinitions:    {{attr: adkRequest, path: "config.tools"}},
		fToolArguments:      {{attr: "gcp.vertex.agent.tool_call_args", at: libraryNames1}},
		fToolResult:         {{attr: "gcp.vertex.agent.tool_response", at: libraryNames1}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: adkMerged, note: "`execute_tool (merged)`, the answers of several tools → other"},
		{at: kindByOthers, own: true, of: adkKind, note: "`execute_tool …` → tool; `invoke_agent …` `agent_run …` → agent; `call_llm` → llm"},
	},
	words: []string{"gcp.vertex.agent.data"},
})

const (
	adkRequest    = "gcp.vertex.agent.llm_request"
	adkResponse   = "gcp.vertex.agent.llm_response"
	adkUsage      = "usage_metadata|usageMetadata."
	adkCandidates = "candidates_token_count|candidatesTokenCount"
)

// adkMerged knows the span that repeats what tools that ran at once answered.
func adkMerged(_ Reading, name string) (Kind, verdict) {
	if name == "execute_tool (merged)" {
		return KindOther, decided
	}
	return KindOther, undecided
}

// adkKind reads the name of a span: a call or a tool that fails leaves nothing else.
func adkKind(_ Reading, name string) (Kind, verdict) {
	switch head, rest, _ := strings.Cut(name, " "); {
	case head == "execute_tool" && rest != "":
		return KindTool, decided
	case head == "invoke_agent" || head == "agent_run":
		return KindAgent, decided
	case name == "call_llm":
		return KindLLM, decided
	}
	return KindOther, undecided
}

func adkAgentName(r Reading, _ value) value {
	name, ok := strings.CutPrefix(r.Span().Name(), "agent_run [")
	if ok {
		name, ok = strings.CutSuffix(name, "]")
	}
	if !ok {
		return value{}
	}
	return r.textValue(name)
}

func adkToolName(r Reading, _ value) value {
	if name, ok := strings.CutPrefix(r.Span().Name(), "execute_tool "); ok {
		return r.textValue(name)
	}
	return value{}
}
