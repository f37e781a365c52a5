package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// text resolves a text field.
func (r *reading) text(f dialect.Field) string {
	s, _ := r.textAt(f, 0)
	return s
}

// textAt resolves a text field, from sources of one rank only if rank is not 0,
// and returns the rank of the source.
func (r *reading) textAt(f dialect.Field, rank int) (text string, from int) {
	if r.fed&(1<<f) == 0 {
		return "", 0
	}
	r.each(f, func(src *boundSource, v value.Value) bool {
		if rank != 0 && src.rank != rank {
			return false
		}
		s, exact, ok := v.Fact()
		if !ok && (f == dialect.RequestModel || f == dialect.ResponseModel) {
			if text, is := v.Str(); is && strings.TrimSpace(text) == "" {
				r.adjust(ModelEmpty, src)
			}
		}
		if !ok || refuses(f, s) {
			return false
		}
		kept := r.key(s)
		r.took(src, exact && kept == s)
		text, from = kept, src.rank
		return true
	})
	return text, from
}

// refuses reports whether a text is one that the field must not take.
func refuses(f dialect.Field, s string) bool {
	switch f {
	case dialect.RequestModel, dialect.ResponseModel:
		// The name of an operation is no model: clients write chat where the endpoint chooses the model.
		return s == "unknown" || s == "no-model" || s == "none" || dialect.OperationKinds[s] == KindLLM
	case dialect.AgentName, dialect.ToolName:
		return s == "unknown" || s == "OpenAI Agent" // what OpenTelemetry calls all agents of OpenAI's SDK
	case dialect.SessionID, dialect.UserID:
		return s == "unknown" // what programs write for none: no session that all these spans share
	}
	return false
}

// peekText reads a text field without taking it.
func (r *reading) peekText(f dialect.Field) (text string) {
	r.each(f, func(_ *boundSource, v value.Value) bool {
		s, _, ok := v.Fact()
		if ok = ok && !refuses(f, s); ok {
			text = s
		}
		return ok
	})
	return text
}

// count resolves a number up to most; a larger one stays an attribute.
func (r *reading) count(f dialect.Field, most int64) (n Int, from *boundSource) {
	r.each(f, func(src *boundSource, v value.Value) bool {
		i, exact, ok := v.Integer()
		if ok = ok && i <= most; !ok && usageFields&(1<<f) != 0 && saysSomething(v) {
			r.adjust(TokensInvalid, src)
		}
		if ok {
			r.took(src, exact)
			n, from = Int{i, true}, src
		}
		return ok
	})
	return n, from
}

// saysSomething reports whether a value is given at all.
func saysSomething(v value.Value) bool {
	if s, is := v.Str(); is {
		return !content.Absent(s)
	}
	return v.Exists()
}

func (r *reading) boolean(f dialect.Field) (b Bool) {
	r.each(f, func(src *boundSource, v value.Value) bool {
		x, exact, ok := v.Boolean()
		if ok {
			r.took(src, exact)
			b = Bool{x, true}
		}
		return ok
	})
	return b
}

// Attr returns an attribute of the span by its key.
func (r *reading) Attr(key string) value.Value {
	v, ok := r.span.Attributes().Get(key)
	if !ok {
		return value.Value{}
	}
	r.notes.asked(key)
	return value.Value{Attr: v}
}

// TextValue makes a value of text.
func (r *reading) TextValue(s string) value.Value { return value.Value{Node: r.doc.String(s)} }
