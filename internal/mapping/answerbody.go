package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

const answerBody = "of a response's body, or of what LangChain keeps of one"

// answerID takes the id from the body of a response.
func answerID(r *reading, v value) value {
	body, kept := answerIn(r, v)
	id := child(body, []string{"id", "responseId"})
	if !body.Exists() {
		id = kept.Get("id")
		if isRunID(id.Str()) {
			id = kept.Get("response_metadata").Get("id")
		}
	}
	if id.Str() == "" {
		return value{}
	}
	return value{node: id}
}

// answerModel takes the model from there.
func answerModel(r *reading, v value) value {
	body, kept := answerIn(r, v)
	model := child(body, []string{"model", "modelVersion"})
	if !body.Exists() {
		model = child(kept.Get("response_metadata"), []string{"model_name", "model"})
	}
	if model.Str() == "" {
		return value{}
	}
	return value{node: model}
}

// answerIn returns the body of a response, or the message that LangChain made of one. Most
// outputs are neither, and need not be parsed.
func answerIn(r *reading, v value) (body, kept jsonval.Node) {
	if s, is := v.str(); is && !strings.Contains(s, `"model`) && !strings.Contains(s, `"id`) {
		return body, kept
	}
	n := bodyOnly(r, v).node
	if n.Get("choices").Exists() || n.Get("candidates").Exists() || n.Get("output").Kind() == jsonval.Array || n.Get("role").Str() == "assistant" && n.Get("content").Exists() {
		return n, kept
	}
	return body, n.Get("generations").First().First().Get("message").Get("kwargs")
}

// isRunID reports whether an id is LangChain's own, of the run and not of the response.
func isRunID(id string) bool {
	return id == "" || strings.HasPrefix(id, "run-") || strings.HasPrefix(id, "lc_run")
}

// listInText takes the list of messages or blocks that a library has written as the only text
// of a message or of instructions.
func listInText(r *reading, v value) value {
	if s, is := v.str(); !is || !strings.Contains(s, `"[{\`) {
		return value{}
	}
	part := r.parseOnce(v)
	for range 2 { // of the only message, the only part
		if part.Kind() != jsonval.Array || part.Len() != 1 {
			return value{}
		}
		if part = part.First(); part.Get("parts").Exists() {
			part = part.Get("parts")
			continue
		}
		break
	}
	list := r.decoded(part.Get("content")).node
	if list.Kind() != jsonval.Array {
		return value{}
	}
	for item := list.First(); item.Exists(); item = item.Next() {
		if item.Get("role").Str() == "" && item.Get("type").Str() == "" {
			return value{}
		}
	}
	return value{node: list}
}
