package trace

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestRollupMergesInAnyOrder merges the parts of a trace in every order and
// through its stored form.
func TestRollupMergesInAnyOrder(t *testing.T) {
	spans := []mapping.Span{
		{Name: "late", Start: 30, End: 40, UserID: "ann", Tags: []string{"b"}, Labels: labelsOf("team", "late", "unit", "u1")},
		{Name: "early", Start: 10, End: 20, ServiceName: "api", Tags: []string{"a"}, Labels: labelsOf("team", "early", "unit", "u2")},
		{Name: "root", Start: 10, End: 50, Status: "ok", SessionID: "s", Labels: labelsOf("cost", "c", "team", "root")},
		{Name: "second root", Start: 20, End: 60, Status: "error", UserID: "bob", Environment: "dev", Labels: labelsOf("cost", "d")},
	}
	for i := range spans {
		spans[i].SpanID[0] = byte(9 - i)
	}
	spans[0].ParentSpanID[0], spans[1].ParentSpanID[0] = 1, 1
	permute(len(spans), func(order []int) {
		var row Rollup
		for _, i := range order {
			var part Rollup
			span := Of(&spans[i])
			part.addSpan(&span)
			row = throughStorage(t, row)
			row.merge(&part)
		}
		require.Equal(t, "root", row.Field(FieldName), order)
		require.Equal(t, "api", row.Field(FieldService), order)
		require.Equal(t, "bob", row.Field(FieldUser), "the earliest span that says it")
		require.Equal(t, "s", row.Field(FieldSession), order)
		require.Equal(t, "dev", row.Field(FieldEnvironment), order)
		require.Equal(t, "ok", row.Status(), order)
		require.Equal(t, []string{"a", "b"}, row.Tags, order)
		require.Equal(t, labelsOf("cost", "c", "team", "root", "unit", "u2"), row.Labels(), order)
		require.Equal(t, []int64{10, 60, 4}, []int64{row.Start, row.End, row.Spans}, order)
	})
}

// TestSetsOfARowAreBounded merges many spans, each with tags and a model of its own, in another order and other
// parts: the row has the same of them, the first.
func TestSetsOfARowAreBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var spans []mapping.Span
	var tags []string
	for i := range 3 * maxEntries {
		tag := strconv.FormatUint(rng.Uint64(), 36)
		tags = append(tags, tag)
		spans = append(spans, mapping.Span{
			SpanID: pcommon.SpanID{1, byte(i), byte(i >> 8)}, Start: int64(i), End: int64(i), Tags: []string{tag, tags[rng.IntN(i+1)]},
			Kind: mapping.KindLLM, RequestModel: tag,
		})
	}
	slices.Sort(tags)
	for range 3 {
		rng.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
		var row, part Rollup
		for i := range spans {
			span := Of(&spans[i])
			part.addSpan(&span)
			if rng.IntN(100) == 0 || i == len(spans)-1 {
				row.merge(&part)
				part = Rollup{}
			}
		}
		require.Equal(t, tags[:maxEntries], row.Tags)
		require.Equal(t, tags[:maxEntries], row.Models)
	}
}

// labelsOf returns labels of names and values in turn.
func labelsOf(texts ...string) (labels []mapping.Label) {
	for i := 0; i < len(texts); i += 2 {
		labels = append(labels, mapping.Label{Name: texts[i], Value: texts[i+1]})
	}
	return labels
}

// throughStorage writes a row's provenance and reads it back.
func throughStorage(t *testing.T, row Rollup) Rollup {
	if row.Spans == 0 {
		return row
	}
	row.state |= current
	columns := Row{RootID: row.RootID(), Status: row.Status(), Labels: row.Labels()}
	for f := range columns.Fields {
		columns.Fields[f] = row.Field(f)
	}
	back := Rollup{Start: row.Start, End: row.End, Tags: row.Tags, Models: row.Models, Spans: row.Spans}
	back.ReadProvenance(row.AppendProvenance(nil), &columns)
	require.NotZero(t, back.state&current)
	return back
}

func permute(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rec(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rec(0)
}

// TestNestedToolsOfEarlierVersionsAreCountedAnew reads the rows of traces that the version before has counted: those with
// nested tools lack what these await.
func TestNestedToolsOfEarlierVersionsAreCountedAnew(t *testing.T) {
	for _, nests := range []bool{false, true} {
		written := Rollup{Start: 1, End: 2, state: current | registered}
		if nests {
			written.state |= nested
		}
		origins := written.AppendProvenance(nil)
		var read, before Rollup
		read.ReadProvenance(origins, &Row{})
		require.Equal(t, written.state, read.state)
		origins[0] = provenanceVersion
		before.ReadProvenance(origins, &Row{})
		require.Equal(t, !nests, before.Current())
	}
}
