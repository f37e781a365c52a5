package pricing

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

// BenchmarkReprice tells the CPU time, of this process and of the server's, that pricing a
// call again takes: traces of three spans, of which one is a call whose estimate changes.
func BenchmarkReprice(b *testing.B) {
	url, db := storetest.Open(b)
	config, err := pgxpool.ParseConfig(url)
	require.NoError(b, err)
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	w := write.New(pool, "public", 400*24*time.Hour)
	const traces = 20_000
	storeTraces(b, w, traces)
	_, err = db.Exec(b.Context(), "VACUUM (ANALYZE) llm_spans, llm_traces")
	require.NoError(b, err)
	var server int
	require.NoError(b, pool.QueryRow(b.Context(), "SELECT pg_backend_pid()").Scan(&server))
	r := Repricer{
		Pool: pool, Schema: "public", Pricer: New("public", zap.NewNop()), Writer: w, Logger: zap.NewNop(),
		Progress: func(context.Context, *write.Repriced) {},
	}
	calls, clientCPU, serverCPU := 0, time.Duration(0), time.Duration(0)
	for n := 0; b.Loop(); n++ {
		_, err := db.Exec(b.Context(), "DELETE FROM llm_prices WHERE NOT built_in")
		require.NoError(b, err)
		_, err = db.Exec(b.Context(), fmt.Sprintf("INSERT INTO llm_prices (model, input, output) VALUES ('house-7b', %d, 1)", n+1))
		require.NoError(b, err)
		_, err = db.Exec(b.Context(), "SELECT llm_reprice('2000-01-01', '2100-01-01')")
		require.NoError(b, err)
		conn, err := pool.Acquire(b.Context())
		require.NoError(b, err)
		require.NoError(b, r.Pricer.Reload(b.Context(), conn.Conn()))
		conn.Release()
		client, of := ownCPU(b), cpuOf(b, server)
		require.NoError(b, r.Reprice(b.Context()))
		calls, clientCPU, serverCPU = calls+traces, clientCPU+ownCPU(b)-client, serverCPU+cpuOf(b, server)-of
	}
	b.ReportMetric(float64(clientCPU.Microseconds())/float64(calls), "client-µs/call")
	b.ReportMetric(float64(serverCPU.Microseconds())/float64(calls), "server-µs/call")
}

func storeTraces(b *testing.B, w *write.Writer, traces int) {
	begin := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2).UnixMicro()
	batch := &mapping.Batch{Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
	for n := range traces {
		id := pcommon.TraceID(content.Of([]byte(strconv.Itoa(n))))
		for i := range 3 {
			s := mapping.Span{
				TraceID: id, SpanID: pcommon.SpanID{7: byte(i + 1)}, SpanKind: "internal", Status: "unset", Name: "span",
				Kind: mapping.KindOther, Start: begin + int64(n), End: begin + int64(n) + 5, Day: int32(begin / 86_400_000_000),
				SessionID: strconv.Itoa(n / 10), UserID: strconv.Itoa(n % 100),
			}
			if i > 0 {
				s.ParentSpanID = pcommon.SpanID{7: byte(i)}
			}
			if i == 2 {
				s.Kind, s.RequestModel, s.ResponseID = mapping.KindLLM, "house-7b", strconv.Itoa(n)
				s.Usage.Input, s.Usage.Output = mapping.Int{V: 100, OK: true}, mapping.Int{V: 10, OK: true}
			}
			batch.Spans = append(batch.Spans, s)
		}
		if len(batch.Spans) >= 3000 || n == traces-1 {
			_, err := w.Write(b.Context(), batch, nil, nil)
			require.NoError(b, err)
			batch.Spans = nil
		}
	}
}

func ownCPU(b *testing.B) time.Duration {
	var r syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// cpuOf reads the CPU time of another process where /proc has it, in steps of 10 ms.
func cpuOf(b *testing.B, pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("the CPU time of the server's process is read from /proc")
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}
