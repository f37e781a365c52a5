package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

var (
	testNamed   = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	testDefined = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(t \*testing\.T\)`)
)

// TestDocumentedFaultsAreTested requires that docs/reliability.md names no test that does
// not exist, and every test of this package but itself.
func TestDocumentedFaultsAreTested(t *testing.T) {
	root, err := testserver.ModuleRoot()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(root, "docs", "reliability.md"))
	require.NoError(t, err)
	var all, ours []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "build" || path != root && strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, match := range testDefined.FindAllSubmatch(source, -1) {
			all = append(all, string(match[1]))
			if filepath.Dir(path) == filepath.Join(root, "internal", "faults") && string(match[1]) != t.Name() {
				ours = append(ours, string(match[1]))
			}
		}
		return err
	}))
	for _, match := range testNamed.FindAllSubmatch(text, -1) {
		require.Contains(t, all, string(match[1]), "docs/reliability.md names a test that is not there")
	}
	for _, name := range ours {
		require.Contains(t, string(text), "`"+name+"`", "docs/reliability.md lacks a test")
	}
}
