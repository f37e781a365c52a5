package pricing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

// world is a database with collectors, of which each has prices of its own age: two that price the past
// again, which gives them the prices of then, and one that only writes.
type world struct {
	t          *testing.T
	r          *rand.Rand
	db         *pgxpool.Pool
	collectors [3]collector
	base       time.Time // of the first day
	stored     map[string]mapping.Span
}

type collector struct {
	pool *pgxpool.Pool
	Repricer
}

const days = 3

func newWorld(t *testing.T, seed uint64) *world {
	url, db := storetest.Open(t)
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 17)), db: db, stored: map[string]mapping.Span{},
		base: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -days-1),
	}
	for i := range w.collectors {
		c := &w.collectors[i]
		config, err := pgxpool.ParseConfig(url)
		require.NoError(t, err)
		config.ConnConfig.RuntimeParams["application_name"] = fmt.Sprint("collector-", i)
		c.pool, err = pgxpool.NewWithConfig(t.Context(), config)
		require.NoError(t, err)
		t.Cleanup(c.pool.Close)
		c.Repricer = Repricer{
			Pool: c.pool, Schema: "public", Pricer: New("public", zap.NewNop()), Writer: write.New(c.pool, "public", 400*24*time.Hour),
			Logger: zap.NewNop(), Progress: func(context.Context, *write.Repriced) {},
		}
		w.reload(c)
	}
	return w
}

func (w *world) reload(c *collector) {
	conn, err := w.db.Acquire(w.t.Context())
	require.NoError(w.t, err)
	defer conn.Release()
	require.NoError(w.t, c.Pricer.Reload(w.t.Context(), conn.Conn()))
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), sql, args...)
	require.NoError(w.t, err, sql)
}

// moment is any time of the days, to the second.
func (w *world) moment() time.Time {
	return w.base.Add(time.Duration(w.r.IntN(days*24*60*60)) * time.Second)
}

var (
	houseModels = []string{"house-7b", "house-70b", "House-7B-20250101", "openai/house-7b", "nobody"}
	tiers       = []string{"", "", "", "flex"}
)

// changePrices adds, corrects or removes a row, some of them built-in ones.
func (w *world) changePrices() {
	pick := func(of ...string) string { return of[w.r.IntN(len(of))] }
	var from, to, tier, above any
	if w.r.IntN(2) == 0 {
		from = w.moment()
	}
	if from == nil && w.r.IntN(2) == 0 {
		to = w.moment()
	}
	if w.r.IntN(4) == 0 {
		tier = "flex"
	}
	if w.r.IntN(4) == 0 {
		above = 500
	}
	amount := func() string { return decimal.New(w.r.Int64N(50_000), -w.r.Int32N(6)).String() }
	switch w.r.IntN(4) {
	case 0, 1:
		model := pick("equals house-7b", "prefix house", "regex ^house-7[0b]", "equals house-70b", "equals gpt-4o")
		var match, name string
		_, err := fmt.Sscan(model, &match, &name)
		require.NoError(w.t, err)
		w.exec(`INSERT INTO llm_prices (model, match, valid_from, valid_to, service_tier, above_input_tokens, input, output, cache_read, request, built_in)
			VALUES ($1, $2, $3, $4, $5, $6, $7::text::numeric, $8::text::numeric, $9::text::numeric, $10::text::numeric, $11)`,
			name, match, from, to, tier, above, amount(), amount(), amount(), amount(), w.r.IntN(4) == 0)
	case 2:
		w.exec(`UPDATE llm_prices SET output = $1::text::numeric, valid_from = $2, valid_to = NULL
			WHERE id = (SELECT id FROM llm_prices WHERE NOT built_in OR model ^@ 'house' ORDER BY id OFFSET $3 LIMIT 1)`, amount(), from, w.r.IntN(4))
	case 3:
		w.exec(`DELETE FROM llm_prices WHERE id = (SELECT id FROM llm_prices WHERE NOT built_in OR model ^@ 'house' ORDER BY id OFFSET $1 LIMIT 1)`, w.r.IntN(4))
	}
}

// randomBatch makes spans of a few traces that go on over hours and days: calls told
// twice, one around the other, agents that report sums, calls that events tell.
func (w *world) randomBatch(r *rand.Rand) *mapping.Batch {
	b := &mapping.Batch{Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
	for range 1 + r.IntN(12) {
		number := byte(1 + r.IntN(25))
		s := mapping.Span{
			TraceID: pcommon.TraceID{1: 5, 15: number}, SpanID: pcommon.SpanID{0: 1, 7: byte(1 + r.IntN(30))},
			SpanKind: "internal", Status: "unset", Name: "span", ScopeName: "scope",
		}
		if r.IntN(3) > 0 {
			s.ParentSpanID = pcommon.SpanID{0: 1, 7: byte(1 + r.IntN(30))}
		}
		// What a span says follows from its ids, so that a second one is the same span.
		own := rand.New(rand.NewPCG(uint64(number), uint64(s.SpanID[7])))
		kinds := []mapping.Kind{mapping.KindLLM, mapping.KindLLM, mapping.KindLLM, mapping.KindEmbedding, mapping.KindAgent, mapping.KindChain, mapping.KindTool}
		s.Kind = kinds[own.IntN(len(kinds))]
		s.Start = w.base.Add(time.Duration(own.IntN(days*24*60)) * time.Minute).UnixMicro()
		s.End = s.Start + int64(own.IntN(5*60*60))*1_000_000
		s.Day = int32(s.Start / (24 * 60 * 60 * 1_000_000))
		s.UserID = []string{"", "ann", "bob"}[own.IntN(3)]
		if s.Kind == mapping.KindAgent {
			s.AgentName = []string{"", "planner", "writer"}[own.IntN(3)]
		}
		if s.Kind.IsModel() {
			s.RequestModel = append(slices.Clone(houseModels), "gpt-4o", "")[own.IntN(len(houseModels)+2)]
			s.ServiceTier = tiers[own.IntN(len(tiers))]
			if own.IntN(5) == 0 {
				s.Event = &mapping.EventCall{Event: "api_request"}
			}
		}
		if own.IntN(5) > 0 {
			s.Usage.Input = mapping.Int{V: own.Int64N(1000), OK: true}
			s.Usage.Output = mapping.Int{V: own.Int64N(1000), OK: true}
			s.Usage.Total = mapping.Int{V: s.Usage.Input.V + s.Usage.Output.V, OK: true}
			if own.IntN(2) == 0 {
				s.Usage.CacheRead = mapping.Int{V: own.Int64N(1 + s.Usage.Input.V), OK: true}
			}
		}
		if own.IntN(5) == 0 {
			s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(own.Int64N(1_000_000), -7))
		}
		b.Spans = append(b.Spans, s)
	}
	return b
}

// write stores a batch as a collector does, by the prices that it knows.
func (w *world) write(ctx context.Context, c *collector, b *mapping.Batch) error {
	c.Pricer.Estimate(b.Spans)
	_, err := c.Writer.Write(ctx, b, nil, nil)
	return err
}

func (w *world) remember(b *mapping.Batch) {
	for _, s := range b.Spans {
		key := s.TraceID.String() + s.SpanID.String()
		if _, ok := w.stored[key]; !ok {
			w.stored[key] = s
		}
	}
}

// note has a collector note changed prices. No batch is on its way: those with the prices of before begin later.
func (w *world) note(c *collector) {
	require.NoError(w.t, c.Note(w.t.Context()))
	w.exec(`UPDATE llm_internal_price_changes SET touched_since = touched_since + $1::interval WHERE touched_since > '-infinity' AND ready_at = touched_since + 2 * $1::interval`, c.settled())
}

// settle lets so much time pass that every collector has looked at the prices.
func (w *world) settle() {
	for i := range w.collectors {
		w.reload(&w.collectors[i])
	}
	w.exec(`UPDATE llm_internal_price_changes SET ready_at = ready_at - interval '1 day'`)
}

// reprice lets collectors price the past again, while batches arrive, some with prices of before,
// sums are read, and with kill connections break.
func (w *world) reprice(kill bool) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var repricers, others errgroup.Group
	for i := range 2 {
		c := &w.collectors[i]
		repricers.Go(func() error {
			err := c.Reprice(ctx)
			for try := 0; err != nil && kill && try < 20; try++ {
				err = c.Reprice(ctx)
			}
			return err
		})
	}
	late := make([]*mapping.Batch, 3)
	for i := range late {
		late[i] = w.randomBatch(w.r)
	}
	others.Go(func() error {
		for i, b := range late {
			if err := w.write(ctx, &w.collectors[i], b); err != nil {
				return err
			}
		}
		return nil
	})
	if kill {
		others.Go(func() error {
			_, err := w.db.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%price%' AND pid <> pg_backend_pid() AND application_name = 'collector-0'`)
			return err
		})
	}
	err := others.Wait()
	if !kill {
		require.NoError(w.t, err)
	} else if err != nil { // a batch was hit: its sender sends it again
		for i, b := range late {
			require.NoError(w.t, w.write(w.t.Context(), &w.collectors[i], b))
		}
	}
	for _, b := range late {
		w.remember(b)
	}
	rowcheck.Rollups(w.t, w.db) // old or new sums of each trace, while the work goes on
	require.NoError(w.t, repricers.Wait())
	cancel()
}

// due has the traces priced in which calls name no model.
func (w *world) due() {
	w.t.Helper()
	w.exec(`UPDATE llm_internal_traces_to_price SET due_at = now()`)
	require.NoError(w.t, w.collectors[w.r.IntN(2)].RepriceDue(w.t.Context()))
}

// named gives calls that name no model the one that llm_calls shows of them, and leaves out the other
// spans that report tokens and name no model.
func (w *world) named() map[string]mapping.Span {
	spans := map[string]mapping.Span{}
	for key, s := range w.stored {
		if !s.LacksModel() {
			spans[key] = s
		}
	}
	rows, err := w.db.Query(w.t.Context(), `SELECT replace(trace_id::text, '-', '') || span_id, coalesce(provider, ''), coalesce(request_model, ''), coalesce(response_model, '')
		FROM llm_calls WHERE counted`)
	require.NoError(w.t, err)
	var key, provider, asked, answered string
	_, err = pgx.ForEachRow(rows, []any{&key, &provider, &asked, &answered}, func() error {
		if s := w.stored[key]; s.LacksModel() {
			s.Provider, s.RequestModel, s.ResponseModel = provider, asked, answered
			spans[key] = s
		}
		return nil
	})
	require.NoError(w.t, err)
	return spans
}

// check compares each estimate with the price of the span by the rows of now, and all sums
// with their definition.
func (w *world) check() {
	w.t.Helper()
	w.due()
	fresh := New("public", zap.NewNop())
	conn, err := w.db.Acquire(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, fresh.Reload(w.t.Context(), conn.Conn()))
	conn.Release()
	want, named := map[string]string{}, w.named()
	for key, s := range named {
		s.EstimatedCost = decimal.NullDecimal{}
		one := []mapping.Span{s}
		fresh.Estimate(one)
		want[key] = "none"
		if one[0].EstimatedCost.Valid {
			want[key] = one[0].EstimatedCost.Decimal.String()
		}
	}
	got := map[string]string{}
	rows, err := w.db.Query(w.t.Context(), `SELECT replace(trace_id::text, '-', '') || span_id, coalesce(trim_scale(estimated_cost)::text, 'none') FROM llm_spans`)
	require.NoError(w.t, err)
	var key, estimate string
	_, err = pgx.ForEachRow(rows, []any{&key, &estimate}, func() error {
		if _, ok := named[key]; ok {
			got[key] = estimate
		}
		return nil
	})
	require.NoError(w.t, err)
	require.Equal(w.t, want, got, "estimates by the prices of now")
	rowcheck.Rollups(w.t, w.db)
	rowcheck.Agree(w.t, w.db)
	definition, err := os.ReadFile("../write/testdata/counting.sql")
	require.NoError(w.t, err)
	rows, err = w.db.Query(w.t.Context(), string(definition))
	require.NoError(w.t, err)
	wrong, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(w.t, err)
	require.Empty(w.t, slices.DeleteFunc(wrong, w.summed()))
}

// summed returns what tells of a row that differs from the definition, which knows spans only,
// whether the row is a sum that counts no more since an event observes a call within its time.
func (w *world) summed() func(map[string]any) bool {
	of := map[string][2]bool{} // tokens and cost are those of an event too
	rows, err := w.db.Query(w.t.Context(), `SELECT replace(s.trace_id::text, '-', '') || s.span_id, bool_or(coalesce(e.input_tokens, e.output_tokens, e.total_tokens) IS NOT NULL), bool_or(e.total_cost IS NOT NULL)
		FROM llm_spans s JOIN llm_spans e ON e.trace_id = s.trace_id AND e.source = 'event' AND e.kind IN ('llm', 'embedding') AND e.end_time BETWEEN s.start_time AND s.end_time
			AND coalesce(e.input_tokens, e.output_tokens, e.total_tokens) IS NOT NULL
		WHERE s.kind IN ('agent', 'chain') GROUP BY 1`)
	require.NoError(w.t, err)
	var key string
	var tokens, cost bool
	_, err = pgx.ForEachRow(rows, []any{&key, &tokens, &cost}, func() error { of[key] = [2]bool{tokens, cost}; return nil })
	require.NoError(w.t, err)
	return func(row map[string]any) bool {
		id, _ := row["trace_id"].([16]byte)
		repeats := of[pcommon.TraceID(id).String()+row["span_id"].(string)]
		same := func(flag string) bool { return row[flag] == row[flag+"_by_definition"] }
		return repeats[0] && row["usage_counted"] == false && (same("cost_counted") || repeats[1] && row["cost_counted"] == false) && same("counted") && same("estimate_counted")
	}
}

// TestThePastFollowsPricesInAnyOrder changes prices, stores spans, some by prices of before,
// notes changes, folds hours and prices again in random order, by two collectors at once, with
// connections that break meanwhile. In the end all is as if the prices had been those of now from the
// beginning.
func TestThePastFollowsPricesInAnyOrder(t *testing.T) {
	worlds := 4
	if testing.Short() {
		worlds = 1
	}
	for seed := range worlds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, uint64(seed))
			for range 45 {
				w.step()
			}
			for range 3 {
				w.follow()
			}
			var left int
			require.NoError(t, w.db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM llm_internal_days_to_price) + (SELECT count(*) FROM llm_internal_price_changes)`).Scan(&left))
			require.Zero(t, left)
			_, err := upkeep.FoldUsage(t.Context(), w.db, "public", time.Now().Add(24*time.Hour))
			require.NoError(t, err)
			rowcheck.Folded(t, w.db)
			w.check()
		})
	}
}

// follow changes prices while batches come that were estimated by those of before: some before the
// past is priced, some beside, some after. No later change has all of these calls priced again.
func (w *world) follow() {
	w.changePrices()
	for i := range w.collectors {
		require.NoError(w.t, w.write(w.t.Context(), &w.collectors[i], w.remembered()))
	}
	w.note(&w.collectors[w.r.IntN(3)])
	for i := range w.collectors {
		require.NoError(w.t, w.write(w.t.Context(), &w.collectors[i], w.remembered()))
	}
	w.reprice(false)
	for i := range w.collectors {
		require.NoError(w.t, w.write(w.t.Context(), &w.collectors[i], w.remembered()))
	}
	w.settle()
	w.reprice(false)
	w.check()
}

// remembered is a batch that is going to be stored.
func (w *world) remembered() *mapping.Batch {
	b := w.randomBatch(w.r)
	w.remember(b)
	return b
}

func (w *world) step() {
	c := &w.collectors[w.r.IntN(3)]
	switch w.r.IntN(10) {
	case 0, 1, 2, 3:
		b := w.randomBatch(w.r)
		require.NoError(w.t, w.write(w.t.Context(), c, b))
		w.remember(b)
	case 4, 5:
		w.changePrices()
	case 6:
		w.note(c)
	case 7:
		w.settle()
	case 8:
		w.reprice(w.r.IntN(2) == 0)
	case 9:
		_, err := upkeep.FoldUsage(w.t.Context(), w.db, "public", time.Now())
		require.NoError(w.t, err)
	}
}

// TestTracesOfOtherProgramsAreLeftAlone prices a day again on which another program has stored spans, of a trace whose id
// is none of OTel's.
func TestTracesOfOtherProgramsAreLeftAlone(t *testing.T) {
	w := newWorld(t, 1)
	for _, id := range []string{"not hexadecimal", "0123", "ABCDEF0123456789ABCDEF0123456789", "0123456789abcdef0123456789abcdef0"} {
		w.exec(`INSERT INTO llm_traces (id, trace_id, start_time, end_time) VALUES (md5($1)::uuid, $1, $2, $2)`, id, w.base)
		w.exec(`INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, request_model, input_tokens, estimated_cost)
			VALUES (md5($1)::uuid, 'x', $2, $2, 0, 'client', 'llm', 'ok', 'house-7b', 1000, 3)`, id, w.base)
	}
	for range 4 {
		require.NoError(t, w.write(t.Context(), &w.collectors[0], w.remembered()))
	}
	w.exec(`INSERT INTO llm_prices (model, input, output) VALUES ('house-7b', 7, 7)`)
	w.note(&w.collectors[0])
	w.settle()
	require.NoError(t, w.collectors[0].Reprice(t.Context()))
	var others int
	require.NoError(t, w.db.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans WHERE span_id = 'x' AND estimated_cost = 3`).Scan(&others))
	require.Equal(t, 4, others)
	w.exec(`DELETE FROM llm_spans WHERE span_id = 'x'`)
	w.exec(`DELETE FROM llm_traces WHERE span_count = 0`)
	w.check()
}

// TestCallsWithoutAModelHaveThatOfOthers stores calls that name no model, and what tells the model, in
// every order, and prices them after each batch or in the end.
func TestCallsWithoutAModelHaveThatOfOthers(t *testing.T) {
	w := newWorld(t, 2)
	w.exec(`INSERT INTO llm_prices (model, input, output) VALUES ('house-7b', 1000000, 0), ('house-70b', 70000000, 0)`)
	w.reload(&w.collectors[0])
	span := func(n, parent byte, kind mapping.Kind, model string, tokens int64) mapping.Span {
		s := mapping.Span{
			SpanID: pcommon.SpanID{7: n}, Kind: kind, RequestModel: model, SpanKind: "internal", Status: "unset", Name: "span", ScopeName: "scope",
			Start: w.base.UnixMicro() + int64(n), End: w.base.UnixMicro() + 1000 - int64(n), Day: int32(w.base.Unix() / (24 * 60 * 60)),
		}
		if parent > 0 {
			s.ParentSpanID = pcommon.SpanID{7: parent}
		}
		if tokens > 0 {
			s.Usage = mapping.Usage{Input: mapping.Int{V: tokens, OK: true}, Total: mapping.Int{V: tokens, OK: true}}
		}
		return s
	}
	other := mapping.KindOther
	for name, c := range map[string]struct {
		spans []mapping.Span
		cost  string
	}{
		"an agent around":             {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-7b", 0), span(2, 1, other, "house-70b", 0), span(3, 2, mapping.KindLLM, "", 5)}, "5"},
		"the nearest of two agents":   {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-70b", 0), span(2, 1, mapping.KindAgent, "house-7b", 0), span(3, 2, mapping.KindLLM, "", 5)}, "5"},
		"another observation around":  {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-70b", 0), span(2, 1, mapping.KindLLM, "house-7b", 0), span(3, 2, mapping.KindLLM, "", 5)}, "5"},
		"the call below its usage":    {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-70b", 0), span(2, 1, mapping.KindLLM, "", 5), span(3, 2, mapping.KindLLM, "house-7b", 0)}, "5"},
		"no model for an embedding":   {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-7b", 0), span(2, 1, other, "", 0), span(3, 2, mapping.KindEmbedding, "", 5)}, "none"},
		"a model that has no price":   {[]mapping.Span{span(1, 0, mapping.KindAgent, "nobody", 0), span(2, 1, other, "", 0), span(3, 2, mapping.KindLLM, "", 5)}, "none"},
		"two calls below one agent":   {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-7b", 0), span(2, 1, mapping.KindLLM, "", 4), span(3, 1, mapping.KindLLM, "", 5)}, "9"},
		"a call that names its model": {[]mapping.Span{span(1, 0, mapping.KindAgent, "house-7b", 0), span(2, 1, mapping.KindLLM, "house-70b", 1), span(3, 1, mapping.KindLLM, "", 5)}, "75"},
	} {
		t.Run(name, func(t *testing.T) {
			orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
			for i, order := range orders {
				for meanwhile := range 2 {
					w.exec(`DELETE FROM llm_spans`)
					w.exec(`DELETE FROM llm_traces`)
					for _, n := range order {
						s := c.spans[n]
						s.TraceID = pcommon.TraceID{byte(i + 1), byte(meanwhile), 15: byte(len(name))}
						w.store(&mapping.Batch{Spans: []mapping.Span{s}})
						if meanwhile > 0 {
							w.due()
						}
					}
					w.due()
					var cost, ofCalls, ofUsage string
					require.NoError(t, w.db.QueryRow(t.Context(), `SELECT coalesce(trim_scale(total_cost)::text, 'none'), (SELECT coalesce(trim_scale(sum(total_cost))::text, 'none') FROM llm_calls),
						(SELECT coalesce(trim_scale(sum(total_cost))::text, 'none') FROM llm_usage) FROM llm_traces`).Scan(&cost, &ofCalls, &ofUsage))
					require.Equal(t, []string{c.cost, c.cost, c.cost}, []string{cost, ofCalls, ofUsage}, order)
					rowcheck.Rollups(t, w.db)
					var unpriced, listed int
					require.NoError(t, w.db.QueryRow(t.Context(), `SELECT coalesce(sum(unpriced_calls), 0), coalesce((SELECT sum(calls) FROM llm_unpriced_models), 0) FROM llm_traces`).Scan(&unpriced, &listed))
					require.Equal(t, unpriced, listed)
				}
			}
		})
	}
	var soon int
	require.NoError(t, w.db.QueryRow(t.Context(), `SELECT count(*) FROM llm_internal_traces_to_price WHERE due_at < now() + interval '20 seconds'`).Scan(&soon))
	require.Zero(t, soon, "what was priced now waits")
	// Who waits for a model no more is forgotten.
	w.exec(`UPDATE llm_internal_traces_to_price SET listed_at = listed_at - interval '25 hours'`)
	w.due()
	var left int
	require.NoError(t, w.db.QueryRow(t.Context(), `SELECT count(*) FROM llm_internal_traces_to_price`).Scan(&left))
	require.Zero(t, left)
}

// store stores a batch by the first collector.
func (w *world) store(b *mapping.Batch) {
	w.t.Helper()
	b.Contents, b.Resources = map[content.Key][]byte{}, map[content.ID][]byte{}
	require.NoError(w.t, w.write(w.t.Context(), &w.collectors[0], b))
}
