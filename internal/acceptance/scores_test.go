package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// scoreCase is the result of an evaluation, and what is to come of it.
type scoreCase struct {
	attrs  map[string]any
	value  string
	label  string
	onSpan bool // the score names the span of its call; else the id of the response
}

func newScoreCase(r *rand.Rand, n int) scoreCase {
	c := scoreCase{attrs: map[string]any{
		"gen_ai.evaluation.name": fmt.Sprintf("score-%03d", n), "gen_ai.evaluation.explanation": fmt.Sprintf("Because of reason %d.", n), "judge.temperature": 0.5,
	}, onSpan: r.IntN(2) == 0}
	switch r.IntN(4) {
	case 0:
		c.attrs["gen_ai.evaluation.score.value"], c.value = int64(n), fmt.Sprint(n)
	case 1:
		c.attrs["gen_ai.evaluation.score.value"], c.value = float64(n)+0.5, fmt.Sprint(float64(n)+0.5)
	case 2:
		c.attrs["gen_ai.evaluation.score.value"], c.value = fmt.Sprintf("%d.25", n), fmt.Sprintf("%d.25", n)
	}
	if c.value == "" || r.IntN(2) == 0 {
		c.label = []string{"pass", "fail"}[r.IntN(2)]
		c.attrs["gen_ai.evaluation.score.label"] = c.label
	}
	if !c.onSpan || r.IntN(2) == 0 {
		c.attrs["gen_ai.response.id"] = fmt.Sprintf("resp-%03d", n)
	}
	return c
}

// record writes the score as a log record: all in its attributes, all in its body, or the
// name in the one and the rest in the other.
func (c *scoreCase) record(r *rand.Rand, rec plog.LogRecord, span ptrace.Span) {
	rec.SetTimestamp(span.EndTimestamp())
	if r.IntN(2) == 0 {
		rec.SetEventName("gen_ai.evaluation.result")
	} else {
		rec.Attributes().PutStr("event.name", "gen_ai.evaluation.result")
	}
	if c.onSpan {
		rec.SetTraceID(span.TraceID())
		rec.SetSpanID(span.SpanID())
	}
	where := r.IntN(3)
	body := map[string]any{}
	for key, v := range c.attrs {
		if where == 0 || where == 1 && key == "gen_ai.evaluation.name" {
			if err := rec.Attributes().PutEmpty(key).FromRaw(v); err != nil {
				panic(err)
			}
			continue
		}
		body[key] = v
	}
	switch {
	case len(body) == 0:
	case r.IntN(2) == 0:
		if err := rec.Body().SetEmptyMap().FromRaw(body); err != nil {
			panic(err)
		}
	default:
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		rec.Body().SetStr(string(text))
	}
}

// TestScoresHoweverTheyAreTold stores results of evaluations in many forms: each is a score of
// its call, and its explanation stands in llm_contents only.
func TestScoresHoweverTheyAreTold(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	r := rand.New(rand.NewPCG(19, 6))
	td, ld := ptrace.NewTraces(), plog.NewLogs()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	var want []string
	for n := range 60 {
		score := newScoreCase(r, n)
		s := spans.AppendEmpty()
		s.SetTraceID(pcommon.TraceID{7, byte(n)})
		s.SetSpanID(pcommon.SpanID{7, byte(n)})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Minute)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		s.Attributes().PutStr("gen_ai.response.id", fmt.Sprintf("resp-%03d", n))
		if score.onSpan && r.IntN(2) == 0 {
			e := s.Events().AppendEmpty()
			e.SetName("gen_ai.evaluation.result")
			require.NoError(t, e.Attributes().FromRaw(score.attrs))
		} else {
			score.record(r, records.AppendEmpty(), s)
		}
		want = append(want, fmt.Sprintf("score-%03d|%s|%s|Because of reason %d.|%s", n, score.value, score.label, n, s.SpanID()))
	}
	for range 2 {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), td))
	}
	require.Equal(t, want, column[string](t, db, `SELECT concat(score_name, '|', value, '|', label, '|', explanation, '|', span_id) FROM llm_call_scores ORDER BY score_name`))
	for _, table := range []string{"llm_spans", "llm_events", "llm_scores", "llm_traces"} {
		require.Zero(t, countRows(t, db, "SELECT FROM "+table+" x WHERE to_jsonb(x)::text LIKE '%Because of%'"), table)
	}
	require.Equal(t, 60, countRows(t, db, "SELECT DISTINCT body FROM llm_contents WHERE body #>> '{}' LIKE 'Because of%'"))
}

// TestSeveralScoresInOneRecord has a record with a list of results, as values or as JSON, twice.
func TestSeveralScoresInOneRecord(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	for n := range byte(4) {
		r := newMadeUp(1+n, "acme.instrumentation", time.Now().Add(-time.Hour))
		call := chatAttrs(usage, attrs{"gen_ai.response.id": fmt.Sprint("r", n)})
		r.span(1, 0, "chat m-1", 0, 1, call)
		results := []any{
			attrs{"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 0.9, "gen_ai.evaluation.explanation": "On topic."},
			attrs{"gen_ai.evaluation.name": "bias", "gen_ai.evaluation.score.value": 0, "gen_ai.evaluation.score.label": "Pass"},
		}
		all := attrs{"gen_ai.evaluations": results}
		if n&2 > 0 {
			text, err := json.Marshal(results)
			require.NoError(t, err)
			all = attrs{"gen_ai.evaluations": string(text)}
		}
		if n&1 > 0 {
			r.record(0, "gen_ai.evaluation.results", 3, call, all)
		} else {
			for key, v := range call {
				all[key] = v
			}
			r.record(0, "gen_ai.evaluation.results", 3, all, nil)
		}
		for range 2 {
			arrival{td: &r.td}.send(t, c)
			arrival{ld: &r.ld}.send(t, c)
		}
		require.Equal(t, []string{"bias 0 Pass", "relevance 0.9 On topic."}, column[string](t, db, `SELECT concat_ws(' ', score_name, value, label, explanation) FROM llm_call_scores WHERE response_id = $1 ORDER BY score_name`, fmt.Sprint("r", n)))
		require.Len(t, column[string](t, db, "SELECT id::text FROM llm_scores WHERE response_id = $1", fmt.Sprint("r", n)), 2)
	}
	require.Equal(t, 4, countRows(t, db, "SELECT FROM llm_calls WHERE is_call"))
}

// TestMoreScoresThanOneRecordMayHave has a record with more results than are stored, which its row says.
func TestMoreScoresThanOneRecordMayHave(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	r := newMadeUp(1, "acme.instrumentation", time.Now().Add(-time.Hour))
	var results []any
	for i := range 1001 {
		results = append(results, attrs{"gen_ai.evaluation.name": fmt.Sprint("score-", i), "gen_ai.evaluation.score.value": i})
	}
	r.record(0, "gen_ai.evaluation.results", 3, attrs{"all": results}, nil)
	r.record(0, "gen_ai.evaluation.results", 4, attrs{"all": results[:1]}, nil)
	arrival{ld: &r.ld}.send(t, c)
	require.Equal(t, 1001, countRows(t, db, "SELECT FROM llm_scores"))
	require.Equal(t, []string{"{scores_omitted}", "-"}, column[string](t, db, "SELECT coalesce(adjustments::text, '-') FROM llm_events ORDER BY time"))
}

// TestScoresToldTwiceCountOnce has a score that an event of a span and a record tell, as some libraries send each, and the
// same result of a later evaluation: llm_scores has what was told, llm_call_scores each evaluation once.
func TestScoresToldTwiceCountOnce(t *testing.T) {
	n := byte(0)
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	for name, order := range arrivals {
		n++
		r := newMadeUp(n, "acme", time.Now().Add(-time.Hour))
		r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
		score := attrs{"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 0.5, "gen_ai.evaluation.explanation": "Good."}
		e := r.spans.At(0).Events().AppendEmpty()
		e.SetName("gen_ai.evaluation.result")
		e.SetTimestamp(r.at(0.9))
		require.NoError(t, e.Attributes().FromRaw(score))
		r.record(1, "gen_ai.evaluation.result", 0.9002, score, nil)
		r.record(1, "gen_ai.evaluation.result", 60, score, nil) // again later
		r.record(1, "gen_ai.evaluation.result", 0.9, attrs{"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 0.75}, nil)
		for _, a := range order(r) {
			a.send(t, c)
		}
		require.Equal(t, []string{"0.5 Good.", "0.5 Good.", "0.75 "}, column[string](t, db, `SELECT concat(value, ' ', explanation) FROM llm_call_scores WHERE trace_hex = $1 ORDER BY 1`, r.trace.String()), name)
		require.Equal(t, 4, countRows(t, db, fmt.Sprintf("SELECT FROM llm_scores WHERE trace_id = '%s'", r.trace)), name)
	}
}

// TestScoresOfOneSpanAreReadSoon has a span with 50,000 scores. Comparing each with all others took 30 s of 20,000.
func TestScoresOfOneSpanAreReadSoon(t *testing.T) {
	url := storetest.NewDatabase(t)
	startBoth(t, url, nil)
	db := storetest.Pool(t, url)
	_, err := db.Exec(t.Context(), `INSERT INTO llm_scores (day, id, time, trace_id, belongs_to, span_id, name, value)
		SELECT current_date, gen_random_uuid(), now(), t.id, t.id, '0100000000000000', 'helpful', n
		FROM (SELECT gen_random_uuid() AS id) t, generate_series(1, 50000) n`)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var scores int
	require.NoError(t, db.QueryRow(ctx, "SELECT count(*) FILTER (WHERE name IS NULL) FROM llm_call_scores").Scan(&scores))
	require.Equal(t, 50000, scores)
}
