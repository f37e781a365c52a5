package faults

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestTextIsUTF8 stores text of any script in a database whose sessions speak another
// encoding by default, and refuses a database that could not hold it.
func TestTextIsUTF8(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	admin := connect(t, pg.URL(""))
	run(t, admin, "CREATE DATABASE latin TEMPLATE template0 LOCALE 'C' ENCODING 'LATIN1'")
	s, err := newSubject(t, pg.URL("latin"), nil)
	require.NoError(t, err)
	require.ErrorContains(t, s.Start(t.Context(), s.status), "the database's encoding is LATIN1")
	require.NoError(t, s.Shutdown(t.Context()))

	run(t, admin, "CREATE DATABASE utf8 TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'")
	run(t, admin, "ALTER DATABASE utf8 SET client_encoding = 'LATIN1'")
	s = start(t, pg.URL("utf8"), nil)
	const words = "日本語, é, 🙂"
	td := conversation(rand.New(rand.NewPCG(1, 1)), 1, time.Now())
	call := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1)
	call.SetName(words)
	call.Attributes().PutStr("gen_ai.output.messages", asJSON([]message{text("assistant", words)}))
	require.NoError(t, deliver(t.Context(), s.send, td))
	db := connect(t, pg.URL("utf8")+"?client_encoding=UTF8")
	requireAll(t, db, td.SpanCount())
	var name, answer string
	require.NoError(t, db.QueryRow(t.Context(), "SELECT name, output_messages -> 0 -> 'parts' -> 0 ->> 'content' FROM llm_calls").Scan(&name, &answer))
	require.Equal(t, []string{words, words}, []string{name, answer})
}
