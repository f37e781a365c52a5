//go:build soak

package faults

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap/zaptest"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

const (
	upkeepDays  = 8
	upkeepPhase = 20 * time.Second
	dayBatches  = 40
)

// batchOf makes some conversations of a day.
func batchOf(r *rand.Rand, start time.Time) ptrace.Traces {
	all := ptrace.NewTraces()
	for range 60 {
		conversation(r, 1+r.IntN(3), start).ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	return all
}

// TestDaysDroppedUnderFullLoad drops a day every few seconds while four callers
// write as fast as they can, and compares how long batches take.
func TestDaysDroppedUnderFullLoad(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"shared_buffers": "256MB", "max_wal_size": "4GB"}})
	database := pg.NewDatabase(t)
	s := start(t, database, func(cfg *config) {
		cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
		cfg.RetryConfig.Enabled = false
	})
	db := connect(t, database)
	now := time.Now()
	r := rand.New(rand.NewPCG(1, 2))
	for day := 2; day < upkeepDays; day++ {
		for range dayBatches {
			require.NoError(t, s.ConsumeTraces(t.Context(), batchOf(r, now.AddDate(0, 0, -day))))
		}
	}
	require.Eventually(t, func() bool {
		_, err := upkeep.FoldUsage(t.Context(), db, "public", now.Add(24*time.Hour))
		require.NoError(t, err)
		return number(t.Context(), db, "SELECT count(*) FROM llm_usage_hours") == 0
	}, patience, glance)

	ended := func() int {
		return number(t.Context(), db, "SELECT count(*) FROM llm_spans WHERE start_time < $1", now.AddDate(0, 0, -2).Truncate(24*time.Hour))
	}
	goes := ended()

	steady := latencies(t, s, func() { <-time.After(upkeepPhase) })
	retention := upkeep.Retention{
		Pool: db, Schema: "public", Logger: zaptest.NewLogger(t), Removed: func(context.Context, upkeep.Removal) {},
	}
	dropping := latencies(t, s, func() {
		for day := upkeepDays - 2; day >= 2; day-- {
			var file string
			require.NoError(t, db.QueryRow(t.Context(), `SELECT pg_relation_filepath(min(inhrelid::regclass::text)::regclass) FROM pg_inherits
				WHERE inhparent = 'llm_spans'::regclass AND inhrelid::regclass::text ~ '\d{8}$'`).Scan(&file))
			retention.Spans = time.Duration(day) * 24 * time.Hour
			dropped, err := retention.Run(t.Context(), now)
			require.NoError(t, err)
			require.True(t, dropped, "day %d", day)
			info, err := os.Stat(filepath.Join(pg.Dir, "data", file))
			require.True(t, os.IsNotExist(err) || err == nil && info.Size() == 0, "the disk space is returned at once")
			<-time.After(upkeepPhase / (upkeepDays - 3))
		}
	})
	for _, p := range []int{50, 99} {
		t.Logf("p%d of a batch: %v steady, %v while days were dropped (%d and %d batches)", p,
			percentile(steady, p), percentile(dropping, p), len(steady), len(dropping))
	}
	require.Less(t, percentile(dropping, 99), 2*percentile(steady, 99))
	rowcheck.Rollups(t, db)
	require.Zero(t, ended())
	require.Equal(t, goes+storedSpans(t, db), number(t.Context(), db, "SELECT sum(spans) FROM llm_usage"), "usage outlives the spans")
}

// latencies has four callers write while during runs; none may fail.
func latencies(t *testing.T, s *subject, during func()) (all []time.Duration) {
	t.Helper()
	stop := make(chan struct{})
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(t.Context())
	for caller := range 4 {
		r := rand.New(rand.NewPCG(rand.Uint64(), uint64(caller)))
		group.Go(func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				td := batchOf(r, time.Now())
				begin := time.Now()
				if err := s.ConsumeTraces(ctx, td); err != nil {
					return err
				}
				mu.Lock()
				all = append(all, time.Since(begin))
				mu.Unlock()
			}
		})
	}
	func() {
		defer close(stop)
		during()
	}()
	require.NoError(t, group.Wait())
	return all
}

func percentile(values []time.Duration, p int) time.Duration {
	values = slices.Sorted(slices.Values(values))
	return values[(len(values)*p+99)/100-1]
}
