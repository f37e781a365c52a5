package dialect

import "strings"

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
		{At: kindByOthers, Attr: "sentry.op", Values: map[string]Kind{
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

// The spans of the Vercel AI SDK once Sentry has renamed them: ai.X is vercel.ai.X.
var _ = register(sentryVercel())

func sentryVercel() Dialect {
	d := Dialect{
		Name:     "Vercel AI SDK, renamed by Sentry",
		Versions: "@sentry/node 10 (source: packages/core/src/tracing/vercel-ai)",
		Marks:    []string{"vercel.ai.operationId", "sentry.origin=auto.vercelai.otel"},
		Sources:  map[Field][]Source{},
		Kinds: []KindRule{
			{At: kindByVercel, Attr: "vercel.ai.operationId", Of: vercelKind, Note: vercelKinds},
		},
	}
	for f, sources := range vercel.Sources {
		for _, s := range sources {
			if s.Answer != nil {
				a := *s.Answer
				a.Text, a.Reasoning, a.ToolCalls, a.Object = sentryName(a.Text), sentryName(a.Reasoning), sentryName(a.ToolCalls), sentryName(a.Object)
				s.Answer = &a
			} else if s.Attr = sentryName(s.Attr); s.Attr == "" || s.Event != "" {
				continue
			}
			d.Sources[f] = append(d.Sources[f], s)
		}
	}
	d.Sources[Provider] = append(d.Sources[Provider], Source{Attr: "vercel.ai.model.provider"})
	d.Sources[Streaming] = append(d.Sources[Streaming], Source{Attr: "vercel.ai.streaming"})
	for _, w := range vercel.Words {
		d.Words = append(d.Words, sentryName(w))
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
