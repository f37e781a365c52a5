package write

import (
	"bytes"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// group is the spans of one trace, as indexes into the batch.
type group struct {
	trace pcommon.TraceID
	spans []int32
}

// groupByTrace sorts the spans of a batch by trace, and the traces by id. A trace of which
// the batch has only words of log records is a group without spans.
func groupByTrace(b *mapping.Batch) []group {
	spans := b.Spans
	groups := make([]group, 0, len(spans)/4)
	index := make(map[pcommon.TraceID]int32, len(spans)/4)
	of, sizes := make([]int32, len(spans)), make([]int32, 0, len(spans)/4)
	at := int32(-1)
	for i := range spans {
		id := spans[i].TraceID
		if at < 0 || groups[at].trace != id { // spans of a trace often come together
			found, ok := index[id]
			if !ok {
				found = int32(len(groups))
				index[id] = found
				groups, sizes = append(groups, group{trace: id}), append(sizes, 0)
			}
			at = found
		}
		of[i] = at
		sizes[at]++
	}
	room := make([]int32, len(spans))
	for i, size := range sizes {
		groups[i].spans, room = room[:0:size], room[size:]
	}
	for i, g := range of {
		groups[g].spans = append(groups[g].spans, int32(i))
	}
	for i := range b.Events {
		if w := b.Events[i].Words; w != nil {
			if _, ok := index[w.Trace]; !ok {
				index[w.Trace] = int32(len(groups))
				groups = append(groups, group{trace: w.Trace})
			}
		}
	}
	slices.SortFunc(groups, func(a, b group) int { return bytes.Compare(a.trace[:], b.trace[:]) })
	return groups
}
