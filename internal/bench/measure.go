package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// settings make runs comparable: no checkpoint and no autovacuum falls into a measurement by chance. What a
// commit promises is untouched: fsync, full_page_writes and synchronous_commit are on.
var settings = map[string]string{
	"shared_buffers":            "1GB",
	"max_wal_size":              "16GB",
	"checkpoint_timeout":        "1h",
	"autovacuum":                "off",
	"default_toast_compression": "lz4",
	"synchronous_commit":        "on",
}

// sample is what one measurement found.
type sample struct {
	spans     int
	elapsed   time.Duration // until everything was committed
	used      usage
	wal       int64   // bytes
	tables    []table // what they grew by
	latencies []time.Duration
	serverCPU time.Duration
}

// bench measures on one server.
type bench struct {
	server string    // URL
	pid    int       // of the server
	day    time.Time // begin of the UTC day that the workloads fit into, and so into one partition
}

// measure runs a subject on an empty database.
func (b *bench) measure(ctx context.Context, name string, start startFunc, l *load, callers int) (s sample, err error) {
	url, drop, err := testserver.CreateDatabase(ctx, b.server)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	if name == "copy" {
		l.makeRows()
		defer l.dropRows()
	}
	subject, err := start(ctx, url, b.day, callers)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, subject.stop(context.WithoutCancel(ctx))) }()
	if _, err := send(ctx, subject, l.warmUp, callers); err != nil {
		return s, fmt.Errorf("warm up: %w", err)
	}
	warm := spansOf(l.warmUp)
	if err := subject.settle(ctx, warm); err != nil {
		return s, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	labels := pprof.Labels("subject", name, "callers", strconv.Itoa(callers))
	pprof.Do(ctx, labels, func(ctx context.Context) {
		before := serverCPU(b.pid)
		s, err = observe(ctx, conn, subject, l, warm, callers)
		s.serverCPU = serverCPU(b.pid) - before
	})
	return s, err
}

// observe sends the measured batches and takes the figures before and after.
func observe(ctx context.Context, conn *pgx.Conn, subject subject, l *load, warm, callers int) (s sample, err error) {
	runtime.GC()
	idle, err := idleCPU(ctx, subject)
	if err != nil {
		return s, err
	}
	// The first change of a page after a checkpoint writes the whole page to the WAL: all subjects start here.
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
		return s, err
	}
	before, err := sizes(ctx, conn)
	if err != nil {
		return s, err
	}
	usedBefore, err := subject.used(ctx)
	if err != nil {
		return s, err
	}
	begin := time.Now()
	if s.latencies, err = send(ctx, subject, l.measured, callers); err != nil {
		return s, err
	}
	if err := subject.settle(ctx, warm+l.spans); err != nil {
		return s, err
	}
	s.elapsed, s.spans = time.Since(begin), l.spans
	usedAfter, err := subject.used(ctx)
	if err != nil {
		return s, err
	}
	s.used = usedAfter.since(usedBefore)
	s.used.cpu -= time.Duration(idle * float64(s.elapsed))
	after, err := sizes(ctx, conn)
	s.wal, s.tables = after.wal-before.wal, grown(before.tables, after.tables)
	return s, err
}

// idleCPU is the share of a CPU that a subject takes with nothing to do.
func idleCPU(ctx context.Context, subject subject) (float64, error) {
	const watched = 200 * time.Millisecond
	before, err := subject.used(ctx)
	if err != nil {
		return 0, err
	}
	time.Sleep(watched)
	after, err := subject.used(ctx)
	return float64(after.since(before).cpu) / float64(watched), err
}

// send lets callers take the batches in turn and returns how long each took.
func send(ctx context.Context, subject subject, batches []batch, callers int) ([]time.Duration, error) {
	latencies := make([]time.Duration, len(batches))
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range callers {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(batches)); i = next.Add(1) - 1 {
				begin := time.Now()
				if err := subject.write(ctx, &batches[i]); err != nil {
					return err
				}
				latencies[i] = time.Since(begin)
			}
			return nil
		})
	}
	return latencies, group.Wait()
}

// rate is spans a second.
func (s *sample) rate() float64 { return float64(s.spans) / s.elapsed.Seconds() }

// stored is the bytes of all tables with indexes and TOAST.
func (s *sample) stored() int64 {
	total := int64(0)
	for i := range s.tables {
		total += s.tables[i].total()
	}
	return total
}

// written is what the server has written so far.
type written struct {
	wal    int64
	tables []table
}

func sizes(ctx context.Context, conn *pgx.Conn) (w written, err error) {
	if err = conn.QueryRow(ctx, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").Scan(&w.wal); err != nil {
		return w, err
	}
	w.tables, err = tableSizes(ctx, conn)
	return w, err
}

func spansOf(batches []batch) int {
	total := 0
	for i := range batches {
		total += batches[i].spans
	}
	return total
}

// median of at least one value.
func median[T int64 | uint64 | float64 | time.Duration](values []T) T {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// percentile returns the smallest value that p percent of the values do not exceed.
func percentile(values []time.Duration, p int) time.Duration {
	values = slices.Sorted(slices.Values(values))
	return values[(len(values)*p+99)/100-1]
}
