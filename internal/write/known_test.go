package write

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// removals are the ways in which contents can go behind the writer's back.
func removals() map[string]string {
	partition := "llm_contents_" + time.Now().UTC().Format("20060102")
	return map[string]string{
		"truncated":                      `TRUNCATE llm_contents`,
		"truncated, the partition":       `TRUNCATE ` + partition,
		"deleted":                        `DELETE FROM llm_contents`,
		"deleted from the partition":     `DELETE FROM ` + partition,
		"dropped with the partition":     `DROP TABLE ` + partition,
		"detached with the partition":    `ALTER TABLE llm_contents DETACH PARTITION ` + partition,
		"deleted where no triggers fire": `SET session_replication_role = replica; DELETE FROM ` + partition + `; RESET session_replication_role`,
		"one deleted, others are there":  `DELETE FROM llm_contents WHERE id = (SELECT min(id::text)::uuid FROM llm_contents)`,
	}
}

// TestContentsThatWereRemovedAreStoredAgain removes contents and lets the next span
// refer to them again.
func TestContentsThatWereRemovedAreStoredAgain(t *testing.T) {
	today := store.DayOf(time.Now())
	for name, remove := range removals() {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			bodies := [][]byte{[]byte(`{"role":"user"}`), []byte(`{"role":"assistant"}`), []byte(`"third"`)}
			spans := byte(0)
			next := func() Result {
				spans++
				s := spanOn(today, spans)
				s.Start = time.Now().UnixMicro()
				s.End = s.Start
				s.ResourceID = content.Of([]byte("{}"))
				b := batchOf(s)
				b.Resources[s.ResourceID] = []byte("{}")
				for _, body := range bodies {
					b.Spans[0].InputMessageIDs = append(b.Spans[0].InputMessageIDs, content.Of(body))
					b.Contents[content.Key{Day: today, ID: content.Of(body)}] = body
				}
				result, err := w.Write(t.Context(), b, nil, nil)
				require.NoError(t, err)
				return result
			}
			require.Equal(t, 3, next().ContentsWritten)
			require.Equal(t, 3, next().ContentsReused, "known")
			_, err := pool.Exec(t.Context(), remove)
			require.NoError(t, err)
			require.NotZero(t, next().ContentsWritten)
			rowcheck.Consistent(t, pool)
			require.Equal(t, 3, next().ContentsReused)
		})
	}
}

// callsWith returns calls of a model now, each with the first messages of a
// conversation.
func callsWith(r *rand.Rand, conversation string, lengths ...int) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for _, n := range lengths {
		messages := make([]string, n)
		for i := range messages {
			messages[i] = fmt.Sprintf(`{"role":"user","parts":[{"type":"text","content":"%s, message %d%s"}]}`,
				conversation, i, strings.Repeat(".", 200))
		}
		span := spans.AppendEmpty()
		span.SetTraceID(randomTraceID(r))
		span.SetSpanID(randomSpanID(r))
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		span.SetEndTimestamp(span.StartTimestamp())
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.input.messages", "["+strings.Join(messages, ",")+"]")
	}
	return td
}

// TestHistoriesAreStoredOnce lets a conversation grow, has its contents removed, and
// goes on.
func TestHistoriesAreStoredOnce(t *testing.T) {
	for name, remove := range removals() {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			mapper := mapping.New(mapping.Options{})
			r := rand.New(rand.NewPCG(1, 2))
			call := func(lengths ...int) (written, reused int) {
				result, err := w.Write(t.Context(), mapped(t, mapper, callsWith(r, "c", lengths...)), nil, nil)
				require.NoError(t, err)
				rowcheck.Consistent(t, pool)
				return result.ContentsWritten, result.ContentsReused
			}
			require.NoError(t, w.EnsureAhead(t.Context()))
			for _, step := range []struct {
				lengths         []int
				written, reused int
			}{
				{[]int{5}, 5, 0},
				{[]int{7}, 2, 5},
				{[]int{7}, 0, 7},
				{[]int{6}, 0, 6}, // cut within what the second call added
				{[]int{9, 11}, 4, 7 + 9},
				{[]int{2}, 0, 2},
			} {
				written, reused := call(step.lengths...)
				require.Equal(t, step.written, written, "%v", step.lengths)
				require.Equal(t, step.reused, reused, "%v", step.lengths)
			}
			_, err := pool.Exec(t.Context(), remove)
			require.NoError(t, err)
			written, _ := call(12)
			require.NotZero(t, written)
			written, reused := call(13)
			require.Equal(t, 1, written)
			require.Equal(t, 12, reused)
		})
	}
}

// TestHistoriesInSeveralBatchesAtOnce has callers go on with the same conversations
// side by side.
func TestHistoriesInSeveralBatchesAtOnce(t *testing.T) {
	w, pool := newWriter(t)
	mapper := mapping.New(mapping.Options{})
	var group errgroup.Group
	const callers, turns = 4, 12
	for caller := range callers {
		group.Go(func() error {
			r := rand.New(rand.NewPCG(uint64(caller), 3))
			for turn := range turns {
				td := callsWith(r, "shared", 3+turn, 4+turn)
				own := callsWith(r, fmt.Sprint("of ", caller), 3+turn)
				own.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
				if _, err := w.Write(t.Context(), mapped(t, mapper, td), nil, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	rowcheck.Consistent(t, pool)
	var contents, distinct int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT id) FROM llm_contents").Scan(&contents, &distinct))
	require.Equal(t, distinct, contents)
	require.Equal(t, 3+turns+callers*(2+turns), distinct)
}
