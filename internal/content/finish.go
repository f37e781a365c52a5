package content

import "strings"

var finishReasons = map[string]string{
	"stop": "stop", "endturn": "stop", "stopsequence": "stop", "complete": "stop",
	"completed": "stop", "eos": "stop", "finish": "stop",
	"length": "length", "maxtokens": "length", "maxoutputtokens": "length", "modellength": "length",
	"toolcalls": "tool_call", "toolcall": "tool_call", "tooluse": "tool_call", "functioncall": "tool_call",
	"toolexecution": "tool_call",
	"contentfilter": "content_filter", "contentfiltered": "content_filter", "safety": "content_filter",
	"refusal": "content_filter", "guardrailintervened": "content_filter",
	"error": "error",

	// Google's enum by its numbers, as libraries print it that dump protocol buffers. 5 is OTHER.
	"1": "stop", "2": "length", "3": "content_filter", "4": "recitation", "6": "blocklist",
	"7": "prohibited_content", "8": "spii", "9": "malformed_function_call",
}

// FinishReason returns the canonical name of a finish reason: stop, length,
// tool_call, content_filter or error; others in lower case. Case, "_", "-", blanks
// and the name of an enum before the value do not matter. The result does not share the memory of s.
func FinishReason(s string) string {
	s = strings.TrimSpace(s)
	var buf [32]byte
	key := buf[:0]
	for i := 0; i < len(s) && len(key) < len(buf); i++ {
		switch c := s[i]; {
		case c == '_' || c == '-' || c == ' ':
		case c >= 'A' && c <= 'Z':
			key = append(key, c|0x20)
		default:
			key = append(key, c)
		}
	}
	if known, ok := finishReasons[string(key)]; ok {
		return known
	}
	if i := strings.LastIndexByte(s, '.'); i > 0 && i < len(s)-1 {
		return FinishReason(s[i+1:]) // the name of an enum and of its value
	}
	return strings.Clone(strings.ToLower(s))
}
