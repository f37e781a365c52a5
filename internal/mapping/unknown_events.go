package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

var (
	// passedOver are words in the names of events that tell of something else than a call.
	passedOver = keywords.Set("exception error retry warning log debug")
	// tellInput and tellOutput are words in the names of events that tell messages.
	tellInput  = keywords.Set("prompt input request system user question query instruction instructions")
	tellOutput = keywords.Set("completion output response answer reply assistant choice generation")
)

// eventTexts are the attributes, by the last segment of their keys, that hold the words of a
// message, the first wins.
var eventTexts = [...]string{"content", "message", "text", "body", "prompt", "completion", "response", "input", "output", "question", "answer", "value"}

// eventName is what the name of an event tells.
type eventName struct {
	passedOver, chunk     bool
	input, output, system bool // of a message
}

func readEventName(name string) eventName {
	words := keywords.Of(name)
	return eventName{
		passedOver: keywords.Any(words, passedOver),
		chunk: slices.Contains(words, "chunk") || slices.Contains(words, "delta") ||
			slices.Contains(words, "first") && slices.Contains(words, "token"),
		input: keywords.Any(words, tellInput), output: keywords.Any(words, tellOutput), system: slices.Contains(words, "system"),
	}
}

// guessEvents reads events that no dialect knows.
func (r *reading) guessEvents() {
	for i := range min(len(r.events), dialect.MaxReadEvents) {
		e := r.span.Events().At(i)
		if info := r.events[i].info; info != nil && !info.unreadIn(e) {
			continue
		}
		switch name := remember(r.eventNames, e.Name(), readEventName); {
		case name.passedOver:
		case name.chunk:
			if s := &r.slots[r.t.firstToken]; !s.set {
				r.guessLatency(e, i)
				r.fill(r.t.firstToken, slot{attr: -1, event: int32(i)}, 1<<dialect.TTFT)
			}
		default:
			r.guessMessage(e, name, i)
			r.guessFacts(e, i)
		}
	}
}

// unreadIn reports whether dialects know an event for words in its attributes, of which this one has none:
// the event of another emitter's, which says it under keys of its own.
func (info *eventInfo) unreadIn(e ptrace.SpanEvent) bool {
	if info.message != nil || info.document != nil || info.time >= 0 || len(info.attrs) == 0 {
		return false
	}
	for key := range e.Attributes().All() {
		if info.attrs[key] != nil {
			return false
		}
	}
	return true
}

// guessLatency files what the first event of an answer's parts says of the time until then.
func (r *reading) guessLatency(e ptrace.SpanEvent, i int) {
	for key, v := range e.Attributes().All() {
		if g := r.lookUpMember("", key).guessed(key); g.names == namesTTFT || g.names == namesTTFTSeconds || g.names == namesTTFTMillis {
			r.fileGuess(g, v, guessPlace{attr: -1, event: int32(i), shown: r.notes.eventMember(e.Name(), key)})
		}
	}
}

// guessMessage takes an event for a message if its name or the role says whose.
func (r *reading) guessMessage(e ptrace.SpanEvent, name eventName, i int) {
	m := dialect.MessageEvent{Guessed: true, Text: textKeyOf(e.Attributes())}
	if m.Text == "" {
		return
	}
	if dot := strings.LastIndexByte(m.Text, '.'); dot >= 0 {
		m.Prefix = m.Text[:dot+1]
	}
	role, told := e.Attributes().Get(m.Prefix + "role")
	told = told && role.Type() == pcommon.ValueTypeStr
	switch {
	case name.output:
		m.Output = true
	case name.input:
	case told && strings.ToLower(role.Str()) == "assistant":
		m.Output = i == len(r.events)-1
	case !told:
		return
	}
	m.Role = "user"
	switch {
	case m.Output:
		m.Role = "assistant"
	case name.system:
		m.Role = "system"
	}
	r.events[i].info = &eventInfo{message: &m, time: -1}
	r.fill(r.t.guessedEvents[dirOf(m.Output)], slot{attr: -1}, 1<<dialect.InputMessages|1<<dialect.OutputMessages)
}

func dirOf(output bool) int {
	if output {
		return 1
	}
	return 0
}

// textKeyOf finds the attribute that holds the words of a message.
func textKeyOf(attrs pcommon.Map) string {
	for _, tail := range eventTexts {
		for key, v := range attrs.All() {
			if last := key[strings.LastIndexByte(key, '.')+1:]; strings.ToLower(last) == tail && v.Type() == pcommon.ValueTypeStr && says(v) {
				return key
			}
		}
	}
	return ""
}

// guessFacts files what an event says beside: the key goes on after the name of the event,
// unless it has a name space of its own.
func (r *reading) guessFacts(e ptrace.SpanEvent, i int) {
	for key, v := range e.Attributes().All() {
		object, bare := "", !strings.Contains(key, ".")
		if bare {
			object = e.Name()
		}
		k := r.lookUpMember(object, key)
		if !bare && k.info == nil && k.family == nil && k.guessed(k.key).names == namesNothing && !isGeneral(key) {
			k = r.lookUpMember(e.Name(), key) // what is no call's by its key alone may be by the event's name: a cost
		}
		at := guessPlace{attr: -1, event: int32(i), part: bare, shown: r.notes.eventMember(e.Name(), key)}
		if k.traits.count != noTokens || k.traits.usage && value.MayBeObject(v) {
			r.fileEventUsage(k, v, at)
			continue
		}
		r.fileMember(k, k.key, v, at)
		r.shows |= k.traits.shows & (showsAI | showsModel | showsProvider)
	}
}

// countEvent files what an event that dialects know counts under keys that they do not know.
func (r *reading) countEvent(e ptrace.SpanEvent, i int) {
	info := r.events[i].info
	for key, v := range e.Attributes().All() {
		if info.attrs[key] != nil || !mayCount(key, v) {
			continue
		}
		at := guessPlace{attr: -1, event: int32(i), shown: r.notes.eventMember(e.Name(), key)}
		r.fileEventUsage(r.lookUpMember("", key), v, at)
	}
}

// mayCount passes over most attributes of events without a look-up.
func mayCount(key string, v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		return strings.Contains(key, "oken")
	case pcommon.ValueTypeMap, pcommon.ValueTypeStr:
		return strings.Contains(key, "sage") && !strings.Contains(key, "essage") && value.MayBeObject(v)
	}
	return false
}

// fileEventUsage files what an event counts, behind all that the span says itself: an event may tell of a
// part of the span only.
func (r *reading) fileEventUsage(k *keyRead, v pcommon.Value, at guessPlace) {
	switch {
	case k.guessed(k.key).elsewhere:
	case value.MayBeObject(v):
		if k.traits.usage && !k.traits.sums {
			r.fileUsage(v, -1, at.event)
		}
	default:
		r.fileCount(k.traits, v, at)
	}
}
