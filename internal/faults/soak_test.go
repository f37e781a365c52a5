//go:build soak

package faults

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// residentLimit is far above what the collector needs for its queue on disk, and far
// below what a minute of load takes that is kept in memory.
const residentLimit = 1 << 20 // kB

// TestLongOutage stops the server for a minute under load and watches the collector's
// memory.
func TestLongOutage(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	collector := collect(t, database, t.TempDir(), quickRetries...)
	db := connect(t, database)
	largest := 0
	spans := load(t, func() {
		progress(t, db)
		require.NoError(t, pg.Stop())
		for begin := time.Now(); time.Since(begin) < time.Minute; {
			largest = max(largest, resident(t, collector.Pid()))
			<-time.After(time.Second)
		}
		require.NoError(t, pg.Start(t.Context()))
		progress(t, db)
	}, client(t, collector))
	requireAll(t, db, spans)
	t.Logf("%d spans, collector at most %d MB", spans, largest>>10)
	require.Less(t, largest, residentLimit)
}

// resident returns the memory of a process in kB.
func resident(t *testing.T, pid int) (kilobytes int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(status), "VmRSS:")
	require.True(t, found)
	_, err = fmt.Sscan(rest, &kilobytes)
	require.NoError(t, err)
	return kilobytes
}

// TestHugeTrace stores a million spans of one trace.
func TestHugeTrace(t *testing.T) { largeTrace(t, 1_000_000) }

// TestWildSpansForLong is TestWildSpans with many more spans.
func TestWildSpansForLong(t *testing.T) { wildSpans(t, 4000) }
