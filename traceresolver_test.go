package llmobservatoryexporter

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

// TestResolversShareRedis has one resolver find in Redis what another has put there: on one server, and on a cluster
// whose nodes hold the keys of a batch between them.
func TestResolversShareRedis(t *testing.T) {
	for name, addresses := range map[string]func() []string{
		"one server": func() []string { return []string{testserver.Redis(t, testserver.RedisOptions{}).Addr()} },
		"cluster":    func() []string { return testserver.RedisCluster(t, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addresses(), IsClusterMode: name == "cluster", ContextTimeoutEnabled: true})
			t.Cleanup(func() { assert.NoError(t, client.Close()) })
			require.NoError(t, client.Ping(t.Context()).Err())
			newResolver := func() *traceResolver {
				r, err := newTraceResolver(func() redis.UniversalClient { return client }, func(err error) { t.Error(err) }, "test", time.Minute)
				require.NoError(t, err)
				r.wait = time.Minute // the tests beside this one take the machine's time
				return r
			}
			var ids, strangers []pcommon.TraceID
			var traces []write.Trace
			for i := range 500 {
				id := pcommon.TraceID{1}
				binary.BigEndian.PutUint64(id[8:], uint64(i))
				ids = append(ids, id)
				traces = append(traces, write.Trace{OTel: id, ID: id})
				id[1] = 1
				strangers = append(strangers, id)
			}
			newResolver().remember(t.Context(), traces)
			other := newResolver()
			found := other.resolve(t.Context(), append(ids, strangers...))
			assert.Equal(t, lookups{redis: len(ids), postgres: len(strangers)}, found.lookups)
			assert.Len(t, found.unknown, len(strangers))
			found = other.resolve(t.Context(), ids)
			assert.Equal(t, lookups{local: len(ids)}, found.lookups)

			erased := []string{ids[0].String(), ids[1].String()}
			require.NoError(t, other.forgetErased(t.Context(), erased))
			found = newResolver().resolve(t.Context(), ids)
			assert.Equal(t, lookups{redis: len(ids) - len(erased), postgres: len(erased)}, found.lookups)
		})
	}
}
