package acceptance

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestRecordsWithoutContext has a program whose records are written after their spans have ended (OpenLIT, of
// streams): they name neither a trace nor a session, and a response as the span does. Each call is one,
// and so are calls with ids that another call had an hour before.
func TestRecordsWithoutContext(t *testing.T) {
	url := storetest.NewDatabase(t)
	first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
	n, calls := byte(0), 0
	for name, order := range arrivals {
		n++
		t.Run(name, func(t *testing.T) {
			r := newMadeUp(n, "a.program.nobody.knows", time.Now().Add(-time.Duration(n)*time.Hour))
			for i := range byte(4) {
				id, at := fmt.Sprint("chatcmpl-", i), 10*float64(i)
				attrs := map[string]any{
					"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": id,
					"gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 5,
				}
				r.span(i+1, 0, "chat gpt-4o", at, at+2, attrs)
				attrs["gen_ai.output.messages"] = fmt.Sprintf(`[{"role":"assistant","parts":[{"type":"text","content":"answer %d"}]}]`, i)
				r.record(0, "gen_ai.client.inference.operation.details", at+2.1, attrs, nil)
				r.logs.At(int(i)).SetTraceID(pcommon.TraceID{})
			}
			for i, a := range order(r) {
				a.send(t, []collector{first, second}[i%2])
			}
			for _, a := range order(r) {
				a.send(t, second)
			}
			calls += 4
			require.Equal(t, calls, countRows(t, db, "SELECT FROM llm_calls WHERE is_call"))
			require.Equal(t, calls, countRows(t, db, "SELECT FROM llm_calls WHERE is_call AND source IS DISTINCT FROM 'event' AND total_tokens = 17 AND output_messages IS NOT NULL"))
			rowcheck.Consistent(t, db)
		})
	}
}
