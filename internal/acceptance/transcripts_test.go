package acceptance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestTranscriptsOfCodingAgents reads sessions of which log records alone, or both signals, arrive in
// some order: each question is there once, and so is each tool with what it was given. Whatever the
// order, the conversation is the same.
func TestTranscriptsOfCodingAgents(t *testing.T) {
	asked := map[string]string{
		"claude-code-2.1.332-tools": "List the files", "codex-0.171.0-tools": "List the files", "gemini-cli-0.61.0-tools": "List the files", "qwen-code-0.24.4-tools": "List the files",
	}
	said := map[string]string{} // by run and subset of signals
	for _, order := range []string{"logs", "traces first", "logs first", "record by record", "backwards", "all twice"} {
		url, db := storetest.Open(t)
		a, b := startBoth(t, url, nil), startBoth(t, url, nil)
		for _, r := range loadRuns(t) {
			question, ok := asked[r.Name]
			if !ok {
				continue
			}
			before := column[string](t, db, "SELECT DISTINCT session_id FROM llm_events WHERE session_id IS NOT NULL")
			signalOrders[order](t, &r, a, b)
			session := column[string](t, db, "SELECT DISTINCT session_id FROM llm_events WHERE session_id <> ALL ($1)", before)
			require.Len(t, session, 1, r.Name)
			lines := column[string](t, db, `SELECT concat_ws(' | ', role, CASE WHEN role = 'tool' THEN body #>> '{parts,0,type}' ELSE regexp_replace(content, '[0-9a-f-]{20,}', '…') END) FROM llm_transcript($1) ORDER BY position`, session[0])
			text := strings.Join(lines, "\n")
			require.Equal(t, 1, strings.Count(text, question), "%s, %s\n%s", r.Name, order, text)
			if r.Truth.Tools > 0 {
				require.Contains(t, text, `({`, "arguments of a tool: %s, %s\n%s", r.Name, order, text)
				require.NotContains(t, text, `()`, "%s, %s\n%s", r.Name, order, text)
			}
			key := r.Name + map[bool]string{true: " logs", false: " both"}[order == "logs"]
			if said[key] == "" {
				said[key] = text
			}
			require.Equal(t, said[key], text, "%s, %s", r.Name, order)
		}
	}
}
