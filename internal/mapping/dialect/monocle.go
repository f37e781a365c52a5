package dialect

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Monocle: entities with a type and a name, words and counts in events.
var _ = register(Dialect{
	Name:     "Monocle",
	Versions: "*monocle_apptrace* 0.8.15",
	Scopes:   []string{"monocle_apptrace"},
	Marks:    []string{"monocle_apptrace.version"},
	Sources: map[Field][]Source{
		RequestModel: {{Attr: "monocle_apptrace.version", With: monocleEntity("model."), Note: "the name of the entity whose type begins `model.`"}},
		AgentName:    {{Attr: "monocle_apptrace.version", With: monocleEntity("agent."), Only: KindsOf(KindAgent), Note: "the name of the entity whose type begins `agent.`"}},
		ToolName:     {{Attr: "monocle_apptrace.version", With: monocleEntity("tool."), Only: OnlyTool, Note: "the name of the entity whose type begins `tool.`"}},
		SessionID:    {{Attr: "scope.agentic.session", Own: true}},
		FinishReasons: {
			{Event: "metadata", Attr: "finish_reason", Own: true, At: events1},
		},
		InputTokens:   {{Event: "metadata", Attr: "prompt_tokens", Own: true, At: events1}},
		OutputTokens:  {{Event: "metadata", Attr: "completion_tokens", Own: true, At: events1}},
		TotalTokens:   {{Event: "metadata", Attr: "total_tokens", Own: true, At: events1}},
		CacheRead:     {{Event: "metadata", Attr: "cache_read_input_tokens", Own: true, At: events1}},
		CacheCreation: {{Event: "metadata", Attr: "cache_creation_input_tokens", Own: true, At: events1}},
		Reasoning:     {{Event: "metadata", Attr: "reasoning_tokens", Own: true, At: events1}, {Event: "metadata", Attr: "thoughts_tokens", Own: true, At: events1}},
		InputMessages: {{Event: "data.input", Attr: "input", Own: true, At: events1}},
		OutputMessages: {
			{Event: "data.output", Attr: "response", Own: true, At: events1, With: unlessFailed, Note: "unless the span failed: then it is the error"},
		},
		ErrorType:      {{Event: "data.output", Attr: "error_code", Own: true, At: events1, With: ofFailure, Note: "of a span whose status is error"}},
		ToolArguments:  {{Event: "data.input", Attr: "input", Own: true, At: events1}},
		ToolResult:     {{Event: "data.output", Attr: "response", Own: true, At: events1}},
		RetrievalQuery: {{Event: "data.input", Attr: "input", Own: true, At: events1}},
		Documents:      {{Event: "data.output", Attr: "response", Own: true, At: events1}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "span.type", Own: true, Values: map[string]Kind{
			"inference": KindLLM, "inference.framework": KindLLM, "inference.modelapi": KindOther, "embedding": KindEmbedding, "retrieval": KindRetriever, "retrieval.embedding": KindEmbedding,
			"agentic.invocation": KindAgent, "agentic.tool.invocation": KindTool, "agentic.mcp.invocation": KindTool,
			"workflow": KindChain, "agentic.turn": KindChain, "agentic.delegation": KindChain,
		}},
	},
})

// maxMonocleEntities bounds how many entities of a span are looked at.
const maxMonocleEntities = 16

// monocleEntity is the name of the first entity whose type begins so.
func monocleEntity(prefix string) func(Reading, value.Value) value.Value {
	return func(r Reading, _ value.Value) value.Value {
		for i := 1; i <= maxMonocleEntities; i++ {
			entity := "entity." + strconv.Itoa(i)
			if typ, ok := r.Attr(entity + ".type").Str(); ok && strings.HasPrefix(typ, prefix) {
				return r.Attr(entity + ".name")
			}
		}
		return value.Value{}
	}
}

// unlessFailed passes over the answer of a span that failed: there it is the error.
func unlessFailed(r Reading, v value.Value) value.Value {
	if r.Span().Status().Code() == ptrace.StatusCodeError {
		return value.Value{}
	}
	return v
}
