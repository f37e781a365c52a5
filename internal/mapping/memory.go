package mapping

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// The memory that stays with a batch is taken in chunks, by what the spans of batches before
// needed: with a fixed 512 bytes and 8 IDs a batch took a sixth more memory.
const (
	firstJSON = 512 // bytes for a span, before any is mapped
	firstIDs  = 8
	maxJSON   = 64 << 10
	maxIDs    = 1024
)

// need is how much of something a span needs, by the batches before.
type need struct{ perSpan, taken int }

// learn ends a batch of some spans. A need that grew counts at once, one that fell slowly.
func (n *need) learn(spans int) {
	if spans > 0 {
		n.perSpan = max((n.taken+spans-1)/spans, n.perSpan*7/8)
	}
	n.taken = 0
}

// keep copies JSON into memory that stays with the batch; nil for none.
func (r *reading) keep(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if cap(r.chunk)-len(r.chunk) < len(b) {
		if len(b) > maxJSON/4 {
			return slices.Clone(b)
		}
		r.chunk = make([]byte, 0, max(len(b), min(r.spans*r.jsonNeed.perSpan, maxJSON)))
	}
	r.jsonNeed.taken += len(b)
	start := len(r.chunk)
	r.chunk = append(r.chunk, b...)
	return r.chunk[start:len(r.chunk):len(r.chunk)]
}

// newIDs returns n IDs in memory that stays with the batch.
func (r *reading) newIDs(n int) []content.ID {
	if len(r.ids) < n {
		if n > maxIDs/4 {
			return make([]content.ID, n)
		}
		r.ids = make([]content.ID, max(n, min(r.spans*r.idNeed.perSpan, maxIDs)))
	}
	r.idNeed.taken += n
	ids := r.ids[:n:n]
	r.ids = r.ids[n:]
	return ids
}
