package parallel

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
)

func TestEachPartIsDoneOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		done := make([]atomic.Int32, n)
		Parts(n, func(part int) { done[part].Add(1) })
		for i := range done {
			require.EqualValues(t, 1, done[i].Load())
		}
	}
}

// TestPanicGoesOnInTheCaller has each part fail in its turn, in whichever goroutine takes it.
func TestPanicGoesOnInTheCaller(t *testing.T) {
	const n = 8
	for bad := range n {
		err := panics.Safely(func() error {
			Parts(n, func(part int) {
				if runtime.Gosched(); part == bad {
					panic(part)
				}
			})
			return nil
		})
		var failed *panics.Error
		require.ErrorAs(t, err, &failed)
		require.Contains(t, failed.Stack, "TestPanicGoesOnInTheCaller", "where it failed")
	}
}
