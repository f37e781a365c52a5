package store

import (
	"context"
	"encoding/binary"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// pairingStatements order the batches that pair.
type pairingStatements struct {
	lockSignals    string
	shareSignals   string
	lockPairings   string
	lastPairing    string
	findPairings   string
	insertPairing  string
	deletePairings string
}

func newPairingStatements(schemaName string) pairingStatements {
	return pairingStatements{
		lockSignals:    text(schemaName, "signals_lock"),
		shareSignals:   text(schemaName, "signals_share"),
		lockPairings:   text(schemaName, "pairings_lock"),
		lastPairing:    text(schemaName, "pairings_last"),
		findPairings:   text(schemaName, "pairings_find"),
		insertPairing:  text(schemaName, "pairings_insert"),
		deletePairings: text(schemaName, "pairings_delete"),
	}
}

// keptPairings is how many rows of llm_internal_pairings stay: no more batches than that
// commit while another one stores its rows. Where more do, it pairs again.
const keptPairings = 256

// lockPairing keeps other batches from pairing until the transaction ends, if exclusively, and
// reads the number of the last batch that has paired.
func (s *Store) lockPairing(exclusively bool, last *int64) []pgbatch.Statement {
	lock := s.shareSignals
	if exclusively {
		lock = s.lockSignals
	}
	return []pgbatch.Statement{
		{What: "lock the signals", SQL: lock, Params: [][]byte{[]byte(s.schema)}, OIDs: []uint32{pgtype.TextOID}},
		{What: "read the last pairing", SQL: s.lastPairing, Binary: true, Row: func(v [][]byte) error {
			*last = pgbatch.ReadInt64(v[0])
			return nil
		}},
	}
}

// ComparePairings runs statements and keeps other batches from committing pairs until the transaction ends. It
// gives the claims of those that have done so since to claims, and returns the number of the
// last one; ok is false where rows of some of them are gone.
func (s *Store) ComparePairings(ctx context.Context, c *pgbatch.Conn, since int64, claims func(trace.Claims), statements ...pgbatch.Statement) (last int64, ok bool, err error) {
	last, ok = since, true
	err = c.Exec(ctx, append(statements,
		pgbatch.Statement{What: "lock the pairings", SQL: s.lockPairings, Params: [][]byte{[]byte(s.schema)}, OIDs: []uint32{pgtype.TextOID}},
		pgbatch.Statement{
			What: "read pairings", SQL: s.findPairings, Params: [][]byte{int64Param(since)}, OIDs: []uint32{pgtype.Int8OID},
			Binary: true, Row: func(v [][]byte) error {
				seq := pgbatch.ReadInt64(v[0])
				ok, last = ok && seq == last+1, seq
				events := hashesOf(v[1])
				claims(trace.Claims{Events: events, Spans: hashesOf(v[2]), Alike: events})
				return nil
			},
		})...)
	return last, ok, err
}

// NotePairing appends the statements that store the claims of a batch under its number.
func (s *Store) NotePairing(statements []pgbatch.Statement, seq int64, claims trace.Claims) []pgbatch.Statement {
	return append(statements,
		pgbatch.Statement{
			What: "store the pairing", SQL: s.insertPairing, Params: [][]byte{int64Param(seq), hashes(claims.StoredEvents()), hashes(claims.Spans)},
			OIDs: []uint32{pgtype.Int8OID, pgtype.ByteaOID, pgtype.ByteaOID},
		},
		pgbatch.Statement{
			What: "delete old pairings", SQL: s.deletePairings, Params: [][]byte{int64Param(seq - keptPairings)}, OIDs: []uint32{pgtype.Int8OID},
		})
}

func int64Param(v int64) []byte { return param(pgbatch.AppendInt64(nil, v)) }

func hashes(list []uint64) []byte {
	b := make([]byte, 0, 8*len(list))
	for _, h := range list {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return b
}

func hashesOf(b []byte) []uint64 {
	list := make([]uint64, 0, len(b)/8)
	for ; len(b) >= 8; b = b[8:] {
		list = append(list, binary.BigEndian.Uint64(b))
	}
	return list
}
