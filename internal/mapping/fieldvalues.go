package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// text resolves a text field.
func (r *reading) text(f field) string {
	s, _ := r.textAt(f, 0)
	return s
}

// textAt resolves a text field, from sources of one rank only if rank is not 0,
// and returns the rank of the source.
func (r *reading) textAt(f field, rank int) (text string, from int) {
	if r.fed&(1<<f) == 0 {
		return "", 0
	}
	r.each(f, func(src *boundSource, v value) bool {
		if rank != 0 && src.rank != rank {
			return false
		}
		s, exact, ok := v.fact()
		if !ok && (f == fRequestModel || f == fResponseModel) {
			if text, is := v.str(); is && strings.TrimSpace(text) == "" {
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
func refuses(f field, s string) bool {
	switch f {
	case fRequestModel, fResponseModel:
		return s == "unknown" || s == "no-model" || s == "none" || operationKinds[s] == KindLLM // Azure AI Inference: `chat` for the model of the endpoint
	case fAgentName, fToolName:
		return s == "unknown" || s == "OpenAI Agent" // what OpenTelemetry calls all agents of OpenAI's SDK
	case fSessionID, fUserID:
		return s == "unknown" // what programs write for none: no session that all these spans share
	}
	return false
}

// peekText reads a text field without taking it.
func (r *reading) peekText(f field) (text string) {
	r.each(f, func(_ *boundSource, v value) bool {
		s, _, ok := v.fact()
		if ok = ok && !refuses(f, s); ok {
			text = s
		}
		return ok
	})
	return text
}

// count resolves a number up to most; a larger one stays an attribute.
func (r *reading) count(f field, most int64) (n Int, from *boundSource) {
	r.each(f, func(src *boundSource, v value) bool {
		i, exact, ok := v.integer()
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
func saysSomething(v value) bool {
	if s, is := v.str(); is {
		return !content.Absent(s)
	}
	return v.exists()
}

func (r *reading) boolean(f field) (b Bool) {
	r.each(f, func(src *boundSource, v value) bool {
		x, exact, ok := v.boolean()
		if ok {
			r.took(src, exact)
			b = Bool{x, true}
		}
		return ok
	})
	return b
}

// attr returns an attribute of the span by its key.
func (r *reading) attr(key string) value {
	v, ok := r.span.Attributes().Get(key)
	if !ok {
		return value{}
	}
	r.notes.asked(key)
	return value{attr: v}
}

// textValue makes a value of text.
func (r *reading) textValue(s string) value { return value{node: r.doc.String(s)} }
