package mapping

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// maxSegments bounds how deep an indexed key may lead.
const maxSegments = 24

// maxLeaves bounds the attributes of one object.
const maxLeaves = 500

// leaf is an attribute on its way into a tree: what is left of its key, and the
// index that came last.
type leaf struct {
	*hit
	index int32
	done  bool
	path  string
}

// unflatten makes a list of what the keys with an index say, in the order of the
// indices and without their gaps.
func (r *reading) unflatten(src *boundSource) jsonval.Node {
	base := len(r.leaves)
	for i := range r.hits {
		if h := &r.hits[i]; h.slot == src.slot && src.takes(h.rest) {
			r.leaves = append(r.leaves, leaf{hit: h, index: h.index, path: h.rest})
		}
	}
	list := r.growItems(r.leaves[base:], src, 0)
	r.leaves = r.leaves[:base]
	return list
}

// assemble makes one object of the attributes under a prefix.
func (r *reading) assemble(src *boundSource) jsonval.Node {
	base := len(r.leaves)
	for i := range r.hits {
		if h := &r.hits[i]; h.slot == src.slot && src.takes(h.rest) {
			r.leaves = append(r.leaves, leaf{hit: h, path: h.rest})
		}
	}
	if len(r.leaves) == base {
		return jsonval.Node{}
	}
	object := r.grow(r.leaves[base:], src, 0)
	r.leaves = r.leaves[:base]
	return object
}

// Undotted nests the members of objects in a JSON list whose keys are flattened, without the
// segments that only wrap.
func (r *reading) Undotted(v value.Value, drop []string) value.Value {
	if s, is := v.Str(); is && !mayBeDotted(s) || !is && v.Exists() && !v.Node.Exists() && !holdsDotted(v.Attr, drop) {
		return v
	}
	n := r.ParseOnce(v)
	dotted := false
	for e := n.First(); e.Exists(); e = e.Next() {
		for c := e.First(); value.IsObject(e) && c.Exists(); c = c.Next() {
			dotted = dotted || isDotted(c.Key(), drop)
		}
	}
	if !dotted {
		return v
	}
	return value.Value{Node: r.nest(n, drop, 0)}
}

func isDotted(key string, drop []string) bool {
	head, _, cut := strings.Cut(key, ".")
	return cut && slices.Contains(drop, head)
}

// holdsDotted reports whether an element of a value has a dotted key. Such values are rare, and a
// tree of each value would take a tenth of the time of structured messages.
func holdsDotted(v pcommon.Value, drop []string) bool {
	hasDotted := func(e pcommon.Value) bool {
		if e.Type() == pcommon.ValueTypeMap {
			for key := range e.Map().All() {
				if isDotted(key, drop) {
					return true
				}
			}
		}
		return false
	}
	switch v.Type() {
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			if hasDotted(e) {
				return true
			}
		}
	case pcommon.ValueTypeMap:
		for _, e := range v.Map().All() {
			if hasDotted(e) {
				return true
			}
		}
	case pcommon.ValueTypeBytes:
		return true // may be MessagePack
	}
	return false
}

// mayBeDotted looks at the first key of a text: it tells.
func mayBeDotted(s string) bool {
	s = s[:min(len(s), 64)]
	at := strings.IndexByte(s, '{')
	if at < 0 {
		return false
	}
	for at < len(s) && s[at] != '"' {
		at++
	}
	start := at + 1
	for at = start; at < len(s) && s[at] != '"'; at++ {
		if s[at] == '.' {
			return at > start && strings.IndexByte(s[at:], '"') > 0
		}
	}
	return false
}

func (r *reading) nest(n jsonval.Node, drop []string, depth int) jsonval.Node {
	switch {
	case depth == maxSegments:
	case n.Kind() == jsonval.Array:
		list := r.doc.Array()
		for e := n.First(); e.Exists(); e = e.Next() {
			list.Add(r.nest(e, drop, depth+1))
		}
		return list
	case value.IsObject(n):
		tree := r.doc.Object()
		for c := n.First(); c.Exists(); c = c.Next() {
			at, path := tree, skip(c.Key(), drop)
			for range maxSegments {
				head, rest, more := strings.Cut(path, ".")
				if rest = skip(rest, drop); !more || rest == "" {
					break
				}
				next := at.Get(head)
				if !value.IsObject(next) {
					next = r.doc.Object()
					at.Set(head, next)
				}
				at, path = at.Get(head), rest
			}
			at.Set(path, r.nest(c, drop, depth+1))
		}
		return r.listed(tree)
	}
	return n
}

// listed makes lists of the objects in a tree whose keys are indices.
func (r *reading) listed(tree jsonval.Node) jsonval.Node {
	out := r.doc.Object()
	for c := tree.First(); c.Exists(); c = c.Next() {
		if !value.IsObject(c) {
			out.Set(c.Key(), c)
			continue
		}
		inner := r.listed(c)
		if _, _, indexed := cutIndex(inner.First().Key()); !indexed {
			out.Set(c.Key(), inner)
			continue
		}
		list := r.doc.Array()
		for e := inner.First(); e.Exists(); e = e.Next() {
			list.Add(e)
		}
		out.Set(c.Key(), list)
	}
	return out
}

// takes reports whether the source reads a key that goes on like this.
func (src *boundSource) takes(rest string) bool {
	if src.Heads == nil {
		return true
	}
	head, _, _ := strings.Cut(rest, ".")
	return slices.Contains(src.Heads, head)
}

// growItems makes a list of leaves by their index.
func (r *reading) growItems(items []leaf, src *boundSource, depth int) jsonval.Node {
	slices.SortStableFunc(items, func(a, b leaf) int { return int(a.index - b.index) })
	list := r.doc.Array()
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].index == items[0].index {
			n++
		}
		list.Add(r.grow(items[:n], src, depth))
		items = items[n:]
	}
	return list
}

// grow makes a tree of leaves; one whose path ends is the value itself.
func (r *reading) grow(leaves []leaf, src *boundSource, depth int) jsonval.Node {
	for i := range leaves {
		leaves[i].path = skip(leaves[i].path, src.Drop)
		if leaves[i].path == "" {
			leaves[i].used = true
			return r.doc.FromValue(leaves[i].value, &r.rep)
		}
	}
	if depth == maxSegments {
		return jsonval.Node{}
	}
	if _, _, indexed := cutIndex(leaves[0].path); indexed {
		return r.growList(leaves, src, depth)
	}
	return r.growObject(leaves[:min(len(leaves), maxLeaves)], src, depth)
}

func (r *reading) growObject(leaves []leaf, src *boundSource, depth int) jsonval.Node {
	object := r.doc.Object()
	for i := range leaves {
		if leaves[i].done {
			continue
		}
		head, _, _ := strings.Cut(leaves[i].path, ".")
		base := len(r.leaves)
		for j := i; j < len(leaves); j++ {
			if h, rest, _ := strings.Cut(leaves[j].path, "."); h == head {
				leaves[j].done = true
				r.leaves = append(r.leaves, leaf{hit: leaves[j].hit, index: leaves[j].index, path: rest})
			}
		}
		n := r.grow(r.leaves[base:], src, depth+1)
		r.leaves = r.leaves[:base]
		if src.Blocks && head == "content" {
			n = r.decodedIf(n, isBlocks)
		}
		object.Set(jsonval.CleanString(head, &r.rep), n)
	}
	return object
}

func (r *reading) growList(leaves []leaf, src *boundSource, depth int) jsonval.Node {
	base := len(r.leaves)
	for _, l := range leaves {
		if index, rest, ok := cutIndex(l.path); ok {
			r.leaves = append(r.leaves, leaf{hit: l.hit, index: index, path: rest})
		}
	}
	list := r.growItems(r.leaves[base:], src, depth+1)
	r.leaves = r.leaves[:base]
	return list
}

// skip cuts leading segments that only wrap.
func skip(path string, drop []string) string {
	for {
		head, rest, _ := strings.Cut(path, ".")
		if head == "" || !slices.Contains(drop, head) {
			return path
		}
		path = rest
	}
}

// tookList notes what holds the attributes that unflatten or assemble read.
func (r *reading) tookList(src *boundSource) {
	for i := range r.hits {
		if h := &r.hits[i]; h.slot == src.slot && h.used && !h.part {
			r.classes[h.attr] = classStored
		}
	}
}

// ListOf lists, in the order of their index, the strings of a family that follow
// the index as rest; a choice without one leaves "" so that the others keep place.
func (r *reading) ListOf(v value.Value, rest string) value.Value {
	last := int32(-1)
	texts := map[int32]string{}
	indices := []int32{}
	for i := range r.hits {
		h := &r.hits[i]
		if h.slot != v.List-1 {
			continue
		}
		if _, ok := texts[h.index]; !ok {
			texts[h.index] = ""
			indices = append(indices, h.index)
		}
		if s, _, ok := (value.Value{Attr: h.value}).Text(); ok && h.rest == rest {
			texts[h.index] = s
			last = max(last, h.index)
		}
	}
	if last < 0 {
		return value.Value{}
	}
	slices.Sort(indices)
	list := r.doc.Array()
	for _, i := range indices {
		if i <= last {
			list.Add(r.doc.String(texts[i]))
		}
	}
	return value.Value{Node: list}
}

// FirstOf is the attribute of a family that follows the index 0 as rest.
func (r *reading) FirstOf(v value.Value, rest string) value.Value {
	for i := range r.hits {
		if h := &r.hits[i]; h.slot == v.List-1 && h.index == 0 && h.rest == rest {
			return value.Value{Attr: h.value}
		}
	}
	return value.Value{}
}
