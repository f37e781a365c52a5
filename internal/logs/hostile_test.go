package logs

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// nested returns a value of so many levels.
func nested(levels int) pcommon.Value {
	v := pcommon.NewValueEmpty()
	at := v
	for i := range levels {
		if i%2 == 0 {
			at = at.SetEmptySlice().AppendEmpty()
		} else {
			at = at.SetEmptyMap().PutEmpty("k")
		}
	}
	at.SetStr("end")
	return v
}

// values are what a sender may write where another value belongs.
func values(r *rand.Rand) pcommon.Value {
	v := pcommon.NewValueEmpty()
	switch r.IntN(12) {
	case 0:
		v.SetStr([]string{"", "\x00", "\xff\xfe", "NaN", "1e999", "-1", "true", "<REDACTED>", strings.Repeat("x", 1<<16)}[r.IntN(9)])
	case 1:
		v.SetInt([]int64{0, -1, math.MaxInt64, math.MinInt64}[r.IntN(4)])
	case 2:
		v.SetDouble([]float64{math.NaN(), math.Inf(1), -0.5, 1e308}[r.IntN(4)])
	case 3:
		v.SetBool(r.IntN(2) == 0)
	case 4:
		v.SetEmptyBytes().FromRaw([]byte{0, 255})
	case 5:
		nested(r.IntN(300)).CopyTo(v)
	case 6:
		v.SetStr("{" + strings.Repeat(`"a":[`, r.IntN(200)))
	case 7:
		v.SetStr(`{"messages":[{"role":"user","content":"hi"}]}`)
	}
	return v
}

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
			b := Read(changed, []Keep{KeepGenAI, KeepAll}[r.IntN(2)])
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

func damage(r *rand.Rand, rec plog.LogRecord) {
	switch r.IntN(6) {
	case 0:
		rec.SetTimestamp(pcommon.Timestamp([]uint64{0, 1, math.MaxUint64}[r.IntN(3)]))
	case 1:
		rec.SetObservedTimestamp(0)
	case 2:
		values(r).CopyTo(rec.Body())
	case 3:
		rec.SetTraceID(pcommon.TraceID{})
	}
	for key := range rec.Attributes().All() {
		if r.IntN(8) == 0 {
			v, _ := rec.Attributes().Get(key)
			values(r).CopyTo(v)
		}
	}
}

// TestDeepRecordsDoNotEndTheProcess has every value of a record nest 200,000 levels.
func TestDeepRecordsDoNotEndTheProcess(t *testing.T) {
	for _, levels := range []int{1_000, 200_000} {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		nested(levels).MoveTo(rl.Resource().Attributes().PutEmpty("deep"))
		sl := rl.ScopeLogs().AppendEmpty()
		nested(levels).MoveTo(sl.Scope().Attributes().PutEmpty("deep"))
		for _, name := range []string{inferenceDetails, "gen_ai.user.message", evaluationResult} {
			rec := sl.LogRecords().AppendEmpty()
			rec.SetTimestamp(1)
			rec.SetEventName(name)
			rec.Attributes().PutStr(requestModel, "m")
			nested(levels).MoveTo(rec.Attributes().PutEmpty(inputMessages))
			nested(levels).MoveTo(rec.Body().SetEmptyMap().PutEmpty("content"))
		}
		b := Read(ld, KeepGenAI)
		require.Len(t, b.Records, 3)
		require.Empty(t, mapping.New(mapping.Options{}).Map(b.Spans).Rejected)
	}
	ld := plog.NewLogs()
	rec := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	rec.SetTimestamp(1)
	rec.SetEventName("gen_ai.choice")
	rec.Body().SetStr(strings.Repeat(`{"a":`, 1_000_000) + "1" + strings.Repeat("}", 1_000_000))
	require.Len(t, Read(ld, KeepGenAI).Records, 1)
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
		Read(ld, KeepGenAI)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
