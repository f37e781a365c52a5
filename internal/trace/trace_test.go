package trace

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// check delivers a forest in random batches and compares flags and sums with their
// definition.
func check(t testing.TB, r source) {
	spans := forest(r, randomShape(r))
	kept := map[observation]bool{}
	distinct := make([]Span, 0, len(spans))
	for _, s := range spans {
		if at := (observation{s.ID, s.Start}); !kept[at] {
			kept[at] = true
			distinct = append(distinct, s)
		}
	}
	s := newStorage()
	for _, batch := range deliveries(r, distinct) {
		s.store(t, batch)
	}
	s.require(t, distinct)
}

// require compares what is stored with the definition over spans.
func (s *storage) require(t testing.TB, spans []Span) {
	want := define(spans)
	sums := &Rollup{}
	for i := range spans {
		var got Flags
		found := false
		for _, stored := range s.spans[spans[i].ID] {
			if stored.Start == spans[i].Start {
				got, found = stored.Flags, true
			}
		}
		require.True(t, found)
		got.Below, got.Passes, got.IsCall = 0, 0, false
		if got != want[i] {
			s.explain(t, spans, want)
		}
		sums.addSpan(&spans[i])
		sums.count(&spans[i], want[i], 1)
	}
	same(t, sums.Spans, s.written.Spans, "spans")
	same(t, [...]int64{sums.LLMCalls, sums.ToolCalls, sums.Errors, sums.Input, sums.Output, sums.Total, sums.Start, sums.End},
		[...]int64{s.written.LLMCalls, s.written.ToolCalls, s.written.Errors, s.written.Input, s.written.Output, s.written.Total, s.written.Start, s.written.End}, "sums")
	same(t, sums.Cost().Valid, s.written.Cost().Valid, "a cost is known")
	require.True(t, sums.Cost().Decimal.Equal(s.written.Cost().Decimal), "%v %v", sums.Cost(), s.written.Cost())
	same(t, sums.Unpriced, s.written.Unpriced, "calls without a price")
	same(t, sums.Estimated().Valid, s.written.Estimated().Valid, "an estimate is known")
	require.True(t, sums.Estimated().Decimal.Equal(s.written.Estimated().Decimal))
	same(t, sums.RootID(), s.written.RootID(), "root")
	same(t, sums.Field(FieldName), s.written.Field(FieldName), "name")
	same(t, sums.Field(FieldUser), s.written.Field(FieldUser), "user")
	if want, got := labelsByDefinition(spans), s.written.Labels(); !slices.Equal(want, got) {
		require.Equal(t, want, got)
	}
	if !slices.Equal(sums.hours, s.written.hours) {
		require.Equal(t, sums.hours, s.written.hours)
	}
	for id := range s.awaited {
		same(t, 0, len(s.spans[id]), "awaited, and there")
	}
	for id, tools := range s.awaiting {
		same(t, true, len(tools) == 0 || len(s.spans[id]) == 0, "awaited by a tool, and there")
	}
}

// same is require.Equal without what its reflection costs where there is no difference.
func same[T comparable](t testing.TB, want, got T, what string) {
	if want != got {
		require.Equal(t, want, got, what)
	}
}

func (s *storage) explain(t testing.TB, spans []Span, want []Flags) {
	t.Helper()
	for i := range spans {
		sp := &spans[i]
		for _, stored := range s.spans[sp.ID] {
			if stored.Start == sp.Start {
				got := stored.Flags
				got.Below, got.Passes, got.IsCall = 0, 0, false
				mark := " "
				if got != want[i] {
					mark = "*"
				}
				t.Logf("%s%v parent %v %-9s %q/%q scope %q in %v out %v cost %v failed %v resp %q fo %x li %x models %v %d–%d below %b: want %v got %v", mark, sp.ID, sp.Parent, sp.Kind,
					sp.ToolName, sp.ToolCall, sp.Scope, sp.Input, sp.Output, sp.Cost.Valid, sp.Failed, sp.ResponseID, sp.FirstOutput[:1], sp.LastInput[:1], sp.Models, sp.Start%1000, sp.End%1000, stored.Below, want[i], got)
			}
		}
	}
	t.Logf("pairs %v", s.pairs)
	require.FailNow(t, "flags differ from their definition")
}

func TestCountingMatchesDefinition(t *testing.T) {
	traces := 20_000
	if testing.Short() {
		traces = 3_000
	}
	if n, err := strconv.Atoi(os.Getenv("COUNTING_TRACES")); err == nil {
		traces = n
	}
	// Collecting garbage seldom saves a quarter of the time: little of it is ever in use.
	t.Cleanup(func() { debug.SetGCPercent(100) })
	debug.SetGCPercent(400)
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		t.Run(fmt.Sprint("worker ", worker), func(t *testing.T) {
			t.Parallel()
			seed := worker
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			})
			for ; seed < traces; seed += workers {
				check(t, rand.New(rand.NewPCG(uint64(seed), 1)))
			}
		})
	}
}

func FuzzCounting(f *testing.F) {
	f.Add([]byte("a trace of some spans"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, &fuzzed{data}) })
}

// TestStoredCallTellsWhatItLearned has a failed call learn of one below it that did not
// fail, once it is stored and before a call that lies around it arrives together with
// another failed one within it.
func TestStoredCallTellsWhatItLearned(t *testing.T) {
	span := func(id byte, scope, response string, start, end int64) Span {
		return Span{
			ID: pcommon.SpanID{id}, Kind: mapping.KindLLM, Scope: scope, ResponseID: response, Models: newModels("gpt-4o"),
			Start: 1_700_000_000_000_000 + start, End: 1_700_000_000_000_000 + end, From: &mapping.Span{Name: "span", Status: "unset"},
		}
	}
	failed := func(s Span) Span {
		s.Error, s.Failed, s.From.Status = true, true, "error"
		return s
	}
	inner, elsewhere, apart := failed(span(1, "a", "r", 20, 50)), span(2, "b", "", 200, 300), span(3, "b", "", 400, 500)
	below := span(4, "a", "", 30, 40)
	below.Parent = inner.ID
	outer, beside := span(5, "b", "r", 10, 60), failed(span(6, "a", "r", 21, 22))
	s, spans := newStorage(), []Span{}
	for _, batch := range [][]Span{{inner, elsewhere}, {apart}, {below}, {outer, beside}} {
		s.store(t, batch)
		spans = append(spans, batch...)
	}
	s.require(t, spans)
	require.Equal(t, mapping.Bool{V: false, OK: true}, s.spans[outer.ID][0].Counted, "it is told below the inner one")
}

// TestAnotherObservationSaysMore has a stored call, of which its outer one had nothing to
// learn, come again with tokens at another time, first one and then after more observations
// than are read.
func TestAnotherObservationSaysMore(t *testing.T) {
	span := func(id byte, scope string, start, end int64) Span {
		return Span{
			ID: pcommon.SpanID{id}, Kind: mapping.KindLLM, Scope: scope, ResponseID: "r", Models: newModels("gpt-4o"),
			Start: 1_700_000_000_000_000 + start, End: 1_700_000_000_000_000 + end, From: &mapping.Span{Name: "span", Status: "unset"},
		}
	}
	for _, observations := range []int{1, 2 * MostObservations} {
		outer, child := span(1, "a", 500, 600), span(2, "a", 2000, 2100)
		tokens(&outer)
		child.ResponseID, child.Parent = "", outer.ID
		s, spans := newStorage(), []Span{outer, child}
		s.store(t, spans)
		for i := range observations {
			inner := span(3, "b", int64(i), int64(i))
			if i == observations-1 {
				inner = span(3, "b", 510, 520)
			}
			s.store(t, []Span{inner})
			spans = append(spans, inner)
		}
		more := span(3, "b", 3000, 3100)
		tokens(&more)
		s.store(t, []Span{more})
		s.require(t, append(spans, more))
		require.False(t, s.spans[outer.ID][0].UsageCounted.V, "the inner call reports the tokens")
	}
}

// TestOneAwaitedSpanNeedsNoRow has calls below spans that have not arrived: the trace's row says what lies below one of
// them, and a row of an earlier version says it of the same. What lies below counts once the spans arrive.
func TestOneAwaitedSpanNeedsNoRow(t *testing.T) {
	span := func(id, parent byte, kind mapping.Kind) Span {
		s := Span{
			ID: pcommon.SpanID{id}, Parent: pcommon.SpanID{parent}, Kind: kind, Scope: "a", Models: newModels("gpt-4o"),
			Start: 1_700_000_000_000_000 + int64(id), End: 1_700_000_000_000_100 + int64(id), From: &mapping.Span{Name: "span", Status: "unset"},
		}
		tokens(&s)
		return s
	}
	for parents, rows := range map[int]int{1: 0, 2: 1, 3: 2} {
		s, spans := newStorage(), []Span{}
		for i := range parents {
			call, again := span(byte(10+i), byte(1+i), mapping.KindLLM), span(byte(20+i), byte(1+i), mapping.KindLLM)
			s.store(t, []Span{call})
			s.store(t, []Span{again})
			spans = append(spans, call, again)
		}
		require.Len(t, s.awaited, rows)
		if rows == 0 { // what the version before wrote
			s.awaited[pcommon.SpanID{1}] = llmBelow
		}
		for i := range parents {
			around := span(byte(1+i), 0, mapping.KindAgent)
			s.store(t, []Span{around})
			spans = append(spans, around)
			require.False(t, s.spans[around.ID][0].UsageCounted.V)
		}
		s.require(t, spans)
		require.Empty(t, s.awaited)
		require.False(t, s.row.awaits())
	}
}
