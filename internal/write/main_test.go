package write

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

const window = 400 * 24 * time.Hour

// newWriter returns a writer to a migrated database of the test's own.
func newWriter(t testing.TB) (*Writer, *pgxpool.Pool) {
	t.Helper()
	url, pool := storetest.Open(t)
	return New(storetest.Pool(t, url), "public", window), pool
}

// mapped maps td.
func mapped(t testing.TB, m *mapping.Mapper, td ptrace.Traces) *mapping.Batch {
	b, err := m.Traces(t.Context(), td)
	require.NoError(t, err)
	return b
}

// batchOf makes a batch of spans.
func batchOf(spans ...mapping.Span) *mapping.Batch {
	return &mapping.Batch{Spans: spans, Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
}

// write stores spans as one batch.
func write(t testing.TB, w *Writer, spans ...mapping.Span) Result {
	t.Helper()
	result, err := w.Write(t.Context(), batchOf(spans...), nil, nil)
	require.NoError(t, err)
	require.Empty(t, result.SetAside)
	return result
}

func randomTraceID(r *rand.Rand) (id pcommon.TraceID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}
