package seen

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// TestReservationOfPartsIsThatOfTheWhole reserves calls of one conversation at once, and one by one.
func TestReservationOfPartsIsThatOfTheWhole(t *testing.T) {
	mapper := mapping.New(mapping.Options{})
	var users = []string{"ann", "bob", "ann", "ann", "bob"}
	batch := func() (whole *mapping.Batch, parts []*mapping.Batch) {
		for i, user := range users {
			part := call(t, mapper, user, 3+(3*i)%7)
			parts = append(parts, part)
			if whole == nil {
				whole = &mapping.Batch{Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
			}
			whole.Add(part)
		}
		return whole, parts
	}
	var one, other Contents
	for range 2 { // the second time all is known
		whole, parts := batch()
		proof := Proof{Epoch: "a", Files: map[int32]string{whole.Spans[0].Day: "10"}}
		want := reserve(t, &one, &proof, whole, false)
		got := other.Grow(&proof)
		var rows []store.ContentRow
		for _, part := range parts {
			rows = append(rows, got.Add(part)...)
		}
		got.Whole()
		require.Equal(t, want.Store, store.SortContents(rows))
		require.Equal(t, want.Reused, got.Reused)
		require.Equal(t, want.ReusedBytes, got.ReusedBytes)
		alive := &Duplicates{Spans: make([]bool, len(users))}
		require.Equal(t, want.ToNote(whole, alive), got.ToNote(whole, alive))
		want.End(true, true)
		got.End(true, true)
	}
	require.True(t, other.IsIdle())
}

// TestNoReservationIsMadeWhileOneGrows has a batch wait for the parts of an earlier one, to which it leaves contents.
func TestNoReservationIsMadeWhileOneGrows(t *testing.T) {
	mapper := mapping.New(mapping.Options{})
	for _, whole := range []bool{true, false} {
		first, last := call(t, mapper, "ann", 3), call(t, mapper, "ann", 5)
		proof := Proof{Epoch: "a", Files: map[int32]string{first.Spans[0].Day: "10"}}
		var c Contents
		grows := c.Grow(&proof)
		require.Nil(t, c.Grow(&proof), "one at a time")
		require.Len(t, grows.Add(first), 3)
		late, end := context.WithCancel(t.Context())
		end()
		_, err := c.Reserve(late, &proof, last, false)
		require.ErrorIs(t, err, context.Canceled)
		made := make(chan *Reservation)
		go func() { made <- reserve(t, &c, &proof, last, false) }()
		require.Len(t, grows.Add(last), 2)
		if whole {
			grows.Whole()
		} else {
			grows.End(false, false) // its mapping failed
		}
		waited := <-made
		if whole {
			require.Empty(t, waited.Store, "all are the earlier one's")
			grows.End(true, true)
		} else {
			require.Len(t, waited.Store, 5)
		}
		waited.End(true, true)
		require.True(t, c.IsIdle())
		after := c.Grow(&proof)
		require.NotNil(t, after)
		require.Empty(t, after.Add(last), "known")
		after.End(false, false)
	}
}
