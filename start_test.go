package llmobservatoryexporter

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestStartSaysWhatMayBeLost starts exporters with settings that lose accepted batches.
func TestStartSaysWhatMayBeLost(t *testing.T) {
	const memory, once, limited = "The sending_queue is in memory", "retry_on_failure::enabled is false", "retry_on_failure::max_elapsed_time is set"
	for name, test := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"defaults":     {func(*Config) {}, []string{memory}},
		"tried once":   {func(cfg *Config) { cfg.RetryConfig.Enabled = false }, []string{memory, once}},
		"given up":     {func(cfg *Config) { cfg.RetryConfig.MaxElapsedTime = time.Minute }, []string{memory, limited}},
		"clients wait": {func(cfg *Config) { cfg.QueueConfig.Get().WaitForResult = true; cfg.RetryConfig.Enabled = false }, nil},
		"no queue, no retry": {func(cfg *Config) {
			cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
			cfg.RetryConfig.Enabled = false
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := NewFactory().CreateDefaultConfig().(*Config)
			cfg.Postgres.URL = configopaque.String(testserver.NewDatabase(t))
			test.change(cfg)
			core, logs := observer.New(zap.InfoLevel)
			settings := exportertest.NewNopSettings(metadata.Type)
			settings.Logger = zap.New(core)
			e, err := NewFactory().CreateTraces(t.Context(), settings, cfg)
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
			var said []string
			for _, entry := range logs.All() {
				for _, line := range []string{memory, once, limited} {
					if strings.HasPrefix(entry.Message, line) {
						said = append(said, line)
					}
				}
			}
			require.NoError(t, e.Shutdown(t.Context()))
			assert.Equal(t, test.want, said)
		})
	}
}

// TestFailedStartLeavesNothing starts exporters that cannot work and ends each twice; goleak watches the package.
func TestFailedStartLeavesNothing(t *testing.T) {
	nowhere := component.MustNewID("file_storage")
	for name, change := range map[string]func(*Config){
		"unknown database": func(cfg *Config) { cfg.Postgres.URL += "_nowhere" },
		"pool not valid":   func(cfg *Config) { cfg.Pool.MaxConnections = 0 },
		"no schema":        func(cfg *Config) { cfg.CreateSchema = false },
		"no storage":       func(cfg *Config) { cfg.QueueConfig.Get().StorageID = &nowhere },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := newDefaultConfig(t, "REDIS_URL=redis://127.0.0.1:1/0")
			cfg.Postgres.URL = configopaque.String(testserver.NewDatabase(t))
			change(cfg)
			e, err := NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
			require.NoError(t, err)
			require.Error(t, e.Start(t.Context(), componenttest.NewNopHost()))
			require.NoError(t, e.Shutdown(context.Background()))
		})
	}
	unstarted, err := NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), newDefaultConfig(t))
	require.NoError(t, err)
	require.NoError(t, unstarted.Shutdown(context.Background()))
}

// TestMissingRightsSayWhatToGrant starts an exporter as a role that may not create tables in public, as on managed
// PostgreSQL 15 and later, in a schema that it may create, and in one that it may not.
func TestMissingRightsSayWhatToGrant(t *testing.T) {
	url := testserver.NewDatabase(t)
	admin := storetest.Pool(t, url)
	role := fmt.Sprintf("team_%d", time.Now().UnixNano())
	for _, sql := range []string{"CREATE ROLE " + role + " LOGIN PASSWORD 'x'", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"} {
		_, err := admin.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		require.NoError(t, err)
	})
	target, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	start := func(schema string) error {
		cfg := newDefaultConfig(t)
		cfg.Postgres.Host, cfg.Postgres.Port, cfg.Postgres.Database = target.Host, int(target.Port), target.Database
		cfg.Postgres.Username, cfg.Postgres.Password, cfg.Postgres.Schema = role, "x", schema
		e, err := NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
		return e.Start(t.Context(), componenttest.NewNopHost())
	}
	assert.ErrorContains(t, start("public"), `GRANT USAGE, CREATE ON SCHEMA "public" to the collector's role`)
	assert.ErrorContains(t, start("llm"), "GRANT CREATE ON DATABASE")
	_, err = admin.Exec(t.Context(), "GRANT CREATE ON DATABASE "+pgx.Identifier{target.Database}.Sanitize()+" TO "+role)
	require.NoError(t, err)
	assert.NoError(t, start("llm"), "a schema that is missing is made where the role may")
}
