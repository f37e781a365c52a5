package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// result is a row of bench.json: medians over the rounds. p50 and p99 are over the batches of all rounds.
type result struct {
	Workload           string   `json:"workload"`
	Subject            string   `json:"subject"`
	Callers            int      `json:"callers"`
	SpansPerS          float64  `json:"spans_per_s"`
	RatioToCopy        float64  `json:"ratio_to_copy"`
	WALBytesPerSpan    float64  `json:"wal_bytes_per_span"`
	StoredBytesPerSpan float64  `json:"stored_bytes_per_span"`
	CPUMicrosPerSpan   float64  `json:"cpu_us_per_span"`
	AllocsPerSpan      *float64 `json:"allocs_per_span"`
	P50Millis          float64  `json:"p50_ms"`
	P99Millis          float64  `json:"p99_ms"`
}

// summarise condenses the samples of one workload, subject and number of callers.
func summarise(workload, subject string, callers int, samples []sample) result {
	field := func(value func(*sample) float64) float64 {
		values := make([]float64, len(samples))
		for i := range samples {
			values[i] = value(&samples[i])
		}
		return median(values)
	}
	perSpan := func(value func(*sample) float64) float64 {
		return field(func(s *sample) float64 { return value(s) / float64(s.spans) })
	}
	var latencies []time.Duration
	for i := range samples {
		latencies = append(latencies, samples[i].latencies...)
	}
	r := result{
		Workload: workload, Subject: subject, Callers: callers,
		SpansPerS:          field((*sample).rate),
		WALBytesPerSpan:    perSpan(func(s *sample) float64 { return float64(s.wal) }),
		StoredBytesPerSpan: perSpan(func(s *sample) float64 { return float64(s.stored()) }),
		CPUMicrosPerSpan:   perSpan(func(s *sample) float64 { return micros(s.used.cpu) }),
		P50Millis:          micros(percentile(latencies, 50)) / 1000,
		P99Millis:          micros(percentile(latencies, 99)) / 1000,
	}
	if !samples[0].used.unknownMallocs {
		allocs := perSpan(func(s *sample) float64 { return float64(s.used.mallocs) })
		r.AllocsPerSpan = &allocs
	}
	return r
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// relate fills RatioToCopy: to the copy of the same workload with as many callers.
func relate(results []result) {
	type key struct {
		workload string
		callers  int
	}
	yardstick := map[key]float64{}
	for _, r := range results {
		if r.Subject == "copy" {
			yardstick[key{r.Workload, r.Callers}] = r.SpansPerS
		}
	}
	for i, r := range results {
		if base := yardstick[key{r.Workload, r.Callers}]; base > 0 {
			results[i].RatioToCopy = r.SpansPerS / base
		}
	}
}

func writeJSON(path string, results []result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, text)
}

func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func printTable(w io.Writer, results []result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "workload\tsubject\tcallers\tspans/s\t× copy\tWAL B/span\tstored B/span\tCPU µs/span\tallocs/span\tp50 ms\tp99 ms\t")
	for _, r := range results {
		allocs := "?"
		if r.AllocsPerSpan != nil {
			allocs = fmt.Sprintf("%.1f", *r.AllocsPerSpan)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%.0f\t%.2f\t%.0f\t%.0f\t%.1f\t%s\t%.1f\t%.1f\t\n", r.Workload, r.Subject, r.Callers,
			r.SpansPerS, r.RatioToCopy, r.WALBytesPerSpan, r.StoredBytesPerSpan, r.CPUMicrosPerSpan, allocs,
			r.P50Millis, r.P99Millis)
	}
	return t.Flush()
}

// printRatios shows what the targets are about.
func printRatios(w io.Writer, results []result) {
	find := func(like result, subject string) *result {
		at := slices.IndexFunc(results, func(r result) bool {
			return r.Workload == like.Workload && r.Callers == like.Callers && r.Subject == subject
		})
		if at < 0 {
			return nil
		}
		return &results[at]
	}
	for _, r := range results {
		if r.Subject != "exporter" {
			continue
		}
		title := fmt.Sprintf("%s, %d callers:", r.Workload, r.Callers)
		if c := find(r, "copy"); c != nil {
			fmt.Fprintf(w, "%s exporter / copy: speed %.2f, WAL %.2f, stored %.2f\n", title,
				r.SpansPerS/c.SpansPerS, r.WALBytesPerSpan/c.WALBytesPerSpan, r.StoredBytesPerSpan/c.StoredBytesPerSpan)
		}
		if c := find(r, "collector"); c != nil {
			fmt.Fprintf(w, "%s collector / exporter: speed %.2f\n", title, c.SpansPerS/r.SpansPerS)
		}
	}
}
