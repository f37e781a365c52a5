package acceptance

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pricing"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

// team is a schema on a cluster with a collector that writes to it.
type team struct {
	schema    string
	db        *pgxpool.Pool // the owner, in the schema
	collector collector
}

// TestCitus has three teams on a cluster: the schema of the first stays on the coordinator,
// that of the second is moved to a worker before it holds anything, that of the third
// afterwards. Whatever is done to all of them, all tell the same.
func TestCitus(t *testing.T) {
	cluster := testserver.Citus(t)
	url := cluster[0].URL("")
	admin := storetest.Pool(t, url)
	_, err := admin.Exec(t.Context(), "CREATE ROLE writer LOGIN; CREATE ROLE analyst LOGIN")
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), "ALTER DATABASE postgres SET citus.enable_schema_based_sharding = on")
	require.NoError(t, err)
	requireNotMadeOnAWorker(t, url)
	var teams []*team
	for _, name := range []string{"stays", "moved_before", "moved_after"} {
		teams = append(teams, newTeam(t, url, name))
	}
	move(t, teams[1])
	now := time.Now()
	feed(t, teams, 1, now)
	move(t, teams[2])
	requireSame(t, teams, "moved")

	feed(t, teams, 2, now.AddDate(0, 0, -1)) // a day that has no partition yet
	feed(t, teams, 2, now.AddDate(0, 0, -1)) // sent again
	feed(t, teams, 3, now.AddDate(-3, 0, 0)) // a day that gets none
	traces, _ := agentTraces(77, 6)
	for _, tm := range teams {
		require.NotZero(t, tm.waiting(t), tm.schema)
		var moved time.Time
		require.NoError(t, tm.db.QueryRow(t.Context(), "SELECT llm_internal_move_waiting($1::date - 1, $1::date + 1)", now.UTC().AddDate(-3, 0, 0)).Scan(&moved))
		require.Equal(t, now.UTC().AddDate(-3, 0, 0).Format(time.DateOnly), moved.Format(time.DateOnly))
		require.Zero(t, tm.waiting(t), tm.schema)
		tm.foldUnderLoad(t, traces, now)
		tm.reprice(t)
	}
	requireSame(t, teams, "new days, rows of the default partition moved, priced again")

	for _, tm := range teams {
		tm.fold(t, now)
		rowcheck.Folded(t, tm.db)
		require.NotZero(t, erase(t, tm.db, "user", "alice").spans, tm.schema)
		require.NotZero(t, erase(t, tm.db, "session", "b2").contents, tm.schema)
		require.NotZero(t, erase(t, tm.db, "user", "bob").spans, tm.schema)
	}
	requireSame(t, teams, "folded and erased")

	feed(t, teams, 1, now)                   // what was erased can be said again
	feed(t, teams, 5, now.AddDate(-4, 0, 0)) // what retention finds in the default partitions
	for _, tm := range teams {
		require.NotZero(t, tm.waiting(t), tm.schema)
		tm.fold(t, now)
		tm.retain(t, now)
		tm.migrateAgain(t)
	}
	feed(t, teams, 4, now)
	requireSame(t, teams, "retained, definitions made anew, and written again")
	for _, tm := range teams {
		rowcheck.Rollups(t, tm.db) // llm_usage has hours whose spans are gone
		var bytes int64
		require.NoError(t, tm.db.QueryRow(t.Context(), "SELECT min(total_bytes) FROM llm_storage WHERE day = $1::date", now).Scan(&bytes))
		require.NotZero(t, bytes, "bytes of today's partitions, %s", tm.schema)
		requireRights(t, url, tm)
	}
}

// requireNotMadeOnAWorker starts an exporter on an empty schema that Citus has on a worker.
func requireNotMadeOnAWorker(t *testing.T, url string) {
	t.Helper()
	_, err := storetest.Pool(t, url).Exec(t.Context(), "CREATE SCHEMA empty")
	require.NoError(t, err)
	cfg := llmobservatoryexporter.NewFactory().CreateDefaultConfig().(*llmobservatoryexporter.Config)
	cfg.Postgres.URL, cfg.Postgres.Schema = configopaque.String(url), "empty"
	e, err := llmobservatoryexporter.NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "run SELECT citus_schema_undistribute('empty')")
	require.NoError(t, e.Shutdown(t.Context()))
}

// newTeam makes a schema by a collector of its owner's and starts one of a writer's.
func newTeam(t *testing.T, url, name string) *team {
	inSchema := func(cfg *llmobservatoryexporter.Config) { cfg.Postgres.Schema = name }
	startExporterAt(t, url, inSchema)
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	config.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{name}.Sanitize()
	db, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	_, err = db.Exec(t.Context(), "SELECT llm_grant_writer('writer'), llm_grant_reader('analyst', false)")
	require.NoError(t, err)
	return &team{name, db, startBoth(t, as(t, url, "writer", "writer"), func(cfg *llmobservatoryexporter.Config) {
		inSchema(cfg)
		cfg.CreateSchema = false
		cfg.RetryConfig.MaxElapsedTime = time.Minute
	})}
}

// move moves a team's schema to a worker.
func move(t *testing.T, tm *team) {
	t.Helper()
	_, err := tm.db.Exec(t.Context(), "SELECT citus_schema_distribute($1::text::regnamespace)", pgx.Identifier{tm.schema}.Sanitize())
	require.NoError(t, err)
	var here int
	require.NoError(t, tm.db.QueryRow(t.Context(), `SELECT count(*) FROM llm_internal_relations() r
		WHERE is_table AND NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = r.name::text::regclass)`).Scan(&here))
	require.Zero(t, here, "tables that stayed on the coordinator")
}

// feed sends traces and log records, the same to all teams.
func feed(t *testing.T, teams []*team, seed uint64, at time.Time) {
	t.Helper()
	traces, _ := agentTraces(seed, 3)
	batches := []ptrace.Traces{
		sharedTrace(10*seed, at), said(10*seed+1, "alice", fmt.Sprint("a", seed), at), said(10*seed+2, "carol", fmt.Sprint("b", seed), at),
	}
	for _, td := range traces {
		shift(td, time.Until(at))
		batches = append(batches, spanByBatch(td)...)
	}
	for _, tm := range teams {
		for _, td := range batches {
			consume(t, tm.collector.traces, td)
		}
		if seed == 1 {
			for _, ld := range logCases(t) {
				require.NoError(t, tm.collector.logs.ConsumeLogs(t.Context(), ld))
			}
		}
	}
}

// requireSame compares all tables, views and look-ups of the teams.
func requireSame(t *testing.T, teams []*team, when string) {
	t.Helper()
	want := teams[0].contents(t)
	for _, tm := range teams[1:] {
		got := tm.contents(t)
		require.Len(t, got, len(want))
		for query, rows := range want {
			require.Len(t, got[query], len(rows), "%s, %s: %s", when, tm.schema, query)
			for i, row := range rows {
				require.Equal(t, row, got[query][i], "%s, %s: %s", when, tm.schema, query)
			}
		}
	}
	t.Logf("%s: the same by %d queries", when, len(want))
}

// contents are the rows that the tables, views and look-ups show, without the times at
// which they were stored.
func (tm *team) contents(t *testing.T) map[string][]string {
	t.Helper()
	queries := []string{
		"(SELECT s.*, t.trace_id AS of FROM llm_traces t CROSS JOIN LATERAL llm_trace(t.trace_id) s)",
		"(SELECT * FROM llm_trace((SELECT min(trace_id) FROM llm_traces)))",
		"llm_search((now() AT TIME ZONE 'UTC')::date, 'brief')",
	}
	for _, value := range []string{"a1", "b2", "s"} {
		queries = append(queries, "llm_session_calls('"+value+"')", "llm_transcript('"+value+"')")
	}
	for _, value := range []string{"alice", "bob", "carol"} {
		queries = append(queries, "llm_user_calls('"+value+"')", "llm_user_calls('"+value+"', 1)", "llm_export_user('"+value+"')")
	}
	// Claims depend on which batches overlap, and with Citus nobody notes owners. Collectors fold hours at times of
	// their own: what is folded differs, and the sums that views show do not.
	rows, err := tm.db.Query(t.Context(), `SELECT name FROM llm_internal_relations() WHERE name NOT IN ('llm_internal_definitions', 'llm_internal_migrations',
		'llm_storage', 'llm_internal_pairings', 'llm_internal_content_owners', 'llm_internal_owned_days', 'llm_internal_unowned_hours',
		'llm_usage_hours', 'llm_usage_hourly', 'llm_internal_usage_parts')`)
	require.NoError(t, err)
	relations, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	shown := map[string][]string{}
	for _, from := range append(queries, relations...) {
		rows, err := tm.db.Query(t.Context(), `SELECT (to_jsonb(r) - CASE jsonb_typeof(to_jsonb(r) -> 'id') WHEN 'number' THEN 'id' ELSE '' END - '{stored_by,owner,stored_at,created_at,updated_at,erased_at,removals,barrier,ready_at,listed_at,due_at,silent_for,last_stored,greatest_lag,lag}'::text[])::text FROM `+from+" r")
		require.NoError(t, err, "%s: %s", tm.schema, from)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, "%s: %s", tm.schema, from)
		slices.Sort(found)
		shown[from] = found
	}
	return shown
}

func (tm *team) fold(t *testing.T, now time.Time) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := upkeep.FoldUsage(t.Context(), tm.db, tm.schema, now.Add(3*time.Hour))
		require.NoError(t, err, tm.schema)
		var left int
		require.NoError(t, tm.db.QueryRow(t.Context(), "SELECT count(*) FROM llm_usage_hours WHERE hour <= $1", now).Scan(&left))
		return left == 0
	}, 20*time.Second, time.Millisecond)
}

// foldUnderLoad folds while batches bring spans of the hour.
func (tm *team) foldUnderLoad(t *testing.T, traces []ptrace.Traces, now time.Time) {
	t.Helper()
	var sending errgroup.Group
	for _, td := range traces {
		sending.Go(func() error {
			for _, batch := range spanByBatch(td) {
				if err := tm.collector.traces.ConsumeTraces(t.Context(), batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	sent := make(chan error)
	go func() { sent <- sending.Wait() }()
	for {
		select {
		case err := <-sent:
			require.NoError(t, err)
			tm.fold(t, now)
			return
		default:
			_, err := upkeep.FoldUsage(t.Context(), tm.db, tm.schema, now.Add(3*time.Hour))
			require.NoError(t, err, tm.schema)
		}
	}
}

// reprice changes a price and has the past follow.
func (tm *team) reprice(t *testing.T) {
	t.Helper()
	_, err := tm.db.Exec(t.Context(), "INSERT INTO llm_prices (model, match, input, output) VALUES ('gpt-4o', 'prefix', 1000, 2000)")
	require.NoError(t, err)
	changed := 0
	repricer := &pricing.Repricer{
		Pool: tm.db, Schema: tm.schema, Pricer: pricing.New(tm.schema, zap.NewNop()), Writer: write.New(tm.db, tm.schema, 31*24*time.Hour), Logger: zap.NewNop(),
		Progress: func(_ context.Context, r *write.Repriced) { changed += r.Changed },
	}
	require.NoError(t, repricer.Note(t.Context()))
	_, err = tm.db.Exec(t.Context(), "DELETE FROM llm_internal_price_changes") // the collector may have noted the change too
	require.NoError(t, err)
	_, err = tm.db.Exec(t.Context(), "SELECT llm_reprice((now() - interval '5 years')::date, now()::date + 1)")
	require.NoError(t, err)
	require.NoError(t, repricer.Reprice(t.Context()))
	require.NotZero(t, changed, tm.schema)
	_, err = tm.db.Exec(t.Context(), "UPDATE llm_internal_traces_to_price SET due_at = listed_at")
	require.NoError(t, err)
	require.NoError(t, repricer.RepriceDue(t.Context()))
}

// waiting counts the rows of default partitions.
func (tm *team) waiting(t *testing.T) (rows int) {
	t.Helper()
	require.NoError(t, tm.db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM llm_spans_default) + (SELECT count(*) FROM llm_contents_default)
		+ (SELECT count(*) FROM llm_events_default) + (SELECT count(*) FROM llm_scores_default)`).Scan(&rows))
	return rows
}

// retain removes all but today's spans and words.
func (tm *team) retain(t *testing.T, now time.Time) {
	t.Helper()
	retention := upkeep.Retention{
		Pool: tm.db, Schema: tm.schema, Spans: 24 * time.Hour, Contents: 24 * time.Hour, Logger: zap.NewNop(),
		Removed: func(context.Context, upkeep.Removal) {}, Overdue: func(string, int64) {},
	}
	_, err := retention.Run(t.Context(), now.AddDate(0, 0, 1))
	require.NoError(t, err, tm.schema)
	var old int
	require.NoError(t, tm.db.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans WHERE start_time < date_trunc('day', $1::timestamptz, 'UTC')", now).Scan(&old))
	require.Zero(t, old, "spans of days that have ended, %s", tm.schema)
	require.Zero(t, tm.waiting(t), "rows of default partitions, %s", tm.schema)
}

// migrateAgain makes the definitions anew, as an upgrade does.
func (tm *team) migrateAgain(t *testing.T) {
	t.Helper()
	_, err := tm.db.Exec(t.Context(), "UPDATE llm_internal_definitions SET hash = 'of before'")
	require.NoError(t, err)
	conn, err := tm.db.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	require.NoError(t, schema.Migrate(t.Context(), conn.Conn(), tm.schema), tm.schema)
	require.NoError(t, schema.Check(t.Context(), conn.Conn(), tm.schema), tm.schema)
}

// requireRights reads as a role without words.
func requireRights(t *testing.T, url string, tm *team) {
	t.Helper()
	analyst := storetest.Pool(t, as(t, url, "analyst", "analyst"))
	schema := pgx.Identifier{tm.schema}.Sanitize()
	var calls int
	require.NoError(t, analyst.QueryRow(t.Context(), "SELECT count(*) FROM "+schema+".llm_call_facts").Scan(&calls))
	require.NotZero(t, calls)
	// Look-ups fetch words where there is Citus.
	for _, words := range []string{"llm_contents", "llm_calls", "llm_user_calls('carol')", "llm_contents_" + time.Now().UTC().Format("20060102")} {
		_, err := analyst.Exec(t.Context(), "SELECT * FROM "+schema+"."+words)
		require.ErrorContains(t, err, "permission denied", "%s: %s", tm.schema, words)
	}
}
