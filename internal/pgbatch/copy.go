package pgbatch

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
)

// copyHeader starts the binary COPY format; copyTrailer ends it.
var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

// appendRow appends a row in binary COPY format.
func appendRow[T any](dst []byte, columns []Column[T], row *T) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
	for i := range columns {
		dst = columns[i].Append(dst, row)
	}
	return dst
}

// encoder makes binary COPY data row by row, as the connection asks for it, so
// that encoding here and storing there overlap.
type encoder struct {
	next    func(dst []byte) ([]byte, bool) // appends a row; false after the last
	buf     []byte
	read    int
	started bool
	done    bool
	failed  atomic.Pointer[panics.Error] // of next, which may be at work when Postgres has refused the COPY
}

// chunkSize is how much the encoder makes before it hands it over.
const chunkSize = 64 << 10

// Read is called by a goroutine of pgx.
func (e *encoder) Read(p []byte) (int, error) {
	more := true
	if e.read == len(e.buf) {
		var failed *panics.Error
		if errors.As(panics.Safely(func() error { more = e.fill(); return nil }), &failed) {
			e.failed.Store(failed)
			return 0, failed
		}
	}
	if !more {
		return 0, io.EOF
	}
	n := copy(p, e.buf[e.read:])
	e.read += n
	return n, nil
}

func (e *encoder) fill() bool {
	if e.done {
		return false
	}
	e.buf, e.read = e.buf[:0], 0
	if !e.started {
		e.started = true
		e.buf = append(e.buf, copyHeader...)
	}
	for len(e.buf) < chunkSize {
		var more bool
		if e.buf, more = e.next(e.buf); !more {
			e.done = true
			e.buf = append(e.buf, copyTrailer...)
			break
		}
	}
	return true
}

// CopyRows stores rows by COPY, unless there are none. What says what for, in errors.
func CopyRows[T any](ctx context.Context, c *Conn, what, sql string, columns []Column[T], rows []T) error {
	return CopyParts(ctx, c, what, sql, columns, func() []T {
		part := rows
		rows = nil
		return part
	})
}

// CopyParts is CopyRows for rows that come part by part: next waits for them, and returns none after the last.
func CopyParts[T any](ctx context.Context, c *Conn, what, sql string, columns []Column[T], next func() []T) error {
	rows := next()
	if len(rows) == 0 {
		return nil
	}
	i := 0
	e := &encoder{buf: c.buf[:0], next: func(dst []byte) ([]byte, bool) {
		if i == len(rows) {
			if rows, i = next(), 0; len(rows) == 0 {
				return dst, false
			}
		}
		dst = appendRow(dst, columns, &rows[i])
		i++
		return dst, true
	}}
	c.buf = nil // when the connection breaks, the encoder may still be at work and keeps the buffer
	if _, err := c.pg.CopyFrom(ctx, e, sql); err != nil {
		if failed := e.failed.Load(); failed != nil {
			err = failed // Postgres only says that the COPY was given up
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	c.buf = e.buf
	return nil
}

// CopySQL is the command for CopyRows.
func CopySQL[T any](table string, columns []Column[T]) string {
	return "COPY " + table + " (" + Names(columns) + ") FROM STDIN (FORMAT binary)"
}
