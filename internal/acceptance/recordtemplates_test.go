package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// oddText makes a text of so many pieces, of which many are special in JSON, in UTF-8 or in
// PostgreSQL.
func oddText(r *rand.Rand, pieces int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%x ", r.Uint64())
	for range pieces {
		b.WriteString([]string{
			"some words of a prompt ", "\"", "\\", "\n", "\t", "\b", "\x01", "\x1f", "\x7f", "/", "<b>&", "é", "日本語", "😀", "\u2028", "'", "$1", "\\u00e9", `{"a":"b"}`,
		}[r.IntN(19)])
	}
	if r.IntN(8) == 0 {
		b.WriteString([]string{"\x00", "\xff", "\xed\xa0\x80"}[r.IntN(3)])
	}
	return b.String()
}

// spelled writes a value as JSON in one of the ways of libraries.
func spelled(t *testing.T, r *rand.Rand, v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(r.IntN(3) == 0)
	if r.IntN(3) == 0 {
		e.SetIndent("", "  ")
	}
	require.NoError(t, e.Encode(v))
	s := strings.TrimSuffix(b.String(), "\n")
	if r.IntN(4) == 0 {
		var ascii strings.Builder
		for _, c := range s {
			switch {
			case c < 0x80:
				ascii.WriteRune(c)
			case c < 0x10000:
				fmt.Fprintf(&ascii, `\u%04x`, c)
			default:
				c -= 0x10000
				fmt.Fprintf(&ascii, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
			}
		}
		s = ascii.String()
	}
	return s
}

// oddRecords makes records of calls of a session, each with the history so far, in random forms.
func oddRecords(t *testing.T, r *rand.Rand, begin time.Time, trace byte) plog.Logs {
	m := newMadeUp(trace, "acme.instrumentation", begin)
	texts := func(role string) attrs {
		parts := []any{}
		for range 1 + r.IntN(2) {
			switch r.IntN(4) {
			case 0:
				parts = append(parts, attrs{"type": "tool_call", "id": "c1", "name": "run", "arguments": attrs{"command": oddText(r, 20), "0": []any{oddText(r, 9)}}})
			case 1:
				parts = append(parts, attrs{"type": "tool_call_response", "id": "c1", "response": oddText(r, 30)})
			default:
				parts = append(parts, attrs{"type": "text", "content": oddText(r, 4*r.IntN(20))})
			}
		}
		return attrs{"role": role, "parts": parts}
	}
	history := []any{texts("user")}
	for i := range 1 + r.IntN(6) {
		answer := texts("assistant")
		said := attrs{
			"gen_ai.system_instructions": []any{attrs{"type": "text", "content": "be kind. " + strings.Repeat("and short ", 30)}},
			"gen_ai.input.messages":      append([]any{}, history...), "gen_ai.output.messages": []any{attrs{"role": "assistant", "parts": answer["parts"], "finish_reason": "stop"}},
			"acme.note": oddText(r, 40), "acme.odd": attrs{"$content": []any{"00000000-0000-0000-0000-000000000000"}},
		}
		if r.IntN(3) == 0 {
			said["acme.prompt"] = said["gen_ai.input.messages"]
		}
		for key, v := range said {
			if _, list := v.([]any); list && r.IntN(2) == 0 {
				said[key] = spelled(t, r, v)
			}
		}
		m.record(byte(1+i), detailsEvent, float64(1+i), chatAttrs(usage, attrs{"gen_ai.conversation.id": fmt.Sprint("odd", trace)}, said), nil)
		history = append(history, answer, texts("user"))
	}
	return m.ld
}

// TestRecordsWithWordsOfTheirCallsComeBackAsSent compares what llm_event_details gives of
// records that have the words of their calls with what was sent, exactly.
func TestRecordsWithWordsOfTheirCallsComeBackAsSent(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	templates := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 41))
		ld := oddRecords(t, r, time.Now().Add(-time.Hour), byte(1+seed))
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
		rows := column[string](t, db, "SELECT attributes::text FROM llm_event_details WHERE session_id = $1 ORDER BY time", fmt.Sprint("odd", 1+seed))
		records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		require.Len(t, rows, records.Len())
		for i := range rows {
			var rep jsonval.Repairs
			var want, got map[string]any
			require.NoError(t, json.Unmarshal(jsonval.AppendMap(nil, records.At(i).Attributes(), &rep), &want))
			require.NoError(t, json.Unmarshal([]byte(rows[i]), &got))
			for key := range want {
				require.Equal(t, want[key], got[key], "seed %d, record %d: %s", seed, i, key)
			}
			require.Len(t, got, len(want))
		}
	}
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_events, jsonb_each(attributes) a WHERE llm_internal_template(a.value) IS NOT NULL`).Scan(&templates))
	require.Greater(t, templates, 300)
	require.Zero(t, countRows(t, db, `SELECT FROM llm_events e, llm_attribute_contents(e.attributes) a WHERE NOT EXISTS (SELECT FROM llm_contents w WHERE w.day = e.day AND w.id = a.id)`))
	for _, odd := range []string{
		"null", "1", "[]", "{}", `{"$content":null}`, `{"$content":[]}`, `{"$content":{}}`, `{"$content":["x"]}`, `{"$content":[1]}`, `{"$content":[null]}`, `{"$content":[[]]}`,
		`{"$content":["00000000-0000-0000-0000-000000000000"],"a":1}`, `{"$content":["00000000-0000-0000-0000-000000000000,00000000-0000-0000-0000-000000000000", "{"]}`,
	} {
		require.Zero(t, countRows(t, db, "SELECT WHERE llm_internal_template('"+odd+"') IS NOT NULL"), odd)
		require.Zero(t, countRows(t, db, `SELECT FROM llm_attribute_contents('{"a":`+odd+`}')`), odd)
	}
	requireHostileTemplatesRead(t, db)
	rowcheck.Consistent(t, db)
}

// requireHostileTemplatesRead has an attribute refer to contents that are nearly templates, as
// another program may write them: reading never fails.
func requireHostileTemplatesRead(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	parts := []string{`null`, `7`, `"x"`, `[]`, `{}`, `[7]`, `["{"]`, `["a","b"]`, `[[]]`, `[["x"]]`, `[[-1]]`, `[[99999999999]]`, `[[0]]`, `[[0,"a",7,null]]`, `[[1,"a"]]`, `{"$hole":"x"}`,
		`{"$hole":99999999999}`, `{"$hole":7}`, `{"a":[{"$hole":0}]}`, strings.Repeat("[", 5000) + strings.Repeat("]", 5000)}
	const id = "00000000-0000-0000-0000-0000000000aa"
	for _, form := range []string{`"json"`, `"text"`, `null`, `{}`} {
		for _, holes := range parts {
			for _, value := range parts {
				body := `{"form":` + form + `,"holes":` + holes + `,"value":` + value + `,"pieces":` + value + `}`
				_, err := db.Exec(t.Context(), `WITH new AS (INSERT INTO llm_contents (day, id, body) VALUES ('1999-01-01', $1, $2)
					ON CONFLICT (day, id) DO UPDATE SET body = excluded.body) SELECT`, id, body)
				require.NoError(t, err)
				_, err = db.Exec(t.Context(), `SELECT llm_whole_attributes('1999-01-01', jsonb_build_object('a', jsonb_build_object('$content', jsonb_build_array($1::text, $1::text))))`, id)
				require.NoError(t, err, body)
			}
		}
	}
	_, err := db.Exec(t.Context(), `DELETE FROM llm_contents WHERE id = $1`, id)
	require.NoError(t, err)
}
