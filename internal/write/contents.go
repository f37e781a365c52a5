package write

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
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

// inFlight knows the batches that this process is writing. A row that another
// batch is about to store must not be COPYed as well: COPY cannot skip a row that
// turns out to be there.
type inFlight struct {
	mu   sync.Mutex
	jobs []*job
}

// enter registers a batch, which must not change until leave, and returns the
// batches that came before.
func (f *inFlight) enter(j *job) (earlier []*job, leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	earlier = slices.Clone(f.jobs)
	f.jobs = append(f.jobs, j)
	return earlier, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		at := slices.Index(f.jobs, j)
		f.jobs = slices.Delete(f.jobs, at, at+1)
	}
}

// askContents returns the statements that ask which contents are there
// already, one a day, and marks those found.
func (w *Writer) askContents(contents map[content.Key][]byte, stored map[content.Key]bool) []statement {
	ids := map[int32][]content.ID{}
	for key := range contents {
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

// storeContents stores the contents that are missing. Those that an earlier
// batch of this process holds too, or all in careful mode, go by an INSERT
// that waits for the other writer and skips what it stored.
func (t *transaction) storeContents(ctx context.Context, stored map[content.Key]bool) error {
	var free, shared []contentRow
	for key, body := range t.job.batch.Contents {
		if stored[key] {
			t.result.ContentsReused++
			t.result.ContentsReusedBytes += len(body)
			continue
		}
		row := contentRow{key, body}
		if t.careful || t.heldEarlier(key) {
			shared = append(shared, row)
		} else {
			free = append(free, row)
		}
	}
	for _, rows := range [][]contentRow{free, shared} {
		slices.SortFunc(rows, compareContents)
		t.result.ContentsWritten += len(rows)
		for i := range rows {
			t.result.ContentsWrittenBytes += len(rows[i].body)
		}
	}
	if len(free) > 0 {
		var err error
		if t.buf, err = copyRows(ctx, t.pg, t.w.sql.copyContents, contentColumns, free, t.buf); err != nil {
			return fmt.Errorf("store contents: %w", err)
		}
	}
	for part := range slices.Chunk(shared, insertChunk) {
		if err := exec(ctx, t.pg, t.w.insertContents(part)); err != nil {
			return err
		}
	}
	return nil
}

// heldEarlier tells whether a batch that this process began to write before
// holds a content too.
func (t *transaction) heldEarlier(key content.Key) bool {
	for _, j := range t.earlier {
		if _, held := j.batch.Contents[key]; held {
			return true
		}
	}
	return false
}

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
