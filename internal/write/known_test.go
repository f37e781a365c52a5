package write

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestContentsThatWereRemovedAreStoredAgain removes contents behind the writer's
// back, in every way there is, and lets the next span refer to them again.
func TestContentsThatWereRemovedAreStoredAgain(t *testing.T) {
	today := dayOf(time.Now())
	partition := "llm_contents_" + time.Now().UTC().Format("20060102")
	for name, remove := range map[string]string{
		"truncated":                     `TRUNCATE llm_contents`,
		"truncated, the partition":      `TRUNCATE ` + partition,
		"deleted":                       `DELETE FROM llm_contents`,
		"deleted from the partition":    `DELETE FROM ` + partition,
		"dropped with the partition":    `DROP TABLE ` + partition,
		"detached with the partition":   `ALTER TABLE llm_contents DETACH PARTITION ` + partition,
		"one deleted, others are there": `DELETE FROM llm_contents WHERE id = (SELECT min(id::text)::uuid FROM llm_contents)`,
	} {
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
				result, err := w.Write(t.Context(), Whole(b), unsure)
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

func TestKnownContentsAreForgottenWithTheirEpoch(t *testing.T) {
	var k knownContents
	key := content.Key{Day: 1, ID: content.ID{1}}
	contents, met := map[content.Key][]byte{key: nil}, map[content.Key]bool{key: true}
	p := proof{epoch: "a", files: map[int32]string{1: "10"}}
	knows := func(p proof) (is bool) {
		k.look(&p, contents, func(_ contentRow, known bool) { is = known })
		return is
	}
	require.False(t, knows(p))
	k.add(&p, met)
	require.True(t, knows(p))

	other := proof{epoch: "a", files: map[int32]string{1: "11"}}
	require.False(t, knows(other), "another file")
	k.add(&other, met)
	later := proof{epoch: "b", files: other.files}
	require.False(t, knows(later), "another epoch")
	k.add(&other, met)
	require.False(t, knows(later), "what was stored before the removal is not remembered after it")
}

// TestProofKeepsContents has another program truncate a day between what a batch is
// told of its contents and what it makes of that.
func TestProofKeepsContents(t *testing.T) {
	w, pool := newWriter(t)
	require.NoError(t, w.EnsureAhead(t.Context()))
	today := time.Now().UTC().Truncate(24 * time.Hour)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), w.sql.proof, today)
	require.NoError(t, err)
	for _, table := range []string{"llm_contents", "llm_contents_" + today.Format("20060102")} {
		_, err = pool.Exec(t.Context(), "SET lock_timeout = '50ms'; TRUNCATE "+table)
		require.True(t, hasCode(err, lockNotAvailable), "%v", err)
	}
	require.NoError(t, tx.Rollback(t.Context()))
}
