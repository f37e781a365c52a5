package write

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// TestTurnsGoOnWithoutAnotherAttempt has calls of a turn come batch by batch, of which records keep the
// keys, so that the next batch finds nothing of the session listed: it stores its call at once all the same.
func TestTurnsGoOnWithoutAnotherAttempt(t *testing.T) {
	w, pool := newWriter(t)
	for n := range 3 {
		_, err := w.Write(t.Context(), requestsOf(t, "1", n, 1), nil, nil)
		require.NoError(t, err)
		require.True(t, w.optimism.justified(), "batch %d", n)
	}
	rowcheck.Consistent(t, pool)
}

// TestKeptBesideListed has two collectors store calls of a session that is new to both: records of the one keep the keys of its
// call, and the other brings so many that it lists them. Neither waits for the other, and a span finds every call.
func TestKeptBesideListed(t *testing.T) {
	const many = trace.MostKept + 1
	for name, sizes := range map[string][]int{"few commit first": {1, many}, "many commit first": {many, 1}} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			write(t, w, callOf(9, 1)) // the day is there
			writers := []*Writer{w, New(pool, "public", window)}
			release := holdEnds(t, pool)
			var group errgroup.Group
			from := 0
			for i, n := range sizes {
				b := requestsOf(t, fmt.Sprint("turn", i), from, n)
				from += n
				group.Go(func() error { _, err := writers[i].Write(t.Context(), b, nil, nil); return err })
				awaitLock(t, pool, []string{"relation", "transactionid"}[i]) // the second has the resource of the first
			}
			release()
			require.NoError(t, group.Wait())
			for _, writer := range writers {
				require.True(t, writer.optimism.justified(), "at once")
				require.True(t, writer.concurrentPairing.justified(), "beside one another")
			}
			for n := range from {
				s := callOf(byte(1+n), 1)
				s.ScopeName, s.SessionID, s.ResponseID = "com.anthropic.claude_code.tracing", "s", fmt.Sprint("req_", n)
				s.End = startOfRequests.Add(time.Duration(n) * time.Second).UnixMicro()
				s.Start = s.End - 1
				write(t, w, s)
			}
			var counted int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans WHERE counted AND session_id = 's'").Scan(&counted))
			require.Equal(t, from, counted)
			rowcheck.Rollups(t, pool)
		})
	}
}

// TestKeptFarFromListed lists calls of a session hours after a record of the same day that keeps the keys of its call: spans that
// come later find both.
func TestKeptFarFromListed(t *testing.T) {
	spanOf := func(n int) *mapping.Span {
		s := callOf(byte(1+n%250), 1)
		s.ScopeName, s.SessionID, s.ResponseID = "com.anthropic.claude_code.tracing", "s", fmt.Sprint("req_", n)
		s.End = startOfRequests.Add(time.Duration(n) * time.Second).UnixMicro()
		s.Start = s.End - 1
		return &s
	}
	records := func(turn string, from, n int) func(*testing.T, *Writer) {
		return func(t *testing.T, w *Writer) {
			_, err := w.Write(t.Context(), requestsOf(t, turn, from, n), nil, nil)
			require.NoError(t, err)
		}
	}
	span := func(n int) func(*testing.T, *Writer) {
		return func(t *testing.T, w *Writer) { write(t, w, *spanOf(n)) }
	}
	const many = trace.MostKept + 1
	for name, c := range map[string]struct {
		batches []func(*testing.T, *Writer)
		calls   int
	}{
		"a span":                     {[]func(*testing.T, *Writer){records("a", 0, 1), span(600), span(0)}, 2},
		"a span, the other order":    {[]func(*testing.T, *Writer){records("a", 0, 1), span(0), span(600)}, 2},
		"many records":               {[]func(*testing.T, *Writer){records("a", 0, 1), records("b", 600, many), span(0), span(600)}, 1 + many},
		"records on both sides":      {[]func(*testing.T, *Writer){records("a", 0, 1), records("c", 9000, 1), span(4000), span(9000), span(0)}, 3},
		"a span beside the first":    {[]func(*testing.T, *Writer){records("a", 0, 1), records("c", 9000, 1), span(0), span(9000)}, 2},
		"many beside the first, too": {[]func(*testing.T, *Writer){records("c", 9000, 1), records("b", 0, many), span(9000), span(1)}, 1 + many},
	} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			for _, send := range c.batches {
				send(t, w)
			}
			var counted int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans WHERE counted AND session_id = 's'").Scan(&counted))
			require.Equal(t, c.calls, counted)
			rowcheck.Rollups(t, pool)
		})
	}
}

// startOfRequests is when the first of requestsOf ends: all of them are of one UTC day, also where that ends during the test.
var startOfRequests = time.Now().UTC().Truncate(24 * time.Hour).Add(time.Hour)

// requestsOf is a batch of records of Claude Code that tell calls of one turn of a session, a second apart.
func requestsOf(t *testing.T, turn string, from, n int) *mapping.Batch {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("com.anthropic.claude_code.events")
	for i := from; i < from+n; i++ {
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(pcommon.NewTimestampFromTime(startOfRequests.Add(time.Duration(i) * time.Second)))
		for key, value := range map[string]string{
			"event.name": "api_request", "session.id": "s", "prompt.id": turn, "request_id": fmt.Sprint("req_", i), "input_tokens": "3", "output_tokens": "4",
		} {
			rec.Attributes().PutStr(key, value)
		}
	}
	b, err := signal.Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), mapping.New(mapping.Options{}), func(*mapping.Batch) {})
	require.NoError(t, err)
	return b
}
