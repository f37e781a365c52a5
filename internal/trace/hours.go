package trace

import (
	"encoding/binary"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

const (
	microsPerHour = 60 * 60 * 1_000_000
	// maxHours bounds the hours that are kept of a trace, and so those that a batch notes of
	// it: the last month of hours in which spans of it start.
	maxHours = 31 * 24
)

// hourOf is the number of the UTC hour of a time.
func hourOf(micros int64) int64 {
	hour := micros / microsPerHour
	if micros%microsPerHour < 0 {
		hour--
	}
	return hour
}

// addHour adds an hour in which a span starts.
func (r *Rollup) addHour(hour int64) {
	at, found := slices.BinarySearch(r.hours, hour)
	if found {
		return
	}
	r.hours = slices.Insert(r.hours, at, hour)
	r.hours = r.hours[max(0, len(r.hours)-maxHours):]
}

func (r *Rollup) appendHours(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(r.hours)))
	before := hourOf(r.Start)
	for _, hour := range r.hours {
		dst = binary.AppendUvarint(dst, uint64(hour-before))
		before = hour
	}
	return dst
}

func (r *Rollup) readHours(c *cursor) {
	hour := hourOf(r.Start)
	for n := c.uvarint(); n > 0 && !c.failed; n-- {
		hour += int64(c.uvarint())
		r.addHour(hour)
	}
}

// otherHours returns, as times in µs, the hours of the trace's spans if sums over spans
// stored before change because of the batch: what they inherit from the trace, the spans
// around them, or which call the figures of another stand on.
func (p *Planner) otherHours(r *Result) []int64 {
	if p.t.stored == nil || !p.t.whole && !p.changesOthers(r) {
		return nil
	}
	return r.Row.HourTimes()
}

// HourTimes returns the hours in which spans of the trace start, as times in µs.
func (r *Rollup) HourTimes() []int64 {
	times := make([]int64, len(r.hours))
	for i, hour := range r.hours {
		times[i] = hour * microsPerHour
	}
	return times
}

func (p *Planner) changesOthers(r *Result) bool {
	if len(p.t.events) > 0 || len(r.Changed) > 0 || len(r.Pairs) > 0 || len(p.t.awaited) > 0 || p.t.stored.passesOn(r.Row) {
		return true
	}
	for n := range p.nodes {
		node := &p.nodes[n]
		if node.was != nil {
			continue
		}
		if p.vertices[node.vertex].state&isStored != 0 {
			return true // another observation of a span that may have others below it
		}
		if p.after&repeated != 0 && node.Kind.IsModel() && (!node.reportsTokens() || !node.Cost.Valid) {
			return true // figures of a span around it may move to this call
		}
	}
	return false
}

// passesOn reports whether the row after a batch says otherwise what sums of usage take
// from it for spans that do not say it themselves.
func (r *Rollup) passesOn(after *Rollup) bool {
	return r.Field(FieldEnvironment) != after.Field(FieldEnvironment) || r.Field(FieldUser) != after.Field(FieldUser) ||
		!slices.Equal(r.Labels(), after.Labels())
}

// noteRepeated notes whether a call of a model is not counted.
func (p *Planner) noteRepeated(s *Span, f Flags) {
	if s.Kind.IsModel() && f.Counted == (mapping.Bool{V: false, OK: true}) {
		p.after |= repeated
	}
}
