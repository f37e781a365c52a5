package jsonval

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIndexIsThatOfStrings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(`ag"_ é`[r.IntN(7)])
		}
		return b.String()
	}
	for range 20_000 {
		text, part := random(r.IntN(40)), random(1+r.IntN(4))
		require.Equal(t, strings.Index(text, part), Index(text, part), "%q in %q", part, text)
	}
}

func TestMemberIsThatOfTheTree(t *testing.T) {
	const text = ` {"a" : {"b":1,"c}":["b",2]}, "q\"":"x", "b":"y" , "n":null,"list":[{"b":"z"}],"e":"with \"quotes\"","b":"again"} after`
	require.Equal(t, `"y"`, Member(text, "b")[:3])
	require.True(t, strings.HasPrefix(Member(text, "list"), `[{"b":"z"}]`))
	require.Empty(t, Member(text, "c}"))
	require.Empty(t, Member(text, "y"), "a value is no key")
	require.Empty(t, Member(`{"b"`, "b"))
	require.Empty(t, Member(`"b"`, "b"))
	require.Equal(t, "y", MemberText(text, "a", "n", "e", "b"))
	require.Empty(t, MemberText(text, "a", "missing"))
}

func TestEnd(t *testing.T) {
	const text = `x{"a":"}","b":[{"c":"\"]"}]},{}`
	require.Equal(t, `{"a":"}","b":[{"c":"\"]"}]}`, text[1:End(text, 1)])
	require.Equal(t, -1, End(`{"a":"}`, 0))
	require.Equal(t, -1, End(`{"a":[}`, 0))
}
