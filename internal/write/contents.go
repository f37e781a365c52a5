package write

import (
	"bytes"
	"cmp"
	"context"
	"errors"
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

// writeContents begins the transaction and stores the words. A batch that is alone
// stores them part by part, while it is still being mapped.
func (t *transaction) writeContents(ctx context.Context) error {
	store := t.storeParts
	if t.alone {
		store = t.streamParts
	}
	if err := store(ctx); err != nil {
		return err
	}
	return t.checkKnown(ctx)
}

// storeParts waits until all is mapped and stores all at once.
func (t *transaction) storeParts(ctx context.Context) error {
	var parts []*mapping.Batch
	for part, ok := t.source.Next(); ok; part, ok = t.source.Next() {
		if err := t.w.ensureDays(ctx, t.pg, part); err != nil {
			return err
		}
		parts = append(parts, part)
	}
	if err := t.prove(ctx, parts, t.begin()); err != nil {
		return err
	}
	if err := t.w.inFlight.takeTurn(ctx); err != nil {
		return err
	}
	others := t.w.inFlight.claimants(t.claims)
	rows := t.notKnown(parts...)
	t.claims.contents = t.met
	t.w.inFlight.passTurn()
	rows, err := t.missing(ctx, rows, others)
	if err != nil {
		return err
	}
	return t.storeContents(ctx, rows)
}

// streamParts stores the parts as they come. It has the turn to claim until the
// last has come.
func (t *transaction) streamParts(ctx context.Context) error {
	var pass sync.Once
	passTurn := func() { pass.Do(t.w.inFlight.passTurn) }
	defer passTurn()
	t.claims.contents = t.met
	next := func() (*mapping.Batch, bool) {
		part, ok := t.source.Next()
		if !ok {
			passTurn()
		}
		return part, ok
	}
	begin := t.begin()
	part, ok := next()
	for ok {
		if err := t.w.ensureDays(ctx, t.pg, part); err != nil {
			return err
		}
		if err := t.prove(ctx, []*mapping.Batch{part}, begin); err != nil {
			return err
		}
		begin = nil
		var err error
		if part, ok, err = t.storeFrom(ctx, part, next); err != nil {
			return err
		}
	}
	return exec(ctx, t.pg, begin...)
}

// storeFrom stores the contents of a part and, by the same COPY, of those that next
// brings, up to one that has to wait for something; it returns that one.
func (t *transaction) storeFrom(
	ctx context.Context, part *mapping.Batch, next func() (*mapping.Batch, bool),
) (following *mapping.Batch, ok bool, err error) {
	rows, err := t.missing(ctx, t.notKnown(part), nil)
	if err != nil {
		return nil, false, err
	}
	if t.asksAll {
		if err := t.storeContents(ctx, rows); err != nil {
			return nil, false, err
		}
		following, ok = next()
		return following, ok, nil
	}
	var mapped sync.WaitGroup
	chunks := make(chan []contentRow, 1)
	streaming, stop := context.WithCancel(ctx)
	mapped.Go(func() {
		defer close(chunks)
		for {
			if len(rows) > 0 {
				select {
				case chunks <- rows:
				case <-streaming.Done():
					return
				}
			}
			if following, ok = next(); !ok || !t.joins(following) {
				return
			}
			rows = t.leave(t.notKnown(following), nil)
		}
	})
	if first, some := <-chunks; some { // else there is nothing to begin a COPY for
		given := false
		err = t.copyContents(ctx, func() ([]contentRow, bool) {
			if !given {
				given = true
				return first, true
			}
			rows, more := <-chunks
			return rows, more
		})
	}
	stop()
	mapped.Wait()
	return following, ok, errors.Join(err, ctx.Err())
}

// begin returns the first statements of the transaction.
func (t *transaction) begin() []statement {
	return []statement{
		{what: "begin", sql: t.w.sql.begin},
		{what: "begin", sql: t.w.sql.guard, params: [][]byte{[]byte(t.w.schema)}, oids: []uint32{pgtype.TextOID}},
	}
}

// notKnown returns the contents of parts, each once, but for those known to be
// stored, see knownContents; in careful mode all. One known content of each day is
// noted for checkKnown. The days must be proven.
func (t *transaction) notKnown(parts ...*mapping.Batch) []contentRow {
	var rows []contentRow
	for _, part := range parts {
		maps.Copy(t.resources, part.Resources)
		t.w.known.under(&t.proof, func(known func(content.Key) bool) {
			meet := func(key content.Key, body []byte) {
				switch {
				case !t.careful && known(key):
					t.reuse(1, len(body))
					t.relied[key.Day] = key.ID
				case t.met[key]:
					t.reuse(1, len(body))
				default:
					t.met[key] = true
					rows = append(rows, contentRow{key, body})
				}
			}
			for key, body := range part.Contents {
				meet(key, body)
			}
			for key, h := range part.Histories {
				t.meetHistory(key.Day, h, known, meet)
			}
		})
	}
	return rows
}

// meetHistory meets the messages of a history, but for those of an earlier one, of
// which it goes on, that is known or has been met.
func (t *transaction) meetHistory(day int32, h *content.History, known func(content.Key) bool, meet func(content.Key, []byte)) {
	for ; h != nil; h = h.Before {
		key := content.Key{Day: day, ID: h.ID}
		switch {
		case !t.careful && known(key):
			t.relied[day] = h.Added[0].ID
			t.reuse(h.Len, h.Bytes)
			return
		case t.met[key]:
			t.reuse(h.Len, h.Bytes)
			return
		}
		t.met[key] = true
		for i := range h.Added {
			meet(content.Key{Day: day, ID: h.Added[i].ID}, h.Added[i].Body)
		}
	}
}

// joins tells whether the contents of a part can be stored without anything asked of
// or told to Postgres before.
func (t *transaction) joins(part *mapping.Batch) bool {
	for range t.unproven(part) {
		return false
	}
	return t.w.days.allSettled(part)
}

// missing returns the rows that this batch has to store. Mostly it is hoped that
// all are missing, see hope; else Postgres is asked.
func (t *transaction) missing(ctx context.Context, rows []contentRow, others []*claims) ([]contentRow, error) {
	if t.asksAll {
		keys := make([]content.Key, len(rows))
		for i := range rows {
			keys[i] = rows[i].Key
		}
		found, err := t.find(ctx, keys)
		if err != nil {
			return nil, err
		}
		t.surprised = t.surprised || !t.careful && len(found) > 0
		rows = slices.DeleteFunc(rows, func(row contentRow) bool {
			if found[row.Key] {
				t.reuse(1, len(row.body))
			}
			return found[row.Key]
		})
	}
	return t.leave(rows, others), nil
}

// leave returns the rows, sorted, without those that an earlier batch is storing:
// they are left to it, see awaitOthers.
func (t *transaction) leave(rows []contentRow, others []*claims) []contentRow {
	rows = slices.DeleteFunc(rows, func(row contentRow) bool {
		owner := slices.IndexFunc(others, func(c *claims) bool { return c.contents[row.Key] })
		if owner < 0 {
			t.result.ContentsWritten++
			t.result.ContentsWrittenBytes += len(row.body)
			return false
		}
		t.left[others[owner]] = append(t.left[others[owner]], row)
		t.reuse(1, len(row.body))
		return true
	})
	slices.SortFunc(rows, compareContents)
	return rows
}

// checkKnown makes sure that the known contents are there indeed, by one of each day.
func (t *transaction) checkKnown(ctx context.Context) error {
	keys := make([]content.Key, 0, len(t.relied))
	for day, id := range t.relied {
		keys = append(keys, content.Key{Day: day, ID: id})
	}
	found, err := t.find(ctx, keys)
	if err == nil && len(found) < len(keys) {
		err = errKnownWrong
	}
	return err
}

// find returns those of the contents that are stored.
func (t *transaction) find(ctx context.Context, keys []content.Key) (map[content.Key]bool, error) {
	found := make(map[content.Key]bool, len(keys))
	return found, exec(ctx, t.pg, t.w.askContents(keys, found)...)
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

// storeContents stores rows. In careful mode by an INSERT, which skips what turns
// out to be there.
func (t *transaction) storeContents(ctx context.Context, rows []contentRow) error {
	switch {
	case t.careful:
		return t.insertContents(ctx, rows)
	case len(rows) == 0:
		return nil
	default:
		return t.copyContents(ctx, once(rows))
	}
}

func (t *transaction) copyContents(ctx context.Context, next func() ([]contentRow, bool)) (err error) {
	if t.buf, err = copyRows(ctx, t.pg, t.w.sql.copyContents, contentColumns, next, t.buf); err != nil {
		return fmt.Errorf("store contents: %w", err)
	}
	return nil
}

func (t *transaction) reuse(contents, bytes int) {
	t.result.ContentsReused += contents
	t.result.ContentsReusedBytes += bytes
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
