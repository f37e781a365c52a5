package schema

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

//go:embed migrations/*.sql views/*.sql functions/*.sql
var embedded embed.FS

// migration is a numbered step of the tables.
type migration struct {
	number int32
	file   string
	text   string
	// compatibleFrom is the oldest build, by its Latest, that can work on the tables
	// after this step; 0 if the step leaves that as it was.
	compatibleFrom int32
}

// definitionFiles are the repeatable files, each after those that it refers to. Bodies
// of functions may refer to anything: they are not checked before they run.
var definitionFiles = []string{
	"functions/days.sql",
	"functions/owners.sql",
	"functions/histograms.sql",
	"functions/retention.sql",
	"functions/contents.sql",
	"functions/models.sql",
	"views/span_details.sql",
	"functions/observations.sql",
	"views/internal_calls.sql",
	"views/call_facts.sql",
	"views/calls.sql",
	"views/internal_tools.sql",
	"views/tool_facts.sql",
	"views/tool_calls.sql",
	"functions/usage.sql",
	"views/usage.sql",
	"functions/messages.sql",
	"views/messages.sql",
	"views/trace_io.sql",
	"views/sessions.sql",
	"views/retrievals.sql",
	"views/tool_usage.sql",
	"views/operations.sql",
	"views/unpriced_models.sql",
	"views/events.sql",
	"functions/traces.sql",
	"functions/calls.sql",
	"functions/transcript.sql",
	"functions/search.sql",
	"functions/export.sql",
	"views/content_references.sql",
	"functions/recount.sql",
	"functions/unneeded_contents.sql",
	"functions/erasure.sql",
	"functions/repricing.sql",
	"functions/comments.sql",
	"functions/grants.sql",
	"functions/citus.sql",
}

// retired are functions and views of builds of before that no file defines any more.
var retired = []string{
	"llm_outer_telling", "llm_calls_of", "llm_call_spans", "llm_call_spans_of", "llm_agents_around", "llm_said",
	"llm_internal_tellings", "llm_internal_side_by_side",
}

var (
	migrations      = loadMigrations()
	definitionsHash = hashDefinitions()
)

// compatibility is the line of a migration that says which builds can work after it.
var compatibility = regexp.MustCompile(`(?m)^-- compatible from: (\d+)$`)

func loadMigrations() []migration {
	files, err := fs.Glob(embedded, "migrations/*.sql") // sorted by name
	if err != nil {
		panic(err) // the pattern is a constant of this file
	}
	list := make([]migration, len(files))
	for i, file := range files {
		m := migration{file: path.Base(file), text: read(file)}
		m.number = number(m.file[:3])
		if found := compatibility.FindStringSubmatch(m.text); found != nil {
			m.compatibleFrom = number(found[1])
		}
		list[i] = m
	}
	return list
}

// alters reports whether the migration changes a table, its indexes or its triggers.
func (m *migration) alters(table string) bool {
	return regexp.MustCompile(`(ALTER TABLE|\bON)( ONLY)? \{\{\.schema\}\}\.` + table + `\b`).MatchString(m.text)
}

func number(digits string) int32 {
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		panic(fmt.Sprintf("a migration is numbered wrongly: %v", err)) // a build fault
	}
	return int32(n)
}

// hashDefinitions covers all that is made anew when it changes: views, functions and the
// built-in prices. They are made anew after each migration too.
func hashDefinitions() string {
	hash := sha256.New()
	for _, m := range migrations {
		fmt.Fprintln(hash, m.file) // some files list the columns that tables have
	}
	for _, file := range definitionFiles {
		fmt.Fprintf(hash, "%s\n%s\n", file, definitionText(file))
	}
	hash.Write(price.BuiltinCSV())
	return hex.EncodeToString(hash.Sum(nil))
}

func read(file string) string {
	text, err := embedded.ReadFile(file)
	if err != nil {
		panic(err) // definitionFiles names a file that is not there: a build fault
	}
	return string(text)
}

var dollarQuote = regexp.MustCompile(`\$(\w*)\$`)

// render puts the name of the schema into the text of a file: {{.schema}} is its quoted
// name, {{.schema_literal}} the name as an SQL string. Dollar quotes get a tag that the
// name does not contain, since most stand around the body of a function that names the
// schema.
func render(text, name string) string {
	tag := ""
	for strings.Contains(name, tag+"$") {
		tag += "q"
	}
	text = dollarQuote.ReplaceAllString(text, "$$${1}"+tag+"$$")
	return strings.NewReplacer("{{.schema}}", pgx.Identifier{name}.Sanitize(), "{{.schema_literal}}", Literal(name)).Replace(text)
}
