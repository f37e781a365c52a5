package mapping

import (
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/parallel"
)

// partSpans is how many spans one goroutine maps before it looks for more.
const partSpans = 256

// Traces maps every span of td as Map does, on as many cores as there are parts, and
// keeps messages in their histories. When the context ends before all is mapped, Traces
// returns its error.
func (m *Mapper) Traces(ctx context.Context, td ptrace.Traces) (*Batch, error) {
	return m.TracesInParts(ctx, td, func(*Batch) {})
}

// TracesInParts is Traces that also gives each part to mapped as soon as the part is there, in any order and on
// any goroutine. What the parts refer to does not change any more.
func (m *Mapper) TracesInParts(ctx context.Context, td ptrace.Traces, mapped func(*Batch)) (*Batch, error) {
	spans := room(td.SpanCount())
	parts := make([]*Batch, Parts(len(spans)))
	parallel.Parts(len(parts), func(i int) {
		from, to := i*partSpans, min((i+1)*partSpans, len(spans))
		parts[i] = m.mapRange(ctx, td, from, to, spans[from:to])
		mapped(parts[i])
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	whole := join(parts, slices.Clip(spans))
	whole.room = spans
	return whole, nil
}

// Parts is the number of parts that n spans are mapped in.
func Parts(n int) int { return (n + partSpans - 1) / partSpans }

// DaysOf lists the UTC days that the spans of td will have, each once.
func DaysOf(td ptrace.Traces) []int32 {
	var days []int32
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				start := micros(span.StartTimestamp())
				if start == 0 {
					start = micros(span.EndTimestamp())
				}
				if day := int32(start / MicrosPerDay); len(days) == 0 || days[len(days)-1] != day {
					days = append(days, day)
				}
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// join makes one batch of parts, whose spans lie in spans with gaps for those that were
// rejected.
func join(parts []*Batch, spans []Span) *Batch {
	contents, mapped := 0, 0
	for _, part := range parts {
		contents += len(part.Contents)
		mapped += len(part.Spans)
	}
	whole := &Batch{
		Spans: spans, Contents: make(map[content.Key][]byte, contents), Resources: map[content.ID][]byte{},
	}
	if mapped < len(spans) {
		whole.Spans = make([]Span, 0, mapped) // the parts' stay where they are
	}
	for _, part := range parts {
		if mapped < len(spans) {
			whole.Spans = append(whole.Spans, part.Spans...)
		}
		whole.share(part)
	}
	return whole
}

// rooms has memory for spans that batches gave back, zeroed: 550 bytes a span, which is
// half of what a batch of plain spans allocates.
var rooms sync.Pool

// room returns memory for n spans.
func room(n int) []Span {
	if free, ok := rooms.Get().(*[]Span); ok && cap(*free) >= n {
		return (*free)[:n]
	}
	return make([]Span, n)
}

// Release gives the memory of the spans back, for a later batch. It is for a time when
// nothing refers to them any more.
func (b *Batch) Release() {
	if free := b.room; free != nil {
		clear(free)
		rooms.Put(&free)
	}
	b.Spans, b.room = nil, nil
}
