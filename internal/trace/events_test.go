package trace

import (
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// eventPairs makes calls of a forest events, and pairs them with others.
func eventPairs(r source, spans []Span) (pairs []EventPair) {
	for i := range spans {
		spans[i].Event = spans[i].Kind.IsModel() && r.IntN(4) == 0
	}
	paired := map[[2]pcommon.SpanID]bool{}
	for range r.IntN(8) {
		inner, outer := &spans[r.IntN(len(spans))], &spans[r.IntN(len(spans))]
		ends := [2]pcommon.SpanID{inner.ID, outer.ID}
		if inner.ID == outer.ID || inner.Kind != outer.Kind || !inner.Kind.IsModel() || !outer.Event || paired[ends] || paired[[2]pcommon.SpanID{outer.ID, inner.ID}] {
			continue
		}
		paired[ends] = true
		var e Effects
		for _, effect := range []Effects{OuterCall, OuterTokens, InnerTokens} {
			if r.IntN(2) == 0 {
				e |= effect
			}
		}
		if inner.Cost.Valid {
			e |= OuterCost
		} else if outer.Cost.Valid {
			e |= InnerPriced
		}
		pairs = append(pairs, EventPair{inner.ID, outer.ID, e})
	}
	return pairs
}

// TestEventsCountInBatchesAsAtOnce delivers forests with pairs of which one is an event in random
// batches, and compares the flags with those of the whole forest counted at once.
func TestEventsCountInBatchesAsAtOnce(t *testing.T) {
	traces := uint64(20_000)
	if testing.Short() {
		traces = 3_000
	}
	for seed := range traces {
		r := rand.New(rand.NewPCG(seed, 11))
		sh := randomShape(r)
		sh.twins, sh.circles = false, false
		spans := forest(r, sh)
		pairs := eventPairs(r, spans)
		s, there := newStorage(), map[pcommon.SpanID]bool{}
		for _, batch := range deliveries(r, spans) {
			for i := range batch {
				there[batch[i].ID] = true
			}
			var now, later []EventPair
			for _, p := range pairs {
				if there[p.Inner] && there[p.Outer] {
					now = append(now, p)
				} else {
					later = append(later, p)
				}
			}
			s.store(t, batch, now...)
			pairs = later
		}
		s.requireAtOnce(t, spans, seed)
	}
}

// requireAtOnce compares what is stored with the spans counted at once.
func (s *storage) requireAtOnce(t *testing.T, spans []Span, seed uint64) {
	once := begin(spans, nil)
	for _, pairs := range s.events {
		once.KnowEvents(pairs...)
	}
	var p Planner
	ask, result := p.Plan(once)
	require.Nil(t, ask)
	for i := range spans {
		want, got := result.Spans[i], s.spans[spans[i].ID][0].Flags
		for _, f := range []*Flags{&want, &got} {
			f.Below, f.Passes, f.IsCall = 0, 0, false
		}
		require.Equal(t, want, got, "seed %d: span %v", seed, spans[i].ID)
	}
	require.True(t, result.Row.Cost().Decimal.Equal(s.written.Cost().Decimal), "seed %d", seed)
	require.Equal(t, result.Row.Unpriced, s.written.Unpriced, "seed %d", seed)
}

// TestACostThatStopsCountingReadsItsCallsOnly has gateways around calls of which events tell the
// cost, in a trace of many batches. Each batch reads what it changes, not the trace.
func TestACostThatStopsCountingReadsItsCallsOnly(t *testing.T) {
	const calls, batch = 400, 5
	s := newStorage()
	spans := flat(4*calls+1, func(i int, s *Span) { model(s, 0) })
	cost := decimal.NewNullDecimal(decimal.New(1, 0))
	root := spans[4*calls]
	root.Kind, root.Models = mapping.KindOther, Models{}
	s.store(t, []Span{root})
	stored := []Span{root}
	for from := 0; from < calls; from += batch {
		var outer, inner []Span
		var pairs []EventPair
		for i := from; i < from+batch; i++ {
			gateway, call, event, client := spans[4*i], spans[4*i+1], spans[4*i+2], spans[4*i+3]
			gateway.Parent, gateway.Cost = root.ID, cost
			call.Parent, event.Parent, client.Parent = gateway.ID, root.ID, gateway.ID
			tokens(&call)
			tokens(&event)
			event.Event, event.Cost, client.Cost = true, cost, cost
			pairs = append(pairs, EventPair{call.ID, event.ID, OuterCall | OuterTokens | InnerPriced})
			outer, inner = append(outer, gateway, call, event), append(inner, client)
		}
		s.store(t, outer, pairs...)
		s.store(t, inner) // with a cost of its own, so that the gateway's counts no more
		stored = append(append(stored, outer...), inner...)
	}
	s.requireAtOnce(t, stored, 0)
	require.Zero(t, s.wholes)
	require.Less(t, s.read, 8*len(stored), "rows read")
}
