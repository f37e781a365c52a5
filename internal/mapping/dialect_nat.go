package mapping

// NVIDIA's NeMo Agent Toolkit: OpenInference's values and counts, kinds and names of its own.
var _ = register(dialect{
	name:     "NVIDIA NeMo Agent Toolkit",
	versions: "nvidia-nat 1.9 (source: observability/exporter/span_exporter.py)",
	marks:    []string{"nat.span.kind"},
	sources: map[field][]source{
		fSessionID: {{attr: "nat.conversation.id", with: unlessUnknown, note: "unless it is `unknown`"}},
		fAgentName: {{attr: "nat.subspan.name", only: kindsOf(KindAgent)}},
		fToolName:  {{attr: "nat.subspan.name"}}, // nat.function.name is that of the function around
	},
	kinds: []kindRule{{at: kindByOthers, attr: "nat.span.kind", values: map[string]Kind{
		"llm": KindLLM, "tool": KindTool, "workflow": KindChain, "task": KindChain, "function": KindChain, "embedder": KindEmbedding,
		"retriever": KindRetriever, "agent": KindAgent, "reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator,
	}}},
	words: []string{"input.value_obj", "output.value_obj", "nat.metadata"},
})

func unlessUnknown(_ Reading, v value) value {
	if s, _ := v.str(); s == "unknown" {
		return value{}
	}
	return v
}
