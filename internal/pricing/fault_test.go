package pricing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

// TestFaultOfEstimatingCostsEstimatesOnly looks for prices in a list that is broken.
func TestFaultOfEstimatingCostsEstimatesOnly(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	p := New("public", zap.New(core))
	p.current.Store(&list{})
	spans := make([]mapping.Span, 3)
	for i := range spans {
		spans[i].Kind = mapping.KindLLM
		spans[i].RequestModel = "gpt-4o"
		spans[i].Usage.Input = mapping.Int{V: 1, OK: true}
	}
	p.Estimate(spans)
	require.Equal(t, 1, logs.Len(), "said once")
	prices, err := price.NewList(nil)
	require.NoError(t, err)
	p.current.Store(&list{List: prices})
	p.Estimate(spans)
	for i := range spans {
		require.False(t, spans[i].EstimatedCost.Valid)
	}
	require.Equal(t, 1, logs.Len())
}
