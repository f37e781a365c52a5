package pgbatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestFaultOfAnEncoder has the encoding of a row panic in the middle of a COPY.
func TestFaultOfAnEncoder(t *testing.T) {
	_, pool := storetest.Open(t)
	_, err := pool.Exec(t.Context(), "CREATE TABLE numbers (n int)")
	require.NoError(t, err)
	columns := []pgbatch.Column[int]{{Name: "n", Append: func(dst []byte, row *int) []byte {
		return append(dst, 0, 0, 0, 4, 0, 0, 0, byte(100 / *row))
	}}}
	copied := func(rows ...int) error {
		return pgbatch.Run(t.Context(), pool, true, func(c *pgbatch.Conn, _ bool) error {
			return pgbatch.CopyRows(t.Context(), c, "copy", pgbatch.CopySQL("numbers", columns), columns, rows)
		})
	}
	err = copied(append(make([]int, 0), 1, 2, 0, 4)...)
	require.ErrorAs(t, err, new(*panics.Error))
	require.Equal(t, pgbatch.Suspect, pgbatch.Judge(err))
	require.NoError(t, copied(1, 2, 4))
}
