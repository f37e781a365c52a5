package llmobservatoryexporter

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestWhatBeganBeforeAChangeChangesNothing has batches that were stored right before Postgres went away, and batches that
// failed right before it came back, report after those that tell the change.
func TestWhatBeganBeforeAChangeChangesNothing(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	h := newHealth(componenttest.NewNopHost(), zap.New(core))
	away := errors.New("away")
	h.ok(time.Now())
	before := time.Now()
	h.failed(before, away)
	h.ok(before)
	require.Equal(t, 1, logs.Len())
	during := time.Now()
	h.ok(during)
	h.failed(during, away)
	h.failed(before, away)
	require.Equal(t, 2, logs.Len(), "%v", logs.All())
	h.failed(time.Now(), away)
	h.ok(time.Now())
	require.Equal(t, 4, logs.Len())
}
