package logs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// readOne reads one record.
func readOne(name string, write func(rec plog.LogRecord)) *Batch {
	ld := plog.NewLogs()
	rec := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	rec.SetTimestamp(1)
	rec.SetEventName(name)
	write(rec)
	return Read(ld, KeepGenAI, nil)
}

// results puts a list of so many results.
func results(to pcommon.Map, key string, n int) {
	list := to.PutEmptySlice(key)
	for i := range n {
		list.AppendEmpty().SetEmptyMap().PutStr(scoreName, fmt.Sprint(key, i))
	}
}

// TestResultsOfOneRecord has records with a result of their own and lists of results: all are scores, up to the bound, and
// a record with more says so.
func TestResultsOfOneRecord(t *testing.T) {
	own := func(rec plog.LogRecord) {
		rec.Attributes().PutStr(scoreName, "own")
		rec.Attributes().PutInt(scoreValue, 1)
	}
	for _, test := range []struct {
		what    string
		write   func(rec plog.LogRecord)
		want    []string
		omitted bool
	}{
		{"its own", own, []string{"own"}, false},
		{"its own, nested", func(rec plog.LogRecord) {
			rec.Attributes().PutEmptyMap("gen_ai").PutEmptyMap("evaluation").PutStr("name", "own")
		}, []string{"own"}, false},
		{"its own beside a list of the parts", func(rec plog.LogRecord) {
			own(rec)
			results(rec.Attributes(), "parts", 2)
		}, []string{"own", "parts0", "parts1"}, false},
		{"lists in attributes, in JSON and in the body", func(rec plog.LogRecord) {
			results(rec.Attributes(), "b", 2)
			rec.Attributes().PutStr("a", `[{"gen_ai.evaluation.name": "a0"}]`)
			results(rec.Body().SetEmptyMap(), "c", 1)
		}, []string{"a0", "b0", "b1", "c0"}, false},
		{"the name of a suite beside its list", func(rec plog.LogRecord) {
			rec.Attributes().PutStr(scoreName, "suite")
			results(rec.Attributes(), "parts", 1)
		}, []string{"parts0"}, false},
		{"as many as the bound", func(rec plog.LogRecord) {
			results(rec.Attributes(), "a", maxScores-1)
			results(rec.Attributes(), "b", 1)
		}, nil, false},
		{"more than the bound", func(rec plog.LogRecord) {
			results(rec.Attributes(), "a", maxScores-1)
			results(rec.Attributes(), "b", 2)
		}, nil, true},
	} {
		for _, event := range []string{evaluationResult, evaluationResults} {
			b := readOne(event, test.write)
			require.Len(t, b.Records, 1, test.what)
			require.Equal(t, test.omitted, b.Records[0].ScoresOmitted, test.what)
			var names []string
			for _, score := range b.Records[0].Scores {
				name, _ := score.Get(scoreName)
				names = append(names, name.Str())
				require.False(t, hasMember(score, "parts"), test.what)
			}
			if test.want == nil {
				require.Len(t, names, maxScores, test.what)
				continue
			}
			require.Equal(t, test.want, names, test.what)
		}
	}
}

// TestResultsHaveNoMoreThanAnID has a record whose response is a list: each of many results would hold a copy of it.
func TestResultsHaveNoMoreThanAnID(t *testing.T) {
	for _, id := range []any{"r1", int64(7), []any{"r1", "r2"}, map[string]any{"id": "r1"}} {
		b := readOne(evaluationResults, func(rec plog.LogRecord) {
			results(rec.Attributes(), "all", 2)
			require.NoError(t, rec.Attributes().PutEmpty(responseID).FromRaw(id))
		})
		for _, score := range b.Records[0].Scores {
			v, ok := score.Get(responseID)
			scalar := id == "r1" || id == int64(7)
			require.Equal(t, scalar, ok)
			if ok {
				require.Equal(t, fmt.Sprint(id), v.AsString())
			}
		}
	}
}

// TestRecordsOfManyMembers has records with more members than a span takes, wherever they are, and members of one with a
// long name: to add members to a map costs the square of their number, and to name them that of their lengths.
func TestRecordsOfManyMembers(t *testing.T) {
	many := func(to pcommon.Map) {
		for i := range 3 * maxMembers {
			to.PutInt(fmt.Sprint("k", i), 1)
		}
	}
	for what, write := range map[string]func(rec plog.LogRecord){
		"attributes": func(rec plog.LogRecord) { many(rec.Attributes()) },
		"body":       func(rec plog.LogRecord) { many(rec.Body().SetEmptyMap()) },
		"gen_ai":     func(rec plog.LogRecord) { many(rec.Attributes().PutEmptyMap(conventionKey)) },
	} {
		b := readOne(inferenceDetails, func(rec plog.LogRecord) {
			rec.Attributes().PutStr(requestModel, "m")
			write(rec)
		})
		require.Len(t, b.Observations, 1, what)
		attrs := b.Spans.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
		require.LessOrEqual(t, attrs.Len(), maxMembers+maxAdded, what)
		require.True(t, hasMember(attrs, requestModel), what)
	}
	b := readOne("", func(rec plog.LogRecord) {
		ai := rec.Attributes().PutEmptyMap(gatewayKey)
		ai.PutStr("model", "m")
		ai.PutEmptyMap("usage").PutInt("prompt_tokens", 7)
		many(ai)
	})
	require.Len(t, b.Observations, 1)
	rec := &record{LogRecord: plog.NewLogRecord()}
	long := strings.Repeat("long", maxName)
	inner := rec.Attributes().PutEmptyMap(conventionKey).PutEmptyMap(long)
	inner.PutInt("input_tokens", 1)
	rec.flatten()
	require.Equal(t, map[string]any{conventionKey + "." + long: inner.AsRaw()}, rec.flat.AsRaw())
	r := newReader(KeepGenAI, nil)
	require.False(t, r.find(&record{LogRecord: rec.LogRecord}).counts)
}

// TestMapsAreCopiedWhole copies maps with and without a value that nests too deep.
func TestMapsAreCopiedWhole(t *testing.T) {
	from := pcommon.NewMap()
	require.NoError(t, from.FromRaw(map[string]any{"a": "x", "b": []any{int64(1), 0.5, true, nil}, "c": map[string]any{"d": []byte{1}}}))
	to := pcommon.NewMap()
	copyMap(from, to)
	require.Equal(t, from.AsRaw(), to.AsRaw())
	v := from.PutEmpty("deep")
	for range maxDepth + 2 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	to = pcommon.NewMap()
	copyMap(from, to)
	want := from.AsRaw()
	want["deep"] = strings.Repeat("[", maxDepth+2) + "null" + strings.Repeat("]", maxDepth+2)
	require.Equal(t, want, to.AsRaw())
}
