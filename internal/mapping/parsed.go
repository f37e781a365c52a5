package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
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
		if p := &r.parsed[i]; p.attr == v && p.plain && p.repairs == 0 && isObject(p.node) {
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

// pythonNode reads what Python prints of one object.
func (r *reading) pythonNode(s string) jsonval.Node {
	text, ok := jsonval.FromPython(s)
	if !ok {
		return jsonval.Node{}
	}
	return r.parseText(text)
}

// parseOnce is the JSON of a value, whoever parsed it first; nothing of plain text.
func (r *reading) parseOnce(v value) jsonval.Node {
	switch {
	case v.node.Exists() || !v.exists():
		return v.node
	case v.attr.Type() == pcommon.ValueTypeStr && !looksEncoded(v.attr.Str()):
		return jsonval.Node{}
	}
	return r.parsed[r.parsedAt(v.attr)].node
}

// looksEncoded reports whether text may be a JSON object, list or quoted string.
func looksEncoded(s string) bool {
	s = trimBlanks(s)
	return s != "" && (s[0] == '{' || s[0] == '[' || s[0] == '"')
}

func isObject(n jsonval.Node) bool { return n.Kind() == jsonval.Object }

// decoded parses a string node that holds JSON.
func (r *reading) decoded(n jsonval.Node) value {
	if s := n.Str(); n.Kind() == jsonval.String && looksEncoded(s) {
		var ignored jsonval.Repairs
		if inner, ok := r.doc.Parse(s, &ignored); ok {
			return value{node: inner}
		}
	}
	return value{node: n}
}
