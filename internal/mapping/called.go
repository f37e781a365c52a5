package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// called is the answer of a model whose span tells it by the attributes of a tool's run only:
// what the model called, by name, with the ids and the arguments. Those of several calls are
// lists, or are joined by commas.
func (r *reading) called() (answer said) {
	if r.out.Kind != KindLLM || r.fed&(1<<dialect.ToolName) == 0 || r.fed&(1<<dialect.ToolCallID|1<<dialect.ToolArguments) == 0 {
		return answer
	}
	names := r.calledList(dialect.ToolName)
	ids := r.calledList(dialect.ToolCallID)
	given, attr := r.calledWith(len(names))
	if len(names) == 0 || len(ids) != len(names) && given.Len() != len(names) {
		return answer
	}
	message, calls := r.doc.Object(), r.doc.Array()
	arguments := given.First()
	for i, name := range names {
		call := r.doc.Object()
		if len(ids) == len(names) {
			call.SetStr("id", ids[i])
		}
		call.SetStr("name", name)
		if given.Len() == len(names) {
			next := arguments.Next()
			call.Set("arguments", arguments)
			arguments = next
		}
		calls.Add(call)
	}
	message.SetStr("role", "assistant")
	message.Set("tool_calls", calls)
	mark := len(r.messages)
	if r.addNode(message, content.Output) {
		answer.messages = r.messages[mark:len(r.messages):len(r.messages)]
		r.notes.took(dialect.OutputMessages, r.ofTool(dialect.ToolName))
		if attr >= 0 {
			r.classify(attr, classStored)
		}
	}
	return answer
}

// ofTool is the source that would feed a field if the span were a tool's, of an attribute that
// names a tool whatever the span is.
func (r *reading) ofTool(f dialect.Field) *boundSource {
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.slot >= 0 && r.slots[src.slot].set && src.asGiven && strings.Contains(src.Attr, "tool") && (src.ownOf == 0 || r.dialects&src.ownOf != 0) {
			return src
		}
	}
	return nil
}

func (r *reading) calledList(f dialect.Field) []string {
	src := r.ofTool(f)
	if src == nil {
		return nil
	}
	list, _, _ := r.entries(value.Value{Attr: r.slots[src.slot].value})
	return list
}

// calledWith are the arguments of so many calls, as a list, and the attribute that has them; -1
// if it has more.
func (r *reading) calledWith(calls int) (given jsonval.Node, attr int32) {
	src := r.ofTool(dialect.ToolArguments)
	if src == nil {
		return given, -1
	}
	s := &r.slots[src.slot]
	n := r.json(s)
	if s.value.Type() == pcommon.ValueTypeStr && !n.Exists() && strings.HasPrefix(value.TrimBlanks(s.value.Str()), "{") {
		n = r.ParseText("[" + s.value.Str() + "]")
	}
	if value.IsObject(n) && calls == 1 {
		n = r.doc.Array()
		n.Add(r.json(s))
	}
	if n.Kind() != jsonval.Array {
		return jsonval.Node{}, -1
	}
	return n, s.attr
}
