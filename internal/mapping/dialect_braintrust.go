package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Braintrust: each group of facts is one JSON attribute, or one attribute a fact.
var _ = register(dialect{
	name:     "Braintrust",
	versions: "*braintrust* (Python) 0.48.1, *braintrust-sdk-go* 63142de (November 2025), *braintrust-sdk-java* 0.3.6; SDK for Ruby (source)",
	scopes:   []string{"braintrust*"},
	marks:    []string{"braintrust.span_attributes", "braintrust.span_attributes.type", "braintrust.parent"},
	sources: map[field][]source{
		fProvider:          {{attr: "braintrust.metadata", path: "provider"}, {attr: "braintrust.metadata.provider"}},
		fRequestModel:      {{attr: "braintrust.input_json", with: ofObject(memberText("model")), note: "`model` of a body"}, {attr: "braintrust.metadata", path: "model"}, {attr: "braintrust.metadata.model"}},
		fResponseModel:     {{attr: "braintrust.output_json", with: ofObject(answerModel), note: answerBody, only: modelKinds}},
		fResponseID:        {{attr: "braintrust.metadata", path: "id", only: modelKinds}, {attr: "braintrust.output_json", with: ofObject(answerID), note: answerBody, only: modelKinds}},
		fRequestParameters: {{attr: "braintrust.metadata", as: asBody, only: onlyLLM, with: without("provider", "user_id", "session_id", "finish_reason", "id", "systemInstruction", "instructions"), note: "but `provider`, `user_id`, `session_id`, `id`"}},
		fStreaming:         {{attr: "braintrust.metadata", path: "stream"}},
		fFinishReasons:     {{attr: "braintrust.metadata", path: "finish_reason"}},
		fTTFT: {
			{attr: "braintrust.metrics", path: "time_to_first_token", as: asSeconds},
			{attr: "braintrust.metrics.time_to_first_token", as: asSeconds},
		},
		fInputTokens:   {{attr: "braintrust.metrics", path: "prompt_tokens"}, {attr: "braintrust.metrics.prompt_tokens"}},
		fOutputTokens:  {{attr: "braintrust.metrics", path: "completion_tokens"}, {attr: "braintrust.metrics.completion_tokens"}},
		fTotalTokens:   {{attr: "braintrust.metrics", path: "tokens"}, {attr: "braintrust.metrics.tokens"}},
		fCacheRead:     {{attr: "braintrust.metrics", path: "prompt_cached_tokens"}, {attr: "braintrust.metrics.prompt_cached_tokens"}},
		fCacheCreation: {{attr: "braintrust.metrics", path: "prompt_cache_creation_tokens"}, {attr: "braintrust.metrics.prompt_cache_creation_tokens"}},
		fReasoning:     {{attr: "braintrust.metrics", path: "completion_reasoning_tokens|thoughts_token_count"}, {attr: "braintrust.metrics.completion_reasoning_tokens"}, {attr: "braintrust.output_json", with: ofObject(bodyCount("thoughtsTokenCount")), note: ofBodyCounts, only: modelKinds}},
		fTotalCost:     {{attr: "braintrust.metrics", path: "estimated_cost"}, {attr: "braintrust.metrics.estimated_cost"}},
		fUserID:        {{attr: "braintrust.metadata.user_id"}, {attr: "braintrust.metadata", path: "user_id"}},
		fSessionID:     {{attr: "braintrust.metadata.session_id"}, {attr: "braintrust.metadata", path: "session_id"}},
		fTags:          {{attr: "braintrust.tags"}},
		fToolName:      {{attr: "braintrust.span_attributes", path: "name"}, {as: asName, own: true, at: last1}},
		fInputMessages: {
			{attr: "braintrust.input_json", as: asBody}, {attr: "braintrust.input", as: asBody},
		},
		fOutputMessages: {
			{attr: "braintrust.output_json", as: asBody}, {attr: "braintrust.output", as: asBody},
		},
		fSystemInstructions: {{attr: "braintrust.metadata", path: "systemInstruction|instructions", mixed: true, only: onlyLLM}},
		fToolDefinitions:    {{attr: "braintrust.metadata", path: "tools", mixed: true}},
		fToolArguments:      {{attr: "braintrust.input_json"}, {attr: "braintrust.input"}},
		fToolResult:         {{attr: "braintrust.output_json"}, {attr: "braintrust.output"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "braintrust.span_attributes", of: braintrustKind, note: "its `type`, as below"},
		{at: kindByOthers, attr: "braintrust.span_attributes.type", values: braintrustKinds},
	},
	words: []string{"braintrust.expected", "braintrust.expected_json"},
})

// ofObject reads bodies only: most inputs and outputs are lists of messages.
func ofObject(read func(Reading, value) value) func(Reading, value) value {
	return func(r Reading, v value) value {
		if s, is := v.str(); is && !strings.HasPrefix(s, "{") {
			return value{}
		}
		return read(r, v)
	}
}

var braintrustKinds = map[string]Kind{
	"llm": KindLLM, "tool": KindTool, "task": KindChain, "function": KindChain, "eval": KindEvaluator, "score": KindEvaluator,
}

func braintrustKind(r Reading, attributes string) (Kind, verdict) {
	var ignored jsonval.Repairs
	n, _ := r.Doc().Parse(attributes, &ignored)
	k, ok := braintrustKinds[strings.ToLower(n.Get("type").Str())]
	if !ok {
		return KindOther, undecided
	}
	return k, decided
}
