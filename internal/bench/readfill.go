package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"
)

// The base day is written by the exporter: three quarters of its spans are single turns, the rest conversations
// with agents.
const (
	baseSpans      = 32_768
	agentPart      = 4
	readBatchSpans = 4096
)

//go:embed readpattern.sql
var patternSQL string

// What a copy has instead of the base day's values; other columns stay as they are. b is the base row, m its copy.
var (
	spanPattern = map[string]string{
		"trace_id":           "m.hex::uuid",
		"start_time":         "b.start_time + m.shift",
		"end_time":           "b.start_time + m.shift + (b.end_time - b.start_time) * CASE b.kind WHEN 'llm' THEN m.pace ELSE 1 END",
		"duration_us":        "(b.duration_us * CASE b.kind WHEN 'llm' THEN m.pace ELSE 1 END)::bigint",
		"ttft_ms":            "CASE b.kind WHEN 'llm' THEN b.duration_us * m.pace / 5000 END::double precision",
		"service_name":       "m.service",
		"session_id":         "b.session_id || '-' || m.copy",
		"response_id":        "b.response_id || '-' || m.copy",
		"provider":           "CASE b.kind WHEN 'llm' THEN m.provider ELSE b.provider END",
		"request_model":      "CASE b.kind WHEN 'llm' THEN m.model END",
		"response_model":     "CASE b.kind WHEN 'llm' THEN m.model END",
		"total_cost":         "CASE b.kind WHEN 'llm' THEN round(b.total_tokens * m.usd_per_million / 1000000, 6) END",
		"cost_counted":       "CASE b.kind WHEN 'llm' THEN b.usage_counted ELSE b.cost_counted END",
		"estimate_counted":   "CASE b.kind WHEN 'llm' THEN false ELSE b.estimate_counted END",
		"status":             "CASE WHEN b.kind = 'llm' AND m.fails THEN 'error' ELSE b.status END",
		"error_type":         "CASE WHEN b.kind = 'llm' AND m.fails THEN 'rate_limit_exceeded' END",
		"error_message":      "CASE WHEN b.kind = 'llm' AND m.fails THEN 'Too many requests' END",
		"input_message_ids":  "bench_copy(b.input_message_ids, m.copy)",
		"output_message_ids": "bench_copy(b.output_message_ids, m.copy)",
		"tool_arguments_id":  "md5(b.tool_arguments_id::text || m.copy)::uuid",
		"tool_result_id":     "md5(b.tool_result_id::text || m.copy)::uuid",
	}
	tracePattern = map[string]string{
		"id":             "m.hex::uuid",
		"trace_id":       "m.hex",
		"start_time":     "b.start_time + m.shift",
		"end_time":       "b.end_time + m.shift",
		"created_at":     "b.end_time + m.shift",
		"service_name":   "m.service",
		"session_id":     "b.session_id || '-' || m.copy",
		"models":         "ARRAY[m.model]",
		"total_cost":     "s.total_cost",
		"estimated_cost": "s.estimated_cost",
		"unpriced_calls": "0",
		"error_count":    "s.error_count",
	}
	// The same for a later day; $1 is how many days later.
	spanOfDay = map[string]string{
		"trace_id":    "md5(b.trace_id::text || $1::integer)::uuid",
		"start_time":  "b.start_time + $1::integer * interval '1 day'",
		"end_time":    "b.end_time + $1::integer * interval '1 day'",
		"session_id":  "b.session_id || '-' || $1::integer",
		"response_id": "b.response_id || '-' || $1::integer",
	}
	traceOfDay = map[string]string{
		"id":         "md5(b.id::text || $1::integer)::uuid",
		"trace_id":   "md5(b.id::text || $1::integer)",
		"start_time": "b.start_time + $1::integer * interval '1 day'",
		"end_time":   "b.end_time + $1::integer * interval '1 day'",
		"created_at": "b.created_at + $1::integer * interval '1 day'",
		"session_id": "b.session_id || '-' || $1::integer",
	}
)

// fill lets the exporter write a day before the first, makes it a pattern, and copies that to each day until now.
// What readers look for besides, a long session and a long trace, the exporter writes as it is.
func (r *reading) fill(ctx context.Context, url string) (err error) {
	begin := time.Now()
	base := r.now.Truncate(24*time.Hour).AddDate(0, 0, -r.days)
	// Today is not over.
	perDay := float64(r.spans) / (float64(r.now.Sub(base))/float64(24*time.Hour) - 1)
	spans := min(baseSpans, int(perDay))
	if err := r.writeBase(ctx, url, base, spans); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	f := &dayFiller{url: url, base: base, now: r.now}
	spanColumns, err := columnsOf(ctx, conn, "llm_spans")
	if err != nil {
		return err
	}
	traceColumns, err := columnsOf(ctx, conn, "llm_traces")
	if err != nil {
		return err
	}
	pattern := strings.NewReplacer("$copies", strconv.Itoa(max(1, int(math.Round(perDay/float64(spans))))),
		"$spans", project(spanColumns, spanPattern), "$traces", project(traceColumns, tracePattern)).Replace(patternSQL)
	if _, err := conn.Exec(ctx, pattern, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	f.spans, f.traces = project(spanColumns, spanOfDay), project(traceColumns, traceOfDay)
	progress("the pattern is made after %s", time.Since(begin).Round(time.Second))

	if err := f.eachDay(ctx, r.days, f.day); err != nil {
		return err
	}
	// By itself, as it looks at the partitions of all days, which a filling one keeps locked.
	if err := f.eachDay(ctx, r.days, f.sumUp); err != nil {
		return err
	}
	if err := f.finish(ctx, conn); err != nil {
		return err
	}
	var stored int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM llm_spans").Scan(&stored); err != nil {
		return err
	}
	progress("%d spans are stored after %s", stored, time.Since(begin).Round(time.Second))
	return nil
}

// writeBase writes the base day, and the long session and trace an hour ago.
func (r *reading) writeBase(ctx context.Context, url string, base time.Time, spans int) (err error) {
	subject, err := startExporter(ctx, url, r.now, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop(context.WithoutCancel(ctx))) }()
	singles := spans * (agentPart - 1) / agentPart
	count := (singles + readBatchSpans - 1) / readBatchSpans
	batches := buildSingle(1, base, count, singles/count)
	batches = append(batches, buildAgent(2, base, 1, spans/agentPart)...)
	batches = append(batches, buildLong(r.now.Add(-time.Hour))...)
	for _, td := range batches {
		if err := subject.write(ctx, &batch{spans: td.SpanCount(), traces: td}); err != nil {
			return err
		}
	}
	return nil
}

// buildLong makes a session of 200 messages, which are 50 turns, and one trace with 30 turns.
func buildLong(begin time.Time) []ptrace.Traces {
	b := newBuilder(3, begin, readBatchSpans, "opentelemetry.instrumentation.openai_agents")
	app := newAgentApp(b, "support")
	b.step = int64(20 * time.Second) // a person thinks
	session := &conversation{app: app, session: longSession, user: "user-long"}
	for range 50 {
		session.turn(b, b.trace(turnSpans))
	}
	conversation := &conversation{app: app, session: longTrace, user: "user-long"}
	trace := b.trace(conversationTurns * turnSpans)
	for range conversationTurns {
		conversation.turn(b, trace)
	}
	return b.batches
}

func columnsOf(ctx context.Context, conn *pgx.Conn, table string) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// project lists columns of b, some replaced by expressions.
func project(columns []string, replaced map[string]string) string {
	var list []string
	for _, column := range columns {
		expression, ok := replaced[column]
		if !ok {
			expression = "b." + column
		}
		list = append(list, expression+" AS "+column)
	}
	return strings.Join(list, ", ")
}

// dayFiller copies the pattern to days.
type dayFiller struct {
	url           string
	base, now     time.Time
	spans, traces string
}

// eachDay does a step for all days, two at a time.
func (f *dayFiller) eachDay(ctx context.Context, days int, step func(ctx context.Context, conn *pgx.Conn, n int) error) error {
	const workers = 2
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for n := 1; n <= days; n++ {
		group.Go(func() (err error) {
			conn, err := pgx.Connect(ctx, f.url)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
			return step(ctx, conn, n)
		})
	}
	return group.Wait()
}

// day fills and vacuums the partitions of a day.
func (f *dayFiller) day(ctx context.Context, conn *pgx.Conn, n int) error {
	day := f.base.AddDate(0, 0, n)
	spans, contents := "llm_spans_"+day.Format("20060102"), "llm_contents_"+day.Format("20060102")
	if _, err := conn.Exec(ctx, "SELECT llm_create_day($1)", day); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// Only what the exporter wrote as it is can be there. A table emptied in the same transaction needs no WAL;
		// as a replica, it fires no triggers.
		for _, step := range []struct {
			sql  string
			args []any
		}{
			{"SET LOCAL session_replication_role = replica", nil},
			{"CREATE TEMP TABLE kept_spans ON COMMIT DROP AS TABLE " + spans, nil},
			{"CREATE TEMP TABLE kept_contents ON COMMIT DROP AS TABLE " + contents, nil},
			{"TRUNCATE " + spans + ", " + contents, nil},
			{"INSERT INTO " + spans + " TABLE kept_spans", nil},
			{"INSERT INTO " + contents + " TABLE kept_contents", nil},
			{"INSERT INTO llm_traces SELECT " + f.traces + " FROM bench_traces b WHERE b.end_time + $1::integer * interval '1 day' <= $2", []any{n, f.now}},
			{"INSERT INTO " + spans + " SELECT " + f.spans + " FROM bench_spans b WHERE b.trace_ends + $1::integer * interval '1 day' <= $2", []any{n, f.now}},
			{"INSERT INTO " + contents + ` (id, day, body) SELECT id, day + $1::integer, body FROM bench_contents b
				WHERE b.first_used + $1::integer * interval '1 day' <= $2`, []any{n, f.now}},
		} {
			if _, err := tx.Exec(ctx, step.sql, append([]any{pgx.QueryExecModeExec}, step.args...)...); err != nil {
				return fmt.Errorf("%s: %w", step.sql, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) "+spans+", "+contents); err != nil {
		return err
	}
	progress("%s is filled", day.Format(time.DateOnly))
	return nil
}

// sumUp sums up a day's hours as a collector does it: those that have just ended wait.
func (f *dayFiller) sumUp(ctx context.Context, conn *pgx.Conn, n int) error {
	day := f.base.AddDate(0, 0, n)
	for hour := day; hour.Before(day.AddDate(0, 0, 1)) && hour.Before(f.now); hour = hour.Add(time.Hour) {
		sql := "SELECT llm_internal_sum_up(ARRAY[$1::timestamptz])"
		if hour.Add(time.Hour + 5*time.Minute).After(f.now) {
			sql = "INSERT INTO llm_usage_hours (hour) VALUES ($1) ON CONFLICT DO NOTHING"
		}
		if _, err := conn.Exec(ctx, sql, hour); err != nil {
			return err
		}
	}
	return nil
}

// finish removes what only served to fill.
func (f *dayFiller) finish(ctx context.Context, conn *pgx.Conn) error {
	suffix := f.base.Format("20060102")
	for _, sql := range []string{
		"DROP TABLE bench_moves, bench_shared, bench_spans, bench_traces, bench_contents",
		"DROP FUNCTION bench_copy(uuid[], integer)",
		"DROP TABLE llm_spans_" + suffix + ", llm_contents_" + suffix,
		"DELETE FROM llm_traces WHERE start_time < '" + f.base.AddDate(0, 0, 1).Format(time.RFC3339) + "'",
		"DELETE FROM llm_usage_hours h WHERE EXISTS (SELECT FROM llm_usage_hourly f WHERE f.hour = h.hour) OR hour < '" + f.base.AddDate(0, 0, 1).Format(time.RFC3339) + "'",
		"UPDATE llm_resources SET last_day = '" + f.now.Format(time.DateOnly) + "'",
		"VACUUM (ANALYZE) llm_traces",
		"VACUUM (ANALYZE) llm_usage_hourly",
		"VACUUM (ANALYZE) llm_internal_usage_parts",
		"VACUUM (ANALYZE) llm_usage_hours",
		"VACUUM (ANALYZE) llm_resources",
		"ANALYZE llm_spans",
		"ANALYZE llm_contents",
		"CHECKPOINT",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
