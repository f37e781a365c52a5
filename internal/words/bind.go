// Package words says which span has the words that log records bring, and puts the words
// of several records together. It is a pure function of the records and spans that are
// stored, so the order in which they arrive makes no difference.
package words

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Side is one kind of words.
type Side uint8

// The sides, as bits.
const (
	Input Side = 1 << iota
	Output
	System
	Tools
	ToolArguments
	ToolResult
	Finish
)

// Span is a stored span that may have the words of records.
type Span struct {
	ID, Parent  pcommon.SpanID
	Start, End  int64 // µs
	Kind        mapping.Kind
	Event       bool // a record tells it
	Failed      bool // it says itself that it failed, and neither an answer nor tokens
	Scope       string
	ResponseID  string
	Models      []string
	Own         Side // what the span says itself
	FromRecords Side // what it has from records
	Words       Words

	User, Session string // that it names
}

// Slack is by how much a record may lie outside the time of its call, µs.
const Slack = 100_000

// Bind returns the span whose words a record has; false if none of the candidates is it.
// named is the span that the record names, nil if that is not stored; told are the calls
// that records tell and that name that span too; calls are the
// model calls below that span, and those of the trace with the record's id.
//
// The named span has the words if the record's convention names the call and the span is
// one. Until it is there a call has them that another record tells of it. Some
// instrumentations name the span around the call: then the call has the record's
// id, or else it is the one at whose begin or end the record was written. A call that failed has no answer by
// time: of two at once it would have that of the other.
func Bind(r *mapping.Words, scope string, named *Span, told, calls []Span) (pcommon.SpanID, bool) {
	if named != nil && (r.Exact || r.NamesCall && takes(named.Kind, r.Tool)) {
		return named.ID, true
	}
	if r.NamesCall && named == nil {
		return bindTold(r, told)
	}
	if r.Exact || r.Tool {
		return pcommon.SpanID{}, false
	}
	var best *Span
	for i := range calls {
		c := &calls[i]
		if !c.Kind.IsModel() || c.ID == r.Named || r.TellsCall && c.Event || !possible(r, c) {
			continue
		}
		if best == nil || better(r, scope, c, best) {
			best = c
		}
	}
	if best == nil {
		return pcommon.SpanID{}, false
	}
	return best.ID, true
}

// bindTold returns the call that has the words of a record until the span is there that both
// name. A record that tells a call needs no other. Where several calls name a span, which then is
// the one around them, it is the one with the record's id or model, or the nearest in time.
func bindTold(r *mapping.Words, told []Span) (pcommon.SpanID, bool) {
	var best *Span
	for i := range told {
		c := &told[i]
		if !r.TellsCall && (r.Exact || takes(c.Kind, r.Tool)) && (best == nil || nearer(r, c, best)) {
			best = c
		}
	}
	if best == nil {
		return pcommon.SpanID{}, false
	}
	return best.ID, true
}

// nearer reports whether c rather than d is the call of a record that names the span that both
// name. Input is written before the end of its call.
func nearer(r *mapping.Words, c, d *Span) bool {
	rank := func(s *Span) int {
		n := 0
		if r.ID != "" && s.ResponseID == r.ID {
			n += 2
		}
		if Agree(r.Models, s.Models) {
			n++
		}
		return n
	}
	over := func(s *Span) bool { return !answers(r) && s.End < r.At/1000-Slack }
	return cmp.Or(cmp.Compare(rank(d), rank(c)), compareBool(over(c), over(d)), cmp.Compare(distance(r, c), distance(r, d)),
		cmp.Compare(c.Start, d.Start), bytes.Compare(c.ID[:], d.ID[:])) < 0
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func takes(k mapping.Kind, tool bool) bool {
	if tool {
		return k == mapping.KindTool
	}
	return k.IsModel()
}

// possible reports whether a call can have the words of a record that does not name it.
func possible(r *mapping.Words, c *Span) bool {
	if r.ID != "" && c.ResponseID != "" {
		return r.ID == c.ResponseID
	}
	if answers(r) && c.Failed {
		return false // the answer is another call's
	}
	at := r.At / 1000
	return c.Parent == r.Named && at >= c.Start-Slack && at <= c.End+Slack && Agree(r.Models, c.Models) && c.Own&sideOf(r) == 0
}

// sideOf returns the side by which a record is tied to a call in time.
func sideOf(r *mapping.Words) Side {
	if answers(r) {
		return Output
	}
	return Input
}

func answers(r *mapping.Words) bool { return r.Output != nil || r.FinishReasons != nil }

// better reports whether c rather than d is the call of a record.
func better(r *mapping.Words, scope string, c, d *Span) bool {
	rank := func(s *Span) int {
		n := 0
		if !s.Event {
			n += 8
		}
		if r.ID != "" && s.ResponseID == r.ID {
			n += 4
		}
		if s.Scope == scope {
			n += 2
		}
		if s.Parent == r.Named {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(d), rank(c)), cmp.Compare(distance(r, c), distance(r, d)),
		cmp.Compare(c.Start, d.Start), bytes.Compare(c.ID[:], d.ID[:])) < 0
}

// distance is how far in time a record lies from where its call would have written it.
func distance(r *mapping.Words, c *Span) int64 {
	at := r.At / 1000
	edge := c.Start
	if answers(r) {
		edge = c.End
	}
	return max(at-edge, edge-at)
}

// Agree reports whether two sets of names of models can be one: a name of the one begins a
// name of the other, the provider's prefix aside.
func Agree(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool {
			x, y = bare(x), bare(y)
			return strings.HasPrefix(x, y) || strings.HasPrefix(y, x)
		})
	})
}

func bare(model string) string { return model[strings.LastIndexByte(model, '/')+1:] }
