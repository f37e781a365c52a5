package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// call runs the command and returns what it printed.
func call(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	require.Equal(t, code, run(t.Context(), args, &out, &errs), "%s%s", out.String(), errs.String())
	return out.String(), errs.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestImportReplacesItsSourceOnly imports the three formats, one of them again with other
// prices, beside the built-in rows and a row of the user.
func TestImportReplacesItsSourceOnly(t *testing.T) {
	url := testserver.NewDatabase(t)
	t.Setenv("DATABASE_URL", url)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	require.NoError(t, schema.Migrate(t.Context(), conn, "public"))
	_, err = conn.Exec(t.Context(), "INSERT INTO llm_prices (model, input, output) VALUES ('My-Model', 1, 2)")
	require.NoError(t, err)

	own := file(t, "ours.csv", "provider,model,match,input,output,above_input_tokens\nopenai,gpt-house,prefix,1.25,10,\nopenai,gpt-house,prefix,2.5,15,200000\n")
	stdout, _ := call(t, 0, "import", own)
	require.Contains(t, stdout, `2 prices of source "ours.csv"`)
	litellm := file(t, "litellm.json", `{"sample_spec": {"input_cost_per_token": 0},
		"azure/gpt-x": {"litellm_provider": "azure", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 3e-07,
			"input_cost_per_token_above_200k_tokens": 6e-06, "input_cost_per_token_flex": 1.5e-06},
		"sound": {"litellm_provider": "openai", "mode": "audio"}}`)
	stdout, _ = call(t, 0, "import", litellm, "--source", "litellm")
	require.Contains(t, stdout, `3 prices of source "litellm"`)
	genai := file(t, "genai.json", `[{"id": "x-ai", "models": [{"id": "grok-x", "match": {"or": [{"equals": "Grok-X"}, {"contains": "grok.x"}]},
		"prices": {"input_mtok": {"base": 1, "tiers": [{"start": 1000, "price": 2}]}, "output_mtok": 3}}]}]`)
	call(t, 0, "import", genai)
	stdout, _ = call(t, 0, "import", own)
	require.Contains(t, stdout, "in place of 2")

	stdout, _ = call(t, 0, "check", "gpt-house-2026-01-01", "--provider", "openai", "--input", "300000", "--output", "10")
	require.Contains(t, stdout, "cost      0.75015 USD: input 0.75, output 0.00015")
	stdout, _ = call(t, 0, "check", "gpt-x", "--provider", "azure.ai.openai", "--tier", "flex", "--input", "1000000")
	require.Contains(t, stdout, "cost      1.5 USD")
	stdout, _ = call(t, 0, "check", "gpt-x", "--provider", "azure.ai.openai", "--input", "1000000", "--cache-read", "1000000")
	require.Contains(t, stdout, "cost      0.3 USD")
	stdout, _ = call(t, 0, "check", "a-grok.x-b", "--provider", "x_ai", "--input", "1001")
	require.Contains(t, stdout, "cost      0.002002 USD")
	stdout, _ = call(t, 0, "check", "my-model", "--provider", "vllm", "--output", "5")
	require.Contains(t, stdout, "cost      0.00001 USD")
	stdout, _ = call(t, 0, "check", "gpt-4o", "--provider", "openai", "--input", "1000000")
	require.Contains(t, stdout, "cost      2.5 USD")
	stdout, _ = call(t, 0, "list", "gpt-house", "--csv")
	require.Contains(t, stdout, "openai,gpt-house,prefix,,,,,,200000,2.5,15,")

	rows, err := price.Load(t.Context(), conn, "public")
	require.NoError(t, err)
	builtin, err := price.Builtin()
	require.NoError(t, err)
	require.Len(t, rows, len(builtin)+1+2+3+4)
}

func TestFaultsAreNamed(t *testing.T) {
	_, stderr := call(t, 2)
	require.Contains(t, stderr, "usage:")
	_, stderr = call(t, 2, "check", "--builtin")
	require.Contains(t, stderr, "prices needs one MODEL")
	_, stderr = call(t, 2, "check", "m", "--builtin", "--at", "soon")
	require.Contains(t, stderr, `--at is "soon"`)
	_, stderr = call(t, 1, "import", file(t, "x.csv", "model,match,input\n(,regex,1\n"))
	require.Contains(t, stderr, `model "(" is no regex`)
	_, stderr = call(t, 1, "import", file(t, "x.json", `{"m": {"input_cost_per_token": "much"}}`))
	require.Contains(t, stderr, `model "m": input_cost_per_token is "much"`)
	stdout, _ := call(t, 0, "check", "no-such-model", "--builtin")
	require.Contains(t, stdout, "No price holds")
}
