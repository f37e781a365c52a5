package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// agentTrace makes a trace as agents leave it: an agent, model calls with their
// whole history, tool calls between. All traces share some words.
func agentTrace(r *rand.Rand, turns int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "exactly-once")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("test")
	var trace pcommon.TraceID
	fill(r, trace[:])
	start := time.Now().Add(-time.Minute)
	add := func(parent pcommon.SpanID, operation string) ptrace.Span {
		span := ss.Spans().AppendEmpty()
		span.SetTraceID(trace)
		var id pcommon.SpanID
		fill(r, id[:])
		span.SetSpanID(id)
		span.SetParentSpanID(parent)
		span.SetName(operation)
		start = start.Add(time.Millisecond)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Millisecond)))
		span.Attributes().PutStr("gen_ai.operation.name", operation)
		return span
	}
	agent := add(pcommon.SpanID{}, "invoke_agent")
	agent.Attributes().PutStr("user.id", fmt.Sprint("user", r.IntN(5)))
	agent.Attributes().PutInt("gen_ai.usage.input_tokens", int64(10*turns))
	var history []string
	for turn := range turns {
		history = append(history, fmt.Sprintf(`{"role":"user","parts":[{"type":"text","content":"question %d"}]}`, r.IntN(20)))
		answer := fmt.Sprintf(`{"role":"assistant","parts":[{"type":"text","content":"answer %d of %s"}]}`, turn, trace)
		call := add(agent.SpanID(), "chat")
		call.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		call.Attributes().PutStr("gen_ai.input.messages", list(history))
		call.Attributes().PutStr("gen_ai.output.messages", "["+answer+"]")
		call.Attributes().PutInt("gen_ai.usage.input_tokens", 10)
		call.Attributes().PutInt("gen_ai.usage.output_tokens", int64(r.IntN(9)))
		tool := add(call.SpanID(), "execute_tool")
		tool.Attributes().PutStr("gen_ai.tool.name", "search")
		tool.Attributes().PutStr("gen_ai.tool.call.arguments", `{"q":"x"}`)
		history = append(history, answer)
	}
	return td
}

func list(messages []string) string {
	text := "["
	for i, m := range messages {
		if i > 0 {
			text += ","
		}
		text += m
	}
	return text + "]"
}

func fill(r *rand.Rand, id []byte) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
}

// agentTraces makes n traces and counts their spans.
func agentTraces(seed uint64, n int) (traces []ptrace.Traces, spans int) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		td := agentTrace(r, 1+r.IntN(4))
		traces = append(traces, td)
		spans += td.SpanCount()
	}
	return traces, spans
}

func TestSameBatchThreeTimesIsStoredOnce(t *testing.T) {
	e, db := startExporter(t, nil)
	traces, spans := agentTraces(1, 10)
	for range 3 {
		for _, td := range traces {
			consume(t, e, td)
		}
	}
	rowcheck.Spans(t, db, spans)
}

func TestDatabaseInAnotherTimeZone(t *testing.T) {
	url, db := storetest.Open(t)
	var name string
	require.NoError(t, db.QueryRow(t.Context(), `SELECT current_database()`).Scan(&name))
	_, err := db.Exec(t.Context(), fmt.Sprintf(`ALTER DATABASE %q SET timezone = 'Asia/Seoul'`, name))
	require.NoError(t, err)
	db.Reset()
	e := startExporterAt(t, url, nil)
	td, span := newSpan("clock", 1, 0, time.Now(), time.Now())
	late := time.Now().UTC().Truncate(24 * time.Hour).Add(-time.Minute) // the next day in Seoul
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(late))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(late))
	span.Attributes().PutStr("gen_ai.input.messages", question)
	consume(t, e, td)
	rowcheck.Spans(t, db, 1)
	var partition string
	require.NoError(t, db.QueryRow(t.Context(), `SELECT tableoid::regclass::text FROM llm_spans`).Scan(&partition))
	require.Equal(t, "llm_spans_"+late.Format("20060102"), partition)
}

// TestConcurrentSendersShareTraces has 8 senders, through two exporters, send
// the spans of the same traces one by one, each span by two of them.
func TestConcurrentSendersShareTraces(t *testing.T) {
	for name, redis := range map[string]bool{"without Redis": false, "with Redis": true} {
		t.Run(name, func(t *testing.T) {
			url := storetest.NewDatabase(t)
			shared := pool.DefaultConfig().Redis
			if redis {
				shared.URL = configopaque.String(testserver.RedisURL(t))
				shared.KeyPrefix = t.Name()
			}
			configure := func(cfg *llmobservatoryexporter.Config) {
				if redis {
					cfg.Redis = configoptional.Some(shared)
				}
			}
			exporters := []exporter.Traces{startExporterAt(t, url, configure), startExporterAt(t, url, configure)}
			traces, spans := agentTraces(2, 12)
			var batches []ptrace.Traces
			for _, td := range traces {
				batches = append(batches, spanByBatch(td)...)
			}
			group, ctx := errgroup.WithContext(t.Context())
			for sender := range 8 {
				r := rand.New(rand.NewPCG(uint64(sender), 3))
				group.Go(func() error {
					for _, i := range r.Perm(len(batches)) {
						if i%4 != sender%4 {
							continue
						}
						if err := exporters[sender%2].ConsumeTraces(ctx, batches[i]); err != nil {
							return err
						}
					}
					return nil
				})
			}
			require.NoError(t, group.Wait())
			rowcheck.Spans(t, storetest.Pool(t, url), spans)
		})
	}
}

// TestCutConnectionLosesAndDoublesNothing cuts the connection right before the
// server sees COMMIT, and right after it has committed, and sends again.
func TestCutConnectionLosesAndDoublesNothing(t *testing.T) {
	// Most of the exporter's upkeep commits by the simple protocol, in which no NoData comes before.
	const committed = "n\x00\x00\x00\x04C\x00\x00\x00\x0bCOMMIT\x00"
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	for name, arm := range map[string]func(*testserver.Proxy) <-chan struct{}{
		"before COMMIT": func(p *testserver.Proxy) <-chan struct{} { return p.CutOnRequest("COMMIT") },
		"after COMMIT":  func(p *testserver.Proxy) <-chan struct{} { return p.CutOnReply(committed) },
	} {
		t.Run(name, func(t *testing.T) {
			direct := pg.NewDatabase(t)
			proxy := pg.Proxy(t)
			db := storetest.Pool(t, direct)
			var database string
			require.NoError(t, db.QueryRow(t.Context(), `SELECT current_database()`).Scan(&database))
			e := startExporterAt(t, pg.URLVia(proxy.Port, database), func(cfg *llmobservatoryexporter.Config) { cfg.RetryConfig.Enabled = false })
			traces, spans := agentTraces(3, 6)
			for _, td := range traces[:3] {
				consume(t, e, td)
			}
			for _, td := range traces {
				cut := arm(proxy)
				for e.ConsumeTraces(t.Context(), td) == nil { // the commit of the exporter's upkeep was cut
					<-cut
					proxy.Resume()
					cut = arm(proxy)
				}
				<-cut
				proxy.Resume()
				require.Eventually(t, func() bool { return e.ConsumeTraces(context.Background(), td) == nil }, 20*time.Second, 10*time.Millisecond)
			}
			rowcheck.Spans(t, db, spans)
		})
	}
}

// TestConversationIsStoredOnce has an agent send its whole history with each of
// 30 calls.
func TestConversationIsStoredOnce(t *testing.T) {
	e, db := startExporter(t, nil)
	td := agentTrace(rand.New(rand.NewPCG(4, 4)), 30)
	for _, batch := range spanByBatch(td) {
		consume(t, e, batch)
	}
	rowcheck.Spans(t, db, td.SpanCount())

	sent := map[string]bool{}
	var histories [][]any
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		for _, key := range []string{"gen_ai.input.messages", "gen_ai.output.messages"} {
			v, ok := span.Attributes().Get(key)
			if !ok {
				continue
			}
			var messages []any
			require.NoError(t, json.Unmarshal([]byte(v.Str()), &messages))
			for _, m := range messages {
				sent[asJSON(m)] = true
			}
			if key == "gen_ai.input.messages" {
				histories = append(histories, messages)
			}
		}
	}
	var stored int
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_contents WHERE body ? 'role'`).Scan(&stored))
	require.Equal(t, len(sent), stored, "distinct messages, an answer and its copy in the history being one")
	require.Equal(t, histories, storedHistories(t, db))
}

func storedHistories(t *testing.T, db *pgxpool.Pool) (histories [][]any) {
	rows, err := db.Query(t.Context(), `SELECT input_messages FROM llm_calls ORDER BY start_time`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var messages []any
		require.NoError(t, rows.Scan(&messages))
		histories = append(histories, messages)
	}
	require.NoError(t, rows.Err())
	return histories
}
