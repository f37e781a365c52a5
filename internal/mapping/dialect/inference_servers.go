package dialect

// Servers that run models: vLLM, TensorRT-LLM, and what is derived from them. Their
// spans name neither operation nor, often, a model.
var _ = register(Dialect{
	Name:     "vLLM and TensorRT-LLM",
	Versions: "vLLM 0.6 to 0.12, TensorRT-LLM 1 (source: vllm/tracing, tensorrt_llm/llmapi/otel_tracing.py)",
	Scopes:   []string{"vllm.*", "trt.llm", "tensorrt_llm*"},
	Marks:    []string{"gen_ai.latency.e2e", "gen_ai.latency.time_to_first_token"},
	Sources: map[Field][]Source{
		TTFT:       {{Attr: "gen_ai.latency.time_to_first_token", As: AsSeconds}},
		ResponseID: {{Attr: "gen_ai.request.id", Own: true, At: last1}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Values: map[string]Kind{"llm_request": KindLLM}},
	},
})
