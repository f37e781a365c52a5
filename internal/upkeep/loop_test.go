package upkeep

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestFaultOfUpkeepIsTriedAgain has a round of upkeep fail; the next one runs all the same.
func TestFaultOfUpkeepIsTriedAgain(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	ctx, stop := context.WithCancel(t.Context())
	rounds := 0
	u := &Upkeep{
		Logger: zap.New(core), Interval: time.Millisecond, IdleSince: time.Now,
		EnsureDays: func(context.Context) error {
			if rounds++; rounds == 3 {
				stop()
			}
			panic("a fault")
		},
	}
	u.Run(ctx)
	require.GreaterOrEqual(t, rounds, 3)
	require.GreaterOrEqual(t, logs.Len(), 3)
	require.Contains(t, logs.All()[0].ContextMap()["errorVerbose"], "loop_test.go", "the stack")
}
