package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"github.com/stretchr/testify/require"
)

// keySpellings write the words of a key in the ways of languages and frameworks.
var keySpellings = map[string]func(words []string) string{
	"dotted":   func(w []string) string { return strings.Join(w, ".") },
	"snake":    func(w []string) string { return strings.Join(w, "_") },
	"kebab":    func(w []string) string { return strings.Join(w, "-") },
	"colons":   func(w []string) string { return strings.Join(w, ":") },
	"camel":    func(w []string) string { return w[0] + pascal(w[1:]) },
	"pascal":   pascal,
	"capitals": func(w []string) string { return strings.ToUpper(strings.Join(w, "_")) },
	"mixed":    func(w []string) string { return w[0] + "." + strings.Join(w[1:], "_") },
}

func pascal(words []string) (s string) {
	for _, w := range words {
		s += strings.ToUpper(w[:1]) + w[1:]
	}
	return s
}

// TestSpellingsOfKeys spells the keys of invented emitters, and their own names, in other ways: the
// rows stay the same, but for the attributes that are left.
func TestSpellingsOfKeys(t *testing.T) {
	for spelling, join := range keySpellings {
		for name, c := range invented {
			if !spelt(c.span) {
				continue
			}
			_, want := c.span.mapped(t)
			other := c.span
			other.attrs = anyMap{}
			for key, v := range c.span.attrs {
				words := keywords.Of(key)
				if len(words) > 1 {
					words[0] = "quetzal"
				}
				other.attrs[join(words)] = v
			}
			_, got := other.mapped(t)
			requireSameRow(t, spelling+": "+name, want, got)
		}
	}
}

// spelt reports whether all keys of a span are words of its emitter's own.
func spelt(span testSpan) bool {
	for key := range span.attrs {
		if info, f := compiled().keys[key], (*family)(nil); info != nil && info.shared || strings.ContainsAny(key, "[0123456789") {
			return false
		} else if f, _, _ = compiled().match(key); f != nil {
			return false
		}
		if head := keywords.Of(key)[0]; generalNamespaces[head] || aiWords[head] || ofUnknown[head] || otherThings[head] || head == "genai" || head == "rag" {
			return false
		}
	}
	return len(span.attrs) > 0 && len(span.events) == 0
}

func requireSameRow(t *testing.T, name string, want, got map[string]any) {
	t.Helper()
	for _, row := range []map[string]any{want, got} {
		delete(row, "attributes")
	}
	for _, field := range slices.Sorted(maps.Keys(want)) {
		if problem := compare(field, want[field], got[field]); problem != "" {
			t.Errorf("%s: %s: %s", name, field, strings.ReplaceAll(problem, "\n", " "))
		}
	}
	for field := range got {
		if want[field] == nil {
			t.Errorf("%s: %s: want null got %s", name, field, show(got[field]))
		}
	}
}

// TestNestedKeys puts the dotted keys of invented emitters into structured values: the rows stay
// the same.
func TestNestedKeys(t *testing.T) {
	for name, c := range invented {
		if !spelt(c.span) || strings.HasSuffix(name, "bodies") || name == "prompt" || c.span.attrs["neuron.tool"] != nil {
			continue
		}
		_, want := c.span.mapped(t)
		other := c.span
		other.attrs = anyMap{}
		for key, v := range c.span.attrs {
			at, words := other.attrs, strings.Split(key, ".")
			for _, w := range words[:len(words)-1] {
				if _, ok := at[w].(map[string]any); !ok {
					at[w] = anyMap{}
				}
				at = at[w].(map[string]any)
			}
			at[words[len(words)-1]] = v
		}
		_, got := other.mapped(t)
		requireSameRow(t, name, want, got)
	}
}

// TestInventedWordsAreWords looks for what was said among the facts of invented emitters, and for what
// got lost of them.
func TestInventedWordsAreWords(t *testing.T) {
	for name, c := range invented {
		t.Run(name, func(t *testing.T) {
			td := c.span.traces(t)
			b := New(Options{}).Map(td)
			said := map[string]bool{}
			for _, body := range b.Contents {
				collectProse(decode(t, body), said)
			}
			requireNotAmongFacts(t, b, said)
			bare := New(Options{Capture: CaptureMetadata}).Map(td)
			require.Empty(t, bare.Contents)
			requireNotAmongFacts(t, bare, said)
			row := fmt.Sprintf("%+v", b.Spans[0]) + string(b.Spans[0].Attributes) + string(b.Spans[0].Events) + string(b.Spans[0].RequestParameters)
			for _, body := range b.Contents {
				row += string(body)
			}
			row = strings.ReplaceAll(row, `\`, "")
			for _, attrs := range append([]map[string]any{c.span.attrs}, eventAttrs(c.span)...) {
				for _, text := range textsOf(attrs) {
					if text == "tool_calls" {
						continue // a finish reason, which is stored as tool_call
					}
					require.Contains(t, strings.ToLower(row), strings.ToLower(text), "%q is kept", text)
				}
			}
		})
	}
}

func eventAttrs(s testSpan) (all []map[string]any) {
	for _, e := range s.events {
		all = append(all, e.attrs)
	}
	return all
}

// textsOf lists the texts and numbers of a value.
func textsOf(v any) (all []string) {
	switch v := v.(type) {
	case string:
		var inner any
		if isJSONText(v) && json.Unmarshal([]byte(v), &inner) == nil {
			return textsOf(inner)
		}
		return []string{strings.ReplaceAll(v, `\`, "")}
	case []any:
		for _, e := range v {
			all = append(all, textsOf(e)...)
		}
	case map[string]any:
		for _, e := range v {
			all = append(all, textsOf(e)...)
		}
	}
	return all
}
