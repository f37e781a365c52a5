package write

import (
	"encoding/binary"
	"sync"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// hope decides whether rows that this process has not met before may be COPYed
// without asking whether they are there. Mostly they are not, and asking costs
// about as much as storing. When they were, because another collector stored them
// or this one forgot, the COPY fails and the batch is done again; then hope
// pauses, longer each time in a row.
type hope struct {
	mu    sync.Mutex
	wait  int // batches left to ask for
	pause int // the last pause
}

const maxPause = 1024 // batches

func (h *hope) allowed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wait == 0
}

// disappointed begins a pause.
func (h *hope) disappointed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pause = min(max(2*h.pause, 16), maxPause)
	h.wait = h.pause
}

// done counts a batch that was written; surprises tells whether asking found
// rows that the process had not met.
func (h *hope) done(surprises bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case surprises:
		h.wait = max(h.wait, 1) // asking was worth it: go on
	case h.wait > 0:
		h.wait--
	default:
		h.pause = 0
	}
}

// metContents remembers, roughly, which contents this process has stored or found
// stored: never less than it was told since two generations ago, and seldom more.
// An id is a hash already, so two of its words serve as bit positions.
type metContents struct {
	mu           sync.Mutex
	young, old   []uint64
	added, limit int
}

// metBits is the size of a generation, 4 MiB; with metLimit ids in it about one
// unknown id in 200 seems known.
const (
	metBits  = 1 << 25
	metLimit = 1 << 20
)

func newMetContents() *metContents {
	return &metContents{young: make([]uint64, metBits/64), old: make([]uint64, metBits/64), limit: metLimit}
}

func positions(key content.Key) (a, b uint32) {
	a = binary.LittleEndian.Uint32(key.ID[0:]) ^ uint32(key.Day)*0x9e3779b1
	b = binary.LittleEndian.Uint32(key.ID[4:]) ^ uint32(key.Day)*0x85ebca6b
	return a % metBits, b % metBits
}

// divide appends the keys of contents to met or unmet.
func (m *metContents) divide(contents map[content.Key][]byte, met, unmet []content.Key) (_, _ []content.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range contents {
		a, b := positions(key)
		if has(m.young, a, b) || has(m.old, a, b) {
			met = append(met, key)
		} else {
			unmet = append(unmet, key)
		}
	}
	return met, unmet
}

// add remembers the contents of a committed batch.
func (m *metContents) add(contents map[content.Key][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range contents {
		a, b := positions(key)
		if has(m.young, a, b) {
			continue
		}
		m.young[a/64] |= 1 << (a % 64)
		m.young[b/64] |= 1 << (b % 64)
		if m.added++; m.added >= m.limit {
			m.young, m.old, m.added = m.old, m.young, 0
			clear(m.young)
		}
	}
}

func has(bits []uint64, a, b uint32) bool {
	return bits[a/64]&(1<<(a%64)) != 0 && bits[b/64]&(1<<(b%64)) != 0
}
