package pgbatch

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

func open(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), testserver.NewDatabase(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// TestNumericsArriveExactly sends numbers in binary form and reads them back
// as text.
func TestNumericsArriveExactly(t *testing.T) {
	pool := open(t)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	for _, text := range []string{
		"0", "1", "-1", "0.1", "0.0001", "0.00001", "12345.6789", "-0.00042", "100000", "10000", "9999.9999", "1e-12", "1.50", "3e8",
		"123456789012345678901234567890.123456789", "0.000000000000000000000000012345",
	} {
		want := decimal.RequireFromString(text)
		var got string
		err := (&Conn{pg: conn.Conn().PgConn()}).Exec(t.Context(), Statement{
			What: text, SQL: "SELECT $1::numeric::text", Params: [][]byte{AppendNumeric(nil, want)[4:]}, OIDs: []uint32{pgtype.NumericOID},
			Row: func(v [][]byte) error { got = string(v[0]); return nil },
		})
		require.NoError(t, err)
		require.True(t, want.Equal(decimal.RequireFromString(got)), "%s came back as %s", text, got)
	}
}

// TestShortNumbersAreEncodedAsLongOnes compares the two ways to the groups of a number.
func TestShortNumbersAreEncodedAsLongOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		n := r.Int64N(int64(math.Pow10(r.IntN(16)))) * int64(1-2*r.IntN(2))
		d := decimal.New(n, -int32(r.IntN(40)))
		scale := -int(d.Exponent())
		groups, short := shortGroups(nil, d, scale)
		require.True(t, short, d)
		require.Equal(t, longGroups(d, scale), groups, d)
	}
	for _, text := range []string{"1e3", "1234567890123456", "-0.1234567890123456"} {
		_, short := shortGroups(nil, decimal.RequireFromString(text), 0)
		require.False(t, short, text)
	}
}

// TestArrayLiteralsSurviveAnyText sends texts that need quoting inside arrays.
func TestArrayLiteralsSurviveAnyText(t *testing.T) {
	pool := open(t)
	want := []string{"", "plain", `quo"te`, `back\slash`, "comma,", "{brace}", "NULL", " space ", "é\n"}
	var got []string
	literal := string(AppendArrayLiteral(nil, want)[4:])
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT $1::text::text[]", literal).Scan(&got))
	require.Equal(t, want, got)
}

// TestBinaryValuesComeBack reads what was appended.
func TestBinaryValuesComeBack(t *testing.T) {
	require.Equal(t, int64(-5), ReadInt64(AppendInt64(nil, -5)[4:]))
	require.Zero(t, ReadInt64(nil), "null")
	require.Equal(t, int64(1_700_000_000_000_001), ReadTime(AppendTime(nil, 1_700_000_000_000_001)[4:]))
	for _, infinite := range []int64{math.MaxInt64, math.MinInt64} {
		require.Equal(t, infinite, ReadTime(AppendInt64(nil, infinite)[4:]))
	}
	list := AppendArrayHeader(nil, pgtype.Int8OID, 3)
	for _, v := range []int64{1, -1, math.MaxInt64} {
		list = AppendInt64(list, v)
	}
	require.Equal(t, []int64{1, -1, math.MaxInt64}, ReadInt64Array(list))
	require.Empty(t, ReadInt64Array(AppendArrayHeader(nil, pgtype.Int8OID, 0)))
}

// TestFilledColumnsAreThoseWithAValue leaves out the columns that are null in each row, whatever
// row has the value.
func TestFilledColumnsAreThoseWithAValue(t *testing.T) {
	type row [5]string
	var columns []Column[row]
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		columns = append(columns, Col(name, pgtype.TextOID, func(dst []byte, r *row) []byte { return AppendText(dst, r[i]) }))
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		rows, has := make([]row, rng.IntN(4)), [5]bool{}
		for i := range rows {
			for c := range columns {
				if rng.IntN(4) == 0 {
					rows[i][c], has[c] = "x", true
				}
			}
		}
		var want []string
		for i, c := range columns {
			if has[i] {
				want = append(want, c.Name)
			}
		}
		var got []string
		for _, c := range Filled(columns, rows) {
			got = append(got, c.Name)
		}
		require.Equal(t, want, got)
	}
}
