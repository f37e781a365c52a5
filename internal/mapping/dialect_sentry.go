package mapping

import "strings"

// Sentry's OpenTelemetry-based Node SDK.
var _ = register(dialect{
	name:     "Sentry",
	versions: "*@sentry/node* 10.78.0",
	scopes:   []string{"@sentry/node"},
	marks:    []string{"sentry.op"},
	sources: map[field][]source{
		fCacheRead:          {{attr: "gen_ai.usage.input_tokens.cached", at: libraryNames1}},
		fCacheCreation:      {{attr: "gen_ai.usage.input_tokens.cache_write", at: libraryNames1}},
		fReasoning:          {{attr: "gen_ai.usage.output_tokens.reasoning", at: libraryNames1}},
		fStreaming:          {{attr: "gen_ai.response.streaming", at: otherNames4}},
		fInputMessages:      {{attr: "gen_ai.request.messages"}},
		fOutputMessages:     {{answer: &answer{text: "gen_ai.response.text", toolCalls: "gen_ai.response.tool_calls", texts: true}}},
		fSystemInstructions: {{attr: "gen_ai.system_instructions", own: true, with: listInText, note: "of LangChain, a list of blocks as text", at: exactNames}},
		fToolDefinitions:    {{attr: "gen_ai.request.available_tools"}},
		fToolArguments:      {{attr: "gen_ai.tool.input", at: libraryNames3}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "sentry.op", values: map[string]Kind{
			"gen_ai.chat": KindLLM, "gen_ai.generate_text": KindLLM, "gen_ai.generate_content": KindLLM, "gen_ai.stream_text": KindLLM,
			"gen_ai.generate_object": KindLLM, "gen_ai.stream_object": KindLLM, "gen_ai.responses": KindLLM, "gen_ai.messages": KindLLM,
			"gen_ai.text_completion": KindLLM, "gen_ai.embeddings": KindEmbedding, "gen_ai.embed": KindEmbedding,
			"gen_ai.embed_many": KindEmbedding, "gen_ai.rerank": KindReranker,
			"gen_ai.invoke_agent": KindAgent, "gen_ai.create_agent": KindAgent, "gen_ai.handoff": KindChain,
			"gen_ai.execute_tool": KindTool, "gen_ai.guardrail": KindGuardrail, "gen_ai.guardrail.input": KindGuardrail,
			"gen_ai.guardrail.output": KindGuardrail,
		}},
	},
	words: []string{"gen_ai.embeddings.input"},
})

// The spans of the Vercel AI SDK once Sentry has renamed them: ai.X is vercel.ai.X.
var _ = register(sentryVercel())

func sentryVercel() dialect {
	d := dialect{
		name:     "Vercel AI SDK, renamed by Sentry",
		versions: "@sentry/node 10 (source: packages/core/src/tracing/vercel-ai)",
		marks:    []string{"vercel.ai.operationId", "sentry.origin=auto.vercelai.otel"},
		sources:  map[field][]source{},
		kinds: []kindRule{
			{at: kindByVercel, attr: "vercel.ai.operationId", of: vercelKind, note: vercelKinds},
		},
	}
	for f, sources := range vercel.sources {
		for _, s := range sources {
			if s.answer != nil {
				a := *s.answer
				a.text, a.reasoning, a.toolCalls, a.object = sentryName(a.text), sentryName(a.reasoning), sentryName(a.toolCalls), sentryName(a.object)
				s.answer = &a
			} else if s.attr = sentryName(s.attr); s.attr == "" || s.event != "" {
				continue
			}
			d.sources[f] = append(d.sources[f], s)
		}
	}
	d.sources[fProvider] = append(d.sources[fProvider], source{attr: "vercel.ai.model.provider"})
	d.sources[fStreaming] = append(d.sources[fStreaming], source{attr: "vercel.ai.streaming"})
	for _, w := range vercel.words {
		d.words = append(d.words, sentryName(w))
	}
	return d
}

// sentryName is the new name of one of the SDK's attributes; "" for any other.
func sentryName(attr string) string {
	if strings.HasPrefix(attr, "ai.") {
		return "vercel." + attr
	}
	return ""
}
