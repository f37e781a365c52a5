package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestAFaultCostsItsRecordAndIsLogged has the reader fail on records of programs that nothing is known of.
func TestAFaultCostsItsRecordAndIsLogged(t *testing.T) {
	logger, logged := observer.New(zap.ErrorLevel)
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, name := range []string{"claude_code.api_request", "secret.words", "claude_code.api_request"} {
		rec := records.AppendEmpty()
		rec.SetTimestamp(1)
		rec.SetEventName(name)
		rec.Attributes().PutStr("model", "m")
	}
	r := newReader(KeepGenAI, mapping.New(mapping.Options{Logger: zap.New(logger)}).Fault)
	r.events, r.keys = nil, nil // which are written to
	r.readScope(scopePart{ld.ResourceLogs().At(0).ScopeLogs().At(0), ld.ResourceLogs().At(0).Resource(), 0, records.Len()})
	require.Len(t, r.batch.Records, 2)
	require.Equal(t, map[string]int{readFailed: 1}, r.batch.Rejected)
	require.Len(t, logged.All(), 1)
	verbose := logged.All()[0].ContextMap()["errorVerbose"]
	require.Contains(t, verbose, "logs.(*reader).fromUnknown")
	require.NotContains(t, verbose, "secret.words")
}

// TestSpanEventsNameTheirSpan requires what signal.Traces.Rest relies on: the call that a span event tells has the
// event's span as its parent, by which a span is found again that has to be stored later.
func TestSpanEventsNameTheirSpan(t *testing.T) {
	for _, p := range programs {
		for _, event := range p.spanEvents {
			for _, rule := range p.rules(event) {
				if rule.kind == Call {
					require.Equal(t, namesParent, rule.names, "%s, %s", p.name, event)
				}
			}
		}
	}
}
