package schema

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// oddNames mean something in SQL, in format(), in a dollar quote or in a template, and
// one is the longest.
var oddNames = []string{`we"ird; drop %`, `x$sql$y$q$ %L %1$I $$`, `UPPER é日本 'x\`, `{{.schema}}`, strings.Repeat("n", 63)}

// samples are arguments of functions by type. A call with them finds the row stored.
var samples = map[string]string{
	"text": "'00000000000000000000000000000001'", "uuid": "'00000000-0000-0000-0000-000000000001'", "uuid[]": "ARRAY['00000000-0000-0000-0000-000000000001'::uuid]",
	"text[]": "ARRAY['a']", "date": "CURRENT_DATE", "date[]": "ARRAY[CURRENT_DATE]", "timestamp with time zone": "date_trunc('day', now(), 'UTC') + interval '10 hours'", "integer": "1",
	"bigint": "1", "bigint[]": "ARRAY[1::bigint]", "boolean": "false", "jsonb": "'{}'", "jsonb[]": "ARRAY['{}'::jsonb]", "numeric": "1", "double precision": "0.5",
	"timestamp with time zone[]": "ARRAY[now()]", "xid8": "pg_current_xact_id()", "interval": "interval '1 day'",
}

// outcomes calls every function and reads every view of a schema, each in a transaction
// that is rolled back, and returns the SQLSTATE of each, 00000 for success.
func outcomes(t *testing.T, conn *pgx.Conn, name string) map[string]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proname, p.prokind = 'a', ARRAY(SELECT format_type(u.oid, NULL)
			FROM unnest(p.proargtypes) WITH ORDINALITY u (oid, n) ORDER BY n)
		FROM pg_proc p WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND p.prorettype <> 'trigger'::regtype
		UNION ALL SELECT relname, relname, NULL, '{}' FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind = 'v'`, name)
	require.NoError(t, err)
	type object struct {
		id, name  string
		aggregate *bool
		arguments []string
	}
	objects, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o object, err error) {
		return o, row.Scan(&o.id, &o.name, &o.aggregate, &o.arguments)
	})
	require.NoError(t, err)
	require.Greater(t, len(objects), 100)
	codes := map[string]string{}
	for _, o := range objects {
		sql := "SELECT * FROM " + Table(name, o.name)
		if o.aggregate != nil {
			arguments := make([]string, len(o.arguments))
			for i, of := range o.arguments {
				arguments[i] = "(" + cmp.Or(samples[of], "NULL") + ")::" + of
			}
			sql = fmt.Sprintf("SELECT %s(%s)", Table(name, o.name), strings.Join(arguments, ", "))
		}
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		codes[o.id] = "00000"
		var failed *pgconn.PgError
		if errors.As(err, &failed) {
			codes[o.id] = failed.Code
		} else {
			require.NoError(t, err, sql)
		}
		require.NoError(t, tx.Rollback(t.Context()))
	}
	return codes
}

// TestEveryFunctionWorksInEverySchema calls all functions and reads all views in schemas
// with odd names, where each must do what it does in public.
func TestEveryFunctionWorksInEverySchema(t *testing.T) {
	url := testserver.NewDatabase(t)
	var want map[string]string
	for _, name := range append([]string{"plain"}, oddNames...) {
		conn := connect(t, url)
		require.NoError(t, Migrate(t.Context(), conn, name), name)
		spans, traces, hours := Table(name, "llm_spans"), Table(name, "llm_traces"), Table(name, "llm_usage_hours")
		_, err := conn.Exec(t.Context(), fmt.Sprintf(`SELECT %s(CURRENT_DATE);
			INSERT INTO %s (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, counted, usage_counted, total_tokens, user_id, session_id)
			VALUES ('00000000-0000-0000-0000-000000000001', '00000000000000000000000000000001', date_trunc('day', now(), 'UTC') + interval '10 hours',
				date_trunc('day', now(), 'UTC') + interval '11 hours', 1, 'internal', 'llm', 'unset', true, true, 1, 'a', 'b');
			INSERT INTO %s (id, trace_id, start_time, end_time, span_count) SELECT trace_id, '00000000000000000000000000000001', start_time, end_time, 1 FROM %[2]s;
			INSERT INTO %[4]s (hour) SELECT start_time FROM %[2]s`, Table(name, "llm_create_day"), spans, traces, hours), pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err, name)
		got := outcomes(t, conn, name)
		if want == nil {
			want = got
			for id, code := range want {
				if !strings.HasPrefix(id, "llm_internal_") { // some of those take SQL
					require.NotRegexp(t, "^(42601|42703|42883|22023|XX)", code, id)
				}
			}
		}
		for id, code := range want {
			require.Equal(t, code, got[id], "%s in %q", id, name)
		}
		_, err = conn.Exec(t.Context(), "DROP SCHEMA "+pgx.Identifier{name}.Sanitize()+" CASCADE")
		require.NoError(t, err)
	}
}
