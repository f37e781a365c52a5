package signal

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestMutatedCaptures maps captures that were changed at random: each span and record is mapped, whatever was mapped
// before, and to what PostgreSQL stores. SEEDS asks for more of them than usual.
func TestMutatedCaptures(t *testing.T) {
	m := agentruns.NewMutator(t)
	full, facts := mapping.New(mapping.Options{}), mapping.New(mapping.Options{Capture: mapping.CaptureMetadata})
	for seed := range uint64(agentruns.Seeds(1500)) {
		r := rand.New(rand.NewPCG(seed, 7))
		var data func() Data
		keep := []logs.Keep{logs.KeepAll, logs.KeepGenAI}[r.IntN(2)]
		if r.IntN(3) == 0 {
			ld := m.Logs(r)
			data = func() Data { return Logs{Logs: ld, Keep: keep} }
		} else {
			td := m.Traces(r)
			data = func() Data { return Traces{td} }
		}
		before := marshalData(t, data())
		b, again := mapWhole(t, data(), full), mapWhole(t, data(), mapping.New(mapping.Options{}))
		require.True(t, bytes.Equal(before, marshalData(t, data())), "seed %d: the input is left as it is", seed)
		sortScores(t, b)
		sortScores(t, again)
		require.True(t, reflect.DeepEqual(b, again), "seed %d: what was mapped before makes no difference", seed)
		requireStorable(t, b)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		without := mapWhole(t, data(), facts)
		requireStorable(t, without)
		require.Empty(t, without.Contents, "seed %d", seed)
	}
}

func mapWhole(t *testing.T, data Data, m *mapping.Mapper) *mapping.Batch {
	t.Helper()
	b, err := data.Map(t.Context(), m, func(*mapping.Batch) {})
	require.NoError(t, err)
	require.NotContains(t, b.Rejected, "mapping_failed")
	require.NotContains(t, b.RejectedRecords, "mapping_failed")
	return b
}

func marshalData(t *testing.T, data Data) (whole []byte) {
	t.Helper()
	var err error
	switch data := data.(type) {
	case Logs:
		whole, err = (&plog.ProtoMarshaler{}).MarshalLogs(data.Logs)
	case Traces:
		whole, err = (&ptrace.ProtoMarshaler{}).MarshalTraces(data.Traces)
	}
	require.NoError(t, err)
	return whole
}

// sortScores sorts the attributes of scores: those that come as text have any order.
func sortScores(t *testing.T, b *mapping.Batch) {
	t.Helper()
	for i := range b.Events {
		for _, s := range b.Events[i].Scores {
			if s.Attributes != nil {
				var attrs any
				require.NoError(t, json.Unmarshal(s.Attributes, &attrs))
				var err error
				s.Attributes, err = json.Marshal(attrs)
				require.NoError(t, err)
			}
		}
	}
}
