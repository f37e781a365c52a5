package trace

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// How far apart two observations of one call may end.
const (
	apartByID   = int64(time.Minute / time.Microsecond)
	apartByTime = int64(2 * time.Second / time.Microsecond)
	// apartByAnswer is how long after an error the answer ends that another try got, at least.
	apartByAnswer = int64(500 * time.Millisecond / time.Microsecond)
	// apartFromSum is how far from the end of a sum the last call ends that is in it: clocks of two signals may be apart.
	apartFromSum = int64(500 * time.Millisecond / time.Microsecond)
)

// oneCall reports whether two candidates that share a key are one call, or one of them the sum
// of calls of which the other is one.
func oneCall(a, b *Candidate, way way) bool {
	if way == bySum {
		return a.sumsUp(b) || b.sumsUp(a)
	}
	if a.Prompt() || b.Prompt() {
		return oneTurn(a, b, way)
	}
	if way == byName && oneLine(a, b) {
		return true
	}
	if a.Kind != b.Kind || a.Event == b.Event || a.Kind == mapping.KindTool && !oneTool(a.ToolName, b.ToolName, way) {
		return false
	}
	switch way {
	case byName:
		return (a.Event == "" || b.Event == "") && !anotherTry(a, b)
	case byID:
		return near(a.End, b.End, apartByID)
	case byAround:
		return (a.Failed || a.tiedByTime() || b.tiedByTime()) && oneByTime(a, b)
	default:
		return (a.ByTime || b.ByTime) && oneByTime(a, b)
	}
}

// sumsUp reports whether a candidate is the sum of calls of which another is one.
func (c *Candidate) sumsUp(call *Candidate) bool {
	first, last := c.summedEnds()
	return c.Sums && call.mayBeSummed() && first <= call.End && call.End <= last
}

// summedEnds returns when the calls end that are in a sum.
func (c *Candidate) summedEnds() (first, last int64) {
	return min(c.Start, c.End-apartFromSum), c.End + apartFromSum
}

// anotherTry reports whether one of two, an event that names a span, tells of a try that failed before the last one, with which
// the span ends: a program that tries again may have one span for all tries, and a record each. Where both have ids of responses, or the
// span ids and no failure, ids decide however far the clocks are apart: those of the last try are the span's, too, and tie its record to
// the span. The id of a request does not tell the try of a span that failed from others: the span's is that of the response.
func anotherTry(a, b *Candidate) bool {
	event, span := a, b
	if a.Event == "" {
		event, span = b, a
	}
	if !event.Failed || !event.Kind.IsModel() {
		return false
	}
	since, ids := span.End-event.End, a.HasID && b.HasID
	if ids && (a.HasResponse && b.HasResponse || !span.failed()) {
		return true
	}
	return since > apartByTime || ids && since < -apartByTime || since > apartByAnswer && span.Tokens && !span.failed()
}

// alone has the kinds of whose candidates all are events of one name, where none is a sum: oneCall is of two
// names, but of lines. Of most programs one event tells the calls of a kind, and their records pair with spans alone.
type alone map[mapping.Kind]bool

func (s *Signals) alone() alone {
	names, alone := map[mapping.Kind]string{}, alone{}
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if c.Sums {
			return nil
		}
		name, some := names[c.Kind]
		if !some {
			names[c.Kind] = c.Event
		}
		alone[c.Kind] = c.Event != "" && !c.line() && (!some || alone[c.Kind] && c.Event == name)
	}
	return alone
}

func (a alone) has(c *Candidate) bool { return a[c.Kind] }

// oneTool reports whether two names are of one tool. Of calls that a name or an id ties, one may
// lack the name, or have a namespace or a server before it.
func oneTool(a, b string, way way) bool {
	return a == b || way == byName && (a == "" || b == "") || way == byID && (strings.HasSuffix(a, b) || strings.HasSuffix(b, a))
}

// oneTurn reports whether one of two candidates is the prompt of the turn that the other, a
// span, is.
func oneTurn(a, b *Candidate, way way) bool {
	if !a.Prompt() {
		a, b = b, a
	}
	if b.Event != "" || a.Kind != b.Kind {
		return false
	}
	return way == byName || way == byTurn && (a.Session == "" || b.Session == "" || a.Session == b.Session) &&
		a.End >= b.Start-apartByID && a.End <= b.End+apartByID
}

// failed reports whether an observation tells a call that failed. Some count its tokens, all of which are 0.
func (c *Candidate) failed() bool {
	return c.Failed || c.Error && c.Tokens && c.Input.V == 0 && c.Output.V == 0
}

func near(a, b, apart int64) bool { return a-b <= apart && b-a <= apart }

// oneByTime compares two candidates of one session which no id ties.
func oneByTime(a, b *Candidate) bool {
	if a.HasID && b.HasID || !near(a.End, b.End, apartByTime) {
		return false
	}
	if a.Kind == mapping.KindTool {
		return true
	}
	if !a.Models.agree(&b.Models) || a.failed() != b.failed() {
		return false
	}
	if a.failed() {
		return true
	}
	known := func(c *Candidate) bool { return c.Input.OK || c.Output.OK }
	if known(a) != known(b) {
		return a.Start <= b.End && b.Start <= a.End || tookAsLong(a, b)
	}
	return known(a) && a.Input == b.Input && sameOutput(a, b)
}

// tookAsLong reports whether two say that they took about the same time: clocks of two signals may be apart, and
// calls that were short do not overlap then.
func tookAsLong(a, b *Candidate) bool {
	took, other := a.End-a.Start, b.End-b.Start
	return took > 0 && other > 0 && near(took, other, max(took, other)/16+20_000)
}

// sameOutput compares output up to the reasoning that only one of two reports.
func sameOutput(a, b *Candidate) bool {
	if a.Output == b.Output {
		return true
	}
	return a.Reasoning.OK != b.Reasoning.OK && a.Output.V-a.Reasoning.V == b.Output.V-b.Reasoning.V
}

// Effects is what follows from a pair for its two flags: the column
// llm_internal_pairs.effects.
type Effects uint8

// Of a pair the inner one is the span, of two events the one with more figures.
const (
	OuterCall   Effects = 1 << iota // the outer's call counts no more
	OuterTokens                     // nor its tokens
	OuterCost                       // nor its cost
	InnerTokens                     // the inner's tokens count no more: the outer reports more of them
	InnerPriced                     // the inner's estimate counts no more: the outer reports the cost
	InnerFails                      // the inner has the outer's error
)

// EventPair is a pair of observations of one call, of which one at least is an event.
type EventPair struct {
	Inner, Outer pcommon.SpanID
	Effects      Effects
}

// inside reports whether a is the inner one. Of equal events the name decides before the id:
// where several calls are taken for one another, the events of one name all count. Lines are
// compared with those of about their time, so of these the later one is the inner.
func inside(a, b *Candidate) bool {
	if (a.Sums || b.Sums) && !a.Prompt() && !b.Prompt() {
		return b.Sums
	}
	if (a.Event == "") != (b.Event == "") {
		return a.Event == ""
	}
	if a.line() && b.line() {
		return cmp.Or(cmp.Compare(a.Figures, b.Figures), cmp.Compare(a.End, b.End), bytes.Compare(a.ID[:], b.ID[:])) > 0
	}
	return cmp.Or(cmp.Compare(a.Figures, b.Figures), cmp.Compare(a.Event, b.Event), bytes.Compare(a.ID[:], b.ID[:])) > 0
}

func effects(inner, outer *Candidate) (e Effects) {
	if outer.Prompt() {
		return 0
	}
	if outer.Sums {
		if e = OuterTokens; inner.Cost {
			e |= OuterCost
		}
		return e
	}
	if fills(inner, outer) {
		e |= InnerFails
	}
	sameTool := inner.ToolCall == "" || outer.ToolCall == "" || inner.ToolCall == outer.ToolCall
	if inner.Kind == mapping.KindTool {
		if sameTool {
			e |= OuterCall
		}
		return e
	}
	e |= OuterCall
	more := outer.Figures > inner.Figures
	if inner.Tokens && !more {
		e |= OuterTokens
	}
	if outer.Tokens && more {
		e |= InnerTokens
	}
	if inner.Cost {
		e |= OuterCost
	} else if outer.Cost {
		e |= InnerPriced
	}
	return e
}

// fills reports whether the error of an event is that of a span, which says nothing of it. What
// counts stays as the span says it: where the span says neither of an answer nor of figures, it
// would be taken for another attempt beside the spans around it, which have counted for less.
func fills(inner, outer *Candidate) bool {
	return outer.Error && !inner.Error && inner.Event == ""
}
