package seen

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// parts are of a reservation that grows with each part of a batch that is mapped. At most one reservation grows, and
// Reserve waits until it is whole: each reservation has all contents that the batch needs before the next one is made.
// So a batch leaves contents to earlier batches only, as ever, and none waits for a later one. Who waits in Reserve
// has stored nothing, and the wait ends when the other batch is mapped and looked up in Redis, both of which have bounds, or
// with the time of the batch that waits.
type parts struct {
	seen  map[content.Key]struct{} // contents and histories of the parts so far
	whole bool
}

// Grow begins a reservation that grows; nil if another one does.
func (c *Contents) Grow(p *Proof) *Reservation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.growing != nil {
		return nil
	}
	r := c.reservation(p, 0)
	r.parts = &parts{seen: map[content.Key]struct{}{}}
	c.growing = make(chan struct{})
	c.active = append(c.active, r)
	return r
}

// Add adds a part of the batch, and returns, sorted, what of the part is to store. All days of the part are proven.
func (r *Reservation) Add(part *mapping.Batch) []store.ContentRow {
	c := r.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Store, r.owners.ofStore = nil, nil
	r.add(part, c.active[:slices.Index(c.active, r)], false)
	rows := store.SortContents(r.Store)
	r.Store = nil
	return rows
}

// Whole ends the growth.
func (r *Reservation) Whole() {
	r.cache.mu.Lock()
	defer r.cache.mu.Unlock()
	r.parts.end(r.cache)
}

func (p *parts) end(c *Contents) {
	if p != nil && !p.whole {
		p.whole = true
		close(c.growing)
		c.growing = nil
	}
}

// isNew reports whether no earlier part had a content or a history, so that none is counted twice.
func (p *parts) isNew(key content.Key) bool {
	if p == nil {
		return true
	}
	_, had := p.seen[key]
	p.seen[key] = struct{}{}
	return !had
}

// IsIdle reports whether no batch has a reservation.
func (c *Contents) IsIdle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.active) == 0
}
