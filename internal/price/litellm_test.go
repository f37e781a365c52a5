package price

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLiteLLMPricesOtherThanTokens reads models that cost something by the request, or by what no call
// reports: a price of 0 for their tokens is not what they cost.
func TestLiteLLMPricesOtherThanTokens(t *testing.T) {
	rows, err := ParseLiteLLM([]byte(`{
		"rerank-v3.5": {"litellm_provider": "cohere", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "input_cost_per_query": 0.002},
		"whisper": {"litellm_provider": "openai", "input_cost_per_token": 0, "input_cost_per_second": 0.0001},
		"gemini/lyria": {"litellm_provider": "gemini", "input_cost_per_token": 0, "output_cost_per_token": 0, "output_cost_per_image": 4e-2},
		"gemini/free": {"litellm_provider": "gemini", "input_cost_per_token": 0, "output_cost_per_token": 0, "input_cost_per_image": 0},
		"dear": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "input_cost_per_second": 0.0001}
	}`), "a list")
	require.NoError(t, err)
	prices := map[string]string{}
	for i := range rows {
		prices[rows[i].Model] = rows[i].Prices[Input].Decimal.String() + " " + rows[i].Prices[Request].Decimal.String()
	}
	require.Equal(t, map[string]string{"rerank-v3.5": "0 0.002", "free": "0 0", "dear": "1 0"}, prices)
}
