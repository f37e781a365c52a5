package trace

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Candidate is an observation of a call that may have others in the other signal.
type Candidate struct {
	// The row of llm_spans.
	Origin     pcommon.TraceID // the trace that the observation came with
	Place      pcommon.TraceID // the trace in which the row is kept
	ID, Parent pcommon.SpanID
	Start, End int64
	Kind       mapping.Kind

	// Where other observations of the call are looked for.
	Session     string          // its own, else its trace's
	Others      []string        // further sessions that spans of its trace name, where it names none itself
	Sessionless bool            // a span that names no session
	IDs         []string        // of the request, the response or the tool call
	HasID       bool            // the call has such ids; a stored candidate does not say which
	HasResponse bool            // one of them is of the response
	Turn        string          // the turn that a prompt begins, or that an agent's span is
	TurnTrace   pcommon.TraceID // of a prompt, and of an event with Derived: the trace that is derived from the turn

	// Of events.
	Event      string         // name of the event; empty for a span
	ByTime     bool           // nothing but time ties the event to other observations
	Names      pcommon.SpanID // the span that the event says is the call
	NamesCall  bool           // the event is meant to name the span that is the call
	Derived    bool           // the event's trace is derived from its turn
	AnySpan    bool           // spans of any scope may observe the event's call
	OfResource bool           // the event's session is that of its resource
	Settled    bool           // the event is kept in the trace of a span that it is paired with
	Agent      pcommon.SpanID // of a prompt that goes to another trace: the span of its turn

	// What two observations of a call have in common, and which of them counts.
	Models             Models
	ToolName, ToolCall string
	Failed             bool
	Error              bool // the observation itself tells an error
	ErrorType          string
	Tokens, Cost       bool // the observation reports them
	Input, Output      mapping.Int
	Reasoning          mapping.Int
	Figures            int // how many counts of tokens it reports

	Stored  bool // by an earlier batch
	Counted bool // of a stored one; of a sum, that its tokens or its cost count
	Again   bool // a stored one to pair anew: its trace has got a session
	InTrace bool // the trace has events, which may name its spans
	First   bool // nothing of the trace is stored
	Sums    bool // an agent or chain span that reports the usage of calls
	Foreign bool // a span of a program that is not known to send records: only events that name no trace may observe its call

	asked    bool // its keys are looked up
	readDays bool // the days of its sessions are read
	follows  bool // a stored one that may follow a prompt of its turn
	summed   bool // of a sum: an event is known whose call is in it
}

// looks reports whether the pairs of a candidate are to be found.
func (c *Candidate) looks() bool { return !c.Stored || c.Again || c.follows }

// CandidateOf takes from a mapped call what matters; session is its trace's.
func CandidateOf(s *mapping.Span, session string) Candidate {
	of := Of(s)
	c := Candidate{
		Origin: s.TraceID, Place: s.TraceID, ID: s.SpanID, Parent: s.ParentSpanID, Start: s.Start, End: s.End, Kind: s.Kind, Session: cmp.Or(s.SessionID, session),
		Models: of.Models, Failed: of.Failed, Error: of.Error, ErrorType: s.ErrorType, Tokens: of.reportsTokens(), Cost: of.Cost.Valid,
		Input: s.Usage.Input, Output: s.Usage.Output, Reasoning: s.Usage.Reasoning, Figures: figures(&s.Usage),
		ToolName: of.ToolName, ToolCall: of.ToolCall, Sums: isGroup(s.Kind) && s.Event == nil, Sessionless: s.SessionID == "" && s.Event == nil,
	}
	if id := cmp.Or(of.ResponseID, of.ToolCall); id != "" {
		c.IDs = append(c.IDs, id)
	}
	if e := s.Event; e != nil {
		c.Event, c.ByTime, c.NamesCall, c.Names, c.Derived, c.AnySpan, c.OfResource, c.TurnTrace = e.Event, e.ByTime, e.NamesCall, e.Call, e.Derived, e.AnySpan, e.OfResource, e.TurnTrace
		for _, id := range e.IDs {
			if !slices.Contains(c.IDs, id) {
				c.IDs = append(c.IDs, id)
			}
		}
	}
	c.HasID, c.HasResponse = len(c.IDs) > 0, of.ResponseID != ""
	if s.Kind == mapping.KindAgent {
		c.Turn = s.Turn
	}
	return c
}

// Prompt reports whether a candidate is the prompt with which an agent's turn begins.
func (c *Candidate) Prompt() bool { return c.Event != "" && c.Kind == mapping.KindAgent }

// MayBeTurn reports whether a span may be the turn of an agent of which an event tells the
// prompt; inTrace that events name spans of its trace.
func MayBeTurn(s *mapping.Span, inTrace bool) bool {
	return s.Kind == mapping.KindAgent && s.Event == nil && (s.Turn != "" || inTrace)
}

// Sums reports whether a span is a candidate for a sum of calls that events observe.
func Sums(s *mapping.Span) bool {
	return isGroup(s.Kind) && s.Event == nil && (s.Usage.Input.OK || s.Usage.Output.OK || s.Usage.Total.OK || s.Usage.TotalCost.Valid)
}

func figures(u *mapping.Usage) (n int) {
	for _, f := range [...]mapping.Int{u.Input, u.Output, u.CacheRead, u.CacheCreation, u.Reasoning} {
		if f.OK {
			n++
		}
	}
	return n
}

// sessions yields the sessions that a candidate may be of.
func (c *Candidate) sessions(yield func(string) bool) {
	if c.Session == "" || !yield(c.Session) {
		return
	}
	for _, session := range c.Others {
		if !yield(session) {
			return
		}
	}
}

// mayBeSummed reports whether a candidate is an event whose usage a sum may repeat.
func (c *Candidate) mayBeSummed() bool { return c.Event != "" && c.Tokens && c.Kind.IsModel() }

// ReadsAround reports whether the calls of an event's trace have to be read for the event: nothing
// but time may tie it to one.
func (c *Candidate) ReadsAround() bool {
	return c.Event != "" && c.NamesCall && !c.Derived && c.Kind != mapping.KindAgent && c.tiedByTime()
}

// tiedByTime reports whether nothing but time ties an event, which may name the span around, to others of its trace.
func (c *Candidate) tiedByTime() bool { return c.Event != "" && (c.ByTime || !c.HasID) }

// EndsAround returns when other observations of the call end in the trace.
func (c *Candidate) EndsAround() (first, last int64) {
	if len(c.IDs) > 0 {
		return c.End - apartByID, c.End + apartByID
	}
	return c.End - apartByTime, c.End + apartByTime
}
