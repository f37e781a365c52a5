package write

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// TestErasureBesideWriting erases a user of a thousandth of all traces while batches are
// written. ERASURE_TRACES sets the number of traces, for an idle machine: of 1,000,000 the
// erasure takes less than 5 s, and no batch takes 0.5 s.
func TestErasureBesideWriting(t *testing.T) {
	traces, most, mostOfBatch := 5_000, 5*time.Second, 5*time.Second // other tests run beside this one
	if n, err := strconv.Atoi(os.Getenv("ERASURE_TRACES")); err == nil {
		traces, most, mostOfBatch = n, 5*time.Second, 500*time.Millisecond
	}
	w, pool := newWriter(t)
	fillTraces(t, w, pool, traces)

	stop, slowest := make(chan struct{}), make(chan time.Duration)
	begun := make(chan struct{})
	go func() {
		var took []time.Duration
		for n := 0; ; n++ {
			begin := time.Now()
			_, err := w.Write(context.Background(), talk(t, n, "writer"), nil, nil)
			took = append(took, time.Since(begin))
			if n == 20 {
				close(begun)
			}
			select {
			case <-stop:
				if err != nil {
					took = append(took, time.Hour)
				}
				slowest <- slices.Max(took)
				return
			default:
			}
		}
	}()
	<-begun
	pool.Reset() // a session counts what it read before along with what it reads now
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	begin := time.Now()
	var gone, spans, contents int
	require.NoError(t, tx.QueryRow(t.Context(), "SELECT traces, spans, contents FROM llm_erase_user('erased')").Scan(&gone, &spans, &contents))
	rows, err := tx.Query(t.Context(), "SELECT relname || ' ' || seq_scan FROM pg_stat_xact_user_tables WHERE seq_tup_read > 1000 AND relname ~ '^llm_(traces|spans|contents)' ORDER BY 1")
	require.NoError(t, err)
	scanned, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	took := time.Since(begin)
	close(stop)
	batch := <-slowest
	t.Logf("%d traces, %d spans, %d contents of %d traces erased in %v; slowest batch meanwhile %v; read whole: %v", gone, spans, contents, traces, took, batch, scanned)
	require.Equal(t, []int{traces / 1000, 2 * traces / 1000, 3 * traces / 1000}, []int{gone, spans, contents})
	if traces >= 100_000 { // small tables are rightly read whole
		require.Empty(t, scanned, "nothing is read whole")
	}
	require.Less(t, took, most)
	require.Less(t, batch, mostOfBatch)
	require.NotContains(t, strings.Join(scanned, ", "), "llm_traces")
	if traces < 100_000 {
		rowcheck.Rollups(t, pool)
	}
}

// talk is a batch of ten traces of an agent and its call, which say what all say
// and three things of their own.
func talk(t *testing.T, n int, user string) *mapping.Batch {
	t.Helper()
	b := batchOf()
	say := func(day int32, text string) content.ID {
		body := fmt.Appendf(nil, "%q", text)
		b.Contents[content.Key{Day: day, ID: content.Of(body)}] = body
		return content.Of(body)
	}
	today := store.DayOf(time.Now())
	for i := range 10 {
		number := 10*n + i
		agent := spanOn(today-int32(number%2), 1)
		copy(agent.TraceID[:], fmt.Sprintf("%8d%s", number, user+"12345678"))
		agent.Kind, agent.UserID, agent.SessionID, agent.Name = mapping.KindAgent, user, fmt.Sprint("s", number), "agent"
		agent.Start += int64(number) * 1000
		agent.End = agent.Start + 900
		call := agent
		call.SpanID[0], call.ParentSpanID, call.Kind, call.Name = 2, agent.SpanID, mapping.KindLLM, "chat"
		call.Usage.Input = mapping.Int{V: 10, OK: true}
		call.SystemInstructionsID = say(call.Day, "Be brief.")
		call.InputMessageIDs = []content.ID{say(call.Day, "Hello"), say(call.Day, fmt.Sprintf("first of %s %d", user, number)), say(call.Day, fmt.Sprintf("last of %s %d", user, number))}
		call.OutputMessageIDs = []content.ID{say(call.Day, fmt.Sprintf("answer to %s %d", user, number))}
		b.Spans = append(b.Spans, agent, call)
	}
	return b
}

// fillTraces stores traces: 1,000 by the writer, one of them of the user to erase, and
// copies of these.
func fillTraces(t *testing.T, w *Writer, pool *pgxpool.Pool, traces int) {
	t.Helper()
	for n := range 100 {
		b := talk(t, n, "user")
		if n == 50 {
			b.Spans[0].UserID, b.Spans[1].UserID = "erased", "erased"
		}
		_, err := w.Write(t.Context(), b, nil, nil)
		require.NoError(t, err)
	}
	own := "(SELECT array_agg(CASE WHEN i.n = 1 AND %[1]s[2] IS NOT NULL THEN i.id ELSE md5(i.id::text || m)::uuid END ORDER BY i.n) FROM unnest(%[1]s) WITH ORDINALITY i (id, n))"
	copyTable(t, pool, "llm_contents", traces, map[string]string{"id": "md5(id::text || m)::uuid"}, "body NOT IN ('\"Hello\"', '\"Be brief.\"')")
	copyTable(t, pool, "llm_traces", traces, map[string]string{"id": "md5(id::text || m)::uuid", "trace_id": "md5(id::text || m)", "session_id": "session_id || m",
		"start_time": "start_time + m * interval '1 s'", "end_time": "end_time + m * interval '1 s'"}, "true")
	copyTable(t, pool, "llm_spans", traces, map[string]string{
		"trace_id": "md5(trace_id::text || m)::uuid", "session_id": "session_id || m", "start_time": "start_time + m * interval '1 s'", "end_time": "end_time + m * interval '1 s'",
		"input_message_ids": fmt.Sprintf(own, "input_message_ids"), "output_message_ids": fmt.Sprintf(own, "output_message_ids"),
	}, "true")
	exec(t, pool, "ANALYZE")
	exec(t, pool, "CHECKPOINT")
}

// copyTable multiplies the rows of a table by traces / 1000.
func copyTable(t *testing.T, pool *pgxpool.Pool, table string, traces int, values map[string]string, where string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped", table)
	require.NoError(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = c
		if v, ok := values[c]; ok {
			selected[i] = v
		}
	}
	exec(t, pool, fmt.Sprintf("CREATE TABLE base_%[1]s AS SELECT * FROM %[1]s", table))
	exec(t, pool, fmt.Sprintf("BEGIN; SET LOCAL llm_observatory.owners = 'on'; INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM base_%[1]s CROSS JOIN generate_series(1, %[4]d) m WHERE %[5]s; COMMIT",
		table, strings.Join(columns, ", "), strings.Join(selected, ", "), traces/1000-1, where))
	exec(t, pool, "DROP TABLE base_"+table)
}
