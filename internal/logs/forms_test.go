package logs

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// form writes a record of a scope in another way such that the record says the same; false
// where the record has nothing that can be written so.
type form struct {
	name string
	do   func(r *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool
}

var recordForms = []form{
	{"name as an attribute", func(_ *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return rename(scope, rec, func(name string) { rec.Attributes().PutStr("event.name", name) })
	}},
	{"name as another attribute", func(_ *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return rename(scope, rec, func(name string) { rec.Attributes().PutStr("event_name", name) })
	}},
	{"name as a field", func(_ *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return rename(scope, rec, rec.SetEventName)
	}},
	{"name with a redacted attribute", func(_ *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return rename(scope, rec, func(name string) {
			rec.Attributes().PutStr("event.name", "<REDACTED>")
			rec.SetEventName(name)
		})
	}},
	{"name as the body", func(_ *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		if b := rec.Body().Type(); b != pcommon.ValueTypeEmpty && (b != pcommon.ValueTypeStr || strings.HasPrefix(rec.Body().Str(), "{")) {
			return false
		}
		return rename(scope, rec, func(name string) { rec.Body().SetStr(name) })
	}},
	{"numbers as text", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return numbers(rec, func(v pcommon.Value, n float64) { v.SetStr(strconv.FormatFloat(n, 'f', -1, 64)) })
	}},
	{"numbers as spaced text", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return numbers(rec, func(v pcommon.Value, n float64) { v.SetStr(" " + strconv.FormatFloat(n, 'f', 1, 64) + " ") })
	}},
	{"numbers as doubles", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return numbers(rec, func(v pcommon.Value, n float64) { v.SetDouble(n) })
	}},
	{"numbers as ints", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return numbers(rec, func(v pcommon.Value, n float64) { v.SetInt(int64(n)) })
	}},
	{"truth as text", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return truths(rec, func(v pcommon.Value, is bool) { v.SetStr(strings.ToUpper(strconv.FormatBool(is))) })
	}},
	{"truth as a bool", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return truths(rec, pcommon.Value.SetBool)
	}},
	{"attributes in a map", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return intoBody(rec, func(string) bool { return true }, false)
	}},
	{"attributes in JSON", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return intoBody(rec, func(string) bool { return true }, true)
	}},
	{"some attributes in a map", func(r *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return intoBody(rec, func(string) bool { return r.IntN(2) == 0 }, false)
	}},
	{"observed time only", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		rec.SetObservedTimestamp((&record{LogRecord: rec}).time())
		rec.SetTimestamp(0)
		return true
	}},
	{"time as text", func(r *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		layout := []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999"}[r.IntN(3)]
		at := (&record{LogRecord: rec}).time().AsTime()
		return timeAttribute(rec, func(v pcommon.Value) { v.SetStr(at.Format(layout)) })
	}},
	{"time as a number", func(r *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		at := (&record{LogRecord: rec}).time()
		unit := []pcommon.Timestamp{1, 1000, 1_000_000}[r.IntN(3)]
		if at%unit != 0 {
			return false
		}
		return timeAttribute(rec, func(v pcommon.Value) { v.SetInt(int64(at / unit)) })
	}},
	{"JSON as maps", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return structured(rec, true)
	}},
	{"maps as JSON", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		return structured(rec, false)
	}},
	{"the provider's older name", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		v, ok := rec.Attributes().Get(provider)
		if _, there := rec.Attributes().Get("gen_ai.system"); !ok || there {
			return false
		}
		rec.Attributes().PutStr("gen_ai.system", v.AsString())
		return rec.Attributes().Remove(provider)
	}},
	{"empty values beside", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		for _, key := range []string{"gen_ai.request.top_k", "gen_ai.usage.cache_read.input_tokens", "error.type", "exception.type", "gen_ai.agent.name", "error"} {
			if _, there := rec.Attributes().Get(key); !there {
				rec.Attributes().PutEmpty(key)
			}
		}
		return true
	}},
	{"severity and flags", func(_ *rand.Rand, _ pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		rec.SetSeverityNumber(plog.SeverityNumberInfo)
		rec.SetSeverityText("info")
		rec.SetFlags(1)
		return true
	}},
	{"no scope", func(_ *rand.Rand, scope pcommon.InstrumentationScope, rec plog.LogRecord) bool {
		p := programOf(scope.Name(), nameOf(scope, rec))
		if nameOf(scope, rec) == scope.Name() || p == nil || p.prefix != "" && p.rules(nameOf(scope, rec))[0].kind <= Fact {
			return false
		}
		if p.prefix != "" {
			rename(scope, rec, func(name string) { rec.SetEventName(p.prefix + strings.TrimPrefix(name, p.prefix)) })
		}
		scope.SetName("")
		return true
	}},
}

func nameOf(scope pcommon.InstrumentationScope, rec plog.LogRecord) string {
	return (&record{LogRecord: rec, scope: scope}).eventName()
}

func rename(scope pcommon.InstrumentationScope, rec plog.LogRecord, to func(string)) bool {
	name := nameOf(scope, rec)
	if name == "" {
		return false
	}
	p := programOf(scope.Name(), name)
	for _, key := range []string{"event.name", "event_name"} {
		rec.Attributes().Remove(key)
	}
	rec.SetEventName("")
	if p != nil && !strings.Contains(name, ".") {
		name = p.prefix + name
	}
	to(name)
	return true
}

// plain are attributes that are no numbers, whatever they look like.
func plain(key string) bool {
	return strings.HasSuffix(key, "id") || strings.Contains(key, "prompt") || strings.Contains(key, "output") && !strings.Contains(key, "token") || strings.HasSuffix(key, "version") ||
		strings.Contains(key, "status") || strings.HasSuffix(key, "timestamp")
}

func numbers(rec plog.LogRecord, to func(pcommon.Value, float64)) (some bool) {
	for key, v := range rec.Attributes().All() {
		n, ok := number(v)
		if plain(key) || !ok || n != float64(int64(n)) {
			continue
		}
		some = true
		to(v, n)
	}
	return some
}

func truths(rec plog.LogRecord, to func(pcommon.Value, bool)) (some bool) {
	for key, v := range rec.Attributes().All() {
		if is, err := strconv.ParseBool(v.AsString()); err == nil && len(v.AsString()) > 1 && !plain(key) {
			some = true
			to(v, is)
		}
	}
	return some
}

func intoBody(rec plog.LogRecord, moves func(string) bool, asJSON bool) bool {
	if b := rec.Body(); b.Type() != pcommon.ValueTypeEmpty && b.Type() != pcommon.ValueTypeStr || b.Type() == pcommon.ValueTypeStr && strings.HasPrefix(b.Str(), "{") {
		return false
	}
	body := pcommon.NewMap()
	if rec.EventName() == "" {
		if _, ok := rec.Attributes().Get("event.name"); !ok {
			if _, ok := rec.Attributes().Get("event_name"); !ok {
				return false
			}
		}
	}
	rec.Attributes().RemoveIf(func(key string, v pcommon.Value) bool {
		if key == "event.name" || key == "event_name" || !moves(key) {
			return false
		}
		v.CopyTo(body.PutEmpty(key))
		return true
	})
	if !asJSON {
		body.CopyTo(rec.Body().SetEmptyMap())
		return true
	}
	text, err := json.Marshal(body.AsRaw())
	if err != nil {
		panic(err)
	}
	rec.Body().SetStr(string(text))
	return true
}

func timeAttribute(rec plog.LogRecord, to func(pcommon.Value)) bool {
	rec.SetTimestamp(0)
	rec.SetObservedTimestamp(0)
	to(rec.Attributes().PutEmpty("event.timestamp"))
	return true
}

// structured writes the JSON of words as values, or values as JSON.
func structured(rec plog.LogRecord, values bool) (some bool) {
	toggle := func(v pcommon.Value) {
		switch v.Type() {
		case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
			if !values {
				var rep jsonval.Repairs
				if text := string(jsonval.AppendValue(nil, v, &rep)); !strings.Contains(text, `"$bytes"`) {
					v.SetStr(text)
					some = true
				}
			}
		case pcommon.ValueTypeStr:
			var raw any
			if values && (strings.HasPrefix(v.Str(), "[{") || strings.HasPrefix(v.Str(), `{"`)) && json.Unmarshal([]byte(v.Str()), &raw) == nil {
				some = v.FromRaw(raw) == nil || some
			}
		}
	}
	toggle(rec.Body())
	for key, v := range rec.Attributes().All() {
		if key != "response" && key != "output" && key != "error" && key != "error.message" {
			toggle(v)
		}
	}
	return some
}

// meaning is what follows from a record: the spans, words and scores that it tells.
type meaning struct {
	Observations []Observation
	Spans        []mapping.Span
	Words        []mapping.Words
	WordSpans    []mapping.Span
	Scores       []any
	Session      string
	User         string
	Kept         bool
}

// meaningOf reads and maps a batch of one record. What differs between forms by right, as the
// hash of the record and what no column holds, is left out.
func meaningOf(ld plog.Logs) (m meaning) {
	b := Read(ld, KeepGenAI, nil)
	mapper := mapping.New(mapping.Options{})
	m.Observations, m.Words, m.Kept = b.Observations, b.Words, len(b.Records) == 1
	strip := func(batch *mapping.Batch) []mapping.Span {
		for i := range batch.Spans {
			s := &batch.Spans[i]
			s.Attributes, s.Events, s.Adjustments, s.Ordinal, s.SpanID, s.ResourceID = nil, nil, 0, 0, pcommon.SpanID{}, content.ID{}
			s.Name, s.ScopeName, s.ScopeVersion = "", "", ""
			s.RequestParameters = wholeParameters(s.RequestParameters)
			if b.Records[0].TraceID().IsEmpty() && b.Records[0].Session == "" {
				s.TraceID = pcommon.TraceID{}
			}
		}
		return batch.Spans
	}
	spans := mapper.Map(b.Spans)
	m.Spans = strip(spans)
	words := mapper.Map(b.WordSpans)
	m.WordSpans = strip(words)
	for i := range m.Observations {
		o := &m.Observations[i]
		o.Record, o.Event, o.Program = content.ID{}, "", strings.TrimSpace(o.Program)
		if o.Words != nil {
			o.Words.Record, o.Words.Trace = content.ID{}, pcommon.TraceID{}
		}
	}
	for i := range m.Words {
		m.Words[i].Record, m.Words[i].Trace = content.ID{}, pcommon.TraceID{}
	}
	for _, rec := range b.Records {
		m.Session, m.User = rec.Session, rec.User
		for _, score := range rec.Scores {
			name, _ := score.Get(scoreName)
			value, ok := score.Get("gen_ai.evaluation.score.value")
			n := 0.0
			if ok {
				n, _ = number(value)
			}
			m.Scores = append(m.Scores, name.AsString(), n)
		}
	}
	return m
}

// wholeParameters writes numbers of parameters alike.
func wholeParameters(parameters []byte) []byte {
	var fields map[string]any
	if json.Unmarshal(parameters, &fields) != nil {
		return parameters
	}
	text, _ := json.Marshal(fields)
	return text
}

// TestRecordsInOtherForms writes each captured record in one or several other forms, and
// compares what is told.
func TestRecordsInOtherForms(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(agentruns.Folder(), "..", "*", "*.logs*.json"))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(19, 20))
	tried := map[string]int{}
	for _, path := range paths {
		if strings.HasSuffix(path, ".expected.json") || strings.Contains(path, "opencode") {
			continue
		}
		for _, one := range recordsOf(agentruns.LoadLogs(t, path)) {
			before := plog.NewLogs()
			one.CopyTo(before)
			want := meaningOf(before)
			if !want.Kept {
				continue
			}
			for _, f := range recordForms {
				requireForm(t, r, one, want, path, tried, f)
			}
			for range 4 {
				requireForm(t, r, one, want, path, tried, recordForms[r.IntN(len(recordForms))], recordForms[r.IntN(len(recordForms))])
			}
		}
	}
	for _, f := range recordForms {
		require.NotZero(t, tried[f.name], f.name)
	}
}

func requireForm(t *testing.T, r *rand.Rand, one plog.Logs, want meaning, path string, tried map[string]int, forms ...form) {
	t.Helper()
	other := plog.NewLogs()
	one.CopyTo(other)
	sl := other.ResourceLogs().At(0).ScopeLogs().At(0)
	var names []string
	for _, f := range forms {
		if f.do(r, sl.Scope(), sl.LogRecords().At(0)) {
			names = append(names, f.name)
			tried[f.name]++
		}
	}
	written, err := (&plog.JSONMarshaler{}).MarshalLogs(other)
	require.NoError(t, err)
	require.Equal(t, asText(t, want), asText(t, meaningOf(other)), "%s: %s\n%s", filepath.Base(path), strings.Join(names, ", "), written)
}

func asText(t *testing.T, m meaning) string {
	t.Helper()
	text, err := json.MarshalIndent(m, "", " ")
	require.NoError(t, err)
	return string(text)
}

// recordsOf cuts ld into batches of one record.
func recordsOf(ld plog.Logs) (all []plog.Logs) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, rec := range sl.LogRecords().All() {
				one := plog.NewLogs()
				to := one.ResourceLogs().AppendEmpty()
				rl.Resource().CopyTo(to.Resource())
				toScope := to.ScopeLogs().AppendEmpty()
				sl.Scope().CopyTo(toScope.Scope())
				rec.CopyTo(toScope.LogRecords().AppendEmpty())
				all = append(all, one)
			}
		}
	}
	return all
}
