package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// told is a span of the sample data: ids are their first byte, times are ms after the
// begin of its trace, which is a minute after that of the trace before.
type told struct {
	trace, id, parent byte
	scope, service    string
	from, to          int
	failed            string
	attributes        map[string]any
}

// all returns the attributes of several maps together.
func all(maps ...map[string]any) map[string]any {
	sum := map[string]any{}
	for _, m := range maps {
		for k, v := range m {
			sum[k] = v
		}
	}
	return sum
}

func model(name string) map[string]any {
	return map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": name}
}

func tokens(input, output int) map[string]any {
	return map[string]any{"gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": output}
}

func cost(usd float64) map[string]any { return map[string]any{"gen_ai.usage.cost": usd} }

func asked(lines ...string) map[string]any {
	return map[string]any{"gen_ai.input.messages": say(lines...)}
}

func answered(lines ...string) map[string]any {
	return map[string]any{"gen_ai.output.messages": say(lines...)}
}

func whose(user, session string) map[string]any {
	return map[string]any{"user.id": user, "gen_ai.conversation.id": session}
}

func agent(name string) map[string]any {
	return map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
}

func tool(name, call string) map[string]any {
	return map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call}
}

// sampleSpans are what an application tells, with all that made readers count wrongly.
var sampleSpans = []told{
	// 1: an agent; LangChain's span has the answer, the client's below it the question and the
	// figures; the model is known by a date; a tool told by client and server of MCP.
	{1, 1, 0, "app", "shop", 0, 5000, "", all(agent("concierge"), whose("alice", "s1"), map[string]any{"deployment.environment.name": "prod"})},
	{1, 2, 1, "langchain", "shop", 100, 2100, "", all(model("gpt-4o"), answered("assistant: The river is north."))},
	{1, 3, 2, "openai", "shop", 200, 2000, "", all(model("gpt-4o"), tokens(100, 20), cost(0.002), asked("system: Be kind", "user: Where is the river?"),
		map[string]any{"gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.tool.definitions": `[{"type":"function","name":"map"},{"type":"function","name":"weather"}]`})},
	{1, 4, 1, "mcp-client", "shop", 2200, 2700, "", all(tool("map", "c1"), map[string]any{"gen_ai.tool.call.arguments": `{"of":"river"}`})},
	{1, 5, 4, "mcp-server", "shop", 2300, 2600, "", all(tool("map", "c1"), map[string]any{"gen_ai.tool.call.result": `{"found":true}`})},
	{1, 6, 1, "openai", "shop", 3000, 4000, "", all(model("gpt-4o"), tokens(150, 30), cost(0.004),
		asked("system: Be kind", "user: Where is the river?", "assistant: The river is north.", "user: Thanks"), answered("assistant: Welcome."))},
	// 2: one span tells the usage of three steps, which tell none.
	{2, 1, 0, "ai", "shop", 0, 6000, "", all(model("gpt-4o"), tokens(300, 60), whose("bob", "s2"))},
	{2, 2, 1, "ai", "shop", 0, 1000, "", all(model("gpt-4o"), asked("user: one"), answered("assistant: eins"))},
	{2, 3, 1, "ai", "shop", 2000, 3500, "", all(model("gpt-4o"), asked("user: one", "assistant: eins", "user: two"), answered("assistant: zwei"))},
	{2, 4, 1, "ai", "shop", 4000, 6000, "", all(model("gpt-4o"), asked("user: one", "assistant: eins", "user: two", "assistant: zwei", "user: two"), answered("assistant: zwei"))},
	// 3: an agent tool calls the agent tool again: two calls, and one below them.
	{3, 1, 0, "app", "support", 0, 9000, "", all(agent("boss"), whose("alice", "s3"), asked("user: Plan my day"), answered("assistant: Planned."))},
	{3, 2, 1, "app", "support", 100, 8000, "", tool("delegate", "d1")},
	{3, 3, 2, "app", "support", 200, 7000, "", tool("delegate", "d2")},
	{3, 4, 3, "app", "support", 300, 6000, "", tool("delegate", "d3")},
	{3, 5, 4, "app", "support", 400, 500, "timeout", tool("calendar", "k1")},
	// 4: a call fails in three wrappers.
	{4, 1, 0, "dspy", "batch", 0, 300, "", map[string]any{"user.id": "carol"}},
	{4, 2, 1, "dspy", "batch", 10, 290, "rate_limit", all(model("gpt-4o-mini"), asked("user: go"))},
	{4, 3, 2, "litellm", "batch", 20, 280, "rate_limit", all(model("gpt-4o-mini"), asked("user: go"))},
	{4, 4, 3, "openai", "batch", 30, 270, "rate_limit", all(model("gpt-4o-mini"), asked("user: go"))},
	// 5: one trace serves two users and sessions; its last call fails.
	{5, 1, 0, "app", "batch", 0, 5000, "", map[string]any{}},
	{5, 2, 1, "openai", "batch", 100, 1100, "", all(model("gpt-4o-mini"), tokens(10, 5), whose("dave", "s5a"), asked("user: hi"), answered("assistant: hello"))},
	{5, 3, 1, "openai", "batch", 1200, 1700, "", all(model("gpt-4o-mini"), tokens(20, 5), whose("erin", "s5b"), asked("user: hi"), answered("assistant: hello"))},
	{5, 4, 1, "openai", "batch", 1800, 1850, "rate_limit", all(model("gpt-4o-mini"), whose("erin", "s5b"), asked("user: hi again"))},
	// 6: usage that only a remote agent tells, in two figures.
	{6, 1, 0, "app", "research", 0, 20000, "", all(agent("remote"), tokens(1000, 200), whose("frank", "s6"), asked("user: Study rivers"), answered("assistant: Done."))},
	// 7: a fallback: the first model fails below the call, the second answers.
	{7, 1, 0, "router", "support", 0, 4000, "", all(model("gpt-4o"), whose("alice", "s3"), asked("user: Is it open?"), answered("assistant: Yes."))},
	{7, 2, 1, "openai", "support", 10, 60, "rate_limit", model("gpt-4o")},
	{7, 3, 1, "anthropic", "support", 100, 3900, "", all(model("claude-sonnet-4"), tokens(40, 10), map[string]any{
		"gen_ai.provider.name": "anthropic", "gen_ai.response.model": "us.anthropic.claude-sonnet-4-20250514-v1:0"})},
	// 8: embeddings and a look-up of documents; an answer without text.
	{8, 1, 0, "app", "research", 0, 3000, "", all(agent("librarian"), whose("bob", "s8"), map[string]any{"gen_ai.prompt.name": "none"})},
	{8, 2, 1, "app", "research", 10, 110, "", all(tokens(8, 0), map[string]any{"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai", "gen_ai.request.model": "text-embedding-3-small"})},
	{8, 3, 1, "app", "research", 200, 500, "", map[string]any{"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "deep rivers",
		"gen_ai.retrieval.documents": `[{"id":"d1","content":"The Amazon"},{"id":"d2","content":"The Nile"}]`}},
	{8, 4, 1, "openai", "research", 600, 2600, "", all(model("gpt-4o"), tokens(500, 1), asked("user: Which river?"),
		map[string]any{"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"reasoning","content":"Hm"}],"finish_reason":"length"}]`,
			"gen_ai.prompt.name": "rivers", "gen_ai.prompt.version": "3", "gen_ai.response.finish_reasons": []any{"length"}})},
}

func (s *told) traces() ptrace.Traces {
	begin := noon(2).Add(time.Duration(s.trace-1) * time.Minute)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	td, span := newSpan(s.scope, s.id, s.parent, at(s.from), at(s.to))
	span.SetTraceID(pcommon.TraceID{s.trace})
	td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", s.service)
	if err := span.Attributes().FromRaw(s.attributes); err != nil {
		panic(err)
	}
	if s.failed != "" {
		span.Attributes().PutStr("error.type", s.failed)
		span.Status().SetCode(ptrace.StatusCodeError)
	}
	return td
}

// sendSample sends the sample data, a span a batch, in an order.
func sendSample(t *testing.T, e exporter.Traces, order []int) {
	t.Helper()
	require.Len(t, order, len(sampleSpans))
	for _, i := range order {
		consume(t, e, sampleSpans[i].traces())
	}
}
