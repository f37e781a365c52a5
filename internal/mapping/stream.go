package mapping

import (
	"maps"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// partSpans is how many spans are mapped before they are handed over.
const partSpans = 1024

// Stream maps a batch part by part in the background, so that the words of the
// first spans can be stored while later spans are still being mapped.
type Stream struct {
	parts chan *Batch
	ready chan struct{} // closed when all is mapped

	// These are complete once ready is closed.
	all   []*Batch
	spans []Span
	took  time.Duration
}

// Stream begins to map td as Map does. td must not change until Spans returns.
func (m *Mapper) Stream(td ptrace.Traces) *Stream {
	n := td.SpanCount()
	s := &Stream{parts: make(chan *Batch, n/partSpans+1), ready: make(chan struct{}), spans: make([]Span, 0, n)}
	if n <= partSpans {
		s.mapAll(m, td, n)
	} else {
		go s.mapAll(m, td, n)
	}
	return s
}

func (s *Stream) mapAll(m *Mapper, td ptrace.Traces, n int) {
	begin := time.Now()
	for from := 0; from < n; from += partSpans {
		to := min(from+partSpans, n)
		done := len(s.spans)
		part := m.mapRange(td, from, to, s.spans[done:done+to-from])
		s.spans = s.spans[:done+len(part.Spans)]
		s.all = append(s.all, part)
		s.parts <- part
	}
	s.took = time.Since(begin)
	close(s.parts)
	close(s.ready)
}

// Next waits for the next part; false after the last. Parts do not change any
// more.
func (s *Stream) Next() (*Batch, bool) {
	part, ok := <-s.parts
	return part, ok
}

// Spans waits until all is mapped and returns the spans of all parts.
func (s *Stream) Spans() []Span {
	<-s.ready
	return s.spans
}

// Took waits until all is mapped and returns how long that took.
func (s *Stream) Took() time.Duration {
	<-s.ready
	return s.took
}

// Whole waits until all is mapped and returns it as one batch.
func (s *Stream) Whole() *Batch {
	whole := &Batch{
		Spans: s.Spans(), Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}, Rejected: s.Rejected(),
	}
	for _, part := range s.all {
		maps.Copy(whole.Contents, part.Contents)
		maps.Copy(whole.Resources, part.Resources)
	}
	return whole
}

// Rejected waits until all is mapped and returns the spans that no row can hold,
// by reason.
func (s *Stream) Rejected() map[string]int {
	<-s.ready
	rejected := map[string]int{}
	for _, part := range s.all {
		for reason, n := range part.Rejected {
			rejected[reason] += n
		}
	}
	return rejected
}
