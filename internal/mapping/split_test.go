package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

func TestSplitKeepsWhatTheSpansReferTo(t *testing.T) {
	td := ptrace.NewTraces()
	for _, name := range fixtureNames(t) {
		loadTraces(t, name).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	whole := New(Options{}).Map(td)
	contents, spans := map[content.Key]bool{}, 0
	var check func(b *Batch)
	check = func(b *Batch) {
		if len(b.Spans) > 1 {
			first, second := b.Split()
			check(first)
			check(second)
			return
		}
		spans++
		checkStorable(t, b)
		for key := range b.Contents {
			contents[key] = true
		}
	}
	check(whole)
	require.Equal(t, len(whole.Spans), spans)
	require.Len(t, contents, len(whole.Contents), "no content is lost, none is stored without a span that refers to it")
}
