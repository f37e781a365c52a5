package acceptance

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestQuestionsOfAWeek asks a week of visits what was not asked of the sample data, and
// compares each answer with what was sent. The spans come in batches of any, some of them
// twice. WEEK_VISITS asks for more visits than 150; questions then say how long they take.
func TestQuestionsOfAWeek(t *testing.T) {
	visits, err := strconv.Atoi(os.Getenv("WEEK_VISITS"))
	if err != nil {
		visits = 150
	}
	e, db := startExporter(t, func(cfg *llmobservatoryexporter.Config) { cfg.Labels = []string{"team"} })
	w := shopWeek(16, visits)
	r := rand.New(rand.NewPCG(16, 41))
	var spans []ptrace.Traces
	for _, v := range w.visits {
		for _, td := range v.traces() {
			spans = append(spans, td)
			if r.IntN(10) == 0 {
				spans = append(spans, td)
			}
		}
	}
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	for size := max(1, len(spans)/20); len(spans) > 0; {
		some := ptrace.NewTraces()
		for _, td := range spans[:min(size, len(spans))] {
			td.ResourceSpans().At(0).CopyTo(some.ResourceSpans().AppendEmpty())
		}
		spans = spans[some.SpanCount():]
		consume(t, e, some)
	}
	if visits <= 1000 {
		askWeek(t, db, w)
		rowcheck.Agree(t, db)
	}
	foldAll(t, db, time.Now())
	_, err = db.Exec(t.Context(), "ANALYZE")
	require.NoError(t, err)
	askWeek(t, db, w)
}

func askWeek(t *testing.T, db *pgxpool.Pool, w *week) {
	for _, q := range weekQuestions {
		t.Run(q.ask, func(t *testing.T) {
			require.LessOrEqual(t, strings.Count(q.sql, "\n"), 11, "one statement of at most 12 lines")
			want := q.answer(w)
			require.NotEmpty(t, want)
			begin := time.Now()
			require.Equal(t, want, lines(t, db, q.sql))
			if took := time.Since(begin); len(w.models) > 10_000 {
				t.Log(took.Round(time.Millisecond), q.sql)
			}
		})
	}
}
