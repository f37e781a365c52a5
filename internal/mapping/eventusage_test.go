package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// eventUsages are ways in which events count 100 tokens of input and 20 of output.
var eventUsages = []testEvent{
	{"gen_ai.usage", 1, anyMap{"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20)}},
	{"gen_ai.choice", 1, anyMap{"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20), "finish_reason": "stop"}},
	{"gen_ai.content.completion", 1, anyMap{"gen_ai.completion": sunny, "gen_ai.usage.prompt_tokens": int64(100), "gen_ai.usage.completion_tokens": int64(20)}},
	{inferenceDetailsEvent, 1, anyMap{"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20)}},
	{"llm.usage", 1, anyMap{"llm.token_count.prompt": int64(100), "llm.token_count.completion": int64(20)}},
	{"usage", 1, anyMap{"prompt_tokens": int64(100), "completion_tokens": int64(20)}},
	{"token_usage", 1, anyMap{"input": int64(100), "output": int64(20)}},
	{"llm.completed", 1, anyMap{"usage": `{"prompt_tokens":100,"completion_tokens":20}`}},
	{"llm.completed", 1, anyMap{"usage": anyMap{"input_tokens": int64(100), "output_tokens": int64(20)}}},
}

// TestUsageOfEvents: what an event counts is the usage of a call that counts nothing itself, and adds
// nothing to that of one that does.
func TestUsageOfEvents(t *testing.T) {
	for _, event := range eventUsages {
		for name, attrs := range map[string]anyMap{
			"conventions":   {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"},
			"OpenInference": {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"},
			"OpenLLMetry":   {"llm.request.type": "chat", "gen_ai.request.model": "gpt-4o"},
			"unknown":       {"halcyon.llm.model": "gpt-4o", "halcyon.operation": "chat"},
		} {
			t.Run(name+" "+event.name, func(t *testing.T) {
				span := testSpan{name: "chat gpt-4o", attrs: attrs, events: []testEvent{event}}
				_, told := span.mapped(t)
				require.Equal(t, []any{"llm", 100.0, 20.0, 120.0}, usageRow(told))
				for input, output := range map[string]string{
					"gen_ai.usage.input_tokens": "gen_ai.usage.output_tokens",
					"llm.token_count.prompt":    "llm.token_count.completion",
					"halcyon.prompt_tokens":     "halcyon.completion_tokens",
				} {
					span.attrs = anyMap{input: int64(300), output: int64(60)}
					for key, v := range attrs {
						span.attrs[key] = v
					}
					_, told := span.mapped(t)
					require.Equal(t, []any{"llm", 300.0, 60.0, 360.0}, usageRow(told), input)
				}
			})
		}
	}
	_, told := testSpan{name: "chat gpt-4o", attrs: anyMap{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}, events: []testEvent{
		{"gen_ai.choice", 1, anyMap{"max_tokens": int64(4096), "session.total_tokens": int64(9000), "budget_tokens": int64(700)}},
	}}.mapped(t)
	require.Equal(t, []any{"llm", nil, nil, nil}, usageRow(told), "limits and sums of others are no usage")
}

func usageRow(row map[string]any) []any {
	return []any{row["kind"], row["input_tokens"], row["output_tokens"], row["total_tokens"]}
}
