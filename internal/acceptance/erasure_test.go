package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
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
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// said makes a trace of a user's one call with words of its own and words that all
// say, an attribute and an event with long texts among them.
func said(trace uint64, user, session string, at time.Time) ptrace.Traces {
	td, span := newSpan("said", 1, 0, at, at.Add(time.Second))
	var id pcommon.TraceID
	r := rand.New(rand.NewPCG(trace, 0))
	fill(r, id[:])
	span.SetTraceID(id)
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("user.id", user)
	span.Attributes().PutStr("session.id", session)
	span.Attributes().PutInt("gen_ai.usage.input_tokens", 3)
	span.Attributes().PutStr("gen_ai.system_instructions", `[{"type":"text","content":"Be brief."}]`)
	span.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"hello"}]},
		{"role":"user","parts":[{"type":"text","content":"I am `+user+` in `+id.String()+`"}]}]`)
	span.Attributes().PutStr("app.note", fmt.Sprintf("%s: %3000d", user, trace))
	event := span.Events().AppendEmpty()
	event.SetName("gen_ai.user.message")
	event.Attributes().PutStr("content", fmt.Sprintf("event of %s: %d", user, trace))
	return td
}

type erasure struct{ traces, spans, contents int }

func erase(t *testing.T, db *pgxpool.Pool, what, value string) (e erasure) {
	t.Helper()
	require.NoError(t, db.QueryRow(t.Context(), `SELECT traces, spans, contents FROM llm_erase_`+what+`($1)`, value).Scan(&e.traces, &e.spans, &e.contents))
	return e
}

// TestErasureTakesTheWordsNobodyElseSaid erases by trace, session and user and looks
// for the words.
func TestErasureTakesTheWordsNobodyElseSaid(t *testing.T) {
	e, db := startExporter(t, nil)
	now := time.Now()
	yesterday := now.AddDate(0, 0, -1)
	for i, at := range []time.Time{now, now, yesterday} {
		consume(t, e, said(uint64(10+i), "alice", fmt.Sprint("a", i), at))
	}
	consume(t, e, said(20, "bob", "b", now))
	consume(t, e, said(21, "bob", "b", now))
	foldAll(t, db, now.Add(3*time.Hour))
	left := func(like string) (n int) {
		require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_contents WHERE body::text LIKE $1`, "%"+like+"%").Scan(&n))
		return n
	}
	require.Equal(t, 4, left("hello")+left("brief"), "shared words are stored once a day")
	perTrace := left("alice") / 3

	require.Equal(t, erasure{1, 1, perTrace}, erase(t, db, "session", "a0"))
	require.Equal(t, 2*perTrace, left("alice"))
	require.Equal(t, 4, left("hello")+left("brief"))
	rowcheck.Spans(t, db, 4)

	got := erase(t, db, "user", "alice")
	require.Equal(t, erasure{2, 2, 2*perTrace + 2}, got, "yesterday nobody else said hello or was told to be brief")
	require.Zero(t, left("alice"))
	rowcheck.Spans(t, db, 2)

	var hex string
	require.NoError(t, db.QueryRow(t.Context(), `SELECT upper(min(trace_id)) FROM llm_traces`).Scan(&hex))
	require.Equal(t, erasure{1, 1, perTrace}, erase(t, db, "trace", hex))
	rowcheck.Spans(t, db, 1)
	require.Equal(t, erasure{}, erase(t, db, "trace", hex), "nothing is left to erase")
	rowcheck.Spans(t, db, 1)

	// What an erased trace said can be said again.
	consume(t, e, said(10, "alice", "a0", now))
	require.Equal(t, perTrace, left("alice"))
	rowcheck.Spans(t, db, 2)
}

func TestErasureRefusesToRunWithoutAValue(t *testing.T) {
	e, db := startExporter(t, nil)
	consume(t, e, said(1, "alice", "s", time.Now()))
	for _, call := range []string{"llm_erase_trace(NULL)", "llm_erase_session('')", "llm_erase_user(' ')"} {
		_, err := db.Exec(t.Context(), "SELECT "+call)
		require.ErrorContains(t, err, "nothing is erased", call)
	}
	rowcheck.Spans(t, db, 1)
}

// sharedTrace makes a trace of alice's with an agent of bob's in it: the calls below the two
// agents name no user themselves.
func sharedTrace(trace uint64, at time.Time) ptrace.Traces {
	td := ptrace.NewTraces()
	var id pcommon.TraceID
	fill(rand.New(rand.NewPCG(trace, 0)), id[:])
	add := func(name string, n, parent byte, operation, user, words string) {
		one, span := newSpan(name, n, parent, at, at.Add(time.Second))
		span.SetTraceID(id)
		span.SetName(name)
		span.Attributes().PutStr("gen_ai.operation.name", operation)
		if user != "" {
			span.Attributes().PutStr("user.id", user)
			span.Attributes().PutStr("session.id", "of "+user)
		}
		if words != "" {
			span.Attributes().PutInt("gen_ai.usage.input_tokens", int64(n))
			span.Attributes().PutInt("gen_ai.usage.output_tokens", 0)
			span.Attributes().PutStr("gen_ai.request.model", "model of "+name)
			span.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+words+`"}]}]`)
		}
		one.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	add("alice's agent", 1, 0, "invoke_agent", "alice", "")
	add("alice's call", 2, 1, "chat", "", fmt.Sprint("alice says ", trace))
	add("bob's agent", 3, 1, "invoke_agent", "bob", "")
	add("bob's call", 4, 3, "chat", "", fmt.Sprint("bob says ", trace))
	return td
}

// TestErasureLeavesTheOthersOfASharedTrace erases one of two users, then by session, and
// whole traces.
func TestErasureLeavesTheOthersOfASharedTrace(t *testing.T) {
	e, db := startExporter(t, nil)
	now := time.Now()
	for trace := range uint64(4) {
		consume(t, e, sharedTrace(trace, now))
	}
	one := func(sql string) (n int) {
		require.NoError(t, db.QueryRow(t.Context(), sql).Scan(&n), sql)
		return n
	}
	require.Equal(t, erasure{0, 8, 4}, erase(t, db, "user", "bob"), "the agent and the call below it, of each trace")
	rowcheck.Spans(t, db, 8)
	require.Zero(t, one(`SELECT count(*) FROM llm_contents WHERE body::text LIKE '%bob says%'`))
	require.Equal(t, 4, one(`SELECT count(*) FROM llm_contents WHERE body::text LIKE '%alice says%'`))
	require.Equal(t, 4*2, one(`SELECT sum(total_tokens) FROM llm_traces`))

	// What is erased may come again, and joins its trace.
	for trace := range uint64(4) {
		consume(t, e, sharedTrace(trace, now))
	}
	rowcheck.Spans(t, db, 16)
	require.Equal(t, 4*6, one(`SELECT sum(total_tokens) FROM llm_traces`))

	require.Equal(t, erasure{0, 12, 8}, erase(t, db, "session", "of alice"), "the call below bob's agent too, which the views give her")
	rowcheck.Spans(t, db, 4)
	require.Equal(t, 4, one(`SELECT count(*) FROM llm_traces WHERE user_id = 'bob' AND session_id = 'of bob' AND root_span_id IS NULL AND name = 'bob''s agent'`))

	consume(t, e, sharedTrace(9, now))
	var got erasure
	require.NoError(t, db.QueryRow(t.Context(), `SELECT traces, spans, contents FROM llm_erase_user('alice', whole_trace => true)`).Scan(&got.traces, &got.spans, &got.contents))
	require.Equal(t, erasure{1, 4, 2}, got)
	rowcheck.Spans(t, db, 4)

	require.Equal(t, 3, one(`SELECT count(*) FROM llm_erasures WHERE erased_by = session_user AND erased_at > now() - interval '1 hour'`))
	require.Equal(t, 1, one(`SELECT spans FROM llm_erasures WHERE subject = 'user' AND NOT whole_trace AND value_hash = encode(sha256('bob'), 'hex')`)/8)
}

// TestErasureOfATraceByItsIDs takes hex and uuid, and refuses what is neither.
func TestErasureOfATraceByItsIDs(t *testing.T) {
	e, db := startExporter(t, nil)
	consume(t, e, said(1, "alice", "s", time.Now()))
	consume(t, e, said(2, "alice", "s", time.Now()))
	var hex, id string
	require.NoError(t, db.QueryRow(t.Context(), `SELECT min(trace_id), max(id::text) FROM llm_traces`).Scan(&hex, &id))
	for _, wrong := range []string{"abc", hex + "0", hex[1:], "trace", id[1:], "{" + id + "}", hex[:31] + "g"} {
		_, err := db.Exec(t.Context(), "SELECT llm_erase_trace($1)", wrong)
		require.ErrorContains(t, err, "is no trace id", wrong)
	}
	require.Equal(t, 1, erase(t, db, "trace", " "+hex+" ").traces)
	require.Equal(t, 1, erase(t, db, "trace", id).traces)
	require.Zero(t, erase(t, db, "trace", id).traces)
	rowcheck.Spans(t, db, 0)
}

// TestErasureWhileCollectorsWrite has three exporters write the spans of a user's
// 1,000 traces, and of others who say the same words, while the user is erased
// again and again.
func TestErasureWhileCollectorsWrite(t *testing.T) {
	url, db := storetest.Open(t)
	group, ctx := errgroup.WithContext(t.Context())
	var sent atomic.Int64
	for i := range 3 {
		e := startExporterAt(t, url, nil)
		group.Go(func() error { return sayAll(ctx, e, i, &sent) })
	}
	written := make(chan error, 1)
	go func() { written <- group.Wait() }()
	var total erasure
	for done := false; !done; {
		select {
		case err := <-written:
			require.NoError(t, err)
			done = true
		default:
		}
		got := erase(t, db, "user", "alice")
		total.traces += got.traces
		total.spans += got.spans
		rowcheck.Usage(t, db)
		_, err := upkeep.FoldUsage(t.Context(), db, "public", time.Now().Add(3*time.Hour))
		require.NoError(t, err)
	}
	rowcheck.Consistent(t, db)
	require.Greater(t, total.traces, 900, "most traces were erased meanwhile, some several times")
	var alice, stored int
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE user_id = 'alice'), count(*) FROM llm_spans`).Scan(&alice, &stored))
	require.Zero(t, alice, "the last erasure was after the last span")
	require.EqualValues(t, sent.Load(), total.spans+stored, "each span was stored, and erased at most once")
	foldAll(t, db, time.Now().Add(3*time.Hour))
	rowcheck.Usage(t, db)
}

// sayAll sends two spans of each of 1,000 traces, a third of them from each of three
// exporters, and as many of other users; all say some of the same words.
func sayAll(ctx context.Context, e exporter.Traces, exporter int, sent *atomic.Int64) error {
	r := rand.New(rand.NewPCG(uint64(exporter), 9))
	for batch := range 100 {
		td := ptrace.NewTraces()
		for range 10 {
			n := uint64(r.IntN(1000))
			for i, user := range []string{"alice", "bob"} {
				said(n*2+uint64(i), user, fmt.Sprint(user, n%7), time.Now()).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
				span := td.ResourceSpans().At(td.ResourceSpans().Len() - 1).ScopeSpans().At(0).Spans().At(0)
				span.SetSpanID(pcommon.SpanID{byte(exporter + 1), byte(batch), byte(td.ResourceSpans().Len())})
			}
		}
		sent.Add(int64(td.SpanCount()))
		if err := e.ConsumeTraces(ctx, td); err != nil {
			return err
		}
	}
	return nil
}

// TestErasedTracesLeaveTheCaches looks into Redis and the local cache.
func TestErasedTracesLeaveTheCaches(t *testing.T) {
	url, db := storetest.Open(t)
	shared := pool.DefaultConfig().Redis
	redisURL := testserver.RedisURL(t)
	shared.URL = configopaque.String(redisURL)
	shared.KeyPrefix = t.Name()
	e := startExporterAt(t, url, func(cfg *llmobservatoryexporter.Config) {
		cfg.Redis = configoptional.Some(shared)
		cfg.Retention.Interval = time.Second
	})
	options, err := redis.ParseURL(redisURL)
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer func() { require.NoError(t, client.Close()) }()
	cached := func(trace uint64) bool {
		var id pcommon.TraceID
		fill(rand.New(rand.NewPCG(trace, 0)), id[:])
		found, err := client.Keys(t.Context(), t.Name()+"*"+id.String()).Result()
		require.NoError(t, err)
		return len(found) > 0
	}
	const alices, bobs = 1000, 2000
	pairs := uint64(0)
	require.Eventually(t, func() bool { // a busy machine may have Redis take longer than a batch waits for it
		pairs++
		consume(t, e, said(alices+pairs, "alice", "a", time.Now()))
		consume(t, e, said(bobs+pairs, "bob", "b", time.Now()))
		return cached(alices+pairs) && cached(bobs+pairs)
	}, time.Minute, 10*time.Millisecond)
	erase(t, db, "user", "alice")

	require.Eventually(t, func() bool { return !cached(alices + pairs) }, time.Minute, 10*time.Millisecond, "upkeep tells the caches")
	require.True(t, cached(bobs+pairs))
	consume(t, e, said(alices+pairs, "alice", "a", time.Now()))
	require.EqualValues(t, pairs+1, countRows(t, db, "SELECT FROM llm_traces"), "a trace that comes again has a row")
}
