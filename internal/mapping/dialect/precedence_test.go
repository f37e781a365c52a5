package dialect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryLevelIsUsed keeps the order of precedence complete, without levels of nobody.
func TestEveryLevelIsUsed(t *testing.T) {
	used := map[Level]bool{}
	for _, d := range All() {
		require.False(t, used[Level(d.Name)], "%s is the name of two dialects", d.Name)
		used[Level(d.Name)] = true
		for f, sources := range d.Sources {
			for _, s := range sources {
				if s.At != "" {
					require.NotZero(t, s.At.Rank(), "%s, field %d: %q is no level", d.Name, f, s.At)
					used[s.At] = true
				}
			}
		}
		require.NotZero(t, Level(d.Name).Rank(), "%s stands nowhere in the order of precedence (precedence.go)", d.Name)
	}
	for i, p := range Precedence {
		require.Equal(t, i+1, p.Rank(), "%s stands twice in the order of precedence", p)
		require.True(t, used[p], "%s is no dialect, and no source's level", p)
	}
}

// TestADialectIsAFile keeps a dialect where its name leads.
func TestADialectIsAFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	dialects := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		n := strings.Count(string(text), "\nvar _ = register(") + strings.Count(string(text), "\nvar vercel = register(")
		require.LessOrEqual(t, n, 1, "%s has several dialects", name)
		dialects += n
	}
	require.Len(t, All(), dialects)
}
