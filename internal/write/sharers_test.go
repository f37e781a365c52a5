package write

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// sharers make spans of a few users, sessions and traces that say much of the same.
type sharers struct {
	r      *rand.Rand
	now    time.Time
	people int
	logs   bool
	// maxBytes is how much of a content the second collector keeps; 0 for all.
	maxBytes int
	before   []func(ptrace.Span) // ids and times of spans made
	told     int                 // of which log records tell

	recordsBefore []plog.LogRecord
}

func (g *sharers) batch() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 1 + g.r.IntN(8) {
		g.span(spans.AppendEmpty())
	}
	return td
}

// span is a call; one in eight has the ids of an earlier one, whatever else it says.
func (g *sharers) span(s ptrace.Span) {
	if len(g.before) > 0 && g.r.IntN(8) == 0 {
		g.before[g.r.IntN(len(g.before))](s)
	} else {
		trace := pcommon.TraceID{1, byte(g.r.IntN(3 * g.people))}
		span := randomSpanID(g.r)
		start := pcommon.NewTimestampFromTime(g.time())
		name := func(s ptrace.Span) {
			s.SetTraceID(trace)
			s.SetSpanID(span)
			s.SetStartTimestamp(start)
			s.SetEndTimestamp(start)
		}
		g.before = append(g.before, name)
		name(s)
	}
	a := s.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	if g.r.IntN(3) > 0 {
		a.PutStr("user.id", g.pick("user", g.people))
	}
	if g.r.IntN(3) > 0 {
		a.PutStr("session.id", g.pick("session", 2*g.people))
	}
	g.talk(a)
	if g.r.IntN(4) == 0 {
		a.PutStr("notes", g.pick(strings.Repeat("a long note ", 300), 2*g.people))
	}
	if g.r.IntN(6) == 0 {
		s.Events().AppendEmpty().Attributes().PutStr("detail", g.pick(strings.Repeat("of an event ", 300), 2*g.people))
	}
	if g.r.IntN(6) == 0 {
		e := s.Events().AppendEmpty()
		e.SetName("gen_ai.evaluation.result")
		e.Attributes().PutStr("gen_ai.evaluation.name", g.pick("relevance", 2))
		e.Attributes().PutStr("gen_ai.evaluation.explanation", g.pick("answer", 2*g.people)+strings.Repeat(".", 150))
		e.Attributes().PutStr("rubric", g.pick(strings.Repeat("is it so? ", 300), 3))
	}
}

// time is one of a few of two days, about half of them close to midnight.
func (g *sharers) time() time.Time {
	if g.r.IntN(2) == 0 {
		return g.now.Add(-time.Duration(g.r.IntN(2)*24) * time.Hour)
	}
	return g.now.UTC().Truncate(24 * time.Hour).Add(time.Duration(g.r.IntN(40)-20) * time.Millisecond)
}

func (g *sharers) talk(a pcommon.Map) {
	said := func(text string) string {
		return fmt.Sprintf(`{"role":"user","parts":[{"type":"text","content":%q}]}`, text+strings.Repeat(".", 150))
	}
	var messages []string
	if g.r.IntN(2) == 0 { // a conversation as it grows
		conversation := g.r.IntN(2 * g.people)
		for i := range 3 + g.r.IntN(6) {
			messages = append(messages, said(fmt.Sprintf("conversation %d, message %d", conversation, i)))
		}
	} else {
		messages = append(messages, said(g.pick("hello", 2*g.people)))
	}
	a.PutStr("gen_ai.input.messages", "["+strings.Join(messages, ",")+"]")
	a.PutStr("gen_ai.output.messages", "["+said(g.pick("answer", 5*g.people))+"]")
	if g.r.IntN(2) == 0 {
		a.PutStr("gen_ai.system_instructions", fmt.Sprintf(`[{"type":"text","content":%q}]`, g.pick("be brief", 2)))
	}
}

func (g *sharers) pick(what string, n int) string { return fmt.Sprint(what, " ", g.r.IntN(n)) }

// records are log records of calls that spans tell or may tell, and of calls that only records
// tell; one in eight is sent again.
func (g *sharers) records() plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	for range 1 + g.r.IntN(6) {
		if len(g.recordsBefore) > 0 && g.r.IntN(8) == 0 {
			g.recordsBefore[g.r.IntN(len(g.recordsBefore))].CopyTo(records.LogRecords().AppendEmpty())
			continue
		}
		r := records.LogRecords().AppendEmpty()
		g.record(r)
		g.recordsBefore = append(g.recordsBefore, r)
	}
	return ld
}

// record is one of a call that the record tells, of a prompt, a score, or of words of a span
// that has arrived or may arrive: a message, a part of an answer, or all messages.
func (g *sharers) record(r plog.LogRecord) {
	at := g.time()
	a := r.Attributes()
	if g.r.IntN(3) > 0 {
		a.PutStr("user.id", g.pick("user", g.people))
	}
	if g.r.IntN(2) > 0 {
		a.PutStr("session.id", g.pick("session", 2*g.people))
	}
	said := g.pick([]string{"hello", "answer", "be brief"}[g.r.IntN(3)], 2*g.people) + strings.Repeat(".", 150)
	r.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(g.r.IntN(20)) * time.Millisecond)))
	switch g.r.IntN(6) {
	case 0: // a call that the record tells
		a.PutStr("event.name", "claude_code.api_request")
		a.PutStr("model", "claude-sonnet-4-5")
		a.PutStr("request_id", g.pick("request", 20))
		a.PutInt("input_tokens", 10)
		a.PutInt("output_tokens", 5)
		a.PutInt("duration_ms", 100)
		a.PutStr("prompt.id", g.pick("prompt", 5))
		return
	case 1:
		a.PutStr("event.name", "claude_code.user_prompt")
		a.PutStr("prompt", said)
		a.PutStr("prompt.id", g.pick("prompt", 5))
		return
	case 2:
		a.PutStr("event.name", "gen_ai.evaluation.result")
		a.PutStr("gen_ai.evaluation.name", "relevance")
		a.PutStr("gen_ai.evaluation.explanation", said)
	case 3: // a call, or the words of one
		a.PutStr("event.name", "gen_ai.client.inference.operation.details")
		a.PutStr("gen_ai.operation.name", []string{"chat", "invoke_agent"}[g.r.IntN(2)])
		a.PutDouble("gen_ai.client.operation.duration", float64(g.r.IntN(30))/1000)
		g.talk(a)
		if g.r.IntN(4) == 0 {
			return // of no trace
		}
	default:
		a.PutStr("event.name", []string{"gen_ai.user.message", "gen_ai.system.message", "gen_ai.choice"}[g.r.IntN(3)])
		body := r.Body().SetEmptyMap()
		body.PutStr("content", said)
		if g.r.IntN(2) == 0 { // a part of an answer, whose others come in further records
			a.PutStr("event.name", "gen_ai.choice")
			a.PutStr("gen_ai.system", "anthropic")
			body.PutInt("index", int64(g.r.IntN(4)))
		}
	}
	if len(g.before) == 0 || g.r.IntN(5) == 0 {
		r.SetTraceID(pcommon.TraceID{1, byte(g.r.IntN(3 * g.people))})
		r.SetSpanID(randomSpanID(g.r))
		return
	}
	if g.r.IntN(3) == 0 { // else a span that others told of before
		g.told = g.r.IntN(len(g.before))
	}
	s := ptrace.NewSpan()
	g.before[g.told](s)
	r.SetTraceID(s.TraceID())
	r.SetSpanID(s.SpanID())
	if g.r.IntN(4) > 0 { // when the span began, else at another time
		r.SetTimestamp(s.StartTimestamp() + pcommon.Timestamp(g.r.IntN(20)*1000_000))
	}
}

// erase is a call of a random erasure of what the batches have.
func (g *sharers) erase() string {
	whole := []string{"false", "true"}[g.r.IntN(2)]
	switch g.r.IntN(4) {
	case 0:
		return fmt.Sprintf("llm_erase_trace('%s')", pcommon.TraceID{1, byte(g.r.IntN(3 * g.people))})
	case 1:
		return fmt.Sprintf("llm_erase_session('%s', %s)", g.pick("session", 2*g.people), whole)
	}
	return fmt.Sprintf("llm_erase_user('%s', %s)", g.pick("user", g.people), whole)
}

func newSharers(t *testing.T, seed uint64, people int) (*sharers, []*Writer, *pgxpool.Pool) {
	t.Helper()
	url, pool := storetest.Open(t)
	exec(t, pool, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$") // for the comparisons
	pool.Reset()
	g := &sharers{r: rand.New(rand.NewPCG(seed, 30)), now: time.Now(), people: people}
	return g, []*Writer{New(pool, "public", window), New(storetest.Pool(t, url), "public", window)}, pool
}

// write has the writers, as of two collectors, store batches at once.
func (g *sharers) write(t *testing.T, writers []*Writer) {
	t.Helper()
	var group errgroup.Group
	for i, w := range writers {
		mapper := mapping.New(mapping.Options{MaxBytes: g.maxBytes * i})
		for range 2 {
			batches := []*mapping.Batch{mapped(t, mapper, g.batch()), mapped(t, mapper, g.batch())}
			if g.logs {
				b, err := signal.Logs{Logs: g.records(), Keep: logs.KeepGenAI}.Map(t.Context(), mapper, func(*mapping.Batch) {})
				require.NoError(t, err)
				batches = append(batches, b)
			}
			group.Go(func() error {
				for _, b := range batches {
					if _, err := w.Write(t.Context(), b, nil, nil); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	require.NoError(t, group.Wait())
}
