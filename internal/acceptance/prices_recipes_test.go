package acceptance

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// recipe runs the SQL below a heading of docs/prices.md, the nth from 0, as if it were now,
// and returns rows as text, columns apart by a bar.
func recipe(t *testing.T, db *pgxpool.Pool, heading string, nth int, now string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/prices.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n### "+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n### ")
	blocks := regexp.MustCompile("(?s)```sql\n(.*?);\n```").FindAllStringSubmatch(section, -1)
	require.Greater(t, len(blocks), nth, heading)
	sql := strings.ReplaceAll(blocks[nth][1], "now()", "timestamptz '"+now+"'")
	return column[string](t, db, `SELECT array_to_string(ARRAY(SELECT coalesce(e.value, '~') FROM json_each_text(row_to_json(r)) WITH ORDINALITY e (key, value, n) ORDER BY n), '|') FROM (`+sql+`) r`)
}

// TestRecipesOfPrices runs the queries of docs/prices.md on a month whose answers are known:
// hours that are folded, hours that are not, other months around.
func TestRecipesOfPrices(t *testing.T) {
	url, db := storetest.Open(t)
	_, err := db.Exec(t.Context(), `INSERT INTO llm_prices (provider, model, match, valid_from, input, output, cache_read, cache_write) VALUES
		('openai', 'house', 'prefix', NULL, 10, 20, 1, 12.5), ('openai', 'house', 'prefix', '2026-10-06', 20, 20, 1, 12.5), ('openai', 'house-mini', 'equals', NULL, 4, 8, NULL, NULL)`)
	require.NoError(t, err)
	e := startExporterAt(t, url, func(c *llmobservatoryexporter.Config) { c.Labels = []string{"team"} })
	calls := []struct {
		at, user, team, model string
		tokens                [4]string // input, output, of input: cache read, cache written
	}{
		{"2026-09-30T23:59:59Z", "ann", "search", "house-7b", [4]string{"900000", "900000", "900000", "0"}},
		{"2026-10-01T00:00:00Z", "ann", "search", "house-7b", [4]string{"1000000", "100000", "800000", "100000"}}, // 1 + 0.8 + 1.25 + 2
		{"2026-10-06T12:00:00Z", "ann", "support", "house-7b", [4]string{"1000000", "0", "500000", "0"}},          // 10 + 0.5
		{"2026-10-06T13:00:00Z", "bob", "search", "house-mini", [4]string{"500000", "250000", "500000", "0"}},     // 2 + 2
		{time.Now().UTC().Add(-time.Hour).Format(time.RFC3339), "bob", "search", "nobody-knows", [4]string{"1000", "10", "0", "0"}},
		{"2026-10-08T23:00:00Z", "", "", "house-mini", [4]string{"250000", "0", "0", "0"}}, // 1
	}
	for i, c := range calls {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		attributes := []string{"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", c.model}
		for n, key := range []string{"input_tokens", "output_tokens", "cache_read.input_tokens", "cache_creation.input_tokens"} {
			attributes = append(attributes, "gen_ai.usage."+key, c.tokens[n])
		}
		if c.user != "" {
			attributes = append(attributes, "user.id", c.user, "team", c.team, "langfuse.trace.tags", `["team:`+c.team+`","beta"]`)
		}
		require.NoError(t, e.ConsumeTraces(t.Context(), spanIn(byte(i+1), 1, 0, at, attributes...)))
		if i == 3 {
			_, err := upkeep.FoldUsage(t.Context(), db, "public", time.Now())
			require.NoError(t, err)
		}
	}
	const now = "2026-10-11 00:00:00+00" // 10 of 31 days
	require.Equal(t, []string{
		"openai|house-7b|1300000|16.700000|0.250000", // 0.8 * (10 - 1) + 0.5 * (20 - 1); 0.1 * (12.5 - 10)
		"openai|house-mini|500000|0.000000|0.000000",
	}, recipe(t, db, "What reading from the cache saves", 0, now))
	require.Equal(t, []string{
		"model|house-7b|15.55|48.21", "model|house-mini|5|15.50",
		"team|support|10.5|32.55", "team|search|9.05|28.06",
		"user|ann|15.55|48.21", "user|bob|4|12.40",
	}, recipe(t, db, "Budget: month to date, with a forecast", 0, now))
	require.Equal(t, []string{"team:support|10.5", "team:search|9.05"}, recipe(t, db, "Budget: month to date, with a forecast", 1, now))
	require.Empty(t, recipe(t, db, "Alert: a budget that will not last", 0, now), "9.05 of 500, 10.5 of 2000")
	require.Equal(t, []string{"search|9.05|561.10|500.0"}, recipe(t, db, "Alert: a budget that will not last", 0, "2026-10-01 12:00:00+00"))
	require.Equal(t, []string{"openai|nobody-knows|1|1010"}, recipe(t, db, "Models without a price", 0, now))
}
