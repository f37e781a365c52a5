package dialect

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// QueryOf takes the query out of an object of arguments.
func QueryOf(r Reading, v value.Value) value.Value {
	if !value.MayBeObject(v.Attr) {
		return v
	}
	if q := value.Child(r.ParseOnce(v), []string{"query", "question", "search_query", "text", "input"}); q.Kind() == jsonval.String {
		return value.Value{Node: q}
	}
	return v
}

// NoSchema passes over a JSON schema: what a tool may be given is not what this call gave.
func NoSchema(r Reading, v value.Value) value.Value {
	if s, is := v.Str(); is && jsonval.Index(s, `"properties"`) < 0 && jsonval.Index(s, `"shape"`) < 0 {
		return v // most arguments: they need not be parsed
	}
	n := r.ParseOnce(v)
	if n.Get("type").Str() == "object" && (value.IsObject(n.Get("properties")) || value.IsObject(n.Get("def").Get("shape"))) { // JSON Schema, Zod
		return value.Value{}
	}
	return v
}

// without passes on an object less some of its members.
func without(keys ...string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		n := r.ParseOnce(v)
		if !value.IsObject(n) {
			return value.Value{}
		}
		rest := r.Doc().Object()
		for c := n.First(); c.Exists(); c = c.Next() {
			if !slices.Contains(keys, c.Key()) {
				rest.Set(c.Key(), c)
			}
		}
		return value.Value{Node: rest}
	}
}

// Undotted makes a converter of a JSON list whose objects have flattened keys: it nests
// them again, without the segments that only wrap.
func Undotted(drop []string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value { return r.Undotted(v, drop) }
}

// unsuccessful tells a call that the program says did not succeed: one that is aborted has no
// status.
func unsuccessful(r Reading) bool {
	success, _, ok := r.Attr("success").Boolean()
	return ok && !success
}
