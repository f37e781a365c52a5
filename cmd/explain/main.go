// Command explain says how spans and log records become rows: for each span which dialects it is of, what
// gave its kind, which attribute filled which column and which lost, what was corrected and
// why, and what stayed unread; for each log record what it tells, and whose words it has. Long values are cut, so that the output fits into a bug report.
//
//	explain [--width N] [FILE]
//
// FILE, or standard input, is OTLP JSON (one export, or one a line as the file exporter
// writes them) or what the debug exporter prints with verbosity: detailed. The exit code is
// 0 if spans or log records were found, 1 if not, and 2 for wrong arguments.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// defaultWidth is how many characters of a value are printed.
const defaultWidth = 40

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	width := flags.Int("width", defaultWidth, "characters of a value that are printed; 0: all")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 1 || *width < 0 {
		_, _ = fmt.Fprintln(stderr, "explain takes one file at most, and a width of 0 or more; see --help")
		return 2
	}
	if err := explain(flags.Arg(0), *width, stdin, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func explain(file string, width int, stdin io.Reader, stdout io.Writer) error {
	if file == "" || file == "-" {
		file = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		stdin = f
	}
	input, err := io.ReadAll(stdin)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	exports, err := read(input)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	p := printer{width: width}
	for _, x := range exports {
		for _, s := range mapping.Explain(x.td) {
			p.span(&s)
		}
		for _, r := range logs.Explain(x.ld) {
			p.record(&r)
		}
	}
	if p.shown == 0 {
		return fmt.Errorf("%s holds neither spans nor log records: explain reads OTLP JSON of traces and logs and what the debug exporter prints with verbosity: detailed", file)
	}
	_, err = stdout.Write(p.out.Bytes())
	return err
}
