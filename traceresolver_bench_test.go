package llmobservatoryexporter

import (
	"encoding/binary"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// BenchmarkTraceKnown looks up traces that the local cache holds, as for every
// batch of a trace after its first.
func BenchmarkTraceKnown(b *testing.B) {
	noRedis := func() redis.UniversalClient { return nil }
	r, err := newTraceResolver(noRedis, func(err error) { b.Error(err) }, "llmobs", 0)
	require.NoError(b, err)
	ids := make([]pcommon.TraceID, localTraces)
	for i := range ids {
		binary.BigEndian.PutUint64(ids[i][:], uint64(i)*0x9e3779b97f4a7c15)
		r.local.Add(ids[i], rowID(ids[i]))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := r.known(ids[i%len(ids)]); !ok {
			b.Fatal("a trace that was added is not known")
		}
	}
}
