package mapping

import (
	"math/bits"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// positions is a set of places in a list: of the sources of a field, or of the rules for
// kinds. So a span walks through what its attributes feed, not through all that dialects
// know.
type positions [2]uint64

// maxPositions is how many sources a field may have, and how many rules there may be.
const maxPositions = 128

func (p *positions) add(i uint8) { p[i/64] |= 1 << (i % 64) }

func (p *positions) merge(other *positions) {
	p[0] |= other[0]
	p[1] |= other[1]
}

// next takes the first position out of the set; -1 for none.
func (p *positions) next() int {
	if p[0] != 0 {
		i := bits.TrailingZeros64(p[0])
		p[0] &= p[0] - 1
		return i
	}
	if p[1] != 0 {
		i := bits.TrailingZeros64(p[1])
		p[1] &= p[1] - 1
		return 64 + i
	}
	return -1
}

// feed is a source or rule that a slot feeds: the place in the list of its field, or in
// that of the rules, which is the list behind the fields'.
type feed struct {
	list   uint8
	at     uint8
	object bool // only if the value is a JSON object; such feeds of a slot come last
}

const kindList = dialect.NumFields

// readyLists are the positions of what a span has something for, by list.
type readyLists [dialect.NumFields + 1]positions

// link notes for each slot what it feeds.
func (t *table) link() {
	feeds := make([][]feed, t.slots)
	for f := range t.sources {
		if len(t.sources[f]) > maxPositions {
			panic("mapping: more sources of a field than positions")
		}
		for i := range t.sources[f] {
			src := &t.sources[f][i]
			if src.Resource {
				continue
			}
			src.asGiven = src.As != dialect.AsName && src.As != dialect.AsJSON && !src.list && len(src.steps) == 0 && src.With == nil
			fd := feed{uint8(f), uint8(i), src.Object}
			if src.Answer == nil {
				feeds[src.slot] = append(feeds[src.slot], fd)
				continue
			}
			for _, part := range src.parts {
				if part >= 0 {
					feeds[part] = append(feeds[part], fd)
				}
			}
		}
	}
	if len(t.kinds) > maxPositions {
		panic("mapping: more rules for kinds than positions")
	}
	t.nameRules = make([]*positions, len(t.dialects))
	for i, rule := range t.kinds {
		switch {
		case rule.slot >= 0:
			feeds[rule.slot] = append(feeds[rule.slot], feed{list: uint8(kindList), at: uint8(i)})
		case rule.Own:
			d := bits.TrailingZeros64(rule.dialect)
			if t.nameRules[d] == nil {
				t.nameRules[d] = &positions{}
				t.nameRuled |= rule.dialect
			}
			t.nameRules[d].add(uint8(i))
		default:
			t.always[kindList].add(uint8(i))
		}
	}
	for _, fd := range feeds[t.name] {
		t.always[fd.list].add(fd.at)
	}
	for _, of := range feeds {
		slices.SortStableFunc(of, func(a, b feed) int {
			switch {
			case a.object == b.object:
				return 0
			case b.object:
				return -1
			}
			return 1
		})
	}
	t.feeds = slices.Concat(feeds...)
	for i, at := 0, 0; i <= len(feeds); i++ {
		t.feedsFrom = append(t.feedsFrom, uint16(at))
		if i < len(feeds) {
			at += len(feeds[i])
		}
	}
}

// touch marks what a slot feeds as ready.
func (r *reading) touch(slot int16) {
	r.touched = append(r.touched, slot)
	object := false
	for _, fd := range r.t.feeds[r.t.feedsFrom[slot]:r.t.feedsFrom[slot+1]] {
		if fd.object && !object {
			if v := r.slots[slot].value; v == (pcommon.Value{}) || !value.MayBeObject(v) {
				return
			}
			object = true
		}
		r.ready[fd.list].add(fd.at)
	}
}

// next takes the next source of a field, in order of precedence, out of those that are left
// of what the span has something for; nil for none.
func (r *reading) next(f dialect.Field, left *positions) *boundSource {
	i := left.next()
	if i < 0 {
		return nil
	}
	return &r.t.sources[f][i]
}

// kindRules are the positions of the rules that may decide the kind of the span.
func (r *reading) kindRules() positions {
	p := r.ready[kindList]
	for dialects := r.dialects & r.t.nameRuled; dialects != 0; dialects &= dialects - 1 {
		p.merge(r.t.nameRules[bits.TrailingZeros64(dialects)])
	}
	return p
}
