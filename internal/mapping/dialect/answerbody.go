package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

const answerBody = "of a response's body, or of what LangChain keeps of one"

// answerID takes the id from the body of a response. LangChain has ids of its own for runs.
func answerID(r Reading, v value.Value) value.Value {
	body, kept := bodyText(r, v)
	id := jsonval.MemberText(body, "id", "responseId", "response_id")
	if kept != "" {
		if id = jsonval.MemberText(kept, "id"); id == "" || strings.HasPrefix(id, "run-") || strings.HasPrefix(id, "lc_run") {
			id = jsonval.MemberText(jsonval.Member(kept, "response_metadata"), "id")
		}
	}
	if content.Absent(id) { // of streams, by the OpenAI Agents SDK, which tells the id with each item
		id = jsonval.MemberText(after(body, `"provider_data"`), "response_id")
	}
	return filledText(r, id)
}

// answerModel takes the model from there.
func answerModel(r Reading, v value.Value) value.Value {
	body, kept := bodyText(r, v)
	if kept != "" {
		return filledText(r, jsonval.MemberText(jsonval.Member(kept, "response_metadata"), "model_name", "model"))
	}
	return filledText(r, jsonval.MemberText(body, "model", "modelVersion"))
}

func filledText(r Reading, s string) value.Value {
	if s == "" {
		return value.Value{}
	}
	return r.TextValue(s)
}

// memberText takes the first of the members of an object that is a text.
func memberText(keys ...string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		return filledText(r, jsonval.MemberText(r.ObjectText(v), keys...))
	}
}

// bodyText returns the body of a response, or what LangChain keeps of it in a message, as JSON
// text. Outputs may be long, and the two members are short: the text is not parsed.
func bodyText(r Reading, v value.Value) (body, kept string) {
	s := r.ObjectText(v)
	if namesChoices(s) {
		return s, ""
	}
	if jsonval.Index(s, `"generations"`) >= 0 {
		return "", jsonval.Member(after(s, `"message"`), "kwargs")
	}
	for _, told := range [...]string{`"choices"`, `"candidates"`, `"output"`, `"assistant"`} {
		if jsonval.Index(s, told) >= 0 {
			return s, ""
		}
	}
	return "", ""
}

// namesChoices reports whether a response's body names its answers in its head, as most do. To look for what LangChain
// keeps in all of a long body took a twentieth of the time of its span.
func namesChoices(s string) bool {
	head := s[:min(len(s), headWithin)]
	return jsonval.Index(head, `"generations"`) < 0 && (jsonval.Index(head, `"choices"`) >= 0 || jsonval.Index(head, `"candidates"`) >= 0)
}

// bodyFinish takes the reason why an answer ended from a response's body: from the first choice
// after the head of the body, or from near its end.
func bodyFinish(r Reading, v value.Value) value.Value {
	s := r.ObjectText(v)
	if HasChoices(s) {
		for _, name := range [...]string{"finish_reason", "finishReason"} {
			if reason, rest := reasonIn(s, name); reason != "" {
				return reasonsOf(r, s, reason, rest, name)
			}
		}
	}
	reason, _ := reasonIn(s[max(0, len(s)-tailWithin):], "stop_reason")
	return filledText(r, reason)
}

// reasonsOf lists the reasons of all choices after the first. Bodies that say each reason twice,
// as LangChain's do, are asked for the first alone.
func reasonsOf(r Reading, s, first, rest, name string) value.Value {
	if jsonval.Index(s[:min(len(s), headWithin)], `generations"`) >= 0 {
		return filledText(r, first)
	}
	reason, rest := reasonIn(rest, name)
	if reason == "" {
		return filledText(r, first)
	}
	list := r.Doc().Array()
	list.Add(r.Doc().String(first))
	for reason != "" && list.Len() < MaxEntries {
		list.Add(r.Doc().String(reason))
		reason, rest = reasonIn(rest, name)
	}
	return value.Value{Node: list}
}

const (
	headWithin = 256 // of a body, which names its choices early
	tailWithin = 512 // of a body, which tells last why it ended
	maxFinish  = 64  // of a reason to finish
)

// HasChoices reports whether the head of a body in JSON text has answers to choose from.
func HasChoices(s string) bool {
	head := s[:min(len(s), headWithin)]
	return jsonval.Index(head, `choices"`) >= 0 || jsonval.Index(head, `generations"`) >= 0 || jsonval.Index(head, `candidates"`) >= 0
}

// reasonIn returns the text of the first member of this name, in JSON text, that is no part of a text,
// and what follows it. A number is one of an enum.
func reasonIn(s, name string) (reason, after string) {
	for rest := s; ; {
		at := jsonval.Index(rest, name)
		if at < 0 {
			return "", ""
		}
		quoted := at > 0 && rest[at-1] == '"' && (at == 1 || rest[at-2] != '\\')
		rest = rest[at+len(name):]
		text, is := strings.CutPrefix(rest, `"`)
		if !quoted || !is {
			continue
		}
		text, _, _ = strings.Cut(strings.TrimLeft(text[:min(len(text), maxFinish)], ": \t\r\n"), ",")
		if reason, _, whole := strings.Cut(strings.TrimPrefix(text, `"`), `"`); whole && strings.HasPrefix(text, `"`) {
			return reason, rest
		}
		if number := strings.TrimRight(text, "} ]\t\r\n"); len(number) == 1 && '1' <= number[0] && number[0] <= '9' && name != "stop_reason" {
			return number, rest
		}
	}
}

const ofBodyCounts = "of the usage in a response's body"

// bodyCount takes a count from the usage of a response's body, or from the details there. A body is
// not parsed for it, nor read but for its usage.
func bodyCount(keys ...string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		usage := r.BodyUsage(v)
		if usage == "" {
			return value.Value{}
		}
		if n := numberIn(r, usage, keys); n.Exists() {
			return n
		}
		for _, details := range [...]string{"prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details"} {
			if n := numberIn(r, jsonval.Member(usage, details), keys); n.Exists() {
				return n
			}
		}
		return value.Value{}
	}
}

// countIn takes a number from an object in JSON text.
func numberIn(r Reading, object string, keys []string) value.Value {
	for _, key := range keys {
		digits := jsonval.Member(object, key)
		end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' })
		if end <= 0 {
			continue
		}
		if n, ok := value.ParseCount(digits[:end]); ok {
			return value.Value{Node: r.Doc().Int(n)}
		}
	}
	return value.Value{}
}

// after returns what follows a key and its colon.
func after(s, key string) string {
	at := jsonval.Index(s, key)
	if at < 0 {
		return ""
	}
	return strings.TrimLeft(s[at+len(key):], ": \t\r\n")
}

// listInText takes the list of messages or blocks that a library has written as the only text
// of a message or of instructions.
func listInText(r Reading, v value.Value) value.Value {
	if s, is := v.Str(); !is || !strings.Contains(s[:min(len(s), 100)], `"[{\`) {
		return value.Value{}
	}
	part := r.ParseOnce(v)
	for range 2 { // of the only message, the only part
		if part.Kind() != jsonval.Array || part.Len() != 1 {
			return value.Value{}
		}
		if part = part.First(); part.Get("parts").Exists() {
			part = part.Get("parts")
			continue
		}
		break
	}
	list := r.Decoded(part.Get("content")).Node
	if list.Kind() != jsonval.Array {
		return value.Value{}
	}
	for item := list.First(); item.Exists(); item = item.Next() {
		if item.Get("role").Str() == "" && item.Get("type").Str() == "" {
			return value.Value{}
		}
	}
	return value.Value{Node: list}
}
