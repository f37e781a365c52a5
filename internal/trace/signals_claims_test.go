package trace

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
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
				a, b := claimsOf(&all[i]), claimsOf(&all[j])
				switch {
				case onePair(&all[i], &all[j]):
					pairs++
					require.True(t, a.Overlap(&b) && b.Overlap(&a), "%+v\n%+v", all[i], all[j])
				case !a.Overlap(&b):
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

func claimsOf(c *Candidate) Claims {
	s := NewSignals(0)
	s.Add(c)
	claims := s.Claims()
	claims.Sort()
	return claims
}

// TestStoredPartnersAreClaimed has two batches with nothing in common but a stored event that
// both pair with: each may want it in another trace.
func TestStoredPartnersAreClaimed(t *testing.T) {
	event := Candidate{Event: "request", Session: "s", IDs: []string{"a", "b"}, HasID: true, Stored: true}
	event.Origin, event.Place = [16]byte{1}, [16]byte{1}
	of := func(id byte, c Candidate) (Claims, int) {
		c.ID[0] = id
		c.Origin, c.Place = [16]byte{id}, [16]byte{id}
		s := NewSignals(0)
		s.Add(&c)
		s.Add(&event, event.Listed()...)
		_, pairs := s.Settle()
		claims := s.Claims()
		claims.Sort()
		return claims, len(pairs)
	}
	a, paired := of(2, Candidate{Session: "s", IDs: []string{"a"}, HasID: true})
	require.NotZero(t, paired)
	b, paired := of(3, Candidate{Session: "s", IDs: []string{"b"}, HasID: true})
	require.NotZero(t, paired)
	require.True(t, a.Overlap(&b))
}
