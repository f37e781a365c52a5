package write

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

const window = 400 * 24 * time.Hour

// newWriter returns a writer to a migrated database of the test's own.
func newWriter(t testing.TB) (*Writer, *pgxpool.Pool) {
	t.Helper()
	url := testserver.NewDatabase(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, schema.Migrate(t.Context(), conn, "public"))
	require.NoError(t, conn.Close(t.Context()))
	return New(openPool(t, url), "public", window), openPool(t, url)
}

func openPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// unsure is a resolver that has met no trace.
func unsure(context.Context, []pcommon.TraceID) func(pcommon.TraceID) bool {
	return func(pcommon.TraceID) bool { return true }
}

// batchOf makes a batch of spans.
func batchOf(spans ...mapping.Span) *mapping.Batch {
	return &mapping.Batch{Spans: spans, Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
}

// write stores spans as one batch.
func write(t testing.TB, w *Writer, spans ...mapping.Span) Result {
	t.Helper()
	result, err := w.Write(t.Context(), Whole(batchOf(spans...)), unsure)
	require.NoError(t, err)
	return result
}

func randomTraceID(r *rand.Rand) (id pcommon.TraceID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}
