package trace

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Labels returns what llm_traces shows of labels, in the order of their names: of each
// the root's value, else that of the earliest span that has it.
func (r *Rollup) Labels() []mapping.Label {
	if len(r.labels)+len(r.foreign.labels) == 0 {
		return nil
	}
	names := slices.Collect(maps.Keys(r.labels))
	for _, l := range r.foreign.labels {
		if _, said := r.labels[l.Name]; !said {
			names = append(names, l.Name)
		}
	}
	slices.Sort(names)
	var labels []mapping.Label
	for _, name := range names {
		value := cmp.Or(labelIn(r.root.labels, name), r.labels[name].value, labelIn(r.foreign.labels, name))
		labels = append(labels, mapping.Label{Name: name, Value: value})
	}
	return labels
}

func labelIn(labels []mapping.Label, name string) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// addLabel takes a label that a span has.
func (r *Rollup) addLabel(name string, e earliest) {
	if known, ok := r.labels[name]; ok && known.compare(e.position) <= 0 {
		return
	}
	if r.labels == nil {
		r.labels = map[string]earliest{}
	}
	r.labels[name] = e
}

// Flags of a label in the provenance.
const (
	labelOfRoot = 1 << iota // the root has it
	labelFirst              // the root is the earliest span that has it
	labelHidden             // its earliest value is not the one that the column shows
)

// appendLabels appends the provenance of the labels that spans have.
func (r *Rollup) appendLabels(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(r.labels)))
	if len(r.labels) == 0 {
		return dst
	}
	for _, name := range slices.Sorted(maps.Keys(r.labels)) {
		first := r.labels[name]
		own := labelIn(r.root.labels, name)
		flags := byte(0)
		if own != "" {
			flags |= labelOfRoot
		}
		if r.root.arrived && first.position == r.root.position {
			flags |= labelFirst
		}
		if own != "" && own != first.value {
			flags |= labelHidden
		}
		dst = append(appendText(dst, name), flags)
		if flags&labelFirst == 0 {
			dst = binary.AppendUvarint(dst, uint64(first.start-r.Start))
			dst = append(dst, first.span[:]...)
		}
		if flags&labelHidden != 0 {
			dst = appendText(dst, first.value)
		}
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// readLabels reads what appendLabels wrote; shown is what the column shows.
func (r *Rollup) readLabels(c *cursor, shown []mapping.Label) {
	for n := c.uvarint(); n > 0 && !c.failed; n-- {
		name := c.text()
		value := labelIn(shown, name)
		flags := c.byte()
		if flags&labelOfRoot != 0 {
			r.root.labels = append(r.root.labels, mapping.Label{Name: name, Value: value})
		}
		at := r.root.position
		if flags&labelFirst == 0 {
			at.start = r.Start + int64(c.uvarint())
			copy(at.span[:], c.take(8))
		}
		if flags&labelHidden != 0 {
			value = c.text()
		}
		if value == "" {
			c.failed = true // another program took the label away
		}
		r.addLabel(name, earliest{at, value})
	}
}

func (c *cursor) text() string {
	return string(c.take(int(min(c.uvarint(), uint64(len(c.data)+1)))))
}
