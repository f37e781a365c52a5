package write

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// definition returns the spans whose flags differ from their definition over the stored
// rows, in SQL.
//
//go:embed testdata/counting.sql
var definition string

// randomTrace makes a forest of up to size spans. With oddClocks children may
// start before their parents and end after them.
func randomTrace(r *rand.Rand, size int, oddClocks bool) []mapping.Span {
	id := randomTraceID(r)
	base := time.Now().Add(-time.Hour).UnixMicro()
	kinds := []mapping.Kind{
		mapping.KindLLM, mapping.KindLLM, mapping.KindEmbedding, mapping.KindReranker, mapping.KindTool, mapping.KindTool,
		mapping.KindAgent, mapping.KindChain, mapping.KindOther, mapping.KindOther, mapping.KindRetriever,
	}
	spans := make([]mapping.Span, 1+r.IntN(size))
	for i := range spans {
		s := &spans[i]
		s.TraceID, s.SpanKind, s.Status = id, "internal", "unset"
		for j := range s.SpanID {
			s.SpanID[j] = byte(r.Uint32())
		}
		s.Kind = kinds[r.IntN(len(kinds))]
		if i > 0 && r.IntN(12) == 0 { // another observation of a span
			s.SpanID, s.Kind = spans[i-1].SpanID, spans[i-1].Kind
		}
		s.Name = fmt.Sprintf("span %d", r.IntN(5))
		s.ScopeName = []string{"", "a", "b"}[r.IntN(3)]
		s.Start = base + int64(r.IntN(50))
		s.End = s.Start + int64(r.IntN(50))
		if i > 0 && r.IntN(6) > 0 {
			p := &spans[r.IntN(i)]
			s.ParentSpanID = p.SpanID
			if !oddClocks {
				s.Start = p.Start + int64(r.IntN(int(p.End-p.Start)+1))
				s.End = s.Start + int64(r.IntN(int(p.End-s.Start)+1))
			}
		} else if r.IntN(3) == 0 {
			s.ParentSpanID = pcommon.SpanID{1, 2, 3, byte(r.IntN(2))} // never arrives
		}
		s.Day = int32(s.Start / 86_400_000_000)
		randomFacts(r, s)
	}
	return spans
}

func randomFacts(r *rand.Rand, s *mapping.Span) {
	if s.Kind == mapping.KindTool {
		s.ToolName = []string{"", "search", "fetch"}[r.IntN(3)]
		s.ToolCallID = []string{"", "", "c1", "c2"}[r.IntN(4)]
		s.ToolArgumentsID = content.ID{byte([]int{0, 0, 1}[r.IntN(3)])}
	}
	if s.Kind.IsModel() {
		s.RequestModel = []string{"", "gpt", "claude"}[r.IntN(3)]
		s.ResponseModel = []string{"", "", "gpt-4o", "anthropic/claude"}[r.IntN(4)]
		s.ResponseID = []string{"", "", "r1", "r2"}[r.IntN(4)]
		if r.IntN(2) == 0 {
			s.InputMessageIDs = []content.ID{{9}, {byte(1 + r.IntN(2))}}
		}
		if r.IntN(2) == 0 {
			s.OutputMessageIDs = []content.ID{{byte(1 + r.IntN(2))}}
		}
	}
	if r.IntN(2) == 0 {
		s.Usage.Input = mapping.Int{V: int64(r.IntN(2) * 10), OK: true}
		if r.IntN(3) > 0 {
			s.Usage.Output = mapping.Int{V: int64(5 + r.IntN(2)), OK: true}
			s.Usage.Total = mapping.Int{V: s.Usage.Input.V + s.Usage.Output.V, OK: true}
		}
	}
	if r.IntN(3) == 0 {
		s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(int64(r.IntN(1000)), -6))
	}
	if s.Kind.IsModel() && s.Usage.Input.OK && r.IntN(4) > 0 {
		s.EstimatedCost = decimal.NewNullDecimal(decimal.New(int64(r.IntN(1000)), -6))
	}
	if r.IntN(4) == 0 {
		s.ErrorType, s.Status = "_OTHER", "error"
	}
	if s.Kind.IsModel() {
		s.Provider = []string{"", "openai", "anthropic"}[r.IntN(3)]
		s.Usage.Reasoning = mapping.Int{V: 2, OK: s.Usage.Output.OK && r.IntN(3) == 0}
		s.PromptName = []string{"", "", "greeting"}[r.IntN(3)]
	}
	s.AgentName = []string{"", "", "", "boss", "clerk"}[r.IntN(5)]
	s.Environment = []string{"", "", "prod"}[r.IntN(3)]
	if r.IntN(4) == 0 {
		s.Labels = []mapping.Label{{Name: "team", Value: []string{"red", "blue"}[r.IntN(2)]}}
	}
	s.ServiceName = []string{"", "api", "web"}[r.IntN(3)]
	s.UserID = []string{"", "", "ann", "bob"}[r.IntN(4)]
	s.SessionID = []string{"", "", "s1", "s2"}[r.IntN(4)]
	s.Tags = [][]string{nil, {"x"}, {"x", "y\"\\,z"}}[r.IntN(3)]
}

// TestCountingMatchesDefinition stores random forests in random orders and
// batches, some spans twice, and compares every flag with its definition and
// every roll-up with the aggregate over the rows.
func TestCountingMatchesDefinition(t *testing.T) {
	w, pool := newWriter(t)
	traces := 300
	if testing.Short() {
		traces = 60
	}
	for seed := range traces {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		spans := randomTrace(r, []int{4, 12, 30}[seed%3], seed%2 == 1)
		for _, batch := range randomBatches(r, spans) {
			unknown := map[pcommon.TraceID]bool{}
			if r.IntN(2) == 0 { // new, or of another collector
				unknown[batch[0].TraceID] = true
				w.newTraces.pause = r.IntN(2) * pausedBatches
			}
			_, err := w.Write(t.Context(), batchOf(batch...), nil, unknown)
			require.NoError(t, err)
		}
	}
	requireFlags(t, pool, "random forests")
	rowcheck.Rollups(t, pool)
	requireNames(t, pool)
	var there int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_internal_awaited_spans a JOIN llm_spans s USING (trace_id, span_id)").Scan(&there))
	require.Zero(t, there, "spans that are awaited and there")
}

// randomBatches shuffles spans and cuts them into batches; some come twice.
func randomBatches(r *rand.Rand, spans []mapping.Span) [][]mapping.Span {
	todo := slices.Clone(spans)
	for range r.IntN(3) {
		todo = append(todo, spans[r.IntN(len(spans))])
	}
	r.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	var batches [][]mapping.Span
	for len(todo) > 0 {
		n := 1 + r.IntN(min(len(todo), 1+r.IntN(6)))
		batches = append(batches, todo[:n])
		todo = todo[n:]
	}
	return batches
}

// requireFlags requires that all spans that are stored have the flags of their definition.
func requireFlags(t *testing.T, pool *pgxpool.Pool, what string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), definition)
	require.NoError(t, err)
	wrong, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(t, err)
	require.Empty(t, wrong, what)
}

// requireNames checks the fields that come from the root span, or else from
// the earliest that says them.
func requireNames(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	fields := map[string]string{
		"name": "nullif(name, '')", "service_name": "service_name", "environment": "environment", "release": "release",
		"user_id": "user_id", "session_id": "session_id",
	}
	for field, value := range fields {
		var wrong int
		require.NoError(t, pool.QueryRow(context.Background(), fmt.Sprintf(`SELECT count(*) FROM llm_traces t
			WHERE nullif(t.%[1]s, '') IS DISTINCT FROM coalesce(
				(SELECT %[2]s FROM llm_spans s WHERE s.trace_id = t.id AND s.span_id = t.root_span_id AND s.parent_span_id IS NULL ORDER BY start_time LIMIT 1),
				(SELECT %[2]s FROM llm_spans s WHERE s.trace_id = t.id AND %[2]s IS NOT NULL ORDER BY start_time, span_id LIMIT 1))
			OR t.root_span_id IS DISTINCT FROM (SELECT span_id FROM llm_spans s WHERE s.trace_id = t.id AND parent_span_id IS NULL ORDER BY start_time, span_id LIMIT 1)
			OR t.status <> coalesce((SELECT status FROM llm_spans s WHERE s.trace_id = t.id AND s.span_id = t.root_span_id AND s.parent_span_id IS NULL ORDER BY start_time LIMIT 1), 'unset')`,
			field, value)).Scan(&wrong))
		require.Zero(t, wrong, "traces with a wrong "+field)
	}
}

// TestAnotherProgramsRowKeepsItsID writes spans of a trace whose row another
// program made under an id of its own.
func TestAnotherProgramsRowKeepsItsID(t *testing.T) {
	w, pool := newWriter(t)
	r := rand.New(rand.NewPCG(1, 2))
	spans := randomTrace(r, 8, false)
	for i := range spans {
		spans[i].UserID = ""
	}
	var id string
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO llm_traces (id, trace_id, user_id, name) VALUES (gen_random_uuid(), $1, 'kept', 'made elsewhere')
		RETURNING id`, spans[0].TraceID.String()).Scan(&id))
	for i := range spans {
		result := write(t, w, spans[i])
		require.Zero(t, result.TracesCreated)
	}
	var rows, ids, spansWithID int
	var user, name string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT id), min(user_id), min(name) FROM llm_traces`).Scan(&rows, &ids, &user, &name))
	require.Equal(t, []int{1, 1}, []int{rows, ids})
	require.Equal(t, "kept", user, "what no span says stays")
	require.NotEqual(t, "made elsewhere", name, "what a span says wins")
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans WHERE trace_id = $1`, id).Scan(&spansWithID))
	require.Equal(t, len(spans), spansWithID)
	requireFlags(t, pool, "another program's row")
	rowcheck.Rollups(t, pool)
}

// TestHugeTraceCostsAsMuchAsManySmallOnes writes a trace batch by batch: the work
// of the last batches is that of the first, not that of the whole trace.
func TestHugeTraceCostsAsMuchAsManySmallOnes(t *testing.T) {
	w, pool := newWriter(t)
	r := rand.New(rand.NewPCG(8, 8))
	const batches, size = 12, 1500
	id := randomTraceID(r)
	var took []time.Duration
	for range batches {
		spans := make([]mapping.Span, size)
		for i := range spans {
			s := &spans[i]
			*s = spanOn(store.DayOf(time.Now()), 0)
			s.TraceID, s.SpanID = id, randomSpanID(r)
			s.Start = time.Now().UnixMicro()
			s.End = s.Start
			if i%3 > 0 {
				s.ParentSpanID = spans[i-1].SpanID
				s.Kind = mapping.KindLLM
				s.Usage.Input = mapping.Int{V: 1, OK: true}
			}
		}
		begin := time.Now()
		write(t, w, spans...)
		took = append(took, time.Since(begin))
	}
	// What runs beside this test makes a batch slow now and then. A batch that read all before would be slow each time.
	slices.Sort(took[1:4])
	require.Less(t, slices.Min(took[batches-4:]), 4*took[2]+50*time.Millisecond, "the quickest of the last batches and the median of three early ones: %v", took)
	rowcheck.Rollups(t, pool)
}

func randomSpanID(r *rand.Rand) (id pcommon.SpanID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}
