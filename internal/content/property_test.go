package content

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// unsplit reads text as a whole, without splitting it and without the memo.
func unsplit(text string, dir Direction) ([]Message, bool, jsonval.Repairs) {
	z := NewNormalizer(Options{})
	s := z.open()
	defer z.close(s)
	var r jsonval.Repairs
	rd := s.reader(&s.doc, dir, &r)
	if !rd.text(text) {
		return nil, false, r
	}
	got, ok := z.messages(s, nil, rd, &r)
	return got, ok, r
}

// checkMessages holds for any text: the memo and the splitting change nothing, and
// every body is canonical, a message, and named by its hash.
func checkMessages(t *testing.T, z *Normalizer, text string, dir Direction) {
	t.Helper()
	want, wantOK, wantRepairs := unsplit(text, dir)
	for range 2 {
		var r jsonval.Repairs
		got, ok := z.Messages(nil, pcommon.NewValueStr(text), dir, &r)
		require.Equal(t, wantOK, ok, "%q", text)
		require.Equal(t, want, got, "%q", text)
		if ok {
			require.Equal(t, wantRepairs, r, "%q", text)
		}
	}
	for _, m := range want {
		checkBody(t, m.Content)
		var body struct {
			Role  string            `json:"role"`
			Parts []json.RawMessage `json:"parts"`
		}
		require.NoError(t, json.Unmarshal(m.Body, &body))
		require.NotNil(t, body.Parts, "%s", m.Body)
		require.Equal(t, m.Role, body.Role)
		require.True(t, json.Valid(partsOf(m.Body)))
	}
}

func checkBody(t *testing.T, c Content) {
	t.Helper()
	require.Equal(t, Of(c.Body), c.ID)
	require.True(t, json.Valid(c.Body), "%q", c.Body)
	var d jsonval.Doc
	var r jsonval.Repairs
	if n, ok := d.Parse(string(c.Body), &r); ok { // text in text may nest too deep for one tree
		require.Equal(t, string(c.Body), string(jsonval.Append(nil, n, &r)))
		require.Zero(t, r)
	}
}

func TestShapesHoldTheProperties(t *testing.T) {
	z := NewNormalizer(Options{})
	for _, c := range shapes {
		checkMessages(t, z, c.in, Input)
		checkMessages(t, z, c.in, Output)
	}
}

// mutate changes a text at random: cuts, doubles and swaps pieces of the shapes.
func mutate(rng *rand.Rand, s string) string {
	for range 1 + rng.IntN(3) {
		other := shapes[rng.IntN(len(shapes))].in
		i, j := rng.IntN(len(s)+1), rng.IntN(len(other)+1)
		switch rng.IntN(5) {
		case 0:
			s = s[:i]
		case 1:
			s = s[:i] + other[j:]
		case 2:
			s = "[" + strings.Trim(s, "[]") + "," + strings.Trim(other, "[]") + "]"
		case 3:
			s = s[:i] + string([]string{"\\u0000", "\\ud800", "\xff", "\"", "\\", "{", "]", "null"}[rng.IntN(8)]) + s[i:]
		case 4:
			quoted, _ := json.Marshal(s)
			s = string(quoted)
		}
		if len(s) > 4000 {
			s = s[:4000]
		}
	}
	return s
}

func TestMutatedShapesHoldTheProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	z := NewNormalizer(Options{MemoBytes: 1 << 20})
	for range 6_000 {
		checkMessages(t, z, mutate(rng, shapes[rng.IntN(len(shapes))].in), Direction(rng.IntN(2)))
	}
}

func TestEveryBodyKeepsTheLimit(t *testing.T) {
	const limit = 1024
	rng := rand.New(rand.NewPCG(7, 8))
	z := NewNormalizer(Options{MaxBytes: limit, MemoBytes: 1 << 20})
	pieces := []string{`\n`, `\u0001`, "é", `\"`, "a", "😀"}
	for range 2_000 {
		text := mutate(rng, shapes[rng.IntN(len(shapes))].in)
		long := strings.Repeat(pieces[rng.IntN(len(pieces))], rng.IntN(3000))
		text = strings.ReplaceAll(text, []string{"hi", "c1", "f", "QUJD", "role"}[rng.IntN(5)], long)
		v := pcommon.NewValueStr(text)
		var r jsonval.Repairs
		messages, _ := z.Messages(nil, v, Direction(rng.IntN(2)), &r)
		var all []Content
		for _, m := range messages {
			require.True(t, json.Valid(partsOf(m.Body)), "%s", m.Body)
			all = append(all, m.Content)
		}
		all, _ = z.Documents(all, v, &r)
		for _, read := range []func(pcommon.Value, *jsonval.Repairs) (Content, bool){z.SystemInstructions, z.ToolDefinitions} {
			if c, ok := read(v, &r); ok {
				all = append(all, c)
			}
		}
		if c, ok := z.Value(v, false, &r); ok {
			all = append(all, c)
		}
		for _, c := range all {
			require.LessOrEqual(t, len(c.Body), limit, "%.300s", c.Body)
			checkBody(t, c)
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, c := range shapes {
		f.Add(c.in, c.out)
	}
	z := NewNormalizer(Options{MemoBytes: 1 << 20})
	f.Fuzz(func(t *testing.T, text string, out bool) {
		dir := Input
		if out {
			dir = Output
		}
		checkMessages(t, z, text, dir)
		checkHistory(t, z, text, dir)
		v := pcommon.NewValueStr(text)
		var r jsonval.Repairs
		for _, read := range []func(pcommon.Value, *jsonval.Repairs) (Content, bool){z.SystemInstructions, z.ToolDefinitions} {
			if c, ok := read(v, &r); ok {
				checkBody(t, c)
				require.Equal(t, byte('['), c.Body[0])
			}
		}
		if c, ok := z.Value(v, out, &r); ok {
			checkBody(t, c)
		}
		docs, _ := z.Documents(nil, v, &r)
		for _, c := range docs {
			checkBody(t, c)
		}
	})
}

func TestMemoIsBoundedAndForgets(t *testing.T) {
	const budget = 1 << 20
	m := newMemo(budget)
	raw := func(i int) string { return fmt.Sprintf("%0500d", i) }
	for i := range 10_000 {
		remember(m, &entry{kind: kindInput, raw: raw(i), content: Content{Body: make([]byte, 500)}})
		require.True(t, remembers(m, kindInput, raw(i)))
		require.False(t, remembers(m, kindOutput, raw(i)))
	}
	held := 0
	for i := range m.shards {
		for _, generation := range []map[uint64]*entry{m.shards[i].young, m.shards[i].old} {
			for _, e := range generation {
				held += e.cost()
			}
		}
	}
	require.LessOrEqual(t, held, budget)
	require.Greater(t, held, budget/4)
	require.False(t, remembers(m, kindInput, raw(0)))
}

func remember(m *memo, e *entry) { m.put(e, m.hash(e.kind, e.raw)) }

func remembers(m *memo, k kind, raw string) bool {
	e, _ := m.get(k, raw)
	return e != nil
}

func TestMemoKeepsWhatIsUsed(t *testing.T) {
	m := newMemo(1 << 20)
	remember(m, &entry{kind: kindInput, raw: "used"})
	for i := range 10_000 {
		remember(m, &entry{kind: kindInput, raw: fmt.Sprintf("%0500d", i)})
		require.True(t, remembers(m, kindInput, "used"))
	}
}

func TestConcurrentUse(t *testing.T) {
	z := NewNormalizer(Options{MemoBytes: 1 << 18})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				text := history(1+i%7, 300, i%11)
				var r jsonval.Repairs
				got, ok := z.Messages(nil, pcommon.NewValueStr(text), Direction(g%2), &r)
				if !ok || len(got) != 1+i%7 || Of(got[0].Body) != got[0].ID {
					t.Error("wrong messages")
				}
			}
		})
	}
	wg.Wait()
}

func TestMessagesDoNotShareTheRequestsMemory(t *testing.T) {
	z := NewNormalizer(Options{})
	buf := []byte(`[{"role":"Critic","content":"hi","finish_reason":"odd"}]`)
	text := string(buf)
	var r jsonval.Repairs
	first, _ := z.Messages(nil, pcommon.NewValueStr(text), Output, &r)
	again, _ := z.Messages(nil, pcommon.NewValueStr(strings.Clone(text)), Output, &r)
	require.Equal(t, first, again)
	require.Same(t, &first[0].Body[0], &again[0].Body[0])
}
