package dialect

// Sentry's OpenTelemetry-based Node SDK.
var _ = register(Dialect{
	Name:     "Sentry",
	Versions: "*@sentry/node* 10.78.0",
	Scopes:   []string{"@sentry/node"},
	Marks:    []string{"sentry.op"},
	Sources: map[Field][]Source{
		CacheRead:          {{Attr: "gen_ai.usage.input_tokens.cached", At: libraryNames1}},
		CacheCreation:      {{Attr: "gen_ai.usage.input_tokens.cache_write", At: libraryNames1}},
		Reasoning:          {{Attr: "gen_ai.usage.output_tokens.reasoning", At: libraryNames1}},
		Streaming:          {{Attr: "gen_ai.response.streaming", At: otherNames4}},
		InputMessages:      {{Attr: "gen_ai.request.messages"}},
		OutputMessages:     {{Answer: &Answer{Text: "gen_ai.response.text", ToolCalls: "gen_ai.response.tool_calls", Texts: true}}},
		SystemInstructions: {{Attr: "gen_ai.system_instructions", Own: true, With: listInText, Note: "of LangChain, a list of blocks as text", At: exactNames}},
		ToolDefinitions:    {{Attr: "gen_ai.request.available_tools"}},
		ToolArguments:      {{Attr: "gen_ai.tool.input", At: libraryNames3}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "sentry.op", Values: map[string]Kind{
			"gen_ai.chat": KindLLM, "gen_ai.generate_text": KindLLM, "gen_ai.generate_content": KindLLM, "gen_ai.stream_text": KindLLM,
			"gen_ai.generate_object": KindLLM, "gen_ai.stream_object": KindLLM, "gen_ai.responses": KindLLM, "gen_ai.messages": KindLLM,
			"gen_ai.text_completion": KindLLM, "gen_ai.embeddings": KindEmbedding, "gen_ai.embed": KindEmbedding,
			"gen_ai.embed_many": KindEmbedding, "gen_ai.rerank": KindReranker,
			"gen_ai.invoke_agent": KindAgent, "gen_ai.create_agent": KindAgent, "gen_ai.handoff": KindChain,
			"gen_ai.execute_tool": KindTool, "gen_ai.guardrail": KindGuardrail, "gen_ai.guardrail.input": KindGuardrail,
			"gen_ai.guardrail.output": KindGuardrail,
		}},
	},
	Words: []string{"gen_ai.embeddings.input"},
})
