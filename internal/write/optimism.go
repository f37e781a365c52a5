package write

import "sync"

// optimism decides whether rows that this process does not know are COPYed without asking
// whether they are stored. Mostly they are not. Asking for contents takes 8 to 16 % of the
// CPU time of a batch; asking for traces and counting them only then takes 5 % of the time
// of one caller, and INSERT … ON CONFLICT takes twice as long as COPY for new traces.
// Where another collector stored such rows, or is storing them, the COPY fails, which
// Postgres logs, and that step or the batch is done again; then batches ask, for as long
// as asking finds such rows and for pausedBatches more, that batch among them. In the same
// way batches that pair run side by side, until two of them have a call in common.
type optimism struct {
	mu    sync.Mutex
	pause int // batches left that ask, or that pair exclusively
}

const pausedBatches = 32

func (o *optimism) justified() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pause == 0
}

// refuted begins a pause, after a COPY failed or two batches had a call in common.
func (o *optimism) refuted() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pause = pausedBatches
}

// asked counts a batch that asked, and whether that found rows that the process did not
// know.
func (o *optimism) asked(found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found {
		o.pause = pausedBatches
	} else if o.pause > 0 {
		o.pause--
	}
}
