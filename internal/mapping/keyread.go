package mapping

import (
	"strings"
)

const (
	// maxKeysRead bounds of how many keys, names and values the reading is remembered,
	// maxKeyLength how long such a key may be.
	maxKeysRead  = 4096
	maxKeyLength = 256
)

// remember reads the words of a key, a name or a value, once for those that come again.
func remember[T any](known map[string]T, key string, read func(string) T) T {
	t, ok := known[key]
	if ok {
		return t
	}
	if len(key) > maxKeyLength {
		return read(key)
	}
	if len(known) >= maxKeysRead {
		clear(known)
	}
	key = strings.Clone(key)
	t = read(key)
	known[key] = t
	return t
}

// keyRead is what a key is: one that dialects know, one of a family, or any other. Spans come
// with the same keys again and again: to remember what each is takes one look-up a key.
type keyRead struct {
	key    string
	info   *keyInfo
	family *family
	index  int32  // in a family: the index in the key,
	rest   string // and what follows
	traits *traits
	guess  *guess // what the value is if an unknown emitter has it; nil: not read yet
	json   []byte // the key and its colon among the attributes; nil for one that must be repaired
	seen   uint64 // the number of the span or record that last had the key
	// next are the keys that came after it last, the last first: emitters write the keys of spans of
	// one kind in the same order, and spans of two kinds often come in turns.
	next [2]*keyRead
}

// lookUp reads a key, once for keys that come again.
func (r *reading) lookUp(key string) *keyRead {
	if k := r.keysRead[key]; k != nil {
		return k
	}
	if len(key) > maxKeyLength || len(r.keysRead) >= maxKeysRead {
		r.keys.doubtful = true
		r.first.next = [2]*keyRead{} // what is forgotten must not be found by its place
	}
	return remember(r.keysRead, key, r.t.read)
}

// see reads the key of the next attribute.
func (r *reading) see(key string, at int32) *keyRead {
	k := r.before.next[0]
	if k == nil || k.key != key {
		if k = r.before.next[1]; k == nil || k.key != key {
			k = r.lookUp(key)
		}
		if len(key) <= maxKeyLength {
			r.before.next = [2]*keyRead{k, r.before.next[0]}
		}
	}
	r.before = k
	if k.seen == r.number {
		r.repeats = append(r.repeats, at)
	}
	k.seen = r.number
	r.read[at] = k
	return k
}

func (t *table) read(key string) *keyRead {
	k := &keyRead{key: key, info: t.keys[key], json: keyJSON(key)}
	if k.info != nil {
		k.traits = &k.info.traits
		return k
	}
	k.family, k.index, k.rest = t.match(key)
	told := traitsOf(key[:min(len(key), maxKeyLength)])
	k.traits = &told
	return k
}
