package mapping

import "strings"

// Spring AI, through Micrometer: every value is a string. Model spans follow the
// former conventions; the framework's own spans name the framework as provider and
// as operation.
var _ = register(dialect{
	name:     "Spring AI",
	versions: "1.0 to 1.1 (source: AiObservationAttributes, ChatClientObservationDocumentation), *2.0.1*",
	marks:    []string{"spring.ai.kind", "gen_ai.system=spring_ai", "spring.ai.model.request.tool.names"},
	sources: map[field][]source{
		fStreaming:           {{attr: "spring.ai.chat.client.stream"}},
		fSessionID:           {{attr: "spring.ai.chat.client.conversation.id"}},
		fToolName:            {{attr: "spring.ai.tool.definition.name"}},
		fToolCallID:          {{attr: "spring.ai.tool.call.id"}},
		fToolArguments:       {{attr: "spring.ai.tool.call.arguments"}},
		fToolResult:          {{attr: "spring.ai.tool.call.result"}},
		fEmbeddingDimensions: {{attr: "gen_ai.request.embedding.dimensions"}},
		fRetrievalQuery:      {{attr: "db.vector.query.content"}},
		fDocuments:           {{attr: "db.vector.query.response.documents"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "spring.ai.kind", of: springKind, note: "`vector_store` → retriever if `db.operation.name` is `query`", values: map[string]Kind{
			"chat_client": KindChain, "advisor": KindChain, "tool_call": KindTool,
		}},
	},
	words: []string{
		"spring.ai.chat.client.system.text", "spring.ai.chat.client.user.text", "spring.ai.chat.client.system.params",
		"spring.ai.chat.client.user.params", "spring.ai.chat.client.advisor.params",
		"spring.ai.tool.definition.description", "spring.ai.tool.definition.schema", "db.vector.query.filter",
	},
})

// springKind tells a search of a vector store from writing to one.
func springKind(r Reading, kind string) (Kind, verdict) {
	if strings.ToLower(kind) != "vector_store" {
		return KindOther, undecided
	}
	if operation, _ := r.attr("db.operation.name").str(); operation != "query" {
		return KindOther, decided
	}
	return KindRetriever, decided
}
