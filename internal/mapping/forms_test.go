package mapping

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// TestFormsOfAFamily tells one conversation in each form of a family: indexed keys, the
// base key as a JSON list of nested or of flattened objects, and as a list of JSON texts.
func TestFormsOfAFamily(t *testing.T) {
	for _, family := range []struct{ base, wrap string }{
		{"llm.input_messages", "message."}, {"gen_ai.input.messages", ""}, {"gen_ai.input.messages", "message."}, {"gen_ai.prompt", ""},
	} {
		indexed := map[string]any{}
		var flat, nested []map[string]any
		var texts []any
		for i, m := range [][2]string{{"system", "Be kind."}, {"user", "Where is north?"}, {"assistant", "There."}, {"user", "And south?"}} {
			prefix := family.base + "." + string(rune('0'+i)) + "." + family.wrap
			indexed[prefix+"role"], indexed[prefix+"content"] = m[0], m[1]
			flat = append(flat, map[string]any{family.wrap + "role": m[0], family.wrap + "content": m[1]})
			plain := map[string]any{"role": m[0], "content": m[1]}
			nested = append(nested, plain)
			text, _ := json.Marshal(plain)
			texts = append(texts, string(text))
		}
		forms := map[string]map[string]any{"indexed": indexed, "texts": {family.base: texts}}
		for name, list := range map[string][]map[string]any{"flat": flat, "nested": nested} {
			text, err := json.Marshal(list)
			require.NoError(t, err)
			forms[name] = map[string]any{family.base: string(text)}
		}
		var want any
		for _, name := range []string{"nested", "indexed", "flat", "texts"} {
			_, got := chatWith(forms[name]).mapped(t)
			if want == nil {
				want = got["input_messages"]
				require.Len(t, want, 4)
			}
			require.Equal(t, want, got["input_messages"], "%s as %s", family.base, name)
		}
	}
}

// TestNothingIsConsumedThatWasNotUnderstood: what became no message, no value and no
// document stays as it was sent.
func TestNothingIsConsumedThatWasNotUnderstood(t *testing.T) {
	for key, value := range map[string]string{
		"gen_ai.input.messages":   `[{"role":"user","parts":[]}]`,
		"gen_ai.output.messages":  `{"status":"pending"}`,
		"gen_ai.tool.definitions": `{"none":true}`,
		"gen_ai.prompt":           `{"temperature":1}`,
		"ai.response.toolCalls":   `[{"toolCallId"`,
	} {
		td := chatWith(map[string]any{key: value, "gen_ai.request.model": "m"}).traces(t)
		b := New(Options{}).Map(td)
		require.Equal(t, value, resolved(t, b, &b.Spans[0], key), key)
	}
	body := `{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Capital of Latvia?"}],"temperature":0.1}`
	b := New(Options{}).Map(chatWith(map[string]any{"gen_ai.input.messages": body}).traces(t))
	require.Len(t, asStored(t, b, &b.Spans[0])["input_messages"], 2)
	require.Equal(t, body, resolved(t, b, &b.Spans[0], "gen_ai.input.messages"), "a body says more than its messages")
}

func TestFrameworksAreNoProviders(t *testing.T) {
	for framework := range dialect.Frameworks {
		for _, spelt := range []string{framework, strings.ToUpper(framework)} {
			for _, key := range []string{"gen_ai.provider.name", "gen_ai.system"} {
				_, got := chatWith(map[string]any{key: spelt, "gen_ai.request.model": "claude-sonnet-4-5"}).mapped(t)
				require.Equal(t, "anthropic", got["provider"], "%s=%s", key, spelt)
				_, got = testSpan{attrs: map[string]any{key: spelt, "gen_ai.operation.name": "invoke_agent"}}.mapped(t)
				require.Nil(t, got["provider"])
			}
		}
	}
	for reported, want := range map[string]string{
		"azure_open_ai": "azure.ai.openai", "google_vertex_ai_gemini": "gcp.vertex_ai", "langgenius/openai/openai": "openai", "amazon_bedrock": "aws.bedrock",
	} {
		_, got := chatWith(map[string]any{"gen_ai.provider.name": reported}).mapped(t)
		require.Equal(t, want, got["provider"], reported)
	}
}
