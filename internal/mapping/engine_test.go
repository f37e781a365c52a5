package mapping

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// TestTheEngineNamesNoDialect: no text in the engine is the name, a scope or a mark of a dialect, so that a
// rule holds for every emitter that writes the same. A scope may be a word of the language.
func TestTheEngineNamesNoDialect(t *testing.T) {
	shows := map[string]string{}
	for _, d := range dialect.All() {
		for _, sign := range append(append([]string{d.Name}, d.Scopes...), d.Marks...) {
			shows[strings.TrimSuffix(sign, "*")] = d.Name
		}
	}
	delete(shows, "ai")
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				if shows[text] != "" {
					t.Errorf("%s has %q, which shows the dialect %s", fset.Position(literal.Pos()), text, shows[text])
				}
			}
			return true
		})
	}
}
