package acceptance

import (
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// readerQuestion is what somebody asks, how it is asked in SQL, and the right answer over the
// sample data: a line a row, columns apart by a bar, ~ for null. :day is the day of the data.
type readerQuestion struct {
	ask, sql, want string
}

var questions = []readerQuestion{
	// Who pays for models.
	{"What did we spend?", `SELECT sum(total_cost) FROM llm_usage WHERE hour >= :day`, "0.00889066"},
	{"What did we spend by model?", `SELECT model, sum(total_cost) FROM llm_calls WHERE start_time >= :day GROUP BY 1 HAVING count(total_cost) > 0 ORDER BY 1`, "claude-sonnet-4|0.00027\ngpt-4o|0.00861\ngpt-4o-mini|0.0000105\ntext-embedding-3-small|0.00000016"},
	{"Of how many calls is the cost known?", `SELECT sum(priced_calls), sum(calls) FROM llm_usage WHERE kind = 'llm' AND hour >= :day`, "7|12"},
	{"What do models cost whose cost nobody reports?", `SELECT sum(total_cost) FROM llm_usage WHERE model = 'claude-sonnet-4'`, "0.00027"},
	{"How many tokens did we use?", `SELECT sum(input_tokens), sum(output_tokens), sum(total_tokens) FROM llm_usage`, "2128|331|2459"},
	{"Is that the same from the traces?", `SELECT sum(input_tokens), sum(output_tokens), sum(total_tokens) FROM llm_traces`, "2128|331|2459"},
	{"And from the calls?", `SELECT sum(input_tokens), sum(output_tokens), sum(total_tokens) FROM llm_calls`, "2128|331|2459"},
	{"Tokens by user?", `SELECT user_id, sum(total_tokens) FROM llm_usage_daily WHERE day >= :day GROUP BY 1 HAVING sum(total_tokens) > 0 ORDER BY 1`,
		"alice|350\nbob|869\ndave|15\nerin|25\nfrank|1200"},
	{"Tokens by agent?", `SELECT agent_name, sum(total_tokens) FROM llm_usage_daily WHERE agent_name IS NOT NULL GROUP BY 1 HAVING sum(total_tokens) > 0 ORDER BY 1`,
		"concierge|300\nlibrarian|509\nremote|1200"},
	{"Tokens by session?", `SELECT session_id, total_tokens FROM llm_sessions WHERE total_tokens > 0 ORDER BY 1`, "s1|300\ns2|360\ns3|50\ns5a|15\ns5b|25\ns6|1200\ns8|509"},
	{"Tokens by provider?", `SELECT provider, sum(total_tokens) FROM llm_usage WHERE provider IS NOT NULL GROUP BY 1 HAVING sum(calls) > 0 ORDER BY 1`, "anthropic|50\nopenai|1209"},
	{"Tokens of one prompt version?", `SELECT prompt_version, sum(total_tokens) FROM llm_usage_daily WHERE prompt_name = 'rivers' GROUP BY 1`, "3|501"},
	{"Which traces were dearest?", `SELECT trace_id, total_tokens FROM llm_traces ORDER BY total_tokens DESC LIMIT 2`, hexOf(6) + "|1200\n" + hexOf(8) + "|509"},
	{"Tokens that only agents tell?", `SELECT kind, service_name, total_tokens FROM llm_calls WHERE NOT is_call`, "agent|research|1200"},
	{"Tokens a call, on average, of one service?", `SELECT round(avg(total_tokens), 1) FROM llm_calls WHERE is_call AND service_name = 'shop'`, "220.0"},
	// Who runs the applications.
	{"How many calls of language models?", `SELECT sum(calls) FROM llm_usage WHERE kind = 'llm'`, "12"},
	{"From the traces?", `SELECT sum(llm_call_count) FROM llm_traces`, "12"},
	{"From the calls?", `SELECT count(*) FROM llm_calls WHERE is_call AND kind = 'llm'`, "12"},
	{"Calls by service?", `SELECT service_name, sum(calls) FROM llm_usage GROUP BY 1 HAVING sum(calls) > 0 ORDER BY 1`, "batch|4\nresearch|2\nshop|5\nsupport|2"},
	{"Calls by model?", `SELECT model, count(*) FROM llm_call_facts WHERE is_call GROUP BY 1 ORDER BY 1`, "claude-sonnet-4|1\ngpt-4o|7\ngpt-4o-mini|4\ntext-embedding-3-small|1"},
	{"How many calls of tools?", `SELECT count(*), (SELECT sum(tool_calls) FROM llm_usage), (SELECT sum(tool_call_count) FROM llm_traces) FROM llm_tool_calls`, "5|5|5"},
	{"Which tools are called?", `SELECT tool_name, sum(called) FROM llm_tool_usage GROUP BY 1 HAVING sum(called) > 0 ORDER BY 1`, "calendar|1\ndelegate|3\nmap|1"},
	{"Which tools are offered and never called?", `SELECT tool_name FROM llm_tool_usage GROUP BY 1 HAVING sum(offered) > 0 AND sum(called) = 0`, "weather"},
	{"Which tools fail?", `SELECT tool_name, sum(failed) FROM llm_tool_usage GROUP BY 1 HAVING sum(failed) > 0`, "calendar|1"},
	{"How many calls failed?", `SELECT sum(failed_calls) FROM llm_usage`, "3"},
	{"How many errors in all?", `SELECT sum(errors), (SELECT sum(error_count) FROM llm_sessions WHERE session_id = 's3') FROM llm_usage`, "4|2"},
	{"Which errors?", `SELECT error_type, count(*) FROM llm_call_facts WHERE failed GROUP BY 1`, "rate_limit|3"},
	{"How many spans say error?", `SELECT sum(error_spans) FROM llm_usage`, "6"},
	{"Error rate of a model?", `SELECT round(100.0 * sum(failed_calls) / sum(calls), 1) FROM llm_usage WHERE model = 'gpt-4o-mini'`, "50.0"},
	{"Median latency of answered calls?", `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_us) / 1000 FROM llm_calls WHERE is_call AND kind = 'llm' AND NOT failed`, "1500"},
	{"The same from histograms?", `SELECT abs(llm_histogram_quantile(llm_histogram_sum(latency_us_histogram), 0.5) / 1500000 - 1) <= 0.025
		FROM llm_usage WHERE kind = 'llm' AND NOT failed AND calls > 0`, "true"},
	{"The slowest answer?", `SELECT llm_histogram_quantile(llm_histogram_sum(latency_us_histogram), 0.99) <= max(latency_us_max), max(latency_us_max) / 1000
		FROM llm_usage WHERE kind = 'llm' AND calls > 0 AND NOT failed`, "true|3800"},
	{"Average latency of one service's calls?", `SELECT round(avg(duration_us) / 1000) FROM llm_calls WHERE is_call AND trace_hex = '` + hexOf(2) + `'`, "1500"},
	{"How long do tools take?", `SELECT tool_name, max(duration_us) / 1000 FROM llm_tool_calls GROUP BY 1 ORDER BY 1`, "calendar|100\ndelegate|7900\nmap|300"},
	{"Which calls run in prod?", `SELECT count(*) FROM llm_calls WHERE environment = 'prod'`, "2"},
	{"Which calls does an agent make?", `SELECT count(*) FROM llm_calls WHERE agent_name = 'concierge' AND is_call`, "2"},
	{"Which agent's tools fail?", `SELECT agent_name, tool_name FROM llm_tool_calls WHERE failed`, "boss|calendar"},
	{"How many sessions?", `SELECT count(*) FROM llm_sessions`, "7"},
	{"Who was in a shared trace?", `SELECT session_id, user_id, llm_call_count, error_count FROM llm_sessions WHERE session_id LIKE 's5%' ORDER BY 1`, "s5a|dave|1|0\ns5b|erin|2|1"},
	{"How many traces has a session?", `SELECT trace_count, users FROM llm_sessions WHERE session_id = 's3'`, "2|[alice]"},
	{"Which service sends no session?", `SELECT service_name, sum(without_session) FROM llm_data_quality GROUP BY 1 HAVING sum(without_session) > 0`, "batch|1"},
	{"Which service sends no usage?", `SELECT service_name, sum(without_usage) FROM llm_data_quality WHERE day >= :day GROUP BY 1 HAVING sum(without_usage) > 0`, "shop|2"},
	{"Is everything stored in time?", `SELECT count(*), bool_and(lag > interval '1 day' AND last_stored > now() - interval '1 hour' AND silent_for < interval '1 hour') FROM llm_ingest`, "4|true"},
	{"Which day takes how much?", `SELECT count(*) FROM llm_storage WHERE day = :day::date AND total_bytes > 0`, "4"},
	// Who writes prompts.
	{"What did people ask, and what was answered?", `SELECT left(trace_hex, 2), input, output FROM llm_trace_io ORDER BY start_time`,
		"01|Where is the river?|Welcome.\n02|one|zwei\n03|Plan my day|Planned.\n04|go|~\n05|hi|hello\n06|Study rivers|Done.\n07|Is it open?|Yes.\n08|Which river?|~"},
	{"How often did users say hi?", `SELECT count(*) FROM llm_messages WHERE role = 'user' AND is_new AND content ILIKE 'hi%'`, "2"},
	{"How often did users say two?", `SELECT count(*) FILTER (WHERE is_new), count(*) FROM llm_messages WHERE role = 'user' AND content = 'two'`, "2|3"},
	{"Which answers are empty?", `SELECT trace_hex FROM llm_calls WHERE NOT llm_answered(output_messages)`, hexOf(8)},
	{"Which answers were cut?", `SELECT left(trace_hex, 2) FROM llm_calls WHERE 'length' = ANY (finish_reasons)`, "08"},
	{"What was found for a question?", `SELECT retrieval_query, document_count, documents #>> '{1,content}' FROM llm_retrievals`, "deep rivers|2|The Nile"},
	{"Show a conversation.", `SELECT role, content FROM llm_transcript('` + hexOf(1) + `') ORDER BY position`,
		"system|Be kind\nuser|Where is the river?\nassistant|The river is north.\nuser|Thanks\nassistant|Welcome."},
	{"Show a conversation of an agent only.", `SELECT role, content, agent_name FROM llm_transcript((SELECT id FROM llm_traces WHERE trace_id = '` + hexOf(6) + `'))`,
		"user|Study rivers|remote\nassistant|Done.|remote"},
	{"What was a call asked and what did it answer?", `SELECT llm_asked(input_messages), output_messages #>> '{0,parts,0,content}' FROM llm_calls
		WHERE trace_hex = '` + hexOf(1) + `' ORDER BY start_time LIMIT 1`, "Where is the river?|The river is north."},
	// Who answers for data.
	{"Who said river, and where?", `SELECT found_in, role, trace_hex, user_id, service_name FROM llm_search(:day::date, 'RIVER') WHERE found_in <> 'document' AND trace_hex = '` + hexOf(8) + `' ORDER BY 1, 2`,
		"message|user|" + hexOf(8) + "|bob|research\nretrieval_query|~|" + hexOf(8) + "|bob|research"},
	{"Was a tool given a word?", `SELECT DISTINCT user_id FROM llm_search(:day::date - 3, '"of"', to_day => :day::date) WHERE found_in = 'tool_arguments'`, "alice"},
	{"What do we hold of a person?", `SELECT line ->> 'type', count(*) FROM llm_export_user('bob') line GROUP BY 1 ORDER BY 1`, "call|5\nmessage|14\ntrace|2"},
	{"What did a tool get and give, whoever told it?", `SELECT tool_arguments ->> 'of', tool_result ->> 'found' FROM llm_tool_calls WHERE tool_name = 'map'`, "river|true"},
	// Asked later, by each of them.
	{"Who runs into failing calls?", `SELECT user_id, count(*) FROM llm_calls WHERE is_call AND failed GROUP BY 1 ORDER BY 1`, "alice|1\ncarol|1\nerin|1"},
	{"How long did a session last?", `SELECT extract(epoch FROM last_seen - first_seen)::integer FROM llm_sessions WHERE session_id = 's3'`, "244"},
	{"Whose tools fail?", `SELECT user_id, count(*) FILTER (WHERE failed), count(*) FROM llm_tool_calls GROUP BY 1`, "alice|1|5"},
	{"What do 1,000 answers of a model cost?", `SELECT model, round(1000 * sum(total_cost) / count(*), 3) FROM llm_calls
		WHERE is_call AND kind = 'llm' AND NOT failed AND total_cost IS NOT NULL GROUP BY 1 ORDER BY 1`, "claude-sonnet-4|0.270\ngpt-4o|2.153\ngpt-4o-mini|0.005"},
	{"How large are the prompts of an agent?", `SELECT round(avg(input_tokens)) FROM llm_call_facts WHERE is_call AND agent_name = 'concierge'`, "125"},
	{"Which traces have errors?", `SELECT left(trace_id, 2), error_count FROM llm_traces WHERE error_count > 0 ORDER BY 1`, "03|1\n04|1\n05|1\n07|1"},
	{"Where did a call fail and another answer?", `SELECT left(trace_hex, 2) FROM llm_call_facts WHERE is_call GROUP BY 1 HAVING bool_or(failed) AND bool_or(NOT failed) ORDER BY 1`, "05\n07"},
	{"How much of the cost is estimated?", `SELECT cost_source, count(*), sum(total_cost) FROM llm_calls WHERE total_cost IS NOT NULL GROUP BY 1 ORDER BY 1`,
		"estimated|6|0.00289066\nreported|2|0.006"},
	{"Which traces have a system prompt?", `SELECT left(trace_hex, 2) FROM llm_messages WHERE role = 'system' GROUP BY 1`, "01"},
	{"How often is a version of a prompt used?", `SELECT prompt_name, prompt_version, sum(calls) FROM llm_usage_daily WHERE prompt_version IS NOT NULL GROUP BY 1, 2`, "rivers|3|1"},
	{"How many people called a model?", `SELECT count(DISTINCT user_id) FROM llm_call_facts WHERE is_call`, "5"},
	{"Which traces took longest?", `SELECT left(trace_id, 2), duration_us / 1000 FROM llm_traces ORDER BY duration_us DESC LIMIT 2`, "06|20000\n03|9000"},
	{"Which answers came without tokens?", `SELECT left(trace_hex, 2), count(*) FROM llm_calls WHERE is_call AND kind = 'llm' AND total_tokens IS NULL AND NOT failed GROUP BY 1`, "02|2"},
	{"Which traces answered with a word?", `SELECT left(trace_hex, 2) FROM llm_trace_io WHERE output ILIKE '%plan%'`, "03"},
	{"What was the largest prompt of each model?", `SELECT model, max(input_tokens) FROM llm_call_facts WHERE is_call AND kind = 'llm' AND input_tokens > 0 GROUP BY 1 ORDER BY 1`,
		"claude-sonnet-4|40\ngpt-4o|500\ngpt-4o-mini|20"},
}

// TestQuestions asks what people ask, of data sent in several orders.
func TestQuestions(t *testing.T) {
	require.GreaterOrEqual(t, len(questions), 67)
	r := rand.New(rand.NewPCG(3, 16))
	n := len(sampleSpans)
	forth, back := make([]int, n), make([]int, n)
	for i := range n {
		forth[i], back[i] = i, n-1-i
	}
	for name, order := range map[string][]int{"in order": forth, "last first": back, "at random": r.Perm(n)} {
		t.Run(name, func(t *testing.T) {
			e, db := startExporter(t, nil)
			sendSample(t, e, order)
			askAll(t, db)
			rowcheck.Agree(t, db)
			foldAll(t, db, noon(0))
			askAll(t, db)
			rowcheck.Agree(t, db)
		})
	}
}

func askAll(t *testing.T, db *pgxpool.Pool) {
	day := fmt.Sprintf("timestamptz '%s 00:00Z'", noon(2).Format("2006-01-02"))
	for _, q := range questions {
		t.Run(q.ask, func(t *testing.T) {
			require.LessOrEqual(t, strings.Count(q.sql, "\n"), 11, "one statement of at most 12 lines")
			require.Equal(t, q.want, lines(t, db, strings.ReplaceAll(q.sql, ":day", day)))
		})
	}
}

// lines returns the rows of a query as text.
func lines(t *testing.T, db *pgxpool.Pool, sql string) string {
	t.Helper()
	rows, err := db.Query(t.Context(), sql)
	require.NoError(t, err, sql)
	defer rows.Close()
	var text []string
	for rows.Next() {
		values, err := rows.Values()
		require.NoError(t, err)
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = cell(v)
		}
		text = append(text, strings.Join(cells, "|"))
	}
	require.NoError(t, rows.Err(), sql)
	return strings.Join(text, "\n")
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "~"
	case interface{ Value() (driver.Value, error) }:
		plain, err := v.Value()
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(plain)
	}
	return fmt.Sprint(v)
}
