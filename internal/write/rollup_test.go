package write

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestRollupMergesInAnyOrder merges the parts of a trace in every order and
// through its stored form.
func TestRollupMergesInAnyOrder(t *testing.T) {
	spans := []mapping.Span{
		{Name: "late", Start: 30, End: 40, UserID: "ann", Tags: []string{"b"}},
		{Name: "early", Start: 10, End: 20, ServiceName: "api", Tags: []string{"a"}},
		{Name: "root", Start: 10, End: 50, Status: "ok", SessionID: "s"},
		{Name: "second root", Start: 20, End: 60, Status: "error", UserID: "bob", Environment: "dev"},
	}
	for i := range spans {
		spans[i].SpanID[0] = byte(9 - i)
	}
	spans[0].ParentSpanID[0], spans[1].ParentSpanID[0] = 1, 1
	permute(len(spans), func(order []int) {
		var row rollup
		for _, i := range order {
			var part rollup
			part.addSpan(&spans[i])
			row = throughStorage(t, row)
			row.merge(&part)
		}
		require.Equal(t, "root", row.value(fieldName), order)
		require.Equal(t, "api", row.value(fieldService), order)
		require.Equal(t, "bob", row.value(fieldUser), "the earliest span that says it")
		require.Equal(t, "s", row.value(fieldSession), order)
		require.Equal(t, "dev", row.value(fieldEnvironment), order)
		require.Equal(t, "ok", row.status(), order)
		require.Equal(t, []string{"a", "b"}, row.tags, order)
		require.Equal(t, []int64{10, 60, 4}, []int64{row.start, row.end, row.spans}, order)
	})
}

// throughStorage writes a row's origins and reads them back.
func throughStorage(t *testing.T, row rollup) rollup {
	if row.spans == 0 {
		return row
	}
	var values [fieldCount]string
	for f := range values {
		values[f] = row.value(f)
	}
	rootID := ""
	if row.root.ok {
		rootID = row.root.span.String()
	}
	back := rollup{start: row.start, end: row.end, tags: row.tags, models: row.models, spans: row.spans}
	back.root.status = row.root.status
	require.NoError(t, back.readOrigins(row.appendOrigins(nil), rootID, values))
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
