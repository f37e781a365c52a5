package write

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

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
	lastDay    int32 // with a span of it
}

var resourceColumns = []column[resourceRow]{
	{"id", pgtype.UUIDOID, func(b []byte, r *resourceRow) []byte { return appendUUID(b, r.id) }},
	{"attributes", pgtype.JSONBOID, func(b []byte, r *resourceRow) []byte { return appendJSONB(b, r.attributes) }},
	{"last_day", pgtype.DateOID, func(b []byte, r *resourceRow) []byte { return appendDay(b, r.lastDay) }},
}

// writeContents stores the words and begins the transaction. A batch that is
// alone stores them part by part, while it is still being mapped.
func (t *transaction) writeContents(ctx context.Context) error {
	if t.alone {
		return t.streamContents(ctx)
	}
	parts, err := t.allParts(ctx)
	if err != nil {
		return err
	}
	if err := t.w.inFlight.takeTurn(ctx); err != nil {
		return err
	}
	others := t.w.inFlight.claimContents(t.claims, parts)
	t.w.inFlight.passTurn()
	return t.writeParts(ctx, parts, t.begin(), others)
}

// allParts waits until all is mapped.
func (t *transaction) allParts(ctx context.Context) (parts []*mapping.Batch, err error) {
	for {
		part, ok := t.source.Next()
		if !ok {
			return parts, nil
		}
		if err := t.w.ensureDays(ctx, t.pg, part); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
}

// streamContents stores the parts as they come. It has the turn to claim until
// the last has come.
func (t *transaction) streamContents(ctx context.Context) error {
	var pass sync.Once
	defer pass.Do(t.w.inFlight.passTurn)
	begin := t.begin()
	for {
		part, ok := t.source.Next()
		if !ok {
			pass.Do(t.w.inFlight.passTurn)
			return exec(ctx, t.pg, begin...)
		}
		if err := t.w.ensureDays(ctx, t.pg, part); err != nil {
			return err
		}
		parts := []*mapping.Batch{part}
		others := t.w.inFlight.claimContents(t.claims, parts)
		if err := t.writeParts(ctx, parts, begin, others); err != nil {
			return err
		}
		begin = nil
	}
}

// begin returns the first statements of the transaction.
func (t *transaction) begin() []statement {
	return []statement{
		{what: "begin", sql: t.w.sql.begin},
		{what: "begin", sql: t.w.sql.guard, params: [][]byte{[]byte(t.w.schema)}, oids: []uint32{pgtype.TextOID}},
	}
}

// writeParts stores the contents of parts that are missing. Known ones need no
// asking, see knownContents, but one of each day, which locks the day's partition;
// others may be hoped to be missing, see hope. In careful mode all are asked for.
func (t *transaction) writeParts(ctx context.Context, parts []*mapping.Batch, first []statement, others []*claims) error {
	if err := t.prove(ctx, parts, first); err != nil {
		return err
	}
	var sample, unknown, asked []content.Key
	var rows []contentRow
	for _, part := range parts {
		maps.Copy(t.resources, part.Resources)
		t.w.known.look(&t.proof, part.Contents, func(row contentRow, known bool) {
			switch {
			case known && !t.careful:
				t.reuse(row.body)
				if !t.locked[row.Day] {
					t.locked[row.Day] = true
					sample = append(sample, row.Key)
				}
			case held(t.parts, row.Key):
				t.reuse(row.body)
			default:
				rows = append(rows, row)
				if !known {
					unknown = append(unknown, row.Key)
				}
			}
		})
		t.parts = append(t.parts, part.Contents)
	}
	asked = sample
	asksAll := t.careful || !t.w.contentHope.allowed()
	if asksAll {
		for _, row := range rows {
			asked = append(asked, row.Key)
		}
	}
	found := make(map[content.Key]bool, len(asked))
	if statements := t.w.askContents(asked, found); len(statements) > 0 {
		if err := exec(ctx, t.pg, statements...); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(sample, func(k content.Key) bool { return !found[k] }) {
		return errKnownWrong
	}
	t.surprised = t.surprised || asksAll && slices.ContainsFunc(unknown, func(k content.Key) bool { return found[k] })
	return t.storeMissing(ctx, rows, found, others)
}

// lastDays returns the last day of each resource's spans.
func lastDays(spans []mapping.Span) map[content.ID]int32 {
	days := map[content.ID]int32{}
	for from := 0; from < len(spans); {
		id, last := spans[from].ResourceID, spans[from].Day
		for ; from < len(spans) && spans[from].ResourceID == id; from++ {
			last = max(last, spans[from].Day)
		}
		if day, ok := days[id]; !ok || day < last {
			days[id] = last
		}
	}
	return days
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

// storeMissing stores the rows that were not found. Those that an earlier batch is
// storing are left to it, see awaitOthers. In careful mode all go by an INSERT,
// which skips what turns out to be there.
func (t *transaction) storeMissing(ctx context.Context, rows []contentRow, found map[content.Key]bool, others []*claims) error {
	rows = slices.DeleteFunc(rows, func(row contentRow) bool {
		if found[row.Key] {
			t.reuse(row.body)
			return true
		}
		if owner := slices.IndexFunc(others, func(c *claims) bool { return c.holds(row.Key) }); owner >= 0 {
			t.left[others[owner]] = append(t.left[others[owner]], row)
			t.reuse(row.body)
			return true
		}
		t.result.ContentsWritten++
		t.result.ContentsWrittenBytes += len(row.body)
		return false
	})
	slices.SortFunc(rows, compareContents)
	if t.careful {
		return t.insertContents(ctx, rows)
	}
	if len(rows) == 0 {
		return nil
	}
	var err error
	if t.buf, err = copyRows(ctx, t.pg, t.w.sql.copyContents, contentColumns, rows, t.buf); err != nil {
		return fmt.Errorf("store contents: %w", err)
	}
	return nil
}

func (t *transaction) reuse(body []byte) {
	t.result.ContentsReused++
	t.result.ContentsReusedBytes += len(body)
}

// awaitOthers waits until the batches that contents were left to have ended, and
// stores itself what those that failed have not stored. It comes before any trace is
// locked, since those batches may need the same traces, and nothing is stored before
// all have ended, since those may also be about to store what a failed one has not.
func (t *transaction) awaitOthers(ctx context.Context) error {
	var rows []contentRow
	for owner, left := range t.left {
		committed, err := owner.await(ctx)
		if err != nil {
			return err
		}
		if !committed {
			rows = append(rows, left...)
		}
	}
	clear(t.left)
	slices.SortFunc(rows, compareContents)
	if err := t.insertContents(ctx, rows); err != nil {
		return err
	}
	t.result.ContentsWritten += len(rows)
	t.result.ContentsReused -= len(rows)
	for _, row := range rows {
		t.result.ContentsWrittenBytes += len(row.body)
		t.result.ContentsReusedBytes -= len(row.body)
	}
	return nil
}

// insertChunk bounds the rows of one INSERT, and so its parameters' size.
const insertChunk = 1000

// insertContents stores rows unless they are there.
func (t *transaction) insertContents(ctx context.Context, rows []contentRow) error {
	for chunk := range slices.Chunk(rows, insertChunk) {
		err := exec(ctx, t.pg, statement{
			what: "store contents", sql: t.w.sql.insertContents.sql,
			params: t.w.sql.insertContents.params(chunk), oids: t.w.sql.insertContents.oids,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) insertResources(resources map[content.ID][]byte, lastDays map[content.ID]int32) statement {
	rows := make([]resourceRow, 0, len(resources))
	for id, attributes := range resources {
		rows = append(rows, resourceRow{id, attributes, lastDays[id]})
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
