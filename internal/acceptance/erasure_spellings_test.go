package acceptance

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// userSpellings are the attributes by which instrumentations name the user of a span, and
// for JSON the value.
var userSpellings = [][2]string{
	{"user.id", "person"}, {"enduser.id", "person"}, {"enduser.pseudo.id", "person"}, {"gen_ai.user.id", "person"}, {"gen_ai.user", "person"},
	{"gen_ai.request.user", "person"}, {"langfuse.user.id", "person"}, {"langfuse.trace.user_id", "person"}, {"langwatch.user.id", "person"},
	{"traceloop.association.properties.user_id", "person"}, {"lmnr.association.properties.user_id", "person"}, {"langsmith.metadata.user_id", "person"},
	{"ai.telemetry.metadata.userId", "person"}, {"braintrust.metadata.user_id", "person"}, {"braintrust.metadata", `{"user_id":"person"}`},
	{"mastra.metadata.userId", "person"}, {"mlflow.trace.user", `"person"`}, {"llm.user", "person"},
	{"honeyhive_user_id", "person"}, {"honeyhive_user_properties.user_id", "person"}, {"_llmobs", `{"user_id":"person"}`},
}

// TestAUserIsErasedAndExportedByAnySpelling has one person's call told with each attribute,
// beside a call of somebody else.
func TestAUserIsErasedAndExportedByAnySpelling(t *testing.T) {
	e, db := startExporter(t, nil)
	send := func(n byte, key, value string) {
		td, span := newSpan("app", 1, 0, noon(0), noon(0).Add(1))
		span.SetTraceID(pcommon.TraceID{n})
		for name, text := range map[string]string{
			"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", key: value,
			"gen_ai.input.messages": fmt.Sprintf(`[{"role":"user","parts":[{"type":"text","content":"words of %s"}]}]`, key),
		} {
			span.Attributes().PutStr(name, text)
		}
		consume(t, e, td)
	}
	for i, s := range userSpellings {
		send(byte(i+1), s[0], s[1])
	}
	send(200, "user.id", "other")
	n := len(userSpellings)
	missed := lines(t, db, `SELECT trace_hex FROM llm_calls WHERE user_id IS DISTINCT FROM 'person' AND user_id IS DISTINCT FROM 'other' ORDER BY 1`)
	require.Empty(t, missed, "numbered as the spellings are")
	require.Equal(t, fmt.Sprint(n), lines(t, db, `SELECT count(*) FROM llm_export_user('person') line WHERE line ->> 'type' = 'message' AND line ->> 'content' LIKE 'words of%'`))
	require.Equal(t, erasure{n, n, n}, erase(t, db, "user", "person"))
	require.Equal(t, "0|1", lines(t, db, `SELECT count(*) FILTER (WHERE to_jsonb(s)::text LIKE '%person%'), count(*) FROM llm_spans s`))
	require.Equal(t, "1", lines(t, db, `SELECT count(*) FROM llm_contents WHERE body::text LIKE '%words of%'`))
	rowcheck.Agree(t, db)
}
