package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Braintrust: each group of facts is one JSON attribute, or one attribute a fact.
var _ = register(Dialect{
	Name:     "Braintrust",
	Versions: "*braintrust* (Python) 0.48.1, *braintrust-sdk-go* 63142de (November 2025), *braintrust-sdk-java* 0.3.6; SDK for Ruby (source)",
	Scopes:   []string{"braintrust*"},
	Marks:    []string{"braintrust.span_attributes", "braintrust.span_attributes.type", "braintrust.parent"},
	Sources: map[Field][]Source{
		Provider:          {{Attr: "braintrust.metadata", Path: "provider"}, {Attr: "braintrust.metadata.provider"}},
		RequestModel:      {{Attr: "braintrust.input_json", With: ofObject(memberText("model")), Note: "`model` of a body"}, {Attr: "braintrust.metadata", Path: "model"}, {Attr: "braintrust.metadata.model"}},
		ResponseModel:     {{Attr: "braintrust.output_json", With: ofObject(answerModel), Note: answerBody, Only: ModelKinds}},
		ResponseID:        {{Attr: "braintrust.metadata", Path: "id", Only: ModelKinds}, {Attr: "braintrust.output_json", With: ofObject(answerID), Note: answerBody, Only: ModelKinds}},
		RequestParameters: {{Attr: "braintrust.metadata", As: AsBody, Only: OnlyLLM, With: without("provider", "user_id", "session_id", "finish_reason", "id", "systemInstruction", "instructions"), Note: "but `provider`, `user_id`, `session_id`, `id`"}},
		Streaming:         {{Attr: "braintrust.metadata", Path: "stream"}},
		FinishReasons:     {{Attr: "braintrust.metadata", Path: "finish_reason"}},
		TTFT: {
			{Attr: "braintrust.metrics", Path: "time_to_first_token", As: AsSeconds},
			{Attr: "braintrust.metrics.time_to_first_token", As: AsSeconds},
		},
		InputTokens:   {{Attr: "braintrust.metrics", Path: "prompt_tokens"}, {Attr: "braintrust.metrics.prompt_tokens"}},
		OutputTokens:  {{Attr: "braintrust.metrics", Path: "completion_tokens"}, {Attr: "braintrust.metrics.completion_tokens"}},
		TotalTokens:   {{Attr: "braintrust.metrics", Path: "tokens"}, {Attr: "braintrust.metrics.tokens"}},
		CacheRead:     {{Attr: "braintrust.metrics", Path: "prompt_cached_tokens"}, {Attr: "braintrust.metrics.prompt_cached_tokens"}},
		CacheCreation: {{Attr: "braintrust.metrics", Path: "prompt_cache_creation_tokens"}, {Attr: "braintrust.metrics.prompt_cache_creation_tokens"}},
		Reasoning:     {{Attr: "braintrust.metrics", Path: "completion_reasoning_tokens|thoughts_token_count"}, {Attr: "braintrust.metrics.completion_reasoning_tokens"}, {Attr: "braintrust.output_json", With: ofObject(bodyCount("thoughtsTokenCount")), Note: ofBodyCounts, Only: ModelKinds}},
		TotalCost:     {{Attr: "braintrust.metrics", Path: "estimated_cost"}, {Attr: "braintrust.metrics.estimated_cost"}},
		UserID:        {{Attr: "braintrust.metadata.user_id"}, {Attr: "braintrust.metadata", Path: "user_id"}},
		SessionID:     {{Attr: "braintrust.metadata.session_id"}, {Attr: "braintrust.metadata", Path: "session_id"}},
		Tags:          {{Attr: "braintrust.tags"}},
		ToolName:      {{Attr: "braintrust.span_attributes", Path: "name"}, {As: AsName, Own: true, At: last1}},
		InputMessages: {
			{Attr: "braintrust.input_json", As: AsBody}, {Attr: "braintrust.input", As: AsBody},
		},
		OutputMessages: {
			{Attr: "braintrust.output_json", As: AsBody}, {Attr: "braintrust.output", As: AsBody},
		},
		SystemInstructions: {{Attr: "braintrust.metadata", Path: "systemInstruction|instructions", Mixed: true, Only: OnlyLLM}},
		ToolDefinitions:    {{Attr: "braintrust.metadata", Path: "tools", Mixed: true}},
		ToolArguments:      {{Attr: "braintrust.input_json"}, {Attr: "braintrust.input"}},
		ToolResult:         {{Attr: "braintrust.output_json"}, {Attr: "braintrust.output"}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "braintrust.span_attributes", Of: braintrustKind, Note: "its `type`, as below"},
		{Group: kindByOthers, Attr: "braintrust.span_attributes.type", Values: braintrustKinds},
	},
	Words: []string{"braintrust.expected", "braintrust.expected_json"},
})

// ofObject reads bodies only: most inputs and outputs are lists of messages.
func ofObject(read func(Reading, value.Value) value.Value) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		if s, is := v.Str(); is && !strings.HasPrefix(s, "{") {
			return value.Value{}
		}
		return read(r, v)
	}
}

var braintrustKinds = map[string]Kind{
	"llm": KindLLM, "tool": KindTool, "task": KindChain, "function": KindChain, "eval": KindEvaluator, "score": KindEvaluator,
}

func braintrustKind(r Reading, attributes string) (Kind, Verdict) {
	var ignored jsonval.Repairs
	n, _ := r.Doc().Parse(attributes, &ignored)
	k, ok := braintrustKinds[strings.ToLower(n.Get("type").Str())]
	if !ok {
		return KindOther, Undecided
	}
	return k, Decided
}
