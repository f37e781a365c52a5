package mapping

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// speech are words of keys whose values are something that people or models said, that
// tools were given or returned, or that documents contain.
var speech = wordSet(`input output prompt completion message msg content text argument args arg kwargs kwarg parameter params return result
	response request answer question query document context ctx body transcript instruction description goal backstory thinking
	reasoning summary memory stacktrace
	inputs outputs prompts completions messages msgs contents texts arguments parameters returns results responses requests answers
	questions queries documents contexts bodies transcripts instructions descriptions goals backstories summaries memories stacktraces`)

// holdsWords tells whether the words of a key say that its value was said.
func holdsWords(key string, words []string) bool {
	for _, w := range words {
		if speech[w] {
			return true
		}
	}
	return false
}

// minProse is how many words make prose.
const minProse = 4

// isProse tells whether text is four or more words with letters, apart by blanks, or
// JSON with such a text in it.
func isProse(s string) bool {
	if len(s) < 2*minProse-1 {
		return false
	}
	words, letters := 0, false
	for _, c := range s {
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			if letters {
				if words++; words >= minProse {
					return true
				}
			}
			letters = false
		case c < utf8.RuneSelf && isASCIILetter(c) || c >= utf8.RuneSelf && unicode.IsLetter(c):
			letters = true
			if c >= 0x2E80 {
				words++ // scripts without blanks between words
			}
		}
	}
	return letters && words+1 >= minProse
}

func isASCIILetter(c rune) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// saysProse tells whether text is prose or JSON with prose in it.
func saysProse(s string) bool {
	t := strings.TrimLeft(s, " \t\r\n")
	if t == "" || t[0] != '{' && t[0] != '[' {
		return isProse(s)
	}
	for {
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
