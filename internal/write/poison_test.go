package write

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// callOf returns an LLM call of a trace.
func callOf(trace, span byte) mapping.Span {
	s := spanOn(store.DayOf(time.Now()), span)
	s.Name, s.Kind, s.TraceID[0] = fmt.Sprintf("call %d of %d", span, trace), mapping.KindLLM, trace
	s.Start += int64(span) * 1000
	s.End = s.Start + 500
	s.Usage.Input = mapping.Int{V: 1, OK: true}
	s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(1, -3))
	return s
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}

// refuse makes Postgres refuse the rows of a table that a condition picks.
func refuse(t *testing.T, pool *pgxpool.Pool, table, condition, code string) {
	t.Helper()
	exec(t, pool, fmt.Sprintf(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN IF %s THEN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = 'refused'; END IF; RETURN NEW; END $$`, condition, code))
	exec(t, pool, fmt.Sprintf("CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION refuse()", table))
}

// TestPoisonCostsItsOwnSpansOnly stores batches that touch rows which other writers have
// left in a state that cannot be worked with, or rows that Postgres refuses for whatever
// reason: the others of each batch are stored at once, and what is not stored is set aside.
func TestPoisonCostsItsOwnSpansOnly(t *testing.T) {
	update := func(sql string) func(*testing.T, *pgxpool.Pool) {
		return func(t *testing.T, pool *pgxpool.Pool) { exec(t, pool, sql) }
	}
	refusing := func(code string) func(*testing.T, *pgxpool.Pool) {
		return func(t *testing.T, pool *pgxpool.Pool) {
			refuse(t, pool, "llm_spans", "NEW.name LIKE 'call % of 1'", code)
		}
	}
	for name, poison := range map[string]func(*testing.T, *pgxpool.Pool){
		"cost of the trace is NaN":            update(`UPDATE llm_traces SET total_cost = 'NaN'`),
		"cost of the trace is infinite":       update(`UPDATE llm_traces SET total_cost = 'Infinity'`),
		"start of the trace is -infinity":     update(`UPDATE llm_traces SET start_time = '-infinity'`),
		"end of the trace is infinity":        update(`UPDATE llm_traces SET end_time = 'infinity'`),
		"origins are empty":                   update(`UPDATE llm_traces SET origins = ''`),
		"origins are of another version":      update(`UPDATE llm_traces SET origins = '\xff00'`),
		"origins are damaged":                 update(`UPDATE llm_traces SET origins = substr(origins, 1, length(origins) - 2)`),
		"numbers of the trace are at the end": update(`UPDATE llm_traces SET total_tokens = 9223372036854775807, span_count = 2147483647`),
		"cost of a span is NaN":               update(`UPDATE llm_spans SET total_cost = 'NaN'`),
		"a span never ends":                   update(`UPDATE llm_spans SET end_time = 'infinity'`),
		"usage of a span is text":             update(`UPDATE llm_spans SET input_tokens = NULL, aggregate_usage = '{"input_tokens": "many"}'`),
		"an internal error":                   refusing("XX000"),
		"a corrupted index":                   refusing("XX002"),
		"a trigger's own error":               refusing("P0001"),
		"an error of no known class":          refusing("ZZ999"),
		"a data exception":                    refusing("22012"),
		"an integrity violation":              refusing("23514"),
		"an unexpected unique violation":      refusing("23505"),
	} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			require.Equal(t, 1, write(t, w, callOf(1, 1)).SpansWritten)
			poison(t, pool)
			var spans []mapping.Span
			for span := byte(2); span < 4; span++ {
				for trace := byte(1); trace < 5; trace++ {
					s := callOf(trace, span+10*trace)
					s.ParentSpanID = callOf(trace, 1).SpanID
					spans = append(spans, s)
				}
			}
			begin := time.Now()
			result, err := w.Write(t.Context(), batchOf(spans...), nil, nil)
			require.NoError(t, err)
			require.Less(t, time.Since(begin), 20*time.Second)
			aside := 0
			for reason, s := range result.SetAside {
				require.NotEmpty(t, reason)
				require.Error(t, s.Err)
				aside += s.Spans
			}
			require.Equal(t, len(spans), result.SpansWritten+aside)
			require.LessOrEqual(t, aside, 2, "of the one trace")
			require.Empty(t, result.Left)
			var stored int
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans WHERE name NOT LIKE 'call % of 1'`).Scan(&stored))
			require.Equal(t, 6, stored)
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans WHERE name = 'canary'`).Scan(&stored))
			require.Zero(t, stored)
		})
	}
}

// TestWhatFailsForAllIsNobodysFault has Postgres refuse every span with an error that
// nothing is known about: the batch is left, and stored when the error has gone.
func TestWhatFailsForAllIsNobodysFault(t *testing.T) {
	for _, code := range []string{"XX000", "P0001", "58030", "42501", "42P01"} {
		t.Run(code, func(t *testing.T) {
			w, pool := newWriter(t)
			refuse(t, pool, "llm_spans", "true", code)
			result, err := w.Write(t.Context(), batchOf(callOf(1, 1), callOf(2, 2)), nil, nil)
			require.Error(t, err)
			require.Empty(t, result.SetAside)
			require.Len(t, result.Left, 2)
			exec(t, pool, "DROP FUNCTION refuse CASCADE")
			require.Equal(t, 2, write(t, w, result.Left...).SpansWritten)
		})
	}
}

// TestUnsupportedStatementIsNobodysFault has Postgres refuse what one trace needs as Citus
// refuses a statement: others can be stored, and still nothing is set aside.
func TestUnsupportedStatementIsNobodysFault(t *testing.T) {
	w, pool := newWriter(t)
	refuse(t, pool, "llm_spans", "NEW.name LIKE 'call % of 1'", "0A000")
	result, err := w.Write(t.Context(), batchOf(callOf(1, 1), callOf(2, 2)), nil, nil)
	require.Error(t, err)
	require.Empty(t, result.SetAside)
	require.Len(t, result.Left, 2)
	require.Equal(t, 1, write(t, w, callOf(2, 2)).SpansWritten)
	exec(t, pool, "DROP FUNCTION refuse CASCADE")
	require.Equal(t, 1, write(t, w, result.Left...).SpansWritten)
}

// TestWhatIsLeftIsWhatIsNotStored has a disk run full while the faults of a batch are
// isolated.
func TestWhatIsLeftIsWhatIsNotStored(t *testing.T) {
	w, pool := newWriter(t)
	refuse(t, pool, "llm_spans", "NEW.name = 'call 8 of 8'", "22012")
	exec(t, pool, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN IF NEW.trace_id = '06000000000000000000000000000000' THEN RAISE EXCEPTION USING ERRCODE = '53100'; END IF; RETURN NEW; END $$`)
	exec(t, pool, "CREATE TRIGGER z BEFORE INSERT ON llm_spans FOR EACH ROW EXECUTE FUNCTION fail()")
	var spans []mapping.Span
	for i := byte(1); i <= 8; i++ {
		s := callOf(i, i)
		s.Day--
		s.Start -= 86_400_000_000
		s.End -= 86_400_000_000
		if i == 5 { // fails with the whole, so that the halves are tried
			s = callOf(8, 8)
		}
		spans = append(spans, s)
	}
	result, err := w.Write(t.Context(), batchOf(spans...), nil, nil)
	require.Error(t, err)
	stored := map[string]bool{}
	rows, err := pool.Query(t.Context(), "SELECT name FROM llm_spans")
	require.NoError(t, err)
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		stored[name] = true
	}
	require.NoError(t, rows.Err())
	aside := result.SetAside["22012"].Spans
	require.Equal(t, len(spans), len(stored)+len(result.Left)+aside)
	for i := range result.Left {
		require.False(t, stored[result.Left[i].Name], result.Left[i].Name)
	}
}
