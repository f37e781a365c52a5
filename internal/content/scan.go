package content

import (
	"strings"
	"unsafe"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// known reads a JSON list of messages element by element, through the memo. It
// gives exactly what reading the whole text would give, and returns false where an
// element is not a message by itself: then the whole has to be read.
func (z *Normalizer) known(s *scratch, dst []Message, text string, dir Direction, r *jsonval.Repairs) ([]Message, bool) {
	it := elements{s: text}
	if !it.open() {
		return dst, false
	}
	start := len(dst)
	if !z.rest(s, &it, dir, r, func(e *entry) { dst = append(dst, e.message()) }) {
		return dst[:start], false
	}
	return dst, true
}

// rest reads the elements that are left, through the memo, and calls add with each. It
// returns false, and adds nothing to r, where one is not a message by itself.
func (z *Normalizer) rest(s *scratch, it *elements, dir Direction, r *jsonval.Repairs, add func(*entry)) bool {
	var repairs jsonval.Repairs
	for {
		raw, state := it.next()
		switch state {
		case ended:
			*r |= repairs
			return true
		case broken:
			return false
		}
		e := z.element(s, raw, len(it.s), dir)
		if e == nil {
			return false
		}
		repairs |= e.repairs
		add(e)
	}
}

// element reads an element of a text of some length through the memo; nil if it is
// not a message by itself.
func (z *Normalizer) element(s *scratch, raw string, length int, dir Direction) *entry {
	e, hash := z.memo.get(kind(dir), raw)
	if e != nil {
		return e
	}
	if len(raw) < length/2 {
		raw = strings.Clone(raw) // do not keep all of the text for it
	}
	if e = z.learn(s, raw, dir); e != nil {
		z.memo.put(e, hash)
	}
	return e
}

// learn reads one element; nil if it is not a message by itself.
func (z *Normalizer) learn(s *scratch, raw string, dir Direction) *entry {
	e := &entry{kind: kind(dir), raw: raw}
	rd := s.reader(&s.doc, dir, &e.repairs)
	n, ok := s.doc.Parse(raw, &e.repairs)
	if !ok || !standalone(n) {
		s.doc.Reset()
		return nil
	}
	rd.object(n, "")
	if len(rd.found) != 1 {
		s.doc.Reset()
		return nil
	}
	f := rd.found[0]
	body := z.write(s, f.node(), &e.repairs)
	if string(body) == raw {
		body = unsafe.Slice(unsafe.StringData(raw), len(raw)) // nobody changes either
	} else {
		body = append(make([]byte, 0, len(body)), body...)
	}
	e.content = Content{ID: Of(body), Body: body}
	e.role, e.finish = strings.Clone(f.role), strings.Clone(f.finish)
	s.doc.Reset()
	return e
}

// elements splits the text of a JSON array of objects into the texts of its
// elements. It finds the ends of objects and strings and checks nothing else: a
// text is well-formed if it can be split and every element is well-formed.
type elements struct {
	s    string
	i    int
	some bool
}

type splitState uint8

const (
	element splitState = iota
	ended
	broken // not an array of objects, or malformed
)

// open skips to the first element.
func (it *elements) open() bool {
	it.blanks()
	if it.i >= len(it.s) || it.s[it.i] != '[' {
		return false
	}
	it.i++
	it.blanks()
	return it.i < len(it.s) && it.s[it.i] == '{'
}

// skip passes an element, of which raw is the text, if it comes next.
func (it *elements) skip(raw string) bool {
	next := *it
	if next.some {
		next.blanks()
		if next.i >= len(next.s) || next.s[next.i] != ',' {
			return false
		}
		next.i++
		next.blanks()
	}
	if !strings.HasPrefix(next.s[next.i:], raw) {
		return false
	}
	it.i, it.some = next.i+len(raw), true
	return true
}

func (it *elements) blanks() {
	for it.i < len(it.s) && isBlank(it.s[it.i]) {
		it.i++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (it *elements) next() (string, splitState) {
	it.blanks()
	if it.i >= len(it.s) {
		return "", broken
	}
	if it.some {
		c := it.s[it.i]
		it.i++
		it.blanks()
		if c == ']' && it.i == len(it.s) {
			return "", ended
		}
		if c != ',' || it.i >= len(it.s) {
			return "", broken
		}
	}
	if it.s[it.i] != '{' {
		return "", broken
	}
	start := it.i
	end := jsonval.End(it.s, start)
	if end < 0 {
		return "", broken
	}
	it.i, it.some = end, true
	return it.s[start:end], element
}
