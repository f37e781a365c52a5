package dialect

import (
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
