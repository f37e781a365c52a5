package write

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// knownContents are contents that this process has stored or found stored. They
// need no asking for as long as Postgres proves that none can have gone since:
// the same server process (a restart may follow a restore or a fail-over), the
// same file of the day's partition (it changes with TRUNCATE and with a new
// partition), and the same count of removals, which triggers keep. What one batch
// relies on it also locks, by asking for one content of the day, so that it
// cannot go before the batch has committed. A history counts as a content too: known
// means that all its messages are, so a call of a long conversation costs one look-up.
type knownContents struct {
	mu    sync.Mutex
	epoch string // server process and count of removals
	days  map[int32]*knownDay
}

// knownDay is what is known of a day: two generations, of which the older is
// forgotten when the younger is full.
type knownDay struct {
	file       string // of the partition
	young, old map[content.ID]struct{}
}

const (
	knownPerDay = 1 << 19 // ids of a generation, about 16 MB
	knownDays   = 4
)

// proof is what Postgres says of the contents at the begin of a batch.
type proof struct {
	epoch string
	files map[int32]string // by day; "" where there is no partition
}

// under calls f with a function that tells, under a proof, whether a content, or all
// messages of a history, are known.
func (k *knownContents) under(p *proof, f func(known func(content.Key) bool)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	days := map[int32]*knownDay{}
	var d *knownDay
	last := int32(math.MinInt32)
	f(func(key content.Key) bool {
		if key.Day != last {
			last = key.Day
			var there bool
			if d, there = days[last]; !there {
				d = k.trust(p, last)
				days[last] = d
			}
		}
		return d.has(key.ID)
	})
}

// trust returns the ids known of a day under a proof; nil if nothing is.
func (k *knownContents) trust(p *proof, day int32) *knownDay {
	if k.epoch != p.epoch {
		k.epoch, k.days = p.epoch, map[int32]*knownDay{}
	}
	d := k.days[day]
	if d == nil || d.file != p.files[day] {
		delete(k.days, day)
		return nil
	}
	return d
}

// add remembers contents that a committed batch did not know, unless something was
// removed while it was being written.
func (k *knownContents) add(p *proof, contents map[content.Key]bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.epoch != p.epoch {
		return
	}
	for key := range contents {
		if file := p.files[key.Day]; file != "" {
			k.day(key.Day, file).add(key.ID)
		}
	}
}

// forget drops everything, after it turned out wrong.
func (k *knownContents) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.days)
}

// day returns a day to add to; when there are too many, another goes.
func (k *knownContents) day(day int32, file string) *knownDay {
	d := k.days[day]
	if d != nil && d.file == file {
		return d
	}
	for other := range k.days {
		if len(k.days) >= knownDays && other != day {
			delete(k.days, other)
		}
	}
	d = &knownDay{file: file, young: map[content.ID]struct{}{}}
	k.days[day] = d
	return d
}

// has tells whether a content is known, and keeps it from being forgotten.
func (d *knownDay) has(id content.ID) bool {
	if d == nil {
		return false
	}
	if _, ok := d.young[id]; ok {
		return true
	}
	_, ok := d.old[id]
	if ok {
		d.add(id)
	}
	return ok
}

func (d *knownDay) add(id content.ID) {
	if len(d.young) >= knownPerDay {
		d.old, d.young = d.young, map[content.ID]struct{}{}
	}
	d.young[id] = struct{}{}
}

var errKnownWrong = errors.New("a content thought to be stored is not")

// prove asks what is needed to trust the known contents of some days.
func (t *transaction) prove(ctx context.Context, parts []*mapping.Batch, first []statement) error {
	statements := first
	for _, part := range parts {
		for day := range t.unproven(part) {
			t.proof.files[day] = ""
			statements = append(statements, t.proofOf(day))
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return exec(ctx, t.pg, statements...)
}

// unproven yields the days of a part's contents that nothing was asked of yet.
func (t *transaction) unproven(part *mapping.Batch) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		last := int32(math.MinInt32)
		for key := range keysOf(part) {
			if key.Day == last {
				continue
			}
			last = key.Day
			if _, proven := t.proof.files[last]; !proven && !yield(last) {
				return
			}
		}
	}
}

// keysOf yields the keys of a part's contents and histories.
func keysOf(part *mapping.Batch) iter.Seq[content.Key] {
	return func(yield func(content.Key) bool) {
		for key := range part.Contents {
			if !yield(key) {
				return
			}
		}
		for key := range part.Histories {
			if !yield(key) {
				return
			}
		}
	}
}

func (t *transaction) proofOf(day int32) statement {
	return statement{
		what: "ask what is known of the contents", sql: t.w.sql.proof,
		params: [][]byte{appendDay(nil, day)[4:]}, oids: []uint32{pgtype.DateOID},
		row: func(v [][]byte) error {
			epoch := string(v[0])
			if t.proof.epoch != "" && t.proof.epoch != epoch {
				return fmt.Errorf("contents were removed while a batch was written: %w", errKnownWrong)
			}
			t.proof.epoch, t.proof.files[day] = epoch, string(v[1])
			return nil
		},
	}
}
