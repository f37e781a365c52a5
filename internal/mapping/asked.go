package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// readAsked takes what a model was asked from the arguments of the function that asks it, where no source
// has a message: decorators write the arguments by the names that the function has for them.
func (r *reading) readAsked() bool {
	left := r.ready[dialect.InputMessages]
	for src := r.next(dialect.InputMessages, &left); src != nil; src = r.next(dialect.InputMessages, &left) {
		if src.As != dialect.AsBody || src.list || src.Answer != nil || !r.usable(src) {
			continue
		}
		v, ok := r.given(src)
		if !ok || v.Attr != r.slots[src.slot].value || !value.MayBeObject(v.Attr) {
			continue
		}
		if words := askedIn(r.ParseOnce(v)); words != "" {
			r.messages = append(r.messages, r.norm.TextMessage(words, content.Input, &r.rep))
			r.took(src, false)
			r.notes.took(dialect.InputMessages, src)
			return true
		}
	}
	return false
}

// maxArguments is more arguments than a function has that only asks a model something.
const maxArguments = 8

// askedIn is the argument that asks: of the others none is a sentence, or anything but a single value.
func askedIn(n jsonval.Node) (words string) {
	if kwargs := n.Get("kwargs"); value.IsObject(kwargs) && n.Len() == 2 && n.Get("args").Exists() {
		n = kwargs
	}
	if !value.IsObject(n) || n.Len() > maxArguments {
		return ""
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if c.Kind() == jsonval.Object || c.Kind() == jsonval.Array {
			return ""
		}
		s := c.Str()
		if c.Kind() != jsonval.String || !strings.Contains(strings.TrimSpace(s), " ") || content.Absent(s) {
			continue
		}
		if words != "" {
			return ""
		}
		words = s
	}
	return words
}
