package acceptance

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestRunsAtOnceInRandomBatches sends several runs of one program at one time, with spans, records or both, in random batches, some of them twice,
// to two collectors, one after the other or at once: the sums are what was asked, no flag goes from false to true, and the flags are those that
// counting anew gives.
func TestRunsAtOnceInRandomBatches(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	watchFlags(t, db)
	var sums agentruns.Truth
	for seed := range uint64(agentruns.Seeds(runsAtOnce)) {
		r := rand.New(rand.NewPCG(seed, 83))
		runs, what := agentruns.SimulateAtOnce(r, agentruns.Simulated[seed%uint64(len(agentruns.Simulated))], time.Now().Add(-20*time.Hour+time.Duration(seed%300)*4*time.Minute))
		lacks := []string{"nothing", "nothing", "spans", "records"}[r.IntN(4)]
		for i := range runs {
			switch lacks {
			case "spans":
				runs[i].Traces = ptrace.NewTraces()
			case "records":
				runs[i].Logs = plog.NewLogs()
			}
			sums.Add(runs[i].TruthIn(lacks != "spans", lacks != "records"))
		}
		list, senders := batches(r, agentruns.Together(runs...)), 1+3*r.IntN(2)
		var sent sync.WaitGroup
		for sender := range senders {
			sent.Go(func() {
				for i := sender; i < len(list); i += senders {
					list[i].send(t, collectors[i%2])
				}
			})
		}
		sent.Wait()
		what = fmt.Sprintf("seed %d: %s, lacks %s, %d batches by %d", seed, what, lacks, len(list), senders)
		requireTruth(t, db, sums, what)
		require.Empty(t, column[string](t, db, "SELECT span FROM risen_flags"), what)
	}
	rowcheck.Consistent(t, db)
	requireCountedAlike(t, db)
	require.NotZero(t, sums.FailedRequests)
}

const runsAtOnce = 20

// watchFlags notes in risen_flags which flags of stored spans go from false to true.
func watchFlags(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	_, err := db.Exec(t.Context(), `CREATE TABLE risen_flags (span text);
		CREATE FUNCTION note_risen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NOT OLD.counted AND NEW.counted OR NOT OLD.usage_counted AND NEW.usage_counted OR NOT OLD.cost_counted AND NEW.cost_counted THEN
				INSERT INTO risen_flags VALUES (concat_ws(' ', NEW.trace_id, NEW.span_id, NEW.source, NEW.name, OLD.counted, OLD.usage_counted, OLD.cost_counted, 'now', NEW.counted, NEW.usage_counted, NEW.cost_counted));
			END IF;
			RETURN NULL;
		END $$;
		CREATE TRIGGER note_risen AFTER UPDATE ON llm_spans FOR EACH ROW EXECUTE FUNCTION note_risen()`)
	require.NoError(t, err)
}
