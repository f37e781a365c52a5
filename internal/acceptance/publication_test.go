package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// TestPublicationOfAllTables makes the schema, and lets everything go on that updates and
// deletes, in a database that publishes all tables: PostgreSQL refuses updates of a
// published table that has no key.
func TestPublicationOfAllTables(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"wal_level": "logical"}})
	db := storetest.Pool(t, pg.URL(""))
	_, err := db.Exec(t.Context(), "CREATE PUBLICATION everything FOR ALL TABLES")
	require.NoError(t, err)
	e := startExporterAt(t, pg.URL(""), nil)
	now := time.Now()
	long := now.AddDate(0, 0, -9)
	for trace := range uint64(3) {
		consume(t, e, sharedTrace(trace, now))
		consume(t, e, sharedTrace(10+trace, long))
		consume(t, e, said(20+trace, "carol", "c", long.AddDate(0, 0, 4)))
	}
	var keyless []string
	require.NoError(t, db.QueryRow(t.Context(), `SELECT array_agg(p.tablename::text) FROM pg_publication_tables p
		JOIN pg_class c ON c.oid = format('%I.%I', p.schemaname, p.tablename)::regclass
		WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')`).Scan(&keyless))
	require.Empty(t, keyless, "tables without a primary key")

	foldAll(t, db, now.Add(3*time.Hour))
	rowcheck.Spans(t, db, 27)
	require.NoError(t, upkeep.Freeze(t.Context(), db, "public", now))
	require.Equal(t, erasure{0, 12, 6}, erase(t, db, "user", "bob"))
	require.Equal(t, 3, erase(t, db, "user", "carol").traces)
	foldAll(t, db, now.Add(3*time.Hour))
	rowcheck.Spans(t, db, 12)

	retention := upkeep.Retention{
		Pool: db, Schema: "public", Spans: 7 * 24 * time.Hour, Contents: 24 * time.Hour, Logger: zap.NewNop(),
		Removed: func(context.Context, upkeep.Removal) {}, Overdue: func(string, int64) {},
	}
	dropped, err := retention.Run(t.Context(), now)
	require.NoError(t, err)
	require.True(t, dropped)
	var traces, spans int
	require.NoError(t, db.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM llm_traces), (SELECT count(*) FROM llm_spans)").Scan(&traces, &spans))
	require.Equal(t, []int{3, 6}, []int{traces, spans})
	consume(t, e, sharedTrace(0, now)) // updates what is there
	rowcheck.Rollups(t, db)
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans").Scan(&spans))
	require.Equal(t, 8, spans)

	// Definitions are made anew, as by an upgrade.
	_, err = db.Exec(t.Context(), "UPDATE llm_internal_definitions SET hash = 'of before'")
	require.NoError(t, err)
	conn, err := db.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	require.NoError(t, schema.Migrate(t.Context(), conn.Conn(), "public"))
	require.NoError(t, schema.Check(t.Context(), conn.Conn(), "public"))
}

// TestStartOnANewerSchemaSaysSo starts a build on a schema that a later one has made and
// that this build can work with.
func TestStartOnANewerSchemaSaysSo(t *testing.T) {
	url := testserver.NewDatabase(t)
	startExporterAt(t, url, nil)
	_, err := storetest.Pool(t, url).Exec(t.Context(), "INSERT INTO llm_internal_migrations (number, file, compatible_from) VALUES (9998, 'later', $1)", schema.Latest())
	require.NoError(t, err)
	core, logs := observer.New(zap.InfoLevel)
	settings := exportertest.NewNopSettings(metadata.Type)
	settings.Logger = zap.New(core)
	cfg := llmobservatoryexporter.NewFactory().CreateDefaultConfig().(*llmobservatoryexporter.Config)
	cfg.Postgres.URL = configopaque.String(url)
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	e, err := llmobservatoryexporter.NewFactory().CreateTraces(t.Context(), settings, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	lines := logs.FilterMessage("A newer release made the schema; this build works with the schema and leaves it as it is").All()
	require.Len(t, lines, 1)
	require.EqualValues(t, 9998, lines[0].ContextMap()["schema_version"])
}
