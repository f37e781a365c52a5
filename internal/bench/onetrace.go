package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// buildOneTrace makes the spans of buildSingle, but all of one trace and below one root.
func buildOneTrace(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.instrumentation.openai_v2")
	first := b.trace(3)
	root := singleTurn(b, first, pcommon.SpanID{})
	for !b.full(batches, 3) {
		t := b.trace(3)
		t.id = first.id
		singleTurn(b, t, root)
	}
	return b.batches
}

// oneTrace compares concurrent callers whose spans belong to one trace with callers whose spans belong to many:
// all of them want the row of the one.
func (b *bench) oneTrace(ctx context.Context, rounds int) error {
	const callers = 4
	kinds := []workload{
		{name: "many traces", batches: 8, batchSpans: 4096, build: buildSingle},
		{name: "one trace", batches: 8, batchSpans: 4096, build: buildOneTrace},
	}
	rates := make([][]float64, len(kinds))
	for range rounds {
		for i := range kinds {
			l, err := kinds[i].load(b.day, callers)
			if err != nil {
				return err
			}
			s, err := b.measure(ctx, "exporter", startExporter, l, callers)
			if err != nil {
				return fmt.Errorf("%s: %w", kinds[i].name, err)
			}
			rates[i] = append(rates[i], s.rate())
			progress("%d callers, %s: %.0f spans/s", callers, kinds[i].name, s.rate())
			printPhases(os.Stderr, kinds[i].name, []sample{s})
		}
	}
	many, one := median(rates[0]), median(rates[1])
	fmt.Printf("%d callers, spans of one trace: %.0f spans/s; of many traces: %.0f spans/s; ratio %.2f\n", callers, one, many, one/many)
	return nil
}

// lookUp runs the benchmark of the local trace cache, which lies in the exporter's package.
func lookUp(ctx context.Context) error {
	root, err := testserver.ModuleRoot()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkTraceKnown$", "-benchmem", ".")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go test -bench: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Benchmark") {
			fmt.Print("trace known locally: ", strings.Join(strings.Fields(line)[2:], " "), "\n")
		}
	}
	return nil
}
