package main

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestSubjectsStoreTheSame keeps the comparison fair: raw COPY and the exporter put the same facts and words into
// one database.
func TestSubjectsStoreTheSame(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			url := testserver.NewDatabase(t)
			w.resize(1, 512)
			l, err := w.load(testDay, 1)
			require.NoError(t, err)
			l.makeRows()
			for _, start := range []startFunc{startCopy, startExporter} {
				subject, err := start(t.Context(), url, testDay, 1)
				require.NoError(t, err)
				_, err = send(t.Context(), subject, l.measured, 1)
				require.NoError(t, err)
				require.NoError(t, subject.stop(context.Background()))
			}
			require.Equal(t, l.spans, count(t, url, "SELECT count(*) FROM inline_spans"))
			require.Equal(t, l.spans, count(t, url, "SELECT count(*) FROM llm_spans"))
			require.Zero(t, count(t, url, `
				SELECT count(*) FROM inline_spans i FULL JOIN llm_span_details d USING (trace_id, span_id, start_time)
				FULL JOIN (SELECT trace_id, span_id, start_time, attributes FROM llm_spans) s USING (trace_id, span_id, start_time)
				WHERE (i.end_time, i.name, i.kind, i.counted, i.usage_counted, i.input_tokens, i.attributes, i.finish_reasons,
						i.resource_id, i.parent_span_id, i.response_id, i.session_id, i.flags, i.request_parameters,
						i.input_messages, i.system_instructions, i.tool_definitions, i.tool_arguments, i.tool_result)
					IS DISTINCT FROM (d.end_time, d.name, d.kind, d.counted, d.usage_counted, d.input_tokens, s.attributes, d.finish_reasons,
						d.resource_id, d.parent_span_id, d.response_id, d.session_id, d.flags, d.request_parameters,
						d.input_messages, d.system_instructions, d.tool_definitions, d.tool_arguments, d.tool_result)
					OR jsonb_path_query_array(i.output_messages, '$[*].parts') IS DISTINCT FROM jsonb_path_query_array(d.output_messages, '$[*].parts')`))
		})
	}
}

// TestInlineTableIsIndexedAlike compares with the table it stands in for.
func TestInlineTableIsIndexedAlike(t *testing.T) {
	url := testserver.NewDatabase(t)
	require.NoError(t, createInlineTable(t.Context(), url, testDay))
	expected := count(t, url, "SELECT count(*) FROM pg_index WHERE indrelid = 'llm_spans'::regclass")
	require.Equal(t, expected, count(t, url, "SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = 'inline_spans'::regclass"))
	require.Equal(t, expected, count(t, url, "SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = 'inline_spans_day'::regclass"))
	require.Equal(t, len(copyColumns), count(t, url, `SELECT count(*) FROM information_schema.columns WHERE table_name = 'inline_spans'`))
	require.Zero(t, count(t, url, `SELECT count(*) FROM pg_attribute WHERE attrelid = 'inline_spans'::regclass AND attisdropped`))
}

func count(t *testing.T, url, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&n))
	return n
}
