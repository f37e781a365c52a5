package price

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

func builtin(t testing.TB) *List {
	t.Helper()
	rows, err := Builtin()
	require.NoError(t, err)
	list, err := NewList(rows)
	require.NoError(t, err)
	return list
}

func usd(text string) decimal.NullDecimal {
	return decimal.NewNullDecimal(decimal.RequireFromString(text))
}

func row(provider, model string, match Match, prices map[Unit]string) Row {
	r := Row{Provider: provider, Model: model, Match: match, Above: -1}
	for u, p := range prices {
		r.Prices[u] = usd(p)
	}
	return r
}

// TestNamesAsCloudsWriteThem finds the price of a listed model under every name that
// clouds and gateways give it.
func TestNamesAsCloudsWriteThem(t *testing.T) {
	list := builtin(t)
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		provider, model string // listed
		as              [][2]string
	}{
		{bedrock, "anthropic.claude-sonnet-4-5-20250929-v1:0", [][2]string{
			{bedrock, "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"},
			{"bedrock", "Anthropic.Claude-Sonnet-4-5-20250929-v1:0"},
			{"litellm", "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0"},
		}},
		{bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", [][2]string{
			{bedrock, "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
			{"", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
		}},
		{bedrock, "amazon.nova-lite-v1:0", [][2]string{
			{bedrock, "us.amazon.nova-lite-v1:0"}, {bedrock, "apac.amazon.nova-lite-v1:0"}, {bedrock, "amazon.nova-lite-v1:0:300k"},
		}},
		{anthropic, "claude-sonnet-4-5", [][2]string{
			{anthropic, "claude-sonnet-4-5-20250929"}, {"gcp.vertex_ai", "claude-sonnet-4-5@20250929"},
			{"gcp.vertex_ai", "publishers/anthropic/models/claude-sonnet-4-5"}, {"", "anthropic/claude-sonnet-4-5"},
			{"litellm", "vertex_ai/claude-sonnet-4-5@20250929"}, {"", "claude-sonnet-4-5"},
		}},
		{google, "gemini-2.5-pro", [][2]string{
			{"gcp.gemini", "models/gemini-2.5-pro"}, {"gcp.gen_ai", "gemini-2.5-pro"}, {"", "gemini/gemini-2.5-pro"},
			{"gcp.vertex_ai", "projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro"},
			{"litellm", "vertex_ai/gemini-2.5-pro"},
		}},
		{openai, "gpt-4o-mini", [][2]string{
			{openai, "gpt-4o-mini-2024-07-18"}, {"openai", "GPT-4o-mini"}, {"litellm", "openai/gpt-4o-mini"}, {"", "gpt-4o-mini"},
			{"azure.ai.openai", "gpt-4o-mini-2024-07-18"}, {"azure.ai.inference", "gpt-4o-mini"}, {"litellm", "azure/gpt-4o-mini"},
		}},
		{"openrouter", "anthropic/claude-sonnet-4.5", [][2]string{
			{"openrouter", "anthropic/claude-sonnet-4.5:nitro"}, {"openrouter", "anthropic/claude-sonnet-4.5:floor"},
		}},
	} {
		want := list.Find(Call{Provider: c.provider, Models: []string{c.model}, At: now})
		require.NotNil(t, want, c.model)
		for _, as := range c.as {
			got := list.Find(Call{Provider: as[0], Models: []string{as[1]}, At: now})
			require.NotNil(t, got, "%v", as)
			require.Equal(t, want.Prices[:CacheWrite], got.Prices[:CacheWrite], "%v is priced as %s %s, not as %s", as, got.Provider, got.Model, want.Model)
		}
	}
}

// TestNoPriceForWhatHasNone keeps a maker's price from calls that nobody bills by it.
func TestNoPriceForWhatHasNone(t *testing.T) {
	list := builtin(t)
	for _, c := range [][2]string{
		{"ollama", "deepseek-r1"}, {"vllm", "mistral-small"}, {"openai", "o1ive"}, {"openai", ""}, {"openai", "prod-deployment-7"},
		{"", "my-model"}, {"openai", strings.Repeat("gpt-4o", 1000)},
	} {
		require.Nil(t, list.Find(Call{Provider: c[0], Models: []string{c[1]}, At: time.Now()}), "%v", c)
	}
}

func TestDeploymentsAreNamedByTheModelThatAnswers(t *testing.T) {
	list := builtin(t)
	got := list.Find(Call{Provider: azure, Models: []string{"gpt-4o-2024-08-06", "prod-deployment-7"}, At: time.Now()})
	require.NotNil(t, got)
	got = list.Find(Call{Provider: azure, Models: []string{"unknown", "gpt-4o"}, At: time.Now()})
	require.NotNil(t, got, "else by the name that was asked for")
}

func TestTheUsersRowsGoFirst(t *testing.T) {
	rows, err := Builtin()
	require.NoError(t, err)
	rows = append(rows,
		row("openai", "^gpt-4o", Regex, map[Unit]string{Input: "7"}),
		row("", "in-house", Prefix, map[Unit]string{Input: "0"}),
		row("gcp.vertex_ai", "gemini-2.5-pro", Equals, map[Unit]string{Input: "9"}))
	list, err := NewList(rows)
	require.NoError(t, err)
	find := func(provider, model string) *Row {
		return list.Find(Call{Provider: provider, Models: []string{model}, At: time.Now()})
	}
	require.Equal(t, "7", find("openai", "gpt-4o").Prices[Input].Decimal.String(), "a regex of the user before an equal of ours")
	require.Equal(t, "0", find("ollama", "in-house-7b").Cost(Usage{Input: 5}).Total.String(), "0 is a price")
	require.Equal(t, "9", find("gcp.vertex_ai", "gemini-2.5-pro").Prices[Input].Decimal.String())
	require.NotEqual(t, "9", find("gcp.gemini", "gemini-2.5-pro").Prices[Input].Decimal.String())
}

func TestAHistoryOfPrices(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	base := row("p", "m", Equals, map[Unit]string{Input: "1"})
	long := row("p", "m", Equals, map[Unit]string{Input: "2"})
	long.Above = 200_000
	later := row("p", "m", Equals, map[Unit]string{Input: "3"})
	later.From, later.To = day(10), day(20)
	night := row("p", "m", Equals, map[Unit]string{Input: "4"})
	night.DailyFrom, night.DailyTo = 22*time.Hour, 6*time.Hour
	night.From, night.To = day(25), day(28)
	flex := row("p", "m", Equals, map[Unit]string{Input: "5"})
	flex.ServiceTier = "flex"
	list, err := NewList([]Row{base, long, later, night, flex})
	require.NoError(t, err)
	for _, c := range []struct {
		at    time.Time
		input int64
		tier  string
		want  string
	}{
		{day(1), 200_000, "", "1"}, {day(1), 200_001, "", "2"}, {day(10), 5, "", "3"}, {day(20), 5, "", "1"}, {day(19), 300_000, "", "3"},
		{day(25).Add(23 * time.Hour), 5, "", "4"}, {day(25).Add(5 * time.Hour), 5, "", "4"}, {day(25).Add(6 * time.Hour), 5, "", "1"},
		{day(1), 5, "flex", "5"}, {day(1), 5, "priority", "1"},
	} {
		got := list.Find(Call{Provider: "p", Models: []string{"m"}, At: c.at, Input: c.input, ServiceTier: c.tier})
		require.Equal(t, c.want, got.Prices[Input].Decimal.String(), "%+v", c)
	}
}

// TestCostIsExactAndNeverNegative compares with plain decimals, whatever is reported:
// parts greater than the whole, negative numbers, prices of any scale.
func TestCostIsExactAndNeverNegative(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	number := func() int64 {
		return []int64{0, -5, r.Int64N(100), r.Int64N(1_000_000), r.Int64N(1_000_000_000_000), math.MaxInt64}[r.IntN(6)]
	}
	for range 20_000 {
		p := row("p", "m", Equals, nil)
		for u := range Units {
			if r.IntN(2) == 0 {
				p.Prices[u] = decimal.NewNullDecimal(decimal.New(r.Int64N(10_000_000), -r.Int32N(14)))
			}
		}
		p.scale()
		u := Usage{number(), number(), number(), number(), number(), number(), number(), number(), number(), number(), number()}
		got := p.Cost(u)
		b := p.buckets(u)
		want := p.costBig(&b)
		require.True(t, want.Total.Equal(p.Total(u)), u)
		require.True(t, want.Total.Equal(got.Total) && want.Input.Equal(got.Input) && want.Output.Equal(got.Output), "%+v: %v, %v", u, want, got)
		require.False(t, got.Total.IsNegative() || got.Input.IsNegative() || got.Output.IsNegative())
		var parts int64
		for _, unit := range inputUnits {
			require.GreaterOrEqual(t, b[unit], int64(0))
			parts += b[unit]
		}
		require.Equal(t, max(u.Input, 0), parts, "the buckets of the input are disjoint and all of it")
	}
}

func TestCSVKeepsRows(t *testing.T) {
	rows, err := Builtin()
	require.NoError(t, err)
	require.Greater(t, len(rows), 1500)
	var text bytes.Buffer
	require.NoError(t, WriteCSV(&text, rows))
	require.Equal(t, string(BuiltinCSV()), text.String())
}

func TestCSVNamesEveryFault(t *testing.T) {
	_, err := ReadCSV(strings.NewReader("model,match,input,valid_from\nm,like,1,\nm,equals,-1,soon\n,prefix,x,\n"))
	require.EqualError(t, err, `line 2: match is "like": it takes equals, prefix or regex
line 3: valid_from is "soon": it takes a date as 2026-01-31 or a time as 2026-01-31T12:00:00Z
input is "-1": a price is not negative
line 4: model is "": it names the models that the price is for
input is "x": it takes a number of USD`)
	_, err = ReadCSV(strings.NewReader("model,cost\n"))
	require.ErrorContains(t, err, `column "cost" is unknown`)
}

func TestOneBadRegexCostsNoOthers(t *testing.T) {
	list, err := NewList([]Row{row("p", "(", Regex, nil), row("p", "m", Equals, map[Unit]string{Input: "1"})})
	require.ErrorContains(t, err, `model "(" is no regex`)
	require.NotNil(t, list.Find(Call{Provider: "p", Models: []string{"m"}}))
}

func BenchmarkPrice(b *testing.B) {
	list := builtin(b)
	call := Call{Provider: openai, Models: []string{"gpt-4o-mini-2024-07-18", "gpt-4o-mini"}, At: time.Now(), Input: 1200}
	b.ReportAllocs()
	for b.Loop() {
		list.Find(call).Cost(Usage{Input: 1200, Output: 300, CacheRead: 800})
	}
}
