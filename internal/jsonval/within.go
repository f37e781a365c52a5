package jsonval

import "strings"

// JSON text can be read without a tree, where little of a long text is asked for. Nothing here
// checks that a text is well-formed.

// StringEnd returns the index after the quote that ends the string whose text
// starts at i, -1 if there is none.
func StringEnd(s string, i int) int {
	start := i
	for {
		q := strings.IndexByte(s[i:], '"')
		if q < 0 {
			return -1
		}
		i += q + 1
		slash := i - 2
		for slash >= start && s[slash] == '\\' {
			slash--
		}
		if (i-2-slash)%2 == 0 {
			return i
		}
	}
}

// End returns the index after the object or array that starts at i, -1 if it has no end.
func End(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			if i = StringEnd(s, i+1); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// Member returns the text from the value of a key on, of the object that a text begins with; ""
// if the object has no such key.
func Member(object, key string) string {
	depth := 0
	for i := 0; i < len(object); {
		switch object[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return ""
			}
		case '"':
			start := i + 1
			if i = StringEnd(object, start); i < 0 {
				return ""
			}
			if depth != 1 || object[start:i-1] != key {
				continue
			}
			if rest := strings.TrimLeft(object[i:], " \t\r\n"); strings.HasPrefix(rest, ":") {
				return strings.TrimLeft(rest[1:], " \t\r\n")
			}
			continue
		}
		i++
	}
	return ""
}

// MemberText returns the first of the members of the object that a text begins with, in the order
// of the keys, that is a string without escapes.
func MemberText(object string, keys ...string) string {
	for _, key := range keys {
		if Index(object, key) < 0 {
			continue
		}
		value := Member(object, key)
		if !strings.HasPrefix(value, `"`) {
			continue
		}
		if end := StringEnd(value, 1); end > 0 && strings.IndexByte(value[:end], '\\') < 0 {
			return value[1 : end-1]
		}
	}
	return ""
}

// Index is strings.Index for a part that hardly any text has. It looks for the part's rarest byte:
// 0.2 to 0.4 ns a byte of JSON, where strings.Index takes 0.3 to 1.2, since the first bytes of keys
// are frequent.
func Index(text, part string) int {
	at := 0
	for i := range len(part) {
		if frequency[part[i]] < frequency[part[at]] {
			at = i
		}
	}
	for i := at; i < len(text); i++ {
		next := strings.IndexByte(text[i:], part[at])
		if next < 0 {
			return -1
		}
		if i += next; strings.HasPrefix(text[i-at:], part) {
			return i - at
		}
	}
	return -1
}

// frequency orders bytes by how frequent they are in JSON of messages.
var frequency = func() (order [256]uint8) {
	const rareToFrequent = `qzj=/xkvbwgpyfmh_uldcsr{}[]nioat,:e "`
	for i := range len(rareToFrequent) {
		order[rareToFrequent[i]] = uint8(i + 1)
	}
	return order
}()
