package mapping

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Monocle: entities with a type and a name, words and counts in events.
var _ = register(dialect{
	name:     "Monocle",
	versions: "*monocle_apptrace* 0.8.15",
	scopes:   []string{"monocle_apptrace"},
	marks:    []string{"monocle_apptrace.version"},
	sources: map[field][]source{
		fRequestModel: {{attr: "monocle_apptrace.version", with: monocleEntity("model."), note: "the name of the entity whose type begins `model.`"}},
		fAgentName:    {{attr: "monocle_apptrace.version", with: monocleEntity("agent."), only: kindsOf(KindAgent), note: "the name of the entity whose type begins `agent.`"}},
		fToolName:     {{attr: "monocle_apptrace.version", with: monocleEntity("tool."), only: onlyTool, note: "the name of the entity whose type begins `tool.`"}},
		fSessionID:    {{attr: "scope.agentic.session", own: true}},
		fFinishReasons: {
			{event: "metadata", attr: "finish_reason", own: true, at: events1},
		},
		fInputTokens:   {{event: "metadata", attr: "prompt_tokens", own: true, at: events1}},
		fOutputTokens:  {{event: "metadata", attr: "completion_tokens", own: true, at: events1}},
		fTotalTokens:   {{event: "metadata", attr: "total_tokens", own: true, at: events1}},
		fCacheRead:     {{event: "metadata", attr: "cache_read_input_tokens", own: true, at: events1}},
		fCacheCreation: {{event: "metadata", attr: "cache_creation_input_tokens", own: true, at: events1}},
		fReasoning:     {{event: "metadata", attr: "reasoning_tokens", own: true, at: events1}, {event: "metadata", attr: "thoughts_tokens", own: true, at: events1}},
		fInputMessages: {{event: "data.input", attr: "input", own: true, at: events1}},
		fOutputMessages: {
			{event: "data.output", attr: "response", own: true, at: events1, with: unlessFailed, note: "unless the span failed: then it is the error"},
		},
		fErrorType:      {{event: "data.output", attr: "error_code", own: true, at: events1, with: ofFailure, note: "of a span whose status is error"}},
		fToolArguments:  {{event: "data.input", attr: "input", own: true, at: events1}},
		fToolResult:     {{event: "data.output", attr: "response", own: true, at: events1}},
		fRetrievalQuery: {{event: "data.input", attr: "input", own: true, at: events1}},
		fDocuments:      {{event: "data.output", attr: "response", own: true, at: events1}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "span.type", own: true, values: map[string]Kind{
			"inference": KindLLM, "inference.framework": KindLLM, "inference.modelapi": KindOther, "embedding": KindEmbedding, "retrieval": KindRetriever, "retrieval.embedding": KindEmbedding,
			"agentic.invocation": KindAgent, "agentic.tool.invocation": KindTool, "agentic.mcp.invocation": KindTool,
			"workflow": KindChain, "agentic.turn": KindChain, "agentic.delegation": KindChain,
		}},
	},
})

// maxMonocleEntities bounds how many entities of a span are looked at.
const maxMonocleEntities = 16

// monocleEntity is the name of the first entity whose type begins so.
func monocleEntity(prefix string) func(Reading, value) value {
	return func(r Reading, _ value) value {
		for i := 1; i <= maxMonocleEntities; i++ {
			entity := "entity." + strconv.Itoa(i)
			if typ, ok := r.attr(entity + ".type").str(); ok && strings.HasPrefix(typ, prefix) {
				return r.attr(entity + ".name")
			}
		}
		return value{}
	}
}

// unlessFailed passes over the answer of a span that failed: there it is the error.
func unlessFailed(r Reading, v value) value {
	if r.Span().Status().Code() == ptrace.StatusCodeError {
		return value{}
	}
	return v
}
