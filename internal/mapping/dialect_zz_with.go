package mapping

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// queryOf takes the query out of an object of arguments.
func queryOf(r Reading, v value) value {
	if !mayBeObject(v.attr) {
		return v
	}
	if q := child(r.parseOnce(v), []string{"query", "question", "search_query", "text", "input"}); q.Kind() == jsonval.String {
		return value{node: q}
	}
	return v
}

// noSchema passes over a JSON schema: what a tool may be given is not what this call gave.
func noSchema(r Reading, v value) value {
	if s, is := v.str(); is && jsonval.Index(s, `"properties"`) < 0 && jsonval.Index(s, `"shape"`) < 0 {
		return v // most arguments: they need not be parsed
	}
	n := r.parseOnce(v)
	if n.Get("type").Str() == "object" && (isObject(n.Get("properties")) || isObject(n.Get("def").Get("shape"))) { // JSON Schema, Zod
		return value{}
	}
	return v
}

// without passes on an object less some of its members.
func without(keys ...string) func(Reading, value) value {
	return func(r Reading, v value) value {
		n := r.parseOnce(v)
		if !isObject(n) {
			return value{}
		}
		rest := r.Doc().Object()
		for c := n.First(); c.Exists(); c = c.Next() {
			if !slices.Contains(keys, c.Key()) {
				rest.Set(c.Key(), c)
			}
		}
		return value{node: rest}
	}
}

// undotted makes a converter of a JSON list whose objects have flattened keys: it nests
// them again, without the segments that only wrap.
func undotted(drop []string) func(Reading, value) value {
	return func(r Reading, v value) value { return r.undotted(v, drop) }
}
