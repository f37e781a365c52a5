package content

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// checkHistory holds for any text: a history is what reading the whole text gives.
func checkHistory(t *testing.T, z *Normalizer, text string, dir Direction) (*History, bool) {
	t.Helper()
	want, wantOK, wantRepairs := unsplit(text, dir)
	var r jsonval.Repairs
	h, ids, ok := z.History(text, dir, &r)
	if !ok {
		return nil, false
	}
	require.True(t, wantOK, "%q", text)
	require.Equal(t, want, h.Messages(), "%q", text)
	require.Equal(t, wantRepairs, r, "%q", text)
	bytes := 0
	var fresh *History // as if nothing had been known
	for i := range want {
		require.Equal(t, want[i].ID, ids[i])
		bytes += len(want[i].Body)
		fresh = fresh.and(want[i : i+1])
	}
	require.Len(t, ids, h.Len)
	require.Equal(t, bytes, h.Bytes)
	require.Equal(t, fresh.ID, h.ID)
	require.Equal(t, slices.ContainsFunc(want, func(m Message) bool { return m.FinishReason != "" }), h.Finishes)
	systems := slices.IndexFunc(want, func(m Message) bool { return m.Role != "system" })
	if systems < 0 {
		systems = len(want)
	}
	lead := h.Leading()
	require.GreaterOrEqual(t, len(lead), systems)
	require.Equal(t, want[:len(lead)], lead)
	return h, true
}

// randomElement is a message as some library tells it, at times one that needs repairs
// or is none.
func randomElement(rng *rand.Rand) string {
	text := fmt.Sprintf(`%s %d`, strings.Repeat("The ferry sails. ", 1+rng.IntN(30)), rng.IntN(1000))
	switch rng.IntN(40) {
	case 0:
		text += `\u0000`
	case 1:
		text += `\ud800`
	case 2:
		return `"` + text + `"`
	case 3:
		return `{"type":"text","text":"` + text + `"}`
	case 4:
		return `{"role":"user","parts":[{"type":"text","content":"` + text
	case 5:
		return `{"role":"assistant","parts":[]}`
	}
	role := []string{"user", "assistant", "tool", "system"}[rng.IntN(4)]
	switch rng.IntN(3) {
	case 0:
		return fmt.Sprintf(`{"role":%q,"content":"%s"}`, role, text)
	case 1:
		return fmt.Sprintf(`{"role":%q,"parts":[{"type":"text","content":"%s"}],"finish_reason":"stop"}`, role, text)
	}
	return fmt.Sprintf(`{"role":%q,"parts":[{"type":"text","content":"%s"}]}`, role, text)
}

// TestHistoriesAreWhatTheTextSays lets conversations grow, fork, shrink and begin
// alike, and reads them in any order.
func TestHistoriesAreWhatTheTextSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	read, whole := 0, 0
	for range 40 {
		z := NewNormalizer(Options{MemoBytes: 1 << (16 + rng.IntN(7))})
		begin := []string{randomElement(rng), randomElement(rng)}
		var conversations [][]string
		for range 4 {
			c := slices.Clone(begin[:rng.IntN(3)])
			for range 2 {
				c = append(c, randomElement(rng))
			}
			conversations = append(conversations, c)
		}
		for range 60 {
			at := rng.IntN(len(conversations))
			c := conversations[at]
			switch rng.IntN(6) {
			case 0:
				c = append(slices.Clone(c[:rng.IntN(len(c))]), randomElement(rng))
			case 1:
				c = slices.Clone(c[:1+rng.IntN(len(c))])
			default:
				for range 1 + rng.IntN(3) {
					c = append(slices.Clone(c), randomElement(rng))
				}
			}
			conversations[at] = c
			text := "[" + strings.Join(c, []string{",", ", ", "\n,"}[rng.IntN(3)]) + "]"
			whole++
			if _, ok := checkHistory(t, z, text, Direction(rng.IntN(2))); ok {
				read++
			}
		}
	}
	require.Greater(t, read, whole/4)
}

func TestHistoryGoesOnFromTheEarlierOne(t *testing.T) {
	z := NewNormalizer(Options{})
	text := func(n int) string { return history(n, 300, 0) }
	var before *History
	for n := leading; n < 40; n += 2 {
		h, ok := checkHistory(t, z, text(n), Input)
		require.True(t, ok)
		if before != nil {
			require.Same(t, before, h.Before, "only the new messages are added")
			require.Len(t, h.Added, 2)
		}
		before = h
	}
	again, ok := checkHistory(t, z, text(before.Len), Input)
	require.True(t, ok)
	require.Same(t, before, again)
	shorter, ok := checkHistory(t, z, text(10), Input)
	require.True(t, ok)
	require.Len(t, shorter.Added, 1, "cut within what was added at once")
	longer, ok := checkHistory(t, z, text(before.Len+1), Input)
	require.True(t, ok)
	require.Same(t, before, longer.Before, "a shorter text does not displace the longer")
}

func TestShortOrOtherTextsAreNoHistories(t *testing.T) {
	z := NewNormalizer(Options{})
	long := strings.Repeat("x", 2*shortList)
	for _, text := range []string{
		"", "[", "[]", long, history(leading-1, 2*shortList, 0), `{"messages":` + history(9, 300, 0) + `}`,
		`["` + long + `","b","c","d"]`, history(9, 300, 0) + "x", strings.TrimSuffix(history(9, 300, 0), "]"),
		`[{"role":"user","parts":[]},{"role":"user","parts":[]},{"role":"user","parts":[]},{"role":"user","parts":[]}]` + strings.Repeat(" ", shortList),
	} {
		var r jsonval.Repairs
		_, _, ok := z.History(text, Input, &r)
		require.False(t, ok, "%.80q", text)
		require.Zero(t, r)
	}
}

func TestHistoriesStayWithinTheBudget(t *testing.T) {
	const budget = 1 << 20
	z := NewNormalizer(Options{MemoBytes: budget})
	for salt := range 30 {
		for n := leading; n < 60; n += 3 {
			_, ok := checkHistory(t, z, history(n, 200, salt), Input)
			require.True(t, ok)
		}
		_, ok := checkHistory(t, z, strings.Replace(history(50, 200, salt), "Turn 40", "Fork", 1), Input)
		require.True(t, ok)
	}
	held := 0
	for i := range z.lists {
		cost := 0
		for _, l := range z.lists[i].m {
			sum := len(l.text)
			for _, e := range l.entries {
				sum += e.cost()
			}
			require.Equal(t, sum, l.cost)
			cost += sum
		}
		require.Equal(t, cost, z.lists[i].size)
		held += cost
	}
	require.LessOrEqual(t, held, budget/4*3)
	require.Greater(t, held, budget/8)
}

// TestManyConversationsAreKnownInPart goes round more conversations than are
// remembered: each would be forgotten before it goes on if the oldest went first.
func TestManyConversationsAreKnownInPart(t *testing.T) {
	z := NewNormalizer(Options{MemoBytes: 1 << 20})
	const conversations, rounds = 60, 20
	known := 0
	histories := make([]*History, conversations)
	for round := range rounds {
		for c := range conversations {
			h, ok := checkHistory(t, z, history(leading+20+round, 200, c), Input)
			require.True(t, ok)
			if round > 0 && h.Before == histories[c] {
				known++
			}
			histories[c] = h
		}
	}
	require.Greater(t, known, conversations*rounds/10)
	require.Less(t, known, conversations*(rounds-1), "all fit")
}

func TestHistoriesOfManyGoroutines(t *testing.T) {
	z := NewNormalizer(Options{MemoBytes: 1 << 20})
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			for range 200 {
				text := history(leading+rng.IntN(30), 200, rng.IntN(3))
				var r jsonval.Repairs
				h, ids, ok := z.History(text, Input, &r)
				if !ok || len(ids) != h.Len {
					panic("not read")
				}
				want, _ := z.Messages(nil, pcommon.NewValueStr(text), Input, &r)
				for i := range want {
					if want[i].ID != ids[i] {
						panic("another message")
					}
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkHistorySeen(b *testing.B) {
	for _, size := range []int{200, 1000, 4000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			z := NewNormalizer(Options{})
			text := history(60, size, 0)
			var r jsonval.Repairs
			_, _, ok := z.History(strings.Clone(text), Input, &r)
			require.True(b, ok)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = z.History(text, Input, &r)
			}
		})
	}
}
