package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedianAndPercentile(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	require.Equal(t, time.Duration(50), percentile(hundred, 50))
	require.Equal(t, time.Duration(99), percentile(hundred, 99))
	require.Equal(t, time.Duration(7), percentile([]time.Duration{7}, 99))
}

func TestRatioIsToCopyWithAsManyCallers(t *testing.T) {
	round := func(spans int) []sample {
		return []sample{{spans: spans, elapsed: time.Second, latencies: []time.Duration{time.Second}}}
	}
	results := []result{
		summarise("single", "copy", 1, round(100)),
		summarise("single", "exporter", 1, round(120)),
		summarise("single", "copy", 4, round(200)),
		summarise("single", "exporter", 4, round(300)),
		summarise("agent", "exporter", 4, round(300)),
	}
	relate(results)
	var ratios []float64
	for _, r := range results {
		ratios = append(ratios, r.RatioToCopy)
	}
	require.Equal(t, []float64{1, 1.2, 1, 1.5, 0}, ratios)
}

func TestFiguresAreMediansPerSpan(t *testing.T) {
	sampleOf := func(seconds int, mallocs uint64, wal int64) sample {
		return sample{
			spans: 100, elapsed: time.Duration(seconds) * time.Second, used: usage{cpu: time.Duration(seconds) * time.Millisecond, mallocs: mallocs},
			wal: wal, tables: []table{{Name: "llm_spans", Heap: wal, Indexes: 100}}, latencies: []time.Duration{time.Duration(seconds) * time.Millisecond},
		}
	}
	r := summarise("small", "exporter", 1, []sample{sampleOf(1, 200, 1000), sampleOf(4, 400, 3000), sampleOf(2, 300, 2000)})
	allocs := 3.0
	require.Equal(t, result{
		Workload: "small", Subject: "exporter", Callers: 1, SpansPerS: 50, WALBytesPerSpan: 20, StoredBytesPerSpan: 21,
		CPUMicrosPerSpan: 20, AllocsPerSpan: &allocs, P50Millis: 2, P99Millis: 4,
	}, r)
}

func TestTableShowsUnknownAllocations(t *testing.T) {
	elsewhere := sample{spans: 1, elapsed: time.Second, used: usage{unknownMallocs: true}, latencies: []time.Duration{1}}
	var text strings.Builder
	require.NoError(t, printTable(&text, []result{summarise("single", "collector", 4, []sample{elsewhere})}))
	require.Contains(t, text.String(), "collector")
	require.Contains(t, text.String(), "?")
}

func TestRatiosNeedBothSubjects(t *testing.T) {
	row := func(subject string, rate, bytes float64) result {
		return result{Workload: "agent", Subject: subject, Callers: 4, SpansPerS: rate, WALBytesPerSpan: bytes, StoredBytesPerSpan: 2 * bytes}
	}
	var text strings.Builder
	printRatios(&text, []result{row("copy", 100, 1000), row("exporter", 800, 100), row("collector", 400, 100)})
	require.Equal(t, "agent, 4 callers: exporter / copy: speed 8.00, WAL 0.10, stored 0.10\nagent, 4 callers: collector / exporter: speed 0.50\n", text.String())
	text.Reset()
	printRatios(&text, []result{row("exporter", 800, 100)})
	require.Empty(t, text.String())
}
