package mapping

import (
	"slices"
	"strings"
)

// family is a set of keys that share a prefix and, if indexed, go on with an
// index. All its attributes share a slot.
type family struct {
	keyInfo
	prefix  string
	indexed bool
	inner   string // what must follow the index or a segment of any name, if anything
	except  []string
}

// familyOf reads the name of a family; nil if it is that of a key.
func familyOf(name string) *family {
	for _, sign := range [...]string{".#", ".*"} {
		if prefix, inner, ok := strings.Cut(name, sign); ok {
			return &family{prefix: prefix + ".", inner: strings.TrimPrefix(inner, "."), indexed: sign == ".#"}
		}
	}
	return nil
}

func (t *table) family(name string) *family {
	sought := familyOf(name)
	if sought == nil {
		return nil
	}
	head, _, _ := strings.Cut(sought.prefix, ".")
	for _, f := range t.families[head] {
		if f.prefix == sought.prefix && f.indexed == sought.indexed && f.inner == sought.inner {
			return f
		}
	}
	return nil
}

// maxIndex bounds the index in a key, which would otherwise be anybody's to
// allocate by.
const maxIndex = 10000

// match finds the family of a key, with the index and what follows the prefix or
// index.
func (t *table) match(key string) (f *family, index int32, rest string) {
	head, _, ok := strings.Cut(key, ".")
	if !ok {
		return nil, 0, ""
	}
	for _, f := range t.families[head] {
		rest, ok := strings.CutPrefix(key, f.prefix)
		if !ok || rest == "" {
			continue
		}
		if !f.indexed {
			if _, inner, _ := strings.Cut(rest, "."); !f.passesOver(rest) && (f.inner == "" || f.inner == inner) {
				return f, 0, rest
			}
			continue
		}
		if index, rest, ok := cutIndex(rest); ok && strings.HasPrefix(rest, f.inner) {
			return f, index, rest
		}
	}
	return nil, 0, ""
}

// passesOver reports whether a family leaves a key to others; an exception that ends
// in a dot is a prefix.
func (f *family) passesOver(rest string) bool {
	return slices.ContainsFunc(f.except, func(e string) bool {
		return e == rest || strings.HasSuffix(e, ".") && strings.HasPrefix(rest, e)
	})
}

// cutIndex reads "12.rest".
func cutIndex(s string) (index int32, rest string, ok bool) {
	i := 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if index = index*10 + int32(s[i]-'0'); index >= maxIndex {
			return 0, "", false
		}
	}
	if i == 0 {
		return 0, "", false
	}
	if i == len(s) {
		return index, "", true
	}
	if s[i] != '.' {
		return 0, "", false
	}
	return index, s[i+1:], true
}
