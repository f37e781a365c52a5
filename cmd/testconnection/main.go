// Command testconnection says, step by step, whether the exporter can reach its servers: configuration,
// connection, PostgreSQL, Redis, schema, pool. Each step is a line that starts with ✓ (works), ✗ (does not,
// with a hint below) or ⊘ (not applicable). It changes nothing in the database.
//
//	testconnection [--config FILE] [--exporter NAME] [--json]
//
// The configuration is that of the environment and .env; --config lays a storage.yaml (blocks postgres,
// redis, pool) or a collector's YAML over it. The exit code is 0 if nothing is wrong, else 1; 2 is for wrong
// arguments.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("testconnection", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "storage.yaml or collector configuration; without it the environment alone counts")
	exporter := flags.String("exporter", "llm_observatory", "whose block to read in a collector configuration")
	asJSON := flags.Bool("json", false, "print one JSON object")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		_, _ = io.WriteString(stderr, "testconnection takes no arguments but flags; see --help\n")
		return 2
	}
	r := check(ctx, *file, *exporter)
	print := r.printText
	if *asJSON {
		print = r.printJSON
	}
	if err := print(stdout); err != nil || !r.OK {
		return 1
	}
	return 0
}
