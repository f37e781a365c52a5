package acceptance

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// variant makes runs of one to three sessions that are changed such that they mean the same,
// and loses one signal or some of one signal. It returns what is left of the truth.
func variant(r *rand.Rand, runs []agentruns.Run) (all agentruns.Run, want agentruns.Truth, what string) {
	var parts []agentruns.Run
	var changes []string
	traces, logs := r.IntN(5) > 0, r.IntN(5) > 0
	for range 1 + r.IntN(3) {
		run := runs[r.IntN(len(runs))].Copy()
		agentruns.OtherIDs(r, &run)
		changes = append(append(changes, run.Name), agentruns.Vary(r, &run)...)
		if !traces {
			run.Traces = ptrace.NewTraces()
		}
		if !logs {
			run.Logs = plog.NewLogs()
		}
		want.Add(run.TruthIn(traces, logs))
		both := run.Traces.SpanCount() > 0 && run.Logs.LogRecordCount() > 0
		if both && run.Agent() != "gemini" && r.IntN(2) == 0 {
			agentruns.LoseRecords(r, &run)
			changes = append(changes, "records lost")
		} else if both && run.Agent() != "opencode" && r.IntN(3) == 0 {
			agentruns.LoseCalls(&run)
			changes = append(changes, "spans of calls lost")
		} else if both && run.Agent() != "opencode" && r.IntN(2) == 0 {
			agentruns.LoseSpans(r, &run)
			changes = append(changes, "spans lost")
		}
		parts = append(parts, run)
	}
	return agentruns.Together(parts...), want, strings.Join(changes, ", ")
}

// runsAndCollectors loads the captured runs, except for long ones, and starts two collectors of
// one database.
func runsAndCollectors(t *testing.T) ([]agentruns.Run, *pgxpool.Pool, []collector) {
	t.Helper()
	runs := slices.DeleteFunc(agentruns.Load(t), func(r agentruns.Run) bool { return r.Traces.SpanCount() > 1000 })
	url := storetest.NewDatabase(t)
	return runs, storetest.Pool(t, url), []collector{startBoth(t, url, nil), startBoth(t, url, nil)}
}

// TestVariantsOfRunsInRandomBatches sends variants of the captured runs in random batches,
// some of them twice, to two collectors.
func TestVariantsOfRunsInRandomBatches(t *testing.T) {
	runs, db, collectors := runsAndCollectors(t)
	var sums agentruns.Truth
	for seed := range uint64(agentruns.Seeds(25)) {
		r := rand.New(rand.NewPCG(seed, 19))
		all, want, what := variant(r, runs)
		sums.Add(want)
		for _, a := range batches(r, all) {
			a.send(t, collectors[r.IntN(2)])
		}
		requireTruth(t, db, sums, what)
		requirePrompts(t, db, all)
	}
	rowcheck.Consistent(t, db)
}

// TestVariantsOfRunsAtOnce sends variants of the captured runs in batches at the same time to
// two collectors: none sees what the others store meanwhile.
func TestVariantsOfRunsAtOnce(t *testing.T) {
	runs, db, collectors := runsAndCollectors(t)
	var sums agentruns.Truth
	for seed := range uint64(agentruns.Seeds(15)) {
		r := rand.New(rand.NewPCG(seed, 29))
		all, want, what := variant(r, runs)
		sums.Add(want)
		list := batches(r, all)
		var sent sync.WaitGroup
		for sender := range 4 {
			sent.Go(func() {
				for i := sender; i < len(list); i += 4 {
					list[i].send(t, collectors[i%2])
				}
			})
		}
		sent.Wait()
		requireTruth(t, db, sums, what)
		requirePrompts(t, db, all)
	}
	rowcheck.Consistent(t, db)
}

// batches cuts a run into batches in random order.
func batches(r *rand.Rand, all agentruns.Run) (list []arrival) {
	pieces := pieces(all.Traces, all.Logs)
	if r.IntN(3) > 0 {
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	}
	size := []int{3, 30, len(pieces)}[r.IntN(3)]
	for some := range slices.Chunk(pieces, max(1, size)) {
		var td []ptrace.Traces
		var ld []plog.Logs
		for _, p := range some {
			if p.td != nil {
				td = append(td, *p.td)
			} else {
				ld = append(ld, *p.ld)
			}
		}
		a := arrival{}
		if td != nil {
			all := joinTraces(td)
			a.td = &all
		}
		if ld != nil {
			all := joinLogs(ld)
			a.ld = &all
		}
		for range 1 + r.IntN(4)/3 {
			list = append(list, a)
		}
	}
	return list
}

// turnOfCodex makes a turn of so many calls, each told by a span and a record, which end so
// far apart.
func turnOfCodex(calls int, apart time.Duration) (td ptrace.Traces, ld plog.Logs) {
	td, ld = ptrace.NewTraces(), plog.NewLogs()
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName("codex_exec")
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("codex_otel.log_only")
	begin := time.Now().Add(-2 * time.Hour)
	for i := range calls {
		end := begin.Add(time.Duration(i) * apart)
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1})
		s.SetSpanID(pcommon.SpanID{1, byte(i >> 16), byte(i >> 8), byte(i)})
		s.SetName("handle_responses")
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-apart / 2)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
		s.Attributes().PutStr("conversation.id", "long")
		s.Attributes().PutInt("gen_ai.usage.input_tokens", int64(1000+i))
		s.Attributes().PutInt("gen_ai.usage.output_tokens", 10)
		rec := sl.LogRecords().AppendEmpty()
		rec.SetObservedTimestamp(s.EndTimestamp())
		for key, value := range map[string]string{
			"event.name": "codex.sse_event", "event.kind": "response.completed", "conversation.id": "long", "model": "gpt-5",
			"input_token_count": strconv.Itoa(1000 + i), "output_token_count": "10",
		} {
			rec.Attributes().PutStr(key, value)
		}
	}
	return td, ld
}

// TestEachCallOfALongTurnCountsOnce has a turn of many calls of which one signal comes after
// the other, each in one batch.
func TestEachCallOfALongTurnCountsOnce(t *testing.T) {
	const calls = 3000
	for name, order := range map[string]func(ptrace.Traces, plog.Logs) []arrival{
		"spans first":   func(td ptrace.Traces, ld plog.Logs) []arrival { return []arrival{{td: &td}, {ld: &ld}} },
		"records first": func(td ptrace.Traces, ld plog.Logs) []arrival { return []arrival{{ld: &ld}, {td: &td}} },
	} {
		t.Run(name, func(t *testing.T) {
			url := storetest.NewDatabase(t)
			c, db := startBoth(t, url, nil), storetest.Pool(t, url)
			for _, a := range order(turnOfCodex(calls, 100*time.Millisecond)) {
				a.send(t, c)
			}
			var counted, input int64
			require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*), sum(input_tokens) FROM llm_calls").Scan(&counted, &input))
			require.Equal(t, []int64{calls, calls * (1000 + 1000 + calls - 1) / 2}, []int64{counted, input})
		})
	}
}
