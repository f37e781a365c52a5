package content

import (
	"hash/maphash"
	"sync"
	"unsafe"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// kind tells what a remembered text was read as.
type kind uint8

const (
	kindInput  = kind(Input)  // an element of a list of input messages
	kindOutput = kind(Output) // an element of a list of output messages
	kindSystem = kind(iota)   // a whole attribute of system instructions
	kindTools                 // a whole attribute of tool definitions
	kindBody                  // a canonical body
)

// entry is what reading a text gave. It is immutable.
type entry struct {
	raw          string
	kind         kind
	repairs      jsonval.Repairs
	content      Content
	role, finish string
}

func (e *entry) message() Message {
	return Message{Content: e.content, Role: e.role, FinishReason: e.finish}
}

// entryOverhead is about what an entry costs beyond its texts.
const entryOverhead = 256

func (e *entry) cost() int {
	n := len(e.raw) + entryOverhead
	if unsafe.SliceData(e.content.Body) != unsafe.StringData(e.raw) {
		n += len(e.content.Body)
	}
	return n
}

// shardCount leaves a generation of a shard room for contents of a megabyte.
const shardCount = 8

// memo remembers texts read before, such as the instructions of an agent; whole
// histories are remembered by lists. Two generations bound it: when the young one has
// half the budget, it becomes the old one and what the old one held is forgotten.
type memo struct {
	seed   maphash.Seed
	shards [shardCount]shard
}

type shard struct {
	mu         sync.Mutex
	young, old map[uint64]*entry
	size       int // cost of young
	budget     int // of one generation
	_          [64]byte
}

func newMemo(budget int) *memo {
	m := &memo{seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].young = make(map[uint64]*entry)
		m.shards[i].budget = budget / shardCount / 2
	}
	return m
}

func (m *memo) hash(k kind, raw string) uint64 {
	return maphash.String(m.seed, raw) ^ uint64(k)*0x9e3779b97f4a7c15
}

// get returns the entry of a text, nil if it was not seen lately, and its hash.
func (m *memo) get(k kind, raw string) (e *entry, h uint64) {
	h = m.hash(k, raw)
	s := &m.shards[h%shardCount]
	s.mu.Lock()
	e = s.young[h]
	if e == nil {
		if e = s.old[h]; e != nil && e.kind == k && e.raw == raw {
			s.add(h, e)
		}
	}
	s.mu.Unlock()
	if e == nil || e.kind != k || e.raw != raw {
		return nil, h
	}
	return e, h
}

// put remembers an entry, which must own its texts, by its hash.
func (m *memo) put(e *entry, h uint64) {
	s := &m.shards[h%shardCount]
	s.mu.Lock()
	s.add(h, e)
	s.mu.Unlock()
}

func (s *shard) add(h uint64, e *entry) {
	cost := e.cost()
	if cost > s.budget {
		return
	}
	if s.size+cost > s.budget {
		s.old, s.young, s.size = s.young, make(map[uint64]*entry, len(s.young)), 0
	}
	if s.young[h] == nil {
		s.size += cost
	}
	s.young[h] = e
}
