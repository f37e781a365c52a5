package trace

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Claims are hashes of what calls have in common with others that may be the same: two
// observations of one call share a trace, a session or an id, as all keys of candidates are
// made of one of these. Both lists are sorted.
type Claims struct{ Events, Spans []uint64 }

// ClaimTrace is the claim on the calls of a trace.
func ClaimTrace(id pcommon.TraceID) uint64 { return keyHash{}.text('x', string(id[:]), "") }

// Claims lists what the candidates have in common with others: those of the batch, and
// stored ones that pair with them.
func (s *Signals) Claims() (c Claims) {
	for at := range s.Candidates {
		one := &s.Candidates[at]
		if !one.looks() && len(s.pairsOf[at]) == 0 {
			continue
		}
		claims := &c.Spans
		if one.Event != "" {
			claims = &c.Events
		}
		if !one.Foreign {
			*claims = append(*claims, ClaimTrace(one.Origin))
		}
		for session := range one.sessions {
			*claims = append(*claims, keyHash{}.text('s', session, ""))
		}
		for _, id := range append(slices.Clip(one.IDs), one.Turn) {
			if id != "" {
				*claims = append(*claims, keyHash{}.text('i', id, ""))
			}
		}
	}
	return c
}

// Sort orders both lists, each claim once.
func (c *Claims) Sort() {
	for _, list := range []*[]uint64{&c.Events, &c.Spans} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// Overlap reports whether two batches may have observed one call. Of two spans none is an
// event, so they make no pair.
func (c *Claims) Overlap(d *Claims) bool {
	return share(c.Events, d.Events) || share(c.Events, d.Spans) || share(c.Spans, d.Events)
}

// share reports whether two sorted lists have an element in common.
func share(a, b []uint64) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
}
