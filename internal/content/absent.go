package content

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// placeholders stand for what is not told, in lower case.
var placeholders = map[string]bool{
	"<not specified>": true, "<not serializable>": true, "<redacted>": true, "[redacted]": true, "__redacted__": true, "__fake_id__": true, "<elided>": true,
	"not_given": true, "hidden:non-empty": true, "hidden:empty": true, "hidden:null": true,
	"<no_stop_reason_provided>": true, "<no_finish_reason_provided>": true, "<unknown_model_name>": true, "<unknown_tool_name>": true,
	"<unknown_type>": true, "<unknown_tool_input>": true, "<unknown_tool_output>": true,
}

// maxPlaceholder bounds the length of a placeholder.
const maxPlaceholder = 32

// isPlaceholder looks a text up in lower case, without taking memory for that.
func isPlaceholder(s string) bool {
	if len(s) > maxPlaceholder {
		return false
	}
	var low [maxPlaceholder]byte
	for i := range len(s) {
		low[i] = s[i]
		if s[i] >= 'A' && s[i] <= 'Z' {
			low[i] |= 0x20
		}
	}
	return placeholders[string(low[:len(s)])]
}

// maxAbsent bounds a text that says nothing, unless it is blank. A longer one is not looked at: its
// end lies in memory that nobody has read yet.
const maxAbsent = 1024

// beginsAbsent reports whether a text that says nothing may begin so.
func beginsAbsent(c byte) bool {
	switch {
	case c == '<', c == '[', c == '_', c|0x20 == 'n', c|0x20 == 'h', c <= ' ', c >= 0x80:
		return true
	}
	return false
}

// absentText is Absent for a string in a tree, whose escapes stay as they are if its first
// character tells.
func absentText(n jsonval.Node) bool {
	if s := n.Spelt(); s != "" && s[0] != '\\' && (!beginsAbsent(s[0]) || s[0] > ' ' && s[0] < 0x80 && len(s) > maxEscape*maxAbsent) {
		return false
	}
	return Absent(n.Str())
}

// maxEscape is how many bytes may spell one in JSON.
const maxEscape = 6

// Absent reports whether a text says nothing: blanks, what a library writes instead of a
// value, or how Python prints an object that has no text of its own.
func Absent(s string) bool {
	if s == "" {
		return true
	}
	if !beginsAbsent(s[0]) || s[0] > ' ' && s[0] < 0x80 && len(s) > maxAbsent {
		return false
	}
	if s = strings.TrimSpace(s); s == "" {
		return true
	}
	if isPlaceholder(s) {
		return true
	}
	switch s[0] {
	case '<':
		return s[len(s)-1] == '>' && len(s) < 256 && (strings.Contains(s, " object ") && strings.Contains(s, " at 0x") || strings.Contains(s[1:], "<class '"))
	case '[':
		return s[len(s)-1] == ']' && len(s) < 256 && strings.HasPrefix(s, "[Scrubbed due to ")
	}
	return false
}
