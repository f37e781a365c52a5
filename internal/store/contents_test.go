package store

import (
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
