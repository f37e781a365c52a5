// Package signal has what differs between the signals that the exporter takes: how the
// data becomes a batch, and how the exporter gets back what is left of the data. All that
// comes after is the same for every signal. A new signal is a type that implements Data;
// docs/architecture.md says what else it takes.
package signal

import (
	"context"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Data is what a pipeline hands over at once.
type Data interface {
	// Map makes a batch of all the data. It fails only if the context ends before.
	//
	// Map may also give mapped what the batch is made of, in parts, each as soon as what it refers to does not change
	// any more. Data of which log records may change any call gives none; other data gives all of the batch, unless Map
	// fails. The parts come in any order and from several goroutines at once. There are at most
	// mapping.Parts(Len())+1 of them: one more than the spans are mapped in, for the calls that span events tell.
	// Nobody calls mapped once Map has returned.
	Map(ctx context.Context, m *mapping.Mapper, mapped func(part *mapping.Batch)) (*mapping.Batch, error)
	// Days are the UTC days of the parts, each once; nil if Map gives no parts.
	Days() []int32
	// Rest is a copy of the data of the spans and log records that are left to store. The data itself stays.
	Rest(spans []mapping.Span, events []mapping.Event) Data
	// Error is err with this data, which is to be sent again.
	Error(err error) error
	// Len is the number of spans or log records.
	Len() int
	// Bytes is the size as OTLP.
	Bytes() int
}
