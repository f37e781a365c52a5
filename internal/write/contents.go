package write

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// contentRow is a row of llm_contents.
type contentRow struct {
	content.Key
	body []byte
}

var contentColumns = []column[contentRow]{
	{"id", pgtype.UUIDOID, func(b []byte, r *contentRow) []byte { return appendUUID(b, r.ID) }},
	{"day", pgtype.DateOID, func(b []byte, r *contentRow) []byte { return appendDay(b, r.Day) }},
	{"body", pgtype.JSONBOID, func(b []byte, r *contentRow) []byte { return appendJSONB(b, r.body) }},
}

// resourceRow is a row of llm_resources.
type resourceRow struct {
	id         content.ID
	attributes []byte
}

var resourceColumns = []column[resourceRow]{
	{"id", pgtype.UUIDOID, func(b []byte, r *resourceRow) []byte { return appendUUID(b, r.id) }},
	{"attributes", pgtype.JSONBOID, func(b []byte, r *resourceRow) []byte { return appendJSONB(b, r.attributes) }},
}

// writeContents stores the words, part by part as they are mapped. It begins the
// transaction.
func (t *transaction) writeContents(ctx context.Context) error {
	first := []statement{
		{what: "begin", sql: t.w.sql.begin},
		{what: "begin", sql: t.w.sql.guard, params: [][]byte{[]byte(t.w.schema)}, oids: []uint32{pgtype.TextOID}},
	}
	for {
		part, ok := t.source.Next()
		if !ok {
			return exec(ctx, t.pg, first...) // only a batch without spans has no part
		}
		if err := t.w.ensureDays(ctx, t.pg, part); err != nil {
			return err
		}
		if err := t.writePart(ctx, part, first); err != nil {
			return err
		}
		first = nil
	}
}

// writePart stores the resources and contents of a part. It asks which contents
// are there, but may hope that those which this process has not met are not.
func (t *transaction) writePart(ctx context.Context, part *mapping.Batch, statements []statement) error {
	others := t.w.inFlight.claimContents(t.claims, part)
	ask, fresh := t.w.met.divide(part.Contents, nil, nil)
	asksAll := t.careful || !t.w.contentHope.allowed()
	met := len(ask)
	if asksAll {
		ask = append(ask, fresh...)
	}
	if new := t.newResources(part); len(new) > 0 {
		statements = append(statements, t.w.insertResources(new))
	}
	stored := make(map[content.Key]bool, met)
	statements = append(statements, t.w.askContents(ask, stored)...)
	if len(statements) > 0 {
		if err := exec(ctx, t.pg, statements...); err != nil {
			return err
		}
	}
	if asksAll {
		t.surprised = t.surprised || slices.ContainsFunc(fresh, func(k content.Key) bool { return stored[k] })
	}
	return t.storeContents(ctx, part, stored, others)
}

// newResources returns the resources that no earlier part had.
func (t *transaction) newResources(part *mapping.Batch) map[content.ID][]byte {
	fresh := map[content.ID][]byte{}
	for id, attributes := range part.Resources {
		if _, done := t.resources[id]; !done {
			t.resources[id] = struct{}{}
			fresh[id] = attributes
		}
	}
	return fresh
}

// askContents returns the statements that ask which contents are there already,
// one a day, and marks those found.
func (w *Writer) askContents(keys []content.Key, stored map[content.Key]bool) []statement {
	ids := map[int32][]content.ID{}
	for _, key := range keys {
		ids[key.Day] = append(ids[key.Day], key.ID)
	}
	statements := make([]statement, 0, len(ids))
	for day, dayIDs := range ids {
		slices.SortFunc(dayIDs, compareIDs)
		statements = append(statements, statement{
			what:   "ask for contents",
			sql:    w.sql.askContents,
			params: [][]byte{appendDay(nil, day)[4:], idArray(dayIDs)},
			oids:   []uint32{pgtype.DateOID, pgtype.UUIDArrayOID},
			binary: true,
			row: func(values [][]byte) error {
				stored[content.Key{Day: day, ID: content.ID(values[0])}] = true
				return nil
			},
		})
	}
	return statements
}

// storeContents stores the contents that are missing. Those that another batch
// of this process is storing too, or all in careful mode, go by an INSERT that
// waits for the other and skips what it stored; first, so that nothing is held
// while waiting.
func (t *transaction) storeContents(ctx context.Context, part *mapping.Batch, stored map[content.Key]bool, others []map[content.Key][]byte) error {
	var free, shared []contentRow
	for key, body := range part.Contents {
		switch {
		case stored[key] || t.stored(key):
			t.result.ContentsReused++
			t.result.ContentsReusedBytes += len(body)
		case t.careful || held(others, key):
			shared = append(shared, contentRow{key, body})
		default:
			free = append(free, contentRow{key, body})
		}
	}
	for _, rows := range [][]contentRow{free, shared} {
		slices.SortFunc(rows, compareContents)
		t.result.ContentsWritten += len(rows)
		for i := range rows {
			t.result.ContentsWrittenBytes += len(rows[i].body)
		}
	}
	for rows := range slices.Chunk(shared, insertChunk) {
		if err := exec(ctx, t.pg, t.w.insertContents(rows)); err != nil {
			return err
		}
	}
	t.parts = append(t.parts, part.Contents)
	if len(free) == 0 {
		return nil
	}
	var err error
	if t.buf, err = copyRows(ctx, t.pg, t.w.sql.copyContents, contentColumns, free, t.buf); err != nil {
		return fmt.Errorf("store contents: %w", err)
	}
	return nil
}

// stored tells whether an earlier part of this batch held a content.
func (t *transaction) stored(key content.Key) bool { return held(t.parts, key) }

// insertChunk bounds the rows of one INSERT, and so its parameters' size.
const insertChunk = 1000

func (w *Writer) insertContents(rows []contentRow) statement {
	return statement{
		what: "store contents", sql: w.sql.insertContents.sql,
		params: w.sql.insertContents.params(rows), oids: w.sql.insertContents.oids,
	}
}

func (w *Writer) insertResources(resources map[content.ID][]byte) statement {
	rows := make([]resourceRow, 0, len(resources))
	for id, attributes := range resources {
		rows = append(rows, resourceRow{id, attributes})
	}
	slices.SortFunc(rows, func(a, b resourceRow) int { return compareIDs(a.id, b.id) })
	return statement{
		what: "store resources", sql: w.sql.insertResources.sql,
		params: w.sql.insertResources.params(rows), oids: w.sql.insertResources.oids,
	}
}

func compareIDs(a, b content.ID) int { return bytes.Compare(a[:], b[:]) }

func compareContents(a, b contentRow) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), compareIDs(a.ID, b.ID))
}

// idArray returns ids as an array parameter.
func idArray(ids []content.ID) []byte {
	dst := appendArrayHeader(make([]byte, 0, 20+20*len(ids)), pgtype.UUIDOID, len(ids))
	for _, id := range ids {
		dst = appendUUID(dst, id)
	}
	return dst
}
