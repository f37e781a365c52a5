package mapping

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// attrClass is what an attribute is, and so where its value is stored.
type attrClass uint8

const (
	classFact            attrClass = iota // among the attributes
	classStored                           // in a column or a content already
	classWords                            // in a content that the attribute refers to
	classUnknown                          // nobody knows the key: a fact if the value is no prose, and contents are kept
	classFactUnlessProse                  // a fact if the value is no prose
	classErrorText                        // a fact if contents are kept
)

// scan looks each attribute of the span up once and files it in its slot.
func (r *reading) scan() {
	attrs := r.span.Attributes()
	r.classes = slices.Grow(r.classes[:0], attrs.Len())[:attrs.Len()]
	r.read = slices.Grow(r.read[:0], attrs.Len())[:attrs.Len()]
	i := int32(-1)
	for key, v := range attrs.All() {
		i++
		k := r.see(key, i)
		if info := k.info; info != nil {
			class := r.classOfKnown(info, v)
			if info.repeatsName && v.Type() == pcommon.ValueTypeStr && v.Str() == r.span.Name() {
				class = classFact
			}
			r.classes[i] = class
			r.note(&info.traits, v)
			r.file(info, v, i, -1)
			r.hasUnknown = r.hasUnknown || !info.shared
			continue
		}
		if f := k.family; f != nil && f.fields != 0 {
			r.classes[i] = classUnknown
			r.fileHit(f, hit{slot: f.slot, index: k.index, attr: i, rest: k.rest, value: v})
			continue
		}
		r.fileUnknown(k.traits, v, i)
		switch {
		case k.family == nil:
			r.hasNew = true
		case v.Type() == pcommon.ValueTypeStr:
			r.classes[i] = classWords // the family only says that texts are words
		}
	}
}

// fileUnknown files an attribute that no dialect knows by the words of its key.
func (r *reading) fileUnknown(t *traits, v pcommon.Value, attr int32) {
	r.classes[attr] = t.class(v)
	r.hasUnknown = true
	r.note(t, v)
	if t.names != namesNothing && t.count == noTokens {
		r.file(r.t.unnamed[t.names], v, attr, -1)
	}
	if t.count != noTokens && r.t.counts[t.count] != nil && !value.MayBeObject(v) {
		r.file(r.t.counts[t.count], v, attr, -1)
	}
	if t.usage && t.count == noTokens && !t.sums && r.around.scopeDialects == 0 && value.MayBeObject(v) {
		r.fileUsage(v, attr, -1)
	}
}

// file puts an attribute into its slot; of two with one key, the first counts.
func (r *reading) file(info *keyInfo, v pcommon.Value, attr, event int32) {
	if v.Type() == pcommon.ValueTypeEmpty {
		return
	}
	if info.words {
		r.classify(attr, classWords)
	}
	r.dialects |= info.marks
	if info.valued && v.Type() == pcommon.ValueTypeStr {
		for _, m := range r.t.markValues[info.slot] {
			if v.Str() == m.value {
				r.dialects |= m.dialect
			}
		}
	}
	s := &r.slots[info.slot]
	if s.set {
		return
	}
	s.value, s.attr, s.event, s.set = v, attr, event, true
	r.touch(info.slot)
	r.fed |= info.fields
	r.ownOf |= info.wordsOf | info.factOf
	r.copied, r.original = r.copied || info.copied, r.original || info.original
}

func (r *reading) fileHit(f *family, h hit) {
	if h.value.Type() == pcommon.ValueTypeEmpty {
		return
	}
	if f.words {
		r.classes[h.attr] = classWords
	}
	r.dialects |= f.marks
	r.hits = append(r.hits, h)
	r.fed |= f.fields
	if s := &r.slots[f.slot]; !s.set {
		*s = slot{attr: h.attr, event: -1, set: true}
		r.touch(f.slot)
		r.original = r.original || f.original
	}
}

// classify notes what an attribute of the span is. Of a value that an event tells, whose
// attribute is below 0, there is nothing to note.
func (r *reading) classify(attr int32, class attrClass) {
	if attr >= 0 {
		r.classes[attr] = class
	}
}

// note notes what a key tells of the kind.
func (r *reading) note(t *traits, v pcommon.Value) {
	if t.rank != statesNoKind && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
		r.stated = append(r.stated, stated{t.rank, v})
	}
	if t.shows&^r.shows == 0 || !says(v) {
		return
	}
	switch v.Type() {
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool:
		r.shows |= t.shows &^ toldInWords // how many, or whether there are some
	default:
		r.shows |= t.shows
	}
}

// says reports whether an attribute has a value that is no placeholder.
func says(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return false
	case pcommon.ValueTypeStr:
		return !content.Absent(v.Str()) && v.Str() != "[]"
	case pcommon.ValueTypeSlice:
		return v.Slice().Len() > 0
	}
	return true
}

// settleOwn settles what carries words, and what facts, on spans of the dialects that
// this one turned out to be of.
func (r *reading) settleOwn() {
	if r.ownOf&r.dialects == 0 {
		return
	}
	for _, i := range r.touched {
		switch s, info := &r.slots[i], r.t.info(i); {
		case !s.set || s.attr < 0 || s.part:
		case info.wordsOf&r.dialects != 0:
			r.classes[s.attr] = classWords
		case info.factOf&r.dialects != 0 && !info.words && info.fields&(1<<dialect.ErrorMessage) == 0:
			r.classes[s.attr] = classFact
		}
	}
}
