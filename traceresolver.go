package llmobservatoryexporter

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

const (
	// localTraces bounds the cache of this process: 32 bytes of ids and some
	// bookkeeping each.
	localTraces = 1 << 17
	// redisWait is how long a batch waits for Redis at most. Postgres has the
	// answer as well, so a slow cache is worse than none.
	redisWait = 50 * time.Millisecond
)

// rowID is llm_traces.id.
type rowID = [16]byte

// traceResolver knows the rows of traces: in this process, else in Redis, which
// collectors share, else in Postgres, where the writer looks up or creates the
// row in the batch's own transaction. What the caches say only saves questions: a trace
// that none of them knows is most likely new. The row that Postgres has always wins.
type traceResolver struct {
	local     *lru.Cache[pcommon.TraceID, rowID]
	redis     func() redis.UniversalClient // nil when there is none at present
	failed    func(error)
	keyPrefix string
	ttl       time.Duration
	wait      time.Duration // for Redis, at most
}

func newTraceResolver(client func() redis.UniversalClient, failed func(error), keyPrefix string, ttl time.Duration) (*traceResolver, error) {
	local, err := lru.New[pcommon.TraceID, rowID](localTraces)
	if err != nil {
		return nil, err
	}
	return &traceResolver{local: local, redis: client, failed: failed, keyPrefix: keyPrefix, ttl: ttl, wait: redisWait}, nil
}

// lookups counts the traces of a batch by the tier that knew them.
type lookups struct{ local, redis, postgres int }

// resolution is what the caches know of the traces of a batch.
type resolution struct {
	lookups
	unknown map[pcommon.TraceID]bool // to every cache: most of them are new
}

// resolve looks up the traces of a batch, each once, and keeps in the local cache what
// Redis knows.
func (r *traceResolver) resolve(ctx context.Context, ids []pcommon.TraceID) resolution {
	unknown := make(map[pcommon.TraceID]bool)
	var ask []pcommon.TraceID
	for _, id := range ids {
		if _, ok := r.known(id); !ok {
			unknown[id] = true
			ask = append(ask, id)
		}
	}
	for _, id := range r.fromRedis(ctx, ask) {
		delete(unknown, id)
	}
	return resolution{
		lookups: lookups{local: len(ids) - len(ask), redis: len(ask) - len(unknown), postgres: len(unknown)}, unknown: unknown,
	}
}

// known returns the row of a trace from the local cache.
func (r *traceResolver) known(id pcommon.TraceID) (rowID, bool) { return r.local.Get(id) }

// fromRedis asks for ids in one round trip and returns those that Redis knows. A value that
// is no row id counts too: somebody may have written it for a row.
func (r *traceResolver) fromRedis(ctx context.Context, ids []pcommon.TraceID) (found []pcommon.TraceID) {
	client := r.redis()
	if client == nil || len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.wait)
	defer cancel()
	// Not MGET: the nodes of a cluster refuse keys of several slots in one command.
	values := make([]*redis.StringCmd, len(ids))
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			values[i] = p.Get(ctx, r.key(id))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		r.fail(err)
	}
	for i, value := range values {
		text, err := value.Result()
		if err != nil {
			continue // unknown, or of a node that does not answer
		}
		found = append(found, ids[i])
		if row, ok := parseID(text); ok {
			r.local.Add(ids[i], row)
		}
	}
	return found
}

// remember caches the rows of a committed batch.
func (r *traceResolver) remember(ctx context.Context, traces []write.Trace) {
	var fresh []write.Trace
	for _, t := range traces {
		if row, ok := r.known(t.OTel); !ok || row != t.ID {
			r.local.Add(t.OTel, t.ID)
			fresh = append(fresh, t)
		}
	}
	client := r.redis()
	if client == nil || len(fresh) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.wait)
	defer cancel()
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, t := range fresh {
			p.Set(ctx, r.key(t.OTel), hex.EncodeToString(t.ID[:]), r.ttl)
		}
		return nil
	})
	if err != nil {
		r.fail(err)
	}
}

// forgetErased drops traces, given by their hex ids, from the local cache and from
// Redis.
func (r *traceResolver) forgetErased(ctx context.Context, traces []string) error {
	var keys []string
	for _, text := range traces {
		id, ok := parseID(text)
		if !ok {
			continue // of another writer
		}
		r.local.Remove(id)
		keys = append(keys, r.key(id))
	}
	client := r.redis()
	if client == nil || len(keys) == 0 {
		return nil
	}
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.Del(ctx, key)
		}
		return nil
	})
	return err
}

// forget empties the local cache, after rows may have gone.
func (r *traceResolver) forget() { r.local.Purge() }

func (r *traceResolver) fail(err error) {
	if !errors.Is(err, context.Canceled) {
		r.failed(err)
	}
}

func (r *traceResolver) key(id pcommon.TraceID) string {
	return r.keyPrefix + ":trace:" + hex.EncodeToString(id[:])
}

// parseID reads the 16 bytes that the first 32 hex digits of text stand for.
func parseID(text string) (id [16]byte, ok bool) {
	n, err := hex.Decode(id[:], []byte(text)[:min(len(text), 2*len(id))])
	return id, err == nil && n == len(id)
}
