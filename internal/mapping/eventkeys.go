package mapping

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"

// Records of programs that nobody described are read by the words of their names and keys, as
// spans are.

// KeyWords cuts the name of an event or of an attribute into lower-case words.
func KeyWords(name string) []string { return wordsOf(name) }

// WordSet is the set of the words of a list.
func WordSet(list string) map[string]bool { return wordSet(list) }

// HoldsAny reports whether one of some words is in a set.
func HoldsAny(words []string, set map[string]bool) bool { return holdsAny(words, set) }

// CountsTokens reports whether a number is a count of a call's tokens by the words of its key.
func CountsTokens(words []string) bool {
	if len(words) == 0 || holdsAny(words, countedElsewhere) {
		return false
	}
	fact := tokenFactOf(words)
	return fact != noTokens && fact != webSearches
}

// CountsSide reports whether a number is a count of the input's or of the output's tokens by the words of its key.
func CountsSide(words []string) bool {
	fact := tokenFactOf(words)
	field := tokenFields[fact]
	return fact != noTokens && (field == dialect.InputTokens || field == dialect.OutputTokens)
}
