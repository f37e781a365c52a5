package dialect

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"

// NVIDIA's NeMo Agent Toolkit: OpenInference's values and counts, kinds and names of its own.
var _ = register(Dialect{
	Name:     "NVIDIA NeMo Agent Toolkit",
	Versions: "nvidia-nat 1.9 (source: observability/exporter/span_exporter.py)",
	Marks:    []string{"nat.span.kind"},
	Sources: map[Field][]Source{
		SessionID: {{Attr: "nat.conversation.id", With: unlessUnknown, Note: "unless it is `unknown`"}},
		AgentName: {{Attr: "nat.subspan.name", Only: KindsOf(KindAgent)}},
		ToolName:  {{Attr: "nat.subspan.name"}}, // nat.function.name is that of the function around
	},
	Kinds: []KindRule{{Group: kindByOthers, Attr: "nat.span.kind", Values: map[string]Kind{
		"llm": KindLLM, "tool": KindTool, "workflow": KindChain, "task": KindChain, "function": KindChain, "embedder": KindEmbedding,
		"retriever": KindRetriever, "agent": KindAgent, "reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator,
	}}},
	Words: []string{"input.value_obj", "output.value_obj", "nat.metadata"},
})

func unlessUnknown(_ Reading, v value.Value) value.Value {
	if s, _ := v.Str(); s == "unknown" {
		return value.Value{}
	}
	return v
}
