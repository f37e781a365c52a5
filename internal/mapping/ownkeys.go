package mapping

import (
	"hash/maphash"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// ownKeys are the keys of a span in a table, for two questions: what the span itself says
// under a key, and, of spans with keys that are not remembered, which of them come twice.
type ownKeys struct {
	keys   []string
	values []pcommon.Value
	at     []int32 // indices of the attributes
	table  []int32 // open hash table of 1 + index in keys

	doubtful bool // a key may have come again without reading.see knowing
	whole    bool // keys are all of the span
}

var keySeed = maphash.MakeSeed()

func (k *ownKeys) start() {
	k.keys, k.values, k.at = k.keys[:0], k.values[:0], k.at[:0]
	k.doubtful, k.whole = false, false
}

// release lets go of the batch.
func (k *ownKeys) release() {
	if cap(k.keys) > maxScratch {
		*k = ownKeys{}
		return
	}
	clear(k.keys[:cap(k.keys)])
	clear(k.values[:cap(k.values)])
}

func (k *ownKeys) add(key string, v pcommon.Value, at int32) {
	k.keys, k.values, k.at = append(k.keys, key), append(k.values, v), append(k.at, at)
}

// addAll makes the keys those of all attributes.
func (k *ownKeys) addAll(attrs pcommon.Map) {
	k.start()
	i := int32(0)
	for key, v := range attrs.All() {
		k.add(key, v, i)
		i++
	}
	k.whole = true
}

// fill fills the table, and calls repeat with each attribute whose key has come before.
func (k *ownKeys) fill(repeat func(at int32)) {
	size := 16
	for size < 2*len(k.keys) {
		size *= 2
	}
	k.table = append(k.table[:0], make([]int32, size)...)
	for i, key := range k.keys {
		at := k.place(key)
		if k.table[at] != 0 {
			repeat(k.at[i])
			continue
		}
		k.table[at] = int32(i + 1)
	}
}

// place is where a key stands in the table, or would.
func (k *ownKeys) place(key string) int {
	last := len(k.table) - 1
	at := int(maphash.String(keySeed, key)) & last
	for k.table[at] != 0 && k.keys[k.table[at]-1] != key {
		at = (at + 1) & last
	}
	return at
}

// repeated drops all but the first of attributes with one key.
func (r *reading) repeated(attrs pcommon.Map) {
	if r.keys.doubtful {
		r.keys.addAll(attrs)
		r.keys.fill(r.repeat)
		return
	}
	for _, at := range r.repeats {
		r.repeat(at)
	}
}

func (r *reading) repeat(i int32) {
	r.classes[i] = classStored
	r.out.Adjustments |= DuplicateKey
}

// own returns an attribute of the span, of those with one key the first.
func (r *reading) own(key string) (v pcommon.Value, ok bool) {
	if !r.keys.whole {
		r.keys.addAll(r.span.Attributes())
		r.keys.fill(func(int32) {})
	}
	if i := r.keys.table[r.keys.place(key)]; i > 0 {
		return r.keys.values[i-1], true
	}
	return v, false
}
