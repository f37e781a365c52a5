package jsonval

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKeysAreFound looks for keys of which many share the bit that stands for them.
func TestKeysAreFound(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		b := make([]byte, rnd.IntN(4))
		for i := range b {
			b[i] = "abé\""[rnd.IntN(4)]
		}
		return string(b)
	}
	for range 2000 {
		var d Doc
		o, want := d.Object(), map[string]int64{}
		for range rnd.IntN(6) {
			key := name()
			if _, known := want[key]; known && rnd.IntN(2) == 0 {
				o.Delete(key)
				delete(want, key)
				continue
			}
			want[key] = int64(rnd.IntN(100))
			o.Set(key, d.Int(want[key]))
		}
		asked := []string{name(), name(), name(), name()}
		keys, at := KeysOf(asked...), -1
		for i, key := range asked {
			n, there := want[key]
			got, ok := o.Get(key).Int()
			require.Equal(t, there, ok, "%q", key)
			require.Equal(t, n, got, "%q", key)
			if there {
				var c Node
				at, c = o.Any(keys, at+1)
				require.Equal(t, i, at)
				require.Equal(t, o.Get(key), c)
			}
		}
		at, c := o.Any(keys, at+1)
		require.Equal(t, -1, at)
		require.False(t, c.Exists())
	}
	var d Doc
	for _, n := range []Node{{}, d.Array(), d.Int(-1), d.String("a")} {
		at, _ := n.Any(KeysOf("", "a"), 0)
		require.Equal(t, -1, at)
		require.False(t, n.Get("").Exists())
	}
}

// TestSpecialBytes compares the search by words with one byte by byte.
func TestSpecialBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	rare := []byte{0, 1, 0x1f, 0x20, '!', '"', '#', '[', '\\', ']', 0x7f, 0x80, 0x81, 0xa2, 0xdc, 0xff}
	for range 200_000 {
		b := make([]byte, rnd.IntN(30))
		for i := range b {
			if b[i] = 'a'; rnd.IntN(10) == 0 {
				b[i] = rare[rnd.IntN(len(rare))]
			}
		}
		s, from := string(b), rnd.IntN(len(b)+1)
		end, high := from, false
		for end < len(s) && s[end] != '"' && s[end] != '\\' && s[end] >= 0x20 {
			high = high || s[end] > 0x7f
			end++
		}
		one := true
		for _, c := range b {
			one = one && c > ' ' && c <= 0x7f
		}
		require.Equal(t, one, IsOneWord(s), "%q", s)
		gotEnd, gotHigh := special(s, from)
		require.True(t, gotEnd == end && gotHigh == high, "%q from %d: %d, %v", s, from, gotEnd, gotHigh)
	}
}
