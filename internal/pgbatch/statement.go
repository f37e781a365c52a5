package pgbatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	binaryFormat = []int16{1}
	textFormat   = []int16{0}
)

// Statement is one command of a round trip.
type Statement struct {
	What   string // for errors
	SQL    string
	Params [][]byte // binary
	OIDs   []uint32
	Binary bool // the results
	Row    func(values [][]byte) error
	Tag    func(pgconn.CommandTag)
}

// Exec runs statements in one round trip. Unnamed statements only: nothing
// stays with the server connection, which a pooler may hand to another client.
func (c *Conn) Exec(ctx context.Context, statements ...Statement) error {
	if len(statements) == 0 {
		return nil
	}
	batch := &pgconn.Batch{}
	for _, s := range statements {
		format := textFormat
		if s.Binary {
			format = binaryFormat
		}
		batch.ExecParams(s.SQL, s.Params, s.OIDs, binaryFormat, format)
	}
	results := c.pg.ExecBatch(ctx, batch)
	err := readResults(results, statements)
	return errors.Join(err, ignoreRepeated(err, results.Close()))
}

func readResults(results *pgconn.MultiResultReader, statements []Statement) error {
	for _, s := range statements {
		if !results.NextResult() {
			if err := results.Close(); err != nil {
				return fmt.Errorf("%s: %w", s.What, err)
			}
			return fmt.Errorf("%s: %w", s.What, errNoResult)
		}
		reader := results.ResultReader()
		for reader.NextRow() {
			if s.Row == nil {
				continue
			}
			if err := s.Row(reader.Values()); err != nil {
				return fmt.Errorf("%s: %w: %w", s.What, ErrRow, err)
			}
		}
		tag, err := reader.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", s.What, err)
		}
		if s.Tag != nil {
			s.Tag(tag)
		}
	}
	return nil
}

// errNoResult says that a server, or what stands before it, answered fewer statements than were sent.
var errNoResult = errors.New("the server sent no result")

// ignoreRepeated drops an error that Close repeats.
func ignoreRepeated(first, second error) error {
	if first != nil {
		return nil
	}
	return second
}
