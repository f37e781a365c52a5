// Package parallel divides work among cores.
package parallel

import (
	"runtime"
	"sync/atomic"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
)

// Parts does each of n parts of some work, on as many cores as there are. A panic in one of them goes on in the caller
// when all goroutines have ended; the parts that nobody has begun by then may be left out.
func Parts(n int, do func(part int)) {
	var taken atomic.Int32
	work := func() {
		for i := int(taken.Add(1)) - 1; i < n; i = int(taken.Add(1)) - 1 {
			do(i)
		}
	}
	var group panics.Group
	defer group.Wait()
	for range min(n, runtime.GOMAXPROCS(0)) - 1 {
		group.Go(work)
	}
	work()
}
