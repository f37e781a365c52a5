package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"
)

const (
	senders       = 4
	tracesPerTick = 5
	loadTick      = 10 * time.Millisecond
	// sendAgain is how long a client waits before it sends a refused batch again.
	sendAgain = 20 * time.Millisecond
	// giveUp ends a load whose batches are refused for ever.
	giveUp = 3 * time.Minute
)

// send hands a batch to an exporter or a collector.
type send func(context.Context, ptrace.Traces) error

// load sends conversations to the targets while during runs, and returns the
// number of distinct spans once all have been taken. Several senders share the
// traces; refused batches are sent again, and one in four is sent to the next
// target as well, as a client does that saw no answer.
func load(t *testing.T, during func(), targets ...send) (spans int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), giveUp)
	defer cancel()
	batches := make(chan ptrace.Traces)
	stop := make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		defer close(batches)
		spans, err = produce(ctx, batches, stop)
		return err
	})
	for sender := range senders {
		group.Go(func() error {
			n := sender
			for batch := range batches {
				n++
				if err := deliver(ctx, targets[n%len(targets)], batch); err != nil {
					return err
				}
				if n%4 == 0 {
					if err := deliver(ctx, targets[(n+1)%len(targets)], batch); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	func() {
		defer close(stop) // also when a requirement in during ends the test
		during()
	}()
	require.NoError(t, group.Wait())
	return spans
}

// produce makes batches at an even pace until stop closes.
func produce(ctx context.Context, batches chan<- ptrace.Traces, stop <-chan struct{}) (spans int, err error) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	pace := time.NewTicker(loadTick)
	defer pace.Stop()
	for {
		select {
		case <-stop:
			return spans, nil
		case <-ctx.Done():
			return spans, ctx.Err()
		case <-pace.C:
		}
		all := ptrace.NewTraces()
		for range tracesPerTick {
			conversation(r, 1+r.IntN(3), time.Now()).ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
		}
		spans += all.SpanCount()
		for _, batch := range scatter(r, all) {
			select {
			case batches <- batch:
			case <-ctx.Done():
				return spans, ctx.Err()
			}
		}
	}
}

// deliver sends a batch until it is taken, unless the error says that sending
// again is of no use.
func deliver(ctx context.Context, to send, batch ptrace.Traces) error {
	for {
		err := to(ctx, copied(batch))
		if err == nil || consumererror.IsPermanent(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the batch is still refused: %w", err)
		case <-time.After(sendAgain):
		}
	}
}

// copied keeps batches apart that are sent twice: a queue takes them over.
func copied(batch ptrace.Traces) ptrace.Traces {
	again := ptrace.NewTraces()
	batch.CopyTo(again)
	return again
}

// scatter deals the spans of all out to four batches, at random.
func scatter(r *rand.Rand, all ptrace.Traces) []ptrace.Traces {
	batches := make([]ptrace.Traces, 4)
	for i := range batches {
		batches[i] = ptrace.NewTraces()
	}
	for _, rs := range all.ResourceSpans().All() {
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			to := batches[r.IntN(len(batches))].ResourceSpans().AppendEmpty()
			rs.Resource().CopyTo(to.Resource())
			scope := to.ScopeSpans().AppendEmpty()
			rs.ScopeSpans().At(0).Scope().CopyTo(scope.Scope())
			span.CopyTo(scope.Spans().AppendEmpty())
		}
	}
	return batches
}

// conversation makes a trace as agents leave it: an agent span that repeats the
// sums, calls with the whole history so far, a tool call below each. Questions are
// few, so that traces share words.
func conversation(r *rand.Rand, turns int, start time.Time) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", fmt.Sprint("service ", r.IntN(3)))
	scope := rs.ScopeSpans().AppendEmpty()
	scope.Scope().SetName("faults")
	trace := randomTraceID(r)
	add := func(parent pcommon.SpanID, operation string) ptrace.Span {
		span := scope.Spans().AppendEmpty()
		span.SetTraceID(trace)
		span.SetSpanID(randomSpanID(r))
		span.SetParentSpanID(parent)
		span.SetName(operation)
		start = start.Add(time.Millisecond)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(1+r.IntN(900)) * time.Microsecond)))
		span.Attributes().PutStr("gen_ai.operation.name", operation)
		return span
	}
	agent := add(pcommon.SpanID{}, "invoke_agent")
	agent.Attributes().PutStr("user.id", fmt.Sprint("user ", r.IntN(5)))
	agent.Attributes().PutInt("gen_ai.usage.input_tokens", int64(10*turns))
	var history []message
	for turn := range turns {
		history = append(history, text("user", fmt.Sprint("question ", r.IntN(20))))
		answer := text("assistant", fmt.Sprintf("answer %d of %s", turn, trace))
		call := add(agent.SpanID(), "chat")
		call.Attributes().PutStr("gen_ai.request.model", []string{"gpt-4o", "claude-sonnet"}[r.IntN(2)])
		call.Attributes().PutStr("gen_ai.input.messages", asJSON(history))
		call.Attributes().PutStr("gen_ai.output.messages", asJSON([]message{answer}))
		call.Attributes().PutInt("gen_ai.usage.input_tokens", 10)
		call.Attributes().PutInt("gen_ai.usage.output_tokens", int64(r.IntN(9)))
		history = append(history, answer)
		tool := add(call.SpanID(), "execute_tool")
		tool.Attributes().PutStr("gen_ai.tool.name", "search")
		tool.Attributes().PutStr("gen_ai.tool.call.arguments", fmt.Sprintf(`{"q":"%d"}`, r.IntN(50)))
		if r.IntN(10) == 0 {
			tool.Status().SetCode(ptrace.StatusCodeError)
		}
	}
	return td
}

// message is one of the OTel GenAI conventions.
type message struct {
	Role  string `json:"role"`
	Parts []part `json:"parts"`
}

type part struct {
	Type    string `json:"type"`
	Content string `json:"content"`
}

func text(role, words string) message {
	return message{Role: role, Parts: []part{{Type: "text", Content: words}}}
}

func asJSON(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings go in
	}
	return string(encoded)
}

func randomTraceID(r *rand.Rand) (id pcommon.TraceID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}

func randomSpanID(r *rand.Rand) (id pcommon.SpanID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}
