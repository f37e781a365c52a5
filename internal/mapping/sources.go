package mapping

import (
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// usable reports whether the span has what the source reads, and may read it.
func (r *reading) usable(src *boundSource) bool {
	if src.slot >= 0 && !r.slots[src.slot].set {
		return false
	}
	return src.kinds.Has(r.out.Kind) && (src.ownOf == 0 || r.dialects&src.ownOf != 0)
}

// each offers the sources of a field, in order of precedence, until one is taken.
func (r *reading) each(f dialect.Field, try func(src *boundSource, v value.Value) bool) {
	if r.fed&(1<<f) == 0 {
		return
	}
	sources, left := r.t.sources[f], r.ready[f]
	for i := left.next(); i >= 0; i = left.next() {
		src := &sources[i]
		if src.slot < 0 || !r.usable(src) {
			continue
		}
		v, ok := value.Value{Attr: r.slots[src.slot].value}, true
		if !src.asGiven {
			if v, ok = r.value(src); ok && src.With != nil {
				v = src.With(r, v)
				ok = v.Exists()
			}
		}
		if ok && try(src, v) {
			r.notes.took(f, src)
			return
		}
	}
}

// value reads what a source points at.
func (r *reading) value(src *boundSource) (value.Value, bool) {
	s := &r.slots[src.slot]
	if src.As == dialect.AsName {
		return r.TextValue(r.span.Name()), true
	}
	if src.list {
		return value.Value{List: src.slot + 1}, src.With != nil
	}
	if len(src.steps) == 0 && src.As != dialect.AsJSON {
		return value.Value{Attr: s.value}, true
	}
	n := r.json(s)
	if src.As == dialect.AsJSON && !n.Exists() {
		return value.Value{Attr: s.value}, true
	}
	for _, spellings := range src.steps {
		n = value.Child(n, spellings)
	}
	return value.Value{Node: n}, n.Exists() && n.Kind() != jsonval.Null
}

// took notes that a column or content holds the attribute that a source read, if it does
// so losslessly.
func (r *reading) took(src *boundSource, lossless bool) {
	s := &r.slots[src.slot]
	if !lossless || len(src.steps) > 0 || s.part {
		return
	}
	if s.attr >= 0 {
		r.classes[s.attr] = classStored
		return
	}
	r.eventTook(s, src)
}
