package acceptance

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
)

// signalsOf says which signals of an agent report something.
type signalsOf int

const (
	recordsOnly signalsOf = 1 << iota
	spansOnly
	bothSignals = recordsOnly | spansOnly
)

func (s signalsOf) in(signal signalsOf) bool { return s&signal != 0 }

func anySignals(r *rand.Rand) signalsOf {
	return []signalsOf{bothSignals, bothSignals, recordsOnly, spansOnly}[r.IntN(4)]
}

// reported is what some signals of an agent tell: the sums, and between which figures the cost is.
type reported struct {
	agentruns.Truth
	least, most float64
}

func (s *reported) add(o reported) {
	s.Add(o.Truth)
	s.least, s.most = s.least+o.least, s.most+o.most
}

// requireCost compares the sums of the cost.
func (s *reported) requireCost(t *testing.T, db *pgxpool.Pool, after string) {
	t.Helper()
	var calls, traces, usage float64
	require.NoError(t, db.QueryRow(t.Context(), `SELECT coalesce((SELECT sum(total_cost) FROM llm_calls), 0)::float8, coalesce((SELECT sum(total_cost) FROM llm_traces), 0)::float8,
		coalesce((SELECT sum(total_cost) FROM llm_usage), 0)::float8`).Scan(&calls, &traces, &usage))
	for view, got := range map[string]float64{"llm_calls": calls, "llm_traces": traces, "llm_usage": usage} {
		require.True(t, s.least-1e-6 <= got && got <= s.most+1e-6, "%s: %f is not between %f and %f, after %s", view, got, s.least, s.most, after)
	}
}

// figures is how an agent reports tokens and cost, and what its records, its spans and both tell.
type figures struct {
	asked                    string    // the model
	tokensOf, readOf, costOf signalsOf // by which signals
	priced                   bool      // there is a cost at all
	spanDigits, recordDigits int       // of the cost
	reported                 [3]reported
}

func newFigures(r *rand.Rand) figures {
	return figures{
		asked: []string{"m-1", "gpt-4o"}[r.IntN(2)], tokensOf: anySignals(r), readOf: anySignals(r), costOf: anySignals(r), priced: r.IntN(3) > 0,
		spanDigits: 8 - 4*r.IntN(2), recordDigits: 8 - 4*r.IntN(2),
	}
}

// callFigures are the figures of one call.
type callFigures struct {
	tokensOf, readOf, costOf signalsOf
	input, output, read      int64
	spanCost, recordCost     float64
}

// callOf makes up the figures of a call, of which the record of the conventions repeats what the span says.
func (f *figures) callOf(r *rand.Rand, details bool) callFigures {
	a := callFigures{tokensOf: f.tokensOf, readOf: f.readOf, costOf: f.costOf, input: int64(1000 + r.IntN(1000)), output: int64(10 + r.IntN(100)), read: int64(1 + r.IntN(500))}
	if !f.priced {
		a.costOf = 0
	}
	cost := float64(a.input)*3e-6 + float64(a.output)*17e-6
	a.spanCost, a.recordCost = rounded(cost, f.spanDigits), rounded(cost, f.recordDigits)
	for n := range f.reported {
		t := &f.reported[n]
		signals := signalsOf(n + 1)
		says := signals & (spansOnly | a.tokensOf | a.costOf)
		if signals == recordsOnly && details {
			says = bothSignals
		}
		if says == 0 { // a record without tokens and cost is no call
			continue
		}
		t.Calls++
		byOwn := signals & a.tokensOf
		if signals == recordsOnly && details {
			signals = bothSignals
			byOwn = a.tokensOf
		}
		if byOwn != 0 {
			t.Input, t.Output = t.Input+a.input, t.Output+a.output
			if byOwn&a.readOf != 0 {
				t.CacheRead += a.read
			}
		}
		switch costOf := signals & a.costOf; {
		case costOf == bothSignals:
			t.least, t.most = t.least+min(a.spanCost, a.recordCost), t.most+max(a.spanCost, a.recordCost)
		case costOf == spansOnly:
			t.least, t.most = t.least+a.spanCost, t.most+a.spanCost
		case costOf == recordsOnly:
			t.least, t.most = t.least+a.recordCost, t.most+a.recordCost
		case f.asked == "gpt-4o" && byOwn != 0: // an estimate
			read := int64(0)
			if byOwn&a.readOf != 0 {
				read = a.read
			}
			estimate := float64(a.input-read)*2.5e-6 + float64(read)*1.25e-6 + float64(a.output)*10e-6
			t.least, t.most = t.least+estimate, t.most+estimate
		}
	}
	return a
}

func rounded(cost float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(cost*unit) / unit
}

// failedBy counts a failed call of which spans, records or both tell.
func (f *figures) failedBy(spans, records bool) {
	for n := range f.reported {
		if signals := signalsOf(n + 1); spans && signals.in(spansOnly) || records && signals.in(recordsOnly) {
			f.reported[n].FailedRequests++
		}
	}
}

// ranTool counts a tool.
func (f *figures) ranTool() {
	for n := range f.reported {
		f.reported[n].Tools++
	}
}
