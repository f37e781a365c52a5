package content

import (
	"cmp"
	"slices"
	"sync"

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

// list is a history with what it was read from. It is immutable. It keeps its text, since the next
// call of a conversation mostly repeats all of it: compared at once, and not message by message,
// that takes 2 of the 19 µs less that a span of the workload agent costs the client.
type list struct {
	history *History
	text    string // that was read, up to the end of the last message
	ids     []ID
	entries []listed
	cost    int // of what it keeps in memory; 0 for one that was cut
}

// listed is a message of a list.
type listed struct {
	*entry
	end     int             // of its text in that of the list
	repairs jsonval.Repairs // of all messages up to this one
}

// and returns a list that goes on with the entries added, all of which text has.
func (l *list) and(added []listed, text string) *list {
	next := &list{
		text:    text[:added[len(added)-1].end],
		ids:     make([]ID, 0, len(l.ids)+len(added)),
		entries: slices.Concat(l.entries, added),
		cost:    l.costOfEntries(),
	}
	next.ids = append(next.ids, l.ids...)
	messages := make([]Message, len(added))
	for i, e := range added {
		messages[i] = e.message()
		next.ids = append(next.ids, e.content.ID)
		next.cost += e.cost()
	}
	next.cost += len(next.text)
	repairs := l.repairs()
	for i := len(l.entries); i < len(next.entries); i++ {
		repairs |= next.entries[i].entry.repairs
		next.entries[i].repairs = repairs
	}
	next.history = l.history.and(messages)
	return next
}

// costOfEntries is the cost without that of the text.
func (l *list) costOfEntries() int {
	if l.cost > 0 {
		return l.cost - len(l.text)
	}
	cost := 0
	for _, e := range l.entries {
		cost += e.cost()
	}
	return cost
}

// repairs are those of all messages.
func (l *list) repairs() jsonval.Repairs {
	if len(l.entries) == 0 {
		return 0
	}
	return l.entries[len(l.entries)-1].repairs
}

// first returns the list of the first n messages.
func (l *list) first(n int) *list {
	switch n {
	case 0:
		return &list{}
	case len(l.entries):
		return l
	}
	return &list{history: l.history.first(n), text: l.text[:l.entries[n-1].end], ids: l.ids[:n], entries: l.entries[:n]}
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
	hash := z.memo.hash(kind(dir), text[:it.i])
	it = start
	var repairs jsonval.Repairs
	l := z.lists.get(hash).match(&it, kind(dir))
	repairs |= l.repairs()
	var added []listed
	s := z.open()
	defer z.close(s)
	if !z.rest(s, &it, dir, &repairs, func(e *entry) { added = append(added, listed{entry: e, end: it.i}) }) {
		return nil, nil, false
	}
	if len(added) > 0 {
		l = l.and(added, text)
		z.lists.put(hash, l)
	}
	if !l.history.words {
		return nil, nil, false
	}
	*r |= repairs
	return l.history, l.ids, true
}

// match passes the elements that come next in it as long as they are those of the list,
// and returns the list of those.
func (l *list) match(it *elements, k kind) *list {
	if len(l.entries) == 0 || l.entries[0].kind != k {
		return &list{}
	}
	same := samePrefix(l.text, it.s)
	n, _ := slices.BinarySearchFunc(l.entries, same+1, func(e listed, end int) int { return cmp.Compare(e.end, end) })
	if n > 0 {
		it.i, it.some = l.entries[n-1].end, true
	}
	if n == len(l.entries) || !it.skip(l.entries[n].raw) {
		return l.first(n)
	}
	entries := slices.Clone(l.entries[:n]) // what follows is written in another way
	for add := true; add; add = n < len(l.entries) && it.skip(l.entries[n].raw) {
		entries = append(entries, listed{entry: l.entries[n].entry, end: it.i, repairs: l.entries[n].repairs})
		n++
	}
	return &list{history: l.history.first(n), text: it.s[:it.i], ids: l.ids[:n], entries: entries}
}

// samePrefix returns a length up to which a and b are equal, which may be a bit too short.
func samePrefix(a, b string) (same int) {
	const piece = 2 << 10
	for n := min(len(a), len(b)); same < n; {
		next := min(same+piece, n)
		if a[same:next] != b[same:next] {
			break
		}
		same = next
	}
	return same
}

// lists remembers a list by the hash of how it begins. When they take too much, any
// are forgotten: if there are too many conversations to remember all, a part is still
// known, where forgetting the oldest would forget each before it goes on.
type lists [shardCount]struct {
	mu     sync.Mutex
	m      map[uint64]*list
	size   int // cost of all
	budget int
	_      [64]byte
}

func newLists(budget int) *lists {
	s := &lists{}
	for i := range s {
		s[i].m = make(map[uint64]*list)
		s[i].budget = budget / shardCount
	}
	return s
}

// get returns the list that was put last under a hash; an empty one for none.
func (s *lists) get(hash uint64) *list {
	shard := &s[hash%shardCount]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if l := shard.m[hash]; l != nil {
		return l
	}
	return &list{}
}

func (s *lists) put(hash uint64, l *list) {
	shard := &s[hash%shardCount]
	if l.cost > shard.budget {
		return
	}
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if before := shard.m[hash]; before != nil {
		shard.size -= before.cost
		delete(shard.m, hash)
	}
	for other, o := range shard.m { // in random order
		if shard.size+l.cost <= shard.budget {
			break
		}
		shard.size -= o.cost
		delete(shard.m, other)
	}
	shard.m[hash] = l
	shard.size += l.cost
}
