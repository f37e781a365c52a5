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
	g := &growth{now: time.Now().UTC(), seed: 1 << 32}
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
	grown, err := g.database(ctx)
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

// database returns the URL of growthDatabase, which it creates if it is missing.
func (g *growth) database(ctx context.Context) (_ string, err error) {
	conn, err := pgx.Connect(ctx, g.server)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	there := false
	if err := conn.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_database WHERE datname = $1", growthDatabase).Scan(&there); err != nil {
		return "", err
	}
	if !there {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+growthDatabase); err != nil {
			return "", err
		}
	}
	target, err := url.Parse(g.server)
	if err != nil {
		return "", errors.New("-server is malformed") // the error would quote the password
	}
	target.Path = "/" + growthDatabase
	return target.String(), nil
}

// fill stores spans until there are enough, oldest day first.
func (g *growth) fill(ctx context.Context, url string) (err error) {
	const callers = 4
	subject, err := startExporter(ctx, url, g.now, callers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop(context.WithoutCancel(ctx))) }()
	stored, err := countSpans(ctx, url)
	if err != nil {
		return err
	}
	begin, before := time.Now(), stored
	batches := make(chan batch, callers)
	group, ctx := errgroup.WithContext(ctx)
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
	group.Go(func() error {
		defer close(batches)
		for ; stored < g.spans; stored += g.batchSpans {
			td := buildSingle(g.nextSeed(stored), g.timeOf(stored), 1, g.batchSpans)[0]
			select {
			case batches <- batch{spans: td.SpanCount(), traces: td}:
			case <-ctx.Done():
				return ctx.Err()
			}
			if stored/1_000_000 != (stored+g.batchSpans)/1_000_000 {
				progress("filled %d of %d spans, %.0f spans/s", stored, g.spans, float64(stored-before)/time.Since(begin).Seconds())
			}
		}
		return nil
	})
	err = group.Wait()
	g.found.SpansStored = stored
	return err
}

// nextSeed gives every batch of a database words and ids of its own, also after a pause.
func (g *growth) nextSeed(stored int) uint64 { return uint64(g.now.UnixNano()) + uint64(stored) }

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
	var rates, wal [2][]float64
	var checkpoints [2]int64
	for range g.windows {
		for state, measure := range []func(context.Context) (sample, int64, error){
			g.measureEmpty,
			func(ctx context.Context) (sample, int64, error) { return g.measure(ctx, grown) },
		} {
			s, n, err := measure(ctx)
			if err != nil {
				return err
			}
			rates[state] = append(rates[state], s.rate())
			wal[state] = append(wal[state], float64(s.wal)/float64(s.spans))
			checkpoints[state] += n
			progress("%s: %.0f spans/s, %.0f bytes of WAL a span, %d checkpoints, p50 %s, p99 %s", []string{"empty", "grown"}[state], s.rate(),
				float64(s.wal)/float64(s.spans), n, percentile(s.latencies, 50), percentile(s.latencies, 99))
			printPhases(os.Stderr, "  phases", []sample{s})
		}
	}
	g.found.Callers = g.callers
	g.found.EmptySpansPerS, g.found.GrownSpansPerS = median(rates[0]), median(rates[1])
	g.found.Ratio = g.found.GrownSpansPerS / g.found.EmptySpansPerS
	g.found.EmptyWALPerSpan, g.found.GrownWALPerSpan = median(wal[0]), median(wal[1])
	g.found.EmptyCheckpoints, g.found.GrownCheckpoints = checkpoints[0], checkpoints[1]
	return nil
}

func (g *growth) measureEmpty(ctx context.Context) (_ sample, _ int64, err error) {
	url, drop, err := testserver.CreateDatabase(ctx, g.server)
	if err != nil {
		return sample{}, 0, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return g.measure(ctx, url)
}

// measure stores a window of new spans of today and counts the checkpoints meanwhile.
func (g *growth) measure(ctx context.Context, url string) (s sample, checkpoints int64, err error) {
	subject, err := startExporter(ctx, url, g.now, g.callers)
	if err != nil {
		return s, 0, err
	}
	defer func() { err = errors.Join(err, subject.stop(context.WithoutCancel(ctx))) }()
	g.seed++
	l := &load{}
	for _, td := range buildSingle(uint64(g.now.UnixNano())+g.seed, g.now, g.window/g.batchSpans, g.batchSpans) {
		l.measured = append(l.measured, batch{spans: td.SpanCount(), traces: td})
	}
	l.spans = spansOf(l.measured)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return s, 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	before, err := countCheckpoints(ctx, conn)
	if err != nil {
		return s, 0, err
	}
	if s, err = observe(ctx, conn, subject, l, 0, g.callers); err != nil {
		return s, 0, err
	}
	after, err := countCheckpoints(ctx, conn)
	return s, after - before - 1, err // observe begins with one
}

func countCheckpoints(ctx context.Context, conn *pgx.Conn) (n int64, err error) {
	sql := "SELECT num_timed + num_requested FROM pg_stat_checkpointer"
	if separate := conn.QueryRow(ctx, "SELECT to_regclass('pg_catalog.pg_stat_checkpointer') IS NOT NULL"); separate != nil {
		var ok bool
		if err := separate.Scan(&ok); err != nil {
			return 0, err
		}
		if !ok { // before version 17
			sql = "SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter"
		}
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
