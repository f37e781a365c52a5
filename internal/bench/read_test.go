package main

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestReadsAreAskedOfWhatTheExporterWouldHaveWritten fills two days and asks everything once.
func TestReadsAreAskedOfWhatTheExporterWouldHaveWritten(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: readSettings})
	url := pg.NewDatabase(t)
	r := &reading{spans: 6_000, days: 2, runs: 1, now: time.Now().UTC().Truncate(time.Microsecond)}
	require.NoError(t, r.fill(t.Context(), url))

	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	defer pool.Close()
	rowcheck.Consistent(t, pool)

	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	var spans, late int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE end_time > $1) FROM llm_spans`, r.now).Scan(&spans, &late))
	require.InEpsilon(t, r.spans, spans, 0.2)
	require.Zero(t, late, "spans that end after now")
	rows := map[string]int{"trace": 120, "calls of a session": 50, "transcript": 200, "dearest traces": 50}
	newest, err := newestCall(t.Context(), conn)
	require.NoError(t, err)
	for _, q := range readQueries {
		result, err := r.measure(t.Context(), conn, &q, newest)
		require.NoError(t, err, q.name)
		if q.name != "failed calls" { // so few spans may have none
			require.NotZero(t, result.Rows, q.name)
		}
		if want, known := rows[q.name]; known {
			require.Equal(t, want, result.Rows, q.name)
		}
		if q.name == "cost by model and day" {
			require.Equal(t, 2*8, result.Rows) // six models a day, agents, which name a provider only, and the rest
		}
	}
}
