package content

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

func TestAbsent(t *testing.T) {
	for _, s := range []string{
		"", " \n", "<REDACTED>", "[REDACTED]", "__REDACTED__", "<elided>", "NOT_GIVEN", "<not specified>", "[Scrubbed due to 'session']", "HIDDEN:non-empty",
		"<coroutine object AsyncAPIResponse.parse at 0x7f1d2c0>", "<openai.Stream object at 0x7f1d2c0>", "<async_generator object f at 0x1>", " <elided> ",
	} {
		require.True(t, Absent(s), "%q", s)
	}
	for _, s := range []string{"no", "None", "not given", "<b>bold</b>", "[1]", "[Scrubbed", "a <REDACTED> word", "_", "hi", "[Scrubbed due to heat] floors are clean", "\u00e9"} {
		require.False(t, Absent(s), "%q", s)
	}
}

// TestPlaceholdersAreNoWords puts a placeholder into each shape of a message.
func TestPlaceholdersAreNoWords(t *testing.T) {
	z := NewNormalizer(Options{})
	for _, in := range []string{
		`[{"role":"user","content":"__REDACTED__"}]`, `[{"role":"user","parts":[{"type":"text","content":"<elided>"}]}]`,
		`[{"role":"user","content":[{"type":"text","text":"NOT_GIVEN"}]}]`, `{"messages":[{"role":"user","content":"[Scrubbed due to 'auth']"}]}`,
		`[{"role":"model","parts":[{"text":"<REDACTED>"}]}]`,
	} {
		var r jsonval.Repairs
		messages, _ := z.Messages(nil, pcommon.NewValueStr(in), Input, &r)
		for _, m := range messages {
			require.NotContains(t, string(m.Body), "content", in)
		}
	}
}
