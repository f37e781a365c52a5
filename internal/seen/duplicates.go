package seen

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// Duplicates are what of a batch turned out to be stored already, maybe with other words, as
// where collectors cut words at other lengths: no row refers to the batch's contents for them.
type Duplicates struct {
	Spans   []bool // by number
	Records map[content.ID]bool
	Words   map[content.ID]bool // of records
	Scores  map[content.ID]bool // also those that are not stored yet
}

// Some reports whether there are any besides scores.
func (d *Duplicates) Some() bool {
	return len(d.Records)+len(d.Words) > 0 || slices.Contains(d.Spans, true)
}

// eachReference gives the references of what the batch stores.
func (d *Duplicates) eachReference(b *mapping.Batch, of func(store.OwnerRow)) {
	give := func(key content.Key, owner content.Owner) { of(store.OwnerRow{Key: key, Owner: owner}) }
	scores := func(all []*mapping.Score) {
		for _, s := range all {
			if d.Scores[s.ID] {
				continue
			}
			for _, id := range s.Contents {
				give(content.Key{Day: s.Day, ID: id}, content.Unknown)
			}
		}
	}
	for i := range b.Spans {
		s := &b.Spans[i]
		if d.Spans[i] {
			scores(s.Scores)
			continue
		}
		owner := s.Owner()
		b.EachReference(s, func(id content.ID, _ []byte) { give(content.Key{Day: s.Day, ID: id}, owner) })
	}
	for i := range b.Events {
		e := &b.Events[i]
		if d.Records[e.ID] {
			scores(e.Scores)
		} else {
			e.OwnReferences(give)
		}
		if !d.Words[e.ID] {
			e.WordReferences(give)
		}
	}
}

// eachContent gives the contents that duplicates refer to.
func (d *Duplicates) eachContent(b *mapping.Batch, of func(content.Key)) {
	give := func(key content.Key, _ content.Owner) { of(key) }
	for i := range b.Spans {
		if s := &b.Spans[i]; d.Spans[i] {
			b.EachReference(s, func(id content.ID, _ []byte) { of(content.Key{Day: s.Day, ID: id}) })
		}
	}
	for i := range b.Events {
		e := &b.Events[i]
		if d.Records[e.ID] {
			e.OwnReferences(give)
		}
		if d.Words[e.ID] {
			e.WordReferences(give)
		}
	}
}
