package write

import (
	"context"
	"fmt"
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
)

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
				require.Zero(t, count(t, pool, `(`+referred+`SELECT FROM llm_contents c LEFT JOIN r USING (day, id) WHERE r.id IS NULL) c`), "contents that nothing refers to")
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
		_, err := w.Write(t.Context(), mapped(t, mapper, td), nil, nil)
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
	_, err := w.Write(t.Context(), mapped(t, mapper, td), nil, nil)
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
		b, err := signal.Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), mapping.New(mapping.Options{}), func(*mapping.Batch) {})
		require.NoError(t, err)
		result, err := w.Write(t.Context(), b, nil, nil)
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
		refs AS MATERIALIZED (SELECT DISTINCT r.day, r.id, CASE WHEN coalesce(s.user_id, s.session_id) IS NULL AND s.source = 'event' THEN llm_internal_record_owner(NULL, NULL, e.trace_id, e.id)
				ELSE llm_internal_owner(s.user_id, s.session_id, s.source, coalesce(t.trace_id::uuid, s.trace_id)) END AS owner
			FROM llm_content_references r JOIN llm_spans s USING (trace_id, span_id, start_time) LEFT JOIN llm_traces t ON t.id = s.trace_id
			LEFT JOIN llm_events e ON s.source = 'event' AND (starts_with(replace(e.id::text, '-', ''), s.span_id) AND e.day = (s.end_time AT TIME ZONE 'UTC')::date
				OR s.kind = 'agent' AND e.belongs_to = coalesce(t.trace_id::uuid, s.trace_id) AND e.time = s.start_time)
			UNION SELECT r.day, r.id, llm_internal_owner(s.user_id, s.session_id, s.source, coalesce(t.trace_id::uuid, s.trace_id))
			FROM llm_internal_event_references r JOIN llm_scores c ON c.day = r.day AND c.id = r.event_id LEFT JOIN llm_events e ON e.day = c.day AND e.id = c.id
			JOIN llm_traces t ON t.trace_id::uuid = c.belongs_to JOIN llm_spans s ON s.trace_id = t.id AND s.span_id = c.span_id AND (s.start_time AT TIME ZONE 'UTC')::date = c.day
			WHERE e.id IS NULL
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
		_, err := w.Write(t.Context(), b, nil, nil)
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
				_, err := w.Write(t.Context(), talk(t, n, fmt.Sprint("user ", n)), nil, nil)
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
		b, err := data.Map(t.Context(), mapper, func(*mapping.Batch) {})
		require.NoError(t, err)
		_, err = w.Write(t.Context(), b, nil, nil)
		require.NoError(t, err)
	}
	for n := range 30 {
		user := fmt.Sprint("user ", n)
		_, err := w.Write(t.Context(), talk(t, n, user), nil, nil)
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

// TestErasureReadsNothingWholeWhoeverShares erases one after another who share words, calls that
// only log records observe and that name nobody, and answers that came in parts.
func TestErasureReadsNothingWholeWhoeverShares(t *testing.T) {
	w, pool := newWriter(t)
	mapper := mapping.New(mapping.Options{})
	store := func(ld plog.Logs) {
		t.Helper()
		b, err := signal.Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), mapper, func(*mapping.Batch) {})
		require.NoError(t, err)
		_, err = w.Write(t.Context(), b, nil, nil)
		require.NoError(t, err)
	}
	const sharing = 12
	for n := range sharing {
		_, err := w.Write(t.Context(), talk(t, n, fmt.Sprint("user ", n)), nil, nil)
		require.NoError(t, err)
		store(detailsOfCalls(n))
		spans, _ := callWithRecords(n)
		_, err = w.Write(t.Context(), mapped(t, mapper, spans), nil, nil)
		require.NoError(t, err)
		for part := range 3 {
			store(partOfAnswer(n, part))
		}
	}
	require.NotZero(t, count(t, pool, "llm_internal_former_words"))
	exec(t, pool, "ANALYZE")
	for n := range sharing - 1 {
		requireReadByIndex(t, pool, fmt.Sprintf("llm_erase_user('user %d')", n))
		requireReadByIndex(t, pool, fmt.Sprintf("llm_erase_trace('%s')", pcommon.TraceID{byte(n), 8}))
		requireReadByIndex(t, pool, fmt.Sprintf("llm_erase_trace('%s')", pcommon.TraceID{byte(n), 9}))
	}
	requireReferred(t, pool, "all but one erased")
	require.Zero(t, count(t, pool, fmt.Sprintf(`llm_contents WHERE body::text ~ 'of (user|call|answer) \d+' AND body::text !~ 'of (user|call|answer) %d\D'`, sharing-1)))
}

// detailsOfCalls are the records of six calls of a trace that nobody is named for: all have the
// same question and the messages of those before.
func detailsOfCalls(n int) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	messages := `{"role":"user","parts":[{"type":"text","content":"a question of all` + strings.Repeat(".", 200) + `"}]}`
	for call := range 6 {
		r := records.AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(time.Duration(n*10+call) * time.Millisecond)))
		r.SetTraceID(pcommon.TraceID{byte(n), 8})
		r.SetSpanID(pcommon.SpanID{byte(n), byte(call + 1)})
		a := r.Attributes()
		a.PutStr("event.name", "gen_ai.client.inference.operation.details")
		a.PutStr("gen_ai.operation.name", "chat")
		a.PutStr("gen_ai.request.model", "gpt-4o")
		a.PutStr("gen_ai.input.messages", "["+messages+"]")
		messages += fmt.Sprintf(`,{"role":"user","parts":[{"type":"text","content":"message %d of call %d%s"}]}`, call, n, strings.Repeat(".", 200))
	}
	return ld
}

// partOfAnswer is a part of the answer of a call of callWithRecords.
func partOfAnswer(n, part int) plog.Logs {
	spans, _ := callWithRecords(n)
	s := spans.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	ld := plog.NewLogs()
	r := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.SetTimestamp(s.StartTimestamp() + pcommon.Timestamp(part*1000))
	r.SetTraceID(s.TraceID())
	r.SetSpanID(s.SpanID())
	r.Attributes().PutStr("event.name", "gen_ai.choice")
	r.Attributes().PutStr("gen_ai.system", "anthropic")
	r.Body().SetEmptyMap().PutStr("content", fmt.Sprint("part ", part, " of answer ", n, strings.Repeat(".", 200)))
	r.Body().Map().PutInt("index", int64(part))
	return ld
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
		WHERE seq_tup_read > 0 AND relname ~ '^llm_(traces|spans|contents_2|events|scores|internal_(content|words|former|event|call|pairs))'`)
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
