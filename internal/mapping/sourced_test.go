package mapping

import (
	"maps"
	"slices"
	"strings"
	"testing"
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

// TestSourcedSpans holds the rows of spans that public code writes to what their attributes mean
// in that code.
func TestSourcedSpans(t *testing.T) {
	held, all := map[string]int{}, map[string]int{}
	for _, c := range slices.Concat(sourcedFrameworks, sourcedApplications, sourcedTools) {
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
