package mapping

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// chatWith is a span of a model call with these attributes.
func chatWith(attrs map[string]any) testSpan {
	attrs["gen_ai.operation.name"] = "chat"
	return testSpan{attrs: attrs}
}

func TestInputIncludesTheCache(t *testing.T) {
	anthropic := map[string]any{
		"gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": int64(2000), "gen_ai.usage.output_tokens": int64(5),
		"gen_ai.usage.cache_read.input_tokens": int64(1000),
	}
	with := func(extra map[string]any) map[string]any {
		attrs := map[string]any{}
		for _, m := range []map[string]any{anthropic, extra} {
			for k, v := range m {
				attrs[k] = v
			}
		}
		return attrs
	}
	vercel := func(provider string, extra map[string]any) testSpan {
		attrs := map[string]any{
			"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": provider, "ai.usage.promptTokens": int64(2000),
			"ai.response.providerMetadata": `{"anthropic":{"cacheReadInputTokens":700,"usage":{"cache_creation_input_tokens":300}}}`,
		}
		for k, v := range extra {
			attrs[k] = v
		}
		return testSpan{scope: "ai", attrs: attrs}
	}
	scoped := func(scope string, s testSpan) testSpan { s.scope = scope; return s }
	for name, c := range map[string]struct {
		span  testSpan
		input float64
		added bool
	}{
		"conventions are inclusive":          {chatWith(with(nil)), 2000, false},
		"a part cannot exceed the whole":     {chatWith(with(map[string]any{"gen_ai.usage.input_tokens": int64(10)})), 1010, true},
		"the total tells":                    {chatWith(with(map[string]any{"gen_ai.usage.total_tokens": int64(3005)})), 3000, true},
		"openlit's anthropic":                {scoped("openlit.otel.tracing", chatWith(with(nil))), 3000, true},
		"openlit's Claude Agent SDK":         {scoped("openlit.otel.tracing", chatWith(with(map[string]any{"gen_ai.provider.name": "claude_agent_sdk", "gen_ai.system": "anthropic"}))), 2000, false},
		"openlit by the span":                {chatWith(with(map[string]any{"telemetry.sdk.name": "openlit"})), 2000, false},
		"openlit's openai":                   {scoped("@openlit/instrumentation-openai", chatWith(with(map[string]any{"gen_ai.provider.name": "openai"}))), 2000, false},
		"another scope of openlit's process": {testSpan{scope: "com.anthropic.sdk.typescript", resource: map[string]any{"telemetry.sdk.name": "openlit"}, attrs: with(map[string]any{"gen_ai.operation.name": "chat"})}, 2000, false},
		"traceloop's javascript":             {scoped("@traceloop/instrumentation-anthropic", chatWith(with(nil))), 3000, true},
		"traceloop's python sums":            {scoped("opentelemetry.instrumentation.anthropic", chatWith(with(nil))), 2000, false},
		"claude code":                        {testSpan{scope: "com.anthropic.claude_code.tracing", attrs: map[string]any{"span.type": "llm_request", "input_tokens": int64(2000), "cache_read_tokens": int64(1000)}}, 3000, true},
		"bare names of somebody":             {chatWith(map[string]any{"input_tokens": int64(2000)}), -1, false},
		"vercel 4 and 5 on anthropic":        {vercel("anthropic.messages", nil), 3000, true},
		"vercel 5 on bedrock":                {vercel("amazon-bedrock", nil), 3000, true},
		"vercel 5 on openai":                 {vercel("openai.chat", nil), 2000, false},
		"vercel 6":                           {vercel("anthropic.messages", map[string]any{"ai.usage.inputTokenDetails.noCacheTokens": int64(1000)}), 2000, false},
		"langfuse buckets add up": {testSpan{attrs: map[string]any{
			"langfuse.observation.type":          "generation",
			"langfuse.observation.usage_details": `{"input_tokens":24,"output":15,"cache_read_input_tokens":1200,"input_cache_creation_5m":300}`}}, 1524, false},
		"langfuse in openai's shape is inclusive": {testSpan{attrs: map[string]any{
			"langfuse.observation.type":          "generation",
			"langfuse.observation.usage_details": `{"prompt_tokens":1520,"completion_tokens":20,"total_tokens":1540,"prompt_tokens_details":{"cached_tokens":1024}}`}}, 1520, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := c.span.mapped(t)
			if c.input < 0 {
				require.Nil(t, got["input_tokens"])
				return
			}
			require.Equal(t, c.input, got["input_tokens"])
			require.Equal(t, c.added, s.Adjustments&CacheAddedToInput != 0)
		})
	}
}

func TestCorrectedCountsKeepTheirOriginal(t *testing.T) {
	s, got := chatWith(map[string]any{"gen_ai.usage.input_tokens": int64(10), "gen_ai.usage.cache_read.input_tokens": int64(50)}).mapped(t)
	require.Equal(t, 60.0, got["input_tokens"])
	require.Equal(t, map[string]any{"gen_ai.usage.input_tokens": 10.0}, left(t, s))
	require.Equal(t, []string{"cache_added_to_input"}, s.Adjustments.Names())
}

func TestOutputIncludesReasoning(t *testing.T) {
	adk := func(output int64) testSpan {
		return testSpan{name: "call_llm", scope: "gcp.vertex.agent", attrs: map[string]any{
			"gen_ai.request.model": "gemini-2.5-pro", "gen_ai.usage.output_tokens": output,
			"gcp.vertex.agent.llm_response": `{"usageMetadata":{"candidatesTokenCount":12,"thoughtsTokenCount":5}}`,
		}}
	}
	for name, c := range map[string]struct {
		span   testSpan
		output float64
		added  bool
	}{
		"conventions are inclusive":   {chatWith(map[string]any{"gen_ai.usage.output_tokens": int64(300), "gen_ai.usage.reasoning.output_tokens": int64(120)}), 300, false},
		"a part cannot exceed":        {chatWith(map[string]any{"gen_ai.usage.output_tokens": int64(12), "gen_ai.usage.reasoning_tokens": int64(64)}), 76, true},
		"candidates alone":            {adk(12), 17, true},
		"candidates and thoughts":     {adk(17), 17, false},
		"only the blob says anything": {testSpan{name: "call_llm", scope: "gcp.vertex.agent", attrs: map[string]any{"gen_ai.request.model": "g", "gcp.vertex.agent.llm_response": `{"usage_metadata":{"candidates_token_count":9,"thoughts_token_count":4}}`}}, 13, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := c.span.mapped(t)
			require.Equal(t, c.output, got["output_tokens"])
			require.Equal(t, c.added, s.Adjustments&ReasoningAddedToOutput != 0)
		})
	}
}

func TestTotals(t *testing.T) {
	for name, c := range map[string]struct {
		attrs map[string]any
		total any
	}{
		"reported":               {map[string]any{"gen_ai.usage.input_tokens": int64(3), "gen_ai.usage.output_tokens": int64(2), "gen_ai.usage.total_tokens": int64(9)}, 9.0},
		"too small to be true":   {map[string]any{"gen_ai.usage.input_tokens": int64(3), "gen_ai.usage.output_tokens": int64(2), "gen_ai.usage.total_tokens": int64(4)}, 5.0},
		"added up":               {map[string]any{"gen_ai.usage.input_tokens": int64(3), "gen_ai.usage.output_tokens": int64(0)}, 3.0},
		"only input is known":    {map[string]any{"gen_ai.usage.input_tokens": int64(3)}, nil},
		"only the total":         {map[string]any{"gen_ai.usage.total_tokens": int64(3)}, 3.0},
		"zero is a report":       {map[string]any{"gen_ai.usage.input_tokens": int64(0), "gen_ai.usage.output_tokens": int64(0)}, 0.0},
		"the first usable alias": {map[string]any{"gen_ai.usage.input_tokens": "n/a", "gen_ai.usage.prompt_tokens": "7", "gen_ai.usage.output_tokens": 1.0}, 8.0},
		"a zero beats an alias":  {map[string]any{"gen_ai.usage.input_tokens": int64(0), "gen_ai.usage.prompt_tokens": int64(7), "gen_ai.usage.output_tokens": int64(1)}, 1.0},
		"nobody overflows":       {map[string]any{"gen_ai.usage.input_tokens": int64(math.MaxInt64), "gen_ai.usage.output_tokens": int64(math.MaxInt64)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(c.attrs).mapped(t)
			require.Equal(t, c.total, got["total_tokens"])
		})
	}
}

// TestTotalOfWhatHasNoOutput leaves the output out, as most instrumentations of embeddings do.
func TestTotalOfWhatHasNoOutput(t *testing.T) {
	for _, attrs := range []map[string]any{
		{"gen_ai.operation.name": "embeddings"}, {"openinference.span.kind": "EMBEDDING"}, {"openinference.span.kind": "RERANKER"},
	} {
		attrs["gen_ai.usage.input_tokens"] = int64(7)
		_, got := testSpan{attrs: attrs}.mapped(t)
		require.Equal(t, []any{7.0, nil, 7.0}, []any{got["input_tokens"], got["output_tokens"], got["total_tokens"]}, "%v", attrs)
	}
}

func TestUsageOfOtherSpansIsAggregate(t *testing.T) {
	s, got := testSpan{attrs: map[string]any{
		"gen_ai.operation.name": "invoke_agent", "gen_ai.aggregated_usage.input_tokens": int64(210), "gen_ai.aggregated_usage.output_tokens": int64(22),
	}}.mapped(t)
	require.Nil(t, got["input_tokens"])
	require.Equal(t, map[string]any{"input_tokens": 210.0, "output_tokens": 22.0, "total_tokens": 232.0}, got["aggregate_usage"])
	require.True(t, s.Usage.Reported())
}

func TestCosts(t *testing.T) {
	for name, c := range map[string]struct {
		attrs                map[string]any
		input, output, total any
	}{
		"halves add up":        {map[string]any{"gen_ai.cost.input_cost": 0.25, "gen_ai.cost.output_cost": "0.5"}, 0.25, 0.5, 0.75},
		"one half is no total": {map[string]any{"llm.cost.prompt": 0.25}, 0.25, nil, nil},
		"zero is a report":     {map[string]any{"gen_ai.usage.cost": 0.0, "operation.cost": 0.1}, nil, nil, 0.0},
		"negative is none":     {map[string]any{"gen_ai.usage.cost": -1.0, "operation.cost": 0.1}, nil, nil, 0.1},
		"not dollars":          {map[string]any{"github.copilot.cost": 3.0}, nil, nil, nil},
		"langfuse by bucket": {map[string]any{"langfuse.observation.cost_details": `{"input":0.1,"cache_read_input_tokens":0.2,"output":0.3,"output_reasoning":0.1,"tools":0.5}`},
			0.3, 0.4, 1.2},
		"langfuse's total wins": {map[string]any{"langfuse.observation.cost_details": `{"input":0.1,"output":0.3,"total":0.7}`, "gen_ai.usage.cost": 9.0}, 0.1, 0.3, 0.7},
		"mlflow":                {map[string]any{"mlflow.llm.cost": `{"input_cost":1e-6,"output_cost":2e-6,"total_cost":3e-6}`}, 1e-6, 2e-6, 3e-6},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(c.attrs).mapped(t)
			for field, want := range map[string]any{"input_cost": c.input, "output_cost": c.output, "total_cost": c.total} {
				require.Empty(t, compare(field, want, got[field]), field)
			}
		})
	}
}
