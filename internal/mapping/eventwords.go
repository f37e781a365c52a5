package mapping

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// Words are what a log record has of the words of a span.
type Words struct {
	Record  content.ID
	Trace   pcommon.TraceID
	Day     int32          // of the contents
	At      int64          // when the record was written, ns
	Ordinal int32          // of the record in its batch
	Index   int32          // of an answer among several
	Named   pcommon.SpanID // the span that the record names; empty for none

	NamesCall bool // the record is meant to name the call itself, and not a span around it
	Exact     bool // the words are of the named span, whatever that is
	Tool      bool // they are of a tool
	TellsCall bool // the record tells the call too; such a record may have no words
	Single    bool // one message of a list; else the lists are whole
	Block     bool // a part of an answer, whose other parts are in further records
	Chunk     bool // an answer that does not say why it ended: others may go on with it
	Result    bool // the message is the result of a tool
	Results   bool // the user's message is nothing but results of tools, as some repeat them

	ID     string   // of response or request, that the call has too
	Models []string // that the call names, if it names any

	Input, Output             []content.ID
	System, Tools             content.ID
	ToolArguments, ToolResult content.ID
	FinishReasons             []string
}

// Some reports whether there is anything to keep: words, or that the record tells the call that
// it names, for words of other records.
func (w *Words) Some() bool {
	return w.TellsCall && w.NamesCall || w.Input != nil || w.Output != nil || w.FinishReasons != nil ||
		w.System != content.ID{} || w.Tools != content.ID{} || w.ToolArguments != content.ID{} || w.ToolResult != content.ID{}
}

// ContentIDs lists the contents that the words refer to.
func (w *Words) ContentIDs() []content.ID {
	ids := slices.Concat(w.Input, w.Output)
	for _, id := range [...]content.ID{w.System, w.Tools, w.ToolArguments, w.ToolResult} {
		if id != (content.ID{}) {
			ids = append(ids, id)
		}
	}
	return ids
}

// take fills words from the mapped span that carries them.
func (w *Words) take(s *Span) {
	w.Day, w.Input, w.Output, w.FinishReasons = s.Day, s.InputMessageIDs, s.OutputMessageIDs, s.FinishReasons
	w.System, w.Tools, w.ToolArguments, w.ToolResult = s.SystemInstructionsID, s.ToolDefinitionsID, s.ToolArgumentsID, s.ToolResultID
}

// AddWords adds the words of log records to the batch's events: those of calls that the
// batch's spans observe, and those that spans of td carry.
func (m *Mapper) AddWords(ctx context.Context, b *Batch, td ptrace.Traces, words []Words) error {
	of := make(map[content.ID]*Words, len(words))
	for i := range b.Spans {
		if e := b.Spans[i].Event; e != nil && e.Words != nil {
			if e.Words.take(&b.Spans[i]); e.Words.Some() {
				of[e.Words.Record] = e.Words
			}
		}
	}
	if err := m.mapWords(ctx, b, td, words, of); err != nil {
		return err
	}
	for i := range b.Events {
		b.Events[i].Words = of[b.Events[i].ID]
	}
	return nil
}

// mapWords maps words that spans of td carry, and adds them by record.
func (m *Mapper) mapWords(ctx context.Context, b *Batch, td ptrace.Traces, words []Words, of map[content.ID]*Words) error {
	if len(words) == 0 {
		return nil
	}
	mapped, err := m.Traces(ctx, td)
	if err != nil {
		return err
	}
	mapped.unfold()
	for i := range mapped.Spans {
		s := &mapped.Spans[i]
		w := &words[s.Ordinal]
		if w.take(s); !w.Some() {
			continue
		}
		of[w.Record] = w
		for _, id := range w.ContentIDs() {
			key := content.Key{Day: w.Day, ID: id}
			if body, ok := mapped.Contents[key]; ok {
				b.Contents[key] = body
			}
		}
	}
	return nil
}
