package mapping

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// spelling is how an emitter names its counts.
type spelling struct{ input, output, read, write, reasoning, total string }

var spellings = []spelling{
	{"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.total_tokens"},
	{"gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_write_input_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.total_tokens"},
	{"llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_write", "llm.token_count.completion_details.reasoning", "llm.token_count.total"},
	{"ai.usage.inputTokens", "ai.usage.outputTokens", "ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheWriteTokens", "ai.usage.reasoningTokens", "ai.usage.totalTokens"},
	{"acme.usage.promptTokens", "acme.usage.completionTokens", "acme.usage.cachedTokens", "acme.usage.cacheWriteTokens", "acme.usage.thoughtsTokenCount", "acme.usage.totalTokenCount"},
	{"acme.input_token_count", "acme.output_token_count", "acme.cache_read_token_count", "acme.cache_creation_token_count", "acme.reasoning_token_count", "acme.total_token_count"},
	{"tokensIn", "tokensOut", "cacheReads", "cacheWrites", "reasoningTokens", "totalTokens"},
}

// call is what the provider really counted.
type call struct{ input, output, read, write, reasoning int64 }

func randomCall(r *rand.Rand) call {
	c := call{read: r.Int64N(5000), write: r.Int64N(900), reasoning: r.Int64N(400)}
	c.input, c.output = c.read+c.write+1+r.Int64N(5000), c.reasoning+1+r.Int64N(500)
	return c
}

// put writes the counts of a call, without the cached part of the input if exclusive.
func (s spelling) put(attrs map[string]any, c call, exclusive bool) {
	input, output := c.input, c.output
	if exclusive {
		input -= c.read + c.write
	}
	attrs[s.input], attrs[s.output], attrs[s.read], attrs[s.write], attrs[s.reasoning] = input, output, c.read, c.write, c.reasoning
}

func requireCall(t *testing.T, c call, attrs map[string]any, note string) {
	t.Helper()
	_, got := chatWith(attrs).mapped(t)
	for field, want := range map[string]int64{
		"input_tokens": c.input, "output_tokens": c.output, "cache_read_tokens": c.read, "cache_creation_tokens": c.write,
		"reasoning_tokens": c.reasoning, "total_tokens": c.input + c.output,
	} {
		require.Equal(t, float64(want), got[field], "%s: %s of %v", note, field, attrs)
	}
}

// TestEverySpellingOfACallGivesTheSameRow tells random calls in each spelling, and in each
// pair of them, one of which may leave the cache out.
func TestEverySpellingOfACallGivesTheSameRow(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 2))
	for range 40 {
		c := randomCall(r)
		for i, a := range spellings {
			attrs := map[string]any{}
			a.put(attrs, c, false)
			requireCall(t, c, attrs, fmt.Sprint(i))
			attrs[a.total] = c.input + c.output
			requireCall(t, c, attrs, fmt.Sprint(i, " with total"))
			for j, b := range spellings {
				if a.read == b.read || i == j {
					continue
				}
				for _, exclusive := range [...]bool{false, true} {
					attrs := map[string]any{}
					a.put(attrs, c, exclusive)
					b.put(attrs, c, false)
					requireCall(t, c, attrs, fmt.Sprint("pair ", i, j, exclusive))
				}
			}
		}
	}
}

// TestTheTotalTellsWhatIsLeftOut: a total above the sum shows which parts are missing.
func TestTheTotalTellsWhatIsLeftOut(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 3))
	for range 300 {
		c := randomCall(r)
		s := spellings[r.IntN(len(spellings))]
		attrs := map[string]any{}
		s.put(attrs, c, true)
		attrs[s.total] = c.input + c.output
		if cached := c.read + c.write; c.reasoning == cached || c.reasoning == c.read || c.reasoning == c.write {
			continue // either would do
		}
		requireCall(t, c, attrs, "exclusive with total")
	}
}

// TestNothingIsAddedToWhatContainsIt shifts the numbers of spans that say in two ways that
// the input has the cache in it.
func TestNothingIsAddedToWhatContainsIt(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 4))
	for range 300 {
		c := randomCall(r)
		for _, scope := range []string{"com.anthropic.claude_code.tracing", "opentelemetry.instrumentation.bedrock", "openlit.instrumentation.anthropic"} {
			attrs := map[string]any{"input_tokens": c.input - c.read - c.write, "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic"}
			spellings[0].put(attrs, c, false)
			attrs["anthropic.usage.uncached_input_tokens"] = c.input - c.read - c.write
			_, got := testSpan{scope: scope, attrs: attrs}.mapped(t)
			require.Equal(t, float64(c.input), got["input_tokens"], "%s %v", scope, attrs)
		}
	}
}

// TestKindsOfUnknownEmitters tells the kind of spans of an emitter that nobody described.
func TestKindsOfUnknownEmitters(t *testing.T) {
	values := map[string]string{
		"LLM": "llm", "generation": "llm", "Embedding": "embedding", "TOOL": "tool", "agent": "agent", "WORKFLOW": "chain", "Retriever": "retriever",
		"RERANKER": "reranker", "guardrail": "guardrail", "EVALUATOR": "evaluator", "AcmeKinds.TOOL": "tool", `"llm"`: "llm", "<Kind.LLM: 'llm'>": "llm",
	}
	for _, key := range []string{"acme.span.kind", "acme.span_type", "acmeSpanKind", "zed.observation.type", "acme.attributes.type", "acme:span:kind"} {
		for value, want := range values {
			_, got := testSpan{attrs: map[string]any{key: value}}.mapped(t)
			require.Equal(t, want, got["kind"], "%s=%s", key, value)
		}
	}
	for name, c := range map[string]struct {
		span testSpan
		kind string
	}{
		"tokens alone":        {testSpan{attrs: map[string]any{"acme.prompt_tokens": int64(3), "acme.completion_tokens": int64(4)}}, "llm"},
		"a model alone":       {testSpan{attrs: map[string]any{"gen_ai.request.model": "gpt-4o"}}, "other"},
		"a poll":              {testSpan{attrs: map[string]any{"gen_ai.operation.name": "fetch_response", "gen_ai.response.id": "r", "gen_ai.response.model": "m"}}, "other"},
		"counting":            {testSpan{name: "anthropic.messages.count_tokens", attrs: map[string]any{"gen_ai.request.model": "m", "gen_ai.provider.name": "anthropic"}}, "other"},
		"speech to text":      {testSpan{attrs: map[string]any{"gen_ai.operation.name": "stt", "gen_ai.request.model": "whisper", "gen_ai.provider.name": "openai"}}, "other"},
		"a tool called agent": {testSpan{attrs: map[string]any{"openinference.span.kind": "AGENT", "tool.name": "ask_agent"}}, "tool"},
		"announced":           {testSpan{attrs: map[string]any{"logfire.span_type": "pending_span", "gen_ai.operation.name": "chat"}}, "other"},
		"mcp tool":            {testSpan{attrs: map[string]any{"mcp.method.name": "tools/call"}}, "tool"},
		"mcp list":            {testSpan{attrs: map[string]any{"mcp.method.name": "tools/list", "acme.span.kind": "tool"}}, "other"},
		"general namespaces":  {testSpan{attrs: map[string]any{"graphql.operation.name": "chat", "k8s.object.kind": "Task", "http.request.method": "GET"}}, "other"},
		"somebody's event":    {testSpan{attrs: map[string]any{"payment.event_type": "completion"}}, "other"},
		"model and provider":  {testSpan{attrs: map[string]any{"gen_ai.request.model": "m", "gen_ai.provider.name": "openai"}}, "llm"},
		"a name with tokens":  {testSpan{name: "llm_request", attrs: map[string]any{"gen_ai.usage.prompt_tokens": int64(1)}}, "llm"},
		"a name with nothing": {testSpan{name: "user.session"}, "other"},
		"memory":              {testSpan{attrs: map[string]any{"gen_ai.operation.name": "forget_memory"}}, "tool"},
	} {
		_, got := c.span.mapped(t)
		require.Equal(t, c.kind, got["kind"], name)
	}
}

func TestGarbageLeavesAMark(t *testing.T) {
	for name, c := range map[string]struct {
		attrs map[string]any
		want  []string
	}{
		"no number":       {map[string]any{"gen_ai.usage.input_tokens": "many"}, []string{"tokens_invalid"}},
		"negative":        {map[string]any{"gen_ai.usage.output_tokens": int64(-4)}, []string{"tokens_invalid"}},
		"placeholder":     {map[string]any{"gen_ai.usage.input_tokens": ""}, nil},
		"empty model":     {map[string]any{"gen_ai.request.model": " "}, []string{"model_empty"}},
		"euros":           {map[string]any{"gen_ai.usage.cost": "0.02 EUR"}, []string{"cost_not_usd"}},
		"dollars":         {map[string]any{"gen_ai.usage.cost": "$0.02"}, nil},
		"nothing strange": {map[string]any{"gen_ai.usage.input_tokens": int64(4), "gen_ai.request.model": "m", "gen_ai.usage.cost": "0.02"}, nil},
	} {
		s, _ := chatWith(c.attrs).mapped(t)
		require.Equal(t, c.want, s.Adjustments.Names(), name)
	}
}

func TestToolsFailByTheirResults(t *testing.T) {
	for result, failed := range map[string]bool{
		`{"isError":true,"content":[]}`: true, `{"is_error":true}`: true, `{"status":"error"}`: true, `{"success":false}`: true,
		`{"type":"tool","data":{"content":"x","tool_call_id":"c","status":"error"}}`: true,
		`{"isError":false}`: false, `{"status":"ok"}`: false, `{"success":true}`: false, `an error is what I looked for`: false, `{"errors":[]}`: false,
	} {
		s, got := testSpan{attrs: map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.result": result}}.mapped(t)
		require.Equal(t, failed, s.Adjustments&ToolErrorFromResult != 0, result)
		if failed {
			require.Equal(t, "tool_error", got["error_type"])
		} else {
			require.Nil(t, got["error_type"], result)
		}
	}
}

// TestToolsFailByTheirResultsHoweverWrapped wraps results as libraries do, also twice.
func TestToolsFailByTheirResultsHoweverWrapped(t *testing.T) {
	quoted := strconv.Quote
	wraps := map[string]func(string) string{
		"as it is":        func(s string) string { return s },
		"blanks":          func(s string) string { return " \n" + s + " " },
		"in a string":     quoted,
		"in data":         func(s string) string { return `{"type":"tool","data":` + s + `}` },
		"in a text block": func(s string) string { return `[{"type":"text","text":` + quoted(s) + `}]` },
	}
	for result, failed := range map[string]bool{
		`{"isError":true}`: true, `{"is_error":true,"content":"x"}`: true, `{"status":"error"}`: true, `{"status":"FAILED","n":1}`: true, `{"success":false}`: true,
		`{"isError":false}`: false, `{"status":"no error"}`: false, `{"success":true}`: false, `{"is_error":null}`: false, `{"rows":[{"status":"error"}]}`: false,
	} {
		for outer, wrap := range wraps {
			for inner, wrapFirst := range wraps {
				sent := wrap(wrapFirst(result))
				if outer == "in data" && inner != "as it is" && inner != "blanks" {
					continue // what a library puts there is an object
				}
				s, got := testSpan{attrs: map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.result": sent}}.mapped(t)
				require.Equal(t, failed, s.Adjustments&ToolErrorFromResult != 0, sent)
				require.Equal(t, failed, got["error_type"] == "tool_error", sent)
			}
		}
	}
	for result, failed := range map[string]bool{
		`[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no such file"}]`:   true,
		`[{"type":"text","text":"see errors"},{"type":"text","text":"{\"status\":\"error\"}"}]`: false,
		`[{"status":"error"},{"status":"ok"}]`:                                                  false,
	} {
		s, _ := testSpan{attrs: map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.result": result}}.mapped(t)
		require.Equal(t, failed, s.Adjustments&ToolErrorFromResult != 0, result)
	}
}

// TestGarbageOfEveryKindLeavesItsMark puts garbage into each count and cost.
func TestGarbageOfEveryKindLeavesItsMark(t *testing.T) {
	for _, key := range []string{"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.total_tokens", "llm.token_count.prompt",
		"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.reasoning.output_tokens"} {
		for _, garbage := range []any{"many", "12 tokens", int64(-1), -0.5, "-7", 1e300, "1e999", true} {
			s, _ := chatWith(map[string]any{key: garbage}).mapped(t)
			require.Contains(t, s.Adjustments.Names(), "tokens_invalid", "%s = %v", key, garbage)
		}
	}
	for _, cost := range []string{"0.02 EUR", "€0.02", "£0.02", "¥3"} {
		s, _ := chatWith(map[string]any{"gen_ai.usage.cost": cost}).mapped(t)
		require.Contains(t, s.Adjustments.Names(), "cost_not_usd", cost)
	}
	for _, model := range []string{"", " ", "\t\n"} {
		for _, key := range []string{"gen_ai.request.model", "gen_ai.response.model"} {
			s, _ := chatWith(map[string]any{key: model}).mapped(t)
			require.Contains(t, s.Adjustments.Names(), "model_empty", "%s = %q", key, model)
		}
	}
}

func TestPartsThatArePricedApart(t *testing.T) {
	s, _ := chatWith(map[string]any{
		"gen_ai.usage.input_tokens": int64(900), "gen_ai.usage.output_tokens": int64(90), "gen_ai.usage.audio.input_tokens": int64(11),
		"gen_ai.usage.audio.output_tokens": int64(12), "gen_ai.usage.image.input_tokens": int64(13), "gen_ai.usage.image.output_tokens": int64(14),
		"gen_ai.usage.text.input_tokens": int64(500), "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": int64(20),
		"anthropic.usage.cache_creation.ephemeral_1h_input_tokens": int64(30), "anthropic.usage.server_tool_use.web_search_requests": int64(2),
		"openai.response.service_tier": "flex", "anthropic.request.service_tier": "auto",
	}).mapped(t)
	u := &s.Usage
	require.Equal(t, []int64{900, 50, 30, 11, 12, 13, 14, 2},
		[]int64{u.Input.V, u.CacheCreation.V, u.Parts.Get().CacheWrite1h.V, u.Parts.Get().InputAudio.V, u.Parts.Get().OutputAudio.V, u.Parts.Get().InputImage.V, u.Parts.Get().OutputImage.V, u.Parts.Get().WebSearchRequests.V})
	require.Equal(t, "flex", s.ServiceTier)
}

func TestUnknownEmittersReportInputAndOutput(t *testing.T) {
	_, got := testSpan{attrs: map[string]any{
		"acme.span.kind": "llm", "acme.input": `[{"role":"user","content":"q"}]`, "acme.output": "a", "acme.user_id": "u-1",
	}}.mapped(t)
	require.Len(t, got["input_messages"], 1)
	require.Len(t, got["output_messages"], 1)
	require.Equal(t, "u-1", got["user_id"])
	_, got = testSpan{attrs: map[string]any{"acme.span.kind": "tool", "acme.input": `{"city":"Paris"}`, "acme.output": "sunny"}}.mapped(t)
	require.Equal(t, map[string]any{"city": "Paris"}, got["tool_arguments"])
	require.Equal(t, "sunny", got["tool_result"])
	_, got = testSpan{attrs: map[string]any{"acme.input": "q", "acme.output": "a"}}.mapped(t)
	require.Nil(t, got["input_messages"], "nothing says that a model was called")
}
