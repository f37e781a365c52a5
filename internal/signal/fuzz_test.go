package signal

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// FuzzLogs maps whatever log records an OTLP client may send, and records of known events
// whose attribute or body is any text, or any JSON.
func FuzzLogs(f *testing.F) {
	names := addRecords(f)
	f.Add([]byte(nil), "gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`, uint64(0), uint64(1))
	f.Add([]byte(nil), "prompt", "\x00\xff"+strings.Repeat(`{"a":[`, 300), uint64(math.MaxUint64), uint64(2))
	f.Add([]byte(nil), "$content", `{"$content":["x"],"$hole":1,"$scope":{"$content":"y"}}`, uint64(1e18), uint64(math.MaxUint64))
	full, facts := mapping.New(mapping.Options{}), mapping.New(mapping.Options{Capture: mapping.CaptureMetadata})
	f.Fuzz(func(t *testing.T, proto []byte, key, text string, at, how uint64) {
		ld := plog.NewLogs()
		if proto != nil {
			var err error
			if ld, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(proto); err != nil {
				return
			}
		}
		if key != "" || text != "" {
			addFuzzRecord(ld, names[how%uint64(len(names))], key, text, at, how>>8)
		}
		keep := []logs.Keep{logs.KeepAll, logs.KeepGenAI}[how&1]
		before := marshalData(t, Logs{Logs: ld})
		b, again := mapLogs(t, ld, keep, full), mapLogs(t, ld, keep, full)
		require.True(t, bytes.Equal(before, marshalData(t, Logs{Logs: ld})), "the input is left as it is")
		require.True(t, reflect.DeepEqual(b, again), "mapping is deterministic")
		records := len(b.Events) + b.FilteredRecords + b.RepeatedRecords
		for _, n := range b.RejectedRecords {
			records += n
		}
		require.Equal(t, ld.LogRecordCount(), records)
		requireStorable(t, b)
		meta := mapLogs(t, ld, keep, facts)
		requireStorable(t, meta)
		require.Empty(t, meta.Contents)
	})
}

// addRecords adds a record of each name of an event in the captured runs, and returns the names.
func addRecords(f *testing.F) (names []string) {
	paths, err := filepath.Glob(filepath.Join(agentruns.Folder(), "..", "*", "*.logs*.json"))
	require.NoError(f, err)
	seen := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, ".expected.json") {
			continue
		}
		for _, rl := range agentruns.LoadLogs(f, path).ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					name := rec.EventName()
					if v, ok := rec.Attributes().Get("event.name"); ok {
						name = v.AsString()
					}
					if seen[name] {
						continue
					}
					seen[name] = true
					names = append(names, name)
					one := plog.NewLogs()
					to := one.ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(to.Resource())
					scope := to.ScopeLogs().AppendEmpty()
					sl.Scope().CopyTo(scope.Scope())
					rec.CopyTo(scope.LogRecords().AppendEmpty())
					data, err := (&plog.ProtoMarshaler{}).MarshalLogs(one)
					require.NoError(f, err)
					f.Add(data, "", "", uint64(0), uint64(0))
				}
			}
		}
	}
	require.NotEmpty(f, names)
	return names
}

// addFuzzRecord adds two records of an event, that text is in.
func addFuzzRecord(ld plog.Logs, name, key, text string, at, how uint64) {
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName([]string{"", "openai.instrumentation", "com.anthropic.claude_code.events", "codex_cli_rs"}[how%4])
	for i := range 2 {
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(pcommon.Timestamp(at))
		rec.SetTraceID(pcommon.TraceID{byte(how >> 2 % 2)})
		rec.SetSpanID(pcommon.SpanID{byte(how >> 3 % 2)})
		rec.Attributes().PutStr("event.name", name)
		v := pcommon.NewValueStr(text)
		var parsed any
		if how>>4%2 > 0 && json.Unmarshal([]byte(text), &parsed) == nil {
			_ = v.FromRaw(parsed)
		}
		if i == 0 {
			v.MoveTo(rec.Attributes().PutEmpty(key))
			continue
		}
		rec.SetEventName(text)
		if how>>5%2 > 0 {
			v.MoveTo(rec.Body().SetEmptyMap().PutEmpty(key))
		} else {
			v.MoveTo(rec.Body())
		}
	}
}

func mapLogs(t *testing.T, ld plog.Logs, keep logs.Keep, m *mapping.Mapper) *mapping.Batch {
	t.Helper()
	return mapWhole(t, Logs{Logs: ld, Keep: keep}, m)
}

// requireStorable fails for what Postgres would refuse, and for references without a content.
func requireStorable(t *testing.T, b *mapping.Batch) {
	t.Helper()
	for key, body := range b.Contents {
		requireJSON(t, body)
		require.Equal(t, key.ID, content.Of(body))
	}
	for _, body := range b.Resources {
		requireJSON(t, body)
	}
	inHistories := map[content.Key]bool{}
	for key, h := range b.Histories {
		for _, m := range h.Messages() {
			inHistories[content.Key{Day: key.Day, ID: m.ID}] = true
		}
	}
	referred := func(key content.Key) {
		_, ok := b.Contents[key]
		require.True(t, ok || inHistories[key], "content %x is in the batch", key.ID)
	}
	for i := range b.Spans {
		s := &b.Spans[i]
		requireJSON(t, s.Attributes)
		requireStored(t, s.Start, s.Name, s.SessionID, s.UserID, s.RequestModel, s.ResponseID, s.ToolCallID)
		require.GreaterOrEqual(t, s.End, s.Start)
		b.EachReference(s, func(_ content.ID, body []byte) { require.NotNil(t, body) })
	}
	for i := range b.Events {
		e := &b.Events[i]
		requireJSON(t, e.Attributes)
		requireStored(t, e.Time, e.Name, e.EventName, e.Severity, e.ServiceName, e.ScopeName, e.ScopeVersion, e.SessionID, e.UserID)
		requireStored(t, e.ObservedTime)
		e.References(func(key content.Key, _ content.Owner) { referred(key) })
		for _, score := range e.Scores {
			requireJSON(t, score.Attributes)
			requireStored(t, score.Time, score.Name, score.Label, score.ErrorType, score.ResponseID, score.SessionID)
			require.False(t, math.IsNaN(score.Value.V) || math.IsInf(score.Value.V, 0))
		}
		if e.Words != nil {
			requireStored(t, e.Words.At/1000, append(e.Words.Models, e.Words.ID)...)
		}
	}
}

// requireStored requires that a time, µs, and texts are what columns hold.
func requireStored(t *testing.T, at int64, texts ...string) {
	t.Helper()
	require.GreaterOrEqual(t, at, int64(0))
	require.LessOrEqual(t, at, int64(math.MaxUint64/1000)) // in 2554
	for _, text := range texts {
		require.True(t, utf8.ValidString(text) && !strings.Contains(text, "\x00"), "%q", text)
	}
}

func requireJSON(t *testing.T, body []byte) {
	t.Helper()
	if body == nil {
		return
	}
	require.True(t, json.Valid(body) && utf8.Valid(body), "%q", body)
	require.False(t, bytes.Contains(body, []byte(`\u0000`)) && !bytes.Contains(body, []byte(`\\u0000`)), "%s", body)
}
