package acceptance

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestMutatedCapturesAreStored sends captures that were changed at random, twice and to two collectors: none is set
// aside, the figures agree, and every view reads them. SEEDS asks for more of them than usual.
func TestMutatedCapturesAreStored(t *testing.T) {
	url := storetest.NewDatabase(t)
	all := func(cfg *llmobservatoryexporter.Config) { cfg.Events.Keep = logs.KeepAll }
	collectors, db := []collector{startBoth(t, url, all), startBoth(t, url, all)}, storetest.Pool(t, url)
	m := agentruns.NewMutator(t)
	records := map[string]bool{}
	for seed := range uint64(agentruns.Seeds(20)) {
		r := rand.New(rand.NewPCG(seed, 8))
		for range 4 {
			td, ld := m.Traces(r), m.Logs(r)
			for _, rec := range logs.Read(ld, logs.KeepAll, nil).Records {
				records[string(rec.ID[:])] = true
			}
			for _, c := range collectors[:1+r.IntN(2)] {
				require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld), "seed %d", seed)
				require.NoError(t, c.traces.ConsumeTraces(t.Context(), td), "seed %d", seed)
			}
		}
	}
	require.Equal(t, len(records), countRows(t, db, "SELECT FROM llm_events"))
	rowcheck.Consistent(t, db)
	rowcheck.Agree(t, db)
	requireCountedAlike(t, db)
	readViews(t, db)
}
