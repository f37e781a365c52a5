package mapping

import (
	"context"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// partSpans is how many spans are mapped before they are handed over.
const partSpans = 256

// Stream maps a batch part by part in the background, so that the words of the
// first spans can be stored while later spans are still being mapped.
type Stream struct {
	parts []*Batch
	done  []chan struct{} // by part: closed when it is mapped
	next  int

	// These are complete once ready is closed.
	ready chan struct{}
	spans []Span
	took  time.Duration
	err   error
}

// Stream begins to map td as Map does, on as many cores as there are parts. td
// must not change until Spans returns. When the context ends, what is not mapped yet
// is missing from the parts, and Err says so.
func (m *Mapper) Stream(ctx context.Context, td ptrace.Traces) *Stream {
	n := td.SpanCount()
	count := (n + partSpans - 1) / partSpans
	s := &Stream{
		parts: make([]*Batch, count), done: make([]chan struct{}, count),
		ready: make(chan struct{}), spans: make([]Span, n),
	}
	for i := range s.done {
		s.done[i] = make(chan struct{})
	}
	if count <= 1 {
		s.mapAll(ctx, m, td, 1)
	} else {
		go s.mapAll(ctx, m, td, min(count, runtime.GOMAXPROCS(0)))
	}
	return s
}

func (s *Stream) mapAll(ctx context.Context, m *Mapper, td ptrace.Traces, workers int) {
	begin := time.Now()
	var taken atomic.Int32
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(taken.Add(1)) - 1; i < len(s.parts); i = int(taken.Add(1)) - 1 {
				from, to := i*partSpans, min((i+1)*partSpans, len(s.spans))
				s.parts[i] = m.mapRange(ctx, td, from, to, s.spans[from:to])
				close(s.done[i])
				runtime.Gosched() // else the part could wait for a core until all are mapped
			}
		})
	}
	group.Wait()
	s.err = ctx.Err()
	s.closeGaps()
	s.took = time.Since(begin)
	close(s.ready)
}

// closeGaps leaves out the places of spans that were rejected or not mapped.
func (s *Stream) closeGaps() {
	mapped := 0
	for _, part := range s.parts {
		mapped += len(part.Spans)
	}
	if mapped == len(s.spans) {
		return
	}
	spans := make([]Span, 0, mapped) // others may be reading the parts
	for _, part := range s.parts {
		spans = append(spans, part.Spans...)
	}
	s.spans = spans
}

// Next waits for the next part; false after the last. Parts do not change any
// more.
func (s *Stream) Next() (*Batch, bool) {
	if s.next == len(s.parts) {
		return nil, false
	}
	i := s.next
	s.next++
	<-s.done[i]
	return s.parts[i], true
}

// Spans waits until all is mapped and returns the spans of all parts.
func (s *Stream) Spans() []Span {
	<-s.ready
	return s.spans
}

// Err waits until all is mapped or the context has ended, and returns the error of the
// context if it ended before.
func (s *Stream) Err() error {
	<-s.ready
	return s.err
}

// Took waits until all is mapped and returns how long that took.
func (s *Stream) Took() time.Duration {
	<-s.ready
	return s.took
}

// Whole waits until all is mapped and returns it as one batch.
func (s *Stream) Whole() *Batch {
	whole := &Batch{
		Spans: s.Spans(), Contents: map[content.Key][]byte{}, Histories: map[content.Key]*content.History{},
		Resources: map[content.ID][]byte{}, Rejected: s.Rejected(),
	}
	for _, part := range s.parts {
		maps.Copy(whole.Contents, part.Contents)
		maps.Copy(whole.Histories, part.Histories)
		maps.Copy(whole.Resources, part.Resources)
	}
	whole.unfold()
	return whole
}

// Rejected waits until all is mapped and returns the spans that no row can hold,
// by reason.
func (s *Stream) Rejected() map[string]int {
	<-s.ready
	rejected := map[string]int{}
	for _, part := range s.parts {
		for reason, n := range part.Rejected {
			rejected[reason] += n
		}
	}
	return rejected
}
