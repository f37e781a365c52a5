package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Explanation says how a span became a row.
type Explanation struct {
	TraceID, SpanID string
	Name            string
	Scope, Version  string
	Rejected        string // why no row can hold the span; the rest is empty then

	Dialects []Recognition
	Kind     string
	KindBy   string

	Fields      []FieldExplanation // those with a value, or with attributes that could not give one
	Corrections []Correction
	Asked       []Unread // what rules asked for besides
	Unread      []Unread

	span int // in the batch
}

// Recognition says why a span is taken for one of a dialect.
type Recognition struct{ Dialect, By string }

// FieldExplanation says where a column has its value from.
type FieldExplanation struct {
	Column string
	Value  string   // as text or JSON; empty for null
	From   []Origin // what filled the column
	Lost   []Origin // what would have filled it
	By     string   // what else gave the value
	field  dialect.Field
}

// Origin is a source of a field on a span.
type Origin struct {
	Attribute, Dialect string
	Value              string
	Because            string // of those that lost: why
	barred             bool   // the source may not be read on such a span
}

// Correction says what was repaired or corrected, and why.
type Correction struct{ Name, Because string }

// Unread is an attribute or event that no column was filled from.
type Unread struct {
	Key, Value string
	Words      bool // the value is a content, which the attributes refer to
}

// Explain maps the spans of td and says how each became a row.
func Explain(td ptrace.Traces) []Explanation {
	n := td.SpanCount()
	r := New(Options{}).readings.Get().(*reading)
	r.notes = &notes{}
	b := r.mapRange(context.Background(), td, 0, n, make([]Span, n))
	b.unfold()
	for i := range r.notes.explained {
		x := &r.notes.explained[i]
		x.complete(b, &b.Spans[x.span])
	}
	return withRejected(td, r.notes.explained)
}

// withRejected adds the spans that no row can hold, at their places.
func withRejected(td ptrace.Traces, mapped []Explanation) (all []Explanation) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				x := Explanation{
					TraceID: span.TraceID().String(), SpanID: span.SpanID().String(), Name: span.Name(), Rejected: mappingFailed,
				}
				switch {
				case x.TraceID == "":
					x.Rejected = emptyTraceID
				case x.SpanID == "":
					x.Rejected = emptySpanID
				case len(mapped) > 0 && mapped[0].TraceID == x.TraceID && mapped[0].SpanID == x.SpanID:
					x, mapped = mapped[0], mapped[1:]
				}
				all = append(all, x)
			}
		}
	}
	return all
}

// explain says how the span of the reading was mapped, as long as the reading has it.
func (r *reading) explain() Explanation {
	s := r.out
	x := Explanation{
		TraceID: s.TraceID.String(), SpanID: s.SpanID.String(), Name: s.Name, Scope: s.ScopeName, Version: s.ScopeVersion,
		Dialects: r.recognised(), Kind: s.Kind.String(), KindBy: r.kindBy(), span: len(r.batch.Spans) - 1,
	}
	read := make([]bool, r.span.Attributes().Len())
	if r.notes.rule != nil && r.notes.rule.slot >= 0 {
		r.markRead(read, r.notes.rule.slot)
	}
	for f := range dialect.Field(dialect.NumFields) {
		if f != dialect.ServerAddress { // only to infer the provider
			x.Fields = append(x.Fields, r.explainField(f, read))
		}
	}
	x.withoutNoise()
	x.Corrections = r.corrections()
	x.Asked, x.Unread = r.rest(read)
	return x
}

// withoutNoise names sources that may not be read on such a span only if nothing else names
// their attribute.
func (x *Explanation) withoutNoise() {
	named := map[string]bool{}
	for i := range x.Fields {
		for _, o := range slices.Concat(x.Fields[i].From, x.Fields[i].Lost) {
			named[o.Attribute] = named[o.Attribute] || !o.barred
		}
	}
	for i := range x.Fields {
		f := &x.Fields[i]
		f.Lost = slices.DeleteFunc(f.Lost, func(o Origin) bool {
			again := o.barred && named[o.Attribute]
			named[o.Attribute] = true
			return again
		})
	}
}

// recognised lists the dialects of the span, with the scope or the attribute that shows each.
func (r *reading) recognised() (all []Recognition) {
	for i, d := range r.t.dialects {
		bit := uint64(1) << i
		if r.dialects&bit == 0 {
			continue
		}
		by := ""
		if r.around.scopeDialects&bit != 0 {
			by = "scope " + r.scopeName
		}
		for key, v := range r.span.Attributes().All() {
			if by == "" && r.showsDialect(key, v, bit) {
				by = "attribute " + key
			}
		}
		all = append(all, Recognition{d.Name, by})
	}
	return all
}

func (r *reading) showsDialect(key string, v pcommon.Value, bit uint64) bool {
	info := r.t.keys[key]
	if info == nil {
		f, _, _ := r.t.match(key)
		if f == nil {
			return false
		}
		info = &f.keyInfo
	}
	return info.marks&bit != 0 || slices.ContainsFunc(r.t.markValues[info.slot], func(m markValue) bool {
		return m.dialect&bit != 0 && v.Type() == pcommon.ValueTypeStr && v.Str() == m.value
	})
}

// kindBy says which rule gave the kind.
func (r *reading) kindBy() string {
	by := r.notes.why
	switch rule := r.notes.rule; {
	case rule == nil:
		by += r.statedBy()
	case rule.slot < 0:
		by = "the name of the span, by a rule of " + r.dialectOf(rule.dialect)
	default:
		text, _ := value.Value{Attr: r.slots[rule.slot].value}.Str()
		by = rule.Attr + " = " + text + ", by a rule of " + r.dialectOf(rule.dialect)
	}
	if r.notes.overrule != "" {
		by += "; but " + r.notes.overrule
	}
	return by
}

// statedBy names the key whose value states the kind, if that gave it.
func (r *reading) statedBy() string {
	if !strings.Contains(r.notes.why, "the value of a key") {
		return ""
	}
	var keys []string
	for key, v := range r.span.Attributes().All() {
		if slices.ContainsFunc(r.stated, func(s stated) bool { return s.value == v }) {
			keys = append(keys, key+" = "+v.AsString())
		}
	}
	return ": " + strings.Join(keys, ", ")
}

func (r *reading) dialectOf(bit uint64) string {
	for i, d := range r.t.dialects {
		if bit == 1<<i {
			return d.Name
		}
	}
	return ""
}

// explainField says what filled a field and what lost, and marks the attributes.
func (r *reading) explainField(f dialect.Field, read []bool) FieldExplanation {
	x := FieldExplanation{Column: fields[f].column, field: f}
	from := r.notes.from[f]
	summed := f == dialect.TotalTokens && len(from) == 1 && r.readNumber(from[0]) != r.out.Usage.Total.V
	won := f == dialect.Environment && from == nil && r.out.Environment != ""
	for i := range r.t.sources[f] {
		src := &r.t.sources[f][i]
		if !r.has(src) {
			continue
		}
		o := Origin{Attribute: r.keyOf(src), Dialect: r.t.dialectOf(src), Value: r.shownValue(src)}
		if slices.Contains(from, src) && !summed {
			won = true
			r.markSource(read, src)
			x.From = append(x.From, o)
			continue
		}
		o.barred = !r.usable(src)
		if o.Because = r.whyLost(src, won); summed && src == from[0] {
			o.Because = "is less than input and output"
		}
		if r.worthShowing(src, x.From, x.Lost, o) {
			r.markSource(read, src)
			x.Lost = append(x.Lost, o)
		}
	}
	if x.From == nil {
		x.By = r.otherwise(f)
	}
	return x
}

// has reports whether the span has what a source reads.
func (r *reading) has(src *boundSource) bool {
	switch {
	case src.Resource:
		return false
	case src.As == dialect.AsName:
		return slices.ContainsFunc(r.notes.from[:], func(from []*boundSource) bool { return slices.Contains(from, src) })
	case src.Answer != nil && src.guessed && !r.slots[src.parts[answerReasoning]].set && !r.slots[src.parts[answerToolCalls]].set:
		return false
	case src.Answer != nil:
		return slices.ContainsFunc(src.parts[:], func(at int16) bool { return at >= 0 && r.slots[at].set })
	case !r.slots[src.slot].set:
		return false
	case src.Seldom:
		return src.With(r, value.Value{Attr: r.slots[src.slot].value}).Exists()
	case src.list || len(src.steps) == 0:
		return true
	}
	_, ok := r.value(src)
	return ok
}

// whyLost says why a source that the span has did not fill its field.
func (r *reading) whyLost(src *boundSource, won bool) string {
	switch {
	case !src.kinds.Has(r.out.Kind):
		return "not read on spans of kind " + r.out.Kind.String()
	case src.ownOf != 0 && r.dialects&src.ownOf == 0:
		return "read only on spans of " + r.t.dialectOf(src)
	case won:
		return "comes later"
	}
	return "has no usable value"
}

// worthShowing leaves out sources whose attribute is told already.
func (r *reading) worthShowing(src *boundSource, from, lost []Origin, o Origin) bool {
	told := func(other Origin) bool { return other.Attribute == o.Attribute }
	return src.As != dialect.AsName && src.As != dialect.AsMessageEvents && src.As != dialect.AsDocumentEvents &&
		!slices.ContainsFunc(from, told) && !slices.ContainsFunc(lost, told)
}

// markSource marks the attributes that a source reads.
func (r *reading) markSource(read []bool, src *boundSource) {
	if src.Answer != nil {
		for _, at := range src.parts {
			if at >= 0 {
				r.markRead(read, at)
			}
		}
		return
	}
	r.markRead(read, src.slot)
}

func (r *reading) markRead(read []bool, at int16) {
	if s := &r.slots[at]; s.set && s.attr >= 0 {
		read[s.attr] = true
	}
	for i := range r.hits {
		if r.hits[i].slot == at {
			read[r.hits[i].attr] = true
		}
	}
}

// keyOf names what a source reads: the key that the span has, and what follows in its JSON.
func (r *reading) keyOf(src *boundSource) string {
	switch {
	case src.As == dialect.AsName:
		return "the name of the span"
	case src.Answer != nil && src.guessed:
		return r.keysOfParts(src)
	case src.Answer != nil:
		keys := answerKeys(src.Answer)
		return strings.Join(slices.DeleteFunc(keys[:], func(k string) bool { _, ok := r.span.Attributes().Get(k); return !ok }), ", ")
	case src.As == dialect.AsMessageEvents, src.As == dialect.AsDocumentEvents:
		return "events of the span"
	case src.Event != "":
		return strings.TrimRight("event "+src.Event+" "+src.Attr, " ")
	}
	if place := r.notes.places[src.slot]; place != "" {
		return place
	}
	key := src.Attr
	if at := r.slots[src.slot].attr; at >= 0 && familyOf(src.Attr) == nil || src.guessed {
		key = r.keyAt(at)
	}
	if src.Path != "" {
		key += " → " + src.Path
	}
	return key
}

// keysOfParts names what the parts of a guessed answer are read from.
func (r *reading) keysOfParts(src *boundSource) string {
	var keys []string
	for _, at := range src.parts {
		if at < 0 || !r.slots[at].set {
			continue
		}
		key := r.notes.places[at]
		if key == "" {
			key = r.keyAt(r.slots[at].attr)
		}
		keys = append(keys, key)
	}
	return strings.Join(keys, ", ")
}

func (r *reading) keyAt(index int32) string {
	i := int32(0)
	for key := range r.span.Attributes().All() {
		if i == index {
			return key
		}
		i++
	}
	return ""
}

// shownValue is what a source gives, before it is converted.
func (r *reading) shownValue(src *boundSource) string {
	switch {
	case src.Answer != nil, src.list, src.As == dialect.AsObject, src.As == dialect.AsMessageEvents, src.As == dialect.AsDocumentEvents, src.Event != "" && src.Attr == "":
		return ""
	}
	v, ok := r.value(src)
	if !ok {
		return ""
	}
	return shown(v)
}

// readNumber is what a source counts.
func (r *reading) readNumber(src *boundSource) int64 {
	v, ok := r.value(src)
	if ok && src.With != nil {
		v = src.With(r, v)
	}
	n, _, _ := v.Integer()
	return n
}

// otherwise says what gave a field its value if no attribute of the span did.
func (r *reading) otherwise(f dialect.Field) string {
	attrs := r.around.resource.Attributes()
	for _, src := range r.t.sources[f] {
		if _, ok := attrs.Get(src.Attr); ok && (f == dialect.ServiceName || f == dialect.Release || f == dialect.Environment) {
			return "the resource's " + src.Attr
		}
	}
	for of, keys := range map[dialect.Field][]string{dialect.SessionID: sessionsOfResources, dialect.UserID: usersOfResources} {
		for _, key := range keys {
			if _, ok := attrs.Get(key); ok && of == f {
				return "the resource's " + key
			}
		}
	}
	return derived[f]
}

// derived says how the engine fills fields that no attribute gives.
var derived = [dialect.NumFields]string{
	dialect.Operation:          "the kind",
	dialect.Provider:           "the server's address or the model's name",
	dialect.FinishReasons:      "the output messages",
	dialect.Streaming:          "the time to the first token, or the name of the span",
	dialect.TotalTokens:        "the sum of input and output",
	dialect.CacheCreation:      "the sum of what is kept for 5 minutes and for 1 hour",
	dialect.TotalCost:          "the sum of input and output",
	dialect.ErrorType:          "the status, an exception event, the tool's result, or an error in place of an answer",
	dialect.ErrorMessage:       "the status, an exception event, or an error in place of an answer",
	dialect.SystemInstructions: "the input messages",
}

// corrections says what was repaired or corrected.
func (r *reading) corrections() (all []Correction) {
	n := r.notes
	for _, name := range r.out.Adjustments.Names() {
		c := Correction{Name: name}
		switch {
		case name == CacheAddedToInput.Names()[0]:
			c.Because = addedText("input_tokens", r.out.Usage.Input.V, n.input)
		case name == ReasoningAddedToOutput.Names()[0]:
			c.Because = addedText("output_tokens", r.out.Usage.Output.V, n.output)
		}
		for _, a := range n.adjusted {
			if a.of.Names()[0] == name {
				c.Because = r.keyOf(a.src)
			}
		}
		all = append(all, c)
	}
	return all
}

func addedText(column string, sum int64, p part) string {
	return fmt.Sprintf("%s is %d + %d: %s", column, sum-p.add, p.add, p.by)
}

// rest lists what is left: attributes that filled nothing, of which rules asked for some,
// and events that are kept.
func (r *reading) rest(read []bool) (asked, all []Unread) {
	i := -1
	for key, v := range r.span.Attributes().All() {
		switch i++; {
		case read[i]:
		case slices.Contains(r.notes.keys, key):
			asked = append(asked, Unread{Key: key, Value: v.AsString()})
		case r.classes[i] != classStored:
			all = append(all, Unread{Key: key, Value: v.AsString()})
		}
	}
	events := r.span.Events()
	for i := range events.Len() {
		if !r.events[i].gone && len(r.events[i].taken) == 0 {
			all = append(all, Unread{Key: "event " + events.At(i).Name(), Value: attributesText(events.At(i).Attributes())})
		}
	}
	return asked, all
}

func attributesText(attrs pcommon.Map) string {
	text, _ := json.Marshal(attrs.AsRaw())
	return string(text)
}

// complete adds what only the whole batch has.
func (x *Explanation) complete(b *Batch, s *Span) {
	var kept map[string]json.RawMessage
	_ = json.Unmarshal(s.Attributes, &kept)
	for i := range x.Unread {
		x.Unread[i].Words = strings.HasPrefix(string(kept[x.Unread[i].Key]), `{"$content":`)
	}
	for i := range x.Fields {
		fx := &x.Fields[i]
		fx.Value = rowValue(fx.field, b, s)
	}
	x.Fields = slices.DeleteFunc(x.Fields, func(fx FieldExplanation) bool {
		return fx.Value == "" && len(fx.Lost) == 0
	})
}
