package trace

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestCallsThatPairHaveAClaimInCommon takes any two observations that share a key and are one
// call, or one of them the sum of the other: batches with one each must not commit beside one
// another.
func TestCallsThatPairHaveAClaimInCommon(t *testing.T) {
	pairs, apart := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		all := observations(r)
		for i := range all {
			if r.IntN(3) == 0 {
				all[i].Session = ""
			}
		}
		for i := range all {
			for j := range all {
				if i == j {
					continue
				}
				a, b := claimsOf(false, &all[i]), claimsOf(false, &all[j])
				switch {
				case onePair(&all[i], &all[j]):
					pairs++
					require.True(t, overlap(a, b) && overlap(b, a), "%+v\n%+v", all[i], all[j])
				case !overlap(a, b):
					apart++
				}
			}
		}
	}
	require.Greater(t, pairs, 1000)
	require.Greater(t, apart, 1000)
}

// onePair reports whether b finds a under a key, and both are one call.
func onePair(a, b *Candidate) bool {
	for _, listed := range a.Listed() {
		for _, key := range b.LookedUp() {
			if listed.Hash == key.Hash && (a.Event != "" || b.Event != "") && oneCall(a, b, key.way) {
				return true
			}
		}
	}
	return false
}

// overlap compares batches whose records do not differ in whether they keep keys.
func overlap(a, b Claims) bool {
	return a.Overlap(&b, func(uint64) { panic("no record keeps keys") })
}

func claimsOf(kept bool, all ...*Candidate) Claims {
	s := NewSignals(nil)
	for _, c := range all {
		s.Add(c)
	}
	claims := s.Claims(func(int) bool { return kept })
	claims.Sort()
	return claims
}

// TestBatchesOfAlikeEventsPairBesideOneAnother takes batches of several observations: those that share a session without
// being able to pair have nothing to wait for, and those of which any two are a pair have.
func TestBatchesOfAlikeEventsPairBesideOneAnother(t *testing.T) {
	pairs, apart, lone := 0, 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 8))
		all := observations(r)
		if len(all) == 0 {
			continue
		}
		id := byte(0)
		batch := func(names int) (some []*Candidate) {
			for range 1 + r.IntN(4) {
				c := all[r.IntN(len(all))]
				id++
				c.ID[7] = id
				if names > 0 { // no spans, and as many names
					c.Event, c.Derived, c.IDs, c.Turn = []string{"request", "answer"}[r.IntN(names)], true, nil, ""
					c.Origin = [16]byte{byte(r.IntN(3))}
					c.Place = c.Origin
				}
				some = append(some, &c)
			}
			return some
		}
		names := r.IntN(3)
		a, b := batch(names), batch(names)
		paired := slices.ContainsFunc(a, func(x *Candidate) bool {
			return slices.ContainsFunc(b, func(y *Candidate) bool { return onePair(x, y) || onePair(y, x) })
		})
		of, with := claimsOf(false, a...), claimsOf(false, b...)
		stored := Claims{Events: with.StoredEvents(), Spans: with.Spans, Alike: with.StoredEvents()}
		require.Equal(t, overlap(of, with), overlap(of, stored))
		require.Equal(t, overlap(of, with), overlap(with, of))
		switch {
		case paired:
			pairs++
			require.True(t, overlap(of, with), "%+v\n%+v", a, b)
		case !overlap(of, with):
			apart++
		}
		if names == 1 && !slices.ContainsFunc(append(a, b...), func(c *Candidate) bool { return c.Kind == mapping.KindAgent || c.Kind == mapping.KindChain }) {
			lone++
			require.False(t, overlap(of, with), "%+v\n%+v", a, b)
			kept, mixed, shared := claimsOf(true, b...), []uint64(nil), []uint64(nil)
			require.False(t, of.Overlap(&kept, func(claim uint64) { mixed = append(mixed, claim) }))
			for _, c := range a {
				for session := range c.sessions {
					if claim := ClaimSession(session); slices.Contains(with.Events, claim) && !slices.Contains(shared, claim) {
						shared = append(shared, claim)
					}
				}
			}
			require.ElementsMatch(t, shared, mixed, "of a session on a day all records keep their keys, or none does")
		}
	}
	require.Greater(t, pairs, 100)
	require.Greater(t, apart, 100)
	require.Greater(t, lone, 100)
}

// TestStoredPartnersAreClaimed has two batches with nothing in common but a stored event that
// both pair with: each may want it in another trace.
func TestStoredPartnersAreClaimed(t *testing.T) {
	event := Candidate{Event: "request", Session: "s", IDs: []string{"a", "b"}, HasID: true, Stored: true}
	event.Origin, event.Place = [16]byte{1}, [16]byte{1}
	of := func(id byte, c Candidate) (Claims, int) {
		c.ID[0] = id
		c.Origin, c.Place = [16]byte{id}, [16]byte{id}
		s := NewSignals(nil)
		s.Add(&c)
		s.Add(&event, event.Listed()...)
		_, pairs := s.Settle()
		claims := s.Claims(func(int) bool { return false })
		claims.Sort()
		return claims, len(pairs)
	}
	a, paired := of(2, Candidate{Session: "s", IDs: []string{"a"}, HasID: true})
	require.NotZero(t, paired)
	b, paired := of(3, Candidate{Session: "s", IDs: []string{"b"}, HasID: true})
	require.NotZero(t, paired)
	require.True(t, overlap(a, b))
}
