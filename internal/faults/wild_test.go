package faults

import (
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// attributeKeys lists the keys that real instrumentations use.
func attributeKeys(t *testing.T) []string {
	t.Helper()
	keys := map[string]bool{}
	for _, td := range dialectCases(t) {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					for key := range span.Attributes().All() {
						keys[key] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// dialectCases reads the cases of all dialects.
func dialectCases(t *testing.T) (cases []ptrace.Traces) {
	t.Helper()
	root, err := testserver.ModuleRoot()
	require.NoError(t, err)
	folder := os.DirFS(filepath.Join(root, "internal", "mapping", "testdata", "fixtures"))
	require.NoError(t, fs.WalkDir(folder, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".otlp.json") {
			return err
		}
		encoded, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(encoded)
		cases = append(cases, td)
		return err
	}))
	require.NotEmpty(t, cases)
	return cases
}

// wild makes a few traces of spans with anything in any field but the ids.
func wild(r *rand.Rand, keys []string) ptrace.Traces {
	td := ptrace.NewTraces()
	for range 1 + r.IntN(3) {
		rs := td.ResourceSpans().AppendEmpty()
		wildMap(r, rs.Resource().Attributes(), keys, 1)
		trace := randomTraceID(r)
		var ids []pcommon.SpanID
		for range 1 + r.IntN(3) {
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(wildText(r))
			ss.Scope().SetVersion(wildText(r))
			wildMap(r, ss.Scope().Attributes(), keys, 1)
			for range 1 + r.IntN(6) {
				span := ss.Spans().AppendEmpty()
				span.SetTraceID(trace)
				span.SetSpanID(randomSpanID(r))
				if len(ids) > 0 && r.IntN(4) > 0 {
					span.SetParentSpanID(ids[r.IntN(len(ids))])
				}
				ids = append(ids, span.SpanID())
				wildSpan(r, span, keys)
			}
		}
	}
	return td
}

func wildSpan(r *rand.Rand, span ptrace.Span, keys []string) {
	span.SetName(wildText(r))
	span.SetKind(ptrace.SpanKind(r.IntN(9) - 1))
	span.SetStartTimestamp(wildTime(r))
	span.SetEndTimestamp(wildTime(r))
	span.TraceState().FromRaw(wildText(r))
	span.SetFlags(r.Uint32())
	span.SetDroppedAttributesCount(r.Uint32())
	span.Status().SetCode(ptrace.StatusCode(r.IntN(5) - 1))
	span.Status().SetMessage(wildText(r))
	wildMap(r, span.Attributes(), keys, 3)
	for range r.IntN(3) {
		event := span.Events().AppendEmpty()
		event.SetName(wildText(r))
		event.SetTimestamp(wildTime(r))
		wildMap(r, event.Attributes(), keys, 2)
	}
	for range r.IntN(2) {
		link := span.Links().AppendEmpty()
		link.SetTraceID(randomTraceID(r))
		link.TraceState().FromRaw(wildText(r))
		wildMap(r, link.Attributes(), keys, 1)
	}
}

func wildTime(r *rand.Rand) pcommon.Timestamp {
	switch r.IntN(8) {
	case 0:
		return 0
	case 1:
		return math.MaxUint64
	case 2:
		return pcommon.Timestamp(r.Uint64())
	}
	return pcommon.NewTimestampFromTime(time.Now().Add(time.Duration(r.Int64N(int64(time.Second)))))
}

func wildMap(r *rand.Rand, m pcommon.Map, keys []string, depth int) {
	for range r.IntN(12) {
		key := keys[r.IntN(len(keys))]
		if r.IntN(8) == 0 {
			key = wildText(r)
		}
		wildValue(r, m.PutEmpty(key), keys, depth)
	}
}

func wildValue(r *rand.Rand, v pcommon.Value, keys []string, depth int) {
	switch n := r.IntN(10); {
	case n < 4:
		v.SetStr(wildText(r))
	case n == 4:
		v.SetInt([]int64{0, 1, -1, 42, math.MaxInt64, math.MinInt64}[r.IntN(6)])
	case n == 5:
		v.SetDouble([]float64{0, -1, 0.5, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}[r.IntN(8)])
	case n == 6:
		v.SetBool(r.IntN(2) == 0)
	case n == 7:
		v.SetEmptyBytes().FromRaw([]byte(wildText(r)))
	case depth == 0:
	case n == 8:
		list := v.SetEmptySlice()
		for range r.IntN(4) {
			wildValue(r, list.AppendEmpty(), keys, depth-1)
		}
	default:
		wildMap(r, v.SetEmptyMap(), keys, depth-1)
	}
}

// wildTexts are strings that have broken somebody's database before.
var wildTexts = []string{
	"", " ", "text", "chat", "llm", "LLM", "tool", "execute_tool", "embeddings", "gpt-4o", "12", "-1", "1e400", "NaN", "true", "null",
	"nul\x00inside", "\xff\xfe", "\xed\xa0\x80", "\u2028", "\U0001F600", "'; DROP TABLE llm_spans; --", `\N`, `\.`, `{}`, `[]`, `{"a"`,
	`[{"role":"user","parts":[{"type":"text","content":"hi \u0000 \ud800"}]}]`, `[{"role":1,"content":[{"type":"image_url"}]}]`,
	`{"messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{"}}]}]}`, `[[[[[[1e999]]]]]]`,
	`{"$content":"00000000-0000-0000-0000-000000000000"}`, `"quoted"`, "2024-13-45T99:99:99Z", "a,b;c=d",
}

func wildText(r *rand.Rand) string {
	switch r.IntN(20) {
	case 0:
		raw := make([]byte, r.IntN(50))
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		return string(raw)
	case 1:
		return strings.Repeat(wildTexts[r.IntN(len(wildTexts))], 1+r.IntN(300))
	case 2:
		return noise(3000)
	}
	return wildTexts[r.IntN(len(wildTexts))]
}
