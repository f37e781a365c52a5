package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestManySpansRefused has a rule of the operator refuse so much of a large batch that
// its time is up before all of it is settled: each attempt goes on where the last one
// ended.
func TestManySpansRefused(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	s := start(t, database, func(cfg *config) { cfg.TimeoutConfig.Timeout = time.Second })
	db := connect(t, database)
	run(t, db, "ALTER TABLE llm_spans ADD CONSTRAINT no_chats CHECK (name <> 'chat') NOT VALID")
	all := ptrace.NewTraces()
	r := rand.New(rand.NewPCG(8, 8))
	for range 30 {
		conversation(r, 5, time.Now()).ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	require.NoError(t, deliver(t.Context(), s.send, all))
	// Of each attempt a busy machine has time for a few spans only.
	require.Eventually(t, func() bool { return storedSpans(t, db) >= 30*6 }, 5*patience, 5*glance)
	requireAll(t, db, 30*6)
	require.Eventually(t, func() bool { return s.counter(t, spansRejected) == 150 }, patience, glance)
}

// TestManyNewDays has two exporters meet days without partitions all the time, while
// each batch writes to the default partition, which a new one has to lock.
func TestManyNewDays(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	targets := startTogether(t, 2, database)
	db := connect(t, database)
	r := rand.New(rand.NewPCG(4, 4))
	const days = 60
	var group errgroup.Group
	for day := range days {
		td := conversation(r, 2, time.Now().AddDate(0, 0, -2-day))
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1).SetStartTimestamp(0)
		group.Go(func() error { return deliver(t.Context(), targets[day%2], td) })
	}
	require.NoError(t, group.Wait())
	requireAll(t, db, days*5)
}

// TestLongHistory stores a call that brings 100,000 messages.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	s := start(t, database, func(cfg *config) { cfg.TimeoutConfig.Timeout = patience })
	db := connect(t, database)
	const length = 100_000
	history := make([]message, length)
	for i := range history {
		history[i] = text([]string{"user", "assistant"}[i%2], fmt.Sprint("message ", i))
	}
	td := conversation(rand.New(rand.NewPCG(1, 9)), 1, time.Now())
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1).Attributes().PutStr("gen_ai.input.messages", asJSON(history))
	require.NoError(t, deliver(t.Context(), s.send, td))
	requireAll(t, db, td.SpanCount())
	require.Equal(t, length, number(t.Context(), db, "SELECT jsonb_array_length(input_messages) FROM llm_calls"))
	require.Equal(t, length-1, number(t.Context(), db, "SELECT position FROM llm_messages WHERE content = 'message 99998' AND direction = 'input'"))
}

// TestWildSpans sends whatever pdata can express, under the attribute keys that the
// dialects read. TestWildSpansForLong begins anywhere.
func TestWildSpans(t *testing.T) {
	t.Parallel()
	wildSpans(t, 1, 300)
}

// TestWildSpansAreMapped maps more of them than a database could store meanwhile.
func TestWildSpansAreMapped(t *testing.T) {
	t.Parallel()
	keys, mapper := attributeKeys(t), mapping.New(mapping.Options{})
	for _, seed := range []uint64{9182257509319352644, 2, 3, 4} {
		r := rand.New(rand.NewPCG(seed, 0))
		for range 300 {
			batch, err := mapper.Traces(t.Context(), wild(r, keys))
			require.NoError(t, err, "seed %d", seed)
			require.Empty(t, batch.Rejected, "seed %d", seed)
		}
	}
}

func wildSpans(t *testing.T, seed uint64, rounds int) {
	t.Helper()
	database := testserver.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	keys := attributeKeys(t)
	r := rand.New(rand.NewPCG(seed, 0))
	spans := 0
	for range rounds {
		td := wild(r, keys)
		spans += td.SpanCount()
		require.NoError(t, deliver(t.Context(), s.send, td), "seed %d", seed)
	}
	require.Eventually(t, func() bool { return storedSpans(t, db) >= spans }, 2*patience, glance, "seed %d", seed)
	require.Zero(t, s.counter(t, spansRejected), "seed %d", seed)
	rowcheck.Spans(t, db, spans)
	readViews(t, db)
}
