package write

import (
	"bytes"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// job is a batch to write, sorted by trace. It does not change while it is
// being written, so that concurrent batches can look at it.
type job struct {
	batch *mapping.Batch
	// groups are the spans of each trace, in the order of trace ids.
	groups []group
	traces map[pcommon.TraceID]bool
	isNew  func(pcommon.TraceID) bool
}

// group is the spans of one trace, as indexes into the batch.
type group struct {
	trace pcommon.TraceID
	spans []int32
}

func newJob(b *mapping.Batch, isNew func(pcommon.TraceID) bool) *job {
	j := &job{batch: b, isNew: isNew}
	index := make(map[pcommon.TraceID]int32)
	at := int32(-1)
	for i := range b.Spans {
		id := b.Spans[i].TraceID
		if at < 0 || j.groups[at].trace != id { // spans of a trace often come together
			found, ok := index[id]
			if !ok {
				found = int32(len(j.groups))
				index[id] = found
				j.groups = append(j.groups, group{trace: id})
			}
			at = found
		}
		j.groups[at].spans = append(j.groups[at].spans, int32(i))
	}
	j.traces = make(map[pcommon.TraceID]bool, len(j.groups))
	for _, g := range j.groups {
		j.traces[g.trace] = true
	}
	slices.SortFunc(j.groups, func(a, b group) int { return bytes.Compare(a.trace[:], b.trace[:]) })
	return j
}

// begin returns a transaction that writes j.
func (j *job) begin(w *Writer) *transaction {
	t := &transaction{
		w: w, job: j,
		traces: make([]trace, len(j.groups)),
		rows:   make([]spanRow, len(j.batch.Spans)),
		dead:   make([]bool, len(j.batch.Spans)),
	}
	for i, g := range j.groups {
		t.traces[i] = trace{otel: g.trace, id: g.trace, rows: g.spans}
	}
	for i := range t.rows {
		t.rows[i].Span = &j.batch.Spans[i]
	}
	return t
}
