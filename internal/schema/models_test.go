package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestModelNames has one name for a model whoever tells it.
func TestModelNames(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	for want, sent := range map[string][]string{
		"gpt-4o":            {"gpt-4o", "GPT-4o", "gpt-4o-2024-08-06", "openai/gpt-4o", "openrouter/openai/gpt-4o-2024-11-20", "azure/gpt-4o"},
		"gpt-4o-mini":       {"gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini", "gpt-4o-mini"},
		"claude-sonnet-4-5": {"claude-sonnet-4-5-20250929", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-sonnet-4-5", "claude-sonnet-4-5@20250929"},
		"gemini-2.0-flash":  {"models/gemini-2.0-flash", "gemini-2.0-flash-001", "publishers/google/models/gemini-2.0-flash", "google/gemini-2.0-flash"},
		"nova-pro":          {"amazon.nova-pro-v1:0", "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0"},
		"deepseek-r1":       {"deepseek/deepseek-r1:free", "deepseek-r1"},
		"mistral-large":     {"mistral-large-2411", "mistral-large"},
		"o3":                {"o3", "openai/o3", "o3-2025-04-16"},
		"gpt-4":             {"gpt-4-0613", "gpt-4"},
	} {
		for _, name := range sent {
			var got string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT llm_model_name($1)", name).Scan(&got), name)
			require.Equal(t, want, got, name)
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT llm_model_name($1)", got).Scan(&got), name)
			require.Equal(t, want, got, "the name of a name")
		}
	}
	var none *string
	for _, nothing := range []string{"''", "NULL", "'openai/'"} {
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT llm_model_name("+nothing+")").Scan(&none))
		require.Nil(t, none, nothing)
	}
}
