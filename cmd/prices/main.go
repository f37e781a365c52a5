// Command prices shows and changes what calls cost: the table llm_prices.
//
//	prices import FILE [--source NAME]   put the prices of a file in place of the user's of that source
//	prices list [PATTERN]                print the rows whose provider or model contains PATTERN
//	prices check MODEL [flags]           say which row holds for a call, and what the call costs
//
// A file is our own CSV (see `prices list --csv`), LiteLLM's
// model_prices_and_context_window.json or the data of genai-prices. The connection is that
// of the environment (DATABASE_URL, DB_HOST …) and .env. With --builtin, list and check use
// the prices of this build and no database. Wrong arguments exit with 2, other faults with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errUsage says that the arguments are wrong, which has been told.
var errUsage = errors.New("wrong arguments")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr}
	err := c.run(ctx, args)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	_, _ = fmt.Fprintln(stderr, err)
	return 1
}

// command is one call of the program.
type command struct {
	stdout, stderr io.Writer
	schema         string
	builtin, asCSV bool
	source         string
	provider, at   string
	tier           string
	usage          price.Usage
}

const usageText = `usage:
  prices import FILE [--source NAME]
  prices list [PATTERN] [--csv] [--builtin]
  prices check MODEL [--provider P] [--at TIME] [--tier T] [--input N --output N …] [--builtin]
`

func (c *command) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		_, _ = io.WriteString(c.stderr, usageText)
		return errUsage
	}
	do, ok := map[string]func(context.Context, []string) error{"import": c.imports, "list": c.list, "check": c.check}[args[0]]
	if !ok {
		_, _ = io.WriteString(c.stderr, usageText)
		return errUsage
	}
	rest, err := c.parse(args[0], args[1:])
	if err != nil {
		return err
	}
	return do(ctx, rest)
}

// parse takes flags before and behind the arguments.
func (c *command) parse(name string, args []string) (rest []string, err error) {
	flags := flag.NewFlagSet("prices "+name, flag.ContinueOnError)
	flags.SetOutput(c.stderr)
	flags.StringVar(&c.schema, "schema", "public", "schema of the tables")
	switch name {
	case "import":
		flags.StringVar(&c.source, "source", "", "name that the rows carry as their source; the file's name if not given")
	case "list":
		flags.BoolVar(&c.builtin, "builtin", false, "the prices of this build, without a database")
		flags.BoolVar(&c.asCSV, "csv", false, "print the format that import takes")
	case "check":
		c.checkFlags(flags)
	}
	for {
		if err := flags.Parse(args); err != nil {
			return nil, errors.Join(err, errUsage)
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

func (c *command) checkFlags(flags *flag.FlagSet) {
	flags.BoolVar(&c.builtin, "builtin", false, "the prices of this build, without a database")
	flags.StringVar(&c.provider, "provider", "", "provider of the call, as in llm_calls")
	flags.StringVar(&c.at, "at", "", "time of the call (RFC 3339 or a date); now if not given")
	flags.StringVar(&c.tier, "tier", "", "service tier of the call")
	for name, n := range map[string]*int64{
		"input": &c.usage.Input, "output": &c.usage.Output, "cache-read": &c.usage.CacheRead, "cache-write": &c.usage.CacheWrite,
		"cache-write-1h": &c.usage.CacheWrite1h, "input-audio": &c.usage.InputAudio, "output-audio": &c.usage.OutputAudio,
		"input-image": &c.usage.InputImage, "output-image": &c.usage.OutputImage, "reasoning": &c.usage.Reasoning,
		"web-searches": &c.usage.WebSearches,
	} {
		flags.Int64Var(n, name, 0, name+" of the call; input and output contain their parts")
	}
}

// withDatabase calls f with the one connection that a command needs.
func (c *command) withDatabase(ctx context.Context, f func(*pgx.Conn) error) error {
	cfg := pool.ConfigFromEnv()
	cfg.Redis = pool.RedisConfig{}
	cfg.Pool.MinConnections = 0
	if err := cfg.Validate(); err != nil {
		return err
	}
	p, err := pool.New(ctx, cfg, zap.NewNop())
	if err != nil {
		return err
	}
	conn, err := p.Acquire(ctx)
	if err != nil {
		return errors.Join(err, p.Close(ctx))
	}
	err = f(conn.Conn())
	conn.Release()
	return errors.Join(err, p.Close(ctx))
}
