package logs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

type anyMap = map[string]any

// sourcedRecord is a log record as the code of a public program writes it, or as an invented one
// might.
type sourcedRecord struct {
	source string // the repository, or what the program is
	scope  string
	event  string // the field eventName
	attrs  anyMap
	body   any
	want   anyMap // nil: the record tells no call
}

func (c *sourcedRecord) logs(t *testing.T) plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName(c.scope)
	rec := sl.LogRecords().AppendEmpty()
	rec.SetTimestamp(pcommon.NewTimestampFromTime(time.Unix(1_790_000_000, 0)))
	rec.SetEventName(c.event)
	require.NoError(t, rec.Attributes().FromRaw(c.attrs))
	require.NoError(t, rec.Body().FromRaw(c.body))
	return ld
}

// told are the columns of the call that a record tells; empty for none.
func (c *sourcedRecord) spec(t *testing.T) anyMap {
	t.Helper()
	b := Read(c.logs(t), KeepGenAI, nil)
	spans := mapping.New(mapping.Options{}).Map(b.Spans).Spans
	require.Equal(t, len(b.Observations), len(spans))
	got := anyMap{}
	if len(spans) == 0 {
		return got
	}
	s := &spans[0]
	put := func(column string, v any, is bool) {
		if is {
			got[column] = v
		}
	}
	put("kind", s.Kind.String(), true)
	for column, text := range map[string]string{
		"request_model": s.RequestModel, "response_model": s.ResponseModel, "response_id": s.ResponseID, "provider": s.Provider, "session": s.SessionID, "user": s.UserID,
		"tool": s.ToolName, "call": s.ToolCallID, "error_type": s.ErrorType, "error": s.ErrorMessage, "agent": s.AgentName, "ids": strings.Join(b.Observations[0].IDs, " "),
	} {
		put(column, text, text != "")
	}
	for column, n := range map[string]mapping.Int{
		"input": s.Usage.Input, "output": s.Usage.Output, "total": s.Usage.Total, "cache_read": s.Usage.CacheRead, "cache_write": s.Usage.CacheCreation, "reasoning": s.Usage.Reasoning,
	} {
		put(column, int(n.V), n.OK)
	}
	put("cost", s.Usage.TotalCost.Decimal.String(), s.Usage.TotalCost.Valid)
	put("failed", true, s.Status == "error" || s.ErrorType != "")
	put("ms", int((s.End-s.Start)/1000), s.End > s.Start)
	put("asked", len(s.InputMessageIDs), len(s.InputMessageIDs) > 0)
	put("answered", len(s.OutputMessageIDs), len(s.OutputMessageIDs) > 0)
	put("arguments", true, s.ToolArgumentsID != (content.ID{}))
	put("result", true, s.ToolResultID != (content.ID{}))
	put("finish", strings.Join(s.FinishReasons, " "), len(s.FinishReasons) > 0)
	return got
}

// TestSourcedRecords holds what records tell that public code writes, or that invented programs
// might, to what they mean in that code.
func TestSourcedRecords(t *testing.T) {
	held, all := 0, 0
	for i, c := range slices.Concat(sourcedRecords, inventedRecords) {
		name, _ := c.attrs["event.name"].(string)
		t.Run(strings.ReplaceAll(fmt.Sprintf("%d %s %s%s", i, c.source, c.event, name), "/", "|"), func(t *testing.T) {
			got := c.spec(t)
			if c.want == nil {
				all++
				if len(got) > 0 {
					t.Errorf("tells a call: %v", got)
					return
				}
				held++
				return
			}
			for _, column := range slices.Sorted(maps.Keys(c.want)) {
				all++
				if fmt.Sprint(got[column]) != fmt.Sprint(c.want[column]) {
					t.Errorf("%s: %v, want %v", column, got[column], c.want[column])
					continue
				}
				held++
			}
		})
	}
	t.Logf("%d of %d fields hold", held, all)
}
