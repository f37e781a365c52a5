package dialect

// CopiedKeys are keys of OpenInference, OpenLLMetry and frameworks that contrib's gen_ai_normalizer copies
// to keys of the GenAI conventions. A copy says nothing by itself, but would win against what
// the emitter says better elsewhere: so originals count instead, each in its own meaning.
var CopiedKeys = map[string][]string{
	"gen_ai.request.model":           {"llm.model_name", "embedding.model_name", "reranker.model_name", "llm.request.model"},
	"gen_ai.response.model":          {"llm.response.model"},
	"gen_ai.provider.name":           {"llm.provider"},
	"gen_ai.agent.name":              {"agent.name", "traceloop.entity.name", "agent_role", "langgraph.node.name", "agent_name"},
	"gen_ai.conversation.id":         {"crew_id", "lc.metadata.thread_id"},
	"gen_ai.tool.name":               {"tool.name"},
	"gen_ai.operation.name":          {"openinference.span.kind", "traceloop.span.kind", "llm.request.type"},
	"gen_ai.input.messages":          {"llm.input_messages.#", "traceloop.entity.input"},
	"gen_ai.output.messages":         {"llm.output_messages.#", "traceloop.entity.output"},
	"gen_ai.response.finish_reasons": {"llm.response.finish_reason", "llm.response.stop_reason"},
}

// CopiedKinds are what the values of keys that state a kind become.
var CopiedKinds = map[string]string{
	"llm": "chat", "chat": "chat", "embedding": "embeddings", "agent": "invoke_agent", "chain": "invoke_agent", "task": "invoke_agent",
	"workflow": "invoke_workflow", "tool": "execute_tool", "retriever": "retrieval", "reranker": "retrieval", "rerank": "retrieval",
	"prompt": "text_completion", "completion": "text_completion",
}
