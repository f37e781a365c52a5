package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// growthDatabase is filled; a second run on the same server goes on where the first ended.
const growthDatabase = "llmobs_growth"

// growthSettings leave checkpoints and autovacuum to PostgreSQL's defaults: they belong to what is measured.
var growthSettings = map[string]string{
	"shared_buffers":            "1GB",
	"max_wal_size":              "1GB",
	"default_toast_compression": "lz4",
}

// growth compares the exporter on empty tables with the exporter on tables that hold many spans.
type growth struct {
	server                                string
	spans, window, windows, callers, days int
	batchSpans                            int
	settings, out                         string
	now                                   time.Time
	seed                                  uint64
	found                                 growthResult
}

// growthResult is build/bench-growth.json: medians over the windows.
type growthResult struct {
	SpansStored      int     `json:"spans_stored"`
	Callers          int     `json:"callers"`
	EmptySpansPerS   float64 `json:"empty_spans_per_s"`
	GrownSpansPerS   float64 `json:"grown_spans_per_s"`
	Ratio            float64 `json:"ratio"`
	EmptyWALPerSpan  float64 `json:"empty_wal_bytes_per_span"`
	GrownWALPerSpan  float64 `json:"grown_wal_bytes_per_span"`
	EmptyCheckpoints int64   `json:"empty_checkpoints"` // in all windows
	GrownCheckpoints int64   `json:"grown_checkpoints"`
}

func (g *growth) parse(args []string) error {
	flags := flag.NewFlagSet("bench growth", flag.ContinueOnError)
	flags.StringVar(&g.server, "server", "", "URL of a server to use instead of a private one; it keeps the database "+growthDatabase+", and a second run goes on with it")
	flags.IntVar(&g.spans, "spans", 20_000_000, "spans to store before the second measurement")
	flags.IntVar(&g.days, "days", 10, "days that they are spread over; the last is today")
	flags.IntVar(&g.window, "window", 500_000, "spans of a measurement")
	flags.IntVar(&g.windows, "windows", 3, "measurements of each state")
	flags.IntVar(&g.callers, "callers", 1, "concurrent callers while measuring")
	flags.IntVar(&g.batchSpans, "batch", 4096, "spans of a batch")
	flags.StringVar(&g.settings, "settings", "", "of the private server, e.g. max_wal_size=8GB,wal_compression=lz4")
	flags.StringVar(&g.out, "out", "build/bench-growth.json", "where the figures go")
	return flags.Parse(args)
}

func grow(ctx context.Context, args []string) (err error) {
	g := &growth{now: time.Now().UTC()}
	g.seed = uint64(g.now.UnixNano())
	if err := g.parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if g.server == "" {
		settings, err := withSettings(growthSettings, g.settings)
		if err != nil {
			return err
		}
		pg, err := testserver.StartPostgres(ctx, testserver.PostgresOptions{Durable: true, Settings: settings})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pg.Remove()) }()
		g.server = pg.URL("")
	}
	grown, _, err := openDatabase(ctx, g.server, growthDatabase)
	if err != nil {
		return err
	}
	if err := g.fill(ctx, grown); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	if err := g.compare(ctx, grown); err != nil {
		return err
	}
	return g.report()
}

// withSettings adds a list of name=value, separated by commas.
func withSettings(settings map[string]string, list string) (map[string]string, error) {
	settings = maps.Clone(settings)
	for entry := range strings.SplitSeq(list, ",") {
		if entry == "" {
			continue
		}
		name, value, ok := strings.Cut(entry, "=")
		if !ok {
			return nil, fmt.Errorf("-settings: %q is not valid: must be name=value", entry)
		}
		settings[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return settings, nil
}

// openDatabase returns the URL of a database of server, which it creates if it is missing.
func openDatabase(ctx context.Context, server, name string) (_ string, created bool, err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	there := false
	if err := conn.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_database WHERE datname = $1", name).Scan(&there); err != nil {
		return "", false, err
	}
	if !there {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			return "", false, err
		}
	}
	target, err := url.Parse(server)
	if err != nil {
		return "", false, errors.New("-server is malformed") // the error would quote the password
	}
	target.Path = "/" + name
	return target.String(), !there, nil
}

// fill stores spans until there are enough, oldest day first.
func (g *growth) fill(ctx context.Context, url string) (err error) {
	const callers = 4
	subject, err := startExporter(ctx, url, g.now, callers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop(context.WithoutCancel(ctx))) }()
	if g.found.SpansStored, err = countSpans(ctx, url); err != nil {
		return err
	}
	batches := make(chan batch, callers)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return g.generate(ctx, batches)
	})
	for range callers {
		group.Go(func() error {
			for b := range batches {
				if err := subject.write(ctx, &b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// generate makes the batches that are missing.
func (g *growth) generate(ctx context.Context, batches chan<- batch) error {
	const report = 1_000_000
	begin, before := time.Now(), g.found.SpansStored
	for stored := &g.found.SpansStored; *stored < g.spans; {
		td := buildSingle(g.nextSeed(), g.timeOf(*stored), 1, g.batchSpans)[0]
		select {
		case batches <- batch{spans: td.SpanCount(), traces: td}:
		case <-ctx.Done():
			return ctx.Err()
		}
		reported := *stored / report
		*stored += td.SpanCount()
		if *stored/report != reported {
			progress("filled %d of %d spans, %.0f spans/s", *stored, g.spans, float64(*stored-before)/time.Since(begin).Seconds())
		}
	}
	return nil
}

// nextSeed gives every batch words and ids of its own, in a later run as well.
func (g *growth) nextSeed() uint64 {
	g.seed++
	return g.seed
}

// timeOf spreads the spans evenly over the days before now.
func (g *growth) timeOf(stored int) time.Time {
	begin := g.now.Truncate(24*time.Hour).AddDate(0, 0, 1-g.days)
	return begin.Add(time.Duration(float64(g.now.Sub(begin)) * float64(stored) / float64(g.spans)))
}

func countSpans(ctx context.Context, url string) (n int, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return n, conn.QueryRow(ctx, "SELECT count(*) FROM llm_spans").Scan(&n)
}

// compare measures empty and grown tables in turn.
func (g *growth) compare(ctx context.Context, grown string) error {
	var empties, growns []window
	for range g.windows {
		empty, err := g.measureEmpty(ctx)
		if err != nil {
			return err
		}
		empties = append(empties, empty)
		empty.show("empty")
		full, err := g.measure(ctx, grown)
		if err != nil {
			return err
		}
		growns = append(growns, full)
		full.show("grown")
	}
	f := &g.found
	f.Callers = g.callers
	f.EmptySpansPerS, f.EmptyWALPerSpan, f.EmptyCheckpoints = condense(empties)
	f.GrownSpansPerS, f.GrownWALPerSpan, f.GrownCheckpoints = condense(growns)
	f.Ratio = f.GrownSpansPerS / f.EmptySpansPerS
	return nil
}

// window is a measurement with the checkpoints that fell into it.
type window struct {
	sample
	checkpoints int64
}

func (w *window) show(state string) {
	progress("%s: %.0f spans/s, %.0f bytes of WAL a span, %d checkpoints, p50 %s, p99 %s", state, w.rate(),
		float64(w.wal)/float64(w.spans), w.checkpoints, percentile(w.latencies, 50), percentile(w.latencies, 99))
	printPhases(os.Stderr, state, []sample{w.sample})
}

// condense returns the medians of the windows and the sum of their checkpoints.
func condense(windows []window) (rate, walPerSpan float64, checkpoints int64) {
	var rates, wal []float64
	for i := range windows {
		rates = append(rates, windows[i].rate())
		wal = append(wal, float64(windows[i].wal)/float64(windows[i].spans))
		checkpoints += windows[i].checkpoints
	}
	return median(rates), median(wal), checkpoints
}

func (g *growth) measureEmpty(ctx context.Context) (_ window, err error) {
	url, drop, err := testserver.CreateDatabase(ctx, g.server)
	if err != nil {
		return window{}, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return g.measure(ctx, url)
}

// measure stores a window of new spans of today.
func (g *growth) measure(ctx context.Context, url string) (w window, err error) {
	subject, err := startExporter(ctx, url, g.now, g.callers)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, subject.stop(context.WithoutCancel(ctx))) }()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	l := &load{}
	for _, td := range buildSingle(g.nextSeed(), g.now, g.window/g.batchSpans, g.batchSpans) {
		l.measured = append(l.measured, batch{spans: td.SpanCount(), traces: td})
	}
	l.spans = spansOf(l.measured)
	before, err := countCheckpoints(ctx, conn)
	if err != nil {
		return w, err
	}
	if w.sample, err = observe(ctx, conn, subject, l, 0, g.callers); err != nil {
		return w, err
	}
	after, err := countCheckpoints(ctx, conn)
	w.checkpoints = after - before - 1 // observe begins with one
	return w, err
}

// countCheckpoints returns how many there were since the server started.
func countCheckpoints(ctx context.Context, conn *pgx.Conn) (n int64, err error) {
	since17 := false
	if err := conn.QueryRow(ctx, "SELECT to_regclass('pg_catalog.pg_stat_checkpointer') IS NOT NULL").Scan(&since17); err != nil {
		return 0, err
	}
	sql := "SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter"
	if since17 {
		sql = "SELECT num_timed + num_requested FROM pg_stat_checkpointer"
	}
	return n, conn.QueryRow(ctx, sql).Scan(&n)
}

func (g *growth) report() error {
	f := g.found
	fmt.Printf("%d spans stored, %d callers: %.0f spans/s; empty: %.0f spans/s; ratio %.2f\n"+
		"WAL bytes a span: %.0f, empty: %.0f; checkpoints: %d, empty: %d\n",
		f.SpansStored, f.Callers, f.GrownSpansPerS, f.EmptySpansPerS, f.Ratio,
		f.GrownWALPerSpan, f.EmptyWALPerSpan, f.GrownCheckpoints, f.EmptyCheckpoints)
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(g.out, text)
}
