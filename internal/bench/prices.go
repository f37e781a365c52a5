package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// pricing measures how long the calls of a past month take to follow a price that is added, corrected and removed,
// and how fast the exporter writes meanwhile.
type pricing struct {
	calls, days, callers int
	warm, quiet          time.Duration
	settings, out        string

	db      *pgxpool.Pool
	subject subject
	today   time.Time
	writing sync.RWMutex // callers write with it, folding stops them
	written atomic.Int64 // spans
	seed    atomic.Uint64
	found   pricingResult
}

// pricingResult is build/bench-prices.json.
type pricingResult struct {
	Calls        int            `json:"calls"`
	Days         int            `json:"days"`
	Callers      int            `json:"callers"`
	QuietSpansPS []float64      `json:"quiet_spans_per_s"`
	Changes      []pricingPhase `json:"changes"`
}

// pricingPhase is how the past followed one change.
type pricingPhase struct {
	Change string `json:"change"`
	// WaitSeconds is how long it takes until a collector has seen the change.
	WaitSeconds float64 `json:"wait_seconds"`
	// PricedSeconds is from there until all views have the new costs of the past.
	PricedSeconds float64 `json:"priced_seconds"`
	// DoneSeconds is from the change until the traces, too, are priced to which batches may have come meanwhile
	// with estimates of before.
	DoneSeconds float64 `json:"done_seconds"`
	// WriteRatio is how fast the exporter wrote while the past was priced, compared to the mean of the quiet times before and after.
	WriteRatio float64 `json:"write_ratio"`
	// FoldSeconds is how long it takes to store the sums of all hours again, while nobody writes.
	FoldSeconds float64 `json:"fold_seconds"`
}

func (p *pricing) parse(args []string) error {
	flags := flag.NewFlagSet("bench prices", flag.ContinueOnError)
	flags.IntVar(&p.calls, "calls", 1_000_000, "calls of the past")
	flags.IntVar(&p.days, "days", 30, "days before today that they are spread over")
	flags.IntVar(&p.callers, "callers", 2, "concurrent callers that write meanwhile")
	flags.DurationVar(&p.warm, "warm", 2*time.Minute, "how long callers write first: growing tables and the first checkpoints slow the writing at its beginning")
	flags.DurationVar(&p.quiet, "quiet", 30*time.Second, "how long writing by itself is measured, before and after each change")
	flags.StringVar(&p.settings, "settings", "shared_buffers=4GB,max_wal_size=16GB", "of the private server; as docs/operations.md advises, unless told otherwise")
	flags.StringVar(&p.out, "out", "build/bench-prices.json", "where the figures go")
	return flags.Parse(args)
}

// priceChanges change what the calls of buildSingle cost; the last figures are USD per million.
var priceChanges = []struct {
	name, sql     string
	input, output float64 // zero: as before all changes
}{
	{"add", "INSERT INTO llm_prices (model, match, valid_to, input, output) VALUES ('gpt-4o', 'prefix', date_trunc('day', now(), 'UTC'), 2, 8)", 2, 8},
	{"correct", "UPDATE llm_prices SET output = 9 WHERE NOT built_in", 2, 9},
	{"remove", "DELETE FROM llm_prices WHERE NOT built_in", 0, 0},
}

func measurePrices(ctx context.Context, args []string) (err error) {
	p := &pricing{today: time.Now().UTC().Truncate(24 * time.Hour)}
	if err := p.parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	settings, err := withSettings(growthSettings, p.settings)
	if err != nil {
		return err
	}
	pg, err := testserver.StartPostgres(ctx, testserver.PostgresOptions{Durable: true, Settings: settings})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Remove()) }()
	url, drop, err := testserver.CreateDatabase(ctx, pg.URL(""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	if p.db, err = pgxpool.New(ctx, url); err != nil {
		return err
	}
	defer p.db.Close()
	p.subject, err = startConfigured(ctx, url, p.callers, func(c *llmobservatoryexporter.Config) {
		c.TimeoutConfig.Timeout = 30 * time.Second // as users have: so long may batches come with estimates of before
		c.Content.Capture = "metadata"             // words cost nothing
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.subject.stop(context.WithoutCancel(ctx))) }()
	if err := p.fill(ctx); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return p.measure(ctx)
}

const pricesBatch = 3 * 1365 // spans, of three a call

// fill stores the past, with its hours folded.
func (p *pricing) fill(ctx context.Context) error {
	begin := time.Now()
	batches := p.calls * 3 / pricesBatch
	from := p.today.AddDate(0, 0, -p.days)
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for n := range batches {
		group.Go(func() error {
			return p.write(inner, from.Add(p.today.Sub(from)/time.Duration(batches)*time.Duration(n)))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	progress("%d calls are stored after %s", p.calls, time.Since(begin).Round(time.Second))
	for now := p.today; now.After(from); now = now.AddDate(0, 0, -1) { // as collectors have left each day
		if err := upkeep.Freeze(ctx, p.db, "public", now); err != nil {
			return err
		}
	}
	if _, err := p.db.Exec(ctx, "VACUUM (ANALYZE) llm_traces"); err != nil {
		return err
	}
	if err := p.done(ctx); err != nil { // the built-in prices are new, too
		return err
	}
	if _, err := upkeep.FoldUsage(ctx, p.db, "public", time.Now()); err != nil {
		return err
	}
	progress("the past is ready after %s", time.Since(begin).Round(time.Second))
	return nil
}

// write stores a batch of calls that begin at a time.
func (p *pricing) write(ctx context.Context, at time.Time) error {
	td := buildSingle(p.seed.Add(1), at, 1, pricesBatch)[0]
	if err := p.subject.write(ctx, &batch{spans: td.SpanCount(), traces: td}); err != nil {
		return err
	}
	p.written.Add(int64(td.SpanCount()))
	return nil
}

// priced returns once no day is being priced again.
func (p *pricing) priced(ctx context.Context) error {
	return p.until(ctx, `SELECT NOT EXISTS (SELECT FROM llm_internal_days_to_price)`)
}

// done returns once no day is to be priced again.
func (p *pricing) done(ctx context.Context) error {
	return p.until(ctx, `SELECT NOT EXISTS (SELECT FROM llm_internal_days_to_price) AND NOT EXISTS (SELECT FROM llm_internal_price_changes WHERE ready_at < now() + interval '10 minutes')`)
}

// folded returns once the sums of all hours of the past are stored.
func (p *pricing) folded(ctx context.Context) error {
	return p.until(ctx, `SELECT NOT EXISTS (SELECT FROM llm_usage_hours WHERE hour < $1)`, p.today)
}

func (p *pricing) until(ctx context.Context, sql string, args ...any) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var done bool
		if err := p.db.QueryRow(ctx, sql, args...).Scan(&done); err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// measure changes prices while callers write.
func (p *pricing) measure(ctx context.Context) error {
	writing, stop := context.WithCancel(ctx)
	var writers errgroup.Group
	for range p.callers {
		writers.Go(func() error {
			for writing.Err() == nil {
				p.writing.RLock()
				err := p.write(ctx, time.Now().UTC()) // an hour that is not folded yet
				p.writing.RUnlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := p.changes(ctx)
	stop()
	if err := errors.Join(err, writers.Wait()); err != nil {
		return err
	}
	p.found.Calls, p.found.Days, p.found.Callers = p.calls, p.days, p.callers
	text, err := json.MarshalIndent(p.found, "", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", text)
	return os.WriteFile(p.out, append(text, '\n'), 0o644)
}

func (p *pricing) changes(ctx context.Context) error {
	if err := sleep.For(ctx, p.warm); err != nil {
		return err
	}
	before, err := p.rate(ctx, p.quietly)
	if err != nil {
		return err
	}
	p.found.QuietSpansPS = []float64{before}
	for _, change := range priceChanges {
		phase := pricingPhase{Change: change.name}
		priced, err := p.follow(ctx, change.sql, &phase)
		if err != nil {
			return err
		}
		if change.output > 0 {
			if err := p.check(ctx, change.input, change.output); err != nil {
				return fmt.Errorf("%s: %w", change.name, err)
			}
		}
		after, err := p.rate(ctx, p.quietly)
		if err != nil {
			return err
		}
		phase.WriteRatio = priced / ((before + after) / 2)
		if err := p.fold(ctx, &phase); err != nil {
			return err
		}
		before = after
		p.found.QuietSpansPS, p.found.Changes = append(p.found.QuietSpansPS, after), append(p.found.Changes, phase)
		progress("%s: %+v; by itself %.0f spans/s", change.name, phase, after)
	}
	return nil
}

// follow makes a change, waits until the past has followed, and returns how many spans a second were written meanwhile.
func (p *pricing) follow(ctx context.Context, change string, phase *pricingPhase) (priced float64, err error) {
	changed := time.Now()
	if _, err := p.db.Exec(ctx, change); err != nil {
		return 0, err
	}
	if err := p.until(ctx, `SELECT EXISTS (SELECT FROM llm_internal_days_to_price)`); err != nil {
		return 0, err
	}
	begin := time.Now()
	phase.WaitSeconds = begin.Sub(changed).Seconds()
	if priced, err = p.rate(ctx, p.priced); err != nil {
		return 0, err
	}
	phase.PricedSeconds = time.Since(begin).Seconds()
	err = p.done(ctx)
	phase.DoneSeconds = time.Since(changed).Seconds()
	return priced, err
}

// fold stores the sums of all hours of the past, while nobody writes: the next change must not pay for it, and what
// callers write until collectors get round to it fills a disk.
func (p *pricing) fold(ctx context.Context, phase *pricingPhase) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	begin := time.Now()
	if _, err := upkeep.FoldUsage(ctx, p.db, "public", time.Now()); err != nil {
		return err
	}
	if err := p.folded(ctx); err != nil {
		return err
	}
	phase.FoldSeconds = time.Since(begin).Seconds()
	return nil
}

func (p *pricing) quietly(ctx context.Context) error { return sleep.For(ctx, p.quiet) }

// rate is how many spans a second are written while something goes on.
func (p *pricing) rate(ctx context.Context, during func(context.Context) error) (float64, error) {
	begin, before := time.Now(), p.written.Load()
	err := during(ctx)
	return float64(p.written.Load()-before) / time.Since(begin).Seconds(), err
}

// check compares the sums of the past with the price of its tokens.
func (p *pricing) check(ctx context.Context, input, output float64) error {
	var agree bool
	err := p.db.QueryRow(ctx, `SELECT s.cost > 0 AND s.cost = t.cost FROM
		(SELECT sum(input_tokens * $2::numeric + output_tokens * $3::numeric) / 1000000 AS cost FROM llm_spans WHERE kind = 'llm' AND start_time < $1) s,
		(SELECT sum(total_cost) AS cost FROM llm_traces WHERE start_time < $1) t`, p.today, input, output).Scan(&agree)
	if err == nil && !agree {
		err = errors.New("the traces of the past do not cost what their tokens cost")
	}
	return err
}
