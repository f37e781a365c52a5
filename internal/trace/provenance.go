package trace

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// The column llm_traces.origins keeps, beside a trace's row, what is needed to merge
// it with later spans and what its own columns do not show: which spans the fields
// come from, and how the trace was counted. Values that the columns show are not
// repeated. All numbers are unsigned varints, times µs after the trace's start:
//
//	version, flags
//	[root's start, fields that the root has]        with provenanceRoot
//	count of entries, for each:
//	    fields, with entryHidden and entryIsRoot
//	    [start, span id (8 bytes)]                  without entryIsRoot
//	    [fields hidden, length and text of each]    with entryHidden
//	count of scopes of model spans, hash of each (8 bytes)
//	count of scopes of tool spans, hash of each
//	count of spans whose cost is counted
//	count of spans whose estimate is in estimated_cost
//	count of labels, for each:
//	    length and text of its name, flags
//	    [start, span id]                            without labelFirst
//	    [length and text of its value]              with labelHidden
//	count of hours in which spans start, for each: hours since the one before
//	[span id, marks]                               in provenanceAwaiting
//
// Collectors of other versions write, and read, another number of version, and count the
// trace anew: what they keep of traces in the llm_internal tables differs. Traces with nested
// tools have version 4, since up to version 3 nobody noted what such tools await. Traces that
// await a span which llm_internal_awaited_spans does not have are of version 5; all others
// are of version 3 as before. A trace without provenanceCurrent is another program's.

const (
	provenanceVersion  = 3
	provenanceTools    = 4
	provenanceAwaiting = 5
)

// Flags of the column.
const (
	provenanceRoot   = 1 << iota // the root has arrived
	provenancePaired             // from here on in the order of state
	provenanceCurrent
	provenanceNested
	provenanceRegistered
	provenanceCovering
	provenanceRepeated
	provenanceEvented
)

var provenanceFlags = []struct {
	flag  byte
	state state
}{
	{provenancePaired, paired}, {provenanceCurrent, current}, {provenanceNested, nested}, {provenanceRegistered, registered}, {provenanceCovering, covering},
	{provenanceRepeated, repeated}, {provenanceEvented, evented},
}

// Flags of an entry, beside the bits of its fields.
const (
	entryIsRoot = 1 << (FieldCount + iota) // the root is meant
	entryHidden                            // there are values that no column shows
)

// AppendProvenance appends the column's value.
func (r *Rollup) AppendProvenance(dst []byte) []byte {
	flags := byte(0)
	if r.root.arrived {
		flags |= provenanceRoot
	}
	for _, f := range provenanceFlags {
		if r.state&f.state != 0 {
			flags |= f.flag
		}
	}
	dst = append(dst, r.provenanceVersion(), flags)
	if r.root.arrived {
		dst = binary.AppendUvarint(dst, uint64(r.root.start-r.Start))
		dst = append(dst, r.rootFields())
	}
	dst = r.appendEntries(dst)
	dst = appendScopes(dst, r.modelScopes)
	dst = appendScopes(dst, r.toolScopes)
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(r.costs)), uint64(r.estimates))
	dst = r.appendHours(r.appendLabels(dst))
	if r.awaits() {
		dst = binary.AppendUvarint(append(dst, r.awaited.ID[:]...), uint64(r.awaited.Below))
	}
	return dst
}

func (r *Rollup) provenanceVersion() byte {
	switch {
	case r.awaits():
		return provenanceAwaiting
	case r.state&nested != 0:
		return provenanceTools
	}
	return provenanceVersion
}

func appendScopes(dst []byte, scopes []uint64) []byte {
	dst = append(dst, byte(len(scopes)))
	for _, s := range scopes {
		dst = binary.BigEndian.AppendUint64(dst, s)
	}
	return dst
}

// rootFields is the set of fields that the root has.
func (r *Rollup) rootFields() (fields byte) {
	for f, v := range r.root.fields {
		if v != "" {
			fields |= 1 << f
		}
	}
	return fields
}

// appendEntries appends the entries, one for each span that is the earliest to have a
// field.
func (r *Rollup) appendEntries(dst []byte) []byte {
	count := len(dst)
	dst = append(dst, 0)
	done := uint16(0)
	for f := range r.earliest {
		if r.earliest[f].value == "" || done&(1<<f) != 0 {
			continue
		}
		fields, hidden := r.sharedPosition(f)
		done |= fields
		dst[count]++
		dst = r.appendEntry(dst, r.earliest[f].position, fields, hidden)
	}
	return dst
}

// sharedPosition returns the fields that come from the same span as field f, and which
// of them no column shows.
func (r *Rollup) sharedPosition(f int) (fields, hidden uint16) {
	for g := f; g < FieldCount; g++ {
		if r.earliest[g].value == "" || r.earliest[g].position != r.earliest[f].position {
			continue
		}
		fields |= 1 << g
		if r.earliest[g].value != r.Field(g) {
			hidden |= 1 << g
		}
	}
	return fields, hidden
}

func (r *Rollup) appendEntry(dst []byte, at position, fields, hidden uint16) []byte {
	isRoot := r.root.arrived && at == r.root.position
	head := fields
	if isRoot {
		head |= entryIsRoot
	}
	if hidden != 0 {
		head |= entryHidden
	}
	dst = binary.AppendUvarint(dst, uint64(head))
	if !isRoot {
		dst = binary.AppendUvarint(dst, uint64(at.start-r.Start))
		dst = append(dst, at.span[:]...)
	}
	if hidden == 0 {
		return dst
	}
	dst = append(dst, byte(hidden))
	for f := range r.earliest {
		if hidden&(1<<f) != 0 {
			dst = binary.AppendUvarint(dst, uint64(len(r.earliest[f].value)))
			dst = append(dst, r.earliest[f].value...)
		}
	}
	return dst
}

var errProvenance = errors.New("llm_traces.origins is damaged or of another version")

// Row is what the other columns of llm_traces say that provenance is read with.
type Row struct {
	RootID, Status string
	Fields         [FieldCount]string
	Labels         []mapping.Label
}

// ReadProvenance completes a row whose figures are set already. Of a value that cannot
// be read nothing is taken: the trace is then counted anew from its spans.
func (r *Rollup) ReadProvenance(data []byte, row *Row) {
	read := *r
	if err := read.readProvenance(data, row); err == nil {
		*r = read
	}
	if r.root.arrived {
		r.root.status = row.Status
	} else {
		r.foreign.root, r.foreign.status = row.RootID, row.Status
	}
	for f, v := range row.Fields {
		if r.Field(f) == "" {
			r.foreign.fields[f] = v
		}
	}
	for _, l := range row.Labels {
		if _, said := r.labels[l.Name]; !said {
			r.foreign.labels = append(r.foreign.labels, l)
		}
	}
}

func (r *Rollup) readProvenance(data []byte, row *Row) error {
	c := cursor{data: data}
	version, flags := c.byte(), c.byte()
	switch tools := flags&provenanceNested != 0; version {
	case provenanceVersion, provenanceTools:
		if tools != (version == provenanceTools) {
			return errProvenance
		}
	case provenanceAwaiting:
	default:
		return errProvenance
	}
	for _, f := range provenanceFlags {
		if flags&f.flag != 0 {
			r.state |= f.state
		}
	}
	if flags&provenanceRoot != 0 {
		r.root.arrived = true
		r.root.start = r.Start + int64(c.uvarint())
		id, err := hex.DecodeString(row.RootID)
		if err != nil || len(id) != len(r.root.span) {
			return errProvenance
		}
		copy(r.root.span[:], id)
		fields := c.byte()
		for f := range row.Fields {
			if fields&(1<<f) != 0 {
				r.root.fields[f] = row.Fields[f]
			}
		}
	}
	for range c.byte() {
		r.readEntry(&c, &row.Fields)
	}
	r.modelScopes = c.scopes()
	if r.state&current != 0 {
		r.toolScopes = c.scopes()
		r.costs, r.estimates = int64(c.uvarint()), int64(c.uvarint())
		r.readLabels(&c, row.Labels)
		r.readHours(&c)
		if version == provenanceAwaiting {
			copy(r.awaited.ID[:], c.take(len(r.awaited.ID)))
			r.awaited.Below = Marks(c.uvarint())
		}
	}
	if c.failed {
		return errProvenance
	}
	return nil
}

func (r *Rollup) readEntry(c *cursor, fields *[FieldCount]string) {
	head := c.uvarint()
	at := r.root.position
	if head&entryIsRoot == 0 {
		at.start = r.Start + int64(c.uvarint())
		copy(at.span[:], c.take(8))
	}
	hidden := byte(0)
	if head&entryHidden != 0 {
		hidden = c.byte()
	}
	for f := range fields {
		if head&(1<<f) == 0 {
			continue
		}
		value := fields[f]
		if hidden&(1<<f) != 0 {
			value = string(c.take(int(min(c.uvarint(), uint64(len(c.data))))))
		}
		r.earliest[f] = earliest{at, value}
	}
}

// cursor reads from the front of data; reading past the end fails and gives zeros.
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

func (c *cursor) scopes() (scopes []uint64) {
	for range c.byte() {
		scopes = append(scopes, binary.BigEndian.Uint64(c.take(8)))
	}
	return scopes
}
