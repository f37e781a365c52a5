package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// The Vercel AI SDK, versions 3 to 6; version 7 writes the current GenAI
// conventions.
var vercel = register(Dialect{
	Name:     "Vercel AI SDK",
	Versions: "*ai* 4.3.19, 5.0.277, 6.0.326; 3.x",
	Scopes:   []string{"ai"},
	Marks:    []string{"ai.operationId"},
	Sources: map[Field][]Source{
		Provider:      {{Attr: "ai.model.provider"}},
		RequestModel:  {{Attr: "ai.model.id"}},
		ResponseModel: {{Attr: "ai.response.model"}},
		ResponseID:    {{Attr: "ai.response.id"}},
		FinishReasons: {
			{Attr: "ai.response.finishReason"},
			{Attr: "gen_ai.finishReason", At: afterVercel2},
			{Attr: "ai.finishReason", At: afterVercel2},
		},
		RequestParameters: {{Attr: "ai.settings.*", Except: []string{"context."}}},
		Streaming: {
			{Attr: "ai.operationId", With: vercelStreams, Note: vercelStreaming},
			{Attr: "operation.name", With: vercelStreams, Note: vercelStreaming},
		},
		TTFT: {
			{Attr: "ai.response.msToFirstChunk", As: AsMillis, Streams: true},
			{Attr: "ai.stream.msToFirstChunk", As: AsMillis, Streams: true},
			{Event: "ai.stream.firstChunk", At: events3, Streams: true},
		},
		InputTokens:  {{Attr: "ai.usage.inputTokens"}, {Attr: "ai.usage.promptTokens"}, {Attr: "ai.usage.tokens"}},
		OutputTokens: {{Attr: "ai.usage.outputTokens"}, {Attr: "ai.usage.completionTokens"}},
		TotalTokens:  {{Attr: "ai.usage.totalTokens", At: afterOpenLIT2}},
		CacheRead: {
			{Attr: "ai.usage.inputTokenDetails.cacheReadTokens"},
			{Attr: "ai.usage.cachedInputTokens"},
			{Attr: "ai.response.providerMetadata", Path: "anthropic.cacheReadInputTokens"},
			{Attr: "ai.response.providerMetadata", Path: "anthropic.usage.cache_read_input_tokens"},
			{Attr: "ai.response.providerMetadata", Path: "bedrock.usage.cacheReadInputTokens"},
			{Attr: "ai.response.providerMetadata", Path: "openai|azure.cachedPromptTokens"},
			{Attr: "ai.response.providerMetadata", Path: "google|vertex.usageMetadata.cachedContentTokenCount"},
		},
		CacheCreation: {
			{Attr: "ai.usage.inputTokenDetails.cacheWriteTokens"},
			{Attr: "ai.response.providerMetadata", Path: "anthropic.cacheCreationInputTokens"},
			{Attr: "ai.response.providerMetadata", Path: "anthropic.usage.cache_creation_input_tokens"},
			{Attr: "ai.response.providerMetadata", Path: "bedrock.usage.cacheWriteInputTokens"},
		},
		Reasoning: {
			{Attr: "ai.usage.outputTokenDetails.reasoningTokens", At: afterOpenLIT2},
			{Attr: "ai.usage.reasoningTokens", At: afterOpenLIT2},
			{Attr: "ai.response.providerMetadata", Path: "openai|azure.reasoningTokens", At: afterOpenLIT2},
			{Attr: "ai.response.providerMetadata", Path: "google|vertex.usageMetadata.thoughtsTokenCount", At: afterOpenLIT2},
		},
		UserID: {
			{Attr: "ai.telemetry.metadata.userId"}, {Attr: "metadata.userId", Own: true}, {Attr: "ai.settings.context.userId"},
		},
		SessionID: {
			{Attr: "ai.telemetry.metadata.sessionId"}, {Attr: "metadata.sessionId", Own: true}, {Attr: "ai.settings.context.sessionId"},
		},
		Tags:          {{Attr: "ai.telemetry.metadata.tags"}, {Attr: "ai.settings.context.tags"}},
		PromptName:    {{Attr: "ai.telemetry.metadata.langfusePrompt", Path: "name"}},
		PromptVersion: {{Attr: "ai.telemetry.metadata.langfusePrompt", Path: "version"}},
		ToolName:      {{Attr: "ai.toolCall.name"}},
		ToolCallID:    {{Attr: "ai.toolCall.id"}},
		EmbeddingDimensions: {
			{Attr: "ai.embedding", With: vectorLength, Note: "length of the first vector"},
			{Attr: "ai.embeddings", With: vectorLength, Note: "length of the first vector"},
		},
		InputMessages: {{Attr: "ai.prompt.messages"}, {Attr: "ai.prompt", As: AsBody}},
		OutputMessages: {
			{Answer: &Answer{
				Text: "ai.response.text", Reasoning: "ai.response.reasoning", ToolCalls: "ai.response.toolCalls", Object: "ai.response.object",
			}},
			{Answer: &Answer{Text: "ai.result.text", ToolCalls: "ai.result.toolCalls", Object: "ai.result.object"}},
		},
		SystemInstructions: {{Attr: "ai.prompt", Path: "system"}},
		ToolDefinitions:    {{Attr: "ai.prompt.tools"}},
		ToolArguments:      {{Attr: "ai.toolCall.args", As: AsJSON, At: libraryNames2}},
		ToolResult:         {{Attr: "ai.toolCall.result", As: AsJSON, At: libraryNames2}},
	},
	Kinds: []KindRule{
		{Group: kindByVercel, Attr: "ai.operationId", Of: vercelKind, Note: vercelKinds},
		{Group: kindByVercel, Attr: "operation.name", Of: vercelKind, Note: vercelKinds},
	},
	Words: []string{"ai.value", "ai.values", "ai.documents", "ai.response.files", "ai.response.sources"},
})

const vercelKinds = "`ai.*.doGenerate` `ai.*.doStream` → llm; `ai.*.doEmbed` → embedding; `ai.*.doRerank` → reranker; " +
	"`ai.toolCall` → tool; other `ai.*` → chain"

func vercelKind(r Reading, id string) (Kind, Verdict) {
	if k, known := SDKOperation(id); known {
		return k, Decided
	}
	if k, named := r.KindInWords(OwnOperation(id)); named {
		return k, Decided
	}
	return KindOther, Undecided
}

// SDKOperation is the kind of an operation of the SDK, ai.X, which may be followed by the function's
// id: the inner spans are the calls, the outer ones repeat their usage.
func SDKOperation(id string) (k Kind, known bool) {
	id, _, _ = strings.Cut(id, " ")
	switch {
	case !strings.HasPrefix(id, "ai."):
		return KindOther, false
	case strings.HasSuffix(id, ".doGenerate"), strings.HasSuffix(id, ".doStream"):
		return KindLLM, true
	case strings.HasSuffix(id, ".doEmbed"):
		return KindEmbedding, true
	case strings.HasSuffix(id, ".doRerank"):
		return KindReranker, true
	case id == "ai.toolCall":
		return KindTool, true
	}
	return KindChain, sdkOperations[id]
}

// OwnOperation is the name of an operation ai.X that is the program's own; "" if the id is none, as
// ai.triage.category.
func OwnOperation(id string) string {
	id, _, _ = strings.Cut(id, " ")
	name, is := strings.CutPrefix(id, "ai.")
	if !is || strings.Contains(name, ".") {
		return ""
	}
	return name
}

// sdkOperations are the outer operations of the SDK.
var sdkOperations = map[string]bool{
	"ai.generateText": true, "ai.streamText": true, "ai.generateObject": true, "ai.streamObject": true, "ai.embed": true, "ai.embedMany": true,
	"ai.rerank": true, "ai.agent": true, "ai.toolLoopAgent": true,
}

const vercelStreaming = "`.doStream` true, `.doGenerate` false"

func vercelStreams(r Reading, v value.Value) value.Value {
	id, _ := v.Str()
	id, _, _ = strings.Cut(id, " ")
	if !strings.HasPrefix(id, "ai.") || !strings.HasSuffix(id, ".doStream") && !strings.HasSuffix(id, ".doGenerate") {
		return value.Value{}
	}
	return value.Value{Node: r.Doc().Bool(strings.HasSuffix(id, ".doStream"))}
}

// vectorLength counts the dimensions of an embedding, or of the first of a list of
// them; each may be JSON text.
func vectorLength(r Reading, v value.Value) value.Value {
	n := r.ParseOnce(v)
	if first := n.First(); first.Kind() == jsonval.Array || first.Kind() == jsonval.String {
		return lengthOf(r, r.Decoded(first))
	}
	return lengthOf(r, value.Value{Node: n})
}
