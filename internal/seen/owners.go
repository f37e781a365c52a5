package seen

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// owners are what a batch has to note of the owners of its references. A content has the
// owner of the span that stored it in its row; others are noted beside, up to
// store.MaxOwners of them, and then that there are more.
type owners struct {
	first   []content.Owner // by number of a staged content: of the first span that refers to it, or nobody
	ofStore []int32         // the numbers of the contents to store

	references []store.OwnerRow // by others than the owner of a content
	counts     map[content.Key]int
	seen       map[store.OwnerRow]bool // references by others, also to histories
	histories  []store.OwnerRow        // those to histories

	stored  map[content.Key]bool // staged contents that were stored already
	anybody map[content.Key]bool // nothing is left to note of them, whoever refers to them
}

// assignOwners gives the contents to store their owners, and collects the references of
// others.
func (r *Reservation) assignOwners(b *mapping.Batch, known func(int32) *partition) {
	if len(b.Contents)+len(b.Histories) == 0 {
		return
	}
	var owner content.Owner
	for i := range b.Spans {
		s := &b.Spans[i]
		if i == 0 || !s.SameOwner(&b.Spans[i-1]) { // spans of a trace often come together
			owner = s.Owner()
		}
		d := known(s.Day)
		b.References(s, func(id content.ID) { r.refer(store.OwnerRow{Key: content.Key{Day: s.Day, ID: id}, Owner: owner}, d) },
			func(h *content.History) { r.referToHistory(s.Day, h, owner, d) })
	}
	for i := range b.Events {
		b.Events[i].References(func(key content.Key, owner content.Owner) {
			r.refer(store.OwnerRow{Key: key, Owner: owner}, known(key.Day))
		})
	}
	for i, number := range r.owners.ofStore {
		r.Store[i].Owner = toStore(r.owners.first[number])
	}
}

// refer takes a reference to a content.
func (r *Reservation) refer(row store.OwnerRow, known *partition) {
	number, staged := r.staged[row.Key]
	first := nobody
	if staged {
		first = r.owners.first[number]
	}
	switch {
	case staged && first == nobody:
		r.owners.first[number] = row.Owner
		return
	case staged && (first == row.Owner || first == content.Unknown), !staged && known.covers(row.ID, row.Owner), r.owners.seen[row]:
		return
	}
	o := &r.owners
	o.seen[row] = true
	n := o.counts[row.Key]
	o.counts[row.Key] = n + 1
	switch {
	case n > store.MaxOwners:
		return
	case n == store.MaxOwners:
		row.Owner = content.Unknown
	}
	o.references = append(o.references, row)
}

// referToHistory takes a reference to a history, but for an earlier one of which it is the
// continuation and that the owner is known to refer to.
func (r *Reservation) referToHistory(day int32, h *content.History, owner content.Owner, known *partition) {
	for ; h != nil; h = h.Before {
		row := store.OwnerRow{Key: content.Key{Day: day, ID: h.ID}, Owner: owner}
		first, staged := r.histories[row.Key]
		in := r.inherited[row.Key]
		if in != nil {
			in.refer(owner)
		}
		switch {
		case staged && first == nobody:
			r.histories[row.Key] = owner
		case staged && first == owner, in != nil && in.owner == owner, !staged && known.covers(h.ID, owner), r.owners.seen[row]:
			return
		default:
			r.owners.seen[row] = true
			r.owners.histories = append(r.owners.histories, row)
		}
		for i := range h.Added {
			r.refer(store.OwnerRow{Key: content.Key{Day: day, ID: h.Added[i].ID}, Owner: owner}, known)
		}
	}
}

// referToAll takes references of an owner to all messages of a history that was left to another batch.
func (r *Reservation) referToAll(in *inherited, owner content.Owner) {
	if owner == nobody {
		return
	}
	for _, m := range in.history.Messages() {
		r.refer(store.OwnerRow{Key: content.Key{Day: in.day, ID: m.ID}, Owner: owner}, nil)
	}
}

// ownerOf is the owner of the first span that refers to a staged content, or nobody.
func (r *Reservation) ownerOf(key content.Key) content.Owner { return r.owners.first[r.staged[key]] }

// toStore is an owner as the row of a content has it.
func toStore(owner content.Owner) content.Owner {
	if owner == nobody {
		return content.Unknown
	}
	return owner
}

// ToNote returns, sorted, what is to note of the owners of the references of the batch's
// spans and records, duplicates apart: nothing that they refer to is theirs. It is for a time
// when all contents are stored.
func (r *Reservation) ToNote(b *mapping.Batch, d *Duplicates) []store.OwnerRow {
	rows := slices.Clone(r.owners.references)
	for key := range r.owners.stored {
		if row := (store.OwnerRow{Key: key, Owner: r.ownerOf(key)}); row.Owner != nobody && !r.cache.covers(r.proof, row) {
			rows = append(rows, row)
		}
	}
	if d.Some() {
		rows = r.withoutDuplicates(b, d, rows)
	}
	slices.SortFunc(rows, store.CompareOwners)
	return slices.Compact(rows)
}

// withoutDuplicates leaves out the references of duplicates, and takes the contents from them
// that only they refer to. Scores of duplicates are of spans of which the batch knows nothing.
func (r *Reservation) withoutDuplicates(b *mapping.Batch, d *Duplicates, rows []store.OwnerRow) []store.OwnerRow {
	r.outcome.partial = true
	refers := map[store.OwnerRow]bool{}
	d.eachReference(b, func(row store.OwnerRow) { refers[row] = true })
	rows = slices.DeleteFunc(rows, func(row store.OwnerRow) bool { return row.Owner != content.Unknown && !refers[row] })
	for row := range refers {
		if row.Owner == content.Unknown {
			rows = append(rows, row)
		}
	}
	for key, number := range r.staged {
		owner := r.owners.first[number]
		if row := (store.OwnerRow{Key: key, Owner: owner}); owner != nobody && owner != content.Unknown && !r.owners.stored[key] && !refers[row] {
			rows = append(rows, store.OwnerRow{Key: key, Owner: content.Void})
		}
	}
	return rows
}

// Noted takes note that nothing is left to note of a content, whoever refers to it.
func (r *Reservation) Noted(key content.Key) { r.owners.anybody[key] = true }

// covers is covers of partition under a proof that may not hold any more.
func (c *Contents) covers(p *Proof, row store.OwnerRow) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.days[row.Day]
	return p.Epoch != "" && c.epoch == p.Epoch && d != nil && d.file == p.Files[row.Day] && d.covers(row.ID, row.Owner)
}

// remember keeps what a batch that has committed knows.
func (r *Reservation) remember() {
	c, o := r.cache, &r.owners
	if r.proof.Epoch == "" || c.epoch != r.proof.Epoch {
		return
	}
	add := func(key content.Key, owner content.Owner) {
		if r.outcome.partial {
			owner = nobody
		}
		if file := r.proof.Files[key.Day]; file != "" {
			c.dayFor(key.Day, file).add(key.ID, owner)
		}
	}
	for key, number := range r.staged {
		owner := o.first[number]
		switch {
		case r.outcome.removed[key]:
			continue
		case o.anybody[key], !o.stored[key] && (owner == nobody || owner == content.Unknown):
			owner = anybody
		case owner == content.Unknown:
			owner = nobody
		}
		add(key, owner)
	}
	if len(r.outcome.removed) == 0 { // else some histories may not be whole
		for key, owner := range r.histories {
			add(key, owner)
		}
	}
	if r.outcome.partial {
		return
	}
	for _, rows := range [...][]store.OwnerRow{o.references, o.histories} {
		for _, row := range rows {
			if o.anybody[row.Key] {
				row.Owner = anybody
			}
			if d := c.days[row.Day]; d != nil && row.Owner != content.Unknown {
				d.note(row.ID, row.Owner)
			}
		}
	}
}
