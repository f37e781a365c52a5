package write

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// conversation is a call with the first n messages of a conversation.
func conversation(span byte, n int) *mapping.Batch {
	now := time.Now()
	s := spanOn(store.DayOf(now), span)
	s.Start = now.UnixMicro()
	s.End, s.ResourceID = s.Start, content.Of([]byte("{}"))
	b := batchOf(s)
	b.Resources[s.ResourceID] = []byte("{}")
	for i := range n {
		body := fmt.Appendf(nil, `{"role":"user","parts":[{"type":"text","content":"message %d"}]}`, i)
		b.Spans[0].InputMessageIDs = append(b.Spans[0].InputMessageIDs, content.Of(body))
		b.Contents[content.Key{Day: s.Day, ID: content.Of(body)}] = body
	}
	return b
}

// persist writes a batch, again and again while Postgres is away.
func persist(t *testing.T, w *Writer, b *mapping.Batch) (result Result) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var err error
		result, err = w.Write(t.Context(), b, nil, nil)
		require.NoError(c, err)
	}, 30*time.Second, 20*time.Millisecond)
	return result
}

func migrated(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, schema.Migrate(t.Context(), conn, "public"))
	require.NoError(t, conn.Close(t.Context()))
}

// TestCrashRestartLosesNoContentOfALaterSpan kills a backend while commits are not flushed
// yet: the server restarts without its postmaster and forgets them.
func TestCrashRestartLosesNoContentOfALaterSpan(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{
		"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "restart_after_crash": "on",
	}})
	url := pg.NewDatabase(t)
	migrated(t, url)
	w, pool := New(storetest.Pool(t, url), "public", window), storetest.Pool(t, url)
	require.NoError(t, w.EnsureAhead(t.Context()))
	persist(t, w, conversation(1, 50))
	exec(t, pool, "CHECKPOINT")
	ready := func() int { return strings.Count(pg.Log(), "ready to accept connections") }
	var spans, contents, victim int
	last := 1
	for undone := false; !undone; { // now and then the server flushes a commit right before it crashes
		last++
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&victim))
		before := ready()
		persist(t, w, conversation(byte(last), 49+last))
		require.NoError(t, syscall.Kill(victim, syscall.SIGKILL))
		require.Eventually(t, func() bool { return ready() > before }, time.Minute, 20*time.Millisecond)
		pool = storetest.Pool(t, url) // the crash has ended the connections of the other
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans").Scan(&spans))
		undone = spans < last
		require.Less(t, last, 10, "no crash undoes a commit")
	}
	require.Equal(t, last-1, spans)

	persist(t, w, conversation(byte(last+1), 50+last))
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*), (SELECT count(*) FROM llm_contents) FROM llm_spans").Scan(&spans, &contents))
	require.Equal(t, last, spans, "the crash has undone a commit")
	require.Equal(t, 50+last, contents)
	rowcheck.Consistent(t, pool)
	persist(t, w, conversation(byte(last+2), 50+last))
	rowcheck.Consistent(t, pool)
}

// TestContentsAreKnownAfterADurableCommitOnly looks at what is remembered of a commit that
// a crash could undo.
func TestContentsAreKnownAfterADurableCommitOnly(t *testing.T) {
	w, pool := newWriter(t)
	config := pool.Config()
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	hasty, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(hasty.Close)
	knows := func(w *Writer) bool {
		return w.contents.Knows(content.Key{Day: store.DayOf(time.Now()), ID: firstMessage()})
	}
	other := New(hasty, "public", window)
	persist(t, other, conversation(1, 3))
	require.False(t, knows(other))
	require.Equal(t, 3, persist(t, other, conversation(2, 3)).ContentsReused, "found")
	require.False(t, knows(other))
	persist(t, w, conversation(3, 3))
	require.False(t, knows(w), "a careful attempt proves nothing")
	persist(t, w, conversation(4, 3))
	require.True(t, knows(w), "found, and the batch's own commit has flushed all before it")
}

func firstMessage() content.ID {
	return conversation(1, 1).Spans[0].InputMessageIDs[0]
}

// TestDatabaseSwappedUnderAWriter replaces the database by an older copy of the same name,
// which has the server's start, the count of removals and the files of the original.
func TestDatabaseSwappedUnderAWriter(t *testing.T) {
	url := testserver.NewDatabase(t)
	migrated(t, url)
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	name := config.Database
	config.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, admin.Close(context.Background())) })
	do := func(format string, args ...any) {
		_, err := admin.Exec(t.Context(), fmt.Sprintf(format, args...))
		require.NoError(t, err)
	}
	do("ALTER DATABASE %q ALLOW_CONNECTIONS true", name)
	w := New(storetest.Pool(t, url), "public", window)
	require.NoError(t, w.EnsureAhead(t.Context()))
	persist(t, w, conversation(1, 50))
	closed := func(f func()) {
		do("ALTER DATABASE %q ALLOW_CONNECTIONS false", name)
		_, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", name)
		require.NoError(t, err)
		f()
		do("ALTER DATABASE %q ALLOW_CONNECTIONS true", name)
	}
	closed(func() { do("CREATE DATABASE %q TEMPLATE %q", name+"_copy", name) })
	persist(t, w, conversation(2, 55))
	require.Equal(t, 55, persist(t, w, conversation(3, 55)).ContentsReused, "known")
	closed(func() {
		do("ALTER DATABASE %q RENAME TO %q", name, name+"_original")
		do("ALTER DATABASE %q RENAME TO %q", name+"_copy", name)
	})
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", name+"_original"))
		require.NoError(t, err)
	})
	persist(t, w, conversation(4, 60))
	pool := storetest.Pool(t, url)
	rowcheck.Consistent(t, pool)
	var contents int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_contents").Scan(&contents))
	require.Equal(t, 60, contents)
}

// TestWithoutTheRightToProveContentsAreAskedFor takes the rights away that a proof needs,
// also while a writer relies on them.
func TestWithoutTheRightToProveContentsAreAskedFor(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	url := pg.NewDatabase(t)
	migrated(t, url)
	pool := storetest.Pool(t, url)
	exec(t, pool, "CREATE ROLE plain LOGIN")
	exec(t, pool, "GRANT pg_read_all_data, pg_write_all_data TO plain")
	exec(t, pool, "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO plain")
	config := pool.Config()
	config.ConnConfig.RuntimeParams["role"] = "plain"
	limited, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(limited.Close)
	w := New(limited, "public", window)
	persist(t, w, conversation(1, 3))
	require.True(t, w.contents.Knows(content.Key{Day: store.DayOf(time.Now()), ID: firstMessage()}))
	exec(t, pool, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
	result, err := w.Write(t.Context(), conversation(2, 4), nil, nil)
	require.NoError(t, err)
	require.Equal(t, 1, result.ContentsWritten)
	result, err = w.Write(t.Context(), conversation(3, 4), nil, nil)
	require.NoError(t, err)
	require.Equal(t, 4, result.ContentsReused)
	require.False(t, w.mayProve.Load())
	rowcheck.Consistent(t, pool)
}
