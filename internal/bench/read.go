package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// readDatabase is filled once; a second run on the same server asks it as it is.
const readDatabase = "llmobs_read"

// readSettings are PostgreSQL's defaults as far as queries go, except for the memory that a server of its own gets and
// for jit, as docs/operations.md advises.
// The rest makes filling faster: a day's partition is written without WAL.
var readSettings = map[string]string{
	"shared_buffers":            "2GB",
	"jit":                       "off",
	"max_wal_size":              "8GB",
	"wal_level":                 "minimal",
	"max_wal_senders":           "0",
	"autovacuum":                "off",
	"synchronize_seqscans":      "off",
	"default_toast_compression": "lz4",
}

// reading measures what readers ask of a database with many spans.
type reading struct {
	server            string
	spans, days, runs int
	only, out         string
	now               time.Time
}

// readResult is a row of build/bench-read.json.
type readResult struct {
	Query      string  `json:"query"`
	P50Millis  float64 `json:"p50_ms"`
	P95Millis  float64 `json:"p95_ms"`
	GoalMillis float64 `json:"goal_p95_ms"`
	Rows       int     `json:"rows"`
	Partitions int     `json:"partitions"` // of llm_spans and llm_contents that were read
}

func (r *reading) parse(args []string) error {
	flags := flag.NewFlagSet("bench read", flag.ContinueOnError)
	flags.StringVar(&r.server, "server", "", "URL of a server to use instead of a private one; it keeps the database "+readDatabase+", and a second run asks it as it is")
	flags.IntVar(&r.spans, "spans", 20_000_000, "spans to store")
	flags.IntVar(&r.days, "days", 30, "days that they are spread over; the last is today")
	flags.IntVar(&r.runs, "runs", 50, "runs of each query, after three that warm up")
	flags.StringVar(&r.only, "queries", "", "names of the queries to run, separated by commas (default: all)")
	flags.StringVar(&r.out, "out", "build/bench-read.json", "where the figures go")
	return flags.Parse(args)
}

func measureReads(ctx context.Context, args []string) (err error) {
	r := &reading{now: time.Now().UTC()}
	if err := r.parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if r.server == "" {
		pg, err := testserver.StartPostgres(ctx, testserver.PostgresOptions{Settings: readSettings})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pg.Remove()) }()
		r.server = pg.URL("")
	}
	url, created, err := openDatabase(ctx, r.server, readDatabase)
	if err != nil {
		return err
	}
	if created {
		if err := r.fill(ctx, url); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	newest, err := newestCall(ctx, conn)
	if err != nil {
		return err
	}
	var results []readResult
	for _, q := range readQueries {
		if r.only != "" && !listed(r.only, q.name) {
			continue
		}
		result, err := r.measure(ctx, conn, &q, newest)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		progress("%s: p50 %.1f ms, p95 %.1f ms", q.name, result.P50Millis, result.P95Millis)
		results = append(results, result)
	}
	return r.report(results)
}

// newestCall is what queries take for now(), since filling takes long.
func newestCall(ctx context.Context, conn *pgx.Conn) (began time.Time, err error) {
	err = conn.QueryRow(ctx, `SELECT max(start_time) FROM llm_spans WHERE kind = 'llm'`).Scan(&began)
	return began, err
}

// measure runs a query again and again. Each run plans anew, as it does for psql and dashboards.
func (r *reading) measure(ctx context.Context, conn *pgx.Conn, q *readQuery, newest time.Time) (result readResult, err error) {
	const warmUps = 3
	result = readResult{Query: q.name, GoalMillis: micros(q.goal) / 1000}
	// Not a constant to the planner, as now() is not.
	sql := strings.ReplaceAll(q.sql, "now()", fmt.Sprintf("(now() - interval '%f s')", time.Since(newest).Seconds()))
	var args []any
	if q.args != "" {
		if args, err = firstRow(ctx, conn, q.args); err != nil {
			return result, err
		}
	}
	latencies := make([]time.Duration, r.runs)
	for run := -warmUps; run < r.runs; run++ {
		begin := time.Now()
		if result.Rows, err = countRows(ctx, conn, sql, args); err != nil {
			return result, err
		}
		if run >= 0 {
			latencies[run] = time.Since(begin)
		}
	}
	result.P50Millis, result.P95Millis = micros(percentile(latencies, 50))/1000, micros(percentile(latencies, 95))/1000
	result.Partitions, err = countPartitions(ctx, conn, sql, args)
	return result, err
}

func firstRow(ctx context.Context, conn *pgx.Conn, sql string) ([]any, error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// countRows reads all rows of a query.
func countRows(ctx context.Context, db querier, sql string, args []any) (n int, err error) {
	rows, err := db.Query(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

// countPartitions returns how many days' partitions a query reads, which PostgreSQL counts for each transaction.
func countPartitions(ctx context.Context, conn *pgx.Conn, sql string, args []any) (n int, err error) {
	// What was counted before goes to the statistics between two transactions.
	if _, err := conn.Exec(ctx, "SELECT pg_stat_force_next_flush()"); err != nil {
		return 0, err
	}
	return n, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// Parallel workers count for themselves.
		if _, err := tx.Exec(ctx, "SET LOCAL max_parallel_workers_per_gather = 0"); err != nil {
			return err
		}
		if _, err := countRows(ctx, tx, sql, args); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT count(*) FROM pg_stat_xact_user_tables
			WHERE relname ~ '^llm_(spans|contents)_[0-9]' AND seq_scan + idx_scan > 0`).Scan(&n)
	})
}

func (r *reading) report(results []readResult) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "query\tp50 ms\tp95 ms\tgoal\trows\tpartitions\t")
	for _, q := range results {
		missed := ""
		if q.P95Millis > q.GoalMillis {
			missed = "missed"
		}
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%.0f\t%d\t%d\t%s\n", q.Query, q.P50Millis, q.P95Millis, q.GoalMillis, q.Rows, q.Partitions, missed)
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(w.Flush(), writeFile(r.out, text))
}
