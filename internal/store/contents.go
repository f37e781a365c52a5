package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// contentStatements are the statements on llm_contents and their owners.
type contentStatements struct {
	proof           string
	findContents    string
	unstoreContents string
	copyContents    string
	insertContents  pgbatch.Query[ContentRow]
	noteOwners      pgbatch.Query[OwnerRow]
}

func newContentStatements(schemaName string) contentStatements {
	return contentStatements{
		proof:           text(schemaName, "contents_proof"),
		findContents:    text(schemaName, "contents_find"),
		unstoreContents: text(schemaName, "contents_unstore"),
		copyContents:    pgbatch.CopySQL(schema.Table(schemaName, "llm_contents"), contentColumns),
		insertContents:  query(schemaName, "contents_insert", contentColumns),
		noteOwners:      query(schemaName, "owners_note", ownerColumns),
	}
}

// ContentRow is a row of llm_contents.
type ContentRow struct {
	content.Key
	Body  []byte
	Owner content.Owner // of the first span that refers to it
}

var contentColumns = []pgbatch.Column[ContentRow]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *ContentRow) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *ContentRow) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("body", pgtype.JSONBOID, func(b []byte, r *ContentRow) []byte { return pgbatch.AppendJSONB(b, r.Body) }),
	pgbatch.Col("owner", pgtype.Int8OID, func(b []byte, r *ContentRow) []byte { return appendOwner(b, r.Owner) }),
}

// appendOwner appends an owner as the row of a content has it.
func appendOwner(b []byte, owner content.Owner) []byte {
	if owner == content.Unknown {
		return pgbatch.AppendNull(b)
	}
	return pgbatch.AppendInt64(b, int64(owner))
}

// OwnerRow is a row of llm_internal_content_owners: a reference to a content by another than
// the owner in the content's row.
type OwnerRow struct {
	content.Key
	Owner content.Owner
}

// CompareOwners orders rows as their index does.
func CompareOwners(a, b OwnerRow) int {
	return cmp.Or(CompareKeys(a.Key, b.Key), cmp.Compare(a.Owner, b.Owner))
}

// MaxOwners are noted for a content; of further ones only that there are some.
const MaxOwners = 15

var ownerColumns = []pgbatch.Column[OwnerRow]{
	pgbatch.Col("day", pgtype.DateOID, func(b []byte, r *OwnerRow) []byte { return pgbatch.AppendDay(b, r.Day) }),
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *OwnerRow) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("owner", pgtype.Int8OID, func(b []byte, r *OwnerRow) []byte { return pgbatch.AppendInt64(b, int64(r.Owner)) }),
}

// NoteOwners appends the statement that notes references, sorted, unless they are noted. It
// gives the contents to noted of which nothing is left to note, whoever refers to them.
func (s *Store) NoteOwners(statements []pgbatch.Statement, rows []OwnerRow, noted func(content.Key)) []pgbatch.Statement {
	return appendRead(statements, "note who refers to contents", &s.noteOwners, rows, func(v [][]byte) error {
		var id [16]byte
		r := pgbatch.Reader{Values: v}
		r.UUID(&id)
		day := int32(r.Int())
		noted(content.Key{ID: id, Day: day})
		return r.Err
	})
}

// CompareContents orders contents as their index does, which is the order in which
// every batch stores them.
func CompareContents(a, b ContentRow) int { return CompareKeys(a.Key, b.Key) }

// CompareKeys is CompareContents by the keys of contents.
func CompareKeys(a, b content.Key) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), compareIDs(a.ID, b.ID))
}

// SortContents returns rows in the order of CompareContents.
func SortContents(rows []ContentRow) []ContentRow {
	return sortedByKey(rows, func(r *ContentRow) content.Key { return r.Key })
}

// sortedByKey returns rows in the order of CompareKeys. What is sorted is the begin of each ID, with the place of its
// row, which then moves once: of 6,600 contents, that takes 0.5 ms, and sorting the rows 2 ms.
func sortedByKey[T any](rows []T, key func(*T) content.Key) []T {
	type place struct {
		day, at int32
		begin   uint64 // of the ID
	}
	places := make([]place, len(rows))
	for i := range rows {
		k := key(&rows[i])
		places[i] = place{k.Day, int32(i), binary.BigEndian.Uint64(k.ID[:])}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.day != b.day:
			return cmp.Compare(a.day, b.day)
		case a.begin != b.begin:
			return cmp.Compare(a.begin, b.begin)
		}
		return CompareKeys(key(&rows[a.at]), key(&rows[b.at]))
	})
	sorted := make([]T, len(rows))
	for i, p := range places {
		sorted[i] = rows[p.at]
	}
	return sorted
}

func compareIDs(a, b content.ID) int { return bytes.Compare(a[:], b[:]) }

// ProveContents asks what seen.Proof keeps of a day.
func (s *Store) ProveContents(day int32, row func(epoch, file string) error) pgbatch.Statement {
	return pgbatch.Statement{
		What: "ask what is known of the contents", SQL: s.proof,
		Params: [][]byte{param(pgbatch.AppendDay(nil, day))}, OIDs: []uint32{pgtype.DateOID},
		Row: func(v [][]byte) error { return row(string(v[0]), string(v[1])) },
	}
}

// FindContents returns those of the contents that are stored.
func (s *Store) FindContents(ctx context.Context, c *pgbatch.Conn, keys []content.Key) (map[content.Key]bool, error) {
	found := make(map[content.Key]bool, len(keys))
	statements := byDay(nil, "ask for contents", s.findContents, keys, func(key content.Key) { found[key] = true })
	return found, c.Exec(ctx, statements...)
}

// UnstoreContents appends the statements that remove those of the contents again that the
// transaction has stored, and give them to removed.
func (s *Store) UnstoreContents(statements []pgbatch.Statement, keys []content.Key, removed func(content.Key)) []pgbatch.Statement {
	return byDay(statements, "remove the words of duplicates", s.unstoreContents, keys, removed)
}

// byDay appends a statement for the contents of each day, which returns ids.
func byDay(statements []pgbatch.Statement, what, sql string, keys []content.Key, row func(content.Key)) []pgbatch.Statement {
	ids := map[int32][]content.ID{}
	for _, key := range keys {
		ids[key.Day] = append(ids[key.Day], key.ID)
	}
	for day, dayIDs := range ids {
		slices.SortFunc(dayIDs, compareIDs)
		statements = append(statements, pgbatch.Statement{
			What:   what,
			SQL:    sql,
			Params: [][]byte{param(pgbatch.AppendDay(nil, day)), idArray(dayIDs)},
			OIDs:   []uint32{pgtype.DateOID, pgtype.UUIDArrayOID},
			Binary: true,
			Row: func(values [][]byte) error {
				row(content.Key{Day: day, ID: content.ID(values[0])})
				return nil
			},
		})
	}
	return statements
}

// CopyContents stores rows, sorted, of which none may be stored.
func (s *Store) CopyContents(ctx context.Context, c *pgbatch.Conn, rows []ContentRow) error {
	return pgbatch.CopyRows(ctx, c, "store contents", s.copyContents, contentColumns, rows)
}

// CopyContentsInParts is CopyContents for rows that come part by part.
func (s *Store) CopyContentsInParts(ctx context.Context, c *pgbatch.Conn, next func() []ContentRow) error {
	return pgbatch.CopyParts(ctx, c, "store contents", s.copyContents, contentColumns, next)
}

// insertChunk bounds the rows of one INSERT, and so its parameters' size.
const insertChunk = 1000

// InsertContents stores rows unless they are there, and returns those that it stored.
func (s *Store) InsertContents(ctx context.Context, c *pgbatch.Conn, rows []ContentRow) (inserted map[content.Key]bool, err error) {
	inserted = make(map[content.Key]bool, len(rows))
	for chunk := range slices.Chunk(rows, insertChunk) {
		statement := s.insertContents.Statement("store contents", chunk)
		statement.Row = func(v [][]byte) error {
			var id [16]byte
			r := pgbatch.Reader{Values: v}
			r.UUID(&id)
			inserted[content.Key{ID: id, Day: int32(r.Int())}] = true
			return r.Err
		}
		if err := c.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	return inserted, nil
}

// idArray returns ids as an array parameter.
func idArray(ids []content.ID) []byte {
	dst := pgbatch.AppendArrayHeader(make([]byte, 0, 20+20*len(ids)), pgtype.UUIDOID, len(ids))
	for _, id := range ids {
		dst = pgbatch.AppendUUID(dst, id)
	}
	return dst
}
