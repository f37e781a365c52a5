package faults

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	llmobservatoryexporter "github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// slowRetries are so slow that nothing is tried again during a test.
func slowRetries(cfg *config) {
	cfg.RetryConfig.InitialInterval, cfg.RetryConfig.MaxInterval = time.Hour, time.Hour
	cfg.QueueConfig.Get().Batch.Get().MinSize = 0
}

// TestShutdownTriesWaitingBatchesOnceMore ends an exporter whose queue is in memory and
// whose batches wait for their next attempt, when Postgres is back. More batches than
// consumers wait in the queue itself.
func TestShutdownTriesWaitingBatchesOnceMore(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"stopped meanwhile": false, "never reached before": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := testserver.Postgres(t, testserver.PostgresOptions{})
			database := pg.NewDatabase(t)
			s, err := newSubject(t, database, func(cfg *config) {
				slowRetries(cfg)
				cfg.ConnectRetry.MaxAttempts, cfg.ConnectRetry.InitialDelay, cfg.ConnectRetry.MaxDelay = 1, time.Hour, time.Hour
			})
			require.NoError(t, err)
			if early {
				require.NoError(t, pg.Stop())
			}
			require.NoError(t, s.Start(t.Context(), s.status))
			if !early {
				s.requireStatus(t, componentstatus.StatusOK)
				require.NoError(t, pg.Stop())
			}
			r := rand.New(rand.NewPCG(26, 26))
			sent := 0
			for range 20 {
				td := conversation(r, 3, time.Now())
				sent += td.SpanCount()
				require.NoError(t, s.send(t.Context(), td))
			}
			consumers := 4
			require.Eventually(t, func() bool { return s.logs.FilterMessageSnippet("Will retry").Len() == consumers }, patience, glance)
			require.NoError(t, pg.Start(t.Context()))
			require.NoError(t, s.Shutdown(t.Context()))
			requireAll(t, connect(t, database), sent)
			require.Zero(t, s.logs.FilterMessageSnippet("Lost spans").Len())
			require.Zero(t, s.logs.FilterMessageSnippet("Dropping data").Len())
		})
	}
}

// TestShutdownTellsWhatTheDiskKeeps ends a collector with its queue on disk while
// Postgres is down: nothing is lost, and the log does not say so.
func TestShutdownTellsWhatTheDiskKeeps(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database, dir := pg.NewDatabase(t), t.TempDir()
	settings := []string{"retry_on_failure::initial_interval=1h", "retry_on_failure::max_interval=1h", "sending_queue::batch::min_size=0"}
	collector := collect(t, database, dir, settings...)
	require.NoError(t, pg.Stop())
	to := client(t, collector)
	r := rand.New(rand.NewPCG(27, 27))
	sent := 0
	for range 20 {
		td := conversation(r, 3, time.Now())
		sent += td.SpanCount()
		require.NoError(t, deliver(t.Context(), to, td))
	}
	require.Eventually(t, func() bool { return strings.Count(collector.Log(), "Will retry") == 10 }, patience, glance)
	require.NoError(t, collector.Shutdown())
	log := collector.Log()
	require.NotContains(t, log, "Dropping data")
	require.NotContains(t, log, "Lost spans")
	require.Contains(t, log, "the queue's storage keeps them for the next start")
	require.NoError(t, pg.Start(t.Context()))
	collect(t, database, dir, settings...)
	requireAll(t, connect(t, database), sent)
}

// TestSecondCollectorOnAQueueIsToldWhy starts two collectors in one place.
func TestSecondCollectorOnAQueueIsToldWhy(t *testing.T) {
	t.Parallel()
	database, dir := testserver.NewDatabase(t), t.TempDir()
	collect(t, database, dir)
	_, err := testserver.StartCollector(t.Context(), testserver.CollectorOptions{
		Dir: t.TempDir(), Env: []string{"DATABASE_URL=" + database},
		Args: []string{"--set=extensions::file_storage::directory=" + dir + "/queue"},
	})
	require.ErrorContains(t, err, "another collector may hold its directory, and each needs one of its own")
}

// TestShutdownEndsEndlessRetries ends an exporter with its own settings for retries
// and a queue in memory while Postgres is down.
func TestShutdownEndsEndlessRetries(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	s, err := newSubject(t, database, func(cfg *config) {
		cfg.RetryConfig = llmobservatoryexporter.NewFactory().CreateDefaultConfig().(*config).RetryConfig
	})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), s.status))
	require.NoError(t, pg.Stop())
	waiting := conversation(rand.New(rand.NewPCG(23, 23)), 3, time.Now())
	require.NoError(t, s.send(t.Context(), copied(waiting)))
	s.requireFailure(t, "connect")
	begin := time.Now()
	require.NoError(t, s.Shutdown(t.Context()))
	require.Less(t, time.Since(begin), moment)
	lost := s.logs.FilterMessageSnippet("Lost spans").All()
	require.Len(t, lost, 1)
	require.EqualValues(t, waiting.SpanCount(), lost[0].ContextMap()["spans"])
	require.Zero(t, s.logs.FilterMessageSnippet("Dropping data").Len(), "said once is enough")
}
