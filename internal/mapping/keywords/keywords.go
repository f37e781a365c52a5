// Package keywords cuts keys and names into words, so that what is known of the words holds for each spelling of an emitter
// that nobody has described.
package keywords

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// most bounds into how many words a key is cut.
const most = 24

// Of cuts a key, a value or a name into lower-case words: at whatever is no letter
// or digit, and between lower and upper case.
func Of(s string) []string {
	var words []string
	start, lowerBefore := -1, false
	cut := func(end int) {
		if start >= 0 && len(words) < most {
			words = append(words, strings.ToLower(s[start:end]))
		}
		start = -1
	}
	for i, c := range s {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			cut(i)
			lowerBefore = false
			continue
		case unicode.IsUpper(c) && lowerBefore:
			cut(i)
		case unicode.IsUpper(c) && start >= 0 && lowerAfter(s, i+utf8.RuneLen(c)):
			cut(i) // the last capital of JSONInput begins a word
		}
		if start < 0 {
			start = i
		}
		lowerBefore = unicode.IsLower(c) || unicode.IsDigit(c)
	}
	cut(len(s))
	return words
}

func lowerAfter(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	c, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLower(c)
}

// Set is the set of the words of a list.
func Set(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// Any reports whether one of some words is in a set.
func Any(words []string, set map[string]bool) bool {
	return slices.ContainsFunc(words, func(w string) bool { return set[w] })
}
