package content

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// History is a list of messages as it grows from call to call: the messages of an
// earlier list and those added since. It is shared: never change it.
type History struct {
	ID     ID       // of the list: equal messages in equal order make equal IDs
	Before *History // nil for none
	Added  []Message
	Len    int // of the whole list
	Bytes  int // of all its bodies

	Finishes bool // whether any message says why it ended
	words    bool // whether any message has a part
}

// and returns the history of h, nil for none, and the messages added to it.
func (h *History) and(added []Message) *History {
	next := &History{Before: h, Added: added}
	if h != nil {
		next.ID, next.Len, next.Bytes, next.Finishes, next.words = h.ID, h.Len, h.Bytes, h.Finishes, h.words
	}
	next.Len += len(added)
	var pair [2 * len(ID{})]byte
	for i := range added {
		m := &added[i]
		copy(pair[:], next.ID[:])
		copy(pair[len(ID{}):], m.ID[:])
		next.ID = Of(pair[:])
		next.Bytes += len(m.Body)
		next.Finishes = next.Finishes || m.FinishReason != ""
	}
	next.words = next.words || hasWords(added)
	return next
}

// first returns the history of the first n messages.
func (h *History) first(n int) *History {
	for h.Before != nil && h.Before.Len >= n {
		h = h.Before
	}
	if h.Len == n {
		return h
	}
	return h.Before.and(h.Added[:n-(h.Len-len(h.Added))])
}

// Messages returns all messages of the list.
func (h *History) Messages() []Message {
	messages := make([]Message, h.Len)
	for ; h != nil; h = h.Before {
		copy(messages[h.Len-len(h.Added):], h.Added)
	}
	return messages
}

// Leading returns the messages at the begin of the list, up to one that is not the
// system's or further.
func (h *History) Leading() []Message {
	first := h
	for first.Before != nil {
		first = first.Before
	}
	if slices.ContainsFunc(first.Added, func(m Message) bool { return m.Role != "system" }) {
		return first.Added
	}
	return h.Messages()
}

// list is a history with the text that it was read from.
type list struct {
	history *History
	ids     []ID
	ends    []int // of the elements in the text
}

// and returns a list that goes on with the messages added, which end where ends says.
func (l *list) and(added []Message, ends []int) *list {
	next := &list{
		history: l.history.and(added),
		ids:     make([]ID, 0, len(l.ids)+len(added)),
		ends:    slices.Concat(l.ends, ends),
	}
	next.ids = append(next.ids, l.ids...)
	for i := range added {
		next.ids = append(next.ids, added[i].ID)
	}
	return next
}

const (
	// leading messages of a list are what it is remembered by: the instructions of an
	// agent may be the same in all conversations, what follows hardly is.
	leading = 3
	// shortList is the text of a list that is read as fast as it is looked up.
	shortList = 512
)

// History reads a JSON list of messages as Messages does, and returns the IDs of all
// messages beside. What a list shares with the one that began the same way last is
// compared, not read. A false result says nothing: the text may be a short list, or
// none.
func (z *Normalizer) History(text string, dir Direction, r *jsonval.Repairs) (*History, []ID, bool) {
	it := elements{s: text}
	if len(text) < shortList || !it.open() {
		return nil, nil, false
	}
	start := it
	for range leading {
		if _, state := it.next(); state != element {
			return nil, nil, false
		}
	}
	kind := listKind(dir)
	hash := z.memo.hash(kind, text[:it.i])
	var l list
	var repairs jsonval.Repairs
	if e := z.memo.last(kind, hash); e != nil {
		l, repairs = e.shared(text)
	}
	if it = start; l.history != nil {
		it.i, it.some = l.ends[len(l.ends)-1], true
	}
	added, ends, ok := z.rest(&it, dir, &repairs)
	if !ok {
		return nil, nil, false
	}
	if len(added) > 0 {
		grown := l.and(added, ends)
		z.memo.put(&entry{kind: kind, raw: text[:grown.ends[grown.history.Len-1]], repairs: repairs, list: grown}, hash)
		l = *grown
	}
	if !l.history.words {
		return nil, nil, false
	}
	*r |= repairs
	return l.history, l.ids, true
}

// rest reads the elements that are left, and tells where each ends in the text.
func (z *Normalizer) rest(it *elements, dir Direction, r *jsonval.Repairs) (added []Message, ends []int, ok bool) {
	s := z.open()
	defer z.close(s)
	for {
		raw, state := it.next()
		switch state {
		case ended:
			return added, ends, true
		case broken:
			return nil, nil, false
		}
		e := z.element(s, raw, len(it.s), dir)
		if e == nil {
			return nil, nil, false
		}
		*r |= e.repairs
		added = append(added, e.message())
		ends = append(ends, it.i)
	}
}

// shared returns what a list has in common with text at the begin; nothing if it
// needed repairs, since it does not say which of its messages did.
func (e *entry) shared(text string) (list, jsonval.Repairs) {
	l := e.list
	if strings.HasPrefix(text, e.raw) {
		return *l, e.repairs
	}
	same := commonPrefix(text, e.raw)
	n := sort.SearchInts(l.ends, same+1)
	if n == 0 || e.repairs != 0 {
		return list{}, 0
	}
	return list{l.history.first(n), l.ids[:n], l.ends[:n]}, 0
}

// commonPrefix returns how many bytes a and b begin with in common.
func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if diff := word(a[i:]) ^ word(b[i:]); diff != 0 {
			return i + bits.TrailingZeros64(diff)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

func word(s string) uint64 { return binary.LittleEndian.Uint64([]byte(s[:8])) }
