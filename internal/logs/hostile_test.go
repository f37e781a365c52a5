package logs

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestHostileRecords changes the attributes, bodies, times and ids of captured records at
// random. Each record is kept, filtered or rejected, and maps without a panic.
func TestHostileRecords(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(agentruns.Folder(), "..", "*", "*.logs*.json"))
	require.NoError(t, err)
	mapper := mapping.New(mapping.Options{})
	r := rand.New(rand.NewPCG(5, 6))
	for _, path := range paths {
		if strings.HasSuffix(path, ".expected.json") {
			continue
		}
		ld := agentruns.LoadLogs(t, path)
		for range 20 {
			changed := plog.NewLogs()
			ld.CopyTo(changed)
			records := 0
			for _, rl := range changed.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, rec := range sl.LogRecords().All() {
						records++
						damage(r, rec)
					}
				}
			}
			b := Read(changed, []Keep{KeepGenAI, KeepAll}[r.IntN(2)], nil)
			rejected := 0
			for _, n := range b.Rejected {
				rejected += n
			}
			require.Equal(t, records, len(b.Records)+b.Filtered+rejected, path)
			mapped := mapper.Map(b.Spans)
			require.Empty(t, mapped.Rejected)
			require.Len(t, mapped.Spans, len(b.Observations))
			for i := range mapped.Spans {
				require.True(t, json.Valid(mapped.Spans[i].Attributes) || mapped.Spans[i].Attributes == nil)
			}
		}
	}
}

// TestMessageWithoutContent reads a record of AWS's distribution, of whose messages one has no content.
func TestMessageWithoutContent(t *testing.T) {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("strands.telemetry.tracer")
	rec := sl.LogRecords().AppendEmpty()
	rec.SetEventName(sl.Scope().Name())
	rec.SetTimestamp(1_795_863_746_000_000_000)
	require.NoError(t, rec.Body().FromRaw(map[string]any{
		"input":  map[string]any{"messages": []any{map[string]any{"role": "user", "content": "hi"}}},
		"output": map[string]any{"messages": []any{map[string]any{"role": "assistant"}}},
	}))
	b := Read(ld, KeepGenAI, nil)
	require.Empty(t, b.Rejected)
	require.Len(t, b.Records, 1)
}

// TestNumbersOfJSONAreWhole reads ids that are numbers out of bodies of few and of many members.
func TestNumbersOfJSONAreWhole(t *testing.T) {
	for _, members := range []int{10, 2 * maxSorted} {
		object := map[string]any{"user.id": 12345678901, "of": map[string]any{"n": 5, "half": 0.5}}
		for i := range members {
			object[strconv.Itoa(i)] = i
		}
		whole, err := json.Marshal(object)
		require.NoError(t, err)
		read, ok := jsonObject(string(whole))
		require.True(t, ok)
		require.Equal(t, members+2, read.Len())
		id, _ := read.Get("user.id")
		require.Equal(t, "12345678901", text(id))
		of, _ := read.Get("of")
		require.Equal(t, map[string]any{"n": int64(5), "half": 0.5}, of.Map().AsRaw())
	}
}

// TestNamesOfCallsAreStorable reads a call whose event has a name that no column holds.
func TestNamesOfCallsAreStorable(t *testing.T) {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	for _, name := range []string{"llm.call\x00", "llm.call\xed\xa0\x80"} {
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(1_795_863_746_000_000_000)
		rec.SetEventName(name)
		rec.Attributes().PutStr("gen_ai.operation.name", "chat")
		rec.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		rec.Attributes().PutInt("gen_ai.usage.input_tokens", 5)
		rec.Attributes().PutInt("gen_ai.usage.output_tokens", 6)
	}
	b := Read(ld, KeepAll, nil)
	mapped := mapping.New(mapping.Options{}).Map(b.Spans)
	b.Describe(mapped.Spans)
	require.Len(t, mapped.Spans, 2)
	for i := range mapped.Spans {
		name := mapped.Spans[i].Name
		require.Equal(t, mapping.KeyText(name), name)
		require.Equal(t, name, mapped.Spans[i].Event.Event)
	}
}

func damage(r *rand.Rand, rec plog.LogRecord) {
	switch r.IntN(6) {
	case 0:
		rec.SetTimestamp(pcommon.Timestamp([]uint64{0, 1, math.MaxUint64}[r.IntN(3)]))
	case 1:
		rec.SetObservedTimestamp(0)
	case 2:
		agentruns.Hostile(r, rec.Body())
	case 3:
		rec.SetTraceID(pcommon.TraceID{})
	}
	for key := range rec.Attributes().All() {
		if r.IntN(8) == 0 {
			v, _ := rec.Attributes().Get(key)
			agentruns.Hostile(r, v)
		}
	}
}

// TestDeepRecordsDoNotEndTheProcess has every value of a record nest 200,000 levels.
func TestDeepRecordsDoNotEndTheProcess(t *testing.T) {
	for _, levels := range []int{1_000, 200_000} {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		agentruns.Nested(rl.Resource().Attributes().PutEmpty("deep"), levels)
		sl := rl.ScopeLogs().AppendEmpty()
		agentruns.Nested(sl.Scope().Attributes().PutEmpty("deep"), levels)
		for _, name := range []string{inferenceDetails, "gen_ai.user.message", evaluationResult} {
			rec := sl.LogRecords().AppendEmpty()
			rec.SetTimestamp(1)
			rec.SetEventName(name)
			rec.Attributes().PutStr(requestModel, "m")
			agentruns.Nested(rec.Attributes().PutEmpty(inputMessages), levels)
			agentruns.Nested(rec.Body().SetEmptyMap().PutEmpty("content"), levels)
		}
		b := Read(ld, KeepGenAI, nil)
		require.Len(t, b.Records, 3)
		require.Empty(t, mapping.New(mapping.Options{}).Map(b.Spans).Rejected)
	}
	ld := plog.NewLogs()
	rec := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	rec.SetTimestamp(1)
	rec.SetEventName("gen_ai.choice")
	rec.Body().SetStr(strings.Repeat(`{"a":`, 1_000_000) + "1" + strings.Repeat("}", 1_000_000))
	require.Len(t, Read(ld, KeepGenAI, nil).Records, 1)
}

// BenchmarkFilter reads plain records that tell nothing; the figure is of one record.
func BenchmarkFilter(b *testing.B) {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("com.example.shop")
	const records = 1000
	for range records {
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(1)
		rec.Body().SetStr("GET /basket 200 in 12 ms for customer 4711")
		for _, key := range []string{"thread.name", "log.logger", "http.route", "customer.tier"} {
			rec.Attributes().PutStr(key, "value")
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		Read(ld, KeepGenAI, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
