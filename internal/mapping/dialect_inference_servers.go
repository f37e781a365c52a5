package mapping

// Servers that run models: vLLM, TensorRT-LLM, and what is derived from them. Their
// spans name neither operation nor, often, a model.
var _ = register(dialect{
	name:     "vLLM and TensorRT-LLM",
	versions: "vLLM 0.6 to 0.12, TensorRT-LLM 1 (source: vllm/tracing, tensorrt_llm/llmapi/otel_tracing.py)",
	scopes:   []string{"vllm.*", "trt.llm", "tensorrt_llm*"},
	marks:    []string{"gen_ai.latency.e2e", "gen_ai.latency.time_to_first_token"},
	sources: map[field][]source{
		fTTFT:       {{attr: "gen_ai.latency.time_to_first_token", as: asSeconds}},
		fResponseID: {{attr: "gen_ai.request.id", own: true, at: last1}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{"llm_request": KindLLM}},
	},
})
