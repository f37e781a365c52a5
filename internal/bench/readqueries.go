package main

import "time"

// readQuery is a question that people ask. args is a query for its parameters.
type readQuery struct {
	name, sql, args string
	goal            time.Duration // of p95
}

const (
	longSession = "bench-session-of-200-messages"
	longTrace   = "bench-trace-of-30-turns"
)

// readQueries are asked as in README.md.
var readQueries = []readQuery{
	{
		name: "trace", goal: 20 * time.Millisecond, // with all words of 30 turns
		sql:  `SELECT * FROM llm_trace($1)`,
		args: `SELECT trace_id FROM llm_traces WHERE session_id = '` + longTrace + `'`,
	},
	{
		name: "calls of a user", goal: 20 * time.Millisecond,
		sql: `SELECT start_time, service_name, coalesce(response_model, request_model) AS model, status, duration_us, total_tokens, total_cost
			FROM llm_user_calls($1, 50)`,
		args: `SELECT user_id FROM llm_spans WHERE user_id IS NOT NULL ORDER BY start_time DESC LIMIT 1`,
	},
	{
		name: "calls of a session", goal: 20 * time.Millisecond,
		sql: `SELECT start_time, service_name, coalesce(response_model, request_model) AS model, status, duration_us, total_tokens, total_cost
			FROM llm_session_calls($1, 50)`,
		args: `SELECT '` + longSession + `'`,
	},
	{
		name: "cost by model and day", goal: 100 * time.Millisecond, // 30 days
		sql: `SELECT provider, model, date_trunc('day', hour, 'UTC') AS day, sum(calls) AS calls, sum(total_tokens) AS tokens, sum(total_cost) AS usd
			FROM llm_usage WHERE hour >= now() - interval '30 days' GROUP BY 1, 2, 3 ORDER BY 3, 6 DESC`,
	},
	{
		name: "latency by model", goal: 500 * time.Millisecond, // 24 h
		sql: `SELECT model, q.fraction, llm_histogram_quantile(latency, q.fraction) / 1000 AS ms, llm_histogram_quantile(ttft, q.fraction) / 1000 AS first_token_ms
			FROM (SELECT model, llm_histogram_sum(latency_us_histogram) AS latency, llm_histogram_sum(ttft_us_histogram) AS ttft
				FROM llm_usage WHERE hour >= now() - interval '24 hours' AND kind = 'llm' GROUP BY 1) u
			CROSS JOIN (VALUES (0.5), (0.95), (0.99)) q (fraction)`,
	},
	{
		name: "errors by service and hour", goal: 100 * time.Millisecond, // 7 days
		sql: `SELECT service_name, hour, sum(errors) AS errors, round(sum(errors) * 100 / sum(spans), 2) AS percent
			FROM llm_usage WHERE hour >= now() - interval '7 days' AND kind = 'llm' GROUP BY 1, 2 ORDER BY 1, 2`,
	},
	{
		name: "dearest traces", goal: 100 * time.Millisecond, // 24 h
		sql: `SELECT trace_id, name, user_id, total_cost FROM llm_traces
			WHERE created_at >= now() - interval '24 hours' AND start_time >= now() - interval '24 hours'
			ORDER BY total_cost DESC LIMIT 50`,
	},
	{
		name: "failed calls", goal: 50 * time.Millisecond, // 1 h
		sql: `SELECT start_time, service_name, request_model, error_type, error_message, trace_hex, llm_asked(input_messages) AS asked
			FROM llm_calls WHERE start_time >= now() - interval '1 hour' AND error_type IS NOT NULL ORDER BY 1 DESC`,
	},
	{
		name: "transcript", goal: 50 * time.Millisecond, // of 200 messages
		sql:  `SELECT * FROM llm_transcript($1)`,
		args: `SELECT '` + longSession + `'`,
	},
	{
		name: "words", goal: time.Second, // in a day's messages
		sql: `SELECT * FROM llm_search((now() AT TIME ZONE 'UTC')::date - 1, '` + vocabulary[vocabularySize-1] + `')`,
	},
	{
		name: "messages stored once", goal: time.Second, // of a day, from a sample
		sql: `SELECT round(100.0 * stored / held, 1) AS percent
			FROM (SELECT sum(coalesce(cardinality(input_message_ids), 0) + coalesce(cardinality(output_message_ids), 0)) AS held
				FROM llm_spans TABLESAMPLE SYSTEM (5)
				WHERE start_time >= date_trunc('day', now(), 'UTC') - interval '1 day' AND start_time < date_trunc('day', now(), 'UTC')) s,
				(SELECT count(*) AS stored FROM llm_contents TABLESAMPLE SYSTEM (5) WHERE day = (now() AT TIME ZONE 'UTC')::date - 1 AND body ? 'role') c`,
	},
}
