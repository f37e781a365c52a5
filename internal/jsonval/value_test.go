package jsonval

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestAppendValue(t *testing.T) {
	for _, c := range []struct {
		raw     any
		want    string
		repairs Repairs
	}{
		{nil, `null`, 0},
		{"a\n\x01é", `"a\n\u0001é"`, 0},
		{int64(1), `1`, 0},
		{int64(math.MinInt64), `-9223372036854775808`, 0},
		{1.0, `1.0`, 0},
		{-1.5e-7, `-0.00000015`, 0},
		{1e21, `1000000000000000000000.0`, 0},
		{math.Copysign(0, -1), `0.0`, 0},
		{math.NaN(), `"NaN"`, NumberNotFinite},
		{math.Inf(1), `"Infinity"`, NumberNotFinite},
		{math.Inf(-1), `"-Infinity"`, NumberNotFinite},
		{true, `true`, 0},
		{[]byte{1, 2, 255}, `{"$bytes":"AQL/"}`, 0},
		{[]any{int64(1), 2.0, []any{}}, `[1,2.0,[]]`, 0},
		{map[string]any{"b": int64(1), "a": map[string]any{}}, `{"a":{},"b":1}`, 0},
		{map[string]any{"$bytes": "x"}, `{"$map":{"$bytes":"x"}}`, 0},
		{map[string]any{"$map": map[string]any{"$x": int64(1)}}, `{"$map":{"$map":{"$map":{"$x":1}}}}`, 0},
		{map[string]any{"$a": int64(1), "b": int64(2)}, `{"b":2,"$a":1}`, 0},
		{"a\x00\xff", `"a�"`, NulRemoved | UTF8Replaced},
		{map[string]any{"k\x00": "v"}, `{"k":"v"}`, NulRemoved},
	} {
		v := pcommon.NewValueEmpty()
		require.NoError(t, v.FromRaw(c.raw))
		var r Repairs
		require.Equal(t, c.want, string(AppendValue(nil, v, &r)))
		require.Equal(t, c.repairs, r, c.want)
	}
}

func TestAppendMapIsNeverWrapped(t *testing.T) {
	m := pcommon.NewMap()
	m.PutStr("$bytes", "x")
	m.PutEmptyMap("m").PutInt("$map", 1)
	var r Repairs
	text := AppendMap(nil, m, &r)
	require.Equal(t, `{"m":{"$map":{"$map":1}},"$bytes":"x"}`, string(text))
	back := pcommon.NewMap()
	require.NoError(t, DecodeMap(text, back))
	require.Equal(t, m.AsRaw(), back.AsRaw())
}

// What nests too deep becomes text in place, at any depth: no conversion may overflow
// the stack, which ends the process.
func TestTooDeepBecomesText(t *testing.T) {
	for _, depth := range []int{MaxDepth + 1, 1000, 1_000_000} {
		v := pcommon.NewValueEmpty()
		at := v
		for i := range depth {
			if i >= MaxDepth && i%2 == 1 {
				at = at.SetEmptyMap().PutEmpty("k\x00")
				continue
			}
			at = at.SetEmptySlice().AppendEmpty()
		}
		var r Repairs
		text := AppendValue(nil, v, &r)
		require.Equal(t, NestingCut, r&NestingCut)
		require.True(t, json.Valid(text))
		rest, is := strings.CutPrefix(string(text), strings.Repeat("[", MaxDepth)+`"[`)
		require.True(t, is)
		rest = rest[:strings.LastIndexByte(rest, '"')]
		require.Equal(t, depth-MaxDepth, strings.Count(rest, "]")+strings.Count(rest, "}"))
	}
}

func TestTextOfWhatIsTooDeep(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		v := pcommon.NewValueEmpty()
		randomValue(rng, v, 4)
		var r Repairs
		text := appendDeep(nil, v, &r)
		require.True(t, json.Valid(text), "%s", text)
		canonicalText, _ := canonical(t, string(text))
		require.Equal(t, sortedText(t, v), canonicalText, "no value and no key is lost")
	}
}

// sortedText is the canonical JSON of a value without the marks of kvlists.
func sortedText(t *testing.T, v pcommon.Value) string {
	t.Helper()
	var d Doc
	var r Repairs
	text := Append(nil, d.FromValue(v, &r), &r)
	return string(text)
}

// Numbers do not make a value grow without bound: beyond some times its other bytes
// they are kept as they are spelt, as strings.
func TestNumbersDoNotExplode(t *testing.T) {
	for _, number := range []string{"1e1099", "1e-1099", "1e399", "-1.5e-399", "1e308", "5e-324"} {
		for _, n := range []int{1, 3, 1000, 200_000} {
			list := "[" + strings.Repeat(number+",", n-1) + number + "]"
			got, r := canonical(t, list)
			require.LessOrEqual(t, len(got), freeGrowth+(maxGrowth+1)*(len(list)+2*n))
			require.True(t, json.Valid([]byte(got)))
			if n >= 1000 {
				require.Equal(t, NumberNotFinite, r)
				require.Contains(t, got, `"`+number+`"`)
			}
			again, _ := canonical(t, got)
			require.Equal(t, got, again)
		}
	}
	list := pcommon.NewValueSlice()
	for range 100_000 {
		list.Slice().AppendEmpty().SetDouble(5e-324)
	}
	var r Repairs
	require.Less(t, len(AppendValue(nil, list, &r)), 20*11*100_000)
	require.Equal(t, NumberNotFinite, r)
}

// A text of very many values is not parsed: its tree would take much more memory.
func TestParsedTreesAreBounded(t *testing.T) {
	var d Doc
	var r Repairs
	_, ok := d.Parse("["+strings.Repeat("1,", maxParsed)+"1]", &r)
	require.False(t, ok)
	_, ok = d.Parse("["+strings.Repeat("1,", maxParsed/2)+"1]", &r)
	require.True(t, ok)
	_, ok = d.Parse("["+strings.Repeat("1,", maxParsed/2)+"1]", &r)
	require.False(t, ok, "the bound is for all that a Doc holds")
}

// randomValue fills v with a value of up to depth levels that jsonb holds unrepaired.
func randomValue(rng *rand.Rand, v pcommon.Value, depth int) {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch rng.IntN(kinds) {
	case 0:
	case 1:
		v.SetStr(randomText(rng))
	case 2:
		v.SetInt(int64(rng.Uint64()) >> rng.IntN(64))
	case 3:
		f := math.Float64frombits(rng.Uint64())
		if rng.IntN(2) == 0 {
			f = float64(rng.IntN(1000)) / 8
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 1e300
		}
		v.SetDouble(f)
	case 4:
		v.SetBool(rng.IntN(2) == 0)
	case 5:
		b := make([]byte, rng.IntN(9))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		v.SetEmptyBytes().FromRaw(b)
	case 6:
		s := v.SetEmptySlice()
		for range rng.IntN(4) {
			randomValue(rng, s.AppendEmpty(), depth-1)
		}
	case 7:
		m := v.SetEmptyMap()
		for range rng.IntN(4) {
			key := [...]string{"$bytes", "$map", "$", "a", "bb", randomText(rng)}[rng.IntN(6)]
			randomValue(rng, m.PutEmpty(key), depth-1)
		}
	}
}

func randomText(rng *rand.Rand) string {
	runes := []rune("ab\"\\/\n\r\t\b\f\x01\x1f\x7fé😀\u2028\ufffd{}[]:,")
	var b strings.Builder
	for range rng.IntN(40) {
		b.WriteRune(runes[rng.IntN(len(runes))])
	}
	return b.String()
}

func TestValuesAreLossless(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		v := pcommon.NewValueEmpty()
		randomValue(rng, v, 4)
		var r Repairs
		text := AppendValue(nil, v, &r)
		require.Zero(t, r)
		require.True(t, json.Valid(text), "%s", text)
		back := pcommon.NewValueEmpty()
		require.NoError(t, DecodeValue(text, back))
		require.Equal(t, v.AsRaw(), back.AsRaw(), "%s", text)
		again, _ := canonical(t, string(text))
		require.Equal(t, string(text), again)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{`{`, `{"$content":"x"}`, `{"$bytes":"!"}`, `99999999999999999999`} {
		require.Error(t, DecodeValue([]byte(text), pcommon.NewValueEmpty()), text)
	}
	require.Error(t, DecodeMap([]byte(`[]`), pcommon.NewMap()))
}

func TestCleanStringSharesCleanText(t *testing.T) {
	var r Repairs
	s := strings.Repeat("clean é", 10)
	require.Zero(t, testing.AllocsPerRun(10, func() { CleanString(s, &r) }))
	require.Zero(t, r)
	require.Equal(t, "ab", CleanString("a\x00b", &r))
	require.Equal(t, NulRemoved, r)
	require.Equal(t, "a\ufffdb\ufffd", CleanString("a\xffb\xed\xa0\x80\x00", &r))
	require.Equal(t, NulRemoved|UTF8Replaced, r)
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	text := `[{"role":"user","parts":[{"type":"text","content":"line\none"}]},{"n":1.5e3,"big":[1,2,3]}]`
	m := pcommon.NewMap()
	m.PutStr("b", "x")
	m.PutEmptySlice("aa").AppendEmpty().SetDouble(1)
	var d Doc
	var r Repairs
	var buf []byte
	require.Zero(t, testing.AllocsPerRun(100, func() {
		n, _ := d.Parse(text, &r)
		buf = Append(buf[:0], n, &r)
		buf = Append(buf, d.FromMap(m, &r), &r)
		d.Reset()
	}))
}

// texts of every length around the eight bytes that are looked at together.
func TestStringsOfEveryLengthAndPlace(t *testing.T) {
	for _, special := range []string{"\"", "\\", "\n", "\x00", "é", "\xff", "\x80", ""} {
		for before := range 20 {
			for after := range 20 {
				s := strings.Repeat("a", before) + special + strings.Repeat("b", after)
				var r Repairs
				got := string(AppendString(nil, s, &r))
				var decoded string
				require.NoError(t, json.Unmarshal([]byte(got), &decoded))
				var r2 Repairs
				require.Equal(t, CleanString(s, &r2), decoded)
				require.Equal(t, r2, r)
				parsed, _ := canonical(t, got)
				require.Equal(t, got, parsed)
			}
		}
	}
}
