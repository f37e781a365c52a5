package mapping

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCurrentConventions maps what the conventions added of late.
func TestCurrentConventions(t *testing.T) {
	for name, c := range map[string]struct {
		span testSpan
		want map[string]any
		left []string // attributes that stay as they are
	}{
		"modalities": {chatWith(map[string]any{
			"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(50), "gen_ai.usage.text.input_tokens": int64(60),
			"gen_ai.usage.audio.input_tokens": int64(30), "gen_ai.usage.image.input_tokens": int64(10), "gen_ai.usage.audio.output_tokens": int64(40),
			"gen_ai.usage.text.cache_read.input_tokens": int64(5),
		}), map[string]any{"input_tokens": 100.0, "output_tokens": 50.0, "cache_read_tokens": nil}, []string{"gen_ai.usage.text.input_tokens"}},
		"reasoning level": {chatWith(map[string]any{"gen_ai.request.reasoning.level": "high"}), map[string]any{"request_parameters": map[string]any{"reasoning_level": "high"}}, nil},
		"stream":          {chatWith(map[string]any{"gen_ai.request.stream": true, "gen_ai.response.time_to_first_chunk": 0.2}), map[string]any{"streaming": true, "ttft_ms": 200.0}, nil},
		"compacted":       {chatWith(map[string]any{"gen_ai.conversation.compacted": true, "gen_ai.conversation.id": "c"}), map[string]any{"session_id": "c"}, []string{"gen_ai.conversation.compacted"}},
		"service tier":    {chatWith(map[string]any{"openai.request.service_tier": "auto", "openai.response.service_tier": "flex"}), map[string]any{"kind": "llm"}, nil},
		"an answer fetched": {testSpan{name: "fetch_response gpt-4o", attrs: map[string]any{
			"gen_ai.operation.name": "fetch_response", "gen_ai.response.id": "r", "gen_ai.response.model": "gpt-4o", "gen_ai.response.finish_reasons": []any{"stop"},
			"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"Hi"}]}]`,
		}}, map[string]any{"kind": "other", "input_tokens": nil}, nil},
		"memory is written":  {testSpan{attrs: map[string]any{"gen_ai.operation.name": "update_memory", "gen_ai.memory.store.id": "s"}}, map[string]any{"kind": "tool"}, nil},
		"memory is searched": {testSpan{attrs: map[string]any{"gen_ai.operation.name": "search_memory", "gen_ai.memory.store.id": "s"}}, map[string]any{"kind": "retriever"}, nil},
		"a tool over MCP": {testSpan{name: "tools/call get_weather", attrs: map[string]any{"mcp.method.name": "tools/call", "mcp.protocol.version": "2025-11-25"}},
			map[string]any{"kind": "tool", "tool_name": "get_weather"}, nil},
		"MCP's client":    {testSpan{name: "MCP send tools/call get_weather", scope: "mcp-python-sdk", attrs: map[string]any{"mcp.method.name": "tools/call"}}, map[string]any{"kind": "tool", "tool_name": "get_weather"}, nil},
		"another method":  {testSpan{name: "resources/read", attrs: map[string]any{"mcp.method.name": "resources/read", "gen_ai.tool.name": "x"}}, map[string]any{"kind": "other"}, nil},
		"a delta":         {chatWith(map[string]any{"gen_ai.input.messages_delta": `[{"role":"user","parts":[{"type":"text","content":"And Oslo?"}]}]`}), map[string]any{"input_messages": oneMessage("user", "And Oslo?")}, nil},
		"uploaded":        {chatWith(map[string]any{"gen_ai.input.messages_ref": "s3://b/1_inputs.json", "gen_ai.output.messages.ref": "s3://b/1_outputs.json"}), map[string]any{"input_messages": nil, "output_messages": nil}, []string{"gen_ai.input.messages_ref", "gen_ai.output.messages.ref"}},
		"previous answer": {chatWith(map[string]any{"gen_ai.request.previous_response.id": "r0"}), map[string]any{"request_parameters": map[string]any{"previous_response_id": "r0"}}, nil},
		"prompt":          {chatWith(map[string]any{"gen_ai.prompt.name": "p", "gen_ai.prompt.version": "2"}), map[string]any{"prompt_name": "p", "prompt_version": "2"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := c.span.mapped(t)
			for field, want := range c.want {
				if problem := compare(field, want, got[field]); problem != "" {
					t.Errorf("%s: %s", field, strings.ReplaceAll(problem, "\n", " "))
				}
			}
			for _, key := range c.left {
				require.Equal(t, c.span.attrs[key], value2raw(left(t, s)[key]), key)
			}
			if name == "a delta" {
				require.NotZero(t, s.Adjustments&InputDelta)
			}
			if name == "modalities" {
				require.Equal(t, []Int{{30, true}, {10, true}, {40, true}}, []Int{s.Usage.Parts.Get().InputAudio, s.Usage.Parts.Get().InputImage, s.Usage.Parts.Get().OutputAudio})
			}
			if name == "service tier" {
				require.Equal(t, "flex", s.ServiceTier)
			}
		})
	}
}

func value2raw(v any) any {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	return v
}
