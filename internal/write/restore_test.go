package write

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// rewound has a writer store messages, of which those after mark are lost when swap puts
// an older state of the database in the place of the one that the writer knows, behind
// the same address. Whatever the writer remembers, the messages of later calls are there.
func rewound(t *testing.T, pg *testserver.PG, mark func(db *pgxpool.Pool), swap func(db *pgxpool.Pool, proxy *testserver.Proxy)) {
	t.Helper()
	proxy := pg.Proxy(t)
	url := pg.URLVia(proxy.Port, "postgres")
	migrated(t, url)
	db := storetest.Pool(t, url)
	w := New(storetest.Pool(t, url), "public", window)
	require.NoError(t, w.EnsureAhead(t.Context()))
	persist(t, w, conversation(1, 54)) // all but one, since a batch also looks whether any of those it knows is there
	mark(db)
	persist(t, w, conversation(2, 55))
	require.Equal(t, 55, persist(t, w, conversation(3, 55)).ContentsReused, "known")
	swap(db, proxy)
	db.Reset()
	persist(t, w, conversation(4, 40)) // after an error this leaves nothing to what is known
	persist(t, w, conversation(5, 60))
	rowcheck.Consistent(t, db)
	var spans, contents int
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*), (SELECT count(*) FROM llm_contents) FROM llm_spans").Scan(&spans, &contents))
	require.Equal(t, []int{3, 60}, []int{spans, contents}, "the span of before the mark, and those of after the swap")
}

// TestRestoredDump restores a dump into the database that it was taken of: a copy of the
// tables with the same number of removals, in the same database of the same server.
func TestRestoredDump(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	dump := filepath.Join(pg.Dir, "dump")
	rewound(t, pg, func(*pgxpool.Pool) {
		require.NoError(t, pg.Run("pg_dump", "--format=custom", "--file", dump, pg.URL("postgres")))
	}, func(db *pgxpool.Pool, _ *testserver.Proxy) {
		exec(t, db, "DROP SCHEMA public CASCADE")
		exec(t, db, "CREATE SCHEMA public")
		require.NoError(t, pg.Run("pg_restore", "--dbname", pg.URL("postgres"), dump))
	})
}

// TestRestoredDumpInANewDatabase drops the database and restores a dump into a new one of
// the same name.
func TestRestoredDumpInANewDatabase(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	dump := filepath.Join(pg.Dir, "dump")
	rewound(t, pg, func(*pgxpool.Pool) {
		require.NoError(t, pg.Run("pg_dump", "--format=custom", "--file", dump, pg.URL("postgres")))
	}, func(*pgxpool.Pool, *testserver.Proxy) {
		admin, err := pgx.Connect(t.Context(), pg.URL("template1"))
		require.NoError(t, err)
		for _, sql := range []string{"DROP DATABASE postgres WITH (FORCE)", "CREATE DATABASE postgres TEMPLATE template0"} {
			_, err = admin.Exec(t.Context(), sql)
			require.NoError(t, err)
		}
		require.NoError(t, admin.Close(t.Context()))
		require.NoError(t, pg.Run("pg_restore", "--dbname", pg.URL("postgres"), dump))
	})
}

// TestPointInTimeRecovery recovers a base backup from the archive up to a time before the
// last batches.
func TestPointInTimeRecovery(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"archive_mode": "on"}})
	archive := filepath.Join(pg.Dir, "archive")
	require.NoError(t, pg.Configure(map[string]string{"archive_command": "mkdir -p " + archive + " && cp %p " + archive + "/%f"}))
	require.NoError(t, pg.Restart(t.Context()))
	backup := testserver.Postgres(t, testserver.PostgresOptions{ReplicaOf: pg})
	require.NoError(t, backup.Stop())
	rewound(t, pg, func(db *pgxpool.Pool) {
		exec(t, db, "SELECT pg_create_restore_point('before')")
	}, func(db *pgxpool.Pool, proxy *testserver.Proxy) {
		exec(t, db, "SELECT pg_switch_wal()")
		require.NoError(t, pg.Stop()) // which waits for the archive
		require.NoError(t, backup.Configure(map[string]string{
			"primary_conninfo": "", "restore_command": "cp " + archive + "/%f %p",
			"recovery_target_name": "before", "recovery_target_action": "promote",
		}))
		require.NoError(t, backup.Start(t.Context()))
		recovered := storetest.Pool(t, backup.URL("postgres"))
		require.Eventually(t, func() bool {
			var recovers bool
			require.NoError(t, recovered.QueryRow(t.Context(), "SELECT pg_is_in_recovery()").Scan(&recovers))
			return !recovers
		}, 30*time.Second, 20*time.Millisecond)
		proxy.Redirect(backup.Address())
	})
}

// TestPromotedReplica promotes a standby that has not got the last batches.
func TestPromotedReplica(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	standby := testserver.Postgres(t, testserver.PostgresOptions{ReplicaOf: pg})
	replica := storetest.Pool(t, standby.URL("postgres"))
	rewound(t, pg, func(db *pgxpool.Pool) {
		var at string
		require.NoError(t, db.QueryRow(t.Context(), "SELECT pg_current_wal_flush_lsn()::text").Scan(&at))
		require.Eventually(t, func() bool {
			var there bool
			require.NoError(t, replica.QueryRow(t.Context(), "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", at).Scan(&there))
			return there
		}, 30*time.Second, 20*time.Millisecond)
		require.NoError(t, standby.Configure(map[string]string{"primary_conninfo": ""}))
		exec(t, replica, "SELECT pg_reload_conf()")
		require.Eventually(t, func() bool {
			var streams bool
			require.NoError(t, replica.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver)").Scan(&streams))
			return !streams
		}, 30*time.Second, 20*time.Millisecond)
	}, func(_ *pgxpool.Pool, proxy *testserver.Proxy) {
		require.NoError(t, pg.Kill())
		exec(t, replica, "SELECT pg_promote()")
		proxy.Redirect(standby.Address())
	})
}
