package seen

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

func TestKnownContentsAreForgottenWithTheirEpoch(t *testing.T) {
	var c Contents
	key := content.Key{Day: 1, ID: content.ID{1}}
	b := &mapping.Batch{Contents: map[content.Key][]byte{key: []byte("{}")}}
	p := Proof{Epoch: "a", Files: map[int32]string{1: "10"}}
	store := func(p Proof, committed, durable bool) {
		c.Reserve(&p, b, false).End(committed, durable)
	}
	knows := func(p Proof) bool {
		r := c.Reserve(&p, b, false)
		defer r.End(false, false)
		return len(r.Store) == 0
	}
	require.False(t, knows(p))
	store(p, false, true)
	require.False(t, knows(p), "rolled back")
	store(p, true, false)
	require.False(t, knows(p), "a crash could undo the commit")
	store(p, true, true)
	require.True(t, knows(p))
	require.False(t, knows(Proof{}), "nothing is proven")
	require.True(t, knows(p))

	other := Proof{Epoch: "a", Files: map[int32]string{1: "11"}}
	require.False(t, knows(other), "another file")
	before := c.Reserve(&other, b, false)
	later := Proof{Epoch: "b", Files: other.Files}
	after := c.Reserve(&later, b, true)
	before.End(true, true)
	after.End(false, false)
	require.False(t, knows(later), "what was stored before the removal is not remembered after it")
}

// TestContentsAreLeftToEarlierBatches has batches of this process share a content.
func TestContentsAreLeftToEarlierBatches(t *testing.T) {
	var c Contents
	key := content.Key{Day: 1, ID: content.ID{1}}
	b := &mapping.Batch{Contents: map[content.Key][]byte{key: []byte("{}")}}
	p := Proof{Epoch: "a", Files: map[int32]string{1: "10"}}
	first := c.Reserve(&p, b, false)
	second := c.Reserve(&p, b, false)
	third := c.Reserve(&p, b, false)
	require.Len(t, first.Store, 1)
	require.Empty(t, second.Store)
	require.Equal(t, 1, second.Reused)
	require.Len(t, c.Reserve(&p, b, true).Store, 1, "a careful one leaves nothing to others")

	first.End(false, false)
	rows, err := second.AwaitOthers(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1, "the first failed")
	require.Zero(t, second.Reused)
	second.End(true, true)
	rows, err = third.AwaitOthers(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1, "left to the first, which failed; stored by an INSERT that skips what is there")
	third.End(true, true)

	blocked := c.Reserve(&Proof{}, b, false)
	waits := c.Reserve(&Proof{}, b, false)
	rows, err = waits.AwaitOthers(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1, "patience ends: Postgres sees who waits for whom")
	blocked.End(false, false)
}

// TestOwnersAreNotedOnce has spans of several users refer to a content.
func TestOwnersAreNotedOnce(t *testing.T) {
	var c Contents
	key := content.Key{Day: 1, ID: content.ID{1}}
	p := Proof{Epoch: "a", Files: map[int32]string{1: "10"}}
	toNote := func(committed bool, users ...string) (owners []content.Owner) {
		b := &mapping.Batch{Contents: map[content.Key][]byte{key: []byte("{}")}}
		for _, user := range users {
			b.Spans = append(b.Spans, mapping.Span{Day: 1, UserID: user, InputMessageIDs: []content.ID{key.ID}})
		}
		r := c.Reserve(&p, b, false)
		for _, row := range r.ToNote(b, &Duplicates{Spans: make([]bool, len(b.Spans))}) {
			owners = append(owners, row.Owner)
			if row.Owner == content.Unknown {
				r.Noted(key)
			}
		}
		r.End(committed, committed)
		return owners
	}
	of := func(user string) content.Owner { return content.OwnerOf('u', user) }
	require.Empty(t, toNote(true, "ann", "ann"), "ann is in the row")
	require.Equal(t, []content.Owner{of("bob")}, toNote(false, "ann", "bob"))
	require.Equal(t, []content.Owner{of("bob")}, toNote(true, "bob"), "rolled back before")
	require.Empty(t, toNote(true, "bob", "ann"))
	var others []string
	for n := range store.MaxOwners + 2 {
		others = append(others, fmt.Sprint("other ", n))
	}
	many := toNote(true, others...)
	require.Len(t, many, 1+store.MaxOwners)
	require.Contains(t, many, content.Unknown, "there are more")
	require.Empty(t, toNote(true, "hal", "ida"), "nothing is left to note")
}
