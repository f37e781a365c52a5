package pgbatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// raise fails as Postgres does, with a SQLSTATE.
func raise(code string) Statement {
	return Statement{What: "raise", SQL: fmt.Sprintf("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = 'made up'; END $$", code)}
}

// TestAttemptsByCode has a batch fail with one code for ever: how often it is tried, how,
// and what becomes of it then.
func TestAttemptsByCode(t *testing.T) {
	pool := open(t)
	for _, test := range []struct {
		code     string
		attempts int
		final    Verdict
	}{
		{"40001", 5, Later}, {"40P01", 5, Later}, {"55P03", 5, Later},
		{"23505", 5, Fault}, {"23514", 5, Fault}, // rules of somebody else's
		{"22012", 2, Fault}, {"23503", 2, Fault}, {"54000", 2, Fault}, {"44000", 2, Fault}, {"23001", 2, Fault},
		{"XX000", 3, Suspect}, {"XX001", 3, Suspect}, {"P0001", 3, Suspect}, {"38000", 3, Suspect},
		{"58030", 3, Suspect}, {"53200", 3, Suspect}, {"42804", 3, Suspect}, {"99999", 3, Suspect},
		{"57014", 1, TooLong}, {"25P04", 1, TooLong},
		{"53100", 2, Later}, {"57P01", 2, Later}, {"08006", 2, Later}, {"28000", 2, Later},
		{"0A000", 2, Later}, {"42501", 2, Later}, {"42P01", 2, Later}, {"42703", 2, Later}, {"3F000", 2, Later},
	} {
		for _, careful := range []bool{false, true} {
			var how []bool
			err := Run(t.Context(), pool, careful, func(c *Conn, careful bool) error {
				how = append(how, careful)
				return c.Exec(t.Context(), Statement{What: "begin", SQL: "BEGIN"}, raise(test.code))
			})
			require.True(t, HasCode(err, test.code), "%v", err)
			want := make([]bool, test.attempts)
			for i := range want {
				want[i] = careful || i > 0
			}
			if careful && test.attempts < 5 {
				want = want[:1]
			}
			require.Equal(t, want, how, test.code)
			require.Equal(t, test.final, Final(err), test.code)
		}
	}
	require.EqualValues(t, 1, pool.Stat().TotalConns(), "the connection is used again")
}

// TestVerdictsOfOtherErrors judges errors that do not come from a statement.
func TestVerdictsOfOtherErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Verdict
	}{
		{context.DeadlineExceeded, TooLong},
		{fmt.Errorf("copy: %w", context.DeadlineExceeded), TooLong},
		{context.Canceled, Later},
		{io.ErrUnexpectedEOF, Later},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, Later},
		{fmt.Errorf("wrapped: %w", ErrConflict), Conflict},
		{fmt.Errorf("lock traces: %w: %w", ErrRow, errors.New("NaN")), Suspect},
		{fmt.Errorf("lock traces: %w: %w", ErrRow, ErrConflict), Conflict},
		{&pgconn.PgError{Code: "23514", ConstraintName: "theirs"}, Fault},
		{&pgconn.PgError{Code: "23514"}, Conflict},
		{&pgconn.PgError{Code: "25006"}, NewConnection},
		{&pgconn.PgError{Code: "4"}, Suspect},
		{&pgconn.PgError{}, Suspect},
	} {
		require.Equal(t, test.want, Judge(test.err), "%v", test.err)
	}
}

// TestSuccessAfterConflicts tries a batch until it succeeds.
func TestSuccessAfterConflicts(t *testing.T) {
	pool := open(t)
	attempts := 0
	err := Run(t.Context(), pool, false, func(c *Conn, _ bool) error {
		if attempts++; attempts < 4 {
			return c.Exec(t.Context(), Statement{What: "begin", SQL: "BEGIN"}, raise("40001"))
		}
		require.False(t, c.InTransaction(), "the failed attempt has ended")
		return c.Exec(t.Context(), Statement{What: "ask", SQL: "SELECT 1"})
	})
	require.NoError(t, err)
	require.Equal(t, 4, attempts)
}

// TestCommitAnsweredByRollback commits a transaction that a statement has broken, whose
// error got lost: the server answers COMMIT with ROLLBACK, without an error.
func TestCommitAnsweredByRollback(t *testing.T) {
	pool := open(t)
	_, err := pool.Exec(t.Context(), "CREATE TABLE t (i int)")
	require.NoError(t, err)
	attempts := 0
	err = Run(t.Context(), pool, false, func(c *Conn, _ bool) error {
		attempts++
		require.NoError(t, c.Exec(t.Context(),
			Statement{What: "begin", SQL: "BEGIN"}, Statement{What: "insert", SQL: "INSERT INTO t VALUES (1)"}))
		require.Error(t, c.Exec(t.Context(), raise("22012")))
		return c.Commit(t.Context())
	})
	require.ErrorIs(t, err, ErrConflict)
	require.Equal(t, conflictAttempts, attempts)
	require.Equal(t, Later, Final(err), "what the batch is not to blame for")
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&rows))
	require.Zero(t, rows)
}

// TestReadOnlyConnectionIsNotUsedAgain has the server refuse writes, as a primary does
// that has become a standby, in a transaction and before it has begun.
func TestReadOnlyConnectionIsNotUsedAgain(t *testing.T) {
	pool := open(t)
	ask := func(c *Conn, sql string) (answer string) {
		require.NoError(t, c.Exec(t.Context(), Statement{What: "ask", SQL: sql, Row: func(v [][]byte) error { answer = string(v[0]); return nil }}))
		return answer
	}
	for name, refuse := range map[string]string{
		"in a transaction":    "BEGIN READ ONLY",
		"before it has begun": "SET default_transaction_read_only = on",
	} {
		t.Run(name, func(t *testing.T) {
			var refused string
			attempts := 0
			err := Run(t.Context(), pool, false, func(c *Conn, _ bool) error {
				attempts++
				refused = ask(c, "SELECT pg_backend_pid()")
				if err := c.Exec(t.Context(), Statement{What: "refuse writes", SQL: refuse}); err != nil {
					return err
				}
				return c.Exec(t.Context(), Statement{What: "write", SQL: "CREATE TABLE t (i int)"})
			})
			require.True(t, HasCode(err, "25006"), "%v", err)
			require.Equal(t, 1, attempts)
			require.NoError(t, With(t.Context(), pool, func(c *Conn) error {
				require.NotEqual(t, refused, ask(c, "SELECT pg_backend_pid()"))
				return nil
			}))
		})
	}
}
