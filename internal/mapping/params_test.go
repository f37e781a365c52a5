package mapping

import (
	"encoding/json"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// TestParametersOfEachBody puts a request into each attribute whose JSON holds parameters. What
// the dialect says that only stands beside them is none.
func TestParametersOfEachBody(t *testing.T) {
	beside := map[string]any{"provider": "openai", "user_id": "u", "finish_reason": "stop"}
	without := map[string][]string{
		"braintrust.metadata": {"provider", "user_id", "finish_reason"}, "_llmobs": {"finish_reason"},
	}
	for _, src := range compiled().sources[dialect.RequestParameters] {
		if src.Param != "" || strings.ContainsAny(src.Attr, "*#") {
			continue
		}
		body := map[string]any{"model": "m", "temperature": 0.25, "max_tokens": 7, "messages": []any{map[string]any{"role": "user", "content": "Hi"}}}
		for key, v := range beside {
			body[key] = v
		}
		var value any = body
		steps := strings.Split(src.Path, ".")
		for i := len(steps) - 1; i >= 0 && src.Path != ""; i-- {
			value = map[string]any{strings.Split(steps[i], "|")[0]: value}
		}
		text, err := json.Marshal(value)
		require.NoError(t, err)
		span := chatWith(map[string]any{src.Attr: string(text)})
		d := compiled().dialects[bits.TrailingZeros64(src.dialect)]
		if len(d.Scopes) > 0 {
			span.scope = strings.TrimSuffix(d.Scopes[0], "*")
		}
		for _, m := range d.Marks {
			if key, value, valued := strings.Cut(m, "="); valued {
				span.attrs[key] = value
			}
		}
		_, got := span.mapped(t)
		parameters, _ := got["request_parameters"].(map[string]any)
		require.Equal(t, 0.25, parameters["temperature"], "%s %s", d.Name, src.Attr)
		require.Equal(t, 7.0, parameters["max_tokens"], "%s %s", d.Name, src.Attr)
		for _, no := range append(without[src.Attr], "model", "messages") {
			require.NotContains(t, parameters, no, "%s %s", d.Name, src.Attr)
		}
	}
}

// TestEachKeyAlone maps spans that have one attribute, or one key of a family, of what the
// tables know, with a value of each type.
func TestEachKeyAlone(t *testing.T) {
	m := New(Options{})
	keys := []string{}
	for key := range compiled().keys {
		keys = append(keys, key)
	}
	for _, families := range compiled().families {
		for _, f := range families {
			switch {
			case f.indexed:
				keys = append(keys, f.prefix+"0."+f.inner, f.prefix+"0", f.prefix+"7.x.y", f.prefix+"0.message.content")
			default:
				keys = append(keys, f.prefix+"x."+f.inner, f.prefix+"x")
			}
		}
	}
	scopes := []string{"", "acme"}
	for _, d := range compiled().dialects {
		for _, s := range d.Scopes {
			scopes = append(scopes, strings.TrimSuffix(s, "*"))
		}
	}
	values := []any{"", "text", `{"a":[{"b":"c"}]}`, `["x"]`, `"quoted"`, "{'a': None}", int64(-1), 1.5, true, []any{}, []any{"x", nil}, map[string]any{}, map[string]any{"a": map[string]any{}}, []byte{0x81}, nil}
	for i, key := range keys {
		for j, v := range values {
			span := testSpan{scope: scopes[(i+j)%len(scopes)], attrs: map[string]any{strings.TrimSuffix(key, "."): v}}
			b := m.Map(span.traces(t))
			require.Empty(t, b.Rejected, "%s=%v", key, v)
			require.Len(t, b.Spans, 1)
		}
	}
}
