package write

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

const hour = 3_600_000_000 // µs

// notedHours returns which of two hours wait to be folded, and clears the list.
func notedHours(t *testing.T, pool *pgxpool.Pool, hours ...int64) (noted []bool) {
	t.Helper()
	for _, at := range hours {
		var found bool
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM llm_usage_hours WHERE hour = date_trunc('hour', $1::timestamptz, 'UTC'))",
			time.UnixMicro(at)).Scan(&found))
		noted = append(noted, found)
	}
	_, err := pool.Exec(t.Context(), "DELETE FROM llm_usage_hours")
	require.NoError(t, err)
	return noted
}

// TestHoursThatChangeAreNoted has a span of a later hour turn a flag of one of an earlier
// hour, in a short trace and in one of more hours than a trace's row keeps.
func TestHoursThatChangeAreNoted(t *testing.T) {
	for name, hoursBetween := range map[string]int{"short": 0, "longer than a month": 31*24 + 6} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			r := rand.New(rand.NewPCG(5, uint64(hoursBetween)))
			id := randomTraceID(r)
			first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -60).UnixMicro()
			span := func(at int64, kind mapping.Kind) mapping.Span {
				return mapping.Span{
					TraceID: id, SpanID: randomSpanID(r), Kind: kind, SpanKind: "internal", Status: "unset",
					Start: at, End: at, Day: store.DayOf(time.UnixMicro(at)),
				}
			}
			outer := span(first, mapping.KindLLM)
			outer.Usage.Input = mapping.Int{V: 5, OK: true}
			spans := []mapping.Span{outer}
			for i := range hoursBetween {
				spans = append(spans, span(first+int64(i+1)*hour, mapping.KindOther))
			}
			write(t, w, spans...)
			last := first + int64(hoursBetween+1)*hour
			require.Equal(t, []bool{true, false}, notedHours(t, pool, first, last))

			inner := span(last, mapping.KindLLM)
			inner.ParentSpanID, inner.Usage = outer.SpanID, outer.Usage
			write(t, w, inner)
			var counted bool
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT usage_counted FROM llm_spans WHERE span_id = $1", outer.SpanID.String()).Scan(&counted))
			require.False(t, counted)
			require.Equal(t, []bool{true, true}, notedHours(t, pool, first, last), "the hour whose span counts no more, and that of the new one")
		})
	}
}

// TestHoursOfWhatOthersInheritAreNoted has the root tell the user of spans of an earlier
// hour.
func TestHoursOfWhatOthersInheritAreNoted(t *testing.T) {
	w, pool := newWriter(t)
	first := callOf(1, 1)
	first.Start -= first.Start%hour + 10*hour
	first.End, first.Day = first.Start, store.DayOf(time.UnixMicro(first.Start))
	first.ParentSpanID = [8]byte{9}
	write(t, w, first)
	root := first
	root.SpanID, root.ParentSpanID, root.Kind, root.UserID = first.ParentSpanID, [8]byte{}, mapping.KindOther, "ann"
	root.Usage = mapping.Usage{}
	root.Start += hour
	root.End = root.Start
	require.Equal(t, []bool{true, false}, notedHours(t, pool, first.Start, root.Start))
	write(t, w, root)
	require.Equal(t, []bool{true, true}, notedHours(t, pool, first.Start, root.Start))
}
