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

// database connects to a migrated database, which the command takes from the environment.
func database(t *testing.T) *pgx.Conn {
	t.Helper()
	url := testserver.NewDatabase(t)
	t.Setenv("DATABASE_URL", url)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	require.NoError(t, schema.Migrate(t.Context(), conn, "public"))
	return conn
}

// TestImportReplacesItsSourceOnly imports the three formats, one of them again with other
// prices, beside the built-in rows and a row of the user.
func TestImportReplacesItsSourceOnly(t *testing.T) {
	conn := database(t)
	_, err := conn.Exec(t.Context(), "INSERT INTO llm_prices (model, input, output) VALUES ('My-Model', 1, 2)")
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

// TestHostileListsAreRefusedWhole imports files that hold what is no price: each is named
// with its place and what it takes, and no row of the file is stored.
func TestHostileListsAreRefusedWhole(t *testing.T) {
	conn := database(t)
	const header = "provider,model,match,valid_from,valid_to,above_input_tokens,input\np,good,equals,,,,1\n"
	for _, c := range []struct{ name, text, want string }{
		{"x.csv", header + "p,m,equals,,,,NaN\n", `line 3: input is "NaN": it takes a number of USD`},
		{"x.csv", header + "p,m,equals,,,,Infinity\n", `line 3: input is "Infinity": it takes a number of USD`},
		{"x.csv", header + "p,m,equals,,,,-1\n", `line 3: input is "-1": a price is not negative`},
		{"x.csv", header + "p,m,equals,,,,1e400\n", `line 3: input is "1e400": a price has at most 18 digits behind the point and 30 in all`},
		{"x.csv", header + "p,m,equals,,,,1e200000000\n", `line 3: input is "1e200000000": it takes a number of USD`},
		{"x.csv", header + "p,m,equals,,,,1e-400\n", `line 3: input is "1e-400": a price has at most`},
		{"x.csv", header + "p,m,equals,2026-02-01,2026-01-01,,1\n", `line 3: valid_to is "2026-01-01": it is a time after valid_from`},
		{"x.csv", header + "p,m,equals,2026-02-30,,,1\n", `line 3: valid_from is "2026-02-30": it takes a date`},
		{"x.csv", header + "p,m,equals,,,-5,1\n", `line 3: above_input_tokens is "-5": it takes a number of tokens, 0 or more`},
		{"x.csv", header + "p,GOOD,equals,,,,2\n", "line 3: the row holds for the same calls as line 2"},
		{"x.csv", header + "p,m\n", "record on line 3: wrong number of fields"},
		{"x.csv", header + "p,,equals,,,,1\n", `line 3: model is "": it names the models`},
		{"x.csv", header + "p,a\x00b,equals,,,,1\n", `a name is UTF-8 text without NUL`},
		{"x.csv", header + "p," + string(bytes.Repeat([]byte("m"), 300)) + ",equals,,,,1\n", "a name has at most 256 bytes"},
		{"x.csv", header + "p,\"m,equals,,,,1\n", `parse error on line 3`},
		{"x.csv", "", "read the header: EOF"},
		{"x.csv", "{", "no price list of LiteLLM: unexpected end of JSON input"},
		{"x.json", `{"m": {"input_cost_per_token": NaN}}`, "no price list of LiteLLM: invalid character 'N'"},
		{"x.json", `{"good": {"input_cost_per_token": 1e-6}, "m": {"input_cost_per_token": -1e-6}}`, `model "m": input_cost_per_token is -1e-6: a price is not negative`},
		{"x.json", `{"m": {"input_cost_per_token": 1e400}}`, `model "m": input_cost_per_token is 1e400: a price has at most`},
		{"x.json", `{"m": {"input_cost_per_token": [1]}}`, `model "m": input_cost_per_token is [1]: it takes a number of USD`},
		{"x.json", `{"m": 5}`, `model "m": it takes an object of fields`},
		{"x.json", `{"m": {"litellm_provider": 5}}`, `model "m": litellm_provider is 5: it takes a name`},
		{"x.json", `[{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}}]}]`, "p m: prices are missing"},
		{"x.json", `[{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": -1}}]}]`, "p m: input_mtok: a price is not negative"},
		{"x.json", `[{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": {"base": 1, "tiers": [{"start": 5, "price": 1e400}]}}}]}]`, "p m: input_mtok: a price has at most"},
		{"x.json", `[{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}, "prices": [{"constraint": {"start_date": "soon"}, "prices": {}}]}]}]`, `p m: parsing time "soon"`},
		{"x.json", `[{"id": "p", "models": [{"id": "m", "match": {"regex": "("}, "prices": {"input_mtok": 1}}]}]`, `model "(" is no regex`},
		{"x.json", `[5]`, "no data of genai-prices"},
	} {
		_, stderr := call(t, 1, "import", file(t, c.name, c.text))
		require.Contains(t, stderr, c.want, c.text)
	}
	huge := file(t, "huge.csv", header)
	require.NoError(t, os.Truncate(huge, 100<<20))
	_, stderr := call(t, 1, "import", huge)
	require.Contains(t, stderr, "has more than 64 MiB: that is no price list")
	_, stderr = call(t, 1, "import", filepath.Join(t.TempDir(), "nowhere.csv"))
	require.Contains(t, stderr, "no such file")
	var rows int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM llm_prices WHERE NOT built_in").Scan(&rows))
	require.Zero(t, rows)
}

// TestListsComeBackAsTheyAre imports what list prints, and the whole data of genai-prices
// where it is installed.
func TestListsComeBackAsTheyAre(t *testing.T) {
	conn := database(t)
	listed, _ := call(t, 0, "list", "--builtin", "--csv")
	call(t, 0, "import", file(t, "all.csv", listed), "--source", "copy")
	const columns = `provider, model, match, valid_from, valid_to, daily_from, daily_to, service_tier, above_input_tokens, input, output, cache_read,
		cache_write, cache_write_1h, input_audio, output_audio, input_image, output_image, reasoning, request, web_search`
	var copied, different int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM llm_prices WHERE source = 'copy' AND NOT built_in), (SELECT count(*) FROM (
		(SELECT `+columns+` FROM llm_prices WHERE built_in EXCEPT ALL SELECT `+columns+` FROM llm_prices WHERE NOT built_in)
		UNION ALL (SELECT `+columns+` FROM llm_prices WHERE NOT built_in EXCEPT ALL SELECT `+columns+` FROM llm_prices WHERE built_in)) d)`).Scan(&copied, &different))
	require.Zero(t, different)
	require.Greater(t, copied, 2500)
	genai := "../../build/prices/genai.json"
	if _, err := os.Stat(genai); err != nil {
		t.Skip("the data of genai-prices is not in build/prices: make price-sources")
	}
	call(t, 0, "import", genai, "--source", "copy")
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*), (SELECT count(*) FROM llm_prices WHERE built_in AND source LIKE '@pydantic%') - count(*) FROM llm_prices WHERE NOT built_in`).Scan(&copied, &different))
	require.Zero(t, different)
	require.Greater(t, copied, 2500)
}
