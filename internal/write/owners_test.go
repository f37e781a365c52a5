package write

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// sharers make spans of a few users, sessions and traces that say much of the same.
type sharers struct {
	r      *rand.Rand
	now    time.Time
	people int
	logs   bool
	before []func(ptrace.Span) // ids and times of spans made

	recordsBefore []plog.LogRecord
}

func (g *sharers) batch() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 1 + g.r.IntN(8) {
		g.span(spans.AppendEmpty())
	}
	return td
}

// span is a call; one in eight has the ids of an earlier one, whatever else it says.
func (g *sharers) span(s ptrace.Span) {
	if len(g.before) > 0 && g.r.IntN(8) == 0 {
		g.before[g.r.IntN(len(g.before))](s)
	} else {
		trace := pcommon.TraceID{1, byte(g.r.IntN(3 * g.people))}
		span := randomSpanID(g.r)
		start := pcommon.NewTimestampFromTime(g.now.Add(-time.Duration(g.r.IntN(2)*24) * time.Hour))
		name := func(s ptrace.Span) {
			s.SetTraceID(trace)
			s.SetSpanID(span)
			s.SetStartTimestamp(start)
			s.SetEndTimestamp(start)
		}
		g.before = append(g.before, name)
		name(s)
	}
	a := s.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	if g.r.IntN(3) > 0 {
		a.PutStr("user.id", g.pick("user", g.people))
	}
	if g.r.IntN(3) > 0 {
		a.PutStr("session.id", g.pick("session", 2*g.people))
	}
	g.talk(a)
	if g.r.IntN(4) == 0 {
		a.PutStr("notes", g.pick(strings.Repeat("a long note ", 300), 2*g.people))
	}
	if g.r.IntN(6) == 0 {
		s.Events().AppendEmpty().Attributes().PutStr("detail", g.pick(strings.Repeat("of an event ", 300), 2*g.people))
	}
}

func (g *sharers) talk(a pcommon.Map) {
	said := func(text string) string {
		return fmt.Sprintf(`{"role":"user","parts":[{"type":"text","content":%q}]}`, text+strings.Repeat(".", 150))
	}
	var messages []string
	if g.r.IntN(2) == 0 { // a conversation as it grows
		conversation := g.r.IntN(2 * g.people)
		for i := range 3 + g.r.IntN(6) {
			messages = append(messages, said(fmt.Sprintf("conversation %d, message %d", conversation, i)))
		}
	} else {
		messages = append(messages, said(g.pick("hello", 2*g.people)))
	}
	a.PutStr("gen_ai.input.messages", "["+strings.Join(messages, ",")+"]")
	a.PutStr("gen_ai.output.messages", "["+said(g.pick("answer", 5*g.people))+"]")
	if g.r.IntN(2) == 0 {
		a.PutStr("gen_ai.system_instructions", fmt.Sprintf(`[{"type":"text","content":%q}]`, g.pick("be brief", 2)))
	}
}

func (g *sharers) pick(what string, n int) string { return fmt.Sprint(what, " ", g.r.IntN(n)) }

// records are log records of calls that spans tell or may tell, and of calls that only records
// tell; one in eight is sent again.
func (g *sharers) records() plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	for range 1 + g.r.IntN(6) {
		if len(g.recordsBefore) > 0 && g.r.IntN(8) == 0 {
			g.recordsBefore[g.r.IntN(len(g.recordsBefore))].CopyTo(records.LogRecords().AppendEmpty())
			continue
		}
		r := records.LogRecords().AppendEmpty()
		g.record(r)
		g.recordsBefore = append(g.recordsBefore, r)
	}
	return ld
}

func (g *sharers) record(r plog.LogRecord) {
	at := g.now.Add(-time.Duration(g.r.IntN(2)*24) * time.Hour).Add(time.Duration(g.r.IntN(1000)) * time.Millisecond)
	r.SetTimestamp(pcommon.NewTimestampFromTime(at))
	a := r.Attributes()
	if g.r.IntN(3) > 0 {
		a.PutStr("user.id", g.pick("user", g.people))
	}
	if g.r.IntN(2) > 0 {
		a.PutStr("session.id", g.pick("session", 2*g.people))
	}
	said := g.pick([]string{"hello", "answer", "be brief"}[g.r.IntN(3)], 2*g.people)
	switch g.r.IntN(4) {
	case 0: // a call that the record tells
		a.PutStr("event.name", "claude_code.api_request")
		a.PutStr("model", "claude-sonnet-4-5")
		a.PutStr("request_id", g.pick("request", 20))
		a.PutInt("input_tokens", 10)
		a.PutInt("output_tokens", 5)
		a.PutInt("duration_ms", 100)
		a.PutStr("prompt.id", g.pick("prompt", 5))
		return
	case 1:
		a.PutStr("event.name", "claude_code.user_prompt")
		a.PutStr("prompt", said+strings.Repeat(".", 150))
		a.PutStr("prompt.id", g.pick("prompt", 5))
		return
	case 2:
		a.PutStr("event.name", "gen_ai.evaluation.result")
		a.PutStr("gen_ai.evaluation.name", "relevance")
		a.PutStr("gen_ai.evaluation.explanation", said+strings.Repeat(".", 150))
	default:
		a.PutStr("event.name", []string{"gen_ai.user.message", "gen_ai.system.message", "gen_ai.choice"}[g.r.IntN(3)])
		r.Body().SetEmptyMap().PutStr("content", said+strings.Repeat(".", 150))
	}
	if len(g.before) == 0 || g.r.IntN(5) == 0 {
		r.SetTraceID(pcommon.TraceID{1, byte(g.r.IntN(3 * g.people))})
		r.SetSpanID(randomSpanID(g.r))
		return
	}
	s := ptrace.NewSpan()
	g.before[g.r.IntN(len(g.before))](s)
	r.SetTraceID(s.TraceID())
	r.SetSpanID(s.SpanID())
}

// erase is a call of a random erasure of what the batches have.
func (g *sharers) erase() string {
	whole := []string{"false", "true"}[g.r.IntN(2)]
	switch g.r.IntN(4) {
	case 0:
		return fmt.Sprintf("llm_erase_trace('%s')", pcommon.TraceID{1, byte(g.r.IntN(3 * g.people))})
	case 1:
		return fmt.Sprintf("llm_erase_session('%s', %s)", g.pick("session", 2*g.people), whole)
	}
	return fmt.Sprintf("llm_erase_user('%s', %s)", g.pick("user", g.people), whole)
}

const referred = `WITH r AS MATERIALIZED (SELECT day, id FROM llm_content_references UNION SELECT day, id FROM llm_internal_event_references) `

// TestErasureByOwnersRemovesWhatNobodyRefersTo compares what each of many erasures removes
// with the definition, a look at all references.
func TestErasureByOwnersRemovesWhatNobodyRefersTo(t *testing.T) {
	seeds, rounds := 4, 25
	if testing.Short() {
		seeds, rounds = 2, 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g, writers, pool := newSharers(t, uint64(seed), 1+seed*2)
			g.logs = seed%2 == 1
			for range rounds {
				g.write(t, writers)
				requireOwners(t, pool)
				requireWhole(t, pool)
				if !g.logs { // words of log records may be replaced by longer ones
					require.Zero(t, count(t, pool, `(`+referred+`SELECT FROM llm_contents c LEFT JOIN r USING (day, id) WHERE r.id IS NULL) c`), "words of duplicates")
				}
				exec(t, pool, `CREATE TABLE before AS `+referred+`SELECT c.day, c.id, r.id IS NOT NULL AS referred FROM llm_contents c LEFT JOIN r USING (day, id)`)
				erasure := g.erase()
				exec(t, pool, "SELECT "+erasure)
				require.Zero(t, count(t, pool, `(`+referred+`SELECT FROM before b LEFT JOIN r USING (day, id) LEFT JOIN llm_contents c USING (day, id)
					WHERE (c.id IS NULL) <> (b.referred AND r.id IS NULL)) b`), erasure)
				exec(t, pool, "DROP TABLE before")
				requireOwners(t, pool)
			}
			rowcheck.Consistent(t, pool)
		})
	}
}

// TestErasureByOwnersBesideWriting erases while batches are written.
func TestErasureByOwnersBesideWriting(t *testing.T) {
	g, writers, pool := newSharers(t, 7, 4)
	g.logs = true
	for range 6 {
		var group errgroup.Group
		erasures := []string{g.erase(), g.erase(), g.erase()}
		group.Go(func() error {
			for _, erasure := range erasures {
				if _, err := pool.Exec(t.Context(), "SELECT "+erasure); err != nil {
					return err
				}
			}
			return nil
		})
		g.write(t, writers)
		require.NoError(t, group.Wait())
		requireOwners(t, pool)
	}
	rowcheck.Consistent(t, pool)
}

func newSharers(t *testing.T, seed uint64, people int) (*sharers, []*Writer, *pgxpool.Pool) {
	t.Helper()
	url, pool := storetest.Open(t)
	exec(t, pool, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$") // for the comparisons
	pool.Reset()
	g := &sharers{r: rand.New(rand.NewPCG(seed, 30)), now: time.Now(), people: people}
	return g, []*Writer{New(pool, "public", window), New(storetest.Pool(t, url), "public", window)}, pool
}

// write has the writers, as of two collectors, store batches at once.
func (g *sharers) write(t *testing.T, writers []*Writer) {
	t.Helper()
	mapper := mapping.New(mapping.Options{})
	var group errgroup.Group
	for _, w := range writers {
		for range 2 {
			batches := []*mapping.Batch{mapped(t, mapper, g.batch()), mapped(t, mapper, g.batch())}
			if g.logs {
				b, err := signal.Logs{Logs: g.records(), Keep: logs.KeepGenAI}.Map(t.Context(), mapper)
				require.NoError(t, err)
				batches = append(batches, b)
			}
			group.Go(func() error {
				for _, b := range batches {
					if _, err := w.Write(t.Context(), b, nil); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	require.NoError(t, group.Wait())
}

func count(t *testing.T, pool *pgxpool.Pool, from string) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&n), from)
	return n
}

// requireWhole requires that every reference has its content.
func requireWhole(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	require.Zero(t, count(t, pool, `(`+referred+`SELECT FROM r LEFT JOIN llm_contents c USING (day, id) WHERE c.id IS NULL) r`), "references without a content")
}

// TestWordsOfDuplicatesAreNotKept has spans come again with other words. These are not stored,
// and are stored for the next span that has them, of whichever batch of the collector.
func TestWordsOfDuplicatesAreNotKept(t *testing.T) {
	w, pool := newWriter(t)
	mapper := mapping.New(mapping.Options{})
	say := func(span byte, words ...string) {
		t.Helper()
		td := ptrace.NewTraces()
		s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1})
		s.SetSpanID(pcommon.SpanID{span})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Truncate(24 * time.Hour)))
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		var messages []string
		for _, word := range words {
			messages = append(messages, fmt.Sprintf(`{"role":"user","content":%q}`, word+strings.Repeat(".", 200)))
		}
		s.Attributes().PutStr("gen_ai.input.messages", "["+strings.Join(messages, ",")+"]")
		_, err := w.Write(t.Context(), mapped(t, mapper, td), nil)
		require.NoError(t, err)
		requireWhole(t, pool)
	}
	removals := func() int { return count(t, pool, "generate_series(1, (SELECT removals FROM llm_contents_removals))") }
	before := removals()
	conversation := []string{"one", "two", "three", "four", "five", "six"}
	say(1, "hello")
	say(1, "good-bye")
	say(1, conversation...)
	require.Equal(t, 1, count(t, pool, "llm_contents"))
	require.Equal(t, before, removals(), "no collector has to ask again what is stored")
	say(2, "good-bye")
	say(3, conversation...)
	say(4, append(conversation, "seven")...)
	say(1, "hello")
	require.Equal(t, 2+len(conversation)+1, count(t, pool, "llm_contents"))

	// Two observations in one batch, of which the second one is the duplicate and has a score.
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for _, text := range []string{"first", "second"} {
		s := spans.AppendEmpty()
		s.SetTraceID(pcommon.TraceID{2})
		s.SetSpanID(pcommon.SpanID{1})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Truncate(24 * time.Hour)))
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		s.Attributes().PutStr("gen_ai.input.messages", fmt.Sprintf(`[{"role":"user","content":%q}]`, text+strings.Repeat(".", 200)))
		score := s.Events().AppendEmpty()
		score.SetName("gen_ai.evaluation.result")
		score.Attributes().PutStr("gen_ai.evaluation.name", "relevance of "+text)
		score.Attributes().PutStr("gen_ai.evaluation.explanation", "since it is "+text+strings.Repeat(".", 200))
	}
	_, err := w.Write(t.Context(), mapped(t, mapper, td), nil)
	require.NoError(t, err)
	requireWhole(t, pool)
	require.Equal(t, 1, count(t, pool, "llm_contents WHERE body ? 'role' AND body::text ~ '(first|second)'"))
	require.Zero(t, count(t, pool, "llm_scores s LEFT JOIN llm_contents c ON c.day = s.day AND c.id = s.explanation_id WHERE c.id IS NULL"), "scores without their explanations")
}

// TestRecordsSentTwiceInABatchCountOnce sends a log record twice in one batch, and again.
func TestRecordsSentTwiceInABatchCountOnce(t *testing.T) {
	w, pool := newWriter(t)
	ld := turnOfAnAgent(1, "ann")
	records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	n := records.Len()
	records.At(0).CopyTo(records.AppendEmpty())
	for sent, written := range []int{n, 0} {
		b, err := signal.Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), mapping.New(mapping.Options{}))
		require.NoError(t, err)
		result, err := w.Write(t.Context(), b, nil)
		require.NoError(t, err)
		require.Equal(t, []int{written, n - written}, []int{result.RecordsWritten, result.RecordsDuplicate}, "sent %d times before", sent)
		require.Equal(t, n, count(t, pool, "llm_events"))
	}
}

// requireOwners requires that every reference is noted, and that every owner that is noted
// has one, unless nothing is known of a content's owners.
func requireOwners(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	require.Zero(t, count(t, pool, `llm_internal_unowned_hours`), "all programs note owners")
	const owners = `WITH owners AS MATERIALIZED (SELECT day, id, owner FROM llm_contents UNION ALL SELECT day, id, owner FROM llm_internal_content_owners),
		refs AS MATERIALIZED (SELECT DISTINCT r.day, r.id, llm_internal_owner(s.user_id, s.session_id, s.source, coalesce(t.trace_id::uuid, s.trace_id)) AS owner
			FROM llm_content_references r JOIN llm_spans s USING (trace_id, span_id, start_time) LEFT JOIN llm_traces t ON t.id = s.trace_id
			UNION SELECT r.day, r.id, llm_internal_record_owner(e.user_id, e.session_id, e.trace_id, e.id)
			FROM llm_internal_event_references r JOIN llm_events e ON e.day = r.day AND e.id = r.event_id),
		others AS MATERIALIZED (SELECT DISTINCT day, id FROM owners WHERE owner IS NULL OR owner IN (0, -1)),
		void AS MATERIALIZED (SELECT DISTINCT day, id FROM owners WHERE owner IS NULL OR owner = -1) `
	require.Zero(t, count(t, pool, `(`+owners+`SELECT FROM refs LEFT JOIN others o USING (day, id) LEFT JOIN owners w USING (day, id, owner) WHERE o.id IS NULL AND w.id IS NULL) r`),
		"references that are not noted")
	require.Zero(t, count(t, pool, `(`+owners+`SELECT FROM owners LEFT JOIN void v USING (day, id) LEFT JOIN refs r USING (day, id, owner)
		WHERE owner NOT IN (0, -1) AND v.id IS NULL AND r.id IS NULL) o`), "owners without a reference")
}

// TestDaysAreReadWhereOwnersAreNotNoted has another program, and a version before, write
// spans beside a collector.
func TestDaysAreReadWhereOwnersAreNotNoted(t *testing.T) {
	w, pool := newWriter(t)
	today := store.DayOf(time.Now())
	owned := func(day int32) bool {
		return count(t, pool, fmt.Sprintf("unnest(llm_internal_owned(ARRAY[DATE '1970-01-01' + %d]))", day)) == 1
	}
	say := func(trace byte, user string, day int32) {
		s := spanOn(day, trace)
		s.UserID, s.InputMessageIDs = user, []content.ID{content.Of([]byte(`"shared"`))}
		b := batchOf(s)
		b.Contents[content.Key{Day: day, ID: s.InputMessageIDs[0]}] = []byte(`"shared"`)
		_, err := w.Write(t.Context(), b, nil)
		require.NoError(t, err)
	}
	say(1, "ann", today)
	require.True(t, owned(today))
	exec(t, pool, `INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, user_id, input_message_ids)
		SELECT '00000000-0000-0000-0000-000000000009', 'ffffffffffffffff', start_time, end_time, 0, 'internal', 'llm', 'unset', 'eve', input_message_ids FROM llm_spans`)
	require.False(t, owned(today), "eve's reference is not noted")
	exec(t, pool, "SELECT llm_erase_user('ann')")
	require.Equal(t, 1, count(t, pool, "llm_contents"), "eve refers to it")

	say(2, "bob", today-3)
	require.False(t, owned(today-3), "such a program may be there still")
	exec(t, pool, "UPDATE llm_internal_unowned_hours SET hour = hour - interval '1 day'")
	say(3, "bob", today-4)
	require.True(t, owned(today-4), "it has gone")
	exec(t, pool, "DELETE FROM llm_contents WHERE day = CURRENT_DATE - 100")
	require.False(t, owned(today-4), "somebody removed contents that spans refer to")
	exec(t, pool, "DELETE FROM llm_internal_unowned_hours")
	require.True(t, owned(today-4))
	exec(t, pool, fmt.Sprintf("DROP TABLE llm_contents_%s", time.Unix(int64(today-4)*86400, 0).UTC().Format("20060102")))
	w.ForgetDays()
	say(4, "cid", today-4)
	require.False(t, owned(today-4), "spans from before refer to contents that come again")
	exec(t, pool, "SELECT llm_erase_user('cid')")
	require.Equal(t, 1, count(t, pool, fmt.Sprintf("llm_contents WHERE day = DATE '1970-01-01' + %d", today-4)), "bob refers to it")
}

// TestErasureReadsContentsByIndex looks at how an erasure of a user's words finds them among
// those of others, with and without statistics.
func TestErasureReadsContentsByIndex(t *testing.T) {
	for _, analyzed := range []bool{true, false} {
		t.Run(fmt.Sprint("analyzed ", analyzed), func(t *testing.T) {
			w, pool := newWriter(t)
			for n := range 40 {
				_, err := w.Write(t.Context(), talk(t, n, fmt.Sprint("user ", n)), nil)
				require.NoError(t, err)
			}
			if analyzed {
				exec(t, pool, "ANALYZE")
			}
			pool.Reset() // a session counts what it read before along with what it reads now
			tx, err := pool.Begin(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback(context.Background())) }()
			var spans, contents int
			require.NoError(t, tx.QueryRow(t.Context(), "SELECT spans, contents FROM llm_erase_user('user 7')").Scan(&spans, &contents))
			require.Equal(t, []int{20, 30}, []int{spans, contents})
			rows, err := tx.Query(t.Context(), "SELECT relname || ' ' || seq_tup_read FROM pg_stat_xact_user_tables WHERE seq_tup_read > 0 AND relname ~ '^llm_(contents_2|internal_content)'")
			require.NoError(t, err)
			scanned, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.Empty(t, scanned)
		})
	}
}

// TestErasureReadsNothingWhole erases a user and a trace of programs that send spans, log
// records with words, or both, and share words with others: nothing is read but by index.
func TestErasureReadsNothingWhole(t *testing.T) {
	w, pool := newWriter(t)
	mapper := mapping.New(mapping.Options{})
	store := func(data signal.Data) {
		t.Helper()
		b, err := data.Map(t.Context(), mapper)
		require.NoError(t, err)
		_, err = w.Write(t.Context(), b, nil)
		require.NoError(t, err)
	}
	for n := range 30 {
		user := fmt.Sprint("user ", n)
		_, err := w.Write(t.Context(), talk(t, n, user), nil)
		require.NoError(t, err)
		store(signal.Logs{Logs: turnOfAnAgent(n, user), Keep: logs.KeepGenAI})
		spans, records := callWithRecords(n)
		store(signal.Traces{Traces: spans})
		store(signal.Logs{Logs: records, Keep: logs.KeepGenAI})
	}
	exec(t, pool, "ANALYZE")
	for _, erasure := range []string{"llm_erase_user('user 7')", fmt.Sprintf("llm_erase_trace('%s')", pcommon.TraceID{7, 9}), "llm_erase_session('session of user 3')"} {
		requireReadByIndex(t, pool, erasure)
	}
	require.Zero(t, count(t, pool, `llm_contents WHERE body::text LIKE '%of user 7%'`))
}

// requireReadByIndex erases something, and requires that this reads no table of rows whole.
func requireReadByIndex(t *testing.T, pool *pgxpool.Pool, erasure string) {
	t.Helper()
	pool.Reset() // a session counts what it read before along with what it reads now
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	var spans, contents int
	require.NoError(t, tx.QueryRow(t.Context(), "SELECT spans, contents FROM "+erasure).Scan(&spans, &contents))
	require.NotZero(t, spans, erasure)
	require.NotZero(t, contents, erasure)
	rows, err := tx.Query(t.Context(), `SELECT relname || ' ' || seq_tup_read FROM pg_stat_xact_user_tables
		WHERE seq_tup_read > 0 AND relname ~ '^llm_(traces|spans|contents_2|events|scores|internal_(content|words|call|pairs))'`)
	require.NoError(t, err)
	scanned, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, scanned, erasure)
	require.NoError(t, tx.Commit(t.Context()))
}

// turnOfAnAgent are the records of a coding agent's turn: a prompt that others say too, one of
// its own, a call and its answer.
func turnOfAnAgent(n int, user string) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i, event := range []string{"user_prompt", "user_prompt", "api_request", "api_request"} {
		r := records.AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(time.Duration(n*10+i) * time.Millisecond)))
		a := r.Attributes()
		a.PutStr("event.name", "claude_code."+event)
		a.PutStr("user.id", user)
		a.PutStr("session.id", "session of "+user)
		a.PutStr("prompt.id", fmt.Sprint(n, i/2))
		if event == "user_prompt" {
			a.PutStr("prompt", []string{"continue", "a prompt of " + user}[i]+strings.Repeat(".", 200))
			continue
		}
		a.PutStr("model", "claude-sonnet-4-5")
		a.PutStr("request_id", fmt.Sprint("request", n, i))
		a.PutInt("input_tokens", 10)
		a.PutInt("output_tokens", 5)
		a.PutInt("duration_ms", 10)
	}
	return ld
}

// callWithRecords are eight calls of a trace that nobody is named for, and the records with
// their words: all have the same instructions, and each the messages of those before.
func callWithRecords(n int) (ptrace.Traces, plog.Logs) {
	td, ld := ptrace.NewTraces(), plog.NewLogs()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	begin := time.Now().Add(time.Duration(n) * time.Second)
	for call := range 8 {
		s := spans.AppendEmpty()
		s.SetTraceID(pcommon.TraceID{byte(n), 9})
		s.SetSpanID(pcommon.SpanID{byte(call + 1)})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(call) * 100 * time.Millisecond)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(call)*100*time.Millisecond + 50*time.Millisecond)))
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		s.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		for said := range call + 2 {
			r := records.AppendEmpty()
			r.SetTimestamp(s.StartTimestamp() + pcommon.Timestamp(said*1000))
			r.SetTraceID(s.TraceID())
			r.SetSpanID(s.SpanID())
			event, text := "gen_ai.user.message", fmt.Sprint("message ", said, " of trace ", n)
			switch said {
			case 0:
				event, text = "gen_ai.system.message", "instructions of all"
			case call + 1:
				event = "gen_ai.choice"
			}
			r.Attributes().PutStr("event.name", event)
			r.Body().SetEmptyMap().PutStr("content", text+strings.Repeat(".", 200))
		}
	}
	return td, ld
}
