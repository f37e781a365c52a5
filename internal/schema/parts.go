package schema

import (
	"regexp"
	"strings"
)

// parts are expressions that definition files share: {{.NAME COLUMN}} stands for the text under
// NAME, with the column in the place of $1.
var parts = map[string]string{
	// What the innermost other observation of a call has that has any, and the day of its contents;
	// s is the call's span, t its trace.
	"of_tellings": `(SELECT o.$1 FROM {{.schema}}.llm_internal_tellings(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
    WHERE o.$1 IS NOT NULL ORDER BY o.ordinality LIMIT 1)`,
	"day_of_tellings": `(SELECT (o.start_time AT TIME ZONE 'UTC')::date
    FROM {{.schema}}.llm_internal_tellings(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
    WHERE o.$1 IS NOT NULL ORDER BY o.ordinality LIMIT 1)`,
	// Tokens of a row of llm_internal_calls: the span's own, else those of the spans around (u), else the
	// aggregate of an agent (a).
	"usage": `coalesce(CASE WHEN s.usage_counted THEN s.$1 END, u.$1, (a.usage ->> '$1')::bigint) AS $1`,
	// The sums over spans u around a call, in the order of the result of llm_internal_usage_around.
	"usage_sums": `(sum(u.input_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.output_tokens) FILTER (WHERE u.tells_tokens))::bigint,
    (sum(u.total_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.cache_read_tokens) FILTER (WHERE u.tells_tokens))::bigint,
    (sum(u.cache_creation_tokens) FILTER (WHERE u.tells_tokens))::bigint,
    (sum(u.cache_write_1h_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.reasoning_tokens) FILTER (WHERE u.tells_tokens))::bigint,
    (sum(u.input_audio_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.output_audio_tokens) FILTER (WHERE u.tells_tokens))::bigint,
    (sum(u.input_image_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.output_image_tokens) FILTER (WHERE u.tells_tokens))::bigint,
    (sum(u.web_search_requests) FILTER (WHERE u.tells_tokens))::bigint,
    sum(u.input_cost) FILTER (WHERE u.tells_cost), sum(u.output_cost) FILTER (WHERE u.tells_cost),
    sum(u.total_cost) FILTER (WHERE u.tells_cost),
    sum(u.estimated_cost) FILTER (WHERE u.tells_tokens), sum(u.estimated_cost) FILTER (WHERE u.estimate_counted),
    (count(*) FILTER (WHERE u.estimate_counted AND u.estimated_cost IS NULL))::integer`,
}

var part = regexp.MustCompile(`{{\.(\w+)(?: (\w+))?}}`)

// definitionText is a definition file with its parts in place.
func definitionText(file string) string {
	return part.ReplaceAllStringFunc(read(file), func(placeholder string) string {
		found := part.FindStringSubmatch(placeholder)
		text, ok := parts[found[1]]
		if !ok {
			return placeholder // the schema, or a list of columns
		}
		return strings.ReplaceAll(text, "$1", found[2])
	})
}
