package write

import (
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// TestNumericsArriveExactly sends numbers in binary form and reads them back
// as text.
func TestNumericsArriveExactly(t *testing.T) {
	_, pool := newWriter(t)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	for _, text := range []string{
		"0", "1", "-1", "0.1", "0.0001", "0.00001", "12345.6789", "-0.00042", "100000", "10000", "9999.9999", "1e-12", "1.50", "3e8",
		"123456789012345678901234567890.123456789", "0.000000000000000000000000012345",
	} {
		want := decimal.RequireFromString(text)
		var got string
		err := exec(t.Context(), conn.Conn().PgConn(), statement{
			what: text, sql: "SELECT $1::numeric::text", params: [][]byte{appendNumeric(nil, want)[4:]}, oids: []uint32{pgtype.NumericOID},
			row: func(v [][]byte) error { got = string(v[0]); return nil },
		})
		require.NoError(t, err)
		require.True(t, want.Equal(decimal.RequireFromString(got)), "%s came back as %s", text, got)
	}
}

// TestArrayLiteralsSurviveAnyText sends texts that need quoting inside arrays.
func TestArrayLiteralsSurviveAnyText(t *testing.T) {
	_, pool := newWriter(t)
	want := []string{"", "plain", `quo"te`, `back\slash`, "comma,", "{brace}", "NULL", " space ", "é\n"}
	var got []string
	literal := string(appendArrayLiteral(nil, want)[4:])
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT $1::text::text[]", literal).Scan(&got))
	require.Equal(t, want, got)
}

// TestSpanColumnsMatchTheTable compares the columns written with those of the
// migration, names and types.
func TestSpanColumnsMatchTheTable(t *testing.T) {
	_, pool := newWriter(t)
	requireColumns(t, pool, "llm_spans", columnTypes(spanColumns))
	requireColumns(t, pool, "llm_contents", columnTypes(contentColumns))
	requireColumns(t, pool, "llm_resources", columnTypes(resourceColumns))
	require.Equal(t, `"we""ird"."llm_spans"`, schema.Table(`we"ird`, "llm_spans"))
}

func columnTypes[T any](columns []column[T]) map[string]uint32 {
	types := map[string]uint32{}
	for _, c := range columns {
		types[c.name] = c.oid
	}
	return types
}

// byDatabase are the columns that a batch leaves to their default.
var byDatabase = []string{"source", "stored_at", "cost_counted", "estimated_cost"}

func requireColumns(t *testing.T, pool *pgxpool.Pool, table string, want map[string]uint32) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT attname, atttypid FROM pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($2)`, table, byDatabase)
	require.NoError(t, err)
	defer rows.Close()
	got := map[string]uint32{}
	for rows.Next() {
		var (
			name string
			oid  uint32
		)
		require.NoError(t, rows.Scan(&name, &oid))
		got[name] = oid
	}
	require.NoError(t, rows.Err())
	require.Equal(t, want, got, table)
}

// TestRollupMergesInAnyOrder merges the parts of a trace in every order and
// through its stored form.
func TestRollupMergesInAnyOrder(t *testing.T) {
	spans := []mapping.Span{
		{Name: "late", Start: 30, End: 40, UserID: "ann", Tags: []string{"b"}},
		{Name: "early", Start: 10, End: 20, ServiceName: "api", Tags: []string{"a"}},
		{Name: "root", Start: 10, End: 50, Status: "ok", SessionID: "s"},
		{Name: "second root", Start: 20, End: 60, Status: "error", UserID: "bob", Environment: "dev"},
	}
	for i := range spans {
		spans[i].SpanID[0] = byte(9 - i)
	}
	spans[0].ParentSpanID[0], spans[1].ParentSpanID[0] = 1, 1
	permute(len(spans), func(order []int) {
		var row rollup
		for _, i := range order {
			var part rollup
			part.addSpan(&spans[i])
			row = throughStorage(t, row)
			row.merge(&part)
		}
		require.Equal(t, "root", row.value(fieldName), order)
		require.Equal(t, "api", row.value(fieldService), order)
		require.Equal(t, "bob", row.value(fieldUser), "the earliest span that says it")
		require.Equal(t, "s", row.value(fieldSession), order)
		require.Equal(t, "dev", row.value(fieldEnvironment), order)
		require.Equal(t, "ok", row.status(), order)
		require.Equal(t, []string{"a", "b"}, row.tags, order)
		require.Equal(t, []int64{10, 60, 4}, []int64{row.start, row.end, row.spans}, order)
	})
}

// throughStorage writes a row's origins and reads them back.
func throughStorage(t *testing.T, row rollup) rollup {
	if row.spans == 0 {
		return row
	}
	var values [fieldCount]string
	for f := range values {
		values[f] = row.value(f)
	}
	rootID := ""
	if row.root.ok {
		rootID = row.root.span.String()
	}
	back := rollup{start: row.start, end: row.end, tags: row.tags, models: row.models, spans: row.spans}
	back.root.status = row.root.status
	require.NoError(t, back.readOrigins(row.appendOrigins(nil), rootID, values))
	return back
}

func permute(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rec(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rec(0)
}
