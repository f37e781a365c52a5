package llmobservatoryexporter

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

var update = flag.Bool("update", false, "write docs/tables.md instead of comparing it")

const (
	tablesPage     = "docs/tables.md"
	tablesGenerate = "<!-- The tables below are made of the comments in the database: go test . -run TestTablesPage -update -->\n"
)

// TestTablesPage compares docs/tables.md with the comments in the database, of which
// everything public has one.
func TestTablesPage(t *testing.T) {
	_, db := storetest.Open(t)
	column := func(sql string) []string {
		rows, err := db.Query(t.Context(), sql)
		require.NoError(t, err)
		values, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return values
	}
	require.Empty(t, column(`SELECT format('%s.%s', c.relname, a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
			AND c.relname ^@ 'llm_' AND NOT c.relname ^@ 'llm_internal_' AND col_description(c.oid, a.attnum) IS NULL
			AND obj_description(c.oid, 'pg_class') NOT LIKE 'For the exporter%' AND c.relname <> 'llm_content_references'
			AND NOT (c.relname IN ('llm_spans', 'llm_traces') AND a.attname IN ('below', 'origins'))`), "columns without a comment")
	require.Empty(t, column(`SELECT c.relname::text FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
			AND c.relname ^@ 'llm_' AND NOT c.relname ^@ 'llm_internal_' AND obj_description(c.oid, 'pg_class') IS NULL`), "relations without a comment")
	require.Empty(t, column(`SELECT p.oid::regprocedure::text FROM pg_proc p
		WHERE p.pronamespace = 'public'::regnamespace AND p.proname ^@ 'llm_' AND NOT p.proname ^@ 'llm_internal_'
			AND obj_description(p.oid, 'pg_proc') IS NULL`), "functions without a comment")

	stored, err := os.ReadFile(tablesPage)
	require.NoError(t, err)
	head, _, found := strings.Cut(string(stored), tablesGenerate)
	require.True(t, found)
	var page strings.Builder
	page.WriteString(head + tablesGenerate)
	rows, err := db.Query(t.Context(), `
		SELECT c.relname::text, obj_description(c.oid, 'pg_class'), a.attname::text, format_type(a.atttypid, a.atttypmod), coalesce(col_description(c.oid, a.attnum), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relname ^@ 'llm_'
			AND NOT c.relname ^@ 'llm_internal_' AND obj_description(c.oid, 'pg_class') NOT LIKE 'For the exporter%'
			AND col_description(c.oid, a.attnum) IS NOT NULL
		ORDER BY c.relkind = 'v', c.relname, a.attnum`)
	require.NoError(t, err)
	var last, relation, about, name, kind, comment string
	_, err = pgx.ForEachRow(rows, []any{&relation, &about, &name, &kind, &comment}, func() error {
		if relation != last {
			fmt.Fprintf(&page, "\n## %s\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n", relation, about)
			last = relation
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", name, kind, strings.ReplaceAll(comment, "|", `\|`))
		return nil
	})
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(tablesPage, []byte(page.String()), 0o644))
		return
	}
	require.Equal(t, page.String(), string(stored), "run go test . -run TestTablesPage -update")
}

var (
	pageLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pageHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fencedText  = regexp.MustCompile("(?s)```.*?```")
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestLinksBetweenPages follows each link of a page to the file, and to the heading in it.
func TestLinksBetweenPages(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	pages = append(pages, "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "internal/bench/README.md")
	followed := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, link := range pageLink.FindAllStringSubmatch(fencedText.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(link[1], "://") || strings.HasPrefix(link[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(link[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			linked, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr == nil && info.IsDir() {
				err = nil
			}
			require.NoError(t, err, "%s links to %s", page, link[1])
			if anchor != "" {
				require.Contains(t, anchors(string(linked)), anchor, "%s links to %s", page, link[1])
			}
			followed++
		}
	}
	require.Greater(t, followed, 30)
}

// anchors are those of a page's headings, as GitHub makes them.
func anchors(page string) (list []string) {
	for _, heading := range pageHeading.FindAllStringSubmatch(fencedText.ReplaceAllString(page, ""), -1) {
		list = append(list, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-"))
	}
	return list
}

var (
	namedFile   = regexp.MustCompile(`((?:[\w*.-]+/)*[\w*-]+\.(?:go|sql))(?:[^\w.]|\.\s|$)`)
	namedFolder = regexp.MustCompile("`((?:internal|pool|cmd|docs|scripts)/[\\w./-]+[\\w-])`")
)

// TestFilesThatPagesNameExist: a file or folder that a page or a package's comment names is there. NAME and * stand for any
// name. A page may leave out the folders before a file, a package's comment those of the package.
func TestFilesThatPagesNameExist(t *testing.T) {
	var files, pages []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "build" || path != "." && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case !entry.IsDir():
			files = append(files, path)
			if strings.HasSuffix(path, ".md") && entry.Name() != "CHANGELOG.md" || entry.Name() == "doc.go" {
				pages = append(pages, path)
			}
		}
		return nil
	}))
	named := 0
	for _, page := range pages {
		raw, err := os.ReadFile(page)
		require.NoError(t, err)
		text := fencedText.ReplaceAllString(string(raw), "")
		for _, match := range namedFile.FindAllStringSubmatch(text, -1) {
			name := match[1]
			pattern := strings.NewReplacer(`\*`, `[^/]+`, `NAME`, `[^/]+`).Replace(regexp.QuoteMeta(strings.TrimPrefix(name, "../"))) + "$"
			where := "(^|/)"
			if folder := filepath.Dir(page); filepath.Base(page) == "doc.go" && folder != "." && !strings.Contains(name, "/") {
				where = "^" + folder + "/(.*/)?"
			}
			assert.True(t, slices.ContainsFunc(files, regexp.MustCompile(where+pattern).MatchString), "%s names %s, which is not there", page, name)
			named++
		}
		for _, folder := range namedFolder.FindAllStringSubmatch(text, -1) {
			if strings.ContainsAny(filepath.Base(folder[1]), ".*") {
				continue
			}
			_, err := os.Stat(folder[1])
			assert.NoError(t, err, "%s names %s", page, folder[1])
			named++
		}
	}
	require.Greater(t, named, 150)
}
