package dialect

import "strings"

// Spring AI, through Micrometer: every value is a string. Model spans follow the
// former conventions; the framework's own spans name the framework as provider and
// as operation.
var _ = register(Dialect{
	Name:     "Spring AI",
	Versions: "1.0 to 1.1 (source: AiObservationAttributes, ChatClientObservationDocumentation), *2.0.1*",
	Marks:    []string{"spring.ai.kind", "gen_ai.system=spring_ai", "spring.ai.model.request.tool.names"},
	Sources: map[Field][]Source{
		Streaming:           {{Attr: "spring.ai.chat.client.stream"}},
		SessionID:           {{Attr: "spring.ai.chat.client.conversation.id"}},
		ToolName:            {{Attr: "spring.ai.tool.definition.name"}},
		ToolCallID:          {{Attr: "spring.ai.tool.call.id"}},
		ToolArguments:       {{Attr: "spring.ai.tool.call.arguments"}},
		ToolResult:          {{Attr: "spring.ai.tool.call.result"}},
		EmbeddingDimensions: {{Attr: "gen_ai.request.embedding.dimensions"}},
		RetrievalQuery:      {{Attr: "db.vector.query.content"}},
		Documents:           {{Attr: "db.vector.query.response.documents"}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "spring.ai.kind", Of: springKind, Note: "`vector_store` → retriever if `db.operation.name` is `query`", Values: map[string]Kind{
			"chat_client": KindChain, "advisor": KindChain, "tool_call": KindTool,
		}},
	},
	Words: []string{
		"spring.ai.chat.client.system.text", "spring.ai.chat.client.user.text", "spring.ai.chat.client.system.params",
		"spring.ai.chat.client.user.params", "spring.ai.chat.client.advisor.params",
		"spring.ai.tool.definition.description", "spring.ai.tool.definition.schema", "db.vector.query.filter",
	},
})

// springKind tells a search of a vector store from writing to one.
func springKind(r Reading, kind string) (Kind, Verdict) {
	if strings.ToLower(kind) != "vector_store" {
		return KindOther, Undecided
	}
	if operation, _ := r.Attr("db.operation.name").Str(); operation != "query" {
		return KindOther, Decided
	}
	return KindRetriever, Decided
}
