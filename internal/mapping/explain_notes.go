package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// notes are what Explain wants to know of a span beyond its row. Every method does nothing
// on nil, so that mapping costs the same without.
type notes struct {
	from     [dialect.NumFields][]*boundSource // what filled the fields
	rule     *boundRule                        // what gave the kind,
	why      string                            // if no rule did, what else
	overrule string                            // what corrected it

	input, output part // whether the figures include their parts
	adjusted      []adjusted
	keys          []string // that rules asked for by name

	places map[int16]string // what guesses were read from, by slot

	explained []Explanation
}

// adjusted is an adjustment with what it was made to.
type adjusted struct {
	of  Adjustments
	src *boundSource
}

// start forgets the span before.
func (n *notes) start() {
	if n != nil {
		*n = notes{explained: n.explained}
	}
}

// took notes that a source filled a field, instead of any that did before.
func (n *notes) took(f dialect.Field, src *boundSource) {
	if n != nil {
		n.from[f] = []*boundSource{src}
	}
}

// tookToo notes that a source is among those that filled a field.
func (n *notes) tookToo(f dialect.Field, src *boundSource) {
	if n != nil {
		n.from[f] = append(n.from[f], src)
	}
}

// lost notes that no source filled a field after all.
func (n *notes) lost(f dialect.Field) {
	if n != nil {
		n.from[f] = nil
	}
}

// decided notes what gave the kind.
func (n *notes) decided(rule *boundRule, why string) {
	if n != nil {
		n.rule, n.why = rule, why
	}
}

// overruled notes why the kind is another after all.
func (n *notes) overruled(why string) {
	if n != nil {
		n.overrule = why
	}
}

// asked notes that a rule asked for an attribute by its key.
func (n *notes) asked(key string) {
	if n != nil {
		n.keys = append(n.keys, key)
	}
}

// placed notes what a guess was read from, if the key of an attribute does not tell.
func (n *notes) placed(slot int16, shown string) {
	if n == nil || shown == "" {
		return
	}
	if n.places == nil {
		n.places = map[int16]string{}
	}
	n.places[slot] = shown
}

// memberOf names a member of an attribute's object; member is empty for the object itself.
func (n *notes) memberOf(object, member string) string {
	switch {
	case n == nil:
		return ""
	case member == "":
		return object
	case strings.Contains(object, " → "):
		return object + "." + member
	}
	return object + " → " + member
}

// eventMember names an attribute of an event.
func (n *notes) eventMember(event, key string) string {
	if n == nil {
		return ""
	}
	return "event " + event + " " + key
}

// settled notes what was added to the figures.
func (n *notes) settled(input, output part) {
	if n != nil {
		n.input, n.output = input, output
	}
}

// end explains the span that was mapped.
func (n *notes) end(r *reading) {
	if n != nil {
		n.explained = append(n.explained, r.explain())
	}
}

// adjust notes an adjustment and what it was made to.
func (r *reading) adjust(a Adjustments, src *boundSource) {
	r.out.Adjustments |= a
	if r.notes != nil {
		r.notes.adjusted = append(r.notes.adjusted, adjusted{a, src})
	}
}
