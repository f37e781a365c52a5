package dialect

import (
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

const (
	ofToolMessage     = "`tool_call_id` of a LangChain ToolMessage"
	nameInToolMessage = "`name` of a LangChain ToolMessage"
)

// toolMessageID takes the id of the call from the ToolMessage that a tool of
// LangChain returned, or from the object that LlamaIndex puts around the output of a tool.
func toolMessageID(r Reading, v value.Value) value.Value {
	if s, is := v.Str(); !is || value.LooksEncoded(s) && jsonval.Index(s, "tool_output") >= 0 {
		if n := r.ParseOnce(v); n.Get("tool_output").Exists() {
			return value.Value{Node: n.Get("tool_id")}
		}
	}
	return value.Value{Node: toolMessage(r, v).Get("tool_call_id")}
}

// toolMessageName takes the tool's name from there: spans may have that of its class.
func toolMessageName(r Reading, v value.Value) value.Value {
	return value.Value{Node: toolMessage(r, v).Get("name")}
}

// printedMessage reads a message of LangChain as Python prints it.
func printedMessage(r Reading, s string) jsonval.Node {
	text, ok := jsonval.FromPythonFields(s)
	if !ok {
		return jsonval.Node{}
	}
	return r.ParseText(text)
}

// toolMessage finds a ToolMessage, serialised or dumped, alone or as the output of a run.
func toolMessage(r Reading, v value.Value) jsonval.Node {
	s, is := v.Str()
	if is && jsonval.PrintsMessage(s) {
		return printedMessage(r, s)
	}
	if is && (!value.LooksEncoded(s) || jsonval.Index(s, "tool_call_id") < 0) {
		return jsonval.Node{}
	}
	n := r.ParseOnce(v)
	if output := n.Get("output").Str(); jsonval.PrintsMessage(output) {
		return printedMessage(r, output)
	}
	for _, message := range [...]jsonval.Node{n, n.Get("data"), n.Get("output"), n.Get("outputs")} {
		if inner := message.Get("kwargs"); inner.Get("tool_call_id").Exists() {
			message = inner
		}
		if message.Get("tool_call_id").Exists() && message.Get("content").Exists() {
			return message
		}
	}
	return jsonval.Node{}
}
