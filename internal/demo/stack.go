package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// stack is a running product: database, Redis, collector.
type stack struct {
	database  string // URL
	collector *testserver.CollectorProcess

	undo []func() error // in the order of the starts
}

// startStack starts what the environment does not name. With fresh, a given DATABASE_URL only says in which
// server to create a database.
func startStack(ctx context.Context, fresh bool) (*stack, error) {
	s := &stack{}
	if err := s.start(ctx, fresh); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *stack) start(ctx context.Context, fresh bool) error {
	if err := s.startPostgres(ctx, fresh); err != nil {
		return err
	}
	redis, err := s.startRedis(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "llmobs-")
	if err != nil {
		return err
	}
	s.undo = append(s.undo, func() error { return os.RemoveAll(dir) })
	fmt.Println("Starting the collector")
	s.collector, err = testserver.StartCollector(ctx, testserver.CollectorOptions{
		Dir:    dir,
		Env:    []string{"DATABASE_URL=" + s.database, "REDIS_URL=" + redis},
		AsUser: !fresh,
	})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, s.collector.Shutdown)
	return nil
}

func (s *stack) startPostgres(ctx context.Context, fresh bool) error {
	given := os.Getenv("DATABASE_URL")
	if given != "" && !fresh {
		s.database = given
		return nil
	}
	if given == "" {
		fmt.Println("Starting a private PostgreSQL")
		pg, err := testserver.StartPostgres(ctx, testserver.PostgresOptions{})
		if err != nil {
			return err
		}
		s.undo = append(s.undo, pg.Remove)
		given = pg.URL("")
	}
	database, drop, err := testserver.CreateDatabase(ctx, given)
	if err != nil {
		return err
	}
	s.undo = append(s.undo, drop)
	s.database = database
	return nil
}

func (s *stack) startRedis(ctx context.Context) (string, error) {
	if given := os.Getenv("REDIS_URL"); given != "" {
		return given, nil
	}
	fmt.Println("Starting a private Redis")
	redis, err := testserver.StartRedis(ctx, testserver.RedisOptions{})
	if err != nil {
		return "", err
	}
	s.undo = append(s.undo, redis.Remove)
	return redis.URL(), nil
}

// stop ends everything, last started first.
func (s *stack) stop() error {
	var errs []error
	for _, undo := range slices.Backward(s.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}

// wait returns nil when ctx ends, or an error when the collector does.
func (s *stack) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		if s.collector.Exited(200 * time.Millisecond) {
			return fmt.Errorf("the collector has ended:\n%s", s.collector.Log())
		}
	}
	return nil
}

// sampleDir holds the conversations and what is expected of them.
func sampleDir() (string, error) {
	root, err := testserver.ModuleRoot()
	return filepath.Join(root, "testdata", "otlp"), err
}
