package write

import (
	"sync"
	"time"
)

// maxTransactionRows bounds a transaction. A batch of 8 MiB has as many spans if they say
// next to nothing.
const maxTransactionRows = 16384

// transactionSize bounds the rows of a transaction. One that took longer than it may would
// fail again and again. So the next ones have a quarter of the rows, and each of these that
// is quick lets the next have twice as many.
type transactionSize struct {
	mu   sync.Mutex
	rows int // 0: maxTransactionRows
}

func (s *transactionSize) max() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == 0 {
		return maxTransactionRows
	}
	return s.rows
}

// tookTooLong notes a transaction of so many rows that was not done in time.
func (s *transactionSize) tookTooLong(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == 0 || rows < s.rows {
		s.rows = rows
	}
	s.rows = max(1, s.rows/4)
}

// succeeded notes a transaction of so many rows that took a part of the time it had; 0 is
// any time.
func (s *transactionSize) succeeded(rows int, took, had time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == 0 || rows < s.rows/2 || had > 0 && took > had/8 {
		return
	}
	if s.rows *= 2; s.rows >= maxTransactionRows {
		s.rows = 0
	}
}
