package acceptance

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// startExporter starts an exporter without a queue on a database of the test's
// own, and returns a pool to look at the rows.
func startExporter(t testing.TB, change func(*llmobservatoryexporter.Config)) (exporter.Traces, *pgxpool.Pool) {
	t.Helper()
	url, db := storetest.Open(t)
	return startExporterAt(t, url, change), db
}

func startExporterAt(t testing.TB, url string, change func(*llmobservatoryexporter.Config)) exporter.Traces {
	t.Helper()
	cfg := llmobservatoryexporter.NewFactory().CreateDefaultConfig().(*llmobservatoryexporter.Config)
	cfg.Postgres.URL = configopaque.String(url)
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.Pool.MinConnections = 0
	cfg.Pool.MaxConnections = 10
	if change != nil {
		change(cfg)
	}
	e, err := llmobservatoryexporter.NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}
