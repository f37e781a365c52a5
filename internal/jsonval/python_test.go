package jsonval

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFromPython(t *testing.T) {
	for python, json := range map[string]string{
		`{'role': 'user', 'n': None, 'ok': True}`:  `{"role":"user","n":null,"ok":true}`,
		`["don't", 'say "hi"', 'it\'s', 'a\nb\\']`: `["don't","say \"hi\"","it's","a\nb\\"]`,
		`(1, -2.5, 1e-05,)`:                        `[1,-2.5,1e-05]`,
		`{1, 2}`:                                   `[1,2]`,
		`{'a'}`:                                    `["a"]`,
		`{1: {}, None: []}`:                        `{"1":{},"null":[]}`,
		`Message(role=<Role.USER: 'user'>, content=[Text(text='hi', id=None)])`: `{"role":"user","content":[{"text":"hi","id":null}]}`,
		`[SecretStr('x'), datetime.datetime(2026, 1, 2), NOT_GIVEN, b'raw']`:    `["x","datetime.datetime(2026, 1, 2)","NOT_GIVEN","raw"]`,
		`[<openai.Omit object at 0x7f>, <class 'str'>]`:                         `["<openai.Omit object at 0x7f>","<class 'str'>"]`,
		`'\u00e9\x41\U0001F600\q'`:                                              `"éA😀\\q"`,
	} {
		got, ok := FromPython(python)
		require.True(t, ok, python)
		require.JSONEq(t, json, got, python)
	}
	for _, other := range []string{"", "Paris is nice.", "{'a': 1", "['a' 'b']", "f(a=1", "{'a': 1, 2}", "<Role.USER: 'user'", "{'a': 1} and more", strings.Repeat("[", 100) + strings.Repeat("]", 100)} {
		_, ok := FromPython(other)
		require.False(t, ok, other)
	}
}

func TestFromPythonFields(t *testing.T) {
	const message = `content="it's mild" name='get_weather' tool_call_id='call_1' artifact=None additional_kwargs={}`
	require.True(t, PrintsMessage(message))
	got, ok := FromPythonFields(message)
	require.True(t, ok)
	require.JSONEq(t, `{"content":"it's mild","name":"get_weather","tool_call_id":"call_1","artifact":null,"additional_kwargs":{}}`, got)
	for _, other := range []string{"", "content='a", "content='a' and more", "content= "} {
		_, ok := FromPythonFields(other)
		require.False(t, ok, other)
	}
}

func TestPrintsPython(t *testing.T) {
	for _, python := range []string{`{'a': 1}`, ` [{'a': 1}]`, `[Text(text='hi')]`} {
		require.True(t, PrintsPython(python), python)
	}
	for _, other := range []string{``, `{"a": 1}`, `['a']`, `[1]`, `Text(text='hi')`, `[link](https://example.com)`, `[see (below)]`} {
		require.False(t, PrintsPython(other), other)
	}
}

// TestFromPythonReadsWhatPythonPrints prints trees as Python does and reads them again.
func TestPrintsObjectOf(t *testing.T) {
	require.True(t, PrintsObjectOf("a.ChatMessage(content='hi')", "Message"))
	for _, other := range []string{"", "Message", "Message()x", "MessageDelta()", "(Message)", "a Message()"} {
		require.False(t, PrintsObjectOf(other, "Message"), other)
	}
}

func TestFromPythonReadsWhatPythonPrints(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 1)) // #nosec G404 -- repeatable
		python, json := printed(rnd, 4)
		got, ok := FromPython(python)
		require.True(t, ok, python)
		require.JSONEq(t, json, got, python)
	}
}

// printed returns a tree as Python prints it and as JSON.
func printed(rnd *rand.Rand, depth int) (python, json string) {
	kind := rnd.IntN(10)
	if depth == 0 {
		kind %= 6
	}
	switch kind {
	case 0:
		return "None", "null"
	case 1:
		return "True", "true"
	case 2:
		n := strconv.Itoa(rnd.IntN(2000) - 1000)
		return n, n
	case 3:
		return "<Kind.A: 'a b'>", `"a b"`
	case 4, 5:
		s := []string{"plain", "it's", `say "hi"`, "a\\b", "line\nbreak", "é", "", "{'a': 1}", "None"}[rnd.IntN(9)]
		return printedString(s), strconv.Quote(s)
	}
	var pythons, jsons []string
	for i := range rnd.IntN(4) {
		p, j := printed(rnd, depth-1)
		key := "k" + strconv.Itoa(i)
		switch kind {
		case 6:
			p, j = "'"+key+"': "+p, `"`+key+`":`+j
		case 7:
			p, j = key+"="+p, `"`+key+`":`+j
		}
		pythons, jsons = append(pythons, p), append(jsons, j)
	}
	list, values := strings.Join(pythons, ", "), strings.Join(jsons, ",")
	switch kind {
	case 6:
		return "{" + list + "}", "{" + values + "}"
	case 7:
		return "Thing.Part(" + list + ")", "{" + values + "}"
	case 8:
		if len(pythons) == 1 {
			list += ","
		}
		return "(" + list + ")", "[" + values + "]"
	}
	return "[" + list + "]", "[" + values + "]"
}

// printedString is how Python prints a string: in single quotes, unless it has some and no others.
func printedString(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "\n", `\n`)
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}

// TestKeysOfPythonDoNotGrow nests dicts in keys, as no program of Python can.
func TestKeysOfPythonDoNotGrow(t *testing.T) {
	for depth := 1; depth < maxPython-2; depth++ {
		text := "{'x': " + strings.Repeat("{", depth) + "'a': 1" + strings.Repeat("}: 1", depth-1) + "}}"
		json, ok := FromPython(text)
		require.True(t, ok)
		require.LessOrEqual(t, len(json), 2*len(text))
	}
	json, ok := FromPython("{(1, 'a'): 2, None: 3, True: 4, 1.5: 5}")
	require.True(t, ok)
	require.JSONEq(t, `{"(1, 'a')": 2, "null": 3, "true": 4, "1.5": 5}`, json)
}

func FuzzFromPython(f *testing.F) {
	f.Add(`{'role': <Role.USER: 'user'>, "x": [Text(text='hi')]}`)
	f.Add("{'x': {{'a': 1}: F(a={(1, 2): 3})}}")
	f.Fuzz(func(t *testing.T, text string) {
		if json, ok := FromPython(text); ok {
			require.LessOrEqual(t, len(json), 16*len(text))
			var r Repairs
			_, ok := new(Doc).Parse(json, &r)
			require.True(t, ok, json)
		}
	})
}
