package mapping

import (
	"strings"
	"unsafe"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// toolError calls a tool failed whose result says so, though its span does not.
func (r *reading) toolError(v value, c content.Content) {
	if r.out.ErrorType != "" || len(c.Body) > maxResult {
		return
	}
	body := unsafe.String(unsafe.SliceData(c.Body), len(c.Body)) // nobody writes to a content
	said := mayTellFailure(body) && tellsFailure(r.parseText(body), 0)
	if text, is := v.str(); !said && is && len(text) <= maxResult && mayTellFailure(text) {
		said = tellsFailure(r.parseText(text), 0)
	}
	if said {
		r.out.ErrorType = "tool_error"
		r.out.Adjustments |= ToolErrorFromResult
	}
}

// maxResult bounds the results that are looked at.
const maxResult = 1 << 20

// mayTellFailure spares most results being searched or parsed: only an object tells.
func mayTellFailure(s string) bool {
	return strings.HasPrefix(trimBlanks(s), "{") &&
		(strings.Contains(s, "rror") || strings.Contains(s, `"success"`) || strings.Contains(s, `"failed"`))
}

// tellsFailure looks at the members of a result, and of the object that a library put it
// into.
func tellsFailure(n jsonval.Node, depth int) bool {
	if !isObject(n) || depth > 1 {
		return false
	}
	for _, key := range [...]string{"isError", "is_error"} {
		if failed, ok := n.Get(key).Bool(); ok && failed {
			return true
		}
	}
	if succeeded, ok := n.Get("success").Bool(); ok && !succeeded {
		return true
	}
	switch lower(n.Get("status").Str()) {
	case "error", "failed", "failure":
		return true
	}
	return tellsFailure(n.Get("data"), depth+1) || tellsFailure(n.Get("output"), depth+1) || tellsFailure(n.Get("kwargs"), depth+1)
}

// parseText parses text that may be JSON.
func (r *reading) parseText(s string) jsonval.Node {
	var ignored jsonval.Repairs
	n, _ := r.doc.Parse(s, &ignored)
	return n
}
