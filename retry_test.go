package llmobservatoryexporter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

var errAway = errors.New("away")

// newRetrier returns one that tries again after moments.
func newRetrier(store func(context.Context, signal.Data) (signal.Data, error)) *retrier {
	return &retrier{
		cfg:   configretry.BackOffConfig{Enabled: true, InitialInterval: time.Millisecond, MaxInterval: time.Millisecond, Multiplier: 1},
		store: store, logger: zap.NewNop(), queue: queueMemory, inHand: semaphore.NewWeighted(maxInHand), stopping: make(chan struct{}),
	}
}

// spansOf makes a batch of n spans that have the given number of bytes each.
func spansOf(n, bytes int) signal.Data {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		span := spans.AppendEmpty()
		span.SetSpanID(pcommon.SpanID{1, byte(i)})
		span.SetName(strings.Repeat("n", bytes))
	}
	return signal.Traces{Traces: td}
}

// TestBatchesInHandAreBounded has more batches than fit, of few bytes and of many, and some that are larger than all that
// may be in hand, of which two go at once.
func TestBatchesInHandAreBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		batch signal.Data
		most  int64
	}{
		"of 15 MiB":       {spansOf(1, 15<<20), 8},
		"of 30,000 spans": {spansOf(30_000, 1), 2},
		"of 130 MiB":      {spansOf(1, 130<<20), 2},
	} {
		t.Run(name, func(t *testing.T) {
			var now atomic.Int64
			full := make(chan struct{})
			r := newRetrier(nil)
			r.store = func(ctx context.Context, data signal.Data) (signal.Data, error) {
				if now.Add(1) == tt.most {
					assert.False(t, r.inHand.TryAcquire(weigh(data)), "there is room for another")
					close(full)
				}
				select {
				case <-full:
				case <-ctx.Done():
				}
				return data, ctx.Err()
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // where fewer fit, nobody goes on
			defer cancel()
			var callers errgroup.Group
			for range 10 {
				callers.Go(func() error { return r.push(ctx, tt.batch) })
			}
			require.NoError(t, callers.Wait())
			assert.EqualValues(t, 10, now.Load())
		})
	}
}

func TestRetriesGoOnWithWhatIsLeft(t *testing.T) {
	rest := spansOf(2, 1)
	var sizes []int
	r := newRetrier(func(_ context.Context, data signal.Data) (signal.Data, error) {
		sizes = append(sizes, data.Len())
		if len(sizes) == 1 {
			return rest, errAway
		}
		return data, nil
	})
	require.NoError(t, r.push(t.Context(), spansOf(5, 1)))
	assert.Equal(t, []int{5, 2}, sizes)
}

func TestRetriesEnd(t *testing.T) {
	attempts := 0
	away := func(_ context.Context, data signal.Data) (signal.Data, error) { attempts++; return data, errAway }

	r := newRetrier(away)
	r.cfg.MaxElapsedTime = time.Second // a busy machine may take long from one attempt to the next
	err := r.push(t.Context(), spansOf(1, 1))
	assert.True(t, consumererror.IsPermanent(err), "the retry sender must not begin anew")
	assert.ErrorIs(t, err, errAway)
	assert.ErrorContains(t, err, "retry_on_failure::max_elapsed_time")
	assert.Greater(t, attempts, 1)

	attempts = 0
	r = newRetrier(away)
	r.cfg.Enabled = false
	assert.ErrorIs(t, r.push(t.Context(), spansOf(1, 1)), errAway)
	assert.Equal(t, 1, attempts)

	attempts = 0
	r = newRetrier(func(_ context.Context, data signal.Data) (signal.Data, error) {
		attempts++
		return data, consumererror.NewPermanent(errAway)
	})
	assert.ErrorIs(t, r.push(t.Context(), spansOf(1, 1)), errAway)
	assert.Equal(t, 1, attempts)
}

// TestLastAttemptsShareOneTimeout stops a retrier whose store hangs.
func TestLastAttemptsShareOneTimeout(t *testing.T) {
	hanging := make(chan struct{}, 100)
	r := newRetrier(func(ctx context.Context, data signal.Data) (signal.Data, error) {
		hanging <- struct{}{}
		<-ctx.Done()
		return data, ctx.Err()
	})
	r.timeout = 300 * time.Millisecond
	begin := time.Now()
	r.stop(t.Context(), func(context.Context) {})
	for range 20 {
		// Whichever of the two timeouts is first: each attempt has one, and all together have one.
		err := r.push(t.Context(), spansOf(3, 1))
		assert.True(t, errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded), "%v", err)
	}
	assert.Less(t, time.Since(begin), 20*r.timeout/2, "one after the other, they end together")
	assert.EqualValues(t, 60, r.left.Load())
	r.report()
}

// TestFaultOfABatchCostsThatBatchOnly has what stores batches fail on one, and gives it another.
func TestFaultOfABatchCostsThatBatchOnly(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	r := newRetrier(func(_ context.Context, data signal.Data) (signal.Data, error) {
		if data.Len() == 2 {
			panic("words of a user")
		}
		return nil, nil
	})
	r.logger = zap.New(core)
	require.True(t, consumererror.IsPermanent(r.push(t.Context(), spansOf(2, 1))))
	require.NoError(t, r.push(t.Context(), spansOf(1, 1)))
	require.Equal(t, 1, logs.Len())
	fields := logs.All()[0].ContextMap()
	require.EqualValues(t, 2, fields["items"])
	require.Contains(t, fields["errorVerbose"], "retry_test.go", "the stack")
	require.NotContains(t, fmt.Sprint(fields), "words of a user")
	require.True(t, r.inHand.TryAcquire(maxInHand), "nothing stays in hand")
}
