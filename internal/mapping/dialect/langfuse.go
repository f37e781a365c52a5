package dialect

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// The Langfuse SDKs.
var _ = register(Dialect{
	Name:     "Langfuse SDK",
	Versions: "langfuse-sdk 3.9.0, *5.0.4*; *@langfuse/tracing* and *@langfuse/openai* 5.11.1; *trpc-agent-go* 0e352fdd",
	Scopes:   []string{"langfuse-sdk"},
	Marks:    []string{"langfuse.observation.type"},
	Sources: map[Field][]Source{
		RequestModel: {
			{Attr: "langfuse.observation.metadata.ls_model_name", As: AsJSON},
			{Attr: "langfuse.observation.model.name"},
		},
		ResponseModel: {{Attr: "langfuse.observation.model.name", With: unlessRequested, Note: "unless it is the request model"}},
		ResponseID:    {{Attr: "langfuse.observation.metadata.id", As: AsJSON, Own: true, Only: OnlyLLM, With: ofResponsesAPI, Note: "if `…metadata.object` is `response`"}},
		FinishReasons: {{Attr: "langfuse.observation.metadata.finish_reason", As: AsJSON}},
		RequestParameters: {
			{Attr: "langfuse.observation.model.parameters", As: AsBody, At: afterOpenInference},
			{Attr: "langfuse.observation.model_parameters", As: AsBody, At: afterOpenInference},
		},
		Streaming:     {{Attr: "langfuse.observation.model.parameters", Path: "stream", At: afterOpenInference}},
		TTFT:          {{Attr: "langfuse.observation.completion_start_time", As: AsTime, At: events1, Streams: true}},
		InputTokens:   {{Attr: langfuseUsage, With: bucketsOf(langfuseInput), Note: "sum of its buckets", Sums: true}},
		OutputTokens:  {{Attr: langfuseUsage, With: bucketsOf(langfuseOutput), Note: "sum of its buckets", Sums: true}},
		TotalTokens:   {{Attr: langfuseUsage, Path: "total|total_tokens|totalTokens"}},
		CacheRead:     {{Attr: langfuseUsage, With: bucketsOf(langfuseCacheRead), Note: "sum of its buckets"}},
		CacheCreation: {{Attr: langfuseUsage, With: bucketsOf(langfuseCacheCreation), Note: "sum of its buckets"}},
		Reasoning:     {{Attr: langfuseUsage, With: bucketsOf(langfuseReasoning), Note: "sum of its buckets"}},
		InputCost:     {{Attr: langfuseCost, With: costsOf("input", "cache", "prompt"), Note: "sum of `input…` `cache…` `prompt…`"}},
		OutputCost:    {{Attr: langfuseCost, With: costsOf("output", "completion"), Note: "sum of `output…` `completion…`"}},
		TotalCost:     {{Attr: langfuseCost, Path: "total"}, {Attr: langfuseCost, With: costsOf(""), Note: "sum of all"}},
		UserID: {
			{Attr: "langfuse.user.id"},
			{Attr: "langfuse.trace.metadata.langfuse_user_id", At: afterLegacy},
		},
		SessionID: {
			{Attr: "langfuse.session.id"},
			{Attr: "langfuse.trace.metadata.langfuse_session_id", At: afterLegacy},
		},
		Environment: {{Attr: "langfuse.environment"}},
		Release:     {{Attr: "langfuse.release"}, {Attr: "langfuse.version"}},
		Tags:        {{Attr: "langfuse.trace.tags"}, {Attr: "langfuse.tags"}},
		PromptName: {
			{Attr: "langfuse.observation.prompt.name", Only: OnlyLLM},
			{Attr: "langfuse.prompt.name"},
		},
		PromptVersion: {
			{Attr: "langfuse.observation.prompt.version", Only: OnlyLLM},
			{Attr: "langfuse.prompt.version"},
		},
		AgentName:     {{Attr: "langfuse.observation.metadata.lc_agent_name", As: AsJSON, At: last1}},
		ToolName:      {{As: AsName, Own: true, At: last1}},
		ToolCallID:    {{Attr: "langfuse.observation.output", With: toolMessageID, Note: ofToolMessage, At: events1}},
		ErrorMessage:  {{Attr: "langfuse.observation.status_message"}},
		InputMessages: {{Attr: "langfuse.observation.input", As: AsBody, With: withoutTools, Note: "without tools among the messages"}},
		OutputMessages: {
			{Attr: "langfuse.observation.output", As: AsBody},
			{Attr: "langfuse.observation.output", Path: "output"},
		},
		SystemInstructions: {
			{Attr: "langfuse.observation.metadata.instructions", At: afterADK},
			{Attr: "langfuse.observation.input", As: AsBody, Object: true, With: bodyOnly, Note: "of a request's body", At: afterADK},
		},
		ToolDefinitions: {
			{Attr: "langfuse.observation.input", As: AsBody, Object: true, With: bodyOnly, Note: "of a request's body", At: afterADK},
			{Attr: "langfuse.observation.metadata.tools", At: afterADK},
			{Attr: "langfuse.observation.input", With: onlyTools, Note: "tools among the messages", At: afterADK},
		},
		ToolArguments: {{Attr: "langfuse.observation.input"}},
		ToolResult:    {{Attr: "langfuse.observation.output"}},
		RetrievalQuery: {
			{Attr: "langfuse.observation.input", Path: "query|input|question"},
			{Attr: "langfuse.observation.input"},
		},
		Documents: {{Attr: "langfuse.observation.output", As: AsWrapped}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Attr: "langfuse.observation.type", Of: langfuseKind, Note: langfuseKinds, Values: map[string]Kind{
			"embedding": KindEmbedding, "agent": KindAgent, "tool": KindTool, "chain": KindChain,
			"retriever": KindRetriever, "guardrail": KindGuardrail, "evaluator": KindEvaluator,
		}},
	},
	Words: []string{"langfuse.trace.input", "langfuse.trace.output"},
	Failed: func(r Reading) bool {
		level, _ := r.Attr("langfuse.observation.level").Str()
		return level == "ERROR"
	},
})

// ofResponsesAPI passes on what the wrapped client copies of an answer of OpenAI's Responses API: under the same
// keys anybody may write other metadata.
func ofResponsesAPI(r Reading, v value.Value) value.Value {
	if object, _ := r.Attr("langfuse.observation.metadata.object").Str(); value.Unquote(object) == "response" {
		return v
	}
	return value.Value{}
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
func langfuseKind(r Reading, observation string) (Kind, Verdict) {
	switch strings.ToLower(observation) {
	case "generation":
		model, _ := r.Attr("langfuse.observation.model.name").Str()
		output, _ := r.Attr("langfuse.observation.output").Str()
		if strings.Contains(model, "embed") && content.Absent(value.Unquote(output)) {
			return KindEmbedding, Decided
		}
		return KindLLM, Decided
	case "span":
	default:
		return KindOther, Undecided
	}
	if r.ScopeName() != "langfuse-sdk" || !versionAtMost(r.ScopeVersion(), "3.3") {
		return KindOther, IgnoresEvidence
	}
	if r.HasText(RequestModel) {
		return KindLLM, Decided
	}
	return KindOther, Undecided
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
func bucketsOf(b langfuseBuckets) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		usage := r.ParseOnce(v)
		for _, path := range b.inclusive {
			parent, key, nested := strings.Cut(path, ".")
			if n := usage.Get(parent); nested && n.Get(key).Exists() {
				return value.Value{Node: n.Get(key)}
			}
			if !nested && isOpenAIUsage(usage) && usage.Get(parent).Exists() {
				return value.Value{Node: usage.Get(parent)}
			}
		}
		return sumOf(r, usage, b)
	}
}

func isOpenAIUsage(usage jsonval.Node) bool {
	for _, key := range [...]string{"prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details"} {
		if value.IsObject(usage.Get(key)) {
			return true
		}
	}
	return false
}

// sumOf adds up the buckets of a figure.
func sumOf(r Reading, usage jsonval.Node, b langfuseBuckets) value.Value {
	var sum int64
	found := false
	add := func(n jsonval.Node) bool {
		i, _, ok := value.Value{Node: n}.Integer()
		if ok && i <= MaxTokens && sum <= MaxTokens {
			sum, found = sum+i, true
		}
		return ok
	}
	for _, key := range b.main {
		if n := usage.Get(key); n.Exists() && add(n) {
			break
		}
	}
	for n := usage.First(); n.Exists() && value.IsObject(usage); n = n.Next() {
		if !isMain(b.main, n.Key()) && b.bucket(n.Key()) {
			add(n)
		}
	}
	if !found {
		return value.Value{}
	}
	return value.Value{Node: r.Doc().Int(sum)}
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
func costsOf(prefixes ...string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		sum, found := decimal.Decimal{}, false
		costs := r.ParseOnce(v)
		for n := costs.First(); n.Exists() && value.IsObject(costs); n = n.Next() {
			for _, p := range prefixes {
				if d, _, ok := (value.Value{Node: n}).Decimal(); ok && strings.HasPrefix(n.Key(), p) {
					sum, found = sum.Add(d), true
					break
				}
			}
		}
		if !found {
			return value.Value{}
		}
		return r.TextValue(sum.String())
	}
}

// LangChain's handler for Python tells each tool that a model may call as a message of
// role tool, whose content is the tool's definition.

func isToolMessage(n jsonval.Node) bool {
	c := n.Get("content")
	return n.Get("role").Str() == "tool" && c.Get("type").Str() == "function" && value.IsObject(c.Get("function"))
}

// toolsAmong parses a list of messages if tools may be among them.
func toolsAmong(r Reading, v value.Value) jsonval.Node {
	s, is := v.Str()
	if is && (!strings.HasPrefix(strings.TrimPrefix(value.TrimBlanks(s), `"`), "[") || !strings.Contains(s, `function": {`) && !strings.Contains(s, `function":{`) && !strings.Contains(s, `function\":`)) {
		return jsonval.Node{}
	}
	n := r.ParseOnce(v)
	for c := n.First(); c.Exists(); c = c.Next() {
		if isToolMessage(c) {
			return n
		}
	}
	return jsonval.Node{}
}

func withoutTools(r Reading, v value.Value) value.Value {
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
	return value.Value{Node: messages}
}

func onlyTools(r Reading, v value.Value) value.Value {
	n := toolsAmong(r, v)
	if !n.Exists() {
		return value.Value{}
	}
	tools := r.Doc().Array()
	for c := n.First(); c.Exists(); c = c.Next() {
		if isToolMessage(c) {
			tools.Add(c.Get("content"))
		}
	}
	return value.Value{Node: tools}
}
