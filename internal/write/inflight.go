package write

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// inFlight knows what the batches that this process is writing are about to
// store. A row that another batch is about to store must not be COPYed as well:
// COPY cannot skip a row that turns out to be there. So batches claim their rows,
// one batch after the other; a later batch leaves to an earlier one what both
// have, waits until that one has ended before it locks any trace, and only ever
// waits for earlier ones.
type inFlight struct {
	// turn is held while a batch claims, by a batch that is alone also while it
	// is still being mapped.
	turn chan struct{}

	mu      sync.Mutex
	batches []*claims
}

func newInFlight() *inFlight { return &inFlight{turn: make(chan struct{}, 1)} }

// claims are the rows that one batch is about to store.
type claims struct {
	contents map[content.Key]bool     // does not change once the batch has passed the turn
	traces   map[pcommon.TraceID]bool // nil until all is mapped

	ended     chan struct{} // closed when the batch has committed or failed
	committed bool          // to be read once it has ended
}

// enter registers a batch without any claims. If it is alone, it has the turn to
// claim.
func (f *inFlight) enter() (c *claims, alone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c = &claims{ended: make(chan struct{})}
	f.batches = append(f.batches, c)
	if len(f.batches) > 1 {
		return c, false
	}
	select {
	case f.turn <- struct{}{}:
		return c, true
	default:
		return c, false
	}
}

func (f *inFlight) leave(c *claims, committed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.Index(f.batches, c)
	f.batches = slices.Delete(f.batches, at, at+1)
	c.committed = committed
	close(c.ended)
}

// takeTurn waits until no other batch is claiming.
func (f *inFlight) takeTurn(ctx context.Context) error {
	select {
	case f.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *inFlight) passTurn() { <-f.turn }

// claimants returns the other batches that have claimed contents: none for a batch
// that is alone. The caller has the turn.
func (f *inFlight) claimants(c *claims) (others []*claims) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.batches {
		if b != c && len(b.contents) > 0 {
			others = append(others, b)
		}
	}
	return others
}

// claimTraces adds a batch's traces and tells whether others had claimed any of
// them before.
func (f *inFlight) claimTraces(c *claims, groups []group) (shared bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.traces = make(map[pcommon.TraceID]bool, len(groups))
	for i := range groups {
		c.traces[groups[i].trace] = true
	}
	for _, b := range f.batches {
		if b != c && slices.ContainsFunc(groups, func(g group) bool { return b.traces[g.trace] }) {
			return true
		}
	}
	return false
}

// patience bounds the wait for an earlier batch. It only ends by itself when that
// batch waits, through another process, for this one.
const patience = 5 * time.Second

var errImpatient = errors.New("an earlier batch that stores contents of this one does not come to an end")

// await waits until a batch has ended and tells whether it has committed.
func (c *claims) await(ctx context.Context) (committed bool, err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.ended:
		return c.committed, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-timer.C:
		return false, errImpatient
	}
}
