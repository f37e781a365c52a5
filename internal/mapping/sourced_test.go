package mapping

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"
)

// sourcedSpan is a span as the code of a public emitter writes it.
type sourcedSpan struct {
	source string // the repository and commit, or what the program is
	name   string
	inventedSpan
}

// llmRow is the row of an LLM call, with more fields than these.
func llmRow(model string, input, output float64, more anyMap) anyMap {
	row := anyMap{"kind": "llm", "input_tokens": input, "output_tokens": output}
	if model != "" {
		row["request_model"] = model
	}
	maps.Copy(row, more)
	return row
}

// toolRow is the row of a tool call, with more fields than these.
func toolRow(name string, more anyMap) anyMap {
	row := anyMap{"kind": "tool", "tool_name": name}
	maps.Copy(row, more)
	return row
}

// sourced are the cases of all waves.
var sourced = slices.Concat(sourcedFrameworks, sourcedApplications, sourcedTools, sourcedMore, sourcedNamed, sourcedUnknown, sourcedReports, sourcedSparse, sourcedJavaScript, sourcedLanguages, sourcedReceived, sourcedOthers, sourcedByHand, sourcedToday, sourcedLeft, sourcedInTests, sourcedNamedByLLM, sourcedFound)

// TestSourcedSpans holds the rows of spans that public code writes to what their attributes mean
// in that code.
func TestSourcedSpans(t *testing.T) {
	held, all := map[string]int{}, map[string]int{}
	for _, c := range sourced {
		t.Run(strings.ReplaceAll(c.source+" "+c.name, "/", "|"), func(t *testing.T) {
			_, got := c.span.mapped(t)
			for field, want := range c.want {
				all[c.source]++
				if problem := compare(field, want, got[field]); problem != "" {
					t.Errorf("%s: %s", field, strings.ReplaceAll(problem, "\n", " "))
					continue
				}
				held[c.source]++
			}
		})
	}
	sumHeld, sumAll := 0, 0
	for source, n := range all {
		sumHeld, sumAll = sumHeld+held[source], sumAll+n
		if held[source] < n {
			t.Logf("%3d of %3d: %s", held[source], n, source)
		}
	}
	t.Logf("%d emitters: %d of %d fields hold", len(all), sumHeld, sumAll)
}

// TestSpellingsOfSourcedSpans gives the keys of sourced spans, if no convention has them, another
// name space, spells them in other ways and puts them into one object: the rows stay the same, but
// for the attributes that are left.
func TestSpellingsOfSourcedSpans(t *testing.T) {
	compared := 0
	for _, c := range sourced {
		if !ownNames(c.span) {
			continue
		}
		_, want := c.span.mapped(t)
		for how, rename := range renamings {
			other := c.span
			other.attrs = rename(c.span.attrs)
			_, got := other.mapped(t)
			compared++
			requireSameRow(t, c.source+" "+c.name+" "+how, maps.Clone(want), got)
		}
	}
	t.Logf("%d rows compared", compared)
}

// indexInKey finds the index of one of several, which no spelling but the dotted one has.
var indexInKey = regexp.MustCompile(`\.\d+(\.|$)`)

// ownNames reports whether the keys of a span are names that its emitter has chosen, all in a name
// space, and that no dialect has its scope.
func ownNames(span testSpan) bool {
	if compiled().dialectsOfScope(span.scope) != 0 {
		return false
	}
	for key := range span.attrs {
		words := keywords.Of(key)
		if info := compiled().keys[key]; info != nil && info.shared || len(words) < 2 || generalNamespaces[words[0]] || words[0] == "gen" || words[0] == "mcp" || words[0] == "a2a" || indexInKey.MatchString(key) {
			return false
		}
		if f, _, _ := compiled().match(key); f != nil && f.fields != 0 {
			return false
		}
	}
	return len(span.attrs) > 0 && len(span.events) == 0
}

// renamings write keys in other ways that say the same.
var renamings = map[string]func(anyMap) anyMap{
	"in a name space around": func(attrs anyMap) anyMap {
		return renamed(attrs, func(words []string) string { return "quetzal." + strings.Join(words, ".") })
	},
	"in camel case": func(attrs anyMap) anyMap {
		return renamed(attrs, func(words []string) string { return words[0] + pascal(words[1:]) })
	},
	"with underscores": func(attrs anyMap) anyMap {
		return renamed(attrs, func(words []string) string { return strings.Join(words, "_") })
	},
	"in an object": func(attrs anyMap) anyMap { return anyMap{"quetzal": renamed(attrs, snake)} },
	"with hyphens": func(attrs anyMap) anyMap { return renamed(attrs, keySpellings["kebab"]) },
	"with colons":  func(attrs anyMap) anyMap { return renamed(attrs, keySpellings["colons"]) },
	"in Pascal":    func(attrs anyMap) anyMap { return renamed(attrs, pascal) },
	"in capitals":  func(attrs anyMap) anyMap { return renamed(attrs, keySpellings["capitals"]) },
	"half dotted":  func(attrs anyMap) anyMap { return renamed(attrs, keySpellings["mixed"]) },
}

func snake(words []string) string { return strings.Join(words, "_") }

func renamed(attrs anyMap, name func(words []string) string) anyMap {
	other := anyMap{}
	for key, v := range attrs {
		other[name(keywords.Of(key))] = v
	}
	return other
}

// TestNormalisedSourcedSpans compares the rows of sourced spans, and of spans of invented emitters,
// with those after gen_ai_normalizer: all columns are the same while the originals are there.
func TestNormalisedSourcedSpans(t *testing.T) {
	spans := map[string]testSpan{}
	for name, c := range invented {
		spans[name] = c.span
	}
	for _, c := range sourced {
		spans[c.source+" "+c.name] = c.span
	}
	rewritten := 0
	for _, name := range slices.Sorted(maps.Keys(spans)) {
		td, normalised := spans[name].traces(t), spans[name].traces(t)
		normalise(t, normalised, false)
		if allSpans(td)[0].Attributes().Len() != allSpans(normalised)[0].Attributes().Len() {
			rewritten++
		}
		a, b := New(Options{}).Map(td), New(Options{}).Map(normalised)
		want, got := columnsOf(a, &a.Spans[0]), columnsOf(b, &b.Spans[0])
		for column := range want {
			if want[column] != got[column] {
				t.Errorf("%s: %s is %.200q, normalised %.200q", name, column, want[column], got[column])
			}
		}
	}
	t.Logf("%d of %d spans are rewritten", rewritten, len(spans))
}
