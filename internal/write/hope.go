package write

import "sync"

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
