// Package seen remembers which contents are stored, so that a batch need not ask
// Postgres for them.
package seen

import (
	"math"
	"sync"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// Contents are contents that this process has stored or found stored. They
// need no asking for as long as Postgres proves that none can have gone since:
// the same server process (a restart may follow a restore or a fail-over), the
// same file of the day's partition (it changes with TRUNCATE and with a new
// partition), and the same count of removals, which triggers keep. What one batch
// relies on it also locks, by asking for one content of the day, so that it
// cannot go before the batch has committed. A history counts as a content too: known
// means that all its messages are, so a call of a long conversation costs one look-up.
type Contents struct {
	mu    sync.Mutex
	epoch string // server process and count of removals
	days  map[int32]*partition
}

// partition is what is known of a day: two generations, of which the older is
// forgotten when the younger is full.
type partition struct {
	file       string // of the partition
	young, old map[content.ID]struct{}
}

const (
	knownPerDay = 1 << 19 // ids of a generation, about 16 MB
	knownDays   = 4
)

// Proof is what Postgres says of the contents at the begin of a batch.
type Proof struct {
	Epoch string
	Files map[int32]string // by day; "" where there is no partition
}

// Under calls f with a function that tells, under a proof, whether a content, or all
// messages of a history, are known.
func (k *Contents) Under(p *Proof, f func(known func(content.Key) bool)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	days := map[int32]*partition{}
	var d *partition
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
func (k *Contents) trust(p *Proof, day int32) *partition {
	if k.epoch != p.Epoch {
		k.epoch, k.days = p.Epoch, map[int32]*partition{}
	}
	d := k.days[day]
	if d == nil || d.file != p.Files[day] {
		delete(k.days, day)
		return nil
	}
	return d
}

// Add remembers contents that a committed batch did not know, unless something was
// removed while it was being written.
func (k *Contents) Add(p *Proof, contents map[content.Key]bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.epoch != p.Epoch {
		return
	}
	for key := range contents {
		if file := p.Files[key.Day]; file != "" {
			k.dayFor(key.Day, file).add(key.ID)
		}
	}
}

// Forget drops everything, after it turned out wrong.
func (k *Contents) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.days)
}

// dayFor returns a day to add to; when there are too many, another goes.
func (k *Contents) dayFor(day int32, file string) *partition {
	d := k.days[day]
	if d != nil && d.file == file {
		return d
	}
	for other := range k.days {
		if len(k.days) >= knownDays && other != day {
			delete(k.days, other)
		}
	}
	d = &partition{file: file, young: map[content.ID]struct{}{}}
	k.days[day] = d
	return d
}

// has tells whether a content is known, and keeps it from being forgotten.
func (d *partition) has(id content.ID) bool {
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

func (d *partition) add(id content.ID) {
	if len(d.young) >= knownPerDay {
		d.old, d.young = d.young, map[content.ID]struct{}{}
	}
	d.young[id] = struct{}{}
}
