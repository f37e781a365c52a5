//go:build soak

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

const (
	soakClients = 4
	soakSteady  = 10 * time.Second // of full load before the outage
	soakOutage  = time.Minute
	soakSlack   = time.Minute // for the first batches after the outage, on a slow machine
)

// What a collector may take, in kB. 10 batches that are being stored and one that fills
// have 8 MiB each: as spans, as rows, and twice both until the garbage is collected. In
// memory the 256 MiB of the queue come on top, which are a fifth more as spans of some
// 12 kB, and that twice as well.
const (
	inHand     = 11 * 8 << 10 * 2 * 2
	queueOnTop = 256 << 10 * 6 / 5 * 2
)

// TestLongOutage stops the server for a minute while clients send agents' spans, of
// some 12 kB each, as fast as the collector takes them, and watches its memory.
func TestLongOutage(t *testing.T) {
	for name, tt := range map[string]struct {
		settings []string
		limit    int // kB
	}{
		"queue on disk":   {nil, 100<<10 + inHand},
		"queue in memory": {[]string{"sending_queue::storage=null", "sending_queue::queue_size=268435456"}, 100<<10 + inHand + queueOnTop},
	} {
		t.Run(name, func(t *testing.T) { longOutage(t, nil, agents, tt.limit, tt.settings...) })
	}
}

// podSettings are what docs/operations.md sets for a pod with 1 GiB, but for the size of the queue: what waits on disk takes
// no memory, and a quarter of that drains sooner.
var podSettings = []string{
	"sending_queue::num_consumers=4", "sending_queue::queue_size=268435456",
	"processors::memory_limiter::limit_mib=800", "processors::memory_limiter::spike_limit_mib=200",
}

// TestOutageInASmallPod runs the collector as docs/operations.md sizes it for a pod with 1 GiB, and floods it during a
// minute without PostgreSQL with the spans that take most memory for their bytes, and with the largest.
func TestOutageInASmallPod(t *testing.T) {
	for name, spans := range map[string]func(*rand.Rand) ptrace.Traces{"agents": agents, "tiny": tiny, "huge": huge} {
		t.Run(name, func(t *testing.T) {
			longOutage(t, []string{"GOMEMLIMIT=700MiB"}, spans, 1<<20, podSettings...)
		})
	}
}

func longOutage(t *testing.T, env []string, spansOf func(*rand.Rand) ptrace.Traces, limit int, settings ...string) {
	t.Helper()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	collector := collectWith(t, env, database, t.TempDir(), append(settings, quickRetries...)...)
	db := connect(t, database)
	f := startFlood(t, collector, spansOf)
	memory := watchMemory(t, collector.Pid())
	stored := 0 // when it was last known
	phase := func(name string, pass func()) {
		t.Helper()
		begin, taken, before := time.Now(), f.taken.Load(), stored
		pass()
		took := time.Since(begin).Seconds()
		if n := storedSpans(t, db); n > 0 {
			stored = n
		}
		anonymous, resident := memory.largest()
		t.Logf("%-7s %3.0f s: took %5.0f spans/s, stored %5.0f spans/s; at most %3d MB, %4d MB with mapped files",
			name, took, float64(f.taken.Load()-taken)/took, float64(stored-before)/took, anonymous>>10, resident>>10)
		require.Less(t, anonymous, limit, "kB")
	}
	progress(t, db)
	stored = storedSpans(t, db)
	first := stored
	phase("before", func() { <-time.After(soakSteady) })
	rate := float64(stored-first) / soakSteady.Seconds()
	require.NoError(t, pg.Stop())
	phase("outage", func() { <-time.After(soakOutage) })
	require.NoError(t, pg.Start(t.Context()))
	phase("return", func() { <-time.After(soakSteady) })
	spans := f.stop(t)
	// What waits is stored at no less than half the rate of before.
	drain := soakSlack + time.Duration(2*float64(spans-stored)/rate*float64(time.Second))
	phase("drain", func() {
		require.Eventually(t, func() bool { return storedSpans(t, db) >= spans }, drain, time.Second, "%d spans within %v", spans-stored, drain)
	})
	t.Logf("%d spans, %d MB, sent; requests were refused %d times; %d bytes a span on disk", spans, f.bytes.Load()>>20, f.refused.Load(),
		number(t.Context(), db, `SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'llm%'`)/max(spans, 1))
	rowcheck.Spans(t, db, spans)
}

// flood is load without a pace.
type flood struct {
	taken, bytes, refused atomic.Int64
	end                   chan struct{}
	clients               errgroup.Group
}

func startFlood(t *testing.T, collector *testserver.CollectorProcess, spansOf func(*rand.Rand) ptrace.Traces) *flood {
	t.Helper()
	f := &flood{end: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); _ = f.clients.Wait() })
	for n := range soakClients {
		to := client(t, collector)
		f.clients.Go(func() error {
			r := rand.New(rand.NewPCG(rand.Uint64(), uint64(n)))
			for {
				select {
				case <-f.end:
					return nil
				default:
				}
				td := spansOf(r)
				err := deliver(ctx, func(ctx context.Context, td ptrace.Traces) error {
					err := to(ctx, td)
					if err != nil {
						f.refused.Add(1)
					}
					return err
				}, td)
				if err != nil {
					return err
				}
				f.taken.Add(int64(td.SpanCount()))
				f.bytes.Add(int64((&ptrace.ProtoMarshaler{}).TracesSize(td)))
			}
		})
	}
	return f
}

// stop ends the clients once what they are sending has been taken, and returns the
// number of spans of all.
func (f *flood) stop(t *testing.T) int {
	t.Helper()
	close(f.end)
	require.NoError(t, f.clients.Wait())
	return int(f.taken.Load())
}

// tiny makes spans that say nothing.
func tiny(r *rand.Rand) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	now := pcommon.NewTimestampFromTime(time.Now())
	for range 200 {
		trace := randomTraceID(r)
		for range 5 {
			span := spans.AppendEmpty()
			span.SetTraceID(trace)
			span.SetSpanID(randomSpanID(r))
			span.SetName("s")
			span.SetStartTimestamp(now)
			span.SetEndTimestamp(now)
		}
	}
	return td
}

// huge makes a conversation in which a tool returns 8 MB.
func huge(r *rand.Rand) ptrace.Traces {
	td := conversation(r, 30, time.Now())
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr("gen_ai.tool.call.result",
		fmt.Sprint(r.Uint64(), strings.Repeat(longText, 200)))
	return td
}

// agents makes conversations of which each call repeats long instructions and each
// tool returns a text of its own.
func agents(r *rand.Rand) ptrace.Traces {
	td := ptrace.NewTraces()
	for td.SpanCount() < 100 {
		conversation(r, 2+r.IntN(8), time.Now()).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			switch span.Name() {
			case "chat":
				span.Attributes().PutStr("gen_ai.system_instructions", instructions[r.IntN(len(instructions))])
			case "execute_tool":
				span.Attributes().PutStr("gen_ai.tool.call.result", asJSON(fmt.Sprintf("%s %s", span.SpanID(), longText[r.IntN(len(longText)/2):][:4000])))
			}
		}
	}
	return td
}

var (
	longText     = noise(40_000)
	instructions = func() (all []string) {
		for size := 10_000; size <= 30_000; size += 2_000 {
			all = append(all, asJSON([]part{{"text", longText[:size]}}))
		}
		return all
	}()
)

// memory keeps the most that a process has taken.
type memory struct {
	mu                  sync.Mutex
	anonymous, resident int // kB
}

// watchMemory looks until the test ends.
func watchMemory(t *testing.T, pid int) *memory {
	t.Helper()
	m := &memory{}
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	t.Cleanup(func() { cancel(); watching.Wait() })
	watching.Go(func() {
		for tick := time.NewTicker(5 * glance); ctx.Err() == nil; <-tick.C {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err != nil {
				return // it has ended
			}
			m.mu.Lock()
			m.anonymous = max(m.anonymous, field(string(status), "RssAnon:"))
			m.resident = max(m.resident, field(string(status), "VmRSS:"))
			m.mu.Unlock()
		}
	})
	return m
}

// largest returns the most since it was last asked.
func (m *memory) largest() (anonymous, resident int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	anonymous, resident = m.anonymous, m.resident
	m.anonymous, m.resident = 0, 0
	return anonymous, resident
}

// field returns a number of /proc/PID/status.
func field(status, name string) (n int) {
	_, rest, _ := strings.Cut(status, name)
	_, _ = fmt.Sscan(rest, &n)
	return n
}

// TestHugeTrace stores a million spans of one trace.
func TestHugeTrace(t *testing.T) { largeTrace(t, 1_000_000) }

// TestWildSpansForLong is TestWildSpans with many more spans.
func TestWildSpansForLong(t *testing.T) { wildSpans(t, rand.Uint64(), 4000) }
