package trace

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Programs that send spans and log records observe one call in both signals (contract:
// "What counts once, in two signals"). Here pairs of such observations are found, and
// what follows from a pair: which of the two counts, and in whose trace an event is kept.

// Candidate is an observation of a call that may have others in the other signal.
type Candidate struct {
	Origin, Place pcommon.TraceID // the trace it came with, and the one whose rows it is among
	ID            pcommon.SpanID
	Start, End    int64
	Kind          mapping.Kind
	Event         string         // name of the event; empty for a span
	ByTime        bool           // an event that nothing but time ties to other observations
	Names         pcommon.SpanID // the span that an event says is the call
	NamesCall     bool           // an event that is meant to name the span that is the call
	Parent        pcommon.SpanID
	Session       string          // its own, else its trace's
	Others        []string        // further sessions that spans of its trace name, where it names none itself
	Sessionless   bool            // a span that names no session
	IDs           []string        // of request, response or tool call
	HasID         bool            // there are such, of a stored one too
	Derived       bool            // an event whose trace is derived from its turn
	TurnTrace     pcommon.TraceID // of such an event, and of a prompt: the trace that is derived from the turn
	Models        Models
	Failed        bool
	Error         bool // that it says
	ErrorType     string
	Tokens, Cost  bool // it reports such
	Input, Output mapping.Int
	Reasoning     mapping.Int
	Figures       int
	ToolName      string
	ToolCall      string
	Turn          string         // that a prompt begins, or an agent's span is
	Agent         pcommon.SpanID // of a prompt that goes to another trace: the span of its turn

	Stored   bool // by an earlier batch
	Counted  bool // of a stored one; of a sum, that its tokens or its cost count
	Settled  bool // of an event: it is kept in the trace of a span that it is paired with
	InTrace  bool // the trace has events, which may name its spans
	First    bool // nothing of the trace is stored
	Sums     bool // an agent or chain span that reports the usage of calls
	Foreign  bool // a span of a program that sends no records: none but events of nobody may observe its call
	Again    bool // a stored one to pair anew: its trace has got a session
	asked    bool
	readDays bool // what records keep of its sessions is asked for
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
		c.Event, c.ByTime, c.NamesCall, c.Names, c.Derived, c.TurnTrace = e.Event, e.ByTime, e.NamesCall, e.Call, e.Derived, e.TurnTrace
		for _, id := range e.IDs {
			if !slices.Contains(c.IDs, id) {
				c.IDs = append(c.IDs, id)
			}
		}
	}
	c.HasID = len(c.IDs) > 0
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

// How far apart two observations of one call may end.
const (
	apartByID   = int64(time.Minute / time.Microsecond)
	apartByTime = int64(2 * time.Second / time.Microsecond)
)

// CandidateKey is a hash under which a candidate is found: by the candidates that look
// for the same one, if the two end at most Apart µs apart, whenever they end if Apart is
// negative.
type CandidateKey struct {
	Hash     uint64
	Apart    int64
	way      way
	inTrace  bool   // that which is listed under it is in the candidate's trace
	session  string // that which is listed under it is of this session, if any
	ofNobody bool   // it has neither a trace that records name nor a session
}

// window returns the ends of the candidates that c looks for under a key.
func (c *Candidate) window(k CandidateKey) (first, last int64) {
	switch {
	case k.way == bySum && c.Sums:
		return c.Start, c.End
	case k.way == bySum:
		return c.End, math.MaxInt64
	case k.way == byTurn && !c.Prompt():
		return c.Start - apartByID, c.End + apartByID
	case k.Apart < 0:
		return math.MinInt64, math.MaxInt64
	}
	return c.End - k.Apart, c.End + k.Apart
}

// way is how two candidates came together.
type way byte

const (
	byName way = iota // an event names a span
	byID
	byTime
	bySum    // a span reports the usage of calls around an event
	byAround // of one trace, and an event may name the span around
	byTurn   // an agent's span has the turn that a prompt begins
)

// key makes keys. Hashes are stored: they must not change.
func (c *Candidate) key(way way, tag byte, around, id string) CandidateKey {
	h := keyHash{kind: c.Kind}
	k := CandidateKey{Hash: h.text(tag, around, c.ToolName, id), way: way, Apart: -1}
	switch way {
	case byID:
		k.Apart = apartByID
	case byTime, byAround:
		k.Apart = apartByTime
	}
	return k
}

// idKey is the key of an id. Tools share it whatever they are called: one signal may put
// the name of a server or namespace before the name of a tool, or withhold the name.
func (c *Candidate) idKey(tag byte, around, id string) CandidateKey {
	unnamed := Candidate{Kind: c.Kind}
	return unnamed.key(byID, tag, around, id)
}

// formerIDKey is the key that versions before stored for the id of a tool, with the name.
func (c *Candidate) formerIDKey(tag byte, around, id string) CandidateKey {
	return c.key(byID, tag, around, id)
}

// sums are the keys of sums, or of the events that sums are looked for by, of a session and
// a trace.
func (c *Candidate) sums(tag byte) (keys []CandidateKey) {
	for session := range c.sessions {
		keys = append(keys, sumKey(tag, "s"+session).ofSession(session))
	}
	if !c.Derived {
		keys = append(keys, c.inTrace(tag))
	}
	return keys
}

// ofSession marks a key as one of a session.
func (k CandidateKey) ofSession(session string) CandidateKey {
	k.session = session
	return k
}

func (c *Candidate) inTrace(tag byte) CandidateKey {
	key := sumKey(tag, "t"+c.trace())
	key.inTrace = true
	return key
}

func sumKey(tag byte, around string) CandidateKey {
	return CandidateKey{Hash: keyHash{}.text(tag, around, ""), way: bySum, Apart: -1}
}

// modelCalls are the keys of all calls of models of a sum's session, by which the events
// among them are found. Rows of before have a key of their own for events.
func (c *Candidate) modelCalls() (keys []CandidateKey) {
	for session := range c.sessions {
		for _, kind := range []mapping.Kind{mapping.KindLLM, mapping.KindEmbedding, mapping.KindReranker} {
			call := Candidate{Kind: kind}
			key := call.key(byTime, 'S', session, "")
			keys = append(keys, CandidateKey{Hash: key.Hash, way: bySum, Apart: -1, session: session})
		}
	}
	return keys
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

// turnKey is the key of the prompts, or the agents' spans, of a turn. Ids of turns may be
// short, so that they are looked for in their session where that is known.
func (c *Candidate) turnKey(tag byte, session string) CandidateKey {
	return CandidateKey{Hash: keyHash{}.text(tag, session, c.Turn), way: byTurn, Apart: -1}
}

// The tags of the keys of turns: of both in their session, of spans without one, and of
// prompts for these.
const (
	turnInSession  = 'A'
	turnOfNone     = 'B'
	promptsForNone = 'C'
)

// listedTurn are the keys under which prompts and agents' spans are stored.
func (c *Candidate) listedTurn() (keys []CandidateKey) {
	if c.Prompt() && !c.Names.IsEmpty() {
		keys = append(keys, c.named(c.Names))
	}
	switch {
	case c.Turn == "":
	case c.Session != "":
		keys = append(keys, c.turnKey(turnInSession, c.Session))
	case !c.Prompt():
		keys = append(keys, c.turnKey(turnOfNone, ""))
	}
	if c.Prompt() && c.Turn != "" {
		keys = append(keys, c.turnKey(promptsForNone, ""))
	}
	return keys
}

// lookedUpTurn are the keys under which prompts and agents' spans look for each other.
func (c *Candidate) lookedUpTurn() (keys []CandidateKey) {
	switch {
	case c.Prompt() && !c.Names.IsEmpty():
		keys = append(keys, c.named(c.Names))
	case !c.Prompt() && c.InTrace:
		keys = append(keys, c.named(c.ID))
	}
	if c.Turn == "" {
		return keys
	}
	if c.Session != "" {
		keys = append(keys, c.turnKey(turnInSession, c.Session).ofSession(c.Session))
	}
	if c.Prompt() {
		return append(keys, c.turnKey(turnOfNone, ""))
	}
	if c.Session == "" {
		keys = append(keys, c.turnKey(promptsForNone, ""))
	}
	return keys
}

// Listed are the keys under which a candidate is stored.
func (c *Candidate) Listed() (keys []CandidateKey) {
	if c.Foreign {
		return c.LookedUp()
	}
	if c.Kind == mapping.KindAgent {
		keys = c.listedTurn()
	}
	if c.Prompt() {
		return keys
	}
	if c.Sums {
		if keys = append(keys, c.sums('G')...); c.Sessionless {
			keys = append(keys, WithoutSession(c.Origin))
		}
		return keys
	}
	if c.Kind == mapping.KindAgent {
		return keys
	}
	keys = append(c.listedInTrace(), c.listedInSession()...)
	if c.Event != "" && c.Derived && c.Session == "" {
		for _, id := range c.IDs {
			keys = append(keys, c.ofNobody(id), nobody)
		}
	}
	if c.Sessionless {
		keys = append(keys, WithoutSession(c.Origin))
	}
	return keys
}

// listedInTrace are the keys under which others of its trace find a call.
func (c *Candidate) listedInTrace() (keys []CandidateKey) {
	if c.mayBeSummed() && !c.Derived {
		keys = append(keys, c.inTrace('U'))
	}
	if c.Event != "" && !c.Names.IsEmpty() {
		keys = append(keys, c.named(c.Names))
	}
	keys = append(keys, c.listedAround()...)
	if c.Session == "" && (c.Event == "" || !c.Derived) {
		for _, id := range c.IDs {
			keys = append(keys, c.KeyOf(id))
		}
	}
	return keys
}

// listedInSession are the keys under which others of its sessions find a call.
func (c *Candidate) listedInSession() (keys []CandidateKey) {
	for session := range c.sessions {
		for _, id := range c.IDs {
			keys = append(keys, c.idKey('I', session, id))
		}
		keys = append(keys, c.key(byTime, 'S', session, ""))
		if c.mayBeSummed() && c.ToolName != "" {
			keys = append(keys, sumKey('U', "s"+session))
		}
	}
	return keys
}

// LookedUp are the keys under which other observations of the call are found.
func (c *Candidate) LookedUp() (keys []CandidateKey) {
	if c.Foreign {
		for _, id := range c.IDs {
			keys = append(keys, c.ofNobody(id))
		}
		return keys
	}
	if c.Kind == mapping.KindAgent {
		keys = c.lookedUpTurn()
	}
	if c.Sums {
		return append(append(keys, c.sums('U')...), c.modelCalls()...)
	}
	if c.Kind == mapping.KindAgent {
		return keys
	}
	if c.mayBeSummed() {
		keys = c.sums('G')
	}
	if c.Event != "" && !c.Names.IsEmpty() {
		keys = append(keys, c.named(c.Names))
	}
	if c.Event == "" && c.InTrace {
		keys = append(keys, c.named(c.ID))
	}
	keys = append(keys, c.lookedUpAround()...)
	for _, id := range c.IDs {
		for session := range c.sessions {
			keys = append(keys, c.idKey('I', session, id).ofSession(session))
			if c.ToolName != "" {
				keys = append(keys, c.formerIDKey('I', session, id).ofSession(session))
			}
		}
		keys = append(keys, c.ofNobody(id))
		if c.ToolName != "" {
			former := c.formerIDKey('J', "", id)
			former.ofNobody = true
			keys = append(keys, former)
		}
		if c.InTrace || c.Event != "" && !c.Derived {
			keys = append(keys, c.KeyOf(id))
		}
	}
	for session := range c.sessions {
		keys = append(keys, c.key(byTime, 'S', session, "").ofSession(session))
	}
	return keys
}

// ofNobody is the key of an id of an event that names neither a trace nor a session.
func (c *Candidate) ofNobody(id string) CandidateKey {
	key := c.idKey('J', "", id)
	key.ofNobody = true
	return key
}

func (c *Candidate) trace() string { return string(c.Origin[:]) }

// Named is the key of the span that an event says is the call.
func (c *Candidate) Named() CandidateKey { return c.named(c.Names) }

// KeyOf is the key of an id in the candidate's trace.
func (c *Candidate) KeyOf(id string) CandidateKey {
	key := c.idKey('K', c.trace(), id)
	key.inTrace = true
	return key
}

func (c *Candidate) named(span pcommon.SpanID) CandidateKey {
	h := keyHash{kind: c.Kind}
	return CandidateKey{Hash: h.text('N', c.trace(), string(span[:])), way: byName, Apart: -1}
}

// listedAround and lookedUpAround are the keys of a call in a trace with events, by which an event
// that is meant to name the call, but names the span around or none, finds the call: a failed call
// of a model, or any where nothing but time ties the event to others. Spans are listed where they
// failed alone: for the others the trace is read.
func (c *Candidate) listedAround() []CandidateKey {
	if c.Event == "" && (!c.Failed || !c.Kind.IsModel()) {
		return nil
	}
	return c.lookedUpAround()
}

func (c *Candidate) lookedUpAround() (keys []CandidateKey) {
	switch {
	case c.Event == "" && c.InTrace:
		if keys = append(keys, c.around(pcommon.SpanID{})); !c.Parent.IsEmpty() {
			keys = append(keys, c.around(c.Parent))
		}
	case c.Event != "" && c.NamesCall && !c.Derived && (c.ByTime || c.Failed && c.Kind.IsModel()):
		keys = append(keys, c.around(c.Names))
	}
	return keys
}

// ReadsAround reports whether the calls of an event's trace have to be read for the event: nothing
// but time may tie it to one.
func (c *Candidate) ReadsAround() bool {
	return c.Event != "" && c.NamesCall && !c.Derived && c.Kind != mapping.KindAgent && c.ByTime
}

// EndsAround returns when other observations of the call end in the trace.
func (c *Candidate) EndsAround() (first, last int64) {
	if len(c.IDs) > 0 {
		return c.End - apartByID, c.End + apartByID
	}
	return c.End - apartByTime, c.End + apartByTime
}

func (c *Candidate) around(span pcommon.SpanID) CandidateKey {
	return c.key(byAround, 'F', c.trace(), string(span[:]))
}

// WithoutSession is the key of the calls of a trace that name no session.
func WithoutSession(trace pcommon.TraceID) CandidateKey {
	return CandidateKey{Hash: keyHash{}.text('T', string(trace[:]), ""), Apart: -1}
}

// SessionsOf is the key of the spans of a trace that name its sessions, one of each: an agent
// below another has a session of its own in programs that open a conversation for it.
func SessionsOf(trace pcommon.TraceID) CandidateKey {
	return CandidateKey{Hash: keyHash{}.text('V', string(trace[:]), ""), Apart: -1}
}

// PromptKey is the key of the prompts of a trace that is derived from its turn.
func PromptKey(trace pcommon.TraceID) CandidateKey {
	return CandidateKey{Hash: keyHash{}.text('P', string(trace[:]), ""), Apart: -1}
}

// oneCall reports whether two candidates that share a key are one call, or one of them the sum
// of calls of which the other is one.
func oneCall(a, b *Candidate, way way) bool {
	if way == bySum {
		return a.Sums && b.mayBeSummed() && a.Start <= b.End && b.End <= a.End || b.Sums && a.mayBeSummed() && b.Start <= a.End && a.End <= b.End
	}
	if a.Prompt() || b.Prompt() {
		return oneTurn(a, b, way)
	}
	if a.Kind != b.Kind || a.Event == b.Event || a.Kind == mapping.KindTool && !oneTool(a.ToolName, b.ToolName, way) {
		return false
	}
	switch way {
	case byName:
		return a.Event == "" || b.Event == ""
	case byID:
		return near(a.End, b.End, apartByID)
	case byAround:
		return (a.Failed || a.ByTime || b.ByTime) && oneByTime(a, b)
	default:
		return (a.ByTime || b.ByTime) && oneByTime(a, b)
	}
}

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

func near(a, b, apart int64) bool { return a-b <= apart && b-a <= apart }

// oneByTime compares two candidates of one session which no id ties.
func oneByTime(a, b *Candidate) bool {
	if a.HasID && b.HasID || !near(a.End, b.End, apartByTime) {
		return false
	}
	if a.Kind == mapping.KindTool {
		return true
	}
	if !a.Models.agree(&b.Models) || a.Failed != b.Failed {
		return false
	}
	if a.Failed {
		return true
	}
	known := func(c *Candidate) bool { return c.Input.OK || c.Output.OK }
	if known(a) != known(b) {
		return a.Start <= b.End && b.Start <= a.End
	}
	return known(a) && a.Input == b.Input && sameOutput(a, b)
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
// where several calls are taken for one another, the events of one name all count.
func inside(a, b *Candidate) bool {
	if (a.Sums || b.Sums) && !a.Prompt() && !b.Prompt() {
		return b.Sums
	}
	if (a.Event == "") != (b.Event == "") {
		return a.Event == ""
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
