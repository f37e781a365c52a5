package mapping

import (
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// Split halves a batch of at least two spans; each half holds only what its
// spans refer to.
func (b *Batch) Split() (first, second *Batch) {
	b.unfold()
	half := len(b.Spans) / 2
	return b.of(b.Spans[:half]), b.of(b.Spans[half:])
}

// of returns a batch of some of b's spans.
func (b *Batch) of(spans []Span) *Batch {
	part := &Batch{Spans: spans, Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
	for i := range spans {
		s := &spans[i]
		for _, id := range s.contentIDs() {
			key := content.Key{Day: s.Day, ID: id}
			if body, ok := b.Contents[key]; ok {
				part.Contents[key] = body
			}
		}
		if attributes, ok := b.Resources[s.ResourceID]; ok {
			part.Resources[s.ResourceID] = attributes
		}
	}
	return part
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
