package mapping

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// QueryOf takes the query out of an object of arguments.
func QueryOf(r Reading, v Value) Value {
	if !MayBeObject(v.Attr) {
		return v
	}
	if q := Child(r.ParseOnce(v), []string{"query", "question", "search_query", "text", "input"}); q.Kind() == jsonval.String {
		return Value{Node: q}
	}
	return v
}

// NoSchema passes over a JSON schema: what a tool may be given is not what this call gave.
func NoSchema(r Reading, v Value) Value {
	if s, is := v.Str(); is && jsonval.Index(s, `"properties"`) < 0 && jsonval.Index(s, `"shape"`) < 0 {
		return v // most arguments: they need not be parsed
	}
	n := r.ParseOnce(v)
	if n.Get("type").Str() == "object" && (IsObject(n.Get("properties")) || IsObject(n.Get("def").Get("shape"))) { // JSON Schema, Zod
		return Value{}
	}
	return v
}

// without passes on an object less some of its members.
func without(keys ...string) func(Reading, Value) Value {
	return func(r Reading, v Value) Value {
		n := r.ParseOnce(v)
		if !IsObject(n) {
			return Value{}
		}
		rest := r.Doc().Object()
		for c := n.First(); c.Exists(); c = c.Next() {
			if !slices.Contains(keys, c.Key()) {
				rest.Set(c.Key(), c)
			}
		}
		return Value{Node: rest}
	}
}

// Undotted makes a converter of a JSON list whose objects have flattened keys: it nests
// them again, without the segments that only wrap.
func Undotted(drop []string) func(Reading, Value) Value {
	return func(r Reading, v Value) Value { return r.Undotted(v, drop) }
}
