package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "growth" {
		return grow(ctx, args[1:])
	}
	if len(args) > 0 && args[0] == "read" {
		return measureReads(ctx, args[1:])
	}
	if len(args) > 0 && args[0] == "prices" {
		return measurePrices(ctx, args[1:])
	}
	return compare(ctx, args)
}

// comparison is what `bench` measures.
type comparison struct {
	workloads, subjects, callers string
	rounds, batches, batchSpans  int
	micro                        bool
	out, cpuProfile              string
	settings, serverLog          string
}

func (c *comparison) parse(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&c.workloads, "workloads", "single,agent,small", "what to send; also calls, the same as events, ongoing calls of sessions that go on, the same as ongoingevents, bare calls without words, the same as requestspans and requests, as Claude Code writes spans and records, and plain log records")
	flags.StringVar(&c.subjects, "subjects", "copy,exporter,collector", "what to send it with")
	flags.StringVar(&c.callers, "callers", "1,4", "numbers of concurrent callers")
	flags.IntVar(&c.rounds, "rounds", 5, "measurements of each subject")
	flags.IntVar(&c.batches, "batches", 0, "batches of a measurement (default: by workload)")
	flags.IntVar(&c.batchSpans, "batch", 0, "spans of a batch (default: by workload)")
	flags.BoolVar(&c.micro, "micro", true, "also measure many callers on one trace, and the look-up of a trace in the local cache")
	flags.StringVar(&c.out, "out", "build/bench.json", "where the figures go")
	flags.StringVar(&c.cpuProfile, "cpuprofile", "", "where a CPU profile of this process goes, labelled by workload, subject and callers")
	flags.StringVar(&c.settings, "settings", "", "more settings of PostgreSQL, e.g. log_min_duration_statement=100,wal_compression=lz4")
	flags.StringVar(&c.serverLog, "serverlog", "", "where PostgreSQL's log goes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return nil
}

// compare measures every subject on every workload.
func compare(ctx context.Context, args []string) (err error) {
	var c comparison
	if err := c.parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	callers, err := numbers(c.callers)
	if err != nil {
		return err
	}
	chosen, err := withSettings(settings, c.settings)
	if err != nil {
		return err
	}
	pg, err := testserver.StartPostgres(ctx, testserver.PostgresOptions{Durable: true, Settings: chosen})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keepLog(pg, c.serverLog), pg.Remove()) }()
	stopProfile, err := startProfile(c.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	b := &bench{server: pg.URL(""), pid: pg.Process().Pid(), day: time.Now().UTC().Truncate(24 * time.Hour)}
	results, err := b.workloads(ctx, &c, callers)
	if err != nil {
		return err
	}
	err = errors.Join(printTable(os.Stdout, results), writeJSON(c.out, results))
	printRatios(os.Stdout, results)
	if err != nil || !c.micro {
		return err
	}
	return errors.Join(b.oneTrace(ctx, c.rounds), lookUp(ctx))
}

func (b *bench) workloads(ctx context.Context, c *comparison, callers []int) ([]result, error) {
	var results []result
	for _, w := range slices.Concat(workloads, recordWorkloads) {
		if !listed(c.workloads, w.name) {
			continue
		}
		w.resize(c.batches, c.batchSpans)
		found, err := b.rounds(ctx, &w, c, callers)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		results = append(results, found...)
	}
	relate(results)
	return results, nil
}

// rounds measures the subjects in turn, again and again, so that whatever else the machine does meets all of
// them alike.
func (b *bench) rounds(ctx context.Context, w *workload, c *comparison, callers []int) ([]result, error) {
	progress("%s: building %d batches of %d spans", w.name, w.batches, w.batchSpans)
	l, err := w.load(b.day, slices.Max(callers))
	if err != nil {
		return nil, err
	}
	var results []result
	for _, n := range callers {
		samples := map[string][]sample{}
		for round := range c.rounds {
			for _, s := range subjects {
				if !listed(c.subjects, s.name) || w.buildLogs != nil && s.name != "exporter" {
					continue
				}
				measured, err := b.measure(pprof.WithLabels(ctx, pprof.Labels("workload", w.name)), s.name, s.start, l, n)
				if err != nil {
					return nil, fmt.Errorf("%s with %d callers: %w", s.name, n, err)
				}
				samples[s.name] = append(samples[s.name], measured)
				progress("%s: round %d, %d callers, %s: %.0f spans/s", w.name, round+1, n, s.name, measured.rate())
			}
		}
		for _, s := range subjects {
			if found := samples[s.name]; found != nil {
				results = append(results, summarise(w.name, s.name, n, found))
				title := fmt.Sprintf("%s, %s, %d callers", w.name, s.name, n)
				printPhases(os.Stderr, title, found)
				printServerCPU(os.Stderr, title, found)
				printTables(os.Stderr, title, &found[0])
			}
		}
	}
	return results, nil
}

func keepLog(pg *testserver.PG, path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(pg.Log()), 0o600)
}

// startProfile profiles this process until the returned function is called.
func startProfile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// listed reports whether a comma-separated list holds name.
func listed(list, name string) bool {
	for entry := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(entry) == name {
			return true
		}
	}
	return false
}

func numbers(list string) ([]int, error) {
	var found []int
	for entry := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(entry))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-callers %s: %q is not valid: must be numbers above 0, separated by commas", list, entry)
		}
		found = append(found, n)
	}
	return found, nil
}
