package pgbatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
)

// Pool hands out connections.
type Pool interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// Conn is the connection of one batch. One goroutine uses a Conn at a time.
type Conn struct {
	pgx *pgx.Conn
	pg  *pgconn.PgConn // of pgx
	buf []byte         // of the last COPY, for the next one
}

func newConn(conn *pgx.Conn) *Conn { return &Conn{pgx: conn, pg: conn.PgConn()} }

// Pgx returns the connection for queries of other packages, in the transaction that is open.
func (c *Conn) Pgx() *pgx.Conn { return c.pgx }

// With calls f with a connection of a pool.
func With(ctx context.Context, pool Pool, f func(*Conn) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()
	return f(newConn(conn.Conn()))
}

// How often a batch is tried in all before the collector's retry takes over, or before it is halved: after a
// conflict with another writer, and after a fault that may be the batch's own.
const (
	conflictAttempts = 5
	suspectAttempts  = 3
)

// Run gives f a connection of a pool until f succeeds, or until the policy says that
// trying again at once is of no use. f begins and commits its transaction; Run ends the
// transaction of a failed attempt. The first attempt may be optimistic, all others are
// careful: whatever failed, one that leaves nothing to chance must show that the batch is
// at fault.
func Run(ctx context.Context, pool Pool, careful bool, f func(c *Conn, careful bool) error) error {
	held, err := Hold(ctx, pool)
	if err != nil {
		return err
	}
	return held.Run(ctx, careful, f)
}

// Held is a connection of a pool for a transaction that begins before Run, which then goes on with it.
type Held struct {
	*Conn
	pooled *pgxpool.Conn
}

// Hold takes a connection. Run or GiveBack returns it.
func Hold(ctx context.Context, pool Pool) (*Held, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("acquire a connection: %w", err)
	}
	return &Held{newConn(conn.Conn()), conn}, nil
}

// GiveBack ends the transaction and returns the connection. One that cannot end its transaction is closed by the pool.
func (h *Held) GiveBack(ctx context.Context) {
	_ = h.rollback(ctx)
	h.pooled.Release()
}

// Run is Run with this connection.
func (h *Held) Run(ctx context.Context, careful bool, f func(c *Conn, careful bool) error) error {
	defer h.pooled.Release()
	c := h.Conn
	part := careful
	for attempt := 1; ; attempt++ {
		err := panics.Safely(func() error { return f(c, careful) })
		if err == nil {
			return nil
		}
		verdict := Judge(err)
		if verdict == NewConnection {
			return errors.Join(err, h.pooled.Conn().Close(ctx))
		}
		if c.rollback(ctx) != nil || attempt >= verdict.attempts(part) {
			return err
		}
		careful = true
	}
}

// rollback ends a failed transaction so that the connection can be used again.
func (c *Conn) rollback(ctx context.Context) error {
	if c.pg.IsClosed() {
		return errors.New("connection lost")
	}
	if !c.InTransaction() {
		return nil
	}
	return c.Exec(ctx, Statement{What: "roll back", SQL: "ROLLBACK"})
}

// InTransaction reports whether a transaction is open.
func (c *Conn) InTransaction() bool { return c.pg.TxStatus() != 'I' }

// Commit runs the last statements of a transaction and commits, in one round trip.
func (c *Conn) Commit(ctx context.Context, statements ...Statement) error {
	committed := false
	err := c.Exec(ctx, append(statements, Statement{
		What: "commit", SQL: "COMMIT", Tag: func(tag pgconn.CommandTag) { committed = tag.String() == "COMMIT" },
	})...)
	if err != nil {
		return err
	}
	if !committed {
		return fmt.Errorf("the server rolled the transaction back instead of committing it: %w", ErrConflict)
	}
	return nil
}
