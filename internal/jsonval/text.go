package jsonval

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns the index of the first quote, backslash or control character
// of s at or after i, or len(s), and whether a byte above 0x7f came before it.
func special(s string, i int) (int, bool) {
	var high uint64
	for ; i+8 <= len(s); i += 8 {
		w := word(s, i)
		if hit := specials(w); hit != 0 {
			n := bits.TrailingZeros64(hit)
			high |= w & (1<<(n&^7) - 1)
			return i + n/8, high&highs != 0
		}
		high |= w
	}
	if i == len(s) {
		return i, high&highs != 0
	}
	w := lastWord(s, i) // what follows the last byte are control characters
	n := bits.TrailingZeros64(specials(w))
	high |= w & (1<<(n&^7) - 1)
	return i + n/8, high&highs != 0
}

// word returns eight bytes of s, which must be there.
func word(s string, i int) uint64 {
	at := unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i)
	return binary.LittleEndian.Uint64(unsafe.Slice((*byte)(at), 8))
}

// specials has the highest bit set of the first byte of a word that is a quote, a backslash or a
// control character, and none before it.
func specials(w uint64) uint64 {
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((quote - ones) | (slash - ones) | (w - ones*0x20)) &^ w & highs
}

// lastWord returns the bytes of s from i on, less than eight, followed by zeros.
func lastWord(s string, i int) (w uint64) {
	n := len(s)
	if n >= 8 {
		return word(s, n-8) >> (8 * (i + 8 - n))
	}
	for n--; n >= i; n-- {
		w = w<<8 | uint64(s[n])
	}
	return w
}

// CleanString returns s without U+0000 and with U+FFFD for what is not valid
// UTF-8; s itself, without allocating, when there is nothing to repair.
func CleanString(s string, r *Repairs) string {
	if isClean(s) {
		return s
	}
	if utf8.ValidString(s) {
		if strings.IndexByte(s, 0) < 0 {
			return s
		}
		*r |= NulRemoved
		return strings.ReplaceAll(s, "\x00", "")
	}
	dst := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		if s[i] == 0 {
			*r |= NulRemoved
			i++
			continue
		}
		c, size := decodeRune(s[i:], r)
		dst = utf8.AppendRune(dst, c)
		i += size
	}
	return string(dst)
}

// isClean reports whether all bytes of s are ASCII and none is U+0000, as in nearly all texts
// that are no words.
func isClean(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if w := word(s, i); (w|(w-ones))&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i]-1 >= 0x7f {
			return false
		}
	}
	return true
}

// IsOneWord reports whether all bytes of s are ASCII and none is a blank or a control character,
// as in names, ids and addresses.
func IsOneWord(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if w := word(s, i); (w|(w-ones*'!'))&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > 0x7f {
			return false
		}
	}
	return true
}

// decodeRune reads the first rune of s; a surrogate encoded as three bytes, which
// is how unescape keeps a lone one, is one U+FFFD.
func decodeRune(s string, r *Repairs) (rune, int) {
	c, size := utf8.DecodeRuneInString(s)
	if c != utf8.RuneError || size != 1 {
		return c, size
	}
	*r |= UTF8Replaced
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2] >= 0x80 && s[2] <= 0xbf {
		return utf8.RuneError, 3
	}
	return utf8.RuneError, 1
}

// AppendString writes s as a JSON string, repaired where jsonb demands it.
func AppendString(dst []byte, s string, r *Repairs) []byte {
	dst = append(dst, '"')
	end, high := special(s, 0)
	if high && !utf8.ValidString(s) {
		s = CleanString(s, r)
		end, _ = special(s, 0)
	}
	for start := 0; ; {
		dst = append(dst, s[start:end]...)
		if end == len(s) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, rune(s[end]), r)
		start = end + 1
		var h bool
		if end, h = special(s, start); h && !high {
			high = true
			if !utf8.ValidString(s[start:]) {
				s = CleanString(s[start:], r)
				start = 0
				end, _ = special(s, 0)
			}
		}
	}
}

const hexDigits = "0123456789abcdef"

// appendEscape writes one rune as it stands in a canonical string.
func appendEscape(dst []byte, c rune, r *Repairs) []byte {
	switch c {
	case 0:
		*r |= NulRemoved
		return dst
	case '"', '\\':
		return append(dst, '\\', byte(c))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if c < 0x20 {
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return utf8.AppendRune(dst, c)
}

// appendRaw writes the escaped text of a parsed JSON string in canonical form.
func appendRaw(dst []byte, raw string, r *Repairs) []byte {
	if !utf8.ValidString(raw) {
		return AppendString(dst, unescape(raw), r)
	}
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(raw, '\\')
		if i < 0 {
			break
		}
		dst = append(dst, raw[:i]...)
		c, size := readEscape(raw[i:])
		if c >= 0xd800 && c < 0xe000 {
			*r |= UTF8Replaced
			c = utf8.RuneError
		}
		dst = appendEscape(dst, c, r)
		raw = raw[i+size:]
	}
	dst = append(dst, raw...)
	return append(dst, '"')
}

// unescape decodes the text of a parsed JSON string; a lone surrogate is kept as
// the three bytes of its would-be encoding.
func unescape(raw string) string {
	dst := make([]byte, 0, len(raw))
	for {
		i := strings.IndexByte(raw, '\\')
		if i < 0 {
			break
		}
		dst = append(dst, raw[:i]...)
		c, size := readEscape(raw[i:])
		if c >= 0xd800 && c < 0xe000 {
			dst = append(dst, 0xed, 0x80|byte(c>>6)&0x3f, 0x80|byte(c)&0x3f)
		} else {
			dst = utf8.AppendRune(dst, c)
		}
		raw = raw[i+size:]
	}
	dst = append(dst, raw...)
	return unsafe.String(unsafe.SliceData(dst), len(dst))
}

// readEscape decodes the escape s starts with (checked by the parser); a
// surrogate pair is one rune, a lone surrogate is returned as such.
func readEscape(s string) (rune, int) {
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		c := readHex(s[2:6])
		if c >= 0xd800 && c < 0xdc00 && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
			if low := readHex(s[8:12]); low >= 0xdc00 && low < 0xe000 {
				return 0x10000 + (c-0xd800)<<10 + (low - 0xdc00), 12
			}
		}
		return c, 6
	}
	return rune(s[1]), 2
}

func readHex(s string) rune {
	var c rune
	for i := range 4 {
		c <<= 4
		switch b := s[i]; {
		case b <= '9':
			c |= rune(b - '0')
		default:
			c |= rune(b|0x20-'a') + 10
		}
	}
	return c
}
