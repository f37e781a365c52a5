package logs

import (
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// EventKind says what an event tells.
type EventKind uint8

// What events tell.
const (
	Noise  EventKind = iota // nothing: no row with keep: genai
	Fact                    // a row of llm_events and nothing else
	Call                    // a call of a model
	Tool                    // a call of a tool
	Prompt                  // the prompt of a user, with which a turn of an agent begins
	Words                   // messages of a span that something else tells
	Score                   // the result of an evaluation
)

var eventKindNames = [...]string{"noise", "fact", "call", "tool", "prompt", "words", "score"}

// String names what an event tells.
func (t EventKind) String() string { return eventKindNames[t] }

// program describes, as data, what the records of one program or convention tell.
type program struct {
	name string
	// versions names those whose records were captured.
	versions string
	// scopes are the instrumentation scopes; a trailing * matches any rest. Without any,
	// the names of the events suffice.
	scopes []string
	// spans are the scopes of the program's spans, which may observe the same calls.
	spans []string
	// spanEvents are the events that those spans carry as span events too.
	spanEvents []string
	// prefix is cut off the names of events where they have it.
	prefix string
	// session, user and turn are the attributes that name them, the first that is
	// there.
	session, user, turn []string
	names               []string // all of these, for events without a rule of their own
	// events are the rules of each event; of several the first whose conditions hold
	// counts. "*" stands for an event of any other name.
	events map[string][]rule
}

// rule says what an event tells where its conditions hold.
type rule struct {
	kind EventKind
	when []condition
	// fields are attributes of the span that tells the call, each with the attributes of
	// the record that feed it, the first that is there. What follows > is a key in an
	// attribute's JSON.
	fields map[string][]string
	// sums are counts that are added up.
	sums map[string][]string
	// fixed are attributes of the span that the record does not say.
	fixed map[string]string
	// texts are words of one message each, by the span's attribute.
	texts map[string][]string
	// duration is the attribute with the milliseconds that the call took, seconds that with
	// the seconds.
	duration, seconds []string
	// failed are conditions of which any says that the call failed.
	failed []condition
	// Ids that other observations of the call carry.
	request, response, toolCall []string
	// names says what the span id of the record stands for.
	names naming
	// facts are the attributes that name a session, a user, a turn or the call: no words,
	// whatever their keys say.
	facts []string
	// byTime says that nothing but time ties the record to other observations.
	byTime bool
	// order is in which attributes are written: the same each time.
	order struct{ fields, sums, fixed, texts []string }
}

// naming says what the span id of a record stands for.
type naming uint8

const (
	namesParent naming = iota // the span in which the call was made
	namesCall                 // the span that tells the call itself
	namesOther                // neither
)

// condition holds for a record's attribute.
type condition struct {
	attr string
	// Of these one is set.
	is      []string // one of these texts
	atLeast float64
	some    bool // the attribute is there
	none    bool // the attribute is not there
}

func (c *condition) holds(r *record) bool {
	v, there := r.get(c.attr)
	switch {
	case c.some:
		return there
	case c.none:
		return !there
	case !there:
		return false
	case c.is != nil:
		text := strings.ToLower(text(v))
		for _, want := range c.is {
			if text == want {
				return true
			}
		}
		return false
	}
	n, ok := number(v)
	return ok && n >= c.atLeast
}

func holdsAll(conditions []condition, r *record) bool {
	for i := range conditions {
		if !conditions[i].holds(r) {
			return false
		}
	}
	return true
}

func holdsAny(conditions []condition, r *record) bool {
	for i := range conditions {
		if conditions[i].holds(r) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	if rest, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, rest)
	}
	return pattern == name
}

var programs []*program

// SendsRecords reports whether the program whose spans have a scope sends log records too.
func SendsRecords(scope string) bool {
	for _, p := range programs {
		for _, s := range p.spans {
			if matches(s, scope) {
				return true
			}
		}
	}
	return false
}

// register adds a program while the package is initialised.
func register(p program) *program {
	p.names = slices.Concat(p.session, p.user, p.turn)
	for _, rules := range p.events {
		for i := range rules {
			rules[i].setOrder()
			rules[i].facts = slices.Concat(p.names, rules[i].request, rules[i].response, rules[i].toolCall)
		}
	}
	programs = append(programs, &p)
	return &p
}

func (t *rule) setOrder() {
	t.order.fields, t.order.fixed = slices.Sorted(maps.Keys(t.fields)), slices.Sorted(maps.Keys(t.fixed))
	t.order.sums, t.order.texts = slices.Sorted(maps.Keys(t.sums)), slices.Sorted(maps.Keys(t.texts))
}

// programOf returns the program of a scope and event; nil if none knows them. A program
// that names its scopes goes before a convention that any scope may follow.
func programOf(scope, event string) *program {
	var convention *program
	for _, p := range programs {
		if len(p.scopes) == 0 {
			if p.events[event] != nil {
				convention = p
			}
			continue
		}
		for _, s := range p.scopes {
			if matches(s, scope) && (p.rules(event) != nil) {
				return p
			}
		}
	}
	if convention == nil {
		return programOfPrefix(event)
	}
	return convention
}

// programOfPrefix returns the program that an event's name tells by its prefix, whatever the
// scope: processors and bridges lose scopes. nil for none.
func programOfPrefix(event string) *program {
	for _, p := range programs {
		if p.prefix == "" {
			continue
		}
		if name, ok := strings.CutPrefix(event, p.prefix); ok && p.events[name] != nil {
			return p
		}
	}
	return nil
}

// rules returns what a program says of an event.
func (p *program) rules(event string) []rule {
	if rules := p.events[strings.TrimPrefix(event, p.prefix)]; rules != nil {
		return rules
	}
	return p.events["*"]
}

// first returns the first of the record's attributes that is there.
func (r *record) first(keys []string) (pcommon.Value, bool) {
	for _, key := range keys {
		if v, ok := r.get(key); ok {
			return v, true
		}
	}
	return pcommon.Value{}, false
}

// field returns the first of the attributes, or of what their JSON has under a key, that is there.
func (r *record) field(keys []string) (pcommon.Value, bool) {
	for _, key := range keys {
		attr, within, nested := strings.Cut(key, ">")
		v, ok := r.get(attr)
		if ok && nested {
			v, ok = memberOf(v, within)
		}
		if ok {
			return v, true
		}
	}
	return pcommon.Value{}, false
}

// memberOf returns what an object, or the JSON of one, has under a key.
func memberOf(v pcommon.Value, key string) (pcommon.Value, bool) {
	var object pcommon.Map
	switch v.Type() {
	case pcommon.ValueTypeMap:
		object = v.Map()
	case pcommon.ValueTypeStr:
		read, ok := jsonObject(v.Str())
		if !ok {
			return pcommon.Value{}, false
		}
		object = read
	default:
		return pcommon.Value{}, false
	}
	v, ok := object.Get(key)
	return v, ok && !absent(v)
}
