package agentruns

import (
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Mutator changes captured spans and log records at random places, into what no emitter is known to send and a receiver
// accepts nevertheless: values of other attributes, of other types and in other shapes, halves of texts, missing attributes.
type Mutator struct {
	keys   []string
	values []pcommon.Value
	traces []ptrace.Traces
	logs   []plog.Logs
}

// maxMutated bounds the spans and records of the captures that are changed.
const maxMutated = 400

// NewMutator loads all captures.
func NewMutator(t testing.TB) *Mutator {
	t.Helper()
	m := &Mutator{}
	require.NoError(t, filepath.WalkDir(filepath.Join(Folder(), ".."), func(path string, _ fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case strings.HasSuffix(name, ".logs.otlp.json"), strings.HasSuffix(name, ".logs.json"):
			if ld := LoadLogs(t, path); ld.LogRecordCount() > 0 && ld.LogRecordCount() <= maxMutated {
				m.logs = append(m.logs, ld)
			}
		case strings.HasSuffix(name, ".otlp.json") && !strings.HasSuffix(name, ".metrics.otlp.json"):
			if td := LoadTraces(t, path); td.SpanCount() > 0 && td.SpanCount() <= maxMutated {
				m.traces = append(m.traces, td)
			}
		}
		return nil
	}))
	require.NotEmpty(t, m.traces)
	require.NotEmpty(t, m.logs)
	for _, td := range m.traces {
		m.learn(&Run{Traces: td, Logs: plog.NewLogs()})
	}
	for _, ld := range m.logs {
		m.learn(&Run{Traces: ptrace.NewTraces(), Logs: ld})
	}
	return m
}

func (m *Mutator) learn(run *Run) {
	run.eachAttributes(func(attrs pcommon.Map) {
		for key, v := range attrs.All() {
			m.keys, m.values = append(m.keys, key), append(m.values, v)
		}
	})
	run.eachRecord(func(rec plog.LogRecord) { m.values = append(m.values, rec.Body()) })
}

// Traces returns the changed spans of a capture, with ids of their own.
func (m *Mutator) Traces(r *rand.Rand) ptrace.Traces {
	run := Run{Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	m.traces[r.IntN(len(m.traces))].CopyTo(run.Traces)
	OtherIDs(r, &run)
	td := run.Traces
	for _, rs := range td.ResourceSpans().All() {
		m.seldom(r, 4, rs.Resource().Attributes())
		for _, ss := range rs.ScopeSpans().All() {
			if r.IntN(6) == 0 {
				ss.Scope().SetName(m.key(r))
			}
			for _, s := range ss.Spans().All() {
				m.several(r, s.Attributes())
				for _, e := range s.Events().All() {
					m.seldom(r, 2, e.Attributes())
				}
				switch r.IntN(10) {
				case 0:
					s.SetStartTimestamp(hostileTime(r))
				case 1:
					s.SetEndTimestamp(hostileTime(r))
				case 2:
					s.SetName(m.key(r))
				}
			}
		}
	}
	return td
}

// Logs returns the changed log records of a capture, with ids of their own.
func (m *Mutator) Logs(r *rand.Rand) plog.Logs {
	run := Run{Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	m.logs[r.IntN(len(m.logs))].CopyTo(run.Logs)
	OtherIDs(r, &run)
	ld := run.Logs
	for _, rl := range ld.ResourceLogs().All() {
		m.seldom(r, 4, rl.Resource().Attributes())
		for _, sl := range rl.ScopeLogs().All() {
			if r.IntN(6) == 0 {
				sl.Scope().SetName(m.key(r))
			}
			for _, rec := range sl.LogRecords().All() {
				m.several(r, rec.Attributes())
				switch body := rec.Body(); r.IntN(8) {
				case 0:
					Hostile(r, body)
				case 1:
					m.values[r.IntN(len(m.values))].CopyTo(body)
				case 2:
					m.shape(r, body)
				case 3:
					if body.Type() == pcommon.ValueTypeMap {
						m.several(r, body.Map())
					}
				case 4:
					rec.SetTimestamp(hostileTime(r))
				}
			}
		}
	}
	return ld
}

func hostileTime(r *rand.Rand) pcommon.Timestamp {
	return pcommon.Timestamp([]uint64{0, 1, math.MaxUint64}[r.IntN(3)])
}

func (m *Mutator) key(r *rand.Rand) string { return m.keys[r.IntN(len(m.keys))] }

// seldom changes one of some attributes in one of n cases.
func (m *Mutator) seldom(r *rand.Rand, n int, attrs pcommon.Map) {
	if r.IntN(n) == 0 {
		m.one(r, attrs)
	}
}

// several changes two of some attributes in the mean.
func (m *Mutator) several(r *rand.Rand, attrs pcommon.Map) {
	for r.IntN(3) > 0 {
		m.one(r, attrs)
	}
}

func (m *Mutator) one(r *rand.Rand, attrs pcommon.Map) {
	if attrs.Len() == 0 {
		return
	}
	var keys []string
	for key := range attrs.All() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	key := keys[r.IntN(len(keys))]
	v, _ := attrs.Get(key)
	switch r.IntN(8) {
	case 0, 1:
		Hostile(r, v)
	case 2, 3:
		m.values[r.IntN(len(m.values))].CopyTo(v)
	case 4:
		if other := m.key(r); other != key {
			said := copied(v)
			said.CopyTo(attrs.PutEmpty(other))
		}
	case 5:
		attrs.Remove(key)
	default:
		m.shape(r, v)
	}
}

func copied(v pcommon.Value) pcommon.Value {
	said := pcommon.NewValueEmpty()
	v.CopyTo(said)
	return said
}

// shape keeps what a value says, or a part of that, in another shape.
func (m *Mutator) shape(r *rand.Rand, v pcommon.Value) {
	said := copied(v)
	text := said.AsString()
	switch r.IntN(6) {
	case 0:
		said.CopyTo(v.SetEmptySlice().AppendEmpty())
	case 1:
		said.CopyTo(v.SetEmptyMap().PutEmpty(m.key(r)))
	case 2:
		v.SetStr(text)
	case 3:
		v.SetStr(text[:r.IntN(len(text)+1)])
	case 4:
		if len(text) > 0 {
			changed := []byte(text)
			changed[r.IntN(len(text))] = text[r.IntN(len(text))]
			v.SetStr(string(changed))
		}
	case 5:
		v.SetStr(strings.NewReplacer("text", "image_url", "user", "tool", "content", "parts", "{", "[{", `"`, `\"`).Replace(text))
	}
}
