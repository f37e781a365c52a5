package pool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// TestSQLStateDecidesKind has every class of the appendix of PostgreSQL's manual, and every code that is not
// like its class.
func TestSQLStateDecidesKind(t *testing.T) {
	tests := map[pool.Kind][]string{
		pool.KindConnection: {
			"08000", "08001", "08003", "08004", "08006", "08007", "08P01", // connection
			"25006", "25P03", // read-only transaction, session ended while idle in one
			"57000", "57P01", "57P02", "57P03", "57P04", "57P05", // shutdown, crash, starting up
			"58000", "58030", "58P01", "58P02", // system
			"F0000", "F0001", // configuration file
			"XX000", "XX001", "XX002", // internal
			"ZZ999", "", "1", // not known yet
		},
		pool.KindPool:    {"53000", "53100", "53200", "53300", "53400"},
		pool.KindTimeout: {"57014", "25P04"},
		pool.KindConflict: {
			"40000", "40001", "40003", "40P01", // transaction rollback
			"55000", "55006", "55P03", // object in use
			"72000", // snapshot too old
		},
		pool.KindConfig: {
			"0L000", "0LP01", "0P000", "28000", "28P01", "3D000", "42501", "55P02",
		},
		pool.KindNotFound: {"02000", "02001", "3F000", "42P01"},
		pool.KindQuery: {
			"00000", "01000", "03000", "09000", "0A000", "0B000", "0F000", "0Z000", "10608", "20000", "21000",
			"22000", "22001", "22003", "22008", "22021", "22P02", "22P05", "23000", "23502", "23503", "23505",
			"23514", "24000", "25000", "25001", "25P01", "25P02", "26000", "27000", "2B000", "2D000", "2F000",
			"34000", "38000", "39000", "3B000", "40002", "42000", "42601", "42703", "42883", "42P05", "42P07",
			"44000", "54000", "54001", "54011", "55P04", "HV000", "P0000", "P0001",
		},
	}
	for kind, codes := range tests {
		for _, code := range codes {
			assert.Equal(t, kind, pool.KindOfSQLState(code), "SQLSTATE %s", code)
			err := fmt.Errorf("writing: %w", &pgconn.PgError{Code: code})
			assert.Equal(t, kind, pool.KindOf(err), "SQLSTATE %s", code)
			assert.Equal(t, kind.Retryable(), pool.IsRetryable(err), "SQLSTATE %s", code)
		}
	}
}

func TestRetryableKinds(t *testing.T) {
	for _, kind := range []pool.Kind{pool.KindConnection, pool.KindPool, pool.KindTimeout, pool.KindConflict} {
		assert.True(t, kind.Retryable(), kind)
	}
	for _, kind := range []pool.Kind{
		pool.KindQuery, pool.KindConfig, pool.KindMigration, pool.KindValidation, pool.KindNotFound, pool.KindRedis,
	} {
		assert.False(t, kind.Retryable(), kind)
	}
}

func TestTypeDecidesKind(t *testing.T) {
	tests := map[pool.Kind][]error{
		pool.KindTimeout: {
			context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded, syscall.ETIMEDOUT,
		},
		pool.KindConnection: {
			io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET,
			syscall.EPIPE, pgconn.ErrConnClosed, &net.OpError{Op: "read", Err: errors.New("gone")},
			&net.DNSError{Err: "no such host", IsNotFound: true},
		},
		pool.KindNotFound: {pgx.ErrNoRows},
		pool.KindConflict: {pgx.ErrTxCommitRollback},
		pool.KindQuery:    {errors.New("connection refused, says a message that nobody reads")},
	}
	for kind, errs := range tests {
		for _, err := range errs {
			assert.Equal(t, kind, pool.KindOf(fmt.Errorf("writing: %w", err)), "%T %v", err, err)
		}
	}
}

func TestWrapKeepsKindAndCause(t *testing.T) {
	require.NoError(t, pool.Wrap("reading", nil))
	require.False(t, pool.IsRetryable(nil))

	err := pool.Wrap("reading", io.EOF)
	assert.EqualError(t, err, "reading: EOF")
	assert.ErrorIs(t, err, pool.KindConnection)
	assert.ErrorIs(t, err, io.EOF)

	missing := &pool.Error{Kind: pool.KindMigration, Doing: "migrating", Err: errors.New("version 3 is missing")}
	err = pool.Wrap("starting", fmt.Errorf("schema: %w", missing))
	assert.ErrorIs(t, err, pool.KindMigration)
	var known *pool.Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, pool.KindMigration, known.Kind)
}
