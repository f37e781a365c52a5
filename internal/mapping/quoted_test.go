package mapping

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// TestQuotedNames writes each name and id as JSON, in quotes: so model names that are
// quoted do not make each model appear twice.
func TestQuotedNames(t *testing.T) {
	tried := 0
	for _, f := range []dialect.Field{
		dialect.Provider, dialect.RequestModel, dialect.ResponseModel, dialect.ResponseID, dialect.UserID, dialect.SessionID, dialect.Environment, dialect.Release, dialect.PromptName, dialect.PromptVersion, dialect.AgentName, dialect.AgentID,
		dialect.ToolName, dialect.ToolCallID, dialect.ServiceTier, dialect.ErrorType, dialect.FinishReasons,
	} {
		for i := range compiled().sources[f] {
			src := &compiled().sources[f][i]
			if src.Attr == "" || src.Event != "" || len(src.steps) > 0 || strings.ContainsAny(src.Attr, "#*") || src.Resource || src.With != nil {
				continue
			}
			plain, quoted := ofSource(t, src, f, "zeta"), ofSource(t, src, f, `"zeta"`)
			require.Equal(t, plain, quoted, "%s of %s", src.Attr, compiled().dialectOf(src))
			if plain != nil {
				tried++
			}
		}
	}
	require.Greater(t, tried, 100)
}

// ofSource is a field of a span of the source's dialect and kinds that has the source alone.
func ofSource(t *testing.T, src *boundSource, f dialect.Field, v any) any {
	t.Helper()
	span := testSpan{attrs: map[string]any{"gen_ai.operation.name": "invoke_agent"}}
	if src.kinds.Has(KindTool) {
		span.attrs["gen_ai.operation.name"] = "execute_tool"
	}
	if src.kinds.Has(KindLLM) {
		span.attrs["gen_ai.operation.name"] = "chat"
	}
	if src.dialect != 0 {
		d := compiled().dialects[bits.TrailingZeros64(src.dialect)]
		if len(d.Scopes) > 0 {
			span.scope = strings.TrimSuffix(d.Scopes[0], "*")
		}
		for _, m := range d.Marks {
			if key, value, valued := strings.Cut(m, "="); valued && key != "gen_ai.operation.name" {
				span.attrs[key] = value
			}
		}
	}
	span.attrs[src.Attr] = v
	_, got := span.mapped(t)
	return got[fields[f].column]
}
