package pgbatch

import (
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// TestCopyOfFilledColumnsStoresTheSame compares COPY of all columns with COPY of those that
// a row fills, for rows of which most columns are null.
func TestCopyOfFilledColumnsStoresTheSame(t *testing.T) {
	pool := open(t)
	_, err := pool.Exec(t.Context(), "CREATE TABLE whole (n bigint, a text, b text, c text, d text, e text); CREATE TABLE filled (LIKE whole)")
	require.NoError(t, err)
	type row struct {
		n     int64
		texts [5]string
	}
	columns := []Column[row]{Col("n", pgtype.Int8OID, func(b []byte, r *row) []byte { return AppendInt64(b, r.n) })}
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		columns = append(columns, Col(name, pgtype.TextOID, func(b []byte, r *row) []byte { return AppendText(b, r.texts[i]) }))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		rows := make([]row, r.IntN(5))
		some := map[string]bool{"n": len(rows) > 0}
		for i := range rows {
			rows[i].n = r.Int64()
			for j := range rows[i].texts {
				if r.IntN(6) == 0 {
					rows[i].texts[j] = "text"
					some[columns[1+j].Name] = true
				}
			}
		}
		if len(rows) > 0 {
			found := map[string]bool{}
			for _, c := range filled(columns, rows) {
				found[c.Name] = true
			}
			require.Equal(t, some, found)
		}
		require.NoError(t, With(t.Context(), pool, func(c *Conn) error {
			if err := CopyRows(t.Context(), c, "store", CopySQL("whole", columns), columns, rows); err != nil {
				return err
			}
			return CopyFilled(t.Context(), c, "store", "filled", columns, rows)
		}))
	}
	var differing int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM (
		(SELECT * FROM whole EXCEPT ALL SELECT * FROM filled) UNION ALL (SELECT * FROM filled EXCEPT ALL SELECT * FROM whole)) x`).Scan(&differing))
	require.Zero(t, differing)
}
