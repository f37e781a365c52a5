package write

import (
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// inFlight knows what the batches that this process is writing are about to
// store. A row that another batch is about to store must not be COPYed as well:
// COPY cannot skip a row that turns out to be there.
type inFlight struct {
	mu      sync.Mutex
	batches []*claims
}

// claims are the rows that one batch is about to store.
type claims struct {
	contents []map[content.Key][]byte
	traces   []map[pcommon.TraceID]bool
}

// enter registers a batch without any claims.
func (f *inFlight) enter() *claims {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &claims{}
	f.batches = append(f.batches, c)
	return c
}

func (f *inFlight) leave(c *claims) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.Index(f.batches, c)
	f.batches = slices.Delete(f.batches, at, at+1)
}

// claimContents adds a part's contents, which must not change until the batch
// leaves, and returns what others had claimed before.
func (f *inFlight) claimContents(c *claims, part *mapping.Batch) (others []map[content.Key][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.batches {
		if b != c {
			others = append(others, b.contents...)
		}
	}
	c.contents = append(c.contents, part.Contents)
	return others
}

// claimTraces adds a batch's traces and tells whether others had claimed any of
// them before.
func (f *inFlight) claimTraces(c *claims, groups []group) (shared bool) {
	f.mu.Lock()
	var others []map[pcommon.TraceID]bool
	for _, b := range f.batches {
		if b != c {
			others = append(others, b.traces...)
		}
	}
	traces := make(map[pcommon.TraceID]bool, len(groups))
	for i := range groups {
		traces[groups[i].trace] = true
	}
	c.traces = append(c.traces, traces)
	f.mu.Unlock()
	return slices.ContainsFunc(groups, func(g group) bool { return held(others, g.trace) })
}

// held tells whether any of the maps has a key.
func held[K comparable, V any](maps []map[K]V, key K) bool {
	for _, m := range maps {
		if _, ok := m[key]; ok {
			return true
		}
	}
	return false
}
