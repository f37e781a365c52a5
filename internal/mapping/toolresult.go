package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// toolError calls a tool failed whose result says so, though its span does not.
func (r *reading) toolError(v value.Value, c content.Content) {
	if r.out.ErrorType != "" || len(c.Body) > maxResult {
		return
	}
	body := viewOf(c.Body) // nobody writes to a content
	said := r.textShowsFailure(body, 0)
	if text, is := v.Str(); !said && is && len(text) <= maxResult {
		said = r.textShowsFailure(text, 0)
	}
	if said {
		r.out.ErrorType = "tool_error"
		r.out.Adjustments |= ToolErrorFromResult
	}
}

// maxResult bounds the results that are looked at.
const maxResult = 1 << 20

// mayShowFailure spares most results being searched or parsed: only an object tells, be it
// in a list of content blocks or in a string, and only by a key and a value together.
func mayShowFailure(s string) bool {
	s = value.TrimBlanks(s)
	if s == "" || strings.IndexByte(`{["`, s[0]) < 0 {
		return false
	}
	has := func(part string) bool { return jsonval.Index(s, part) >= 0 }
	return has(`\"`) || has(`rror"`) && has("true") || has(`"success"`) && has("false") ||
		has(`"status"`) && (has("rror") || has("RROR") || has("ail") || has("AIL"))
}

func (r *reading) textShowsFailure(s string, depth int) bool {
	return mayShowFailure(s) && r.showsFailure(r.ParseText(s), depth)
}

// showsFailure looks at the members of a result, of the object that a library put it
// into, of the content blocks of a tool's result, and of the only text among them.
func (r *reading) showsFailure(n jsonval.Node, depth int) bool {
	if depth > 3 {
		return false
	}
	switch n.Kind() {
	case jsonval.String:
		return r.textShowsFailure(n.Str(), depth+1)
	case jsonval.Array:
		return r.blocksShowFailure(n, depth)
	case jsonval.Object:
	default:
		return false
	}
	if flagged(n) {
		return true
	}
	if succeeded, ok := n.Get("success").Bool(); ok && !succeeded {
		return true
	}
	switch strings.ToLower(n.Get("status").Str()) {
	case "error", "failed", "failure":
		return true
	}
	for _, key := range [...]string{"data", "output", "kwargs", "tool_output"} {
		if inner := n.Get(key); value.IsObject(inner) && r.showsFailure(inner, depth+1) {
			return true
		}
	}
	return false
}

// blocksShowFailure looks at a list of content blocks, of which each may be flagged, and
// at the text of one that stands alone.
func (r *reading) blocksShowFailure(list jsonval.Node, depth int) bool {
	for block := list.First(); block.Exists(); block = block.Next() {
		if value.IsObject(block) && block.Get("type").Exists() && flagged(block) {
			return true
		}
	}
	alone := list.First()
	return list.Len() == 1 && value.IsObject(alone) && r.textShowsFailure(alone.Get("text").Str(), depth+1)
}

func flagged(n jsonval.Node) bool {
	for _, key := range [...]string{"isError", "is_error"} {
		if failed, ok := n.Get(key).Bool(); ok && failed {
			return true
		}
	}
	return false
}

// ParseText parses text that may be JSON.
func (r *reading) ParseText(s string) jsonval.Node {
	var ignored jsonval.Repairs
	n, _ := r.doc.Parse(s, &ignored)
	return n
}
