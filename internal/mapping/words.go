package mapping

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// speech are words of keys whose values are something that people or models said, that
// tools were given or returned, or that documents contain.
var speech = keywords.Set(`input output prompt completion message msg content text argument args arg kwargs kwarg parameter params return result
	response request answer question query document context ctx body transcript instruction description goal backstory thinking
	reasoning summary memory stacktrace
	inputs outputs prompts completions messages msgs contents texts arguments parameters returns results responses requests answers
	questions queries documents contexts bodies transcripts instructions descriptions goals backstories summaries memories stacktraces`)

// holdsWords reports whether the words of a key say that its value was said.
func holdsWords(words []string) bool {
	for _, w := range words {
		if speech[w] {
			return true
		}
	}
	return false
}

// minProse is how many words make prose.
const minProse = 4

// isProse reports whether text is four or more words with letters, apart by blanks, or
// JSON with such a text in it.
func isProse(s string) bool {
	if len(s) < 2*minProse-1 || jsonval.IsOneWord(s) {
		return false
	}
	words, letters := 0, false
	for i := 0; i < len(s); i++ {
		switch byteClasses[s[i]] {
		case byteBlank:
			if letters {
				if words++; words >= minProse {
					return true
				}
			}
			letters = false
		case byteLetter:
			letters = true
		case byteHigh:
			c, size := utf8.DecodeRuneInString(s[i:])
			i += size - 1
			if unicode.IsLetter(c) {
				letters = true
				if c >= 0x2E80 {
					words++ // scripts without blanks between words
				}
			}
		}
	}
	return letters && words+1 >= minProse
}

// What a byte is in prose.
const (
	byteOther = iota
	byteBlank
	byteLetter
	byteHigh // of a character beyond ASCII
)

var byteClasses = func() (classes [256]uint8) {
	for c := range classes {
		switch {
		case c >= utf8.RuneSelf:
			classes[c] = byteHigh
		case c == ' ', c == '\n', c == '\t', c == '\r':
			classes[c] = byteBlank
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			classes[c] = byteLetter
		}
	}
	return classes
}()

// isJSONText reports whether text looks like a JSON object or list.
func isJSONText(s string) bool {
	s = value.TrimBlanks(s)
	return s != "" && (s[0] == '{' || s[0] == '[')
}

// saysProse reports whether text is prose or JSON with prose in it.
func saysProse(s string) bool {
	if !isJSONText(s) {
		return isProse(s)
	}
	for t := s; ; {
		i := strings.IndexByte(t, '"')
		if i < 0 {
			return false
		}
		t = t[i+1:]
		end := 0
		for end < len(t) && t[end] != '"' {
			if t[end] == '\\' {
				end++
			}
			end++
		}
		if end = min(end, len(t)); isProse(t[:end]) {
			return true
		}
		t = t[min(end+1, len(t)):]
	}
}

// classOfKnown is what becomes of an attribute whose key the table has.
func (r *reading) classOfKnown(info *keyInfo, v pcommon.Value) attrClass {
	switch {
	case info.carriesWords(r.dialects):
		return classWords
	case info.fields&(1<<dialect.ErrorMessage) != 0:
		return classErrorText
	case info.fact:
		return classFact
	}
	return info.traits.class(v)
}

// class is what becomes of an attribute that no dialect knows.
func (t *traits) class(v pcommon.Value) attrClass {
	switch v.Type() {
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool, pcommon.ValueTypeEmpty:
		return classFact
	case pcommon.ValueTypeBytes:
		return classWords
	}
	switch {
	case t.figure && v.Type() == pcommon.ValueTypeStr && isNumber(v.Str()):
		return classFact
	case t.failure:
		return classErrorText
	case t.general && t.open:
		return classFactUnlessProse
	case t.general:
		return classFact
	case t.words && t.form:
		return classFactUnlessProse
	case t.words:
		return classWords
	}
	return classUnknown
}

// isNumber reports whether a text is a number.
func isNumber(s string) bool {
	if len(s) > maxNumber || !value.BeginsNumber(s) {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// maxNumber bounds the spelling of a number.
const maxNumber = 24

// isWords reports whether an attribute of the span, whose class is known, is words, stored
// already or not.
func (r *reading) isWords(key string, class attrClass) bool {
	if class != classStored {
		return class == classWords || class == classUnknown
	}
	k := r.lookUp(key)
	if k.info != nil {
		return k.info.carriesWords(r.dialects)
	}
	return k.family != nil && k.family.carriesWords(r.dialects)
}

// classOf is what becomes of an attribute that is no span's: of an event, a link, a scope
// or a resource.
func (r *reading) classOf(key string, v pcommon.Value) attrClass {
	var f attrClass
	if k := r.lookUp(key); k.info != nil {
		f = r.classOfKnown(k.info, v)
	} else {
		f = k.traits.class(v)
	}
	if f == classUnknown && r.isLabel(key) {
		return classFact
	}
	return f
}
