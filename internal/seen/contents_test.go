package seen

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// reserve makes a reservation. It may be called by a goroutine of the test.
func reserve(t *testing.T, c *Contents, p *Proof, b *mapping.Batch, all bool) *Reservation {
	t.Helper()
	r, err := c.Reserve(t.Context(), p, b, all)
	assert.NoError(t, err)
	return r
}

func TestKnownContentsAreForgottenWithTheirEpoch(t *testing.T) {
	var c Contents
	key := content.Key{Day: 1, ID: content.ID{1}}
	b := &mapping.Batch{Contents: map[content.Key][]byte{key: []byte("{}")}}
	p := Proof{Epoch: "a", Files: map[int32]string{1: "10"}}
	store := func(p Proof, committed, durable bool) {
		reserve(t, &c, &p, b, false).End(committed, durable)
	}
	knows := func(p Proof) bool {
		r := reserve(t, &c, &p, b, false)
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
	before := reserve(t, &c, &other, b, false)
	later := Proof{Epoch: "b", Files: other.Files}
	after := reserve(t, &c, &later, b, true)
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
	first := reserve(t, &c, &p, b, false)
	second := reserve(t, &c, &p, b, false)
	third := reserve(t, &c, &p, b, false)
	require.Len(t, first.Store, 1)
	require.Empty(t, second.Store)
	require.Equal(t, 1, second.Reused)
	require.Len(t, reserve(t, &c, &p, b, true).Store, 1, "a careful one leaves nothing to others")

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

	blocked := reserve(t, &c, &Proof{}, b, false)
	waits := reserve(t, &c, &Proof{}, b, false)
	rows, err = waits.AwaitOthers(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1, "patience ends: Postgres sees who waits for whom")
	blocked.End(false, false)
}

// TestWhatEndedIsFreed has batches overlap without a pause, each of which leaves a content to the one before.
func TestWhatEndedIsFreed(t *testing.T) {
	var c Contents
	b := &mapping.Batch{Contents: map[content.Key][]byte{{Day: 1, ID: content.ID{1}}: []byte("{}")}}
	var ended []weak.Pointer[Proof] // which is a part of the transaction
	begin := func() *Reservation {
		p := &Proof{Files: map[int32]string{}}
		ended = append(ended, weak.Make(p))
		return reserve(t, &c, p, b, false)
	}
	before := begin()
	for range 10 {
		next := begin()
		before.End(false, false)
		_, err := next.AwaitOthers(t.Context())
		require.NoError(t, err)
		before = next
	}
	runtime.GC()
	for _, p := range ended[:10] {
		require.Nil(t, p.Value())
	}
	require.NotNil(t, ended[10].Value())
	before.End(false, false)
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
		r := reserve(t, &c, &p, b, false)
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

// TestHistoriesAreLeftToEarlierBatches has a batch go on with the conversation of a batch in flight.
func TestHistoriesAreLeftToEarlierBatches(t *testing.T) {
	for _, c := range []struct {
		name                       string
		user                       string // of the second call; the first is ann's
		failed, duplicate, removed bool   // the first batch
		rows, notes                int    // of the second batch
	}{
		{name: "stored and noted by the first", user: "ann"},
		{name: "another user refers to them", user: "bob", notes: 3},
		{name: "the first failed", user: "ann", failed: true, rows: 3},
		{name: "the first failed, another user", user: "bob", failed: true, rows: 3, notes: 3},
		{name: "the first noted nothing", user: "ann", duplicate: true, notes: 3},
		{name: "the first removed a content again", user: "ann", removed: true, rows: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			mapper := mapping.New(mapping.Options{})
			before, after := call(t, mapper, "ann", 3), call(t, mapper, c.user, 5)
			day := before.Spans[0].Day
			proof := Proof{Epoch: "a", Files: map[int32]string{day: "10"}}
			var cache Contents
			first := reserve(t, &cache, &proof, before, false)
			second := reserve(t, &cache, &proof, after, false)
			require.Len(t, first.Store, 3)
			require.Len(t, second.Store, 2, "the messages since")
			require.Equal(t, 3, second.Reused)

			first.ToNote(before, &Duplicates{Spans: []bool{c.duplicate}})
			if c.removed {
				first.Removed(first.Store[0].Key)
			}
			first.End(!c.failed, true)
			rows, err := second.AwaitOthers(t.Context())
			require.NoError(t, err)
			require.Len(t, rows, c.rows)
			for _, row := range rows {
				require.Equal(t, content.OwnerOf('u', c.user), row.Owner)
			}
			require.Equal(t, 3-c.rows, second.Reused)
			notes := second.ToNote(after, &Duplicates{Spans: make([]bool, 1)})
			require.Len(t, notes, c.notes)
			for _, row := range notes {
				require.Equal(t, content.OwnerOf('u', c.user), row.Owner)
			}
			second.End(true, true)

			third := reserve(t, &cache, &proof, call(t, mapper, c.user, 5), false)
			require.Empty(t, third.Store)
			require.Empty(t, third.ToNote(after, &Duplicates{Spans: make([]bool, 1)}))
			third.End(true, true)
		})
	}
}

// call maps a span of a user's call with the first n messages of a conversation.
func call(t *testing.T, mapper *mapping.Mapper, user string, n int) *mapping.Batch {
	t.Helper()
	var messages []string
	for i := range n {
		messages = append(messages, fmt.Sprintf(`{"role":"user","parts":[{"type":"text","content":"%d %s"}]}`, i, strings.Repeat("word ", 60)))
	}
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{byte(n)})
	span.SetSpanID(pcommon.SpanID{byte(n)})
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("user.id", user)
	span.Attributes().PutStr("gen_ai.input.messages", "["+strings.Join(messages, ",")+"]")
	b, err := mapper.Traces(t.Context(), td)
	require.NoError(t, err)
	require.Len(t, b.Histories, 1)
	return b
}
