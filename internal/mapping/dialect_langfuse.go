package mapping

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// The Langfuse SDKs.
var _ = register(dialect{
	name:     "Langfuse SDK",
	versions: "langfuse-sdk 3.9.0, *5.0.4*; *@langfuse/tracing* and *@langfuse/openai* 5.11.1; *trpc-agent-go* 0e352fdd",
	scopes:   []string{"langfuse-sdk"},
	marks:    []string{"langfuse.observation.type"},
	sources: map[field][]source{
		fRequestModel: {
			{attr: "langfuse.observation.metadata.ls_model_name", as: asJSON},
			{attr: "langfuse.observation.model.name"},
		},
		fResponseModel: {{attr: "langfuse.observation.model.name", with: unlessRequested, note: "unless it is the request model"}},
		fResponseID:    {{attr: "langfuse.observation.metadata.id", as: asJSON, own: true, only: onlyLLM, with: ofResponsesAPI, note: "if `…metadata.object` is `response`"}},
		fFinishReasons: {{attr: "langfuse.observation.metadata.finish_reason", as: asJSON}},
		fRequestParameters: {
			{attr: "langfuse.observation.model.parameters", as: asBody, at: afterOpenInference},
			{attr: "langfuse.observation.model_parameters", as: asBody, at: afterOpenInference},
		},
		fStreaming:     {{attr: "langfuse.observation.model.parameters", path: "stream", at: afterOpenInference}},
		fTTFT:          {{attr: "langfuse.observation.completion_start_time", as: asTime, at: events1, streams: true}},
		fInputTokens:   {{attr: langfuseUsage, with: bucketsOf(langfuseInput), note: "sum of its buckets", sums: true}},
		fOutputTokens:  {{attr: langfuseUsage, with: bucketsOf(langfuseOutput), note: "sum of its buckets", sums: true}},
		fTotalTokens:   {{attr: langfuseUsage, path: "total|total_tokens|totalTokens"}},
		fCacheRead:     {{attr: langfuseUsage, with: bucketsOf(langfuseCacheRead), note: "sum of its buckets"}},
		fCacheCreation: {{attr: langfuseUsage, with: bucketsOf(langfuseCacheCreation), note: "sum of its buckets"}},
		fReasoning:     {{attr: langfuseUsage, with: bucketsOf(langfuseReasoning), note: "sum of its buckets"}},
		fInputCost:     {{attr: langfuseCost, with: costsOf("input", "cache", "prompt"), note: "sum of `input…` `cache…` `prompt…`"}},
		fOutputCost:    {{attr: langfuseCost, with: costsOf("output", "completion"), note: "sum of `output…` `completion…`"}},
		fTotalCost:     {{attr: langfuseCost, path: "total"}, {attr: langfuseCost, with: costsOf(""), note: "sum of all"}},
		fUserID: {
			{attr: "langfuse.user.id"},
			{attr: "langfuse.trace.metadata.langfuse_user_id", at: afterLegacy},
		},
		fSessionID: {
			{attr: "langfuse.session.id"},
			{attr: "langfuse.trace.metadata.langfuse_session_id", at: afterLegacy},
		},
		fEnvironment: {{attr: "langfuse.environment"}},
		fRelease:     {{attr: "langfuse.release"}, {attr: "langfuse.version"}},
		fTags:        {{attr: "langfuse.trace.tags"}, {attr: "langfuse.tags"}},
		fPromptName: {
			{attr: "langfuse.observation.prompt.name", only: onlyLLM},
			{attr: "langfuse.prompt.name"},
		},
		fPromptVersion: {
			{attr: "langfuse.observation.prompt.version", only: onlyLLM},
			{attr: "langfuse.prompt.version"},
		},
		fAgentName:     {{attr: "langfuse.observation.metadata.lc_agent_name", as: asJSON, at: last1}},
		fToolName:      {{as: asName, own: true, at: last1}},
		fToolCallID:    {{attr: "langfuse.observation.output", with: toolMessageID, note: ofToolMessage, at: events1}},
		fErrorMessage:  {{attr: "langfuse.observation.status_message"}},
		fInputMessages: {{attr: "langfuse.observation.input", as: asBody, with: withoutTools, note: "without tools among the messages"}},
		fOutputMessages: {
			{attr: "langfuse.observation.output", as: asBody},
			{attr: "langfuse.observation.output", path: "output"},
		},
		fSystemInstructions: {
			{attr: "langfuse.observation.metadata.instructions", at: afterADK},
			{attr: "langfuse.observation.input", as: asBody, object: true, with: bodyOnly, note: "of a request's body", at: afterADK},
		},
		fToolDefinitions: {
			{attr: "langfuse.observation.input", as: asBody, object: true, with: bodyOnly, note: "of a request's body", at: afterADK},
			{attr: "langfuse.observation.metadata.tools", at: afterADK},
			{attr: "langfuse.observation.input", with: onlyTools, note: "tools among the messages", at: afterADK},
		},
		fToolArguments: {{attr: "langfuse.observation.input"}},
		fToolResult:    {{attr: "langfuse.observation.output"}},
		fRetrievalQuery: {
			{attr: "langfuse.observation.input", path: "query|input|question"},
			{attr: "langfuse.observation.input"},
		},
		fDocuments: {{attr: "langfuse.observation.output", as: asWrapped}},
	},
	kinds: []kindRule{
		{at: kindByIntent, attr: "langfuse.observation.type", of: langfuseKind, note: langfuseKinds, values: map[string]Kind{
			"embedding": KindEmbedding, "agent": KindAgent, "tool": KindTool, "chain": KindChain,
			"retriever": KindRetriever, "guardrail": KindGuardrail, "evaluator": KindEvaluator,
		}},
	},
	words: []string{"langfuse.trace.input", "langfuse.trace.output"},
	failed: func(r Reading) bool {
		level, _ := r.attr("langfuse.observation.level").str()
		return level == "ERROR"
	},
})

// ofResponsesAPI passes on what the wrapped client copies of an answer of OpenAI's Responses API: under the same
// keys anybody may write other metadata.
func ofResponsesAPI(r Reading, v value) value {
	if object, _ := r.attr("langfuse.observation.metadata.object").str(); unquote(object) == "response" {
		return v
	}
	return value{}
}

const (
	langfuseUsage = "langfuse.observation.usage_details"
	langfuseCost  = "langfuse.observation.cost_details"
)

const langfuseKinds = "`generation` → llm, or embedding if the model is one and there is no output; " +
	"`span`: no hint below counts, but for the Python SDK up to 3.3"

// langfuseKind: the wrapped OpenAI client types embeddings as generations. A plain
// span is not made a call of a model by what it carries, but the Python SDK up to
// 3.3 typed generations so.
func langfuseKind(r Reading, observation string) (Kind, verdict) {
	switch strings.ToLower(observation) {
	case "generation":
		model, _ := r.attr("langfuse.observation.model.name").str()
		output, _ := r.attr("langfuse.observation.output").str()
		if strings.Contains(model, "embed") && content.Absent(unquote(output)) {
			return KindEmbedding, decided
		}
		return KindLLM, decided
	case "span":
	default:
		return KindOther, undecided
	}
	if r.ScopeName() != "langfuse-sdk" || !versionAtMost(r.ScopeVersion(), "3.3") {
		return KindOther, ignoresEvidence
	}
	if r.hasText(fRequestModel) {
		return KindLLM, decided
	}
	return KindOther, undecided
}

// langfuseBuckets is how one figure is read from usage details. OpenAI's shape has
// details nested and inclusive totals; else the keys are buckets that add up.
type langfuseBuckets struct {
	inclusive []string // paths in OpenAI's shape
	bucket    func(key string) bool
	main      []string // spellings of the bucket that counts once
}

var (
	langfuseInput = langfuseBuckets{
		inclusive: []string{"prompt_tokens", "input_tokens"},
		main:      []string{"input", "input_tokens", "prompt_tokens", "inputTokens", "promptTokens"},
		bucket: func(key string) bool {
			return strings.HasPrefix(key, "input_") || strings.HasPrefix(key, "cache_") && strings.Contains(key, "input")
		},
	}
	langfuseOutput = langfuseBuckets{
		inclusive: []string{"completion_tokens", "output_tokens"},
		main:      []string{"output", "output_tokens", "completion_tokens", "outputTokens", "completionTokens"},
		bucket:    func(key string) bool { return strings.HasPrefix(key, "output_") },
	}
	langfuseCacheRead = langfuseBuckets{
		inclusive: []string{"prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens"},
		bucket: func(key string) bool {
			return key == "input_cached_tokens" || key == "input_cached" || key == "cached_input_tokens" || key == "cache_read_input_tokens" || key == "input_cache_read"
		},
	}
	langfuseCacheCreation = langfuseBuckets{
		bucket: func(key string) bool {
			return strings.HasPrefix(key, "input_cache_creation") || key == "cache_creation_input_tokens"
		},
	}
	langfuseReasoning = langfuseBuckets{
		inclusive: []string{"completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"},
		bucket:    func(key string) bool { return key == "output_reasoning_tokens" || key == "output_reasoning" },
	}
)

// bucketsOf makes a converter of how a figure is read.
func bucketsOf(b langfuseBuckets) func(Reading, value) value {
	return func(r Reading, v value) value {
		usage := r.parseOnce(v)
		for _, path := range b.inclusive {
			parent, key, nested := strings.Cut(path, ".")
			if n := usage.Get(parent); nested && n.Get(key).Exists() {
				return value{node: n.Get(key)}
			}
			if !nested && isOpenAIUsage(usage) && usage.Get(parent).Exists() {
				return value{node: usage.Get(parent)}
			}
		}
		return sumOf(r, usage, b)
	}
}

func isOpenAIUsage(usage jsonval.Node) bool {
	for _, key := range [...]string{"prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details"} {
		if isObject(usage.Get(key)) {
			return true
		}
	}
	return false
}

// sumOf adds up the buckets of a figure.
func sumOf(r Reading, usage jsonval.Node, b langfuseBuckets) value {
	var sum int64
	found := false
	add := func(n jsonval.Node) bool {
		i, _, ok := value{node: n}.integer()
		if ok && i <= maxTokens && sum <= maxTokens {
			sum, found = sum+i, true
		}
		return ok
	}
	for _, key := range b.main {
		if n := usage.Get(key); n.Exists() && add(n) {
			break
		}
	}
	for n := usage.First(); n.Exists() && isObject(usage); n = n.Next() {
		if !isMain(b.main, n.Key()) && b.bucket(n.Key()) {
			add(n)
		}
	}
	if !found {
		return value{}
	}
	return value{node: r.Doc().Int(sum)}
}

func isMain(main []string, key string) bool {
	for _, m := range main {
		if m == key {
			return true
		}
	}
	return false
}

// costsOf makes a converter that adds up the costs whose keys start so.
func costsOf(prefixes ...string) func(Reading, value) value {
	return func(r Reading, v value) value {
		sum, found := decimal.Decimal{}, false
		costs := r.parseOnce(v)
		for n := costs.First(); n.Exists() && isObject(costs); n = n.Next() {
			for _, p := range prefixes {
				if d, _, ok := (value{node: n}).decimal(); ok && strings.HasPrefix(n.Key(), p) {
					sum, found = sum.Add(d), true
					break
				}
			}
		}
		if !found {
			return value{}
		}
		return r.textValue(sum.String())
	}
}

// LangChain's handler for Python tells each tool that a model may call as a message of
// role tool, whose content is the tool's definition.

func isToolMessage(n jsonval.Node) bool {
	c := n.Get("content")
	return n.Get("role").Str() == "tool" && c.Get("type").Str() == "function" && isObject(c.Get("function"))
}

// toolsAmong parses a list of messages if tools may be among them.
func toolsAmong(r Reading, v value) jsonval.Node {
	s, is := v.str()
	if is && (!strings.HasPrefix(strings.TrimPrefix(trimBlanks(s), `"`), "[") || !strings.Contains(s, `function": {`) && !strings.Contains(s, `function":{`) && !strings.Contains(s, `function\":`)) {
		return jsonval.Node{}
	}
	n := r.parseOnce(v)
	for c := n.First(); c.Exists(); c = c.Next() {
		if isToolMessage(c) {
			return n
		}
	}
	return jsonval.Node{}
}

func withoutTools(r Reading, v value) value {
	n := toolsAmong(r, v)
	if !n.Exists() {
		return v
	}
	messages := r.Doc().Array()
	for c := n.First(); c.Exists(); c = c.Next() {
		if !isToolMessage(c) {
			messages.Add(c)
		}
	}
	return value{node: messages}
}

func onlyTools(r Reading, v value) value {
	n := toolsAmong(r, v)
	if !n.Exists() {
		return value{}
	}
	tools := r.Doc().Array()
	for c := n.First(); c.Exists(); c = c.Next() {
		if isToolMessage(c) {
			tools.Add(c.Get("content"))
		}
	}
	return value{node: tools}
}
