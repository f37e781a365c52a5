package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// saying is a call of a session or of none, with the messages of both sides by number.
type saying struct {
	trace, session int // session 0: none
	start          int // seconds
	span           int
	input, output  []int
}

// isNew is the plain definition of llm_messages.is_new, for each input message of the call.
func (c *saying) isNew(all []saying) []bool {
	times := func(ids []int, id int) (n int) {
		for _, other := range ids {
			if other == id {
				n++
			}
		}
		return n
	}
	answer := make([]bool, len(c.input))
	for i, id := range c.input {
		answer[i] = !slices.ContainsFunc(all, func(e saying) bool {
			before := e.start < c.start || e.start == c.start && e.span < c.span
			together := e.trace == c.trace || e.session == c.session && c.session > 0
			return before && together && times(e.input, id)+times(e.output, id) >= times(c.input[:i+1], id)
		})
	}
	return answer
}

// someSayings makes calls whose inputs begin with the history of an earlier one, with a part of that,
// or with anything, of few messages, so that messages repeat.
func someSayings(r *rand.Rand) []saying {
	message := func() int { return r.IntN(2 + r.IntN(40)) }
	var all []saying
	sessionOf := []int{r.IntN(3), r.IntN(3), r.IntN(3), r.IntN(3)}
	for i := range 1 + r.IntN(25) {
		trace := r.IntN(len(sessionOf))
		c := saying{trace: trace, session: sessionOf[trace], start: i - r.IntN(2), span: 1000 - i}
		if len(all) > 0 && r.IntN(4) > 0 {
			e := all[len(all)-1-r.IntN(min(3, len(all)))]
			c.input = append(slices.Clone(e.input), e.output...)
			c.input = c.input[min(len(c.input), []int{0, 0, 0, 1, 3}[r.IntN(5)]):]
		}
		for range []int{0, 1, 1, 2, 30}[r.IntN(5)] {
			c.input = append(c.input, message())
		}
		for range r.IntN(3) {
			c.output = append(c.output, message())
		}
		all = append(all, c)
	}
	return all
}

// TestNewMessages compares which input messages of random sessions are new with the plain definition.
func TestNewMessages(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	base := time.Now().UTC().Truncate(24 * time.Hour)
	_, err := conn.Exec(t.Context(), "SELECT llm_create_day(($1::timestamptz AT TIME ZONE 'UTC')::date)", base)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 0))
	for round := range 60 {
		all := someSayings(r)
		insertSayings(t, conn, base, round, all)
		rows, err := conn.Query(t.Context(), `SELECT span_id, array_agg(is_new ORDER BY position) FROM llm_messages
			WHERE service_name = $1 AND direction = 'input' GROUP BY 1`, fmt.Sprint(round))
		require.NoError(t, err)
		got := map[string][]bool{}
		var span string
		var fresh []bool
		_, err = pgx.ForEachRow(rows, []any{&span, &fresh}, func() error {
			got[span] = fresh
			fresh = nil
			return nil
		})
		require.NoError(t, err)
		for i := range all {
			c := &all[i]
			if len(c.input) > 0 {
				require.Equal(t, c.isNew(all), got[fmt.Sprintf("%016x", c.span)], "round %d, call %d of %+v", round, i, all)
			}
		}
	}
}

func insertSayings(t *testing.T, conn *pgx.Conn, base time.Time, round int, all []saying) {
	t.Helper()
	id := func(of string, n int) [16]byte {
		sum := sha256.Sum256(fmt.Append(nil, round, of, n))
		return [16]byte(sum[:16])
	}
	ids := func(numbers []int) [][16]byte {
		var of [][16]byte
		for _, n := range numbers {
			of = append(of, id("message", n))
		}
		return of
	}
	batch := &pgx.Batch{}
	known := map[int]bool{}
	for _, c := range all {
		trace := id("trace", c.trace)
		var session *string
		if name := fmt.Sprintf("%d session %d", round, c.session); c.session > 0 {
			session = &name
		}
		at := base.Add(time.Duration(c.start+1) * time.Second)
		if !known[c.trace] {
			known[c.trace] = true
			batch.Queue(`INSERT INTO llm_traces (id, trace_id, session_id, start_time, end_time, span_count) VALUES ($1, $2, $3, $4, $5, 2)`,
				trace, hex.EncodeToString(trace[:]), session, base, base.Add(time.Hour))
		}
		batch.Queue(`INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, service_name, counted, session_id, input_message_ids, output_message_ids)
			VALUES ($1, $2, $3, $3, 0, 'client', 'llm', 'ok', $4, true, $5, $6, $7)`,
			trace, fmt.Sprintf("%016x", c.span), at, fmt.Sprint(round), session, ids(c.input), ids(c.output))
	}
	require.NoError(t, conn.SendBatch(t.Context(), batch).Close())
}

// TestNewMessagesOfALongSession reads which messages are new in a session of 250 calls with their whole
// histories: 0.4 s; each compared with all before took 4.
func TestNewMessagesOfALongSession(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	_, err := conn.Exec(t.Context(), `SELECT llm_create_day((now() AT TIME ZONE 'UTC')::date)`)
	require.NoError(t, err)
	base := time.Now().UTC().Truncate(24 * time.Hour)
	var all []saying
	for i := range 250 {
		c := saying{trace: i / 10, session: 1, start: i, span: i, output: []int{2*i + 1}}
		for k := range 2*i + 1 {
			c.input = append(c.input, k)
		}
		all = append(all, c)
	}
	insertSayings(t, conn, base, 0, all)
	query := "SELECT count(*) FROM llm_messages WHERE is_new"
	var fresh int
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&fresh))
	require.Equal(t, 500, fresh)
	took := quickest(t, conn, query, 5, 1500*time.Millisecond)
	t.Log(took)
	require.Less(t, took, 1500*time.Millisecond)
}

// TestNewMessagesOfForeignRows reads which messages are new where another program stored lists in lists,
// and lists that begin at another number.
func TestNewMessagesOfForeignRows(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	_, err := conn.Exec(t.Context(), `SELECT llm_create_day((now() AT TIME ZONE 'UTC')::date)`)
	require.NoError(t, err)
	insertSayings(t, conn, time.Now().UTC().Truncate(24*time.Hour), 0, []saying{
		{span: 1, start: 1, input: []int{1, 2}, output: []int{3, 4}},
		{span: 2, start: 2, input: []int{1, 2}, output: []int{3}},
		{span: 3, start: 3, input: []int{1, 2, 3, 4, 5, 6}},
		{span: 4, start: 4, input: []int{1, 2, 7, 3}},
	})
	for _, sql := range []string{
		`UPDATE llm_spans SET input_message_ids = ARRAY[input_message_ids, input_message_ids], output_message_ids = ARRAY[output_message_ids, output_message_ids] WHERE span_id LIKE '%1'`,
		`UPDATE llm_spans SET input_message_ids[0] = input_message_ids[2] WHERE span_id LIKE '%2'`,
		`UPDATE llm_spans SET input_message_ids = ARRAY[input_message_ids[1:3], input_message_ids[4:6]] WHERE span_id LIKE '%3'`,
		`UPDATE llm_spans SET input_message_ids[0] = input_message_ids[3] WHERE span_id LIKE '%4'`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	var fresh string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT string_agg(f, ' ' ORDER BY span_id) FROM (
		SELECT span_id, string_agg(CASE WHEN is_new THEN '+' ELSE '-' END, '' ORDER BY position) AS f FROM llm_messages WHERE direction = 'input' GROUP BY 1) x`).Scan(&fresh))
	require.Equal(t, "++++ --- ----++ +--+-", fresh)
}
