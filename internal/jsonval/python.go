package jsonval

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PrintsPython reports whether text may be a dict, a list of dicts or a list of objects as Python
// prints them.
func PrintsPython(text string) bool {
	s := strings.TrimLeft(text, " \t\r\n")
	if strings.HasPrefix(s, "{'") {
		return true
	}
	s, list := strings.CutPrefix(s, "[")
	if !list {
		return false
	}
	if strings.HasPrefix(s, "{'") {
		return true
	}
	n := pythonName(s)
	return n > 0 && strings.HasPrefix(s[n:], "(") && pythonName(s[n+1:]) > 0
}

// PrintsObjectOf reports whether text may be one object as Python prints it, of a class whose name ends so.
func PrintsObjectOf(text, class string) bool {
	n := pythonName(text)
	return n > 0 && strings.HasPrefix(text[n:], "(") && strings.HasSuffix(text, ")") && strings.HasSuffix(text[:n], class)
}

// FromPython rewrites as JSON what Python prints of dicts, sequences, objects and enums, such as
// {'role': 'user'}, [Text(text='hi', id=None)] and <Role.USER: 'user'>. It returns false if text
// is anything else.
func FromPython(text string) (string, bool) {
	p := pythonParser{s: text, out: make([]byte, 0, len(text)+len(text)/8)}
	ok := p.value(0)
	p.blanks()
	return string(p.out), ok && p.i == len(text)
}

// PrintsMessage reports whether text may be a message of LangChain as Python prints it: its fields
// with blanks between them, the first being what it says.
func PrintsMessage(text string) bool {
	return strings.HasPrefix(text, "content=") && strings.Contains(text, " tool_call_id=")
}

// FromPythonFields rewrites as a JSON object what Python prints of fields with blanks between them,
// such as content='hi' id=None.
func FromPythonFields(text string) (string, bool) {
	p := pythonParser{s: text, out: append(make([]byte, 0, len(text)+len(text)/8), '{')}
	for p.blanks(); p.i < len(text); p.blanks() {
		n := pythonName(text[p.i:])
		if n == 0 || !strings.HasPrefix(text[p.i+n:], "=") {
			return "", false
		}
		if len(p.out) > 1 {
			p.out = append(p.out, ',')
		}
		p.text(text[p.i : p.i+n])
		p.out = append(p.out, ':')
		p.i += n + 1
		if !p.value(1) {
			return "", false
		}
	}
	return string(append(p.out, '}')), len(p.out) > 1
}

// maxPython is how deep values of Python may nest.
const maxPython = 64

type pythonParser struct {
	s   string
	i   int
	out []byte
	rep Repairs // of strings, which Parse repairs
}

func (p *pythonParser) blanks() {
	for p.i < len(p.s) && isBlank(p.s[p.i]) {
		p.i++
	}
}

func (p *pythonParser) take(c byte) bool {
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *pythonParser) text(s string) { p.out = AppendString(p.out, s, &p.rep) }

func (p *pythonParser) value(depth int) bool {
	p.blanks()
	if p.i == len(p.s) || depth > maxPython {
		return false
	}
	switch c := p.s[p.i]; {
	case c == '{':
		p.i++
		return p.dict(depth + 1)
	case c == '[':
		return p.sequence(']', depth+1)
	case c == '(':
		return p.sequence(')', depth+1)
	case c == '\'' || c == '"':
		s, ok := p.quoted()
		p.text(s)
		return ok
	case c == '<':
		return p.angle(depth + 1)
	case c == '-' || c == '+' || c >= '0' && c <= '9':
		return p.number()
	}
	return p.named(depth)
}

// sequence reads a list or a tuple.
func (p *pythonParser) sequence(closing byte, depth int) bool {
	p.i++
	p.out = append(p.out, '[')
	return p.rest(closing, depth)
}

// rest reads the values before a closing bracket.
func (p *pythonParser) rest(closing byte, depth int) bool {
	for first := true; !p.take(closing); first = false {
		if !first {
			if !p.take(',') {
				return false
			}
			if p.take(closing) {
				break
			}
			p.out = append(p.out, ',')
		}
		if !p.value(depth) {
			return false
		}
	}
	p.out = append(p.out, ']')
	return true
}

// dict reads a dict, or a set as a list.
func (p *pythonParser) dict(depth int) bool {
	mark := len(p.out)
	p.out = append(p.out, '{')
	if p.take('}') {
		p.out = append(p.out, '}')
		return true
	}
	for first := true; ; first = false {
		p.blanks()
		from, key := p.i, len(p.out)
		if !p.value(depth) {
			return false
		}
		to := p.i
		switch {
		case p.take(':'):
			p.name(key, p.s[from:to])
			p.out = append(p.out, ':')
			if !p.value(depth) {
				return false
			}
		case first:
			p.out[mark] = '['
			if p.take(',') {
				p.out = append(p.out, ',')
				return p.rest('}', depth)
			}
			p.out = append(p.out, ']')
			return p.take('}')
		default:
			return false
		}
		if !p.take(',') {
			p.out = append(p.out, '}')
			return p.take('}')
		}
		if p.take('}') {
			p.out = append(p.out, '}')
			return true
		}
		p.out = append(p.out, ',')
	}
}

// name makes a text of the key at the end of out. A key of several values stays as Python prints
// the key: as JSON in a text, in a key of which that is a part, and so on, each quote would take
// twice as much with each level.
func (p *pythonParser) name(key int, printed string) {
	name := printed
	switch p.out[key] {
	case '"':
		return
	case '{', '[':
	default:
		name = string(p.out[key:])
	}
	p.out = p.out[:key]
	p.text(name)
}

func (p *pythonParser) number() bool {
	from := p.i
	for p.i < len(p.s) && strings.IndexByte("0123456789+-.eE", p.s[p.i]) >= 0 {
		p.i++
	}
	number := strings.TrimPrefix(p.s[from:p.i], "+")
	if !json.Valid([]byte(number)) {
		return false
	}
	p.out = append(p.out, number...)
	return true
}

// named reads what begins with a name: a constant, a string with a prefix, or an object.
func (p *pythonParser) named(depth int) bool {
	n := pythonName(p.s[p.i:])
	if n == 0 {
		return false
	}
	name := p.s[p.i : p.i+n]
	from := p.i
	p.i += n
	if p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '(':
			p.i++
			return p.object(from, depth+1)
		case (c == '\'' || c == '"') && n <= 2:
			s, ok := p.quoted()
			p.text(s)
			return ok
		}
	}
	switch name {
	case "None":
		p.out = append(p.out, "null"...)
	case "True":
		p.out = append(p.out, "true"...)
	case "False":
		p.out = append(p.out, "false"...)
	default:
		p.text(name)
	}
	return true
}

// object reads what an object was made with: its members, or the only value in it. Of several
// values without names nobody can tell what they are: the text stays.
func (p *pythonParser) object(from, depth int) bool {
	mark := len(p.out)
	p.out = append(p.out, '{')
	members, values := 0, 0
	for !p.take(')') {
		if members+values > 0 {
			if !p.take(',') {
				return false
			}
			if p.take(')') {
				break
			}
			p.out = append(p.out, ',')
		}
		p.blanks()
		if n := pythonName(p.s[p.i:]); n > 0 && strings.HasPrefix(p.s[p.i+n:], "=") {
			p.text(p.s[p.i : p.i+n])
			p.out = append(p.out, ':')
			p.i += n + 1
			members++
		} else {
			values++
		}
		if !p.value(depth) {
			return false
		}
	}
	switch {
	case values == 0:
		p.out = append(p.out, '}')
	case values == 1 && members == 0:
		p.out = slices.Delete(p.out, mark, mark+1)
	default:
		p.out = p.out[:mark]
		p.text(p.s[from:p.i])
	}
	return true
}

// angle reads an enum as its value, and anything else in angle brackets as text.
func (p *pythonParser) angle(depth int) bool {
	from, mark := p.i, len(p.out)
	p.i++
	if n := pythonName(p.s[p.i:]); n > 0 && strings.HasPrefix(p.s[p.i+n:], ": ") {
		p.i += n + 2
		if p.value(depth) && p.take('>') {
			return true
		}
	}
	p.out = p.out[:mark]
	end := strings.IndexByte(p.s[from:], '>')
	if end < 0 {
		return false
	}
	p.i = from + end + 1
	p.text(p.s[from:p.i])
	return true
}

// quoted reads a string in quotes.
func (p *pythonParser) quoted() (string, bool) {
	quote := p.s[p.i]
	p.i++
	var made []byte
	for {
		end := p.i
		for end < len(p.s) && p.s[end] != quote && p.s[end] != '\\' {
			end++
		}
		if end == len(p.s) {
			return "", false
		}
		if p.s[end] == quote {
			plain := p.s[p.i:end]
			p.i = end + 1
			if made == nil {
				return plain, true
			}
			return string(append(made, plain...)), true
		}
		made = append(made, p.s[p.i:end]...)
		p.i = end + 1
		if p.i == len(p.s) {
			return "", false
		}
		made = p.escape(made)
	}
}

// escape reads what follows a backslash.
func (p *pythonParser) escape(dst []byte) []byte {
	c := p.s[p.i]
	p.i++
	if at := strings.IndexByte("nrtabfv0", c); at >= 0 {
		return append(dst, "\n\r\t\a\b\f\v\x00"[at])
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits > 0 && p.i+digits <= len(p.s) {
		if code, err := strconv.ParseUint(p.s[p.i:p.i+digits], 16, 32); err == nil {
			p.i += digits
			return utf8.AppendRune(dst, rune(code))
		}
	}
	if strings.IndexByte("\\'\"", c) >= 0 {
		return append(dst, c)
	}
	return append(dst, '\\', c)
}

// pythonName is how long the name is that s begins with, dots included.
func pythonName(s string) int {
	n := 0
	for n < len(s) {
		switch c := s[n]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '_':
		case n > 0 && (c >= '0' && c <= '9' || c == '.'):
		default:
			return n
		}
		n++
	}
	return n
}
