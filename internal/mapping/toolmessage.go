package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

const ofToolMessage = "`tool_call_id` of a LangChain ToolMessage"

// toolMessageID takes the id of the call from the ToolMessage that a tool of
// LangChain returned, serialised or dumped, alone or as the output of a run.
func toolMessageID(r *reading, v value) value {
	if s, is := v.str(); is && !strings.Contains(s, "tool_call_id") {
		return value{}
	}
	n := r.parseOnce(v)
	for _, message := range [...]jsonval.Node{n, n.Get("data"), n.Get("output"), n.Get("outputs")} {
		if inner := message.Get("kwargs"); inner.Get("tool_call_id").Exists() {
			message = inner
		}
		if id := message.Get("tool_call_id"); id.Exists() && message.Get("content").Exists() {
			return value{node: id}
		}
	}
	return value{}
}
