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
		var j slotJSON
		j.node = r.parse(s.value, &j.repairs)
		r.slotJSON = append(r.slotJSON, j)
		s.parsed = int32(len(r.slotJSON))
	}
	j := &r.slotJSON[s.parsed-1]
	return j.node, j.repairs
}

// parse reads a value as JSON: encoded once or twice, or as Python prints a dict.
func (r *reading) parse(v pcommon.Value, repairs *jsonval.Repairs) jsonval.Node {
	switch v.Type() {
	case pcommon.ValueTypeStr:
	case pcommon.ValueTypeBytes:
		return r.parseMessagePack(v.Bytes().AsRaw())
	default:
		return r.doc.FromValue(v, repairs)
	}
	n, ok := r.doc.Parse(v.Str(), repairs)
	if !ok && strings.HasPrefix(trimBlanks(v.Str()), isPython) {
		n, ok = r.doc.Parse(pythonJSON.Replace(v.Str()), repairs)
	}
	if ok && n.Kind() == jsonval.String {
		if inner := n.Str(); strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[") {
			if again, ok := r.doc.Parse(inner, repairs); ok {
				return again
			}
			if strings.HasPrefix(inner, isPython) {
				if again, ok := r.doc.Parse(pythonJSON.Replace(inner), repairs); ok {
					return again
				}
			}
		}
	}
	return n
}

// isPython begins a dict as Python prints it.
const isPython = "{'"

var pythonJSON = strings.NewReplacer("'", `"`, "None", "null", "True", "true", "False", "false")

// parseOnce is the JSON of a value that no slot holds.
func (r *reading) parseOnce(v value) jsonval.Node {
	switch {
	case v.node.Exists() || !v.exists():
		return v.node
	case v.attr.Type() == pcommon.ValueTypeStr && !looksEncoded(v.attr.Str()):
		return jsonval.Node{}
	}
	for _, p := range r.parsed {
		if p.attr == v.attr {
			return p.node
		}
	}
	var ignored jsonval.Repairs
	n := r.parse(v.attr, &ignored)
	if len(r.parsed) < maxKeptParsed {
		r.parsed = append(r.parsed, value{attr: v.attr, node: n})
	}
	return n
}

// maxKeptParsed bounds the values of a span whose JSON is kept for the next field.
const maxKeptParsed = 16

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
