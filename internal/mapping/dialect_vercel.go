package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// The Vercel AI SDK, versions 3 to 6; version 7 writes the current GenAI
// conventions.
var vercel = register(dialect{
	name:     "Vercel AI SDK",
	versions: "*ai* 4.3.19, 5.0.277, 6.0.326; 3.x",
	scopes:   []string{"ai"},
	marks:    []string{"ai.operationId"},
	sources: map[field][]source{
		fProvider:      {{attr: "ai.model.provider"}},
		fRequestModel:  {{attr: "ai.model.id"}},
		fResponseModel: {{attr: "ai.response.model"}},
		fResponseID:    {{attr: "ai.response.id"}},
		fFinishReasons: {
			{attr: "ai.response.finishReason"},
			{attr: "gen_ai.finishReason", at: afterVercel2},
			{attr: "ai.finishReason", at: afterVercel2},
		},
		fRequestParameters: {{attr: "ai.settings.*", except: []string{"context."}}},
		fStreaming: {
			{attr: "ai.operationId", with: vercelStreams, note: vercelStreaming},
			{attr: "operation.name", with: vercelStreams, note: vercelStreaming},
		},
		fTTFT: {
			{attr: "ai.response.msToFirstChunk", as: asMillis, streams: true},
			{attr: "ai.stream.msToFirstChunk", as: asMillis, streams: true},
			{event: "ai.stream.firstChunk", at: events3, streams: true},
		},
		fInputTokens:  {{attr: "ai.usage.inputTokens"}, {attr: "ai.usage.promptTokens"}, {attr: "ai.usage.tokens"}},
		fOutputTokens: {{attr: "ai.usage.outputTokens"}, {attr: "ai.usage.completionTokens"}},
		fTotalTokens:  {{attr: "ai.usage.totalTokens", at: afterOpenLIT2}},
		fCacheRead: {
			{attr: "ai.usage.inputTokenDetails.cacheReadTokens"},
			{attr: "ai.usage.cachedInputTokens"},
			{attr: "ai.response.providerMetadata", path: "anthropic.cacheReadInputTokens"},
			{attr: "ai.response.providerMetadata", path: "anthropic.usage.cache_read_input_tokens"},
			{attr: "ai.response.providerMetadata", path: "bedrock.usage.cacheReadInputTokens"},
			{attr: "ai.response.providerMetadata", path: "openai|azure.cachedPromptTokens"},
			{attr: "ai.response.providerMetadata", path: "google|vertex.usageMetadata.cachedContentTokenCount"},
		},
		fCacheCreation: {
			{attr: "ai.usage.inputTokenDetails.cacheWriteTokens"},
			{attr: "ai.response.providerMetadata", path: "anthropic.cacheCreationInputTokens"},
			{attr: "ai.response.providerMetadata", path: "anthropic.usage.cache_creation_input_tokens"},
			{attr: "ai.response.providerMetadata", path: "bedrock.usage.cacheWriteInputTokens"},
		},
		fReasoning: {
			{attr: "ai.usage.outputTokenDetails.reasoningTokens", at: afterOpenLIT2},
			{attr: "ai.usage.reasoningTokens", at: afterOpenLIT2},
			{attr: "ai.response.providerMetadata", path: "openai|azure.reasoningTokens", at: afterOpenLIT2},
			{attr: "ai.response.providerMetadata", path: "google|vertex.usageMetadata.thoughtsTokenCount", at: afterOpenLIT2},
		},
		fUserID: {
			{attr: "ai.telemetry.metadata.userId"}, {attr: "metadata.userId", own: true}, {attr: "ai.settings.context.userId"},
		},
		fSessionID: {
			{attr: "ai.telemetry.metadata.sessionId"}, {attr: "metadata.sessionId", own: true}, {attr: "ai.settings.context.sessionId"},
		},
		fTags:          {{attr: "ai.telemetry.metadata.tags"}, {attr: "ai.settings.context.tags"}},
		fPromptName:    {{attr: "ai.telemetry.metadata.langfusePrompt", path: "name"}},
		fPromptVersion: {{attr: "ai.telemetry.metadata.langfusePrompt", path: "version"}},
		fToolName:      {{attr: "ai.toolCall.name"}},
		fToolCallID:    {{attr: "ai.toolCall.id"}},
		fEmbeddingDimensions: {
			{attr: "ai.embedding", with: vectorLength, note: "length of the first vector"},
			{attr: "ai.embeddings", with: vectorLength, note: "length of the first vector"},
		},
		fInputMessages: {{attr: "ai.prompt.messages"}, {attr: "ai.prompt", as: asBody}},
		fOutputMessages: {
			{answer: &answer{
				text: "ai.response.text", reasoning: "ai.response.reasoning", toolCalls: "ai.response.toolCalls", object: "ai.response.object",
			}},
			{answer: &answer{text: "ai.result.text", toolCalls: "ai.result.toolCalls", object: "ai.result.object"}},
		},
		fSystemInstructions: {{attr: "ai.prompt", path: "system"}},
		fToolDefinitions:    {{attr: "ai.prompt.tools"}},
		fToolArguments:      {{attr: "ai.toolCall.args", as: asJSON, at: libraryNames2}},
		fToolResult:         {{attr: "ai.toolCall.result", as: asJSON, at: libraryNames2}},
	},
	kinds: []kindRule{
		{at: kindByVercel, attr: "ai.operationId", of: vercelKind, note: vercelKinds},
		{at: kindByVercel, attr: "operation.name", of: vercelKind, note: vercelKinds},
	},
	words: []string{"ai.value", "ai.values", "ai.documents", "ai.response.files", "ai.response.sources"},
})

const vercelKinds = "`ai.*.doGenerate` `ai.*.doStream` → llm; `ai.*.doEmbed` → embedding; `ai.*.doRerank` → reranker; " +
	"`ai.toolCall` → tool; other `ai.*` → chain"

func vercelKind(r Reading, id string) (Kind, verdict) {
	if k, known := SDKOperation(id); known {
		return k, decided
	}
	if k, named := r.kindInWords(ownOperation(id)); named {
		return k, decided
	}
	return KindOther, undecided
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

// ownOperation is the name of an operation ai.X that is the program's own; "" if the id is none, as
// ai.triage.category.
func ownOperation(id string) string {
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

func vercelStreams(r Reading, v value) value {
	id, _ := v.str()
	id, _, _ = strings.Cut(id, " ")
	if !strings.HasPrefix(id, "ai.") || !strings.HasSuffix(id, ".doStream") && !strings.HasSuffix(id, ".doGenerate") {
		return value{}
	}
	return value{node: r.Doc().Bool(strings.HasSuffix(id, ".doStream"))}
}

// vectorLength counts the dimensions of an embedding, or of the first of a list of
// them; each may be JSON text.
func vectorLength(r Reading, v value) value {
	n := r.parseOnce(v)
	if first := n.First(); first.Kind() == jsonval.Array || first.Kind() == jsonval.String {
		return lengthOf(r, r.decoded(first))
	}
	return lengthOf(r, value{node: n})
}
