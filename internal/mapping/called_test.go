package mapping

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestToolAttributesOfAModelAreItsCalls writes the calls of one answer in the attributes of a tool's
// run, in every form that lists have: the answer is that of the messages of the conventions.
func TestToolAttributesOfAModelAreItsCalls(t *testing.T) {
	joined := func(list []string) any { return strings.Join(list, ", ") }
	asJSONList := func(list []string) any { return `["` + strings.Join(list, `","`) + `"]` }
	asArray := func(list []string) any {
		values := make([]any, len(list))
		for i := range list {
			values[i] = list[i]
		}
		return values
	}
	argumentLists := map[string]func([]string) any{
		"joined": joined,
		"a list": func(list []string) any { return "[" + strings.Join(list, ",") + "]" },
	}
	for calls := 1; calls <= 3; calls++ {
		names, ids, arguments, parts := make([]string, calls), make([]string, calls), make([]string, calls), make([]string, calls)
		for i := range calls {
			names[i], ids[i], arguments[i] = fmt.Sprintf("f%d", i), fmt.Sprintf("call_%d", i), fmt.Sprintf(`{"city": "Oslo %d", "days": [1, %d]}`, i, i)
			parts[i] = fmt.Sprintf(`{"type":"tool_call","id":%q,"name":%q,"arguments":%s}`, ids[i], names[i], arguments[i])
		}
		_, want := chatWith(map[string]any{"gen_ai.output.messages": `[{"role":"assistant","parts":[` + strings.Join(parts, ",") + `]}]`}).mapped(t)
		for how, list := range map[string]func([]string) any{"joined": joined, "a JSON list": asJSONList, "an array": asArray} {
			for argumentsAre, given := range argumentLists {
				for _, key := range []string{"gen_ai.tool.args", "gen_ai.tool.call.arguments"} {
					_, got := chatWith(map[string]any{"gen_ai.tool.name": list(names), "gen_ai.tool.call.id": list(ids), key: given(arguments)}).mapped(t)
					require.Equal(t, want["output_messages"], got["output_messages"], "%d calls, %s, arguments %s, %s", calls, how, argumentsAre, key)
					require.Nil(t, got["tool_name"])
				}
			}
		}
	}
}

// TestToolAttributesThatTellNoCalls are of spans that answered, of tools, and of lists that do not
// belong together.
func TestToolAttributesThatTellNoCalls(t *testing.T) {
	called := map[string]any{"gen_ai.tool.name": "f", "gen_ai.tool.call.id": "call_1", "gen_ai.tool.args": `{"city": "Oslo"}`}
	with := func(more map[string]any) testSpan {
		attrs := maps.Clone(called)
		maps.Copy(attrs, more)
		return chatWith(attrs)
	}
	_, got := with(map[string]any{"gen_ai.output.messages": `[{"role":"assistant","content":"Sunny."}]`}).mapped(t)
	require.Empty(t, compare("output_messages", oneMessage("assistant", "Sunny."), got["output_messages"]))
	_, got = testSpan{name: "execute_tool f", attrs: called}.mapped(t)
	require.Equal(t, "tool", got["kind"])
	require.Nil(t, got["output_messages"])
	for name, more := range map[string]map[string]any{
		"more ids than names":      {"gen_ai.tool.call.id": "call_1, call_2", "gen_ai.tool.args": "none"},
		"nothing beside the names": {"gen_ai.tool.call.id": nil, "gen_ai.tool.args": nil},
	} {
		span := with(more)
		maps.DeleteFunc(span.attrs, func(_ string, v any) bool { return v == nil })
		_, got := span.mapped(t)
		require.Nil(t, got["output_messages"], name)
	}
}

// TestKindsThatSayNothing gives spans the JSON null for a kind: it is as if they had none.
func TestKindsThatSayNothing(t *testing.T) {
	for _, key := range []string{"mlflow.spanType", "langsmith.span.kind", "openinference.span.kind", "traceloop.span.kind", "langfuse.observation.type"} {
		for _, name := range []string{"execute_tool lookup", "chat gpt-4o", "anything"} {
			span := testSpan{name: name, attrs: map[string]any{"gen_ai.tool.name": "lookup", "gen_ai.tool.call.arguments": `{"city":"Oslo"}`}}
			_, want := span.mapped(t)
			span.attrs[key] = "null"
			_, got := span.mapped(t)
			require.Equal(t, want["kind"], got["kind"], "%s of %s", key, name)
		}
	}
}
