package write

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// inFlight has the batches that are being written. The queue cuts what it holds into batches, and so a trace
// into two that are written at the same time, to both of which the trace is new. Such traces are asked for and
// inserted, all others are copied: one COPY that meets a trace makes the next batches insert all of theirs,
// which takes small spans through the collector 7 % of the time of their server.
type inFlight struct {
	mu      sync.Mutex
	batches []*flight
}

// flight is a batch that is being written.
type flight struct {
	groups []group                  // by trace; nobody changes them
	shared map[pcommon.TraceID]bool // traces that another batch has, or had since this one began; guarded by inFlight.mu
}

// begin notes a batch until it ends.
func (f *inFlight) begin(groups []group) *flight {
	b := &flight{groups: groups, shared: map[pcommon.TraceID]bool{}}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range f.batches {
		common(b.groups, other.groups, func(id pcommon.TraceID) { b.shared[id], other.shared[id] = true, true })
	}
	f.batches = append(f.batches, b)
	return b
}

func (f *inFlight) end(b *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = slices.DeleteFunc(f.batches, func(other *flight) bool { return other == b })
}

// sharedBy returns which traces of a batch other batches have, or had since it began.
func (f *inFlight) sharedBy(b *flight) map[pcommon.TraceID]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(b.shared)
}

// common gives the traces to found that two batches have.
func common(a, b []group, found func(pcommon.TraceID)) {
	if len(a) == 0 {
		return
	}
	first, _ := slices.BinarySearchFunc(b, a[0], func(g, first group) int { return bytes.Compare(g.trace[:], first.trace[:]) })
	for b = b[first:]; len(a) > 0 && len(b) > 0; {
		switch c := bytes.Compare(a[0].trace[:], b[0].trace[:]); {
		case c < 0:
			a = a[1:]
		case c > 0:
			b = b[1:]
		default:
			found(a[0].trace)
			a, b = a[1:], b[1:]
		}
	}
}
