package mapping

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

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
		if w := events[i].Words; w != nil {
			part.take(b, w.Day, w.ContentIDs(), content.ID{})
		}
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

// LacksModel reports whether a call reports tokens and names no model, so that nothing but another
// observation of the call tells the price.
func (s *Span) LacksModel() bool {
	return s.Kind.IsModel() && s.RequestModel == "" && s.ResponseModel == "" && (s.Usage.Input.OK || s.Usage.Output.OK)
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

// Owner is to whom what the span refers to belongs. A call that a log record observes may move
// to another trace; it has the owner of the record, if it names nobody itself.
func (s *Span) Owner() content.Owner {
	if s.Event == nil || s.UserID != "" || s.SessionID != "" || s.Event.Record == (content.ID{}) {
		return OwnerOfSpan(s.UserID, s.SessionID, s.TraceID, s.Event != nil)
	}
	if s.Event.Derived {
		return content.OwnerOf('r', string(s.Event.Record[:]))
	}
	return OwnerOfSpan("", "", s.TraceID, false)
}

// OwnerOfSpan is Owner of a span that is stored, and that an event tells or not: of a call that
// an event tells nobody knows the record any more.
func OwnerOfSpan(user, session string, trace pcommon.TraceID, event bool) content.Owner {
	switch {
	case user != "":
		return content.OwnerOf('u', user)
	case session != "":
		return content.OwnerOf('s', session)
	case event:
		return content.Unknown
	}
	return content.OwnerOf('t', string(trace[:]))
}

// Owner is to whom what the record refers to belongs. A record that names nobody and no trace
// is not erased with anything else: it is an owner itself.
func (e *Event) Owner() content.Owner {
	if e.UserID == "" && e.SessionID == "" && e.TraceID.IsEmpty() {
		return content.OwnerOf('r', string(e.ID[:]))
	}
	return OwnerOfSpan(e.UserID, e.SessionID, e.TraceID, false)
}

// References gives what the record and its words refer to, with the owner.
func (e *Event) References(of func(content.Key, content.Owner)) {
	e.OwnReferences(of)
	e.WordReferences(of)
}

// OwnReferences is References without those of the words.
func (e *Event) OwnReferences(of func(content.Key, content.Owner)) {
	owner := e.Owner()
	for _, id := range e.contentIDs() {
		if id != (content.ID{}) {
			of(content.Key{Day: e.Day, ID: id}, owner)
		}
	}
}

// WordReferences gives what the record's words refer to. Those of a call that began on another
// day than the record are found by the call, unless it names nobody.
func (e *Event) WordReferences(of func(content.Key, content.Owner)) {
	if e.Words == nil {
		return
	}
	owner := e.Owner()
	if e.Words.Day != e.Day && e.UserID == "" && e.SessionID == "" {
		owner = content.Unknown
	}
	for _, id := range e.Words.ContentIDs() {
		of(content.Key{Day: e.Words.Day, ID: id}, owner)
	}
}

// SameOwner reports whether what decides about the owner is the same of two spans.
func (s *Span) SameOwner(o *Span) bool {
	return s.UserID == o.UserID && s.SessionID == o.SessionID && s.TraceID == o.TraceID && s.Event == nil && o.Event == nil
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

// EachReference gives the contents that a span of the batch refers to, those of histories too,
// with their bodies.
func (b *Batch) EachReference(s *Span, of func(id content.ID, body []byte)) {
	b.References(s, func(id content.ID) { of(id, b.Contents[content.Key{Day: s.Day, ID: id}]) }, func(h *content.History) {
		for ; h != nil; h = h.Before {
			for i := range h.Added {
				of(h.Added[i].ID, h.Added[i].Body)
			}
		}
	})
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
