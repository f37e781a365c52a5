package content

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// canonical brings expected JSON into the form of a body.
func canonical(t *testing.T, text string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	var d jsonval.Doc
	var r jsonval.Repairs
	n, ok := d.Parse(text, &r)
	require.True(t, ok, text)
	return string(jsonval.Append(nil, n, &r))
}

func TestSystemInstructions(t *testing.T) {
	z := NewNormalizer(Options{})
	for in, want := range map[string]string{
		`Be kind.`:   `[{"type":"text","content":"Be kind."}]`,
		`"Be kind."`: `[{"type":"text","content":"Be kind."}]`,
		`[{"type":"text","content":"a"},{"type":"text","content":"b"}]`: `[{"type":"text","content":"a"},{"type":"text","content":"b"}]`,
		`[{"role":"system","parts":[{"type":"text","content":"a"}]}]`:   `[{"type":"text","content":"a"}]`,
		`["a","b"]`:                       `[{"type":"text","content":"a"},{"type":"text","content":"b"}]`,
		`{"role":"system","content":"a"}`: `[{"type":"text","content":"a"}]`,
		`{"parts":[{"text":"a"}]}`:        `[{"type":"text","content":"a"}]`,
		`{"type":"text","text":"a"}`:      `[{"type":"text","content":"a"}]`,
		`{"system":"a","prompt":"x"}`:     `[{"type":"text","content":"a"}]`,
		`{"system":[{"type":"text","text":"a","cache_control":{}}],"messages":[]}`: `[{"type":"text","content":"a"}]`,
		`{"system":{"role":"system","content":"a"},"prompt":"x"}`:                  `[{"type":"text","content":"a"}]`,
		`{"instructions":"a","input":"x"}`:                                         `[{"type":"text","content":"a"}]`,
		`{"config":{"systemInstruction":"a"},"contents":[]}`:                       `[{"type":"text","content":"a"}]`,
		`{"config":{"system_instruction":{"parts":[{"text":"a"},{"text":"b"}]}}}`:  `[{"type":"text","content":"a"},{"type":"text","content":"b"}]`,
		`{"messages":[{"role":"user","content":"x"}]}`:                             ``,
		`{"role":"user","content":"x"}`:                                            ``,
		`{"message":"x","chat_history":[]}`:                                        ``,
		`{"model":"m"}`:                                                            ``, ``: ``, ` `: ``, `[]`: ``, `null`: ``,
	} {
		for range 2 {
			var r jsonval.Repairs
			c, ok := z.SystemInstructions(pcommon.NewValueStr(in), &r)
			require.Equal(t, want != "", ok, in)
			require.Equal(t, canonical(t, want), string(c.Body), in)
		}
	}
}

func TestSystemOf(t *testing.T) {
	z := NewNormalizer(Options{})
	for in, want := range map[string]string{
		`[{"role":"system","content":"a"},{"role":"user","content":"b"},{"role":"system","content":"c"}]`:             `[{"type":"text","content":"a"}]`,
		`[{"role":"system","content":"a"},{"role":"system","content":""},{"role":"system","content":"b","name":"n"}]`: `[{"type":"text","content":"a"},{"type":"text","content":"b"}]`,
		`[{"role":"user","content":"b"},{"role":"system","content":"c"}]`:                                             ``,
		`[{"role":"system","content":""},{"role":"user","content":"b"}]`:                                              ``,
	} {
		var r jsonval.Repairs
		messages, ok := z.Messages(nil, pcommon.NewValueStr(in), Input, &r)
		require.True(t, ok)
		c, ok := z.SystemOf(messages)
		require.Equal(t, want != "", ok, in)
		require.Equal(t, canonical(t, want), string(c.Body), in)
		if explicit, ok := z.SystemInstructions(pcommon.NewValueStr(want), &r); ok {
			require.Equal(t, explicit.ID, c.ID)
		}
	}
}

func TestToolDefinitions(t *testing.T) {
	const want = `[{"type":"function","name":"f","description":"d","parameters":{"type":"object"}}]`
	z := NewNormalizer(Options{})
	for _, in := range []string{
		`[{"type":"function","name":"f","description":"d","parameters":{"type":"object"}}]`,
		`[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}]`,
		`[{"name":"f","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}]`,
		`[{"name":"f","description":"d","parameters":"{\"type\":\"object\"}"}]`,
		`["{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"}}"]`,
		`{"tools":[{"function_declarations":[{"name":"f","description":"d","parameters":{"type":"object"}}]}]}`,
		`{"config":{"tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}]}]}}`,
		`{"toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"type":"object"}}}}]}}`,
		`[{"tool":{"json_schema":"{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"}}}"}}]`,
		`[{"tool":{"json_schema":"{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}}"}}]`,
		`[{"name":"f","description":"d","inputSchema":{"jsonSchema":{"type":"object"}},"outputSchema":{},"key":"/tool/f"}]`,
		`{"function_tools":[{"name":"f","description":"d","parameters_json_schema":{"type":"object"},"outer_typed_dict_key":null}],"output_mode":"text"}`,
	} {
		for range 2 {
			var r jsonval.Repairs
			c, ok := z.ToolDefinitions(pcommon.NewValueStr(in), &r)
			require.True(t, ok, in)
			require.Equal(t, canonical(t, want), string(c.Body), in)
		}
	}
	var r jsonval.Repairs
	c, ok := z.ToolDefinitions(pcommon.NewValueStr(`[{"type":"web_search_preview","size":"low"},{"name":"f"}]`), &r)
	require.True(t, ok)
	require.Equal(t, canonical(t, `[{"type":"web_search_preview","size":"low"},{"type":"function","name":"f"}]`), string(c.Body))
	for _, in := range []string{``, `[]`, `{}`, `nonsense`, `[1]`, `{"model":"m"}`} {
		_, ok := z.ToolDefinitions(pcommon.NewValueStr(in), &r)
		require.False(t, ok, in)
	}
}

func TestToolDefinitionsStructured(t *testing.T) {
	z := NewNormalizer(Options{})
	v := pcommon.NewValueEmpty()
	require.NoError(t, v.FromRaw([]any{map[string]any{"name": "f", "description": "d", "parameters": map[string]any{"type": "object"}}}))
	var r jsonval.Repairs
	c, ok := z.ToolDefinitions(v, &r)
	require.True(t, ok)
	text, _ := z.ToolDefinitions(pcommon.NewValueStr(`[{"name":"f","description":"d","parameters":{"type":"object"}}]`), &r)
	require.Equal(t, text, c)
}

func TestValue(t *testing.T) {
	z := NewNormalizer(Options{})
	for _, c := range []struct {
		in, want string
		encoded  bool
	}{
		{in: `{"a": 1}`, want: `{"a":1}`},
		{in: ` [1, 2]`, want: `[1,2]`},
		{in: `"14:05"`, want: `"14:05"`},
		{in: `12.0`, want: `"12.0"`},
		{in: `12.0`, encoded: true, want: `12.0`},
		{in: `true`, want: `"true"`},
		{in: `true`, encoded: true, want: `true`},
		{in: `Paris`, encoded: true, want: `"Paris"`},
		{in: `{"a":`, want: `"{\"a\":"`},
		{in: `{}`, want: `{}`},
		{in: `null`, encoded: true},
		{in: `null`, want: `"null"`},
		{in: ` `},
		{in: `{"type":"json","value":{"a":1}}`, want: `{"a":1}`},
		{in: `{"output":{"lc":1,"type":"constructor","id":["langchain_core","messages","ToolMessage"],"kwargs":{"content":"{\"a\":1}","tool_call_id":"c"}}}`, want: `{"a":1}`},
		{in: `{"lc":1,"id":["ToolMessage"],"kwargs":{"content":"sunny"}}`, want: `"sunny"`},
		{in: `{"output":{"type":"tool","content":"sunny","tool_call_id":"c","status":"success"}}`, want: `"sunny"`},
		{in: `{"output":{"lc":1,"id":["ToolMessage"],"kwargs":{"content":"sunny"}},"kwargs":{"tags":[]}}`, want: `"sunny"`},
		{in: `{"output":"x"}`, want: `{"output":"x"}`},
	} {
		var r jsonval.Repairs
		got, ok := z.Value(pcommon.NewValueStr(c.in), c.encoded, &r)
		require.Equal(t, c.want != "", ok, c.in)
		require.Equal(t, c.want, string(got.Body), c.in)
		require.Zero(t, r)
	}
	var r jsonval.Repairs
	for raw, want := range map[any]string{int64(3): `3`, 2.0: `2.0`, true: `true`} {
		v := pcommon.NewValueEmpty()
		require.NoError(t, v.FromRaw(raw))
		got, ok := z.Value(v, false, &r)
		require.True(t, ok)
		require.Equal(t, want, string(got.Body))
	}
	_, ok := z.Value(pcommon.NewValueEmpty(), false, &r)
	require.False(t, ok)
}

func TestToolPart(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	messages, _ := z.Messages(nil, pcommon.NewValueStr(`[{"role":"user","parts":[`+hi+`]},{"role":"assistant","parts":[`+hi+`,`+call+`]},{"role":"tool","parts":[`+result+`]}]`), Input, &r)
	args, ok := z.ToolPart(messages, Input)
	require.True(t, ok)
	require.Equal(t, `{"a":1}`, string(args.Body))
	response, ok := z.ToolPart(messages, Output)
	require.True(t, ok)
	require.Equal(t, `{"b":2}`, string(response.Body))
	_, ok = z.ToolPart(messages[:1], Input)
	require.False(t, ok)
}

func TestDocuments(t *testing.T) {
	z := NewNormalizer(Options{})
	for in, want := range map[string][]string{
		`[{"id":"d1","score":0.91,"content":"a"},{"id":"d2","score":0.5,"metadata":{"p":1},"x":"y"}]`: {
			`{"id":"d1","score":0.91,"content":"a"}`, `{"id":"d2","score":0.5,"metadata":{"p":1},"x":"y"}`},
		`[{"document":{"id":"p1","content":"a","score":0.82,"metadata":"{\"page\":4}"}}]`: {
			`{"id":"p1","content":"a","score":0.82,"metadata":{"page":4}}`},
		`{"documents":[{"page_content":"a","metadata":{"s":"b"},"type":"Document"}]}`:          {`{"content":"a","metadata":{"s":"b"}}`},
		`[{"lc":1,"id":["langchain","Document"],"kwargs":{"page_content":"a","metadata":{}}}]`: {`{"content":"a","metadata":{}}`},
		`{"type":"json","value":[{"document_id":"d","chunk_id":"c","content":"a"}]}`:           {`{"id":"d","chunk_id":"c","content":"a"}`},
		`[{"node":{"id_":"n","text":"a","metadata":{}},"score":0.5}]`:                          {`{"id":"n","content":"a","score":0.5,"metadata":{}}`},
		`[{"id":"1","distance":0.2,"document":"a"}]`:                                           {`{"id":"1","content":"a","distance":0.2}`},
		`[{"content":[{"text":"a"},{"text":"b"}],"metadata":{}}]`:                              {`{"content":"ab","metadata":{}}`},
		`[{"content":[{"text":"a"},{"media":{"url":"u"}}]}]`:                                   {`{"content":[{"text":"a"},{"media":{"url":"u"}}]}`},
		`["a","b"]`: {`{"content":"a"}`, `{"content":"b"}`},
		`a`:         {`{"content":"a"}`},
		`[]`:        nil, `{}`: nil, ` `: nil,
	} {
		var r jsonval.Repairs
		got, ok := z.Documents(nil, pcommon.NewValueStr(in), &r)
		require.Equal(t, len(want) > 0, ok, in)
		require.Len(t, got, len(want), in)
		for i := range got {
			require.Equal(t, canonical(t, want[i]), string(got[i].Body), in)
			checkBody(t, got[i])
		}
	}
}

// A part of a tree reads as the attribute does.
func TestNodesReadAsAttributes(t *testing.T) {
	z := NewNormalizer(Options{})
	for _, c := range shapes {
		var d jsonval.Doc
		var r jsonval.Repairs
		v := pcommon.NewValueStr(c.in)
		n := d.FromValue(v, &r)
		want, wantOK := z.SystemInstructions(v, &r)
		got, ok := z.SystemInstructionsNode(n, &r)
		require.Equal(t, wantOK, ok)
		require.Equal(t, want, got)
		want, wantOK = z.ToolDefinitions(v, &r)
		got, ok = z.ToolDefinitionsNode(n, &r)
		require.Equal(t, wantOK, ok)
		require.Equal(t, want, got)
		want, wantOK = z.Unwrapped(v, true, &r)
		got, ok = z.UnwrappedNode(n, true, &r)
		require.Equal(t, wantOK, ok)
		require.Equal(t, want, got)
		wantDocs, wantOK := z.Documents(nil, v, &r)
		docs, ok := z.DocumentsNode(nil, n, &r)
		require.Equal(t, wantOK, ok)
		require.Equal(t, wantDocs, docs)
	}
}

func TestTextAndRaw(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	require.Equal(t, `"reset 2FA\n"`, string(z.Text("reset\x00 2FA\n", &r).Body))
	require.Equal(t, jsonval.NulRemoved, r)
	body := []byte(`{"a":1}`)
	c := z.Raw(body, &r)
	body[1] = 'x'
	require.Equal(t, `{"a":1}`, string(c.Body))
	checkBody(t, c)
}

func TestCut(t *testing.T) {
	const limit = 4096
	z := NewNormalizer(Options{MaxBytes: limit})
	long := strings.Repeat("é\n", 3000)
	blob := strings.Repeat("QUJD", 2000)
	for _, c := range []struct{ name, in, part, has string }{
		{"text", `[{"role":"user","content":"` + strings.ReplaceAll(long, "\n", `\n`) + `"}]`, `[{"type":"text","content":"é\né\n`, ""},
		{"plain text", long, `[{"type":"text","content":"é\né\n`, ""},
		{"blob", `[{"role":"user","parts":[{"type":"text","content":"hi"},{"type":"blob","mime_type":"image/png","modality":"image","content":"` + blob + `"}]}]`,
			`[{"type":"text","content":"hi"},{"size":6000,"type":"blob","sha256":"`, `"mime_type":"image/png"`},
		{"two texts, one short", `[{"role":"user","parts":[{"type":"text","content":"` + strings.Repeat("a", 9000) + `"},{"type":"text","content":"short"}]}]`, `[{"type":"text","content":"aaa`, `"content":"short"`},
		{"many numbers", `[{"role":"user","parts":[{"type":"x","n":[` + strings.Repeat("12345,", 3000) + `1]}]}]`, `[{"type":"text","content":"[{\"n\":[12345,`, ""},
	} {
		for range 2 {
			var r jsonval.Repairs
			got, ok := z.Messages(nil, pcommon.NewValueStr(c.in), Input, &r)
			require.True(t, ok, c.name)
			require.Len(t, got, 1)
			require.Equal(t, jsonval.ContentCut, r, c.name)
			body := string(got[0].Body)
			require.LessOrEqual(t, len(body), limit, c.name)
			require.True(t, strings.HasPrefix(string(partsOf(got[0].Body)), c.part), "%s: %.200s", c.name, body)
			require.Contains(t, body, c.has)
			checkBody(t, got[0].Content)
		}
	}
	var r jsonval.Repairs
	c := z.Text(long, &r)
	require.LessOrEqual(t, len(c.Body), limit)
	require.Greater(t, len(c.Body), limit/2)
	checkBody(t, c)

	v := pcommon.NewValueEmpty()
	v.SetEmptyBytes().FromRaw(make([]byte, 9000))
	c = z.Raw(jsonval.AppendValue(nil, v, &r), &r)
	require.Contains(t, string(c.Body), `"size":9000`)
	require.Less(t, len(c.Body), 200)
}

func TestBlobHashIsOfTheBytesSent(t *testing.T) {
	z := NewNormalizer(Options{MaxBytes: 1024})
	var r jsonval.Repairs
	got, _ := z.Messages(nil, pcommon.NewValueStr(`[{"role":"user","parts":[{"type":"blob","content":"`+strings.Repeat("QUFB", 400)+`"}]}]`), Input, &r)
	sum := sha256.Sum256([]byte(strings.Repeat("A", 1200)))
	require.Contains(t, string(got[0].Body), `"sha256":"`+hex.EncodeToString(sum[:])+`"`)
	require.Contains(t, string(got[0].Body), `"size":1200`)
}

func TestToolValuesLoseTheirWrapping(t *testing.T) {
	z := NewNormalizer(Options{})
	for in, want := range map[string]string{
		`{"args":[],"kwargs":{"city":"Paris"}}`:                                                           `{"city":"Paris"}`,
		`{"kwargs":{"city":"Paris"}}`:                                                                     `{"city":"Paris"}`,
		`{"args":[],"sanitize_inputs_outputs":true,"kwargs":{"city":"Paris"}}`:                            `{"city":"Paris"}`,
		`{"args":["Paris"],"kwargs":{}}`:                                                                  `{"args":["Paris"],"kwargs":{}}`,
		`{"kwargs":{"city":"Paris"},"city":"Rome"}`:                                                       `{"kwargs":{"city":"Paris"},"city":"Rome"}`,
		`{"input_str":"{'city': 'Paris'}","inputs":{"city":"Paris"},"kwargs":{},"tags":[],"metadata":{}}`: `{"city":"Paris"}`,
		`{"inputs":{"city":"Paris"}}`:                                                                     `{"inputs":{"city":"Paris"}}`,
		`{"output":"{\"c\": 18}","kwargs":{"name":"x"}}`:                                                  `{"c":18}`,
		`{"output":"sunny"}`:                                                                              `{"output":"sunny"}`,
		`{"blocks":[{"text":"s"}],"tool_name":"w","raw_input":{},"raw_output":"sunny","is_error":false}`:  `"sunny"`,
		`{"tool_name":"w","tool_kwargs":{},"tool_id":"c1","tool_output":{"blocks":[],"tool_name":"w","raw_input":{},"raw_output":"sunny","is_error":false},"return_direct":false}`: `"sunny"`,
		`{"id":"adk-1","name":"w","response":{"c":18}}`:                                                      `{"c":18}`,
		`{"id":"adk-1","name":"w","response":{"c":18},"more":1}`:                                             `{"id":"adk-1","name":"w","response":{"c":18},"more":1}`,
		`{"type":"tool","data":{"content":"{\"c\": 18}","tool_call_id":"c1","status":"success","name":"w"}}`: `{"c":18}`,
	} {
		var r jsonval.Repairs
		c, ok := z.Unwrapped(pcommon.NewValueStr(in), false, &r)
		require.True(t, ok, in)
		require.Equal(t, canonical(t, want), string(c.Body), in)
	}
}
