package trace

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestCallKeys requires that a record keeps all keys under which its call would be listed, or none, and
// that they come back from storage.
func TestCallKeys(t *testing.T) {
	kept := 0
	for bits := range 1 << 10 {
		on := func(bit int) bool { return bits>>bit&1 > 0 }
		s := mapping.Span{TraceID: pcommon.TraceID{1}, SpanID: pcommon.SpanID{2}, Start: 5, End: 9, Kind: mapping.KindLLM, ResponseID: "a"}
		e := &mapping.EventCall{Record: content.ID{3}, Event: "done", NamesCall: on(0), ByTime: on(1), Derived: on(2)}
		s.Event = e
		if on(3) {
			e.Call = pcommon.SpanID{4}
		}
		if on(4) {
			s.SessionID = "s"
		}
		if on(5) {
			e.IDs = []string{"b", "c"}
		}
		if on(6) {
			s.Kind, s.ToolName, s.ToolCallID, s.ResponseID = mapping.KindTool, "bash", "call", ""
		}
		if on(7) {
			s.Usage.Input = mapping.Int{V: 1, OK: true}
		}
		if on(8) {
			s.Status = "error"
		}
		e.OfResource, e.AnySpan = on(9), on(9)
		keys, ok := keysOf(&s)
		c := CandidateOf(&s, "")
		all := hashesOf(c.Listed())
		if e.Derived && (!e.Call.IsEmpty() || s.SessionID == "") {
			require.False(t, ok, "%010b", bits)
			continue
		}
		require.True(t, ok, "%010b", bits)
		kept++
		require.ElementsMatch(t, all, slices.Concat(keys.InTrace, keys.InSession, hashesOf(c.Keys(false, false))), "%010b", bits)
		require.Equal(t, WithoutContext(&s), len(c.Keys(false, false)) > 0, "%010b", bits)
		if on(0) && !e.Call.IsEmpty() {
			keys.Words = &KeptWords{Form: 31, Nanos: 999, Ordinal: 1 << 30}
		}
		data := keys.Append(nil)
		require.Equal(t, keys.Words != nil, KeepsWords(data))
		read, err := ReadCallKeys(data)
		require.NoError(t, err)
		require.ElementsMatch(t, keys.InTrace, read.InTrace)
		require.ElementsMatch(t, keys.InSession, read.InSession)
		keys.InTrace, keys.InSession, read.InTrace, read.InSession = nil, nil, nil, nil
		require.Equal(t, keys, read)
		for n := range data {
			_, err := ReadCallKeys(data[:n])
			require.Error(t, err)
		}
	}
	require.Greater(t, kept, 100)
}

// TestDaysToRead requires that of a call near midnight both days are read, and each once.
func TestDaysToRead(t *testing.T) {
	s := NewSignals(nil)
	for i, end := range []int64{3*mapping.MicrosPerDay + 1, 3*mapping.MicrosPerDay + 2, 5 * mapping.MicrosPerDay / 2} {
		s.Add(&Candidate{ID: pcommon.SpanID{byte(i)}, End: end, Kind: mapping.KindLLM, Session: "s"})
	}
	require.Equal(t, []SessionDay{{"s", 2}, {"s", 3}}, s.DaysToRead())
	require.Empty(t, s.DaysToRead())
	s.Add(&Candidate{ID: pcommon.SpanID{9}, Start: -5, End: 5 * mapping.MicrosPerDay, Kind: mapping.KindAgent, Session: "s", Sums: true})
	require.Equal(t, []SessionDay{{"s", -1}, {"s", 0}, {"s", 1}, {"s", 4}, {"s", 5}}, s.DaysToRead())
	s.Absent = Absence{Sessions: map[string]SessionAbsence{"s": {Unkept: true}}, FirstDay: 7, LastDay: 8}
	s.Add(&Candidate{ID: pcommon.SpanID{10}, Start: 6 * mapping.MicrosPerDay, End: 9 * mapping.MicrosPerDay, Kind: mapping.KindAgent, Session: "s", Sums: true})
	require.Equal(t, []SessionDay{{"s", 6}, {"s", 9}}, s.DaysToRead(), "of days in between no record keeps keys")
}

func keysOf(s *mapping.Span) (CallKeys, bool) {
	c := CandidateOf(s, "")
	return KeysOf(s, &c)
}
