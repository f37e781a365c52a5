package schema

import (
	"regexp"
	"strings"
)

// parts are expressions that definition files share: {{.NAME ARGUMENT}} stands for the text under
// NAME, with the argument, a column or a table's alias, in the place of $1.
var parts = map[string]string{
	// What the innermost other observation of a call has that has any; s is the call's span, t its
	// trace.
	"of_observations": `(SELECT o.$1 FROM {{.schema}}.llm_internal_observations(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
    WHERE o.$1 IS NOT NULL ORDER BY o.ordinality LIMIT 1)`,
	// The same where the span says nothing of it and the call is told again, and the day of its
	// contents then.
	"own_or_told": `CASE WHEN s.$1 IS NULL AND k.told_again THEN {{.of_observations $1}} ELSE s.$1 END`,
	// An observation o around several calls has the answer of the one that ends nearest to its own end.
	"has_answer": `coalesce((SELECT c.span_id = s.span_id AND c.start_time = s.start_time
    FROM {{.schema}}.llm_internal_usage_call(s.trace_id, o.span_id, t.start_time, t.end_time) c), true)`,
	"told_answer": `(SELECT o.$1 FROM {{.schema}}.llm_internal_observations(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
    WHERE o.output_message_ids IS NOT NULL AND {{.has_answer}} ORDER BY o.ordinality LIMIT 1)`,
	"own_or_told_answer": `CASE WHEN s.output_message_ids IS NULL AND k.told_again THEN {{.told_answer output_message_ids}} ELSE s.output_message_ids END`,
	// Whether the call may be told again, of a trace of more than one span.
	"may_be_told_again": `(t.span_count > 64 OR {{.schema}}.llm_internal_told_again(s.trace_id, s.kind, t.start_time, t.end_time))`,
	"day_of": `CASE WHEN s.$1 IS NULL AND k.told_again THEN (SELECT (o.start_time AT TIME ZONE 'UTC')::date
    FROM {{.schema}}.llm_internal_observations(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
    WHERE o.$1 IS NOT NULL ORDER BY o.ordinality LIMIT 1) ELSE d.day END`,
	// A list of ids of span s as a list without lists in it, which another program may have stored.
	"flat": `CASE WHEN array_ndims(s.$1) > 1 THEN ARRAY(SELECT unnest(s.$1)) ELSE s.$1 END`,
	// Pairs of calls side by side that are one, as this version and the one before keep them. No view:
	// whoever runs a function that reads these may read tables, but not on every server views.
	"side_by_side": `(SELECT trace_id, inner_span_id, outer_span_id FROM {{.schema}}.llm_internal_pairs
        UNION ALL SELECT trace_id, inner_span_id, outer_span_id FROM {{.schema}}.llm_side_by_side)`,
	// The spans s around those of $1, one step further out: its parents, and calls side by side that
	// enclose it.
	"outer_spans": `CROSS JOIN LATERAL (
            SELECT $1.parent_span_id AS span_id WHERE $1.parent_span_id IS NOT NULL
            UNION ALL
            SELECT b.outer_span_id FROM {{.side_by_side}} b WHERE b.trace_id = of_trace AND b.inner_span_id = $1.span_id) o
        CROSS JOIN LATERAL (SELECT x.* FROM {{.schema}}.llm_spans x
            WHERE x.trace_id = of_trace AND x.span_id = o.span_id AND x.start_time BETWEEN since AND until LIMIT 8) s`,
	// Whether span $1 is a call that says itself that it failed.
	"failed": `{{.schema}}.llm_internal_failed($1.status, CASE WHEN 'error_from_record' = ANY ($1.adjustments) THEN NULL ELSE $1.error_type END,
        $1.output_message_ids, $1.event_words, $1.input_tokens, $1.output_tokens, $1.total_tokens)`,
	// What tells the model of a call s of trace t that names none. A strict function is not called for a null.
	"told_model": `{{.schema}}.llm_internal_told_model(CASE WHEN coalesce(s.response_model, s.request_model) IS NULL AND t.span_count > 1 THEN s.trace_id END,
        s.span_id, s.kind, coalesce(s.parent_span_id, ''), s.counted, t.start_time, t.end_time)`,
	"of_model": `(SELECT o.$1 FROM {{.told_model}} o)`,
	// How long after its end span s was stored; null where one of the times is infinite.
	"lag": `CASE WHEN isfinite(s.stored_at) AND isfinite(s.end_time) THEN s.stored_at - s.end_time END`,
	// The error of a call, which an event may name more exactly than its span.
	"error": `CASE WHEN s.error_type = '_OTHER' AND k.told_again
         THEN coalesce((SELECT o.error_type FROM {{.schema}}.llm_internal_observations(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
               WHERE o.error_type <> '_OTHER' ORDER BY o.ordinality LIMIT 1), s.error_type)
         ELSE s.error_type END AS error_type,
    CASE WHEN s.error_message IS NULL AND s.error_type IS NOT NULL AND k.told_again THEN {{.of_observations error_message}} ELSE s.error_message END AS error_message`,
	// What the views of spans, of calls and of tools show of a span as llm_spans has it. A new column
	// for which that is enough goes to the end of this line, and all of them show the column.
	"as_stored": `$1.source, $1.stored_at`,
	// What llm_span_details and llm_trace show of a span s of trace t with resource r, before its
	// contents and after them.
	"span_facts": `s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind, s.kind, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message, s.error_type, s.error_message,
    s.provider, s.request_model, s.response_model, s.response_id, s.finish_reasons, s.request_parameters, s.streaming, s.ttft_ms,
    s.input_tokens, s.output_tokens, s.total_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.reasoning_tokens,
    s.input_cost, s.output_cost, s.total_cost, s.aggregate_usage, s.counted, s.usage_counted,
    s.user_id, s.session_id, s.environment, s.release, s.tags, s.prompt_name, s.prompt_version, s.agent_name, s.agent_id,
    s.tool_name, s.tool_call_id, s.embedding_dimensions,
    s.input_message_ids, s.output_message_ids, s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id,
    s.tool_result_id, s.retrieval_query_id, s.document_ids`,
	"span_rest": `s.resource_id, r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(d.day, s.attributes) AS attributes,
    {{.schema}}.llm_whole_events(d.day, s.events) AS events, s.links, s.trace_state, s.flags, s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments,
    s.cost_counted, {{.schema}}.llm_model_name(coalesce(s.response_model, s.request_model)) AS model, s.labels, s.service_tier, {{.as_stored s}},
    s.cache_write_1h_tokens, s.input_audio_tokens, s.output_audio_tokens, s.input_image_tokens, s.output_image_tokens, s.web_search_requests,
    s.estimated_cost, s.estimate_counted`,
	// Tokens of a row of llm_internal_calls: the span's own, else those of the spans around (u), else the
	// aggregate of an agent (a).
	"usage": `coalesce(CASE WHEN s.usage_counted THEN s.$1 END, u.$1, {{.schema}}.llm_internal_bigint({{.schema}}.llm_internal_number(a.usage -> '$1'))) AS $1`,
	// The sum over spans u around a call of what these tell of its tokens.
	"told_tokens": `{{.schema}}.llm_internal_bigint(sum(u.$1) FILTER (WHERE u.tells_tokens))`,
	// The sums over spans u around a call, in the order of the result of llm_internal_usage_around
	// but for the last two columns, and all of them for spans that each tell something.
	"told_sums": `{{.told_tokens input_tokens}}, {{.told_tokens output_tokens}}, {{.told_tokens total_tokens}},
    {{.told_tokens cache_read_tokens}}, {{.told_tokens cache_creation_tokens}}, {{.told_tokens cache_write_1h_tokens}},
    {{.told_tokens reasoning_tokens}}, {{.told_tokens input_audio_tokens}}, {{.told_tokens output_audio_tokens}},
    {{.told_tokens input_image_tokens}}, {{.told_tokens output_image_tokens}}, {{.told_tokens web_search_requests}},
    sum(u.input_cost) FILTER (WHERE u.tells_cost), sum(u.output_cost) FILTER (WHERE u.tells_cost), sum(u.total_cost) FILTER (WHERE u.tells_cost),
    sum(u.estimated_cost) FILTER (WHERE u.tells_tokens)`,
	"usage_sums": `{{.told_sums}}, sum(u.estimated_cost) FILTER (WHERE u.estimate_counted),
    (count(*) FILTER (WHERE u.estimate_counted AND u.estimated_cost IS NULL))::integer`,
}

var part = regexp.MustCompile(`{{\.(\w+)(?: (\w+))?}}`)

// definitionText is a definition file with its parts in place.
func definitionText(file string) string { return withParts(read(file)) }

func withParts(text string) string {
	return part.ReplaceAllStringFunc(text, func(placeholder string) string {
		found := part.FindStringSubmatch(placeholder)
		text, ok := parts[found[1]]
		if !ok {
			return placeholder // the schema, or a list of columns
		}
		return withParts(strings.ReplaceAll(text, "$1", found[2]))
	})
}
