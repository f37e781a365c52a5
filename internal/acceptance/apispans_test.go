package acceptance

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestCallsThatTheAPITellsTooCountOnce has Anthropic's SDK and API write spans of the same calls, in one trace or in two,
// in any order, twice, to two collectors. Two calls are told by both, one by the API alone.
func TestCallsThatTheAPITellsTooCountOnce(t *testing.T) {
	url := storetest.NewDatabase(t)
	first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
	orders := map[string]func(sdk, api []arrival) []arrival{
		"client first": func(sdk, api []arrival) []arrival { return append(slices.Clone(sdk), api...) },
		"API first":    func(sdk, api []arrival) []arrival { return append(slices.Clone(api), sdk...) },
		"last of all first": func(sdk, api []arrival) []arrival {
			all := append(slices.Clone(sdk), api...)
			slices.Reverse(all)
			return all
		},
		"in turns": func(sdk, api []arrival) (all []arrival) {
			for i := range max(len(sdk), len(api)) {
				all = append(all, sdk[min(i, len(sdk)-1)], api[min(i, len(api)-1)])
			}
			return all
		},
	}
	n, hour := byte(0), 0
	for _, oneTrace := range []bool{true, false} {
		for name, order := range orders {
			for _, whole := range []bool{true, false} {
				n, hour = n+2, hour+1
				t.Run(fmt.Sprintf("one trace: %v, %s, whole: %v", oneTrace, name, whole), func(t *testing.T) {
					begin := time.Now().Add(-time.Duration(hour) * time.Hour)
					sdk, api := newMadeUp(n, "com.anthropic.sdk.python", begin), newMadeUp(n+1, "com.anthropic.claude-platform", begin)
					if oneTrace {
						api.trace = sdk.trace
					}
					for i := range byte(3) {
						at := 10 * float64(i)
						attrs := map[string]any{
							"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5",
							"gen_ai.response.id": fmt.Sprint("msg_", n, i), "anthropic.request.id": fmt.Sprint("req_", n, i),
							"gen_ai.usage.input_tokens": 1524, "gen_ai.usage.output_tokens": 90,
							"gen_ai.usage.cache_read.input_tokens": 1200, "gen_ai.usage.cache_write.input_tokens": 300,
						}
						parent := byte(0)
						if i < 2 {
							sdk.span(10+i, 0, "anthropic.messages.create", at, at+3, attrs)
							if oneTrace {
								parent = 10 + i
							}
						}
						api.span(20+i, parent, "anthropic.messages.create", at+0.1, at+2.9, map[string]any{"anthropic.request.id": fmt.Sprint("req_", n, i)})
						api.span(30+i, 20+i, "chat claude-sonnet-4-5", at+0.2, at+2.8, attrs)
					}
					ofSDK, ofAPI := []arrival{{td: &sdk.td}}, []arrival{{td: &api.td}}
					if !whole {
						ofSDK, ofAPI = pieces(sdk.td, sdk.ld), pieces(api.td, api.ld)
					}
					for range 2 {
						for i, a := range order(ofSDK, ofAPI) {
							a.send(t, []collector{first, second}[i%2])
						}
					}
					traces := []string{sdk.trace.String(), api.trace.String()}
					require.Equal(t, 3, countRows(t, db, fmt.Sprintf("SELECT FROM llm_calls WHERE is_call AND total_tokens = 1614 AND trace_hex IN ('%s', '%s')", traces[0], traces[1])))
					var calls, tokens int
					require.NoError(t, db.QueryRow(t.Context(), "SELECT sum(llm_call_count), sum(total_tokens) FROM llm_traces WHERE trace_id = ANY ($1)", traces).Scan(&calls, &tokens))
					require.Equal(t, []int{3, 3 * 1614}, []int{calls, tokens})
					if !oneTrace { // in one, the inner span counts as ever
						require.Equal(t, 2, countRows(t, db, "SELECT FROM llm_calls WHERE is_call AND scope_name = 'com.anthropic.sdk.python' AND trace_hex = '"+traces[0]+"'"))
					}
					require.Equal(t, 3, countRows(t, db, "SELECT FROM llm_span_details WHERE name = 'anthropic.messages.create' AND scope_name = 'com.anthropic.claude-platform' AND trace_hex = '"+traces[1]+"'"))
					rowcheck.Consistent(t, db)
				})
			}
		}
	}
}
