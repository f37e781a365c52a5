package write

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The column llm_traces.origins keeps, beside a trace's row, what is needed to
// merge it with later spans and what its own columns do not show: which spans
// said what. Values that the columns show are not repeated. All numbers are
// unsigned varints, times µs after the trace's start:
//
//	version, flags
//	[root's start, fields the root says]            with flag originRoot
//	count of entries, for each:
//	    fields, with originHidden and originIsRoot
//	    [start, span id (8 bytes)]                  without originIsRoot
//	    [fields hidden, length and text of each]    with originHidden
//	count of scopes, hash of each (8 bytes)

const originsVersion = 1

// Flags of the column.
const (
	originRoot   = 1 << iota // the root has arrived
	originBeside             // calls told side by side are on record
)

// Flags of an entry, beside the bits of its fields.
const (
	originIsRoot = 1 << (fieldCount + iota) // the root is meant
	originHidden                            // there are values that no column shows
)

// appendOrigins appends the column's value.
func (r *rollup) appendOrigins(dst []byte) []byte {
	flags := byte(0)
	if r.root.ok {
		flags |= originRoot
	}
	if r.beside {
		flags |= originBeside
	}
	dst = append(dst, originsVersion, flags)
	if r.root.ok {
		dst = binary.AppendUvarint(dst, uint64(r.root.start-r.start))
		dst = append(dst, r.rootFields())
	}
	dst = r.appendSaid(dst)
	dst = append(dst, byte(len(r.scopes)))
	for _, s := range r.scopes {
		dst = binary.BigEndian.AppendUint64(dst, s)
	}
	return dst
}

// rootFields is the set of fields that the root says.
func (r *rollup) rootFields() (fields byte) {
	for f, v := range r.root.values {
		if v != "" {
			fields |= 1 << f
		}
	}
	return fields
}

// appendSaid appends the entries, one for each span that is the earliest to say
// a field.
func (r *rollup) appendSaid(dst []byte) []byte {
	count := len(dst)
	dst = append(dst, 0)
	done := uint16(0)
	for f := range r.said {
		if r.said[f].value == "" || done&(1<<f) != 0 {
			continue
		}
		fields, hidden := r.saidTogether(f)
		done |= fields
		dst[count]++
		dst = r.appendEntry(dst, r.said[f].origin, fields, hidden)
	}
	return dst
}

// saidTogether returns the fields that have the origin of field f, and which of
// them no column shows.
func (r *rollup) saidTogether(f int) (fields, hidden uint16) {
	for g := f; g < fieldCount; g++ {
		if r.said[g].value == "" || r.said[g].origin != r.said[f].origin {
			continue
		}
		fields |= 1 << g
		if r.said[g].value != r.value(g) {
			hidden |= 1 << g
		}
	}
	return fields, hidden
}

func (r *rollup) appendEntry(dst []byte, at origin, fields, hidden uint16) []byte {
	isRoot := r.root.ok && at == r.root.origin
	head := fields
	if isRoot {
		head |= originIsRoot
	}
	if hidden != 0 {
		head |= originHidden
	}
	dst = binary.AppendUvarint(dst, uint64(head))
	if !isRoot {
		dst = binary.AppendUvarint(dst, uint64(at.start-r.start))
		dst = append(dst, at.span[:]...)
	}
	if hidden == 0 {
		return dst
	}
	dst = append(dst, byte(hidden))
	for f := range r.said {
		if hidden&(1<<f) != 0 {
			dst = binary.AppendUvarint(dst, uint64(len(r.said[f].value)))
			dst = append(dst, r.said[f].value...)
		}
	}
	return dst
}

var errOrigins = errors.New("llm_traces.origins is damaged or of a newer version")

// readOrigins restores what appendOrigins wrote; the other values come from the
// row's columns.
func (r *rollup) readOrigins(data []byte, rootID string, values [fieldCount]string) error {
	c := cursor{data: data}
	if c.byte() != originsVersion {
		return errOrigins
	}
	flags := c.byte()
	r.beside = flags&originBeside != 0
	if flags&originRoot != 0 {
		r.root.ok = true
		r.root.start = r.start + int64(c.uvarint())
		if err := readSpanID(&r.root.span, rootID); err != nil {
			return err
		}
		fields := c.byte()
		for f := range values {
			if fields&(1<<f) != 0 {
				r.root.values[f] = values[f]
			}
		}
	}
	for range c.byte() {
		r.readEntry(&c, values)
	}
	for range c.byte() {
		r.scopes = append(r.scopes, binary.BigEndian.Uint64(c.take(8)))
	}
	if c.failed {
		return errOrigins
	}
	return nil
}

func (r *rollup) readEntry(c *cursor, values [fieldCount]string) {
	head := c.uvarint()
	at := r.root.origin
	if head&originIsRoot == 0 {
		at.start = r.start + int64(c.uvarint())
		copy(at.span[:], c.take(8))
	}
	hidden := byte(0)
	if head&originHidden != 0 {
		hidden = c.byte()
	}
	for f := range values {
		if head&(1<<f) == 0 {
			continue
		}
		value := values[f]
		if hidden&(1<<f) != 0 {
			value = string(c.take(int(min(c.uvarint(), uint64(len(c.data))))))
		}
		r.said[f] = said{at, value}
	}
}

// cursor reads from the front of data; reading past the end fails and gives
// zeros.
type cursor struct {
	data   []byte
	failed bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.data) {
		c.failed, c.data = true, nil
		return make([]byte, n)
	}
	taken := c.data[:n]
	c.data = c.data[n:]
	return taken
}

func (c *cursor) byte() byte { return c.take(1)[0] }

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.data)
	if n <= 0 {
		c.failed, c.data = true, nil
		return 0
	}
	c.data = c.data[n:]
	return v
}

func readSpanID(id *pcommon.SpanID, text string) error {
	_, err := hex.Decode(id[:], []byte(text)[:min(len(text), 16)])
	return err
}
