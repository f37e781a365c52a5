package write

import (
	"bytes"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Source hands over a batch part by part, so that words can be stored while
// later spans are still being mapped.
type Source interface {
	// Next waits for the next part; false after the last. A part holds what its
	// spans refer to and does not change any more.
	Next() (*mapping.Batch, bool)
	// Spans waits for the last part and returns the spans of all.
	Spans() []mapping.Span
	// Whole waits for the last part and returns all as one batch.
	Whole() *mapping.Batch
}

// Whole is the source of a batch that is there already.
func Whole(b *mapping.Batch) Source { return &whole{batch: b} }

type whole struct {
	batch *mapping.Batch
	given bool
}

func (w *whole) Next() (*mapping.Batch, bool) {
	first := !w.given
	w.given = true
	return w.batch, first
}

func (w *whole) Spans() []mapping.Span { return w.batch.Spans }

func (w *whole) Whole() *mapping.Batch { return w.batch }

// job is what the attempts to write a batch have in common.
type job struct {
	// groups are the spans of each trace, in the order of trace ids.
	groups []group
	isNew  func(pcommon.TraceID) bool
}

// group is the spans of one trace, as indexes into the batch.
type group struct {
	trace pcommon.TraceID
	spans []int32
}

// groupByTrace sorts the spans of a batch by trace, and the traces by id.
func groupByTrace(spans []mapping.Span) []group {
	var groups []group
	index := make(map[pcommon.TraceID]int32, len(spans)/4)
	at := int32(-1)
	for i := range spans {
		id := spans[i].TraceID
		if at < 0 || groups[at].trace != id { // spans of a trace often come together
			found, ok := index[id]
			if !ok {
				found = int32(len(groups))
				index[id] = found
				groups = append(groups, group{trace: id})
			}
			at = found
		}
		groups[at].spans = append(groups[at].spans, int32(i))
	}
	slices.SortFunc(groups, func(a, b group) int { return bytes.Compare(a.trace[:], b.trace[:]) })
	return groups
}

// ids lists the traces of the batch.
func (j *job) ids() []pcommon.TraceID {
	ids := make([]pcommon.TraceID, len(j.groups))
	for i := range j.groups {
		ids[i] = j.groups[i].trace
	}
	return ids
}
