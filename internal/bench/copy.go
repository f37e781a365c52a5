package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

//go:embed inline.sql
var inlineSQL string

// copySubject is the yardstick: pgx CopyFrom of prepared rows into one table, a transaction a batch.
type copySubject struct {
	process
	pool    *pgxpool.Pool
	columns []string
}

func startCopy(ctx context.Context, url string, day time.Time, callers int) (subject, error) {
	if err := createInlineTable(ctx, url, day); err != nil {
		return nil, fmt.Errorf("create the table for raw COPY: %w", err)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(callers)
	s := &copySubject{}
	for _, column := range copyColumns {
		s.columns = append(s.columns, column.name)
	}
	s.pool, err = pgxpool.NewWithConfig(ctx, config)
	return s, err
}

func createInlineTable(ctx context.Context, url string, day time.Time) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := schema.Migrate(ctx, conn, "public"); err != nil {
		return err
	}
	sql := strings.ReplaceAll(inlineSQL, "$DAY", day.UTC().Format(time.DateOnly))
	_, err = conn.Exec(ctx, sql)
	return err
}

func (s *copySubject) write(ctx context.Context, b *batch) error {
	_, err := s.pool.CopyFrom(ctx, pgx.Identifier{"inline_spans"}, s.columns, pgx.CopyFromRows(b.rows))
	return err
}

func (s *copySubject) settle(context.Context, int) error { return nil }

func (s *copySubject) stop(context.Context) error {
	s.pool.Close()
	return nil
}
