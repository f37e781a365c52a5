package store

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestProofKeepsContents has another program truncate a day between what a batch is
// told of its contents and what it makes of that.
func TestProofKeepsContents(t *testing.T) {
	_, pool := storetest.Open(t)
	s := New("public")
	_, err := pool.Exec(t.Context(), s.createDay, time.Now().UTC())
	require.NoError(t, err)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), s.proof, today)
	require.NoError(t, err)
	for _, table := range []string{"llm_contents", "llm_contents_" + today.Format("20060102")} {
		_, err = pool.Exec(t.Context(), "SET lock_timeout = '50ms'; TRUNCATE "+table)
		require.True(t, pgbatch.HasCode(err, pgbatch.LockNotAvailable), "%v", err)
	}
	require.NoError(t, tx.Rollback(t.Context()))
}

// TestSortedContents sorts rows whose ids begin alike, too.
func TestSortedContents(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		rows := make([]ContentRow, rng.IntN(20))
		for i := range rows {
			rows[i].Day = int32(rng.IntN(3) - 1)
			for j := range rows[i].ID {
				rows[i].ID[j] = byte(rng.IntN(2)) * 255
			}
			for j := range 8 * rng.IntN(2) {
				rows[i].ID[j] = 0
			}
		}
		want := slices.SortedFunc(slices.Values(rows), CompareContents)
		require.True(t, slices.EqualFunc(want, SortContents(rows), func(a, b ContentRow) bool { return a.Key == b.Key }))
	}
}
