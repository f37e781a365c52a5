package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Google's Agent Development Kit: request and response in JSON, in snake case
// (Python) or camel case (JavaScript).
var _ = register(Dialect{
	Name:     "Google ADK",
	Versions: "google-adk 1.12.0, *google-adk* 1.14.1; *@google/adk* 2.0.0; *adk-go* 2 (0a51e153), *google-adk* (Java) 1.8.0, *trpc-agent-go* 0e352fdd",
	Scopes:   []string{"gcp.vertex.agent"},
	Marks:    []string{"gcp.vertex.agent.llm_request", "gcp.vertex.agent.event_id", "gen_ai.system=gcp.vertex.agent"},
	Sources: map[Field][]Source{
		RequestModel:       {{Attr: adkRequest, Path: "model"}},
		ResponseModel:      {{Attr: adkResponse, Path: "model_version|modelVersion"}},
		FinishReasons:      {{Attr: adkResponse, Path: "finish_reason|finishReason"}},
		RequestParameters:  {{Attr: adkRequest, Path: "config", At: last1}},
		InputTokens:        {{Attr: adkResponse, Path: adkUsage + "prompt_token_count|promptTokenCount"}},
		OutputTokens:       {{Attr: adkResponse, Path: adkUsage + adkCandidates}},
		TotalTokens:        {{Attr: adkResponse, Path: adkUsage + "total_token_count|totalTokenCount"}},
		CacheRead:          {{Attr: adkResponse, Path: adkUsage + "cached_content_token_count|cachedContentTokenCount"}},
		Reasoning:          {{Attr: adkResponse, Path: adkUsage + "thoughts_token_count|thoughtsTokenCount"}},
		SessionID:          {{Attr: "gcp.vertex.agent.session_id", At: libraryNames1}},
		AgentName:          {{As: AsName, Own: true, Only: KindsOf(KindAgent), With: adkAgentName, Note: "in `agent_run […]`"}},
		ToolName:           {{As: AsName, Own: true, With: adkToolName, Note: "after `execute_tool`"}},
		InputMessages:      {{Attr: adkRequest, Path: "contents"}},
		OutputMessages:     {{Attr: adkResponse, Path: "content"}},
		SystemInstructions: {{Attr: adkRequest, Path: "config.system_instruction|systemInstruction"}},
		ToolDefinitions:    {{Attr: adkRequest, Path: "config.tools"}},
		ToolArguments:      {{Attr: "gcp.vertex.agent.tool_call_args", At: libraryNames1}},
		ToolResult:         {{Attr: "gcp.vertex.agent.tool_response", At: libraryNames1}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: adkMerged, Note: "`execute_tool (merged)`, the answers of several tools → other"},
		{Group: kindByOthers, Own: true, Of: adkKind, Note: "`execute_tool …` → tool; `invoke_agent …` `agent_run …` → agent; `call_llm` → llm"},
	},
	Words: []string{"gcp.vertex.agent.data"},
})

const (
	adkRequest    = "gcp.vertex.agent.llm_request"
	adkResponse   = "gcp.vertex.agent.llm_response"
	adkUsage      = "usage_metadata|usageMetadata."
	adkCandidates = "candidates_token_count|candidatesTokenCount"
)

// adkMerged knows the span that repeats what tools that ran at once answered.
func adkMerged(_ Reading, name string) (Kind, Verdict) {
	if name == "execute_tool (merged)" {
		return KindOther, Decided
	}
	return KindOther, Undecided
}

// adkKind reads the name of a span: a call or a tool that fails leaves nothing else.
func adkKind(_ Reading, name string) (Kind, Verdict) {
	switch head, rest, _ := strings.Cut(name, " "); {
	case head == "execute_tool" && rest != "":
		return KindTool, Decided
	case head == "invoke_agent" || head == "agent_run":
		return KindAgent, Decided
	case name == "call_llm":
		return KindLLM, Decided
	}
	return KindOther, Undecided
}

func adkAgentName(r Reading, _ value.Value) value.Value {
	name, ok := strings.CutPrefix(r.Span().Name(), "agent_run [")
	if ok {
		name, ok = strings.CutSuffix(name, "]")
	}
	if !ok {
		return value.Value{}
	}
	return r.TextValue(name)
}

func adkToolName(r Reading, _ value.Value) value.Value {
	if name, ok := strings.CutPrefix(r.Span().Name(), "execute_tool "); ok {
		return r.TextValue(name)
	}
	return value.Value{}
}
