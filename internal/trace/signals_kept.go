package trace

import (
	"encoding/binary"
	"errors"
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Most log records tell calls that nothing else tells: coding agents send no spans by default. A
// row in llm_internal_call_candidates costs such a record as much as a fifth of its call, and a
// record has three or four. So the record keeps the keys of its call in its own row, llm_events.call_keys,
// and they are listed once there is something that may look for them:
//
//   - Those in the trace, once the trace has more than MostKept spans. Before, a batch that brings
//     anything of the trace reads all its records.
//   - Those in the session, day by day, once a second batch brings a call of the session. It finds
//     nothing of the session listed on that day, reads the records and lists them all. A batch that lists calls
//     of its own lists them too, however far they are.
//
// Rows of llm_internal_words wait for the same, see write.

// MostKept is how many records of a trace or session at most keep their keys.
const MostKept = 64

// CallKeys are under which keys the call of a record is found: the column llm_events.call_keys.
type CallKeys struct {
	Origin             pcommon.TraceID
	ByTime, HasID      bool
	InTrace, InSession []uint64
	Words              *KeptWords // nil: the record has none, or a row of llm_internal_words
}

// KeptWords are what words of a record have besides those of its call.
type KeptWords struct {
	Form    int16
	Nanos   int32 // of the time of the record
	Ordinal int32
}

// The bits of the first byte. SQL reads them, and the origin after them, too.
const (
	keptByTime = 1 << iota
	keptHasID
	keptWords
)

// KeysOf returns the keys of a call that a log record tells, by what CandidateOf says of the call without the
// session of its trace; false where they are listed at once.
func KeysOf(s *mapping.Span, c *Candidate) (keys CallKeys, ok bool) {
	e := s.Event
	if e == nil || e.Record == (content.ID{}) || !s.Kind.IsModel() && s.Kind != mapping.KindTool || e.Derived && s.SessionID == "" {
		return keys, false
	}
	inTrace, inSession := c.listedInTrace(), c.listedInSession()
	if e.Derived && len(inTrace) > 0 || max(len(inTrace), len(inSession)) > math.MaxUint8 {
		return keys, false
	}
	return CallKeys{Origin: c.Origin, ByTime: c.ByTime, HasID: c.HasID, InTrace: hashesOf(inTrace), InSession: hashesOf(inSession)}, true
}

func hashesOf(keys []CandidateKey) []uint64 {
	hashes := make([]uint64, len(keys))
	for i := range keys {
		hashes[i] = keys[i].Hash
	}
	return hashes
}

// Append appends the column's value.
func (k *CallKeys) Append(dst []byte) []byte {
	flags := byte(0)
	for i, set := range [...]bool{k.ByTime, k.HasID, k.Words != nil} {
		if set {
			flags |= 1 << i
		}
	}
	dst = append(append(dst, flags), k.Origin[:]...)
	for _, list := range [...][]uint64{k.InTrace, k.InSession} {
		dst = append(dst, byte(len(list)))
		for _, hash := range list {
			dst = binary.BigEndian.AppendUint64(dst, hash)
		}
	}
	if w := k.Words; w != nil {
		for _, n := range [...]uint64{uint64(w.Form), uint64(w.Nanos), uint64(w.Ordinal)} {
			dst = binary.AppendUvarint(dst, n)
		}
	}
	return dst
}

// KeepsWords reports whether a value of the column says that the record keeps words.
func KeepsWords(data []byte) bool { return len(data) > 0 && data[0]&keptWords > 0 }

var errCallKeys = errors.New("llm_events.call_keys is damaged or of another version")

// ReadCallKeys reads the column's value.
func ReadCallKeys(data []byte) (k CallKeys, err error) {
	c := cursor{data: data}
	flags := c.byte()
	k.ByTime, k.HasID = flags&keptByTime > 0, flags&keptHasID > 0
	copy(k.Origin[:], c.take(len(k.Origin)))
	for _, list := range [...]*[]uint64{&k.InTrace, &k.InSession} {
		for range c.byte() {
			*list = append(*list, binary.BigEndian.Uint64(c.take(8)))
		}
	}
	if flags&keptWords > 0 {
		k.Words = &KeptWords{Form: int16(c.uvarint()), Nanos: int32(c.uvarint()), Ordinal: int32(c.uvarint())}
	}
	if c.failed {
		return k, errCallKeys
	}
	return k, nil
}

// AddKept gives the stored call of a record, c, to a search, under keys that the record keeps.
func (s *Signals) AddKept(c *Candidate, keys []uint64) {
	found := make([]CandidateKey, len(keys))
	for i, hash := range keys {
		found[i].Hash = hash
	}
	s.Add(c, found...)
}

// SessionDay is a session on a UTC day, counted from 1970.
type SessionDay struct {
	Session string
	Day     int64
}

func dayOf(micros int64) int64 {
	if micros < 0 {
		return (micros+1)/mapping.MicrosPerDay - 1
	}
	return micros / mapping.MicrosPerDay
}

// DaysOf gives the sessions of a candidate with the days of their calls that it may be one with, or
// the sum of: that on which it is listed among them. Of a sum that takes longer than maxDays, the last days are looked at.
func (c *Candidate) DaysOf(of func(SessionDay)) {
	first, last := c.End-apartByID, c.End+apartByID
	if c.Sums {
		first, last = c.summedEnds()
	}
	const maxDays = 31
	to := dayOf(last)
	for session := range c.sessions {
		for day := max(dayOf(first), to-maxDays); day <= to; day++ {
			of(SessionDay{session, day})
		}
	}
}

// DaysToRead lists the sessions on days of which the calls that records keep have not been read, and
// may be one with candidates that look for such.
func (s *Signals) DaysToRead() (days []SessionDay) {
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if !c.looks() || c.readDays {
			continue
		}
		c.readDays = true
		c.DaysOf(func(d SessionDay) {
			if !s.Absent.keepsNone(d) && !s.daysRead[d] {
				s.daysRead[d] = true
				days = append(days, d)
			}
		})
	}
	return days
}

// Unread reports whether records may keep keys of calls of a session on a day, of which nothing is listed, that have
// not been read: they end too far from the batch's to be one with these.
func (s *Signals) Unread(d SessionDay) bool {
	if !s.Absent.Sessions[d.Session].Unlisted || s.daysRead[d] {
		return false
	}
	return !s.Absent.WholeDays || !s.Absent.keepsNone(d)
}

// EndDay is the day on which the keys of a candidate are listed.
func (c *Candidate) EndDay() int64 { return dayOf(c.End) }

// EndsOn gives the sessions of a candidate on that day.
func (c *Candidate) EndsOn(of func(SessionDay)) {
	for session := range c.sessions {
		of(SessionDay{session, c.EndDay()})
	}
}

// Keys returns the keys of a candidate to list: those in its trace, those in its sessions, and others. Those of an event
// without context no record keeps: they are looked for whatever the session.
func (c *Candidate) Keys(inTrace, inSession bool) (keys []CandidateKey) {
	switch {
	case inTrace && inSession:
		return c.Listed()
	case inTrace:
		keys = c.listedInTrace()
	case inSession:
		keys = c.listedInSession()
	}
	return append(keys, c.listedWithoutContext()...)
}
