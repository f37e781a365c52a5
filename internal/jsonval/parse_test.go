package jsonval

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canonical returns the canonical form of a JSON text.
func canonical(t testing.TB, text string) (string, Repairs) {
	t.Helper()
	var d Doc
	var r Repairs
	n, ok := d.Parse(text, &r)
	require.True(t, ok, "%q", text)
	return string(Append(nil, n, &r)), r
}

func TestCanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		`null`:                                `null`,
		` [ true , false,{ } ,[ ] ] `:         `[true,false,{},[]]`,
		`{"bb":1,"a":2,"c":3,"aa":4}`:         `{"a":2,"c":3,"aa":4,"bb":1}`,
		`"tab\t nl\n slash\/ quote\" back\\"`: `"tab\t nl\n slash/ quote\" back\\"`,
		`"\u00e9\u0041\u001F\u007f"`:          "\"éA\\u001f\x7f\"",
		`"\ud83d\ude00 😀"`:                    `"😀 😀"`,
		`{"\u0061":1}`:                        `{"a":1}`,
		`-0`:                                  `0`,
		`-0.00`:                               `0.00`,
		`1.50`:                                `1.50`,
		`1e2`:                                 `100`,
		`1.5E+1`:                              `15`,
		`1.50e1`:                              `15.0`,
		`-1.25e-3`:                            `-0.00125`,
		`0.05e1`:                              `0.5`,
		`0e5`:                                 `0`,
		`-0e-2`:                               `0.00`,
		`12345678901234567890123`:             `12345678901234567890123`,
	} {
		got, r := canonical(t, in)
		require.Equal(t, want, got, "%s", in)
		require.Zero(t, r, "%s", in)
		again, _ := canonical(t, got)
		require.Equal(t, got, again)
	}
}

func TestRepairs(t *testing.T) {
	long := "1" + strings.Repeat("0", maxIntDigits)
	for _, c := range []struct {
		in, want string
		repairs  Repairs
	}{
		{`"a\u0000b"`, `"ab"`, NulRemoved},
		{`{"a\u0000":1}`, `{"a":1}`, NulRemoved},
		{`"\ud800x"`, `"�x"`, UTF8Replaced},
		{`"\udc00\ud800\u0041"`, `"��A"`, UTF8Replaced},
		{`"\ud800\ud83d\ude00"`, `"�😀"`, UTF8Replaced},
		{"\"a\xffb\xc3\"", `"a�b�"`, UTF8Replaced},
		{"\"a\xff\\n\\u0000\"", `"a�\n"`, UTF8Replaced | NulRemoved},
		{"{\"\xff\":1}", `{"�":1}`, UTF8Replaced},
		{"\"\xed\xa0\x80\"", `"�"`, UTF8Replaced},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`, DuplicateKey},
		{`{"a":1,"a\u0000":2}`, `{"a":2}`, NulRemoved | DuplicateKey},
		{`1e2000`, `"1e2000"`, NumberNotFinite},
		{`1e-2000`, `"1e-2000"`, NumberNotFinite},
		{`1e99999999999999999999`, `"1e99999999999999999999"`, NumberNotFinite},
		{long, `"` + long + `"`, NumberNotFinite},
	} {
		got, r := canonical(t, c.in)
		require.Equal(t, c.want, got, "%.100s", c.in)
		require.Equal(t, c.repairs, r, "%.100s", c.in)
	}
}

func TestManyKeysLastWins(t *testing.T) {
	var b strings.Builder
	want := map[string]any{}
	b.WriteByte('{')
	for i := range 100 {
		if i > 0 {
			b.WriteByte(',')
		}
		key := string(rune('a' + i%40))
		b.WriteString(`"` + key + `":`)
		b.WriteString(string(rune('0' + i%10)))
		want[key] = float64(i % 10)
	}
	b.WriteByte('}')
	got, r := canonical(t, b.String())
	require.Equal(t, DuplicateKey, r)
	var decoded map[string]any
	require.NoError(t, json.Unmarshal([]byte(got), &decoded))
	require.Equal(t, want, decoded)
}

func TestMalformed(t *testing.T) {
	for _, in := range []string{
		``, ` `, `{`, `[`, `[1`, `[1,`, `[1,]`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `'a'`,
		`"a`, `"a\`, `"a\x"`, `"\u12"`, `"\u12g4"`, "\"a\nb\"", `01`, `-`, `1.`, `.5`, `1e`, `1e+`, `+1`, `tru`,
		`nul`, `NaN`, `Infinity`, `1 2`, `[1]]`, `{}x`, strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
	} {
		var d Doc
		var r Repairs
		n, ok := d.Parse(in, &r)
		require.False(t, ok, "%q", in)
		require.Equal(t, Absent, n.Kind())
		require.Zero(t, r)
	}
	deepest := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	got, _ := canonical(t, deepest)
	require.Equal(t, deepest, got)
}

func TestScalars(t *testing.T) {
	var d Doc
	var r Repairs
	n, ok := d.Parse(`{"s":"a\nb","i":12,"f":12.5,"w":12.0,"e":1.2e1,"big":9007199254740993,"huge":1e30,"t":true,"z":null,"sp":" \n"}`, &r)
	require.True(t, ok)
	require.Equal(t, "a\nb", n.Get("s").Str())
	require.Equal(t, 3, n.Get("s").Len())
	for key, want := range map[string]int64{"i": 12, "w": 12, "e": 12, "big": 9007199254740993} {
		got, ok := n.Get(key).Int()
		require.True(t, ok, key)
		require.Equal(t, want, got, key)
	}
	for _, key := range []string{"f", "huge", "s", "missing"} {
		_, ok := n.Get(key).Int()
		require.False(t, ok, key)
	}
	f, ok := n.Get("f").Float()
	require.True(t, ok)
	require.Equal(t, 12.5, f)
	b, ok := n.Get("t").Bool()
	require.True(t, b && ok)
	require.Equal(t, "true", n.Get("t").Text())
	require.Equal(t, "12.0", n.Get("w").Text())
	require.True(t, n.Get("z").Exists())
	require.True(t, n.Get("z").Blank())
	require.True(t, n.Get("sp").Blank())
	require.True(t, n.Get("missing").Blank())
	require.False(t, n.Get("s").Blank())
}

func TestBuildAndChange(t *testing.T) {
	var d, other Doc
	var r Repairs
	o := d.Object()
	list := d.Array()
	o.Set("list", list)
	list.Add(d.Int(1))
	list.Add(d.Float(1))
	list.Add(d.Null())
	o.Set("x", d.String("old"))
	o.Set("x", d.String("new"))
	o.Set("none", Node{})
	o.SetStr("empty", "")
	o.Set("again", list)
	foreign, ok := other.Parse(`{"k":[1,{"a":"\u0062"}]}`, &r)
	require.True(t, ok)
	o.Set("other", foreign)
	o.Delete("missing")
	require.Equal(t, `{"x":"new","list":[1,1.0,null],"again":[1,1.0,null],"other":{"k":[1,{"a":"b"}]}}`, string(Append(nil, o, &r)))
	o.Delete("list")
	o.Delete("other")
	o.Set("y", d.Bool(true))
	require.Equal(t, `{"x":"new","y":true,"again":[1,1.0,null]}`, string(Append(nil, o, &r)))
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u0000\ud800",null,true]}`, "\"\xff\"", `[[[]]]`, `{"a":1,"a":2}`, `-0.0e-0`, `"\\\""`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d Doc
		var r Repairs
		n, ok := d.Parse(text, &r)
		if !ok {
			if json.Valid([]byte(text)) && strings.Count(text, "[")+strings.Count(text, "{") <= MaxDepth {
				t.Fatalf("refuses valid JSON %q", text)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("accepts malformed JSON %q", text)
		}
		out := Append(nil, n, &r)
		if !json.Valid(out) {
			t.Fatalf("%q became malformed %q", text, out)
		}
		if strings.Contains(string(out), "\x00") {
			t.Fatalf("%q keeps U+0000", text)
		}
		again, r2 := canonical(t, string(out))
		if again != string(out) || r2 != 0 {
			t.Fatalf("not canonical: %q then %q (%d)", out, again, r2)
		}
		visit(n)
		if decoded := Append(nil, n, &r); string(decoded) != string(out) {
			t.Fatalf("decoding changes the form: %q then %q", out, decoded)
		}
	})
}

// visit decodes every string below n.
func visit(n Node) {
	_ = n.Str()
	for c := n.First(); c.Exists(); c = c.Next() {
		visit(c)
	}
}
