package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// json parses the JSON of a slot, once.
func (r *reading) json(s *slot) jsonval.Node {
	n, _ := r.repairedJSON(s)
	return n
}

// repairedJSON is json with what was repaired.
func (r *reading) repairedJSON(s *slot) (jsonval.Node, jsonval.Repairs) {
	switch {
	case !s.set:
		return jsonval.Node{}, 0
	case s.parsed == 0:
		s.parsed = 1 + r.parsedAt(s.value)
	}
	p := &r.parsed[s.parsed-1]
	return p.node, p.repairs
}

// maxSought bounds the attributes of a span whose JSON is looked for before it is parsed.
const maxSought = 16

// parsedAt returns where among r.parsed the JSON of an attribute is, which is parsed once for all
// fields, slots and guesses that read it.
func (r *reading) parsedAt(v pcommon.Value) int32 {
	for i := range r.parsed[:min(len(r.parsed), maxSought)] {
		if r.parsed[i].attr == v {
			return int32(i)
		}
	}
	p := parsed{attr: v}
	p.node, p.plain = r.parse(v, &p.repairs)
	r.parsed = append(r.parsed, p)
	return int32(len(r.parsed) - 1)
}

// plainObject returns the tree of a text that is a JSON object, if another field has had the text parsed.
func (r *reading) plainObject(v pcommon.Value) jsonval.Node {
	for i := range r.parsed[:min(len(r.parsed), maxSought)] {
		if p := &r.parsed[i]; p.attr == v && p.plain && p.repairs == 0 && value.IsObject(p.node) {
			return p.node
		}
	}
	return jsonval.Node{}
}

// parse reads a value as JSON: encoded once or twice, or as Python prints a dict; plain tells a text that is
// encoded once.
func (r *reading) parse(v pcommon.Value, repairs *jsonval.Repairs) (n jsonval.Node, plain bool) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
	case pcommon.ValueTypeBytes:
		return r.parseMessagePack(v.Bytes().AsRaw()), false
	default:
		return r.doc.FromValue(v, repairs), false
	}
	n, ok := r.doc.Parse(v.Str(), repairs)
	plain = ok
	if !ok {
		n, ok = r.parsePython(v.Str(), repairs)
	}
	if ok && n.Kind() == jsonval.String {
		if inner := n.Str(); strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[") {
			if again, ok := r.doc.Parse(inner, repairs); ok {
				return again, false
			}
			if again, ok := r.parsePython(inner, repairs); ok {
				return again, false
			}
		}
	}
	return n, plain
}

// isPython begins a dict as Python prints it.
const isPython = "{'"

// parsePython reads what Python prints of a dict, or of a list of dicts or objects.
func (r *reading) parsePython(s string, repairs *jsonval.Repairs) (jsonval.Node, bool) {
	if !jsonval.PrintsPython(s) {
		return jsonval.Node{}, false
	}
	text, ok := jsonval.FromPython(s)
	if !ok {
		return jsonval.Node{}, false
	}
	return r.doc.Parse(text, repairs)
}

// PythonNode reads what Python prints of one object.
func (r *reading) PythonNode(s string) jsonval.Node {
	text, ok := jsonval.FromPython(s)
	if !ok {
		return jsonval.Node{}
	}
	return r.ParseText(text)
}

// ParseOnce is the JSON of a value, whoever parsed it first; nothing of plain text.
func (r *reading) ParseOnce(v value.Value) jsonval.Node {
	switch {
	case v.Node.Exists() || !v.Exists():
		return v.Node
	case v.Attr.Type() == pcommon.ValueTypeStr && !value.LooksEncoded(v.Attr.Str()):
		return jsonval.Node{}
	}
	return r.parsed[r.parsedAt(v.Attr)].node
}

// Decoded parses a string node that holds JSON.
func (r *reading) Decoded(n jsonval.Node) value.Value {
	if s := n.Str(); n.Kind() == jsonval.String && value.LooksEncoded(s) {
		var ignored jsonval.Repairs
		if inner, ok := r.doc.Parse(s, &ignored); ok {
			return value.Value{Node: inner}
		}
	}
	return value.Value{Node: n}
}

// JSONText is a text as it is, and an object or a list as JSON.
func (r *reading) JSONText(v value.Value) string {
	s, is := v.Str()
	if is || !v.Exists() {
		return s
	}
	var ignored jsonval.Repairs
	switch {
	case v.Node.Exists():
		r.aside = jsonval.Append(r.aside[:0], v.Node, &ignored)
	case v.Attr.Type() == pcommon.ValueTypeMap || v.Attr.Type() == pcommon.ValueTypeSlice:
		r.aside = jsonval.AppendValue(r.aside[:0], v.Attr, &ignored)
	default:
		return ""
	}
	return string(r.aside)
}

// ObjectText returns an object, or the first of a list, as JSON text, which need not be parsed
// where it came as such.
func (r *reading) ObjectText(v value.Value) string {
	s, is := v.Str()
	s = value.TrimBlanks(s)
	switch {
	case !is && v.Exists(), strings.HasPrefix(s, `"{`), strings.HasPrefix(s, `"[`), strings.HasPrefix(s, isPython): // structured, encoded once more, of Python
		n := r.ParseOnce(v)
		if n.Kind() == jsonval.Array {
			n = n.First()
		}
		if value.IsObject(n) {
			return r.JSONText(value.Value{Node: n})
		}
	case strings.HasPrefix(s, "{"):
		return s
	case strings.HasPrefix(s, "["):
		if s = value.TrimBlanks(s[1:]); strings.HasPrefix(s, "{") {
			return s
		}
	}
	return ""
}

// BodyUsage returns the JSON text of the usage in a response's body, which is looked for once for
// all counts.
func (r *reading) BodyUsage(v value.Value) string {
	if v.Attr != (pcommon.Value{}) && v.Attr == r.usageBody {
		return r.usageText
	}
	s := r.ObjectText(v)
	if plain, is := v.Str(); is && strings.HasSuffix(plain, s) {
		s = s[max(0, len(s)-usageWithin):]
	}
	usage := usageIn(s, `"usage`)
	if usage == "" {
		usage = usageIn(s, `"token_usage`)
	}
	r.usageBody, r.usageText = v.Attr, usage
	return usage
}

// usageWithin is how near the end of a body, as a program wrote it, its usage begins: behind what
// was answered.
const usageWithin = 2048

// usageIn returns JSON text from the first object on whose key begins so, quote included, and is no
// part of a text.
func usageIn(s, key string) string {
	for {
		at := jsonval.Index(s, key)
		if at < 0 {
			return ""
		}
		escaped := at > 0 && s[at-1] == '\\'
		_, s, _ = strings.Cut(s[at+1:], `"`)
		if inner := strings.TrimLeft(s, ": \t\r\n"); !escaped && strings.HasPrefix(inner, "{") {
			return inner
		}
	}
}
