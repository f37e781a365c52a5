package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// noon is a time far enough from midnight for a test's trace to stay within a day.
func noon(daysAgo int) time.Time {
	return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -daysAgo).Add(12 * time.Hour)
}

// spanIn makes a trace of one span; ids are their first byte, attributes are pairs.
func spanIn(trace, id, parent byte, start time.Time, attributes ...string) ptrace.Traces {
	td, span := newSpan("app", id, parent, start, start.Add(time.Second))
	span.SetTraceID(pcommon.TraceID{trace})
	for i := 0; i < len(attributes); i += 2 {
		span.Attributes().PutStr(attributes[i], attributes[i+1])
	}
	return td
}

// chat is a span that calls a model.
func chat(trace, id, parent byte, start time.Time, input, output []string, attributes ...string) ptrace.Traces {
	return spanIn(trace, id, parent, start, append([]string{
		"gen_ai.operation.name", "chat", "gen_ai.request.model", "gpt-4o",
		"gen_ai.input.messages", say(input...), "gen_ai.output.messages", say(output...)}, attributes...)...)
}

func hexOf(trace byte) string { return fmt.Sprintf("%02x%030d", trace, 0) }

// say writes messages as "role: text"; "role: text (thought)" has a thought before the text.
func say(lines ...string) string {
	type part struct {
		Type    string `json:"type"`
		Content string `json:"content"`
	}
	type message struct {
		Role  string `json:"role"`
		Parts []part `json:"parts"`
	}
	list := []message{}
	for _, line := range lines {
		role, text, _ := strings.Cut(line, ": ")
		text, thought, thoughtful := strings.Cut(text, " (")
		var parts []part
		if thoughtful {
			parts = append(parts, part{"reasoning", strings.TrimSuffix(thought, ")")})
		}
		list = append(list, message{role, append(parts, part{"text", text})})
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func column[T any](t *testing.T, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, sql string, args ...any,
) []T {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	require.NoError(t, err, sql)
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	require.NoError(t, err, sql)
	return values
}

func TestTraceIsReadAsATree(t *testing.T) {
	e, db := startExporter(t, nil)
	for _, s := range []struct {
		id, parent byte
		second     time.Duration
	}{
		{1, 0, 0}, {2, 1, 5}, {3, 1, 1}, {4, 3, 4}, {5, 3, 2},
		{6, 0x66, 3},         // its parent does not come
		{7, 7, 6},            // its own parent
		{8, 9, 8}, {9, 8, 7}, // each other's parent
		{10, 8, 9}, {11, 9, 7}, // below these two
	} {
		consume(t, e, spanIn(0xAB, s.id, s.parent, noon(0).Add(s.second*time.Second), "gen_ai.input.messages", question))
	}
	consume(t, e, spanIn(8, 1, 0, noon(0)))

	tree := `SELECT left(span_id, 2) || ' ' || depth FROM llm_trace($1)`
	want := []string{"01 0", "03 1", "05 2", "04 2", "02 1", "06 0", "07 0", "09 0", "0b 1", "08 1", "0a 2"}
	require.Equal(t, want, column[string](t, db, tree, hexOf(0xAB)))
	require.Equal(t, want, column[string](t, db, tree, strings.ToUpper(hexOf(0xAB))))
	require.Equal(t, []string{"01 0"}, column[string](t, db, tree, hexOf(8)))
	require.Empty(t, column[string](t, db, tree, hexOf(9)), "no such trace")
	require.Equal(t, want, column[string](t, db, `SELECT left(span_id, 2) || ' ' || depth FROM llm_trace((SELECT id FROM llm_traces WHERE trace_id = $1))`, hexOf(0xAB)), "by its uuid")
	require.Equal(t, want, column[string](t, db, `SELECT left(span_id, 2) || ' ' || depth FROM llm_trace((SELECT id::text FROM llm_traces WHERE trace_id = $1))`, hexOf(0xAB)))
	_, err := db.Exec(t.Context(), tree, "no id")
	require.ErrorContains(t, err, `"no id" is no trace id`)

	require.Equal(t, column[map[string]any](t, db, `SELECT to_jsonb(d) FROM llm_span_details d WHERE trace_hex = $1 ORDER BY span_id`, hexOf(0xAB)),
		column[map[string]any](t, db, `SELECT to_jsonb(x) - 'depth' FROM llm_trace($1) x ORDER BY span_id`, hexOf(0xAB)))
}

// TestTraceHasItsWords compares llm_trace with llm_span_details over all cases, also as it reads words that are
// too many to hold at once, and after they were dropped.
func TestTraceHasItsWords(t *testing.T) {
	e, db := startExporter(t, nil)
	for _, name := range fixtureNames(t) {
		consume(t, e, readFixture(t, name))
	}
	differing := `SELECT t.trace_id FROM llm_traces t WHERE
		(SELECT jsonb_agg(to_jsonb(d) ORDER BY d.span_id, d.start_time) FROM llm_span_details d WHERE d.trace_id = t.id)
		IS DISTINCT FROM (SELECT jsonb_agg(to_jsonb(x) - 'depth' ORDER BY x.span_id, x.start_time) FROM llm_trace(t.trace_id) x)`
	require.Empty(t, column[string](t, db, differing))
	require.NotZero(t, countRows(t, db, `SELECT FROM llm_traces WHERE llm_trace_words(trace_id) IS NOT NULL`))
	require.Empty(t, column[string](t, db, `SELECT s.span_id FROM llm_spans s JOIN llm_traces t ON t.id = s.trace_id
		CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day, llm_trace_words(t.trace_id) AS words OFFSET 0) w
		WHERE llm_word_list(w.words, w.day, s.output_message_ids, s.finish_reasons)
				IS DISTINCT FROM llm_word_list(NULL, w.day, s.output_message_ids, s.finish_reasons)
			OR llm_word(w.words, w.day, s.tool_result_id) IS DISTINCT FROM llm_word(NULL, w.day, s.tool_result_id)`))

	_, err := db.Exec(t.Context(), `DELETE FROM llm_contents WHERE get_byte(uuid_send(id), 0) % 2 = 0`)
	require.NoError(t, err)
	require.Empty(t, column[string](t, db, differing))
	_, err = db.Exec(t.Context(), `TRUNCATE llm_contents`)
	require.NoError(t, err)
	require.Empty(t, column[string](t, db, differing))
}

func TestSearch(t *testing.T) {
	e, db := startExporter(t, nil)
	consume(t, e, chat(1, 1, 0, noon(0), []string{"system: Be kind", "user: Where is 100% of the RIVER_bank?"}, []string{"assistant: Über there (a river, they say)"}))
	consume(t, e, spanIn(2, 1, 0, noon(0), "gen_ai.operation.name", "chat", "gen_ai.input.messages",
		`[{"role":"user","parts":[{"type":"text","content":"two"},{"type":"text","content":"rivers"}]},
		  {"role":"assistant","parts":[{"type":"reasoning","content":"no river at all"}]}]`))
	consume(t, e, chat(3, 1, 0, noon(1), []string{"user: yesterday's river"}, []string{"assistant: dry"}))
	for words, want := range map[string][]string{
		"river":      {"user Where is 100% of the RIVER_bank?", "user two\nrivers"}, // thoughts are no text
		"River_Bank": {"user Where is 100% of the RIVER_bank?"},
		"r%r":        {},
		"100%":       {"user Where is 100% of the RIVER_bank?"},
		"kind":       {"system Be kind"},
		"Über THERE": {"assistant Über there"}, // the case of Ü is folded by the locale of the database, here C
		"two\nr":     {"user two\nrivers"},
		"tworiver":   {},
	} {
		require.Equal(t, want, column[string](t, db, `SELECT role || ' ' || content FROM llm_search((now() AT TIME ZONE 'UTC')::date, $1) ORDER BY content`, words), words)
	}
	require.Equal(t, []string{"yesterday's river"}, column[string](t, db, `SELECT content FROM llm_search((now() AT TIME ZONE 'UTC')::date - 1, 'RIVER')`))
}

// TestTraceKeepsItsTimeOfCreation has spans of a trace arrive one after another: what the index of created_at
// covers does not change, so that updates stay within their page.
func TestTraceKeepsItsTimeOfCreation(t *testing.T) {
	e, db := startExporter(t, nil)
	consume(t, e, spanIn(1, 2, 1, noon(0).Add(time.Minute)))
	created := column[time.Time](t, db, `SELECT created_at FROM llm_traces`)
	for i := range 20 {
		consume(t, e, spanIn(1, byte(3+i), 1, noon(0).Add(-time.Duration(i)*time.Second)))
	}
	require.Equal(t, created, column[time.Time](t, db, `SELECT created_at FROM llm_traces`))
	// A session tells its statistics when it ends, else when it has been idle for 10 s.
	_, err := db.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'llm-observatory'`)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return countRows(t, db, `SELECT FROM pg_stat_user_tables WHERE relname = 'llm_traces' AND n_tup_upd = 20 AND n_tup_hot_upd = 20`) == 1
	}, time.Minute, 20*time.Millisecond)
}

// TestCallsOfASessionAndOfAUser has a session and a user that some spans name
// themselves and others by their trace, over several days.
func TestCallsOfASessionAndOfAUser(t *testing.T) {
	e, db := startExporter(t, nil)
	mine := []string{"gen_ai.conversation.id", "mine", "user.id", "me"}
	ask := func(trace, id, parent byte, start time.Time, attributes ...string) {
		consume(t, e, chat(trace, id, parent, start, []string{"user: hi"}, []string{"assistant: hello"}, attributes...))
	}
	midnight := noon(2).Add(12 * time.Hour)
	consume(t, e, spanIn(1, 1, 0, midnight.Add(-time.Minute), mine...)) // names both for its trace, which goes on the day after
	ask(1, 2, 1, midnight.Add(-time.Second))
	ask(1, 3, 1, midnight.Add(time.Second))
	ask(1, 4, 1, midnight.Add(2*time.Second), "gen_ai.conversation.id", "yours", "user.id", "you")
	ask(2, 5, 0, noon(9), mine...)
	ask(3, 6, 0, noon(0), "gen_ai.conversation.id", "yours", "user.id", "you")
	ask(4, 7, 0, noon(0))
	ask(5, 8, 0, noon(0), mine...)
	consume(t, e, spanIn(6, 9, 0, noon(0), mine...)) // no call

	ids := func(calls string) []string { return column[string](t, db, `SELECT left(span_id, 2) FROM `+calls) }
	require.Equal(t, []string{"05", "02", "03", "08"}, ids("llm_session_calls('mine')"))
	require.Equal(t, []string{"03", "08"}, ids("llm_session_calls('mine', 2)"))
	require.Equal(t, []string{"04", "06"}, ids("llm_session_calls('yours')"))
	require.Empty(t, ids("llm_session_calls('nobody''s')"))
	require.Equal(t, []string{"08", "03", "02", "05"}, ids("llm_user_calls('me')"))
	require.Equal(t, []string{"08", "03", "02"}, ids("llm_user_calls('me', 3)"))
	require.Equal(t, []string{"08", "03", "02", "05"}, ids("llm_user_calls('me', NULL)"))
	require.Equal(t, []string{"06", "04"}, ids("llm_user_calls('you')"))

	require.Equal(t, column[map[string]any](t, db, `SELECT to_jsonb(c) FROM llm_calls c WHERE session_id = 'mine' ORDER BY start_time`),
		column[map[string]any](t, db, `SELECT to_jsonb(c) FROM llm_session_calls('mine') c`))
}

// TestNewestCallsOfABusyUser has more spans than the first step looks at, and a
// call whose trace named its user before all of them.
func TestNewestCallsOfABusyUser(t *testing.T) {
	e, db := startExporter(t, nil)
	start := noon(0).Add(-time.Hour)
	consume(t, e, spanIn(1, 1, 0, start, "user.id", "busy"))
	consume(t, e, chat(1, 2, 1, start.Add(50*time.Minute), nil, []string{"assistant: late"}))
	many := ptrace.NewTraces()
	for i := range 2500 {
		td := spanIn(2, 3, 0, start.Add(time.Minute+time.Duration(i)*time.Second/2), "user.id", "busy")
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		span.SetSpanID(pcommon.SpanID{3, byte(i), byte(i >> 8)})
		if i%10 == 0 {
			span.Attributes().PutStr("gen_ai.operation.name", "chat")
		}
		td.ResourceSpans().MoveAndAppendTo(many.ResourceSpans())
	}
	consume(t, e, many)
	all := column[string](t, db, `SELECT span_id FROM llm_calls WHERE user_id = 'busy' ORDER BY start_time DESC, span_id DESC`)
	require.Len(t, all, 251)
	for _, n := range []int{1, 2, 60, 250, 251, 300} {
		require.Equal(t, all[:min(n, len(all))], column[string](t, db, `SELECT span_id FROM llm_user_calls('busy', $1)`, n), n)
	}
}

func TestTranscript(t *testing.T) {
	type call struct {
		input, output []string
	}
	in := func(messages ...string) []string { return messages }
	for name, test := range map[string]struct {
		calls []call
		want  []string
	}{
		"a history that grows": {
			calls: []call{
				{in("system: be kind", "user: hi"), in("assistant: hello")},
				{in("system: be kind", "user: hi", "assistant: hello", "user: bye"), in("assistant: ciao")},
			},
			want: in("system: be kind", "user: hi", "assistant: hello", "user: bye", "assistant: ciao"),
		},
		"the same said twice": {
			calls: []call{
				{in("user: yes"), in("assistant: sure?")},
				{in("user: yes", "assistant: sure?", "user: yes"), in("assistant: sure?")},
				{in("user: yes", "assistant: sure?", "user: yes", "assistant: sure?", "user: yes", "user: yes"), in("assistant: fine")},
			},
			want: in("user: yes", "assistant: sure?", "user: yes", "assistant: sure?", "user: yes", "user: yes", "assistant: fine"),
		},
		"a history cut short, and the same said again": {
			calls: []call{
				{in("user: yes"), in("assistant: a")},
				{in("user: yes", "assistant: a", "user: b"), in("assistant: c")},
				{in("assistant: a", "user: b", "assistant: c", "user: yes"), in("assistant: d")},
			},
			want: in("user: yes", "assistant: a", "user: b", "assistant: c", "user: yes", "assistant: d"),
		},
		"instructions that change": {
			calls: []call{
				{in("system: it is 10:00", "user: a"), in("assistant: b")},
				{in("system: it is 10:01", "user: a", "assistant: b", "user: c"), in("assistant: d")},
			},
			want: in("system: it is 10:00", "user: a", "assistant: b", "system: it is 10:01", "user: c", "assistant: d"),
		},
		"two conversations in turn": {
			calls: []call{
				{in("system: one", "user: a"), in("assistant: b")},
				{in("system: two", "user: a"), in("assistant: z")},
				{in("system: one", "user: a", "assistant: b", "user: c"), in("assistant: d")},
				{in("system: two", "user: a", "assistant: z", "user: y"), in("assistant: x")},
			},
			want: in("system: one", "user: a", "assistant: b", "system: two", "assistant: z", "user: c", "assistant: d", "user: y", "assistant: x"),
		},
		"a call repeated later": {
			calls: []call{
				{in("system: one", "user: a"), in("assistant: b")},
				{in("system: two", "user: a"), in("assistant: c")},
				{in("system: two", "user: a"), in("assistant: d")},
			},
			want: in("system: one", "user: a", "assistant: b", "system: two", "assistant: c", "assistant: d"),
		},
		"a history from before": {
			calls: []call{{in("user: a", "assistant: b", "user: c"), in("assistant: d")}},
			want:  in("user: a", "assistant: b", "user: c", "assistant: d"),
		},
		"one question, several answers": {
			calls: []call{{in("user: a"), in("assistant: b")}, {in("user: a"), in("assistant: b")}, {in("user: a"), in("assistant: c")}},
			want:  in("user: a", "assistant: b", "assistant: b", "assistant: c"),
		},
		"thoughts left out": {
			calls: []call{
				{in("user: a"), in("assistant: b (hm)")},
				{in("user: a", "assistant: b", "user: c"), in("assistant: b (aha)")},
				{in("user: a", "assistant: b", "user: c", "assistant: b", "user: d"), in("assistant: e")},
			},
			want: in("user: a", "assistant: b", "user: c", "assistant: b", "user: d", "assistant: e"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, db := startExporter(t, nil)
			for i, c := range test.calls {
				at := noon(0).Add(time.Duration(i) * time.Minute)
				consume(t, e, chat(1, byte(i+1), 0, at, c.input, c.output))
				consume(t, e, chat(byte(i+2), 1, 0, at, c.input, c.output, "gen_ai.conversation.id", "s"))
			}
			lines := `SELECT role || ': ' || content FROM llm_transcript($1)`
			require.Equal(t, test.want, column[string](t, db, lines, hexOf(1)), "of a trace")
			require.Equal(t, test.want, column[string](t, db, lines, "s"), "of a session")
		})
	}
}

// TestTranscriptSaysWhoSpoke has, on one of two days, an agent whose call is told twice,
// words and usage by the outer span.
func TestTranscriptSaysWhoSpoke(t *testing.T) {
	e, db := startExporter(t, nil)
	consume(t, e, spanIn(1, 1, 0, noon(1), "gen_ai.operation.name", "invoke_agent", "gen_ai.agent.name", "helper", "gen_ai.conversation.id", "s"))
	outer := chat(1, 2, 1, noon(1), []string{"user: a"}, []string{"assistant: b"})
	outer.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutInt("gen_ai.usage.input_tokens", 12)
	consume(t, e, outer)
	inner := spanIn(1, 3, 2, noon(1), "gen_ai.operation.name", "chat", "gen_ai.request.model", "gpt-4o", "gen_ai.response.model", "gpt-4o-1")
	attributes := inner.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
	attributes.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("stop")
	consume(t, e, inner)
	consume(t, e, chat(2, 4, 0, noon(0), []string{"user: a", "assistant: b", "user: c"}, []string{"assistant: d"},
		"gen_ai.conversation.id", "s", "gen_ai.agent.name", "other"))

	want := [][]any{
		{int64(1), "user", "a", "helper", "gpt-4o-1", "input", hexOf(1), "0300000000000000", noon(1), nil},
		{int64(2), "assistant", "b", "helper", "gpt-4o-1", "output", hexOf(1), "0300000000000000", noon(1), "stop"},
		{int64(3), "user", "c", "other", "gpt-4o", "input", hexOf(2), "0400000000000000", noon(0), nil},
		{int64(4), "assistant", "d", "other", "gpt-4o", "output", hexOf(2), "0400000000000000", noon(0), nil},
	}
	rows, err := db.Query(t.Context(), `SELECT position, role, content, agent_name, model, direction, trace_hex, span_id, start_time,
		body ->> 'finish_reason' FROM llm_transcript('s')`)
	require.NoError(t, err)
	got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) {
		values, err := row.Values()
		if err == nil {
			values[8] = values[8].(time.Time).UTC()
		}
		return values, err
	})
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, []string{"a", "b"}, column[string](t, db, `SELECT content FROM llm_transcript($1)`, strings.ToUpper(hexOf(1))))
	require.Empty(t, column[string](t, db, `SELECT content FROM llm_transcript('nothing')`))
}

// TestLookUpsReadTheirDaysOnly counts, in PostgreSQL's statistics, what a look-up reads
// in each day's partitions. A session or user is looked for in the index of every day,
// and found in some; nothing else may touch a day without them.
func TestLookUpsReadTheirDaysOnly(t *testing.T) {
	e, db := startExporter(t, nil)
	for day := range 12 {
		trace, whose := byte(day+1), "others"
		if day == 3 || day == 7 {
			whose = "mine"
		}
		consume(t, e, spanIn(trace, 1, 0, noon(day), "gen_ai.conversation.id", whose, "user.id", whose))
		consume(t, e, chat(trace, 2, 1, noon(day), []string{"user: hi"}, []string{"assistant: hello"}))
	}
	for _, test := range []struct {
		call    string
		days    []int
		indexes bool // of all days are asked
	}{
		{"llm_trace('" + hexOf(4) + "')", []int{3}, false},
		{"llm_trace('" + hexOf(99) + "')", nil, false},
		{"llm_transcript('" + hexOf(8) + "')", []int{7}, false},
		{"llm_transcript('mine')", []int{3, 7}, true},
		{"llm_session_calls('mine')", []int{3, 7}, true},
		{"llm_user_calls('mine')", []int{3, 7}, true},
	} {
		t.Run(test.call, func(t *testing.T) {
			conn, err := db.Acquire(t.Context())
			require.NoError(t, err)
			defer conn.Release()
			_, err = conn.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`) // what the connection did before
			require.NoError(t, err)
			tx, err := conn.Begin(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
			// Tables as small as these are read whole even where an index would do.
			_, err = tx.Exec(t.Context(), `SET LOCAL enable_seqscan = off`)
			require.NoError(t, err)
			for range 7 { // a plan that is kept is chosen after five
				_, err = tx.Exec(t.Context(), "SELECT * FROM "+test.call)
				require.NoError(t, err)
			}
			rows, err := tx.Query(t.Context(), `SELECT relname::text FROM pg_stat_xact_user_tables
				WHERE relname ~ '^llm_(spans|contents)_' AND CASE WHEN $1 THEN seq_scan + idx_tup_fetch ELSE seq_scan + idx_scan END > 0
				ORDER BY relname`, test.indexes)
			require.NoError(t, err)
			touched, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			want := []string{}
			for _, table := range []string{"llm_contents_", "llm_spans_"} {
				for _, day := range slices.Backward(test.days) {
					want = append(want, table+noon(day).Format("20060102"))
				}
			}
			require.Equal(t, want, touched)
		})
	}
}

// TestRecentHoursNeedNoWholeDay finds the hours of a day through a summary of its pages.
func TestRecentHoursNeedNoWholeDay(t *testing.T) {
	e, db := startExporter(t, nil)
	consume(t, e, spanIn(1, 1, 0, noon(0)))
	require.Equal(t, []string{"autosummarize=on pages_per_range=32"}, column[string](t, db, `
		SELECT DISTINCT array_to_string(ARRAY(SELECT unnest(c.reloptions) ORDER BY 1), ' ')
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
		WHERE a.amname = 'brin' AND i.indrelid = ('llm_spans_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD'))::regclass`))
}
