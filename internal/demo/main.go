// Command demo runs the whole product on this machine: servers, collector and data.
//
//	demo       sends the conversations of testdata/otlp, one of them as log records of a coding agent, through a
//	           collector and shows the stored rows;
//	           the exit code is 0 only if they are the expected ones
//	demo run   keeps everything running in the foreground until Ctrl-C
//
// PostgreSQL and Redis are private ones that end with the command, unless DATABASE_URL and REDIS_URL name
// servers to use. The demo works in a database that it creates and drops; run uses the one it is given.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command, err := demo, error(nil)
	switch {
	case len(os.Args) == 2 && os.Args[1] == "run":
		command = run
	case len(os.Args) != 1:
		err = errors.New("usage: demo [run]")
	}
	if err == nil {
		err = command(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo sends, checks and shows the sample conversations.
func demo(ctx context.Context) (err error) {
	s, err := startStack(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	spans, err := sendSamples(ctx, s.collector)
	if err != nil {
		return err
	}
	if err := waitForSpans(ctx, s.database, spans); err != nil {
		return fmt.Errorf("%w\n%s", err, s.collector.Log())
	}
	shown, err := showTables(ctx, s.database)
	if err != nil {
		return err
	}
	fmt.Print(shown)
	if err := compareWithExpected(shown); err != nil {
		return err
	}
	fmt.Printf("\n%d spans of %d conversations stored as expected\n", spans, len(samples)+1)
	return nil
}

// run shows where to send and where to look, and waits for Ctrl-C or for the collector to end.
func run(ctx context.Context) (err error) {
	s, err := startStack(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	fmt.Printf(`
OTLP/gRPC   %s
OTLP/HTTP   http://%s (/v1/traces, /v1/logs)
health      http://%s/?verbose
metrics     http://%s/metrics
log         %s
database    psql %q

Ctrl-C stops everything.
`, s.collector.GRPC, s.collector.HTTP, s.collector.Health, s.collector.Metrics, s.collector.LogFile(), s.database)
	return s.wait(ctx)
}
