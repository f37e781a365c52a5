package jsonval

import (
	"slices"
	"strings"
)

// Parse reads one JSON text (RFC 8259, nothing around it but blanks) into new
// nodes of d. It returns false, and leaves r alone, if the text is malformed,
// nests deeper than MaxDepth, or has so many values that d would hold more than a
// million. Strings of the tree share the memory of text.
func (d *Doc) Parse(text string, r *Repairs) (Node, bool) {
	return d.parse(text, MaxDepth, maxParsed, r)
}

func (d *Doc) parse(text string, maxDepth, maxNodes int, r *Repairs) (Node, bool) {
	p := parser{d: d, s: text, maxDepth: maxDepth, maxNodes: maxNodes}
	mark := len(d.nodes)
	p.blanks()
	if p.is('[') || p.is('{') {
		d.makeRoom(text)
	}
	i, ok := p.value(0)
	p.blanks()
	if !ok || p.i != len(text) {
		clear(d.nodes[mark:])
		d.nodes = d.nodes[:mark]
		return Node{}, false
	}
	*r |= p.repairs
	return Node{d, i}, true
}

// longText is from how many bytes on counting what may be values is cheaper than growing
// while they are read.
const longText = 4 << 10

// makeRoom makes room for the values of a long text, of which each but the first
// follows a comma or an opening bracket.
func (d *Doc) makeRoom(text string) {
	if len(text) < longText {
		return
	}
	most := strings.Count(text, ",") + strings.Count(text, "[") + strings.Count(text, "{") + 2
	d.nodes = slices.Grow(d.nodes, min(most, max(0, maxParsed-len(d.nodes))))
}

type parser struct {
	d        *Doc
	s        string
	i        int
	maxDepth int
	maxNodes int
	repairs  Repairs
}

func (p *parser) blanks() {
	for p.i < len(p.s) && p.s[p.i] <= ' ' && isBlank(p.s[p.i]) {
		p.i++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// next skips blanks and the byte c.
func (p *parser) next(c byte) bool {
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) value(depth int) (int32, bool) {
	if p.i >= len(p.s) || len(p.d.nodes) > p.maxNodes {
		return 0, false
	}
	switch c := p.s[p.i]; c {
	case '"':
		text, flags, ok := p.str()
		return p.d.add(node{kind: String, text: text, flags: flags}), ok
	case '{', '[':
		if depth == p.maxDepth {
			return 0, false
		}
		p.i++
		if c == '[' {
			return p.array(depth + 1)
		}
		return p.object(depth + 1)
	case 't':
		return p.word("true", node{kind: Bool, num: 1})
	case 'f':
		return p.word("false", node{kind: Bool})
	case 'n':
		return p.word("null", node{kind: Null})
	}
	return p.number()
}

func (p *parser) word(w string, n node) (int32, bool) {
	if len(p.s)-p.i < len(w) || p.s[p.i:p.i+len(w)] != w {
		return 0, false
	}
	p.i += len(w)
	return p.d.add(n), true
}

func (p *parser) array(depth int) (int32, bool) {
	self := p.d.add(node{kind: Array})
	if p.next(']') {
		return self, true
	}
	for {
		p.blanks()
		child, ok := p.value(depth)
		if !ok {
			return 0, false
		}
		p.d.nodes[child].flags |= flagLinked
		p.d.linkLast(self, child)
		if p.next(',') {
			continue
		}
		return self, p.next(']')
	}
}

func (p *parser) object(depth int) (int32, bool) {
	self := p.d.add(node{kind: Object})
	if p.next('}') {
		return self, true
	}
	for {
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return 0, false
		}
		key, flags, ok := p.str()
		if !ok || !p.next(':') {
			return 0, false
		}
		linked := uint8(flagLinked | flagPlainKey)
		if flags&(flagEscaped|flagASCII) != flagASCII {
			if flags&flagEscaped != 0 {
				key = unescape(key)
			}
			key = CleanString(key, &p.repairs)
			linked = flagLinked
		}
		p.blanks()
		child, ok := p.value(depth)
		if !ok {
			return 0, false
		}
		c := &p.d.nodes[child]
		c.key = key
		c.flags |= linked
		p.d.linkLast(self, child)
		if p.next(',') {
			continue
		}
		p.d.unique(self, &p.repairs)
		return self, p.next('}')
	}
}

// str reads a string and returns what is between its quotes.
func (p *parser) str() (string, uint8, bool) {
	p.i++
	start := p.i
	flags := uint8(flagVerbatim | flagASCII)
	for {
		end, high := special(p.s, p.i)
		if high {
			flags &^= flagASCII
		}
		if end == len(p.s) {
			return "", 0, false
		}
		p.i = end + 1
		switch p.s[end] {
		case '"':
			return p.s[start:end], flags, true
		case '\\':
			flags |= flagEscaped
			if !p.escape(&flags) {
				return "", 0, false
			}
		default:
			return "", 0, false
		}
	}
}

// escape checks what follows a backslash.
func (p *parser) escape(flags *uint8) bool {
	if p.i >= len(p.s) {
		return false
	}
	c := p.s[p.i]
	p.i++
	switch c {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		return true
	case '/':
		*flags &^= flagVerbatim
		return true
	case 'u':
		*flags &^= flagVerbatim
		if len(p.s)-p.i < 4 {
			return false
		}
		for range 4 {
			if c := p.s[p.i] | 0x20; (c < 'a' || c > 'f') && (p.s[p.i] < '0' || p.s[p.i] > '9') {
				return false
			}
			p.i++
		}
		return true
	}
	return false
}

func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}

func (p *parser) is(c byte) bool { return p.i < len(p.s) && p.s[p.i] == c }

func (p *parser) number() (int32, bool) {
	start := p.i
	if p.is('-') {
		p.i++
	}
	if p.is('0') {
		p.i++
	} else if !p.digits() {
		return 0, false
	}
	if p.is('.') {
		p.i++
		if !p.digits() {
			return 0, false
		}
	}
	if p.is('e') || p.is('E') {
		p.i++
		if p.is('+') || p.is('-') {
			p.i++
		}
		if !p.digits() {
			return 0, false
		}
	}
	return p.d.add(node{kind: Number, text: p.s[start:p.i]}), true
}

// fewKeys is up to how many keys comparing all pairs beats sorting them.
const fewKeys = 24

// unique drops all but the last value of each key of an object.
func (d *Doc) unique(object int32, r *Repairs) {
	o := &d.nodes[object]
	if o.flags&flagRepeats == 0 {
		return
	}
	if o.count > fewKeys {
		d.sortUnique(object, r)
		return
	}
	for i := o.first; i != 0; i = d.nodes[i].next {
		if d.keyFollows(i) {
			d.sortUnique(object, r)
			return
		}
	}
}

// keyFollows reports whether a later sibling has the key of i.
func (d *Doc) keyFollows(i int32) bool {
	key := d.nodes[i].key
	for j := d.nodes[i].next; j != 0; j = d.nodes[j].next {
		if d.nodes[j].key == key {
			return true
		}
	}
	return false
}

// sortUnique links the children of an object anew: by key, the last value of each.
func (d *Doc) sortUnique(object int32, r *Repairs) {
	o := &d.nodes[object]
	base := len(d.order)
	for i := o.first; i != 0; i = d.nodes[i].next {
		d.order = append(d.order, i)
	}
	sorted := d.order[base:]
	slices.SortFunc(sorted, func(a, b int32) int {
		if c := CompareKeys(d.nodes[a].key, d.nodes[b].key); c != 0 {
			return c
		}
		return int(a - b) // later nodes have greater indices
	})
	o.first, o.last, o.count = 0, 0, 0
	for at, i := range sorted {
		if at+1 < len(sorted) && d.nodes[sorted[at+1]].key == d.nodes[i].key {
			*r |= DuplicateKey
			continue
		}
		d.nodes[i].next = 0
		d.linkLast(object, i)
	}
	d.order = d.order[:base]
}
