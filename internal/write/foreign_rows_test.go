package write

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// oddValues are values of column types that this exporter does not write, as SQL expressions.
var oddValues = map[string][]string{
	"double precision":         {"'NaN'", "'Infinity'", "'-Infinity'", "-1", "1e308", "5e-324", "NULL"},
	"numeric":                  {"'NaN'", "'Infinity'", "'-Infinity'", "-1", "1e-16000", "1e130000", "0", "NULL"},
	"bigint":                   {"9223372036854775807", "-9223372036854775808", "-1", "0", "NULL"},
	"integer":                  {"2147483647", "-2147483648", "-1", "0", "NULL"},
	"smallint":                 {"32767", "-32768", "-1", "0", "NULL"},
	"boolean":                  {"true", "false", "NULL"},
	"text":                     {"''", "' '", "'NaN'", "'zz'", "'llm'", "'error'", "'event'", "'FFFFFFFFFFFFFFFF'", "repeat('ä', 2000)", `E'a\n"\\''<&'`, "'{}'", "'$content'", "NULL"},
	"uuid":                     {"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "gen_random_uuid()", "NULL"},
	"uuid[]":                   {"'{}'", "'{NULL}'", "ARRAY[gen_random_uuid(), NULL]", "ARRAY[ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()]]", "('[0:1]={' || gen_random_uuid() || ',' || gen_random_uuid() || '}')::uuid[]", "NULL"},
	"text[]":                   {"'{}'", "'{NULL}'", "'{\"\",NULL,x}'", "'{{a,b},{c,NULL}}'", "'[0:1]={a,b}'", "NULL"},
	"bytea":                    {`''`, `'\x00'`, `'\xff00ff'`, `sha256('x')`, "NULL"},
	"date":                     {"'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "CURRENT_DATE - 40", "NULL"},
	"timestamp with time zone": {"'infinity'", "'-infinity'", "'4713-01-01 BC'", "'294276-12-31'", "now() - interval '40 days'", "NULL"},
	"time without time zone":   {"'00:00'", "'24:00'", "NULL"},
	"jsonb": {
		"'null'", "'1'", `'"text"'`, "'[]'", "'{}'", "'[null, 1, {}, []]'", `'{"a": {"$content": "no uuid"}}'`, `'{"$content": ["x", null]}'`, `'{"$hole": 1e100}'`,
		`'{"input_tokens": "many", "output_tokens": 1e400, "total_tokens": null, "total_cost": {}, "total": -1.5}'`, `'[{"attributes": [1]}, {"attributes": {"x": {"$content": 7}}}]'`,
		`'{"role": 7, "parts": [{"type": "text", "content": {}}, {"type": null}, 3]}'`, `'{"role": "user", "parts": {"type": "text"}}'`, `'{"holes": [["0", "x"], [99999999]], "pieces": [1], "form": "json", "value": {"$hole": 0}}'`,
		`(repeat('[', 900) || repeat(']', 900))::jsonb`, "NULL",
	},
}

// keptColumns are not changed: what names a row is its writer's.
var keptColumns = map[string]bool{"llm_traces.id": true, "llm_traces.trace_id": true, "llm_contents.id": true, "llm_events.id": true, "llm_scores.id": true, "llm_resources.id": true, "llm_prices.id": true}

type tableColumn struct{ table, column, typ string }

// TestNoRowOfOthersCanHurt puts any values into columns of stored rows, as other programs may,
// then reads everything, erases, folds, prices, retains, and stores batches that touch these
// rows: nothing fails, and nothing is set aside.
func TestNoRowOfOthersCanHurt(t *testing.T) {
	seeds, rounds := 2, 5
	if testing.Short() {
		seeds, rounds = 1, 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g, writers, pool := newSharers(t, uint64(200+seed), 2)
			g.logs = true
			g.write(t, writers)
			columns := columnsOfTables(t, pool)
			for range rounds {
				var changes []string
				for range 40 {
					if change := g.change(t, pool, columns); change != "" {
						changes = append(changes, change)
					}
				}
				when := strings.Join(changes, ", ")
				readEverything(t, pool, when)
				keepUp(t, pool, writers[0], when)
				for range 3 {
					g.writeAlone(t, writers[0], when)
				}
			}
			readEverything(t, pool, "at the end")
			for n := range g.people {
				exec(t, pool, fmt.Sprintf("SELECT llm_erase_user('user %d', true)", n))
			}
		})
	}
}

func columnsOfTables(t *testing.T, pool *pgxpool.Pool) (columns []tableColumn) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relname IN ('llm_traces', 'llm_spans', 'llm_contents', 'llm_resources', 'llm_events', 'llm_scores', 'llm_prices') AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attgenerated = '' AND a.attidentity = '' ORDER BY 1, 2`)
	require.NoError(t, err)
	columns, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c tableColumn, err error) {
		err = row.Scan(&c.table, &c.column, &c.typ)
		return c, err
	})
	require.NoError(t, err)
	for _, c := range columns {
		require.Contains(t, oddValues, c.typ, "%s.%s", c.table, c.column)
	}
	return columns
}

// change changes a column of some rows of a table, each to any of the values, or all to one
// where the table refuses others, and returns how; "" where the table refuses that.
func (g *sharers) change(t *testing.T, pool *pgxpool.Pool, columns []tableColumn) string {
	t.Helper()
	c := columns[g.r.IntN(len(columns))]
	values := oddValues[c.typ]
	if keptColumns[c.table+"."+c.column] {
		return ""
	}
	each := "CASE floor(random() * 1000)::integer % " + fmt.Sprint(len(values))
	for i, value := range values {
		each += fmt.Sprintf(" WHEN %d THEN (%s)::%s", i, value, c.typ)
	}
	for _, value := range []string{each + " END", "(" + values[g.r.IntN(len(values))] + ")::" + c.typ} {
		sql := fmt.Sprintf("UPDATE %s SET %s = %s WHERE random() < 0.1", c.table, c.column, value)
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), fmt.Sprintf("SELECT setseed(%v)", g.r.Float64())); err != nil { // the same rows in every run
				return err
			}
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		var refused *pgconn.PgError
		if !errors.As(err, &refused) {
			require.NoError(t, err, sql)
			return c.table + "." + c.column
		}
		require.Contains(t, []string{"22", "23"}, refused.Code[:2], "%s: %v", sql, err)
	}
	return ""
}

func readEverything(t *testing.T, pool *pgxpool.Pool, when string) {
	t.Helper()
	read := func(sql string) {
		t.Helper()
		_, err := pool.Exec(t.Context(), sql)
		assert.NoError(t, err, "%s; %s; changed: %s", sql, where(err), when)
	}
	for _, view := range list(t, pool, `SELECT viewname::text FROM pg_views WHERE schemaname = 'public' ORDER BY 1`) {
		read(`SELECT v::text FROM ` + view + ` v`)
	}
	for _, trace := range list(t, pool, `SELECT id::text FROM llm_traces UNION SELECT trace_id::text FROM llm_spans`) {
		for _, call := range []string{"llm_trace", "llm_transcript", "llm_trace_spans", "llm_trace_tree"} {
			read(`SELECT v::text FROM ` + call + `('` + trace + `') v`)
		}
	}
	for _, call := range []string{
		"llm_session_calls('session 1')", "llm_transcript('session 1')", "llm_user_calls('user 1')", "llm_search(CURRENT_DATE - 1, 'hello')", "llm_export_user('user 0')", "llm_export_user('user 1')",
		"llm_content_references", "llm_internal_event_references",
	} {
		read(`SELECT v::text FROM ` + call + ` v`)
	}
}

// keepUp does what upkeep does, and erases and retains in transactions that are rolled back.
func keepUp(t *testing.T, pool *pgxpool.Pool, w *Writer, when string) {
	t.Helper()
	now := time.Now()
	_, err := upkeep.FoldUsage(t.Context(), pool, "public", now.Add(3*time.Hour))
	assert.NoError(t, err, when)
	prices := &storedPrices{}
	exec(t, pool, "SELECT llm_reprice(CURRENT_DATE - 60, CURRENT_DATE)")
	for {
		done, err := w.Reprice(t.Context(), prices)
		if !assert.NoError(t, err, "reprice; %s; changed: %s", where(err), when) || done == nil {
			break
		}
	}
	_, err = upkeep.MoveWaiting(t.Context(), pool, "public", now.AddDate(0, 0, -60), now.AddDate(0, 0, 7))
	assert.NoError(t, err, when)
	for _, sql := range []string{
		"SELECT llm_reprice(CURRENT_DATE - 60, CURRENT_DATE)",
		"SELECT llm_erase_user('user 0')", "SELECT llm_erase_user('user 1', true)", "SELECT llm_erase_session('session 1')", "SELECT llm_erase_trace(id::text) FROM llm_traces LIMIT 2",
		"SELECT llm_drop_day_before('llm_spans', CURRENT_DATE + 1)", "SELECT llm_drop_day_before('llm_contents', CURRENT_DATE + 1)", "SELECT llm_drop_day_before('llm_events', CURRENT_DATE + 1)",
		"SELECT llm_drop_day_before('llm_scores', CURRENT_DATE + 1)", "SELECT llm_delete_traces_before(CURRENT_DATE + 1, 0, 1000)", "SELECT llm_delete_resources_before(CURRENT_DATE + 1, 10)",
	} {
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), sql)
		require.NoError(t, tx.Rollback(context.Background()))
		assert.NoError(t, err, "%s; %s; changed: %s", sql, where(err), when)
	}
}

// storedPrices are those of llm_prices, as internal/pricing has them, which imports this package.
type storedPrices struct{ list *price.List }

func (p *storedPrices) Reload(ctx context.Context, conn *pgx.Conn) error {
	rows, err := price.Load(ctx, conn, "public")
	if err == nil {
		p.list, _ = price.NewList(rows) // rows that cannot be read are left out
	}
	return err
}

func (p *storedPrices) Estimate(spans []mapping.Span) {
	for i := range spans {
		s := &spans[i]
		s.EstimatedCost = decimal.NullDecimal{}
		row := p.list.Find(price.Call{Provider: s.Provider, Models: []string{s.ResponseModel, s.RequestModel}, At: time.UnixMicro(s.Start), ServiceTier: s.ServiceTier, Input: s.Usage.Input.V})
		if row != nil {
			s.EstimatedCost = decimal.NewNullDecimal(row.Total(price.Usage{Input: s.Usage.Input.V, Output: s.Usage.Output.V}))
		}
	}
}

// where is in which function of the server a statement failed.
func where(err error) string {
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		return failed.Where
	}
	return ""
}

// writeAlone stores spans and log records, none of which is set aside.
func (g *sharers) writeAlone(t *testing.T, w *Writer, when string) {
	t.Helper()
	mapper := mapping.New(mapping.Options{})
	b, err := signal.Logs{Logs: g.records(), Keep: logs.KeepGenAI}.Map(t.Context(), mapper, func(*mapping.Batch) {})
	require.NoError(t, err)
	for _, b := range []*mapping.Batch{mapped(t, mapper, g.batch()), b} {
		result, err := w.Write(t.Context(), b, nil, nil)
		assert.NoError(t, err, when)
		for reason, aside := range result.SetAside {
			assert.NoError(t, aside.Err, "set aside: %s; changed: %s", reason, when)
		}
	}
}

func list(t *testing.T, pool *pgxpool.Pool, sql string) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), sql)
	require.NoError(t, err, sql)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err, sql)
	return values
}
