package mapping

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// chunkEvent is MLflow's event of a chunk of OpenAI's stream.
func chunkEvent(t *testing.T, i int, choice int, delta anyMap, finish any) testEvent {
	t.Helper()
	raw, err := json.Marshal(anyMap{"id": "chatcmpl-1", "choices": []any{anyMap{"index": choice, "delta": delta, "finish_reason": finish}}})
	require.NoError(t, err)
	return testEvent{fmt.Sprint("mlflow.chunk.item.", i), 1, anyMap{"mlflow.chunk.value": string(raw)}}
}

func callPiece(index int, id, name, arguments string) anyMap {
	function := anyMap{"arguments": arguments}
	piece := anyMap{"index": index, "function": function}
	if id != "" {
		piece["id"], function["name"] = id, name
	}
	return anyMap{"tool_calls": []any{piece}}
}

// TestCallsOfToolsInChunks: MLflow's output of a stream has the texts only. The calls come from the chunks,
// wherever their arguments are cut; what the output has itself is read from it.
func TestCallsOfToolsInChunks(t *testing.T) {
	const empty = `{"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "choices": [{"finish_reason": "tool_calls", "index": 0, "message": {"content": "", "role": "assistant"}}]}`
	span := testSpan{name: "Completions", scope: "mlflow.openai", attrs: anyMap{"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.spanOutputs": empty}}
	for cut := range len(weather) + 1 {
		span.events = []testEvent{
			chunkEvent(t, 0, 0, callPiece(0, "call_1", "get_weather", ""), nil),
			chunkEvent(t, 1, 0, callPiece(1, "call_2", "get_weather", weather), nil),
			chunkEvent(t, 2, 0, callPiece(0, "", "", weather[:cut]), nil),
			chunkEvent(t, 3, 0, callPiece(0, "", "", weather[cut:]), nil),
			chunkEvent(t, 4, 0, anyMap{}, "tool_calls"),
		}
		_, row := span.mapped(t)
		second := anyMap{"type": "tool_call", "id": "call_2", "name": "get_weather", "arguments": paris}
		require.Equal(t, []any{anyMap{"role": "assistant", "parts": []any{callPart, second}, "finish_reason": "tool_call"}}, row["output_messages"])
		require.Equal(t, []any{"tool_call"}, row["finish_reasons"])
		require.Equal(t, "gpt-4o-2024-08-06", row["response_model"])
	}

	span.events = append([]testEvent{chunkEvent(t, 0, 0, anyMap{"role": "assistant", "content": sunny}, nil)}, span.events[1:]...)
	_, row := span.mapped(t)
	require.Equal(t, textPart(sunny)[0], row["output_messages"].([]any)[0].(anyMap)["parts"].([]any)[0], "a text before the calls")

	for name, events := range map[string][]testEvent{
		"texts only": {chunkEvent(t, 0, 0, anyMap{"content": "no"}, nil), chunkEvent(t, 1, 0, anyMap{"content": "body", "tool_calls": nil}, "stop")},
		"broken":     {{"mlflow.chunk.item.0", 1, anyMap{"mlflow.chunk.value": `{"choices":[{"delta":{"tool_calls":[{`}}},
		"no chunk":   {{"mlflow.chunk.item.0", 1, anyMap{"mlflow.chunk.value": `"tool_calls":[{`}}},
	} {
		span.events, span.attrs["mlflow.spanOutputs"] = events, openAISaid
		_, row := span.mapped(t)
		require.Equal(t, sunny, row["output_messages"].([]any)[0].(anyMap)["parts"].([]any)[0].(anyMap)["content"], name)
	}
}

// TestMessagesOfEventsUnderOtherKeys: an event whose name dialects know tells its message under keys that none of
// them has, too.
func TestMessagesOfEventsUnderOtherKeys(t *testing.T) {
	for _, keys := range [][2]string{{"gen_ai.prompt.content", "gen_ai.completion.content"}, {"halcyon.text", "halcyon.text"}, {"message", "message"}} {
		span := testSpan{name: "chat gpt-4o", attrs: anyMap{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}, events: []testEvent{
			{"gen_ai.content.prompt", 1, anyMap{keys[0]: ask}}, {"gen_ai.content.completion", 2, anyMap{keys[1]: sunny}},
		}}
		_, row := span.mapped(t)
		require.Equal(t, asked, row["input_messages"], keys)
		require.Equal(t, said18, row["output_messages"], keys)
	}
}

// TestCostsOfEvents: an event of a model's call tells what the call cost under any key for costs. That of
// anything else does not.
func TestCostsOfEvents(t *testing.T) {
	for name, want := range map[string]any{"gen_ai.content.processed": 0.004, "llm.usage.recorded": 0.004, "invoice.sent": nil} {
		_, row := testSpan{name: "chat gpt-4o", attrs: anyMap{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}, events: []testEvent{
			{name, 1, anyMap{"halcyon.cost": 0.004}},
		}}.mapped(t)
		require.Equal(t, want, row["total_cost"], name)
	}
}
