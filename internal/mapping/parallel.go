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
	spans := room(td.SpanCount())
	parts := make([]*Batch, (len(spans)+partSpans-1)/partSpans)
	parallel.Parts(len(parts), func(i int) {
		from, to := i*partSpans, min((i+1)*partSpans, len(spans))
		parts[i] = m.mapRange(ctx, td, from, to, spans[from:to])
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	whole := join(parts, slices.Clip(spans))
	whole.room = spans
	return whole, nil
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
		whole.Spans = whole.Spans[:0]
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
