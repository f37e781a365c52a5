package trace

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// CandidateKey is a hash under which a candidate is found: by the candidates that look
// for the same one, if the two end at most Apart µs apart, whenever they end if Apart is
// negative.
type CandidateKey struct {
	Hash           uint64
	Apart          int64
	way            way
	inTrace        bool   // that which is listed under it is in the candidate's trace
	session        string // that which is listed under it is of this session, if any
	withoutContext bool   // it is an event without context
}

// window returns the ends of the candidates that c looks for under a key.
func (c *Candidate) window(k CandidateKey) (first, last int64) {
	switch {
	case k.way == bySum && c.Sums:
		return c.summedEnds()
	case k.way == bySum:
		return c.End - apartFromSum, math.MaxInt64
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
	keys = append(keys, c.listedWithoutContext()...)
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
	if c.listsIDsInTrace() {
		for _, id := range c.IDs {
			keys = append(keys, c.KeyOf(id))
		}
	}
	return keys
}

// listsIDsInTrace reports whether a call is found by its ids in its trace: the two signals may name
// different sessions. Stored calls of models are looked up by the ids of their responses.
func (c *Candidate) listsIDsInTrace() bool {
	if c.Event != "" {
		return !c.Derived
	}
	return c.Session == "" || c.InTrace && c.Kind == mapping.KindTool
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
		return append(c.lookedUpWithoutContext(), c.lookedUpInSession()...)
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
	keys = append(append(keys, c.lookedUpAround()...), c.lookedUpWithoutContext()...)
	for _, id := range c.IDs {
		if c.InTrace || c.Event != "" && !c.Derived {
			keys = append(keys, c.KeyOf(id))
		}
	}
	return append(keys, c.lookedUpInSession()...)
}

// lookedUpInSession are the keys under which others of its sessions are found.
func (c *Candidate) lookedUpInSession() (keys []CandidateKey) {
	for session := range c.sessions {
		for _, id := range c.IDs {
			keys = append(keys, c.idKey('I', session, id).ofSession(session))
			if c.ToolName != "" {
				keys = append(keys, c.formerIDKey('I', session, id).ofSession(session))
			}
		}
		keys = append(keys, c.key(byTime, 'S', session, "").ofSession(session))
	}
	return keys
}

// listedWithoutContext are the keys under which an event without context is stored: by its ids, which are all that spans
// find it by.
func (c *Candidate) listedWithoutContext() (keys []CandidateKey) {
	if !c.withoutContext() || len(c.IDs) == 0 {
		return nil
	}
	for _, id := range c.IDs {
		keys = append(keys, c.withoutContextKey(id))
	}
	return append(keys, anyWithoutContext)
}

// lookedUpWithoutContext are the keys under which events without context are found.
func (c *Candidate) lookedUpWithoutContext() (keys []CandidateKey) {
	if !c.Kind.IsModel() {
		return nil
	}
	for _, id := range c.IDs {
		keys = append(keys, c.withoutContextKey(id))
	}
	return keys
}

// withoutContextKey is the key of an id of an event without context; see WithoutContext.
func (c *Candidate) withoutContextKey(id string) CandidateKey {
	key := c.idKey('J', "", id)
	key.withoutContext = true
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
	case c.Event != "" && c.NamesCall && !c.Derived && (c.tiedByTime() || c.Failed && c.Kind.IsModel()):
		keys = append(keys, c.around(c.Names))
	}
	return keys
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
