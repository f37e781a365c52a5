package jsonval

import (
	"strconv"
	"strings"
)

// Kind is the type of a node.
type Kind uint8

// The kinds. Bytes comes from OTLP values only; its JSON is {"$bytes":"<base64>"}.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
	Bytes
)

const (
	flagEscaped  = 1 << iota // text still holds JSON escapes
	flagVerbatim             // text is canonical but for the validity of its UTF-8
	flagASCII                // text has no byte above 0x7f
	flagInt                  // num holds an int64
	flagFloat                // num holds a float64
	flagLinked               // the node is in an array or object
	flagRepeats              // two keys of the object may be equal
	flagPlainKey             // the key stands in JSON as it is
)

// node is one value. Children form a list through next; index 0 is no node.
type node struct {
	key   string // in an object, cleaned
	text  string // String, Bytes, Number (as spelt)
	num   uint64 // Bool, int64 or float64 bits; of an Object the keyBit of each of its keys
	next  int32
	first int32
	last  int32
	count int32
	kind  Kind
	flags uint8
}

// Doc is an arena of nodes. The zero value is ready. It is not safe for
// concurrent use.
type Doc struct {
	nodes []node
	order []int32 // stack of children being put in order
	grown grown
}

// maxKept bounds the memory a reset Doc holds on to (4 MiB of nodes).
const maxKept = 1 << 16

// Reset frees all nodes; handles to them must not be used any more.
func (d *Doc) Reset() {
	if cap(d.nodes) > maxKept {
		d.nodes, d.order = nil, nil
		return
	}
	clear(d.nodes)
	d.nodes = d.nodes[:0]
}

func (d *Doc) add(n node) int32 {
	if len(d.nodes) == 0 {
		d.nodes = append(d.nodes, node{})
	}
	d.nodes = append(d.nodes, n)
	return int32(len(d.nodes) - 1)
}

func (d *Doc) new(n node) Node { return Node{d, d.add(n)} }

// Null returns a new null.
func (d *Doc) Null() Node { return d.new(node{kind: Null}) }

// Bool returns a new boolean.
func (d *Doc) Bool(b bool) Node {
	n := node{kind: Bool}
	if b {
		n.num = 1
	}
	return d.new(n)
}

// Int returns a new number without fraction.
func (d *Doc) Int(i int64) Node {
	return d.new(node{kind: Number, num: uint64(i), flags: flagInt})
}

// Float returns a new number that keeps its fraction (1 is written 1.0).
func (d *Doc) Float(f float64) Node { return d.new(floatNode(f)) }

// String returns a new string.
func (d *Doc) String(s string) Node { return d.new(node{kind: String, text: s}) }

// Array returns a new empty array.
func (d *Doc) Array() Node { return d.new(node{kind: Array}) }

// Object returns a new empty object.
func (d *Doc) Object() Node { return d.new(node{kind: Object}) }

// Node is a handle to a value in a Doc. The zero Node is Absent, and so is
// whatever is looked for and not found; all methods work on it.
type Node struct {
	d *Doc
	i int32
}

func (n Node) at() *node { return &n.d.nodes[n.i] }

// Doc returns the arena the node lives in, nil for Absent.
func (n Node) Doc() *Doc { return n.d }

// Kind returns the type of the value.
func (n Node) Kind() Kind {
	if n.d == nil {
		return Absent
	}
	return n.at().kind
}

// Exists reports whether there is a value, null included.
func (n Node) Exists() bool { return n.d != nil }

// Len returns the number of children of an array or object, the number of bytes
// of a string or bytes value as decoded, else 0.
func (n Node) Len() int {
	switch n.Kind() {
	case Array, Object:
		return int(n.at().count)
	case String:
		return len(n.Str())
	case Bytes:
		return len(n.at().text)
	}
	return 0
}

// Key returns the key of a child of an object.
func (n Node) Key() string {
	if n.d == nil {
		return ""
	}
	return n.at().key
}

// First returns the first child of an array or object.
func (n Node) First() Node {
	if n.d == nil || n.at().first == 0 {
		return Node{}
	}
	return Node{n.d, n.at().first}
}

// Next returns the sibling after n.
func (n Node) Next() Node {
	if n.d == nil || n.at().next == 0 {
		return Node{}
	}
	return Node{n.d, n.at().next}
}

// keyBit is the bit that stands for a key, whose middle byte it gets. Most keys that are looked
// for are not there, and one look at the bits of an object tells so: 1 % less time over all
// fixtures.
func keyBit(key string, mid byte) uint64 {
	return 1 << ((mid + byte(len(key))*7) & 63)
}

// middle is the byte in the middle of a key. It is apart from keyBit so that the compiler can
// inline Get and work the byte of a constant out.
func middle(key string) (mid byte) {
	if key != "" {
		mid = key[len(key)/2]
	}
	return mid
}

// Get returns the value of a key of an object.
func (n Node) Get(key string) Node { return n.find(key, middle(key)) }

// find looks through the keys of an object.
func (n Node) find(key string, mid byte) Node {
	if n.d == nil {
		return Node{}
	}
	nodes := n.d.nodes
	o := &nodes[n.i]
	if o.num&keyBit(key, mid) == 0 || o.kind != Object {
		return Node{}
	}
	for i := o.first; i != 0; i = nodes[i].next {
		if nodes[i].key == key {
			return Node{n.d, i}
		}
	}
	return Node{}
}

// Keys are keys that are looked for together.
type Keys struct {
	names []string
	bits  []uint64
	all   uint64
}

// KeysOf returns keys in the order in which they are looked for.
func KeysOf(names ...string) *Keys {
	k := &Keys{names: names, bits: make([]uint64, len(names))}
	for i, name := range names {
		k.bits[i] = keyBit(name, middle(name))
		k.all |= k.bits[i]
	}
	return k
}

// Any returns the place among keys, at or after from, of the first that the object has, and its
// value; -1 for none.
func (n Node) Any(keys *Keys, from int) (at int, value Node) {
	if n.d == nil {
		return -1, Node{}
	}
	nodes := n.d.nodes
	o := &nodes[n.i]
	if o.num&keys.all == 0 || o.kind != Object {
		return -1, Node{}
	}
	for ; from < len(keys.bits); from++ {
		if o.num&keys.bits[from] == 0 {
			continue
		}
		for i := o.first; i != 0; i = nodes[i].next {
			if nodes[i].key == keys.names[from] {
				return from, Node{n.d, i}
			}
		}
	}
	return -1, Node{}
}

// Str returns the text of a string or the bytes of a bytes value, unrepaired: it
// may hold U+0000 or invalid UTF-8 (see CleanString). It is "" for other kinds.
func (n Node) Str() string {
	switch n.Kind() {
	case String:
		v := n.at()
		if v.flags&flagEscaped != 0 {
			v.text = unescape(v.text)
			v.flags &^= flagEscaped | flagVerbatim | flagASCII
		}
		return v.text
	case Bytes:
		return n.at().text
	}
	return ""
}

// Spelt is a string as it came, with its escapes; "" for other kinds.
func (n Node) Spelt() string {
	if n.Kind() != String {
		return ""
	}
	return n.at().text
}

// Text is Str for strings, the JSON spelling of numbers and booleans, else "".
func (n Node) Text() string {
	switch n.Kind() {
	case String:
		return n.Str()
	case Number, Bool:
		var r Repairs
		return string(Append(nil, n, &r))
	}
	return ""
}

// Blank reports whether there is nothing to read: no value, null, or a string of
// white space only.
func (n Node) Blank() bool {
	switch n.Kind() {
	case Absent, Null:
		return true
	case String:
		if t := n.at().text; t != "" && t[0] > ' ' && t[0] != '\\' && t[0] < 0x80 {
			return false
		}
		return strings.TrimSpace(n.Str()) == ""
	}
	return false
}

// Bool returns the value of a boolean.
func (n Node) Bool() (value, ok bool) {
	if n.Kind() != Bool {
		return false, false
	}
	return n.at().num != 0, true
}

// Int returns the value of a number that is whole and within int64 (12, 12.0).
func (n Node) Int() (int64, bool) {
	if n.Kind() != Number {
		return 0, false
	}
	v := n.at()
	switch {
	case v.flags&flagInt != 0:
		return int64(v.num), true
	case v.flags&flagFloat == 0:
		if i, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return i, true
		}
	}
	f, ok := n.Float()
	if !ok || f != float64(int64(f)) || f >= 1<<63 || f < -1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Float returns the value of a number; false if it is beyond float64.
func (n Node) Float() (float64, bool) {
	if n.Kind() != Number {
		return 0, false
	}
	v := n.at()
	switch {
	case v.flags&flagInt != 0:
		return float64(int64(v.num)), true
	case v.flags&flagFloat != 0:
		return floatOf(v.num), true
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// Add appends c to the array n. A node that is in a tree already is added as a
// copy that shares its children.
func (n Node) Add(c Node) { n.link("", c) }

// Set gives a key of the object n the value c, in place of an earlier one. Absent
// sets nothing. The key must be valid UTF-8 without U+0000.
func (n Node) Set(key string, c Node) {
	if !c.Exists() {
		return
	}
	if old := n.Get(key); old.Exists() {
		n.Delete(key)
	}
	n.link(key, c)
}

// Put is Set without a look for an earlier value, which takes longer the more keys there
// are; Unique is to be called unless each key is new.
func (n Node) Put(key string, c Node) { n.link(key, c) }

// Unique drops all but the last value of each key of the object n.
func (n Node) Unique(r *Repairs) {
	if n.Kind() == Object {
		n.d.unique(n.i, r)
	}
}

// SetStr sets a key to a string, unless the string is empty.
func (n Node) SetStr(key, s string) {
	if s != "" {
		n.Set(key, n.d.String(s))
	}
}

// Delete removes a key from the object n.
func (n Node) Delete(key string) {
	if n.Kind() != Object {
		return
	}
	p := n.at()
	var prev int32
	for i := p.first; i != 0; prev, i = i, n.d.nodes[i].next {
		c := &n.d.nodes[i]
		if c.key != key {
			continue
		}
		if prev == 0 {
			p.first = c.next
		} else {
			n.d.nodes[prev].next = c.next
		}
		if p.last == i {
			p.last = prev
		}
		p.count--
		return
	}
}

// link appends c to the children of n.
func (n Node) link(key string, c Node) {
	if !c.Exists() || n.d == nil {
		return
	}
	if c.d != n.d {
		c = n.d.adopt(c)
	} else if c.at().flags&flagLinked != 0 {
		c = n.d.new(*c.at())
	}
	v := c.at()
	v.flags = v.flags&^flagPlainKey | flagLinked
	v.key, v.next = key, 0
	n.d.linkLast(n.i, c.i)
}

func (d *Doc) linkLast(parent, child int32) {
	p := &d.nodes[parent]
	if p.first == 0 {
		p.first = child
	} else {
		d.nodes[p.last].next = child
	}
	p.last = child
	p.count++
	if p.kind == Object {
		key := d.nodes[child].key
		bit := keyBit(key, middle(key))
		if p.num&bit != 0 {
			p.flags |= flagRepeats
		}
		p.num |= bit
	}
}

// adopt copies a tree of another Doc.
func (d *Doc) adopt(c Node) Node {
	v := *c.at()
	v.first, v.last, v.next, v.count = 0, 0, 0, 0
	v.flags &^= flagLinked
	if v.kind == Object {
		v.num = 0
	}
	n := d.new(v)
	for k := c.First(); k.Exists(); k = k.Next() {
		n.link(k.Key(), k)
	}
	return n
}

// SetText gives the string n another text.
func (n Node) SetText(s string) {
	if n.Kind() == String {
		v := n.at()
		v.text, v.flags = s, v.flags&flagLinked
	}
}
