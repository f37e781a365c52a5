package mapping

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var (
	// passedOver are words in the names of events that tell of something else than a call.
	passedOver = wordSet("exception error retry warning log debug")
	// tellInput and tellOutput are words in the names of events that tell messages.
	tellInput  = wordSet("prompt input request system user question query instruction instructions")
	tellOutput = wordSet("completion output response answer reply assistant choice generation")
)

// eventTexts are the attributes, by the last segment of their keys, that hold the words of a
// message, the first wins.
var eventTexts = [...]string{"content", "message", "text", "body", "prompt", "completion", "response", "input", "output", "question", "answer", "value"}

// guessEvents reads events that no dialect knows.
func (r *reading) guessEvents() {
	for i := range min(len(r.events), maxReadEvents) {
		e := r.span.Events().At(i)
		if r.events[i].info != nil {
			continue
		}
		words := wordsOf(e.Name()[:min(len(e.Name()), maxKeyLength)])
		switch {
		case holdsAny(words, passedOver):
		case isChunk(words):
			if s := &r.slots[r.t.firstToken]; !s.set {
				r.fill(r.t.firstToken, slot{time: e.Timestamp(), attr: -1}, 1<<fTTFT)
			}
		default:
			r.guessMessage(e, words, i)
			r.guessFacts(e, i)
		}
	}
}

func isChunk(words []string) bool {
	return slices.Contains(words, "chunk") || slices.Contains(words, "delta") || slices.Contains(words, "first") && slices.Contains(words, "token")
}

// guessMessage takes an event for a message if its name or the role says whose.
func (r *reading) guessMessage(e ptrace.SpanEvent, words []string, i int) {
	m := messageEvent{guessed: true, text: textKeyOf(e.Attributes())}
	if m.text == "" {
		return
	}
	if dot := strings.LastIndexByte(m.text, '.'); dot >= 0 {
		m.prefix = m.text[:dot+1]
	}
	role, told := e.Attributes().Get(m.prefix + "role")
	told = told && role.Type() == pcommon.ValueTypeStr
	switch {
	case holdsAny(words, tellOutput):
		m.output = true
	case holdsAny(words, tellInput):
	case told && lower(role.Str()) == "assistant":
		m.output = i == len(r.events)-1
	case !told:
		return
	}
	m.role = "user"
	switch {
	case m.output:
		m.role = "assistant"
	case slices.Contains(words, "system"):
		m.role = "system"
	}
	r.events[i].info = &eventInfo{message: &m, time: -1}
	r.fill(r.t.guessedEvents[dirOf(m.output)], slot{attr: -1}, 1<<fInputMessages|1<<fOutputMessages)
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
			if last := key[strings.LastIndexByte(key, '.')+1:]; lower(last) == tail && v.Type() == pcommon.ValueTypeStr && says(v) {
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
		path := key
		if !strings.Contains(key, ".") {
			path = e.Name() + "." + key
		}
		k := r.lookUpMember(path)
		r.fileMember(k, path, v, guessPlace{attr: -1, event: int32(i), part: path != key, shown: r.notes.eventMember(e.Name(), key)})
		r.shows |= k.traits.shows & (showsAI | showsModel | showsProvider)
	}
}
