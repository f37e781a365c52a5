package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func toolWith(attrs map[string]any) testSpan {
	attrs["gen_ai.operation.name"] = "execute_tool"
	return testSpan{name: "the tool", attrs: attrs}
}

func TestToolArgumentsAndResults(t *testing.T) {
	for name, c := range map[string]struct {
		span              testSpan
		arguments, result any
	}{
		"decoded":                     {toolWith(map[string]any{"gen_ai.tool.call.arguments": `{"a":1}`, "gen_ai.tool.call.result": `[1,2]`}), map[string]any{"a": 1.0}, []any{1.0, 2.0}},
		"structured":                  {toolWith(map[string]any{"gen_ai.tool.call.arguments": map[string]any{"a": int64(1)}}), map[string]any{"a": 1.0}, nil},
		"scalars stay text":           {toolWith(map[string]any{"gen_ai.tool.call.arguments": "7", "gen_ai.tool.call.result": "12.0"}), "7", "12.0"},
		"quoted text":                 {toolWith(map[string]any{"gen_ai.tool.call.result": `"sunny"`}), nil, "sunny"},
		"always JSON":                 {testSpan{attrs: map[string]any{"ai.operationId": "ai.toolCall", "ai.toolCall.args": "7", "ai.toolCall.result": "12.0"}}, 7.0, 12.0},
		"malformed stays as it is":    {toolWith(map[string]any{"gen_ai.tool.call.arguments": `{"a":`}), `{"a":`, nil},
		"an empty object is passed":   {toolWith(map[string]any{"gen_ai.tool.call.arguments": "{}", "input.value": `{"a":1}`}), map[string]any{"a": 1.0}, nil},
		"an empty object is kept":     {toolWith(map[string]any{"gen_ai.tool.call.arguments": "{}", "input.value": ""}), map[string]any{}, nil},
		"input.value before params":   {toolWith(map[string]any{"input.value": `{"q":"x"}`, "tool.parameters": `{"type":"object"}`}), map[string]any{"q": "x"}, nil},
		"a part of the messages":      {toolWith(map[string]any{"gen_ai.input.messages": `[{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"t","arguments":{"a":1}}]}]`, "gen_ai.output.messages": `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c","response":"r"}]}]`}), map[string]any{"a": 1.0}, "r"},
		"langsmith unwraps":           {testSpan{scope: "langsmith", attrs: map[string]any{"langsmith.span.kind": "tool", "gen_ai.prompt": `{"input":"q"}`, "gen_ai.completion": `{"output":{"b":2}}`}}, "q", map[string]any{"b": 2.0}},
		"others keep their only key":  {toolWith(map[string]any{"gen_ai.prompt": `{"input":"q"}`}), map[string]any{"input": "q"}, nil},
		"other kinds have none":       {chatWith(map[string]any{"gen_ai.tool.call.arguments": `{"a":1}`}), nil, nil},
		"langfuse is the last word":   {testSpan{attrs: map[string]any{"langfuse.observation.type": "tool", "langfuse.observation.input": `{"l":1}`, "gen_ai.tool.call.arguments": `{"g":1}`}}, map[string]any{"l": 1.0}, nil},
		"placeholders are no values":  {toolWith(map[string]any{"gen_ai.tool.call.arguments": "<not serializable>", "gen_ai.tool.args": `{"a":1}`}), map[string]any{"a": 1.0}, nil},
		"claude code tells by events": {testSpan{scope: "com.anthropic.claude_code.tracing", attrs: map[string]any{"span.type": "tool", "tool_input": `{"c":"ls"}`}, events: []testEvent{{"tool.output", 1, map[string]any{"content": "a.txt"}}}}, map[string]any{"c": "ls"}, "a.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := c.span.mapped(t)
			require.Equal(t, c.arguments, got["tool_arguments"])
			require.Equal(t, c.result, got["tool_result"])
		})
	}
}

func TestToolNames(t *testing.T) {
	for name, c := range map[string]struct {
		span testSpan
		want any
	}{
		"conventions":         {toolWith(map[string]any{"gen_ai.tool.name": "a", "tool.name": "b"}), "a"},
		"openinference":       {toolWith(map[string]any{"tool.name": "b", "ai.toolCall.name": "c"}), "b"},
		"traceloop's entity":  {testSpan{attrs: map[string]any{"traceloop.span.kind": "tool", "traceloop.entity.name": "e"}}, "e"},
		"langsmith's run":     {testSpan{attrs: map[string]any{"langsmith.span.kind": "tool", "langsmith.trace.name": "r"}}, "r"},
		"mlflow's span":       {testSpan{name: "add", attrs: map[string]any{"mlflow.spanType": `"TOOL"`}}, "add"},
		"langfuse's span":     {testSpan{name: "search", attrs: map[string]any{"langfuse.observation.type": "tool"}}, "search"},
		"the span of nobody":  {toolWith(map[string]any{}), nil},
		"not on model calls":  {chatWith(map[string]any{"gen_ai.tool.name": "a"}), nil},
		"adk tells by a name": {testSpan{name: "execute_tool mayor", scope: "gcp.vertex.agent"}, "mayor"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := c.span.mapped(t)
			require.Equal(t, c.want, got["tool_name"])
		})
	}
}

func TestSystemInstructions(t *testing.T) {
	system := []any{map[string]any{"type": "text", "content": "Be kind."}}
	for name, attrs := range map[string]map[string]any{
		"parts":                  {"gen_ai.system_instructions": `[{"type":"text","content":"Be kind."}]`},
		"plain text":             {"gen_ai.system_instructions": "Be kind."},
		"messages":               {"gen_ai.system_instructions": `[{"role":"system","parts":[{"type":"text","content":"Be kind."}]}]`},
		"copied from the input":  {"gen_ai.input.messages": `[{"role":"system","content":"Be kind."},{"role":"user","content":"hi"}]`},
		"of the parameters":      {"llm.invocation_parameters": `{"system":"Be kind."}`},
		"of a request's body":    {"gen_ai.prompt": `{"model":"m","instructions":"Be kind.","input":"hi"}`},
		"of vercel's root":       {"ai.prompt": `{"system":"Be kind.","prompt":"hi"}`},
		"explicit before a copy": {"gen_ai.system_instructions": "Be kind.", "gen_ai.input.messages": `[{"role":"system","content":"Be rude."}]`},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(attrs).mapped(t)
			require.Equal(t, system, got["system_instructions"])
		})
	}
	_, got := chatWith(map[string]any{"gen_ai.input.messages": `[{"role":"user","content":"hi"},{"role":"system","content":"late"}]`}).mapped(t)
	require.Nil(t, got["system_instructions"], "only leading system messages are instructions")
	require.Len(t, got["input_messages"], 2, "the history is kept as sent")
}

func TestInputAndOutputAreResolvedApart(t *testing.T) {
	_, got := chatWith(map[string]any{
		"langfuse.observation.input": `{"question":"no message"}`, "llm.input_messages.0.message.content": "in", "gen_ai.completion.0.content": "out",
		"input.value": "raw", "output.value": "raw",
	}).mapped(t)
	require.Equal(t, fromJSON(t, `[{"role":"user","parts":[{"type":"text","content":"in"}]}]`), got["input_messages"])
	require.Equal(t, fromJSON(t, `[{"role":"assistant","parts":[{"type":"text","content":"out"}]}]`), got["output_messages"])
}

func TestRawInputAndOutputAreMessagesOfModelCallsOnly(t *testing.T) {
	for kind, want := range map[string]any{"LLM": fromJSON(t, `[{"role":"user","parts":[{"type":"text","content":"raw"}]}]`), "CHAIN": nil, "AGENT": nil} {
		_, got := testSpan{attrs: map[string]any{"openinference.span.kind": kind, "input.value": "raw"}}.mapped(t)
		require.Equal(t, want, got["input_messages"], kind)
	}
}

func TestIndexedKeysAreSortedAndCompacted(t *testing.T) {
	attrs := map[string]any{"gen_ai.prompt.999999999.role": "user", "gen_ai.prompt.name": "n", "gen_ai.prompt.prompt_filter_results": "x"}
	for _, i := range []string{"2", "10", "0", "9999"} {
		attrs["gen_ai.prompt."+i+".role"] = "user"
		attrs["gen_ai.prompt."+i+".content"] = i
	}
	s, got := chatWith(attrs).mapped(t)
	var order []any
	for _, m := range got["input_messages"].([]any) {
		order = append(order, m.(map[string]any)["parts"].([]any)[0].(map[string]any)["content"])
	}
	require.Equal(t, []any{"0", "2", "10", "9999"}, order)
	require.Equal(t, "n", got["prompt_name"])
	require.ElementsMatch(t, []string{"gen_ai.prompt.999999999.role", "gen_ai.prompt.prompt_filter_results"}, keysOf(left(t, s)))
}

func TestTextThatLooksLikeJSONIsSaidAsItIs(t *testing.T) {
	for _, said := range []string{"[1,2]", `{"city":"Oslo"}`, `[{"a":1}]`, `"quoted"`, "{broken"} {
		span := chatWith(map[string]any{"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": said})
		span.events = []testEvent{{"gen_ai.choice", 1, map[string]any{"message": said}}}
		_, got := span.mapped(t)
		parts := []any{map[string]any{"type": "text", "content": said}}
		require.Equal(t, []any{map[string]any{"role": "user", "parts": parts}}, got["input_messages"])
		require.Equal(t, []any{map[string]any{"role": "assistant", "parts": parts}}, got["output_messages"])
	}
}

func TestOldCompletionsOfAnthropic(t *testing.T) {
	_, got := testSpan{attrs: map[string]any{"llm.request.type": "completion", "gen_ai.prompt.0.user": "old prompt", "gen_ai.completion.0.content": "done"}}.mapped(t)
	require.Equal(t, fromJSON(t, `[{"role":"user","parts":[{"type":"text","content":"old prompt"}]}]`), got["input_messages"])
}

func TestRetrieval(t *testing.T) {
	docs := fromJSON(t, `[{"id":"d1","content":"text","score":0.5}]`)
	for name, c := range map[string]struct {
		attrs map[string]any
		query any
	}{
		"conventions":   {map[string]any{"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q", "gen_ai.retrieval.documents": `[{"id":"d1","content":"text","score":0.5}]`}, "q"},
		"structured":    {map[string]any{"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": []any{map[string]any{"id": "d1", "content": "text", "score": 0.5}}}, nil},
		"openinference": {map[string]any{"openinference.span.kind": "RETRIEVER", "input.value": "q", "retrieval.documents.0.document.id": "d1", "retrieval.documents.0.document.content": "text", "retrieval.documents.0.document.score": 0.5}, "q"},
		"reranker":      {map[string]any{"openinference.span.kind": "RERANKER", "reranker.query": "q", "input.value": "not this", "reranker.output_documents.0.document.id": "d1", "reranker.output_documents.0.document.content": "text", "reranker.output_documents.0.document.score": 0.5}, "q"},
		"langsmith":     {map[string]any{"langsmith.span.kind": "retriever", "gen_ai.prompt": `{"query":"q"}`, "gen_ai.completion": `{"outputs":[{"id":"d1","page_content":"text","score":0.5}]}`}, "q"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := testSpan{attrs: c.attrs}.mapped(t)
			require.Equal(t, c.query, got["retrieval_query"])
			require.Equal(t, docs, got["documents"])
		})
	}
}

func TestEmbeddingDimensions(t *testing.T) {
	for name, c := range map[string]struct {
		attrs map[string]any
		want  any
	}{
		"said":                {map[string]any{"gen_ai.operation.name": "embeddings", "gen_ai.embeddings.dimension.count": int64(512)}, 512.0},
		"counted":             {map[string]any{"openinference.span.kind": "EMBEDDING", "embedding.embeddings.0.embedding.vector": []any{0.1, 0.2}, "embedding.embeddings.1.embedding.vector": []any{0.1}}, 2.0},
		"counted in JSON":     {map[string]any{"ai.operationId": "ai.embedMany.doEmbed", "ai.embeddings": []any{"[0.1,0.2,0.3]", "[1,2,3]"}}, 3.0},
		"too many for an int": {map[string]any{"gen_ai.operation.name": "embeddings", "gen_ai.embeddings.dimension.count": int64(1) << 40}, nil},
		"of embeddings only":  {map[string]any{"gen_ai.operation.name": "chat", "gen_ai.embeddings.dimension.count": int64(512)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := testSpan{attrs: c.attrs}.mapped(t)
			require.Equal(t, c.want, got["embedding_dimensions"])
		})
	}
}

func TestAnswersArePutTogetherFromTheirParts(t *testing.T) {
	vercel := func(attrs map[string]any) testSpan {
		attrs["ai.operationId"] = "ai.generateText.doGenerate"
		return testSpan{attrs: attrs}
	}
	for name, c := range map[string]struct {
		span testSpan
		want string
	}{
		"text that looks like JSON": {vercel(map[string]any{"ai.response.text": "[1,2]"}), `[{"type":"text","content":"[1,2]"}]`},
		"reasoning comes first":     {vercel(map[string]any{"ai.response.text": "a", "ai.response.reasoning": "r"}), `[{"type":"reasoning","content":"r"},{"type":"text","content":"a"}]`},
		"empty reasoning is none":   {vercel(map[string]any{"ai.response.text": "a", "ai.response.reasoning": ""}), `[{"type":"text","content":"a"}]`},
		"calls after the text":      {vercel(map[string]any{"ai.response.text": "a", "ai.response.toolCalls": `[{"toolCallId":"c","toolName":"t","input":"{\"x\":1}"}]`}), `[{"type":"text","content":"a"},{"type":"tool_call","id":"c","name":"t","arguments":{"x":1}}]`},
		"an object is text":         {vercel(map[string]any{"ai.response.object": `{"a":1}`}), `[{"type":"text","content":"{\"a\":1}"}]`},
		"a list of texts":           {chatWith(map[string]any{"gen_ai.response.text": `["a"]`}), `[{"type":"text","content":"a"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := c.span.mapped(t)
			require.Equal(t, []any{map[string]any{"role": "assistant", "parts": fromJSON(t, c.want)}}, got["output_messages"])
			for key := range left(t, s) {
				require.NotContains(t, key, "response.text")
			}
		})
	}
}
