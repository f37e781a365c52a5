package acceptance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestResourcesSayWhose has OTEL_RESOURCE_ATTRIBUTES name the person, the team and a session in each captured run. Whichever
// signals arrive, each call and tool has all three, and the same of the three, and what a program says itself comes first.
func TestResourcesSayWhose(t *testing.T) {
	whose := map[string]map[string]string{}
	for _, order := range []string{"traces", "logs", "traces first", "record by record"} {
		whose[order] = map[string]string{}
		url, labelled := storetest.NewDatabase(t), func(cfg *llmobservatoryexporter.Config) { cfg.Labels = []string{"department"} }
		a, b, db := startBoth(t, url, labelled), startBoth(t, url, labelled), storetest.Pool(t, url)
		var sums agentruns.Truth
		for _, captured := range agentruns.Load(t) {
			agentruns.EachResource(&captured, func(attrs pcommon.Map) {
				attrs.PutStr("user.id", "user-1") // the spans of Qwen Code alone say so themselves
				attrs.PutStr("department", captured.Name)
				if _, there := attrs.Get("session.id"); !there {
					attrs.PutStr("session.id", "shell of "+captured.Name)
				}
			})
			r := cut(captured)
			signalOrders[order](t, &r, a, b)
			sums.Add(r.TruthIn(order != "logs", order != "traces"))
			requireTruth(t, db, sums, r.Name)
			whose[order][r.Name] = strings.Join(column[string](t, db, `SELECT DISTINCT concat_ws('|', coalesce(user_id, '-'), coalesce(session_id, '-')) FROM (
				SELECT user_id, session_id, labels FROM llm_calls UNION ALL SELECT user_id, session_id, labels FROM llm_tool_calls) c
				WHERE labels ->> 'department' = $1 ORDER BY 1`, captured.Name), "\n")
		}
		require.Zero(t, countRows(t, db, "SELECT FROM llm_calls WHERE user_id IS NULL OR session_id IS NULL OR labels IS NULL"), order)
		require.Zero(t, countRows(t, db, "SELECT FROM llm_tool_calls WHERE user_id IS NULL OR session_id IS NULL OR labels IS NULL"), order)
		require.Zero(t, countRows(t, db, "SELECT FROM llm_events WHERE user_id IS NULL OR session_id IS NULL"), order)
	}
	for name, told := range whose["logs"] {
		if told == "" {
			continue // its records tell no calls
		}
		if byTraces := whose["traces"][name]; byTraces != "" {
			require.Equal(t, told, byTraces, name)
		}
		require.Equal(t, told, whose["traces first"][name], name)
		require.Equal(t, told, whose["record by record"][name], name)
	}
}
