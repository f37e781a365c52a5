package logs

import (
	goflag "flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = goflag.Bool("update", false, "write the section of docs/dialects.md instead of comparing it")

// TestDialectsPage keeps the section on log records of docs/dialects.md what the programs say.
func TestDialectsPage(t *testing.T) {
	const begin, end = "<!-- log records: begin -->\n", "<!-- log records: end -->"
	path := filepath.Join("..", "..", "docs", "dialects.md")
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(stored), begin)
	require.True(t, ok, "docs/dialects.md lacks %s", begin)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "docs/dialects.md lacks %s", end)
	page := before + begin + section() + end + after
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o600))
		return
	}
	if page != string(stored) {
		t.Fatal("docs/dialects.md is not what the programs say: run go test ./internal/logs -run TestDialectsPage -update")
	}
}

func section() string {
	var b strings.Builder
	for _, p := range slices.SortedFunc(slices.Values(programs), func(a, b *program) int { return strings.Compare(a.name, b.name) }) {
		fmt.Fprintf(&b, "### %s\n\n%s.", p.name, p.versions)
		if len(p.scopes) > 0 {
			fmt.Fprintf(&b, " Scope %s, or any with an event below whose name, or body, begins with `%s`.", quoted(p.scopes), p.prefix)
		}
		for _, of := range []struct {
			what string
			keys []string
		}{{"Session", p.session}, {"user", p.user}, {"turn", p.turn}} {
			if len(of.keys) > 0 {
				fmt.Fprintf(&b, " %s from %s.", strings.ToUpper(of.what[:1])+of.what[1:], quoted(of.keys))
			}
		}
		for _, event := range p.spanEvents {
			fmt.Fprintf(&b, " As a span event too: `%s`.", p.prefix+event)
		}
		b.WriteString("\n\n| event | tells | where | the span id is | tied by |\n|---|---|---|---|---|\n")
		for _, event := range slices.Sorted(maps.Keys(p.events)) {
			for _, r := range p.events[event] {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", eventText(p, event), r.kind, conditions(r.when), spanText(&r), ties(&r))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func eventText(p *program, event string) string {
	switch event {
	case scopeNamed:
		return "named as its scope"
	case "*":
		return "any other"
	}
	return "`" + p.prefix + event + "`"
}

func quoted(keys []string) string { return "`" + strings.Join(keys, "` `") + "`" }

func conditions(all []condition) string {
	var texts []string
	for _, c := range all {
		switch {
		case c.some:
			texts = append(texts, fmt.Sprintf("`%s` is there", c.attr))
		case c.none:
			texts = append(texts, fmt.Sprintf("`%s` is not there", c.attr))
		case c.is != nil:
			texts = append(texts, fmt.Sprintf("`%s` is %s", c.attr, quoted(c.is)))
		default:
			texts = append(texts, fmt.Sprintf("`%s` ≥ %g", c.attr, c.atLeast))
		}
	}
	return strings.Join(texts, ", ")
}

func spanText(r *rule) string {
	switch r.kind {
	case Noise, Fact:
		return ""
	case Prompt:
		return "of what is around the turn"
	}
	return "of " + namingNames[r.names]
}

func ties(r *rule) string {
	var texts []string
	for _, keys := range [...][]string{r.request, r.response, r.toolCall} {
		if len(keys) > 0 {
			texts = append(texts, quoted(keys))
		}
	}
	if r.byTime {
		texts = append(texts, "time")
	}
	return strings.Join(texts, ", else ")
}
