package mapping

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

var update = flag.Bool("update", false, "write docs/dialects.md instead of comparing it")

// TestDialectsPage keeps docs/dialects.md what the tables say.
func TestDialectsPage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "dialects.md")
	const records = "\n## Log records\n" // of package logs
	page := dialectsPage(compiled())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	if _, section, ok := strings.Cut(string(before), records); ok {
		page += records + section
	}
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(page), 0o600))
	}
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	if page != string(stored) {
		t.Fatal("docs/dialects.md is not what the tables say: run go test ./internal/mapping -run TestDialectsPage -update")
	}
}

// TestReadmeTable keeps the README's table of dialects what the tables say.
func TestReadmeTable(t *testing.T) {
	const begin, end = "<!-- dialects: begin -->\n", "<!-- dialects: end -->"
	path := filepath.Join("..", "..", "README.md")
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(stored), begin)
	require.True(t, ok, "README.md lacks %s", begin)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "README.md lacks %s", end)
	page := before + begin + readmeTable(compiled()) + end + after
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o600))
	} else {
		require.Equal(t, page, string(stored), "run go test ./internal/mapping -update")
	}
}

// readmeTable lists the dialects and what they are tried with.
func readmeTable(t *table) string {
	var b strings.Builder
	b.WriteString("| dialect | versions tried, and where the facts are from |\n|---|---|\n")
	for _, d := range t.dialects {
		fmt.Fprintf(&b, "| %s | %s |\n", d.Name, d.Versions)
	}
	return b.String()
}

func dialectsPage(t *table) string {
	var b strings.Builder
	b.WriteString(`# Dialects

Generated from the tables in internal/mapping; change those, then run
` + "`go test ./internal/mapping -run TestDialectsPage -update`" + `.

Every span of every kind is stored. Each column below is filled from the first source of its list that has a usable value on the
span, so a span that follows two dialects is merged field by field. N stands for an index, * for any rest of a key; what follows an
arrow is a place inside the attribute's JSON, with | between spellings. A source that did not win stays in ` + "`attributes`" + `, and so does
one whose value was corrected or converted; an attribute that carries words is never kept in facts: what became no message, tool
value or document is a content of its own, which ` + "`attributes`" + ` refers to as ` + "`{\"$content\": id}`" + `.

The attributes of the scope stand in ` + "`attributes`" + ` under ` + "`$scope`" + `, long ones as a content under ` + "`$long_scope`" + ` that the
views show as ` + "`$scope`" + `; words of the scope, of the resource and of links are contents under ` + "`$scope_words`" + `,
` + "`$resource_words`" + ` and ` + "`$link_words`" + `. A span attribute that is called so itself gets one more ` + "`$`" + ` in front. Bytes are
` + "`{\"$bytes\": base64}`" + `. A map of a sender whose only key begins with ` + "`$`" + ` is ` + "`{\"$map\": {…}}`" + `, so it is never taken for one of these.

` + "`make explain FILE=…`" + ` says of captured spans which of these sources filled each column.

A collector may run contrib's gen_ai_normalizer before: what is a copy of an attribute that the span still has says nothing by itself,
and the original counts. With ` + "`remove_originals`" + ` what the copies do not say is lost: kinds that are no operation, text beside tool calls,
parts of contents, the model of the answer.

`)
	writeRecognition(&b, t)
	writeKinds(&b, t)
	for f := range dialect.Field(dialect.NumFields) {
		writeField(&b, t, f)
	}
	writeWords(&b, t)
	writeProviders(&b)
	writeFinishReasons(&b)
	b.WriteString(addingADialect)
	return b.String()
}

const addingADialect = `
## Adding a dialect

[dialect-guide.md](dialect-guide.md) builds one from its captured spans.
`

func writeRecognition(b *strings.Builder, t *table) {
	b.WriteString("## Recognised by\n\nWhere several dialects give a field, the first of the order of precedence below wins, unless the field's own list\nplaces a source elsewhere.\n\n| dialect | scope | attribute | versions in the cases |\n|---|---|---|---|\n")
	for _, d := range t.dialects {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", d.Name, codes(d.Scopes), codes(d.Marks), d.Versions)
	}
	b.WriteString("\nVersions in italics were captured from the running library; without any, the cases were written after its documentation.\n" +
		"Recognition matters only where a name could be anybody's (marked *own spans*) and for what a dialect means by its numbers.\n\n")
	writePrecedence(b)
}

// writePrecedence prints the order, with the number of sources that stand at each level.
func writePrecedence(b *strings.Builder) {
	sources := map[dialect.Level]int{}
	for _, d := range dialect.All() {
		for _, all := range d.Sources {
			for _, s := range all {
				sources[cmp.Or(s.At, dialect.Level(d.Name))]++
			}
		}
	}
	b.WriteString("## Order of precedence\n\nLevels in italics are of single sources, which their dialects place there.\n\n| | level | sources |\n|---|---|---|\n")
	for i, l := range dialect.Precedence {
		name := string(l)
		if !slices.ContainsFunc(dialect.All(), func(d *dialect.Dialect) bool { return d.Name == name }) {
			name = "*" + name + "*"
		}
		fmt.Fprintf(b, "| %d | %s | %d |\n", i+1, name, sources[l])
	}
	b.WriteString("\n")
}

func writeKinds(b *strings.Builder, t *table) {
	b.WriteString("## kind\n\nThe first rule that decides, from top to bottom; else `other`.\n\n| | attribute | values |\n|---|---|---|\n")
	for i, rule := range t.kinds {
		attr := "`" + rule.Attr + "`"
		if rule.Attr == "" {
			attr = "the name of the span"
		}
		fmt.Fprintf(b, "| %d | %s%s | %s |\n", i+1, attr, ownNote(rule.Own), kindValues(rule))
	}
	b.WriteString("\n")
}

func kindValues(rule *boundRule) string {
	byKind := map[Kind][]string{}
	for v, k := range rule.Values {
		byKind[k] = append(byKind[k], v)
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(byKind)) {
		values := byKind[k]
		slices.Sort(values)
		for i, v := range values {
			if values[i] = "`" + v + "`"; v == "" {
				values[i] = "anything else"
				if len(rule.Values) == 1 {
					values[i] = "any value"
				}
			}
		}
		parts = append(parts, strings.Join(values, " ")+" → "+k.String())
	}
	if rule.Note != "" {
		parts = append(parts, rule.Note)
	}
	return strings.Join(parts, "; ")
}

func writeField(b *strings.Builder, t *table, f dialect.Field) {
	if len(t.sources[f]) == 0 {
		return
	}
	info := fields[f]
	fmt.Fprintf(b, "## %s\n\n", info.column)
	if info.kinds != 0 {
		fmt.Fprintf(b, "On spans of kind %s.\n\n", kindNamesOf(info.kinds))
	}
	b.WriteString("| | source | dialect | |\n|---|---|---|---|\n")
	for i := range t.sources[f] {
		src := &t.sources[f][i]
		fmt.Fprintf(b, "| %d | %s | %s | %s |\n", i+1, sourceName(src), t.dialectOf(src), sourceNote(src, info))
	}
	b.WriteString("\n")
}

func sourceName(src *boundSource) string {
	switch {
	case src.Answer != nil:
		var keys []string
		for _, k := range answerKeys(src.Answer) {
			if k != "" {
				keys = append(keys, k)
			}
		}
		return codes(keys)
	case src.As == dialect.AsName:
		return "the name of the span"
	case src.As == dialect.AsMessageEvents:
		return "span events that tell messages"
	case src.As == dialect.AsDocumentEvents:
		return "span events that tell documents"
	case src.Event != "" && src.Attr == "":
		return "time of span event `" + src.Event + "`"
	}
	name := "`" + strings.ReplaceAll(src.Attr, ".#", ".N") + "`"
	if src.Event != "" {
		name = "span event `" + src.Event + "`: " + name
	}
	if src.Path != "" {
		name += " → `" + strings.ReplaceAll(src.Path, "|", "\\|") + "`"
	}
	return name
}

func sourceNote(src *boundSource, info fieldInfo) string {
	var notes []string
	if src.kinds != info.on() {
		notes = append(notes, "on kind "+kindNamesOf(src.kinds))
	}
	if src.Own {
		notes = append(notes, "own spans")
	}
	if src.Resource {
		notes = append(notes, "of the resource")
	}
	if src.Param != "" {
		notes = append(notes, "as `"+src.Param+"`")
	}
	if len(src.Except) > 0 {
		notes = append(notes, "but for "+codes(src.Except))
	}
	if note := formNotes[src.As]; note != "" {
		notes = append(notes, note)
	}
	if src.Delta {
		notes = append(notes, "only what is new since the call before")
	}
	if src.Note != "" {
		notes = append(notes, src.Note)
	}
	return strings.Join(notes, "; ")
}

var formNotes = map[dialect.Form]string{
	dialect.AsJSON: "always JSON", dialect.AsBody: "out of a body", dialect.AsWrapped: "unwrapped", dialect.AsText: "plain text", dialect.AsSeconds: "seconds",
	dialect.AsMillis: "milliseconds", dialect.AsNanos: "nanoseconds", dialect.AsObject: "put together", dialect.AsTime: "a time", dialect.AsToolPart: "its tool part", dialect.AsEventList: "a list of events",
}

func ownNote(own bool) string {
	if own {
		return " (own spans)"
	}
	return ""
}

func writeWords(b *strings.Builder, t *table) {
	b.WriteString("## Further attributes that carry words\n\n")
	for _, d := range t.dialects {
		if len(d.Words) > 0 {
			fmt.Fprintf(b, "- %s: %s\n", d.Name, strings.ReplaceAll(codes(d.Words), ".#", ".N"))
		}
	}
	b.WriteString("\n")
}

func writeProviders(b *strings.Builder) {
	b.WriteString("## Providers\n\nCompared without case; a known name may go on after a dot or hyphen (`openai.chat`). Other names are kept in lower case.\n\n")
	b.WriteString("| stored | from |\n|---|---|\n")
	byName := map[string][]string{}
	for alias, name := range providerAliases {
		byName[name] = append(byName[name], alias)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		slices.Sort(byName[name])
		fmt.Fprintf(b, "| `%s` | %s |\n", name, codes(byName[name]))
	}
	fmt.Fprintf(b, "\nFrameworks, which are no providers: %s.\n\n", codes(slices.Sorted(maps.Keys(dialect.Frameworks))))
	b.WriteString("Without a provider, calls of models take it from the host (`server.address`) or from the start of the model's name:\n\n")
	b.WriteString("| model | provider |\n|---|---|\n")
	for _, m := range modelProviders {
		fmt.Fprintf(b, "| `%s…` | `%s` |\n", m.prefix, m.provider)
	}
	fmt.Fprintf(b, "| `[region.]vendor.name` with vendor %s | `aws.bedrock` |\n| `vendor/model` | the vendor, if known |\n\n",
		codes(slices.Sorted(maps.Keys(bedrockVendors))))
}

// reportedReasons are the finish reasons that libraries and APIs were seen to send.
var reportedReasons = []string{
	"stop", "end_turn", "stop_sequence", "complete", "completed", "eos", "finish", "STOP", "endTurn",
	"length", "max_tokens", "max_output_tokens", "MAX_TOKENS", "model_length", "maxTokens",
	"tool_calls", "tool_call", "tool-calls", "tool_use", "function_call", "toolUse",
	"content_filter", "content-filter", "safety", "refusal", "guardrail_intervened", "contentFiltered", "error",
}

func writeFinishReasons(b *strings.Builder) {
	b.WriteString("## Finish reasons\n\nCompared without case, `_`, `-` and blanks; others are kept in lower case.\n\n| stored | from |\n|---|---|\n")
	byName := map[string][]string{}
	for _, r := range reportedReasons {
		byName[content.FinishReason(r)] = append(byName[content.FinishReason(r)], r)
	}
	names := slices.SortedFunc(maps.Keys(byName), func(a, b string) int {
		return cmp.Or(len(byName[b])-len(byName[a]), strings.Compare(a, b))
	})
	for _, name := range names {
		fmt.Fprintf(b, "| `%s` | %s |\n", name, codes(byName[name]))
	}
}

func kindNamesOf(s dialect.KindSet) string {
	var names []string
	for k := range KindPrompt + 1 {
		if s.Has(k) {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, ", ")
}

func codes(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = "`" + s + "`"
	}
	return strings.Join(quoted, " ")
}

func TestWhatIsComputedIsExplained(t *testing.T) {
	for _, d := range dialect.All() {
		for f, sources := range d.Sources {
			for _, s := range sources {
				require.Equal(t, s.With != nil, s.Note != "", "%s, %s", d.Name, fields[f].column)
			}
		}
		for _, k := range d.Kinds {
			require.Equal(t, k.Of != nil, k.Note != "", "%s, kind by %q", d.Name, k.Attr)
		}
	}
}

// TestAdjustmentsAreDocumented looks for each name in the page of tables.
func TestAdjustmentsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/tables.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "## Adjustments")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "<!--")
	for _, name := range adjustmentNames {
		require.Contains(t, section, "`"+name+"`")
	}
}
