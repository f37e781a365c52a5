package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// readAll reads every column of every view, and the look-ups that take what the rows
// hold. None of them may fail, whatever a row holds.
func readAll(t *testing.T, db *pgxpool.Pool, user string, traces ...string) {
	t.Helper()
	for _, view := range column[string](t, db, `SELECT viewname::text FROM pg_views WHERE schemaname = 'public' ORDER BY 1`) {
		_, err := db.Exec(t.Context(), `SELECT v::text FROM `+view+` v`)
		require.NoError(t, err, view)
	}
	for _, trace := range traces {
		for _, call := range []string{"llm_trace", "llm_transcript", "llm_trace_spans", "llm_trace_tree"} {
			_, err := db.Exec(t.Context(), `SELECT v::text FROM `+call+`('`+trace+`') v`)
			require.NoError(t, err, call)
		}
	}
	_, err := db.Exec(t.Context(), `SELECT v::text FROM llm_user_calls($1) v`, user)
	require.NoError(t, err)
}

// hostileMaps are attributes that look like what the writer makes of attributes.
func hostileMaps(id string) []map[string]any {
	reference := map[string]any{"$content": id}
	return []map[string]any{
		{"$content": "no uuid"}, {"$content": id}, {"$content": reference}, {"$content": []any{id}}, {"$content": int64(7)},
		{"$scope": reference, "$$scope": id, "$long_scope": reference, "$bytes": "AAAA", "$map": reference},
		{"a": reference, "b": map[string]any{"$content": id, "more": int64(1)}, "c": []any{reference}, "d": map[string]any{"$map": reference}},
		{"a": map[string]any{"$bytes": "AAAA"}, "": reference, "$": map[string]any{"$": map[string]any{"$scope": id}}},
		{"a": []byte{1, 2}, "$scope": []any{[]byte{3}, 1.0}, "$$$scope": map[string]any{}},
	}
}

// TestReservedNamesCannotHurt sends attributes that look like references to the words of
// somebody else, and finds that they come back as sent, show nobody's words, keep no
// words from being erased and break no view.
func TestReservedNamesCannotHurt(t *testing.T) {
	e, db := startExporter(t, nil)
	now := time.Now()
	consume(t, e, said(1, "victim", "v", now))
	note := column[string](t, db, `SELECT id::text FROM llm_contents WHERE body::text LIKE '"victim:%'`)
	require.Len(t, note, 1)

	maps := hostileMaps(note[0])
	var sent []ptrace.Traces
	for i := range len(maps) * 2 {
		td, span := newSpan("hostile", byte(10+i), 0, now, now.Add(time.Second))
		span.SetTraceID(pcommon.TraceID{7, byte(i)})
		span.Attributes().PutStr("user.id", "attacker")
		require.NoError(t, span.Attributes().FromRaw(maps[i%len(maps)]))
		require.NoError(t, span.Events().AppendEmpty().Attributes().FromRaw(maps[(i+1)%len(maps)]))
		require.NoError(t, span.Links().AppendEmpty().Attributes().FromRaw(maps[(i+2)%len(maps)]))
		scope := maps[(i+3)%len(maps)]
		if i >= len(maps) {
			scope = map[string]any{"long": fmt.Sprintf("%3000d", i), "$content": note[0]}
		}
		require.NoError(t, td.ResourceSpans().At(0).ScopeSpans().At(0).Scope().Attributes().FromRaw(scope))
		require.NoError(t, td.ResourceSpans().At(0).Resource().Attributes().FromRaw(maps[(i+4)%len(maps)]))
		consume(t, e, td)
		sent = append(sent, td)
	}
	readAll(t, db, "attacker", "07"+fmt.Sprintf("%030d", 0))
	for _, td := range sent {
		comesBack(t, db, td)
	}
	require.Empty(t, column[string](t, db, `SELECT d::text FROM llm_span_details d WHERE scope_name = 'hostile' AND d::text LIKE '%victim:%'`))
	erase(t, db, "user", "victim")
	require.Empty(t, column[string](t, db, `SELECT body::text FROM llm_contents WHERE id::text = $1`, note[0]))
	for _, td := range sent {
		comesBack(t, db, td)
	}
}

// comesBack compares the attributes of a span, its scope, resource, event and link with
// what the view shows of them.
func comesBack(t *testing.T, db *pgxpool.Pool, td ptrace.Traces) {
	t.Helper()
	rs := td.ResourceSpans().At(0)
	ss := rs.ScopeSpans().At(0)
	span := ss.Spans().At(0)
	var attributes, resource, event, link []byte
	require.NoError(t, db.QueryRow(t.Context(), `SELECT coalesce(attributes, '{}'), resource_attributes, events #> '{0,attributes}',
		links #> '{0,attributes}' FROM llm_span_details WHERE trace_hex = $1`, span.TraceID().String()).Scan(&attributes, &resource, &event, &link))
	got := map[string]map[string]any{}
	for place, stored := range map[string][]byte{"span": attributes, "resource": resource, "event": event, "link": link} {
		back := pcommon.NewMap()
		if stored != nil {
			require.NoError(t, jsonval.DecodeMap(stored, back), "%s", stored)
		}
		got[place] = back.AsRaw()
	}
	take := func(key string) map[string]any {
		m, _ := got["span"][key].(map[string]any)
		delete(got["span"], key)
		return m
	}
	// The words of scope, resource and links are contents that the span refers to.
	got["scope"] = map[string]any{}
	maps.Copy(got["scope"], take("$scope"))
	maps.Copy(got["scope"], take("$scope_words"))
	maps.Copy(got["resource"], take("$resource_words"))
	if words, ok := take("$link_words")["0"].(map[string]any); ok {
		maps.Copy(got["link"], words)
	}
	want := map[string]any{}
	for key, v := range span.Attributes().AsRaw() {
		switch key {
		case "user.id":
			continue
		case "$scope", "$$scope", "$$$scope", "$long_scope":
			key = "$" + key
		}
		want[key] = v
	}
	require.Equal(t, map[string]map[string]any{
		"span": want, "scope": ss.Scope().Attributes().AsRaw(), "resource": rs.Resource().Attributes().AsRaw(),
		"event": span.Events().At(0).Attributes().AsRaw(), "link": span.Links().At(0).Attributes().AsRaw(),
	}, got)
}

// TestRowsOfOthersCannotHurt puts whatever jsonb may hold into rows, as another writer or
// the version before may have done, and finds that all views, look-ups and erasure work.
func TestRowsOfOthersCannotHurt(t *testing.T) {
	e, db := startExporter(t, nil)
	now := time.Now()
	consume(t, e, said(1, "victim", "v", now))
	consume(t, e, said(2, "other", "o", now))
	note := column[string](t, db, `SELECT id::text FROM llm_contents WHERE body::text LIKE '"victim:%'`)[0]
	values := []string{`null`, `1`, `"attributes"`, `"$content"`, `[]`, `{}`, `["attributes", 7, null, {}]`, `[{"$content": "no uuid"}]`}
	for _, m := range hostileMaps(note) {
		text, err := json.Marshal(m)
		require.NoError(t, err)
		values = append(values, string(text), `{"$scope":`+string(text)+`}`, `{"a":`+string(text)+`}`, `{"attributes":`+string(text)+`}`)
	}
	rows := 0
	for _, v := range values {
		for _, events := range []string{v, `[` + v + `]`, `[{"attributes":` + v + `}]`, `[{"attributes":{"x":` + v + `}}]`} {
			rows++
			td := said(uint64(100+rows), "other", fmt.Sprint(rows), now)
			consume(t, e, td)
			_, err := db.Exec(t.Context(), `UPDATE llm_spans SET attributes = $1, events = $2, links = $2 WHERE session_id = $3`, v, events, fmt.Sprint(rows))
			require.NoError(t, err)
		}
	}
	_, err := db.Exec(t.Context(), `UPDATE llm_contents SET body = '7' WHERE body ? 'role' AND body::text LIKE '%I am other in%0"%'`)
	require.NoError(t, err)
	readAll(t, db, "other", column[string](t, db, `SELECT t.trace_id FROM llm_traces t WHERE user_id = 'other' LIMIT 20`)...)
	_, err = db.Exec(t.Context(), `SELECT * FROM llm_content_references`)
	require.NoError(t, err)

	// The version before wrote the attributes of a scope as they came.
	for _, attributes := range []string{`{"$scope":{"$content":"` + note + `"}}`, `{"$scope":{"$content":"no uuid"}}`, `{"$scope":"` + note + `"}`} {
		_, err := db.Exec(t.Context(), `UPDATE llm_spans SET attributes = $1, events = '{}' WHERE user_id = 'other'`, attributes)
		require.NoError(t, err)
		require.Empty(t, column[string](t, db, `SELECT d::text FROM llm_span_details d WHERE user_id = 'other' AND d::text LIKE '%victim:%'`))
	}
	require.Equal(t, 1, erase(t, db, "user", "victim").traces)
	require.Empty(t, column[string](t, db, `SELECT body::text FROM llm_contents WHERE id::text = $1`, note))
	require.Equal(t, rows+1, erase(t, db, "user", "other").traces)
}
