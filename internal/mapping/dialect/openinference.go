package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// OpenInference, of Arize Phoenix.
var _ = register(Dialect{
	Name:       "OpenInference",
	Convention: true,
	Versions:   "*openinference-instrumentation-openai* 0.1.66, *-llama-index* 4.6.1, *-langchain* 0.1.80, *-agno* 1.0.15, *-dspy* 0.1.48, *-smolagents* 0.1.43; *@arizeai/openinference-instrumentation-openai* 4.2.7; -anthropic 0.2.8; *Go: -openai-go, -anthropic-sdk-go, Java: -langchain4j* 1fe497f",
	Scopes:     []string{"openinference.instrumentation.*", "@arizeai/openinference-*"},
	Marks:      []string{"openinference.span.kind"},
	Sources: map[Field][]Source{
		Provider: {
			{Attr: "llm.provider", With: openInferenceHost, Note: openInferenceHosts},
			{Attr: "llm.system", At: afterVercel1},
			{Attr: "decision.provider", With: openInferenceHost, Note: openInferenceHosts},
			{Attr: "decision.system"},
		},
		RequestModel: {
			{Attr: "llm.request.model_name"},
			{Attr: "llm.invocation_parameters", Path: "model"},
			{Attr: "llm.model_name"},
			{Attr: "embedding.model_name"},
			{Attr: "embedding.invocation_parameters", Path: "model"},
			{Attr: "reranker.model_name"},
			{Attr: "decision.request.model_name"},
			{Attr: "decision.model_name"},
		},
		ResponseModel: {
			{Attr: "llm.response.model_name"},
			{Attr: "decision.response.model_name"},
			{Attr: "llm.model_name", With: unlessRequested, Note: "unless it is the request model"},
			{Attr: "output.value", Only: ModelKinds, With: answerModel, Note: answerBody, At: last1},
		},
		ResponseID:    {{Attr: "output.value", Only: ModelKinds, With: answerID, Note: answerBody, At: last1}},
		FinishReasons: {{Attr: "llm.finish_reason"}, {Attr: "output.value", Only: OnlyLLM, With: bodyFinish, Note: "of a response's body", At: last2}},
		RequestParameters: {
			{Attr: "llm.invocation_parameters", As: AsBody},
			{Attr: "embedding.invocation_parameters", As: AsBody},
		},
		SessionID: {{Attr: "metadata", With: memberText("sessionId", "session_id", "threadId", "thread_id"), Note: "`sessionId` or `threadId`", Own: true, At: last1}},
		Streaming: {{Attr: "llm.invocation_parameters", Path: "stream"}},
		TTFT:      {{Event: "First Token Stream Event", At: events1, Streams: true}},
		InputTokens: {{Attr: "llm.token_count.prompt"}, {Attr: "decision.token_count.input"},
			{Attr: "output.value", Path: "meta.usage.prompt_tokens", Only: KindsOf(KindEmbedding), At: last1}, // Haystack
			oiBodyCount("prompt_tokens", "input_tokens")},
		OutputTokens:  {{Attr: "llm.token_count.completion"}, {Attr: "decision.token_count.output"}, oiBodyCount("completion_tokens", "output_tokens")},
		TotalTokens:   {{Attr: "llm.token_count.total", At: afterOpenLIT2}},
		CacheRead:     {{Attr: "llm.token_count.prompt_details.cache_read"}, {Attr: "llm.token_count.prompt_details.cache_input"}, oiBodyCount("cached_tokens", "cache_read_input_tokens")},
		CacheCreation: {{Attr: "llm.token_count.prompt_details.cache_write"}},
		Reasoning:     {{Attr: "llm.token_count.completion_details.reasoning", At: afterOpenLIT2}, oiBodyCount("reasoning_tokens")},
		InputCost:     {{Attr: "llm.cost.prompt"}},
		OutputCost:    {{Attr: "llm.cost.completion"}},
		TotalCost:     {{Attr: "llm.cost.total"}},
		Tags:          {{Attr: "tag.tags"}},
		PromptName:    {{Attr: "prompt.id", At: afterLegacy}},
		PromptVersion: {{Attr: "llm.prompt_template.version", At: afterLegacy}},
		AgentName: {
			{Attr: "agent.name"},
			{Attr: "metadata", With: memberText("lc_agent_name"), Note: "`lc_agent_name`", Own: true, At: last1},
			{Attr: "graph.node.name", Only: KindsOf(KindAgent), At: last1},
			{Attr: "graph.node.id", Only: KindsOf(KindAgent), At: last1},
			{As: AsName, Own: true, Only: KindsOf(KindAgent), At: last2, With: openInferenceAgent, Note: "without `.run`, where `openinference.span.kind` is AGENT"},
		},
		AgentID:    {{Attr: "agno.agent.id"}},
		ToolName:   {{Attr: "tool.name"}, {As: AsName, Own: true, At: last2, With: openInferenceTool, Note: "without `.__call__`"}},
		ToolCallID: {{Attr: "tool.id"}, {Attr: "tool_call.id"}, {Attr: "tool.call_id"}, {Attr: "output.value", With: toolMessageID, Note: ofToolMessage, At: events1}},
		EmbeddingDimensions: {
			{Attr: "embedding.embeddings.#", With: firstVector, Note: "length of the first vector"},
		},
		InputMessages: {
			{Attr: "llm.input_messages.#", Drop: openInferenceWraps},
			{Attr: "llm.prompts.#", Drop: []string{"prompt"}},
			{Attr: "llm.prompts"},
			{Attr: "input.value", Only: OnlyLLM, As: AsBody, With: unlessListed(InputMessages), Note: plainText + " `*.messages`", At: afterTruLens},
		},
		OutputMessages: {
			{Attr: "llm.output_messages.#", Drop: openInferenceWraps},
			{Attr: "llm.choices.#"},
			{Attr: "output.value", Only: OnlyLLM, As: AsBody, With: unlessListed(OutputMessages), Note: plainText + " `*.output_messages`", At: afterTruLens},
			{Attr: "output.value", Only: OnlyLLM, Path: "output", At: afterTruLens},
		},
		SystemInstructions: {{Attr: "llm.invocation_parameters", Path: "system|instructions", Mixed: true}},
		ToolDefinitions: {
			{Attr: "llm.tools.#", Drop: []string{"tool", "json_schema"}},
			{Attr: "llm.invocation_parameters", Path: "tools", Mixed: true, At: last1},
		},
		ToolArguments: {{Attr: "input.value"}, {Attr: "tool_call.function.arguments"}, {Attr: "tool.parameters", With: NoSchema, Note: "unless it is a schema"}, {Attr: "tool.arguments.*", As: AsObject, Own: true}},
		ToolResult:    {{Attr: "output.value"}},
		RetrievalQuery: {
			{Attr: "reranker.query"},
			{Attr: "input.value", Only: KindsOf(KindRetriever), With: QueryOf, Note: "or the query in its JSON"},
		},
		Documents: {
			{Attr: "retrieval.documents.#", Drop: []string{"document"}},
			{Attr: "reranker.output_documents.#", Drop: []string{"document"}},
		},
	},
	Kinds: []KindRule{
		{Group: kindByInference, Attr: "openinference.span.kind", Of: openInferenceKind, Note: openInferenceKinds},
		{Group: kindByInference, Attr: "openinference.span.kind", Values: map[string]Kind{
			"llm": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "agent": KindAgent, "chain": KindChain,
			"retriever": KindRetriever, "reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindPrompt,
		}},
	},
	Words: []string{
		"input.value", "output.value", "embedding.embeddings.#", "reranker.input_documents.#",
		"llm.prompt_template.template", "llm.prompt_template.variables", "tool.parameters", "tool.json_schema",
	},
	Completion: []string{"llm.prompts.#", "llm.prompts", "llm.choices.#"},
})

const plainText = "unless it is plain text beside an unknown emitter's"

// unlessListed passes over plain text beside a list of messages that an unknown emitter has under a name of its own.
func unlessListed(f Field) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		listed := r.Guessed(f)
		if !listed.Exists() {
			return v
		}
		if text, is := v.Str(); !is || value.LooksEncoded(text) {
			return v
		}
		if list, is := listed.Str(); is && !value.LooksEncoded(list) {
			return v
		}
		return value.Value{}
	}
}

var openInferenceWraps = []string{"message", "message_content", "tool_call"}

const openInferenceHosts = "with `llm.system`: azure and openai are azure.ai.openai, azure alone azure.ai.inference, " +
	"google and vertexai gcp.vertex_ai"

// oiBodyCount reads the body of an answer that a decorated function returned, where no attribute
// counts anything.
func oiBodyCount(keys ...string) Source {
	count := bodyCount(keys...)
	return Source{Attr: "output.value", Own: true, Only: OnlyLLM, At: last2, Note: ofBodyCounts + ", where no attribute counts", With: func(r Reading, v value.Value) value.Value {
		if r.Attr("llm.token_count.prompt").Exists() {
			return value.Value{}
		}
		return count(r, v)
	}}
}

// openInferenceHost combines the host (llm.provider) with the product (llm.system).
func openInferenceHost(r Reading, v value.Value) value.Value {
	host, _ := v.Str()
	system, _ := r.Attr("llm.system").Str()
	switch strings.ToLower(host) {
	case "azure":
		if strings.ToLower(system) == "openai" {
			return r.TextValue("azure.ai.openai")
		}
		return r.TextValue("azure.ai.inference")
	case "google":
		if strings.ToLower(system) == "vertexai" {
			return r.TextValue("gcp.vertex_ai")
		}
	}
	return v
}

// unlessRequested drops the model that was asked for: what is left is the one that
// answered.
func unlessRequested(r Reading, v value.Value) value.Value {
	if s, _ := v.Str(); s == r.RequestModel() {
		return value.Value{}
	}
	return v
}

// firstVector counts the dimensions of the first embedding.
func firstVector(r Reading, v value.Value) value.Value {
	return lengthOf(r, r.FirstOf(v, "embedding.vector"))
}

// lengthOf is the length of a list as a value.
func lengthOf(r Reading, v value.Value) value.Value {
	n := r.ParseOnce(v)
	if n.Kind() != jsonval.Array || n.Len() == 0 {
		return value.Value{}
	}
	return value.Value{Node: r.Doc().Int(int64(n.Len()))}
}

const openInferenceKinds = "`DECISION` of an instrumentation → llm, else other; LangChain's `CHAIN` that is an agent (`metadata` says so) → agent; LlamaIndex's `LLM` named `…._prepare_chat_with_tools`, and that of the OpenAI client without messages, prompts, tokens and error → other"

// openInferenceKind settles what the value alone does not say.
func openInferenceKind(r Reading, kind string) (Kind, Verdict) {
	switch kind {
	case "DECISION":
		if strings.HasPrefix(r.ScopeName(), "openinference.instrumentation.") {
			return KindLLM, Decided
		}
		return KindOther, Decided
	case "LLM":
		if r.ScopeName() == "openinference.instrumentation.llama_index" && strings.HasSuffix(r.Span().Name(), "._prepare_chat_with_tools") {
			return KindOther, Decided // only builds the request
		}
		if r.ScopeName() == "openinference.instrumentation.openai" && askedNothing(r, "llm.") {
			return KindOther, Decided
		}
	case "CHAIN":
		if !strings.HasSuffix(r.ScopeName(), "instrumentation.langchain") && !strings.HasSuffix(r.ScopeName(), "instrumentation-langchain") || r.Span().Name() == "LangGraph" {
			return KindOther, Undecided
		}
		// An agent that a tool of another one asks has that one's node in its metadata.
		metadata, _ := r.Attr("metadata").Str()
		if strings.Contains(metadata, `"langchain_create_agent"`) && (!strings.Contains(metadata, `"langgraph_node"`) || namesAgentOf(r, metadata)) {
			return KindAgent, Decided
		}
	}
	return KindOther, Undecided
}

// namesAgentOf reports whether a span has the name of the agent in LangChain's metadata.
func namesAgentOf(r Reading, metadata string) bool {
	_, after, _ := strings.Cut(metadata, `"lc_agent_name":`)
	return r.Span().Name() != "" && strings.HasPrefix(strings.TrimLeft(after, " "), `"`+r.Span().Name()+`"`)
}

// askedNothing reports whether no key under a prefix holds a message, a prompt or a count of
// tokens, though nothing failed. Libraries that wrap whatever a client sends call moderation,
// speech and lists of models calls of a model too.
func askedNothing(r Reading, prefix string) bool {
	if r.Span().Status().Code() == ptrace.StatusCodeError {
		return false
	}
	for key := range r.Span().Attributes().All() {
		if rest, ok := strings.CutPrefix(key, prefix); ok && (strings.HasPrefix(rest, "input") || strings.HasPrefix(rest, "output") || strings.HasPrefix(rest, "prompts") || strings.HasPrefix(rest, "token_count") || strings.HasPrefix(rest, "usage")) {
			return false
		}
	}
	return true
}

// openInferenceAgent is the agent's name in the name of its span.
func openInferenceAgent(r Reading, _ value.Value) value.Value {
	kind, _ := r.Attr("openinference.span.kind").Str()
	if kind != "AGENT" || r.Span().Name() == "Agent workflow" {
		return value.Value{}
	}
	return r.TextValue(r.Bracketed(strings.TrimSuffix(r.Span().Name(), ".run")))
}

// openInferenceTool is the tool's name in the name of its span.
func openInferenceTool(r Reading, _ value.Value) value.Value {
	if kind, _ := r.Attr("openinference.span.kind").Str(); kind != "TOOL" {
		return value.Value{}
	}
	return r.TextValue(strings.TrimSuffix(r.Span().Name(), ".__call__"))
}
