package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// The places of an answer's parts in boundSource.parts.
const (
	answerText = iota
	answerReasoning
	answerToolCalls
	answerObject
	answerParts
)

// answerKeys returns the attributes of an answer in the order of boundSource.parts.
func answerKeys(a *dialect.Answer) [answerParts]string {
	return [answerParts]string{a.Text, a.Reasoning, a.ToolCalls, a.Object}
}

// readAnswer puts one assistant message together from its parts.
func (r *reading) readAnswer(src *boundSource) bool {
	var given [answerParts]pcommon.Value
	only, found := -1, 0
	for i, at := range src.parts {
		if at < 0 || !r.slots[at].set {
			continue
		}
		v := r.slots[at].value
		if s, is := (value.Value{Attr: v}).Str(); is && content.Absent(s) {
			continue
		}
		given[i], only, found = v, i, found+1
	}
	if src.guessed && !isAnswer(src.Answer, &given) {
		return false
	}
	if found == 0 || !r.addAnswer(src, given, found == 1, only) {
		return false
	}
	for i, at := range src.parts {
		if at < 0 || given[i] == (pcommon.Value{}) {
			continue
		}
		s := &r.slots[at]
		if !s.part && (i != answerToolCalls || r.json(s).Exists()) {
			r.classify(s.attr, classStored)
		}
	}
	return true
}

// isAnswer reports whether what is guessed are parts of one answer, and none the body of a response.
func isAnswer(a *dialect.Answer, given *[answerParts]pcommon.Value) bool {
	text, told := given[answerText], given[answerText] != (pcommon.Value{})
	if !told && a.NeedsText || told && (text.Type() != pcommon.ValueTypeStr || value.LooksEncoded(text.Str())) {
		return false
	}
	return given[answerReasoning] != (pcommon.Value{}) || given[answerToolCalls] != (pcommon.Value{})
}

// addAnswer adds the message; plain text alone needs no tree.
func (r *reading) addAnswer(src *boundSource, given [answerParts]pcommon.Value, alone bool, only int) bool {
	if s, is := (value.Value{Attr: given[only]}).Str(); alone && is && (only == answerText || only == answerObject) {
		if only == answerObject || !src.Answer.Texts {
			r.messages = append(r.messages, r.norm.TextMessage(s, content.Output, &r.rep))
			return true
		}
		if messages := r.messagesIn(s); messages.Exists() {
			return r.addNode(messages, content.Output)
		}
	}
	return r.addNode(r.answerNode(src, given), content.Output)
}

// answerNode is the message of an answer as a tree: thoughts, text, tool calls.
func (r *reading) answerNode(src *boundSource, given [answerParts]pcommon.Value) jsonval.Node {
	message, parts := r.doc.Object(), r.doc.Array()
	message.SetStr("role", "assistant")
	for _, i := range [...]int{answerReasoning, answerText, answerObject} {
		if given[i] == (pcommon.Value{}) {
			continue
		}
		s := r.JSONText(value.Value{Attr: given[i]})
		switch {
		case i == answerReasoning:
			parts.Add(r.part("reasoning", s))
		case i == answerText && src.Answer.Texts && r.addTexts(parts, s):
		default:
			parts.Add(r.part("text", s))
		}
	}
	message.Set("content", parts)
	if given[answerToolCalls] != (pcommon.Value{}) {
		message.Set("tool_calls", r.json(&r.slots[src.parts[answerToolCalls]]))
	}
	return message
}

// messagesIn parses a JSON list of messages.
func (r *reading) messagesIn(list string) jsonval.Node {
	if !strings.HasPrefix(value.TrimBlanks(list), "[") || !strings.Contains(list, `"role"`) {
		return jsonval.Node{}
	}
	var ignored jsonval.Repairs
	n, ok := r.doc.Parse(list, &ignored)
	if !ok {
		return jsonval.Node{}
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if !value.IsObject(c) || !c.Get("role").Exists() {
			return jsonval.Node{}
		}
	}
	return n
}

// addTexts adds the parts of a JSON list of texts.
func (r *reading) addTexts(parts jsonval.Node, list string) bool {
	var ignored jsonval.Repairs
	n, ok := r.doc.Parse(list, &ignored)
	if !ok || n.Kind() != jsonval.Array {
		return false
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if c.Kind() != jsonval.String {
			return false
		}
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		parts.Add(r.part("text", c.Str()))
	}
	return true
}

func (r *reading) part(typ, text string) jsonval.Node {
	p := r.doc.Object()
	p.Set("type", r.doc.String(typ))
	p.Set("content", r.doc.String(text))
	return p
}
