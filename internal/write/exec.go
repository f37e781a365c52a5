package write

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	binaryFormat = []int16{1}
	textFormat   = []int16{0}
)

// statement is one command of a round trip.
type statement struct {
	what   string // for errors
	sql    string
	params [][]byte // binary
	oids   []uint32
	binary bool // the results
	row    func(values [][]byte) error
	tag    func(pgconn.CommandTag)
}

// exec runs statements in one round trip. Unnamed statements only: nothing
// stays with the server connection, which a pooler may hand to another client.
func exec(ctx context.Context, pg *pgconn.PgConn, statements ...statement) error {
	if len(statements) == 0 {
		return nil
	}
	batch := &pgconn.Batch{}
	for _, s := range statements {
		format := textFormat
		if s.binary {
			format = binaryFormat
		}
		batch.ExecParams(s.sql, s.params, s.oids, binaryFormat, format)
	}
	results := pg.ExecBatch(ctx, batch)
	err := readResults(results, statements)
	return errors.Join(err, ignoreRepeated(err, results.Close()))
}

func readResults(results *pgconn.MultiResultReader, statements []statement) error {
	for _, s := range statements {
		if !results.NextResult() {
			return fmt.Errorf("%s: %w", s.what, results.Close())
		}
		reader := results.ResultReader()
		for reader.NextRow() {
			if s.row == nil {
				continue
			}
			if err := s.row(reader.Values()); err != nil {
				return fmt.Errorf("%s: %w", s.what, err)
			}
		}
		tag, err := reader.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		if s.tag != nil {
			s.tag(tag)
		}
	}
	return nil
}

// ignoreRepeated drops the second telling of an error by Close.
func ignoreRepeated(first, second error) error {
	if first != nil {
		return nil
	}
	return second
}

// encoder makes binary COPY data row by row, as the connection asks for it, so
// that encoding here and storing there overlap.
type encoder struct {
	next    func(dst []byte) ([]byte, bool) // appends a row; false after the last
	buf     []byte
	read    int
	started bool
	done    bool
}

// chunkSize is how much the encoder makes before it hands it over.
const chunkSize = 64 << 10

func (e *encoder) Read(p []byte) (int, error) {
	if e.read == len(e.buf) && !e.fill() {
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

// copyRows streams into a table the rows that next returns, some at a time, and
// returns buf for the next. When the connection breaks, the encoder may still be at
// work, or waiting for next, and keeps the buffer.
func copyRows[T any](ctx context.Context, pg *pgconn.PgConn, sql string, columns []column[T], next func() ([]T, bool), buf []byte) ([]byte, error) {
	var rows []T
	i := 0
	e := &encoder{buf: buf[:0], next: func(dst []byte) ([]byte, bool) {
		for i == len(rows) {
			var more bool
			if rows, more = next(); !more {
				return dst, false
			}
			i = 0
		}
		dst = appendRow(dst, columns, &rows[i])
		i++
		return dst, true
	}}
	if _, err := pg.CopyFrom(ctx, e, sql); err != nil {
		return nil, err
	}
	return e.buf, nil
}

// once returns a source of rows that are there already.
func once[T any](rows []T) func() ([]T, bool) {
	given := false
	return func() ([]T, bool) {
		first := !given
		given = true
		return rows, first
	}
}

func copySQL[T any](table string, columns []column[T]) string {
	return "COPY " + table + " (" + names(columns) + ") FROM STDIN (FORMAT binary)"
}

func textInt(value []byte) (int64, error) {
	if value == nil {
		return 0, nil
	}
	return strconv.ParseInt(string(value), 10, 64)
}
