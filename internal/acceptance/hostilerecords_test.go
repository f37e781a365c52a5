package acceptance

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// wilder changes records at random: bodies of every kind, times 0 and in 2554, attributes of
// other types, ids that are missing or of other spans.
func wilder(r *rand.Rand, ld plog.Logs) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, rec := range sl.LogRecords().All() {
				switch r.IntN(8) {
				case 0:
					rec.SetTimestamp(pcommon.Timestamp([]uint64{0, 1, math.MaxUint64}[r.IntN(3)]))
				case 1:
					rec.SetTimestamp(0)
					rec.SetObservedTimestamp(0)
				case 2:
					agentruns.Hostile(r, rec.Body())
				case 3:
					rec.SetTraceID(pcommon.TraceID{})
				case 4:
					rec.SetSpanID(pcommon.SpanID{byte(r.IntN(3))})
				case 5:
					rec.SetEventName(strings.Repeat("gen_ai.choice\x00", 1+r.IntN(300)))
				}
				for key, v := range rec.Attributes().All() {
					if key != "event.name" && r.IntN(8) == 0 {
						agentruns.Hostile(r, v)
					}
				}
			}
		}
	}
}

// TestHostileRecordsAreStored sends captured records that were changed at random, beside one
// that was not, in one batch: whatever has a time is stored, and every view reads it.
func TestHostileRecordsAreStored(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, func(cfg *llmobservatoryexporter.Config) { cfg.Events.Keep = logs.KeepAll }), storetest.Pool(t, url)
	r := rand.New(rand.NewPCG(19, 5))
	want := map[string]bool{}
	for range 3 {
		for name, ld := range logCases(t) {
			wilder(r, ld)
			sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
			sl.Scope().SetName("neighbour")
			neighbour := sl.LogRecords().AppendEmpty()
			neighbour.SetTimestamp(1_795_863_746_000_000_000)
			neighbour.Body().SetStr("unharmed " + name)
			for _, rec := range logs.Read(ld, logs.KeepAll, nil).Records {
				want[string(rec.ID[:])] = true
			}
			require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld), name)
			if base, ok := strings.CutSuffix(name, ".logs.json"); ok {
				require.NoError(t, c.traces.ConsumeTraces(t.Context(), agentruns.LoadTraces(t, fixtureFolder+"/"+base+".otlp.json")))
			}
		}
	}
	require.Equal(t, len(want), countRows(t, db, "SELECT FROM llm_events"))
	require.Equal(t, len(logCases(t)), countRows(t, db, "SELECT FROM llm_event_details WHERE body #>> '{}' LIKE 'unharmed %'"))
	readViews(t, db)
	_, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"0102","spanId":"01"}]}]}]}`))
	require.Error(t, err, "ids of another length do not get past the receiver")
}

// readViews reads each view whole, and the transcript of each session.
func readViews(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	views := column[string](t, db, "SELECT viewname::text FROM pg_views WHERE schemaname = current_schema() AND viewname LIKE 'llm%'")
	require.NotEmpty(t, views)
	for _, view := range views {
		countRows(t, db, "SELECT to_jsonb(v) FROM "+view+" v")
	}
	countRows(t, db, "SELECT to_jsonb(x) FROM llm_sessions s CROSS JOIN LATERAL llm_transcript(s.session_id) x")
}
