package price

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzLists reads whatever may be in a price file, as each of the formats. What is read can be
// looked up, priced and written as CSV, and is the same when that is read again.
func FuzzLists(f *testing.F) {
	paths, err := filepath.Glob("testdata/*")
	require.NoError(f, err)
	for _, path := range paths {
		if data, err := os.ReadFile(path); err == nil && len(data) < 1<<16 {
			f.Add(data, "gpt-4o")
		}
	}
	f.Add([]byte("provider,model,match,input,valid_from,daily_from,daily_to\nopenai,gpt-4o,equals,2.5,2026-01-31T12:00:00Z,16:30:00,08:30:00\n"), "gpt-4o")
	f.Add([]byte("model,match,output,above_input_tokens\n(a+)+$,regex,1e17,200000\n"), "aaaa")
	f.Add([]byte(`{"gpt-4o":{"litellm_provider":"openai","input_cost_per_token":2.5e-06,"input_cost_per_token_above_200k_tokens_priority":"1e-5"}}`), "gpt-4o")
	f.Add([]byte(`[{"id":"aws","models":[{"id":"m","match":{"or":[{"starts_with":"M"},{"regex":"m.*"}]},"prices":{"input_mtok":{"base":1,"tiers":[{"start":5,"price":2}]}}}]}]`), "mm")
	f.Add([]byte(`[{"id":"x","models":[{"match":{"equals":"m"},"prices":[{"constraint":{"start_date":"2026-01-01"},"prices":{"output_mtok":1}},{"prices":{}}]}]}]`), "m")
	f.Add([]byte(`[{"models":[{"match":{"equals":"0"},"prices":[{},{}]}]}]`), "0")
	f.Fuzz(func(t *testing.T, data []byte, model string) {
		for _, read := range []func([]byte) ([]Row, error){
			func(data []byte) ([]Row, error) { return ReadCSV(bytes.NewReader(data)) },
			func(data []byte) ([]Row, error) { return ParseLiteLLM(data, "a list") },
			func(data []byte) ([]Row, error) { return ParseGenai(data, "a list") },
		} {
			rows, err := read(data)
			if err != nil {
				continue
			}
			list, err := NewList(rows)
			if err != nil {
				continue
			}
			for _, input := range []int64{0, 1 << 40} {
				if row := list.Find(Call{Provider: "openai", Models: []string{strings.ToLower(model)}, At: time.Unix(0, 0), Input: input}); row != nil {
					cost := row.Cost(Usage{Input: 1 << 62, Output: -1, CacheRead: 7, WebSearches: 1 << 62})
					require.False(t, cost.Total.IsNegative() || cost.Total.LessThan(cost.Input))
				}
			}
			var first, second bytes.Buffer
			require.NoError(t, WriteCSV(&first, rows))
			again, err := ReadCSV(bytes.NewReader(first.Bytes()))
			require.NoError(t, err, "%s", first.Bytes())
			require.NoError(t, WriteCSV(&second, again))
			require.Equal(t, first.String(), second.String())
		}
	})
}
