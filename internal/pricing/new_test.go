package pricing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNewDatabaseIsNotPricedAgain looks at the prices of databases for the first time.
func TestNewDatabaseIsNotPricedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*world)
		noted  bool
	}{
		"empty":      {func(*world) {}, false},
		"with spans": {func(w *world) { require.NoError(t, w.write(t.Context(), &w.collectors[0], w.randomBatch(w.r))) }, true},
		"with users' prices": {func(w *world) {
			w.exec("INSERT INTO llm_prices (model, match, input, output) VALUES ('gpt-4o', 'prefix', 1000, 2000)")
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			test.before(w)
			require.NoError(t, w.collectors[0].Note(t.Context()))
			require.Equal(t, test.noted, w.waiting() > 0)
			w.exec("INSERT INTO llm_prices (model, match, input, output) VALUES ('gpt-4o-mini', 'equals', 1, 2)")
			require.NoError(t, w.collectors[0].Note(t.Context()))
			require.NotZero(t, w.waiting(), "later changes are noted")
		})
	}
}

func (w *world) waiting() (changes int) {
	require.NoError(w.t, w.db.QueryRow(w.t.Context(), "SELECT count(*) FROM llm_internal_price_changes").Scan(&changes))
	return changes
}
