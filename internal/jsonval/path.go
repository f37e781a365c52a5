package jsonval

import (
	"slices"
	"strconv"
	"strings"
)

// maxIndex bounds the indices of SetPath; values beyond it are ignored.
const maxIndex = 10000

// SetPath puts v into the object root under a dotted path such as
// "0.message.content", making the objects between. It returns false, and sets
// nothing, if an index in the path is 10000 or more or the path runs through a
// value that is no object. Lists turns the result into arrays.
func (n Node) SetPath(path string, v Node) bool {
	if n.Kind() != Object || !v.Exists() {
		return false
	}
	for {
		key, rest, more := strings.Cut(path, ".")
		if i, ok := index(key); ok && i >= maxIndex {
			return false
		}
		if !more {
			n.Set(key, v)
			return true
		}
		child := n.lookup(key)
		switch {
		case !child.Exists():
			child = n.d.Object()
			n.Set(key, child)
		case child.Kind() != Object:
			return false
		}
		n, path = child, rest
	}
}

// lookup is Get that tries the newest child first: indexed attributes of one
// message usually come one after the other.
func (n Node) lookup(key string) Node {
	if last := n.at().last; last != 0 && n.d.nodes[last].key == key {
		return Node{n.d, last}
	}
	return n.Get(key)
}

// Lists turns each object below and including n whose keys are all indices into an
// array of its values in numeric order, gaps closed. It returns n.
func (n Node) Lists() Node {
	if n.Kind() != Object {
		return n
	}
	indexed := n.at().first != 0
	for c := n.First(); c.Exists(); c = c.Next() {
		c.Lists()
		if _, ok := index(c.Key()); !ok {
			indexed = false
		}
	}
	if indexed {
		n.d.toArray(n.i)
	}
	return n
}

func (d *Doc) toArray(object int32) {
	o := &d.nodes[object]
	children := make([]int32, 0, o.count)
	for i := o.first; i != 0; i = d.nodes[i].next {
		children = append(children, i)
	}
	slices.SortStableFunc(children, func(a, b int32) int {
		x, _ := index(d.nodes[a].key)
		y, _ := index(d.nodes[b].key)
		return x - y
	})
	o.kind = Array
	o.first, o.last, o.count = 0, 0, 0
	for _, i := range children {
		d.nodes[i].next = 0
		d.linkLast(object, i)
	}
}

// index reads a list index; anything that is all digits is one.
func index(key string) (int, bool) {
	if key == "" || key[0] < '0' || key[0] > '9' {
		return 0, false
	}
	i, err := strconv.ParseUint(key, 10, 31)
	if err == nil {
		return int(i), true
	}
	return maxIndex, strings.Trim(key, "0123456789") == ""
}
