package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// phaseTimes reads from the exporter's own metrics how long each phase of a batch took.
type phaseTimes struct{ reader *sdkmetric.ManualReader }

func newPhaseTimes() (phaseTimes, metric.MeterProvider) {
	reader := sdkmetric.NewManualReader()
	return phaseTimes{reader}, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
}

// phases are those of a batch, in their order; total is all of them with what lies between.
var phases = []string{"map", "contents", "events", "resolve", "spans", "commit", "total"}

// sums returns the time in each phase so far.
func (p phaseTimes) sums(ctx context.Context) (map[string]time.Duration, error) {
	var found metricdata.ResourceMetrics
	if err := p.reader.Collect(ctx, &found); err != nil {
		return nil, err
	}
	sums := map[string]time.Duration{}
	for _, scope := range found.ScopeMetrics {
		for _, m := range scope.Metrics {
			durations, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || !strings.HasSuffix(m.Name, "_batch_write_duration") {
				continue
			}
			for _, point := range durations.DataPoints {
				phase, _ := point.Attributes.Value(attribute.Key("phase"))
				sums[phase.AsString()] = time.Duration(point.Sum * float64(time.Second))
			}
		}
	}
	return sums, nil
}

// printPhases shows the mean time of a batch in each phase, over all rounds.
func printPhases(w io.Writer, title string, samples []sample) {
	batches := 0
	total := map[string]time.Duration{}
	for i := range samples {
		batches += len(samples[i].latencies)
		for phase, d := range samples[i].used.phases {
			total[phase] += d
		}
	}
	if len(total) == 0 {
		return
	}
	fmt.Fprintf(w, "%s, ms a batch:", title)
	for _, phase := range phases {
		fmt.Fprintf(w, " %s %.1f", phase, micros(total[phase])/1000/float64(batches))
	}
	fmt.Fprintln(w)
}
