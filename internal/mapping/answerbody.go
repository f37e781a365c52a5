package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

const answerBody = "of a response's body, or of what LangChain keeps of one"

// answerID takes the id from the body of a response. LangChain has ids of its own for runs.
func answerID(r *reading, v value) value {
	body, kept := r.answerText(v)
	id := firstText(body, "id", "responseId")
	if kept != "" {
		if id = firstText(kept, "id"); id == "" || strings.HasPrefix(id, "run-") || strings.HasPrefix(id, "lc_run") {
			id = firstText(memberOf(kept, "response_metadata"), "id")
		}
	}
	if strings.HasPrefix(id, "__fake") {
		return value{} // of streams, by the OpenAI Agents SDK
	}
	return r.filledText(id)
}

// answerModel takes the model from there.
func answerModel(r *reading, v value) value {
	body, kept := r.answerText(v)
	if kept != "" {
		return r.filledText(firstText(memberOf(kept, "response_metadata"), "model_name", "model"))
	}
	return r.filledText(firstText(body, "model", "modelVersion"))
}

func (r *reading) filledText(s string) value {
	if s == "" {
		return value{}
	}
	return r.textValue(s)
}

// objectText returns an object, or the first of a list, as JSON text, which need not be parsed
// where it came as such.
func (r *reading) objectText(v value) string {
	s, is := v.str()
	s = trimBlanks(s)
	switch {
	case !is && v.exists(), strings.HasPrefix(s, `"{`), strings.HasPrefix(s, `"[`), strings.HasPrefix(s, isPython): // structured, encoded once more, of Python
		n := r.parseOnce(v)
		if n.Kind() == jsonval.Array {
			n = n.First()
		}
		if isObject(n) {
			return r.jsonText(value{node: n})
		}
	case strings.HasPrefix(s, "{"):
		return s
	case strings.HasPrefix(s, "["):
		if s = trimBlanks(s[1:]); strings.HasPrefix(s, "{") {
			return s
		}
	}
	return ""
}

// memberText takes the first of the members of an object that is a text.
func memberText(keys ...string) func(*reading, value) value {
	return func(r *reading, v value) value { return r.filledText(firstText(r.objectText(v), keys...)) }
}

// answerText returns the body of a response, or what LangChain keeps of it in a message, as JSON
// text. Outputs may be long, and the two members are short: the text is not parsed.
func (r *reading) answerText(v value) (body, kept string) {
	s := r.objectText(v)
	if strings.Contains(s, `"generations"`) {
		return "", memberOf(after(s, `"message"`), "kwargs")
	}
	for _, told := range [...]string{`"choices"`, `"candidates"`, `"output"`, `"assistant"`} {
		if strings.Contains(s, told) {
			return s, ""
		}
	}
	return "", ""
}

// after returns what follows a key and its colon.
func after(s, key string) string {
	_, rest, _ := strings.Cut(s, key)
	return strings.TrimLeft(rest, ": \t\r\n")
}

// firstText returns the first of the members of the object in JSON text that is a text.
func firstText(object string, keys ...string) string {
	for _, key := range keys {
		if !strings.Contains(object, key) {
			continue
		}
		member := memberOf(object, key)
		if end := endOfText(member); end > 0 && !strings.Contains(member[1:end], `\`) {
			return member[1:end]
		}
	}
	return ""
}

// memberOf returns JSON text from the value of a member on, of the object that it begins with.
func memberOf(s, key string) string {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return ""
			}
		case '"':
			end := endOfText(s[i:])
			if end < 0 {
				return ""
			}
			if depth == 1 && s[i+1:i+end] == key {
				if rest := strings.TrimLeft(s[i+end+1:], " \t\r\n"); strings.HasPrefix(rest, ":") {
					return strings.TrimLeft(rest[1:], " \t\r\n")
				}
			}
			i += end
		}
	}
	return ""
}

// endOfText returns where the quoted text ends that s begins with, or -1.
func endOfText(s string) int {
	if s == "" || s[0] != '"' {
		return -1
	}
	for end := 1; end < len(s); end++ {
		next := strings.IndexByte(s[end:], '"')
		if next < 0 {
			return -1
		}
		end += next
		escapes := 0
		for s[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end
		}
	}
	return -1
}

// listInText takes the list of messages or blocks that a library has written as the only text
// of a message or of instructions.
func listInText(r *reading, v value) value {
	if s, is := v.str(); !is || !strings.Contains(s[:min(len(s), 100)], `"[{\`) {
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
