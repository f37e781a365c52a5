package store

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestSortEvents has events in any order, some of them of one key.
func TestSortEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 50 {
		events, names := make([]mapping.Event, n), map[string]bool{}
		for i := range events {
			events[i] = mapping.Event{Day: int32(random.IntN(3)), ID: content.ID{byte(random.IntN(n)), 1}, Name: string(rune('a' + i))}
			names[events[i].Name] = true
		}
		events = SortEvents(events)
		for i := range events {
			delete(names, events[i].Name)
			if i > 0 {
				before := &events[i-1]
				require.True(t, before.Day < events[i].Day || before.Day == events[i].Day && compareIDs(before.ID, events[i].ID) <= 0)
			}
		}
		require.Empty(t, names)
	}
}
