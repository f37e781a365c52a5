package signal

import (
	"context"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Logs is data of the logs signal.
type Logs struct {
	plog.Logs
	Keep logs.Keep
}

// Map implements Data. Records may still add to what the calls say, so there are no parts.
func (l Logs) Map(ctx context.Context, m *mapping.Mapper, _ func(*mapping.Batch)) (*mapping.Batch, error) {
	read := logs.Read(l.Logs, l.Keep, m.Fault)
	b, err := m.Traces(ctx, read.Spans)
	if err != nil {
		return nil, err
	}
	read.Describe(b.Spans)
	b.FilteredRecords, b.RejectedRecords = read.Filtered, read.Rejected
	if err := m.AddEvents(ctx, b, read.Records); err != nil {
		return nil, err
	}
	return b, m.AddWords(ctx, b, read.WordSpans, read.Words)
}

// Days implements Data.
func (l Logs) Days() []int32 { return nil }

// Rest implements Data.
func (l Logs) Rest(spans []mapping.Span, events []mapping.Event) Data {
	left := make(map[content.ID]bool, len(events))
	for i := range events {
		left[events[i].ID] = true
	}
	for i := range spans {
		left[spans[i].Event.Record] = true
	}
	return Logs{logs.Only(l.Logs, left), l.Keep}
}

// Error implements Data.
func (l Logs) Error(err error) error { return consumererror.NewLogs(err, l.Logs) }

// Len implements Data.
func (l Logs) Len() int { return l.LogRecordCount() }

// Bytes implements Data.
func (l Logs) Bytes() int { return (&plog.ProtoMarshaler{}).LogsSize(l.Logs) }
