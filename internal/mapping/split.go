package mapping

import (
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// Split halves a batch of at least two rows; each half holds only what its rows refer to.
func (b *Batch) Split() (first, second *Batch) {
	b.unfold()
	spans := len(b.Spans) / 2
	events := b.Len()/2 - spans
	return b.of(b.Spans[:spans], b.Events[:events]), b.of(b.Spans[spans:], b.Events[events:])
}

// of returns a batch of some of b's spans and events.
func (b *Batch) of(spans []Span, events []Event) *Batch {
	part := &Batch{Spans: spans, Events: events, Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
	for i := range spans {
		part.take(b, spans[i].Day, spans[i].contentIDs(), spans[i].ResourceID)
	}
	for i := range events {
		part.take(b, events[i].Day, events[i].contentIDs(), events[i].ResourceID)
	}
	return part
}

// take takes contents and a resource over from the whole.
func (b *Batch) take(whole *Batch, day int32, contents []content.ID, resource content.ID) {
	for _, id := range contents {
		key := content.Key{Day: day, ID: id}
		if body, ok := whole.Contents[key]; ok {
			b.Contents[key] = body
		}
	}
	if attributes, ok := whole.Resources[resource]; ok {
		b.Resources[resource] = attributes
	}
}

// contentIDs lists the contents that a span refers to.
func (s *Span) contentIDs() []content.ID {
	ids := []content.ID{
		s.SystemInstructionsID, s.ToolDefinitionsID, s.ToolArgumentsID, s.ToolResultID, s.RetrievalQueryID,
	}
	ids = append(ids, s.InputMessageIDs...)
	ids = append(ids, s.OutputMessageIDs...)
	ids = append(ids, s.DocumentIDs...)
	return append(ids, s.referred...)
}

// Owner is to whom what the span refers to belongs. A call that an event tells may move to
// another trace, which is no owner.
func (s *Span) Owner() content.Owner {
	switch {
	case s.UserID != "":
		return content.OwnerOf('u', s.UserID)
	case s.SessionID != "":
		return content.OwnerOf('s', s.SessionID)
	case s.Event != nil:
		return content.Unknown
	}
	return content.OwnerOf('t', string(s.TraceID[:]))
}

// SameOwner reports whether what decides about the owner is the same of two spans.
func (s *Span) SameOwner(o *Span) bool {
	return s.UserID == o.UserID && s.SessionID == o.SessionID && s.TraceID == o.TraceID && (s.Event == nil) == (o.Event == nil)
}

// References gives what a span of the batch refers to: histories, and contents that are in
// none of these.
func (b *Batch) References(s *Span, of func(content.ID), history func(*content.History)) {
	for _, id := range [...]content.ID{s.SystemInstructionsID, s.ToolDefinitionsID, s.ToolArgumentsID, s.ToolResultID, s.RetrievalQueryID} {
		if id != (content.ID{}) {
			of(id)
		}
	}
	b.messages(s.Day, s.inputHistory, s.InputMessageIDs, of, history)
	b.messages(s.Day, s.outputHistory, s.OutputMessageIDs, of, history)
	for _, id := range s.DocumentIDs {
		of(id)
	}
	for _, id := range s.referred {
		of(id)
	}
}

func (b *Batch) messages(day int32, in content.ID, ids []content.ID, of func(content.ID), history func(*content.History)) {
	if in != (content.ID{}) {
		if h := b.Histories[content.Key{Day: day, ID: in}]; h != nil {
			history(h)
			return
		}
	}
	for _, id := range ids {
		of(id)
	}
}
