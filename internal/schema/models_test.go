package schema

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
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

// dresses are the names that clouds, gateways and libraries make of a model's name.
var dresses = []string{
	"%s", "models/%s", "openai/%s", "openrouter/anthropic/%s", "azure/%s", "publishers/google/models/%s",
	"projects/p/locations/us-central1/publishers/anthropic/models/%s", "%s@20250929", "%s@default", "%s-20250929", "%s-2025-09-29", "%s:free", "%s:nitro",
	"us.anthropic.%s-v1:0", "anthropic.%s-v2:1", "eu.meta.%s-v1:0", "bedrock/us.anthropic.%s-20250929-v1:0", "global.amazon.%s",
	"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.%s-v1:0", "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.%s-20250929-v1:0",
}

// TestModelNamesOfThePrices dresses up the name of every model of the built-in prices: it
// is told by that name, which is also one of those under which package price looks for it.
func TestModelNamesOfThePrices(t *testing.T) {
	rows, err := price.Builtin()
	require.NoError(t, err)
	var models []string
	for _, r := range rows {
		if r.Match == price.Equals { // a prefix or a pattern is no name
			models = append(models, r.Model)
		}
	}
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	found, err := conn.Query(t.Context(), `SELECT DISTINCT n.name, format(d, n.name), llm_model_name(format(d, n.name))
		FROM (SELECT llm_model_name(m) AS name FROM unnest($1::text[]) m) n, unnest($2::text[]) d WHERE n.name IS NOT NULL`, models, dresses)
	require.NoError(t, err)
	var name, dressed string
	var told *string
	var wrong []string
	names := 0
	_, err = pgx.ForEachRow(found, []any{&name, &dressed, &told}, func() error {
		names++
		if told == nil || *told != name || !slices.Contains(price.Names(dressed), name) {
			wrong = append(wrong, fmt.Sprintf("%s: %s, not %s, of %v", dressed, text(told), name, price.Names(dressed)))
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, names, 10_000)
	require.Empty(t, wrong[:min(len(wrong), 40)], "%d names of %d", len(wrong), names)
}

func text(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}
