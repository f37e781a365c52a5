package mapping

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuotedNames writes each name and id as JSON, in quotes: so model names that are
// quoted do not make each model appear twice.
func TestQuotedNames(t *testing.T) {
	tried := 0
	for _, f := range []field{
		fProvider, fRequestModel, fResponseModel, fResponseID, fUserID, fSessionID, fEnvironment, fRelease, fPromptName, fPromptVersion, fAgentName, fAgentID,
		fToolName, fToolCallID, fServiceTier, fErrorType, fFinishReasons,
	} {
		for i := range compiled().sources[f] {
			src := &compiled().sources[f][i]
			if src.attr == "" || src.event != "" || len(src.steps) > 0 || strings.ContainsAny(src.attr, "#*") || src.resource || src.with != nil {
				continue
			}
			plain, quoted := ofSource(t, src, f, "zeta"), ofSource(t, src, f, `"zeta"`)
			require.Equal(t, plain, quoted, "%s of %s", src.attr, compiled().dialectOf(src))
			if plain != nil {
				tried++
			}
		}
	}
	require.Greater(t, tried, 100)
}

// ofSource is a field of a span of the source's dialect and kinds that has the source alone.
func ofSource(t *testing.T, src *boundSource, f field, v any) any {
	t.Helper()
	span := testSpan{attrs: map[string]any{"gen_ai.operation.name": "invoke_agent"}}
	if src.kinds.has(KindTool) {
		span.attrs["gen_ai.operation.name"] = "execute_tool"
	}
	if src.kinds.has(KindLLM) {
		span.attrs["gen_ai.operation.name"] = "chat"
	}
	if src.dialect != 0 {
		d := compiled().dialects[bits.TrailingZeros64(src.dialect)]
		if len(d.scopes) > 0 {
			span.scope = strings.TrimSuffix(d.scopes[0], "*")
		}
		for _, m := range d.marks {
			if key, value, valued := strings.Cut(m, "="); valued && key != "gen_ai.operation.name" {
				span.attrs[key] = value
			}
		}
	}
	span.attrs[src.attr] = v
	_, got := span.mapped(t)
	return got[fields[f].column]
}
