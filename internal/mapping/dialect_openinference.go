package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// OpenInference, of Arize Phoenix.
var _ = register(dialect{
	name:       "OpenInference",
	convention: true,
	versions:   "*openinference-instrumentation-openai* 0.1.66, *-llama-index* 4.6.1, *-langchain* 0.1.80, *-agno* 1.0.15, *-dspy* 0.1.48, *-smolagents* 0.1.43; *@arizeai/openinference-instrumentation-openai* 4.2.7; -anthropic 0.2.8; *Go: -openai-go, -anthropic-sdk-go, Java: -langchain4j* 1fe497f",
	scopes:     []string{"openinference.instrumentation.*", "@arizeai/openinference-*"},
	marks:      []string{"openinference.span.kind"},
	sources: map[field][]source{
		fProvider: {
			{attr: "llm.provider", with: openInferenceHost, note: openInferenceHosts},
			{attr: "llm.system", at: afterVercel1},
			{attr: "decision.provider", with: openInferenceHost, note: openInferenceHosts},
			{attr: "decision.system"},
		},
		fRequestModel: {
			{attr: "llm.request.model_name"},
			{attr: "llm.invocation_parameters", path: "model"},
			{attr: "llm.model_name"},
			{attr: "embedding.model_name"},
			{attr: "embedding.invocation_parameters", path: "model"},
			{attr: "reranker.model_name"},
			{attr: "decision.request.model_name"},
			{attr: "decision.model_name"},
		},
		fResponseModel: {
			{attr: "llm.response.model_name"},
			{attr: "decision.response.model_name"},
			{attr: "llm.model_name", with: unlessRequested, note: "unless it is the request model"},
			{attr: "output.value", only: modelKinds, with: answerModel, note: answerBody, at: last1},
		},
		fResponseID:    {{attr: "output.value", only: modelKinds, with: answerID, note: answerBody, at: last1}},
		fFinishReasons: {{attr: "llm.finish_reason"}, {attr: "output.value", only: onlyLLM, with: bodyFinish, note: "of a response's body", at: last2}},
		fRequestParameters: {
			{attr: "llm.invocation_parameters", as: asBody},
			{attr: "embedding.invocation_parameters", as: asBody},
		},
		fSessionID: {{attr: "metadata", with: memberText("sessionId", "session_id", "threadId", "thread_id"), note: "`sessionId` or `threadId`", own: true, at: last1}},
		fStreaming: {{attr: "llm.invocation_parameters", path: "stream"}},
		fTTFT:      {{event: "First Token Stream Event", at: events1, streams: true}},
		fInputTokens: {{attr: "llm.token_count.prompt"}, {attr: "decision.token_count.input"},
			{attr: "output.value", path: "meta.usage.prompt_tokens", only: kindsOf(KindEmbedding), at: last1}, // Haystack
			oiBodyCount("prompt_tokens", "input_tokens")},
		fOutputTokens:  {{attr: "llm.token_count.completion"}, {attr: "decision.token_count.output"}, oiBodyCount("completion_tokens", "output_tokens")},
		fTotalTokens:   {{attr: "llm.token_count.total", at: afterOpenLIT2}},
		fCacheRead:     {{attr: "llm.token_count.prompt_details.cache_read"}, {attr: "llm.token_count.prompt_details.cache_input"}, oiBodyCount("cached_tokens", "cache_read_input_tokens")},
		fCacheCreation: {{attr: "llm.token_count.prompt_details.cache_write"}},
		fReasoning:     {{attr: "llm.token_count.completion_details.reasoning", at: afterOpenLIT2}, oiBodyCount("reasoning_tokens")},
		fInputCost:     {{attr: "llm.cost.prompt"}},
		fOutputCost:    {{attr: "llm.cost.completion"}},
		fTotalCost:     {{attr: "llm.cost.total"}},
		fTags:          {{attr: "tag.tags"}},
		fPromptName:    {{attr: "prompt.id", at: afterLegacy}},
		fPromptVersion: {{attr: "llm.prompt_template.version", at: afterLegacy}},
		fAgentName: {
			{attr: "agent.name"},
			{attr: "metadata", with: memberText("lc_agent_name"), note: "`lc_agent_name`", own: true, at: last1},
			{attr: "graph.node.name", only: kindsOf(KindAgent), at: last1},
			{attr: "graph.node.id", only: kindsOf(KindAgent), at: last1},
			{as: asName, own: true, only: kindsOf(KindAgent), at: last2, with: openInferenceAgent, note: "without `.run`, where `openinference.span.kind` is AGENT"},
		},
		fAgentID:    {{attr: "agno.agent.id"}},
		fToolName:   {{attr: "tool.name"}, {as: asName, own: true, at: last2, with: openInferenceTool, note: "without `.__call__`"}},
		fToolCallID: {{attr: "tool.id"}, {attr: "tool_call.id"}, {attr: "tool.call_id"}, {attr: "output.value", with: toolMessageID, note: ofToolMessage, at: events1}},
		fEmbeddingDimensions: {
			{attr: "embedding.embeddings.#", with: firstVector, note: "length of the first vector"},
		},
		fInputMessages: {
			{attr: "llm.input_messages.#", drop: openInferenceWraps},
			{attr: "llm.prompts.#", drop: []string{"prompt"}},
			{attr: "llm.prompts"},
			{attr: "input.value", only: onlyLLM, as: asBody, with: unlessListed(fInputMessages), note: plainText + " `*.messages`", at: afterTruLens},
		},
		fOutputMessages: {
			{attr: "llm.output_messages.#", drop: openInferenceWraps},
			{attr: "llm.choices.#"},
			{attr: "output.value", only: onlyLLM, as: asBody, with: unlessListed(fOutputMessages), note: plainText + " `*.output_messages`", at: afterTruLens},
			{attr: "output.value", only: onlyLLM, path: "output", at: afterTruLens},
		},
		fSystemInstructions: {{attr: "llm.invocation_parameters", path: "system|instructions", mixed: true}},
		fToolDefinitions: {
			{attr: "llm.tools.#", drop: []string{"tool", "json_schema"}},
			{attr: "llm.invocation_parameters", path: "tools", mixed: true, at: last1},
		},
		fToolArguments: {{attr: "input.value"}, {attr: "tool_call.function.arguments"}, {attr: "tool.parameters", with: noSchema, note: "unless it is a schema"}, {attr: "tool.arguments.*", as: asObject, own: true}},
		fToolResult:    {{attr: "output.value"}},
		fRetrievalQuery: {
			{attr: "reranker.query"},
			{attr: "input.value", only: kindsOf(KindRetriever), with: queryOf, note: "or the query in its JSON"},
		},
		fDocuments: {
			{attr: "retrieval.documents.#", drop: []string{"document"}},
			{attr: "reranker.output_documents.#", drop: []string{"document"}},
		},
	},
	kinds: []kindRule{
		{at: kindByInference, attr: "openinference.span.kind", of: openInferenceKind, note: openInferenceKinds},
		{at: kindByInference, attr: "openinference.span.kind", values: map[string]Kind{
			"llm": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "agent": KindAgent, "chain": KindChain,
			"retriever": KindRetriever, "reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindPrompt,
		}},
	},
	words: []string{
		"input.value", "output.value", "embedding.embeddings.#", "reranker.input_documents.#",
		"llm.prompt_template.template", "llm.prompt_template.variables", "tool.parameters", "tool.json_schema",
	},
	completion: []string{"llm.prompts.#", "llm.prompts", "llm.choices.#"},
})

const plainText = "unless it is plain text beside an unknown emitter's"

// unlessListed passes over plain text beside a list of messages that an unknown emitter has under a name of its own.
func unlessListed(f field) func(Reading, value) value {
	return func(r Reading, v value) value {
		listed := r.guessed(f)
		if !listed.exists() {
			return v
		}
		if text, is := v.str(); !is || looksEncoded(text) {
			return v
		}
		if list, is := listed.str(); is && !looksEncoded(list) {
			return v
		}
		return value{}
	}
}

var openInferenceWraps = []string{"message", "message_content", "tool_call"}

const openInferenceHosts = "with `llm.system`: azure and openai are azure.ai.openai, azure alone azure.ai.inference, " +
	"google and vertexai gcp.vertex_ai"

// oiBodyCount reads the body of an answer that a decorated function returned, where no attribute
// counts anything.
func oiBodyCount(keys ...string) source {
	count := bodyCount(keys...)
	return source{attr: "output.value", own: true, only: onlyLLM, at: last2, note: ofBodyCounts + ", where no attribute counts", with: func(r Reading, v value) value {
		if r.attr("llm.token_count.prompt").exists() {
			return value{}
		}
		return count(r, v)
	}}
}

// openInferenceHost combines the host (llm.provider) with the product (llm.system).
func openInferenceHost(r Reading, v value) value {
	host, _ := v.str()
	system, _ := r.attr("llm.system").str()
	switch strings.ToLower(host) {
	case "azure":
		if strings.ToLower(system) == "openai" {
			return r.textValue("azure.ai.openai")
		}
		return r.textValue("azure.ai.inference")
	case "google":
		if strings.ToLower(system) == "vertexai" {
			return r.textValue("gcp.vertex_ai")
		}
	}
	return v
}

// unlessRequested drops the model that was asked for: what is left is the one that
// answered.
func unlessRequested(r Reading, v value) value {
	if s, _ := v.str(); s == r.RequestModel() {
		return value{}
	}
	return v
}

// firstVector counts the dimensions of the first embedding.
func firstVector(r Reading, v value) value {
	return lengthOf(r, r.firstOf(v, "embedding.vector"))
}

// lengthOf is the length of a list as a value.
func lengthOf(r Reading, v value) value {
	n := r.parseOnce(v)
	if n.Kind() != jsonval.Array || n.Len() == 0 {
		return value{}
	}
	return value{node: r.Doc().Int(int64(n.Len()))}
}

const openInferenceKinds = "`DECISION` of an instrumentation → llm, else other; LangChain's `CHAIN` that is an agent (`metadata` says so) → agent; LlamaIndex's `LLM` named `…._prepare_chat_with_tools`, and that of the OpenAI client without messages, prompts, tokens and error → other"

// openInferenceKind settles what the value alone does not say.
func openInferenceKind(r Reading, kind string) (Kind, verdict) {
	switch kind {
	case "DECISION":
		if strings.HasPrefix(r.ScopeName(), "openinference.instrumentation.") {
			return KindLLM, decided
		}
		return KindOther, decided
	case "LLM":
		if r.ScopeName() == "openinference.instrumentation.llama_index" && strings.HasSuffix(r.Span().Name(), "._prepare_chat_with_tools") {
			return KindOther, decided // only builds the request
		}
		if r.ScopeName() == "openinference.instrumentation.openai" && askedNothing(r, "llm.") {
			return KindOther, decided
		}
	case "CHAIN":
		if !strings.HasSuffix(r.ScopeName(), "instrumentation.langchain") && !strings.HasSuffix(r.ScopeName(), "instrumentation-langchain") || r.Span().Name() == "LangGraph" {
			return KindOther, undecided
		}
		// An agent that a tool of another one asks has that one's node in its metadata.
		metadata, _ := r.attr("metadata").str()
		if strings.Contains(metadata, `"langchain_create_agent"`) && (!strings.Contains(metadata, `"langgraph_node"`) || namesAgentOf(r, metadata)) {
			return KindAgent, decided
		}
	}
	return KindOther, undecided
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
func openInferenceAgent(r Reading, _ value) value {
	kind, _ := r.attr("openinference.span.kind").str()
	if kind != "AGENT" || r.Span().Name() == "Agent workflow" {
		return value{}
	}
	return r.textValue(r.bracketed(strings.TrimSuffix(r.Span().Name(), ".run")))
}

// openInferenceTool is the tool's name in the name of its span.
func openInferenceTool(r Reading, _ value) value {
	if kind, _ := r.attr("openinference.span.kind").str(); kind != "TOOL" {
		return value{}
	}
	return r.textValue(strings.TrimSuffix(r.Span().Name(), ".__call__"))
}

// CrewAI under OpenInference: the sums of a run stand in the output of its span.
var _ = register(dialect{
	name:     "CrewAI (OpenInference)",
	versions: "*openinference-instrumentation-crewai* 1.1.21",
	scopes:   []string{"openinference.instrumentation.crewai"},
	sources: map[field][]source{
		fInputTokens:   {{attr: "output.value", path: "token_usage.prompt_tokens", own: true, at: last1}},
		fOutputTokens:  {{attr: "output.value", path: "token_usage.completion_tokens", own: true, at: last1}},
		fTotalTokens:   {{attr: "output.value", path: "token_usage.total_tokens", own: true, at: last1}},
		fCacheRead:     {{attr: "output.value", path: "token_usage.cached_prompt_tokens", own: true, at: last1}},
		fCacheCreation: {{attr: "output.value", path: "token_usage.cache_creation_tokens", own: true, at: last1}},
		fReasoning:     {{attr: "output.value", path: "token_usage.reasoning_tokens", own: true, at: last1}},
	},
	words: []string{"crew_inputs", "crew_agents", "crew_tasks"},
})

// CrewAI's own spans: the conventions, but the agent's name is a hash.
var _ = register(dialect{
	name:     "CrewAI",
	versions: "*crewai* 1.15",
	marks:    []string{"crewai.agent.role", "crewai.crew.usage_metrics"},
	sources: map[field][]source{
		fAgentName:    {{attr: "crewai.agent.role"}},
		fInputTokens:  {{attr: "crewai.crew.usage_metrics", path: "prompt_tokens", at: last1}},
		fOutputTokens: {{attr: "crewai.crew.usage_metrics", path: "completion_tokens", at: last1}},
		fTotalTokens:  {{attr: "crewai.crew.usage_metrics", path: "total_tokens", at: last1}},
	},
	kinds: []kindRule{{at: kindByIntent, attr: "crewai.event_name", values: map[string]Kind{
		"tool_failure_detected": KindOther, // a second span of a tool that fails
	}}},
})
