package price

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
)

// table returns the quoted name of llm_prices in a schema.
func table(schema string) string { return pgx.Identifier{schema, "llm_prices"}.Sanitize() }

// queryer is a connection or a transaction.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Load reads llm_prices of a schema.
func Load(ctx context.Context, q queryer, schema string) ([]Row, error) {
	units := make([]string, len(UnitNames))
	for i, name := range UnitNames {
		units[i] = name + "::text"
	}
	rows, err := q.Query(ctx, `SELECT lower(provider), CASE match WHEN 'regex' THEN model ELSE lower(model) END, match,
		CASE WHEN isfinite(valid_from) THEN valid_from END, CASE WHEN isfinite(valid_to) THEN valid_to END,
		daily_from, daily_to, coalesce(service_tier, ''), coalesce(above_input_tokens, -1),
		coalesce(source, ''), checked, built_in, ARRAY[`+strings.Join(units, ", ")+`]
		FROM `+table(schema)+` ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

func scan(row pgx.CollectableRow) (r Row, err error) {
	var match string
	var from, to *time.Time
	var checked pgtype.Date
	var dailyFrom, dailyTo pgtype.Time
	var prices []*string
	if err := row.Scan(&r.Provider, &r.Model, &match, &from, &to, &dailyFrom, &dailyTo, &r.ServiceTier, &r.Above,
		&r.Source, &checked, &r.BuiltIn, &prices); err != nil {
		return r, err
	}
	if from != nil {
		r.From = *from
	}
	if to != nil {
		r.To = *to
	}
	if checked.InfinityModifier == pgtype.Finite {
		r.Checked = checked.Time
	}
	r.DailyFrom = time.Duration(dailyFrom.Microseconds) * time.Microsecond
	r.DailyTo = time.Duration(dailyTo.Microseconds) * time.Microsecond
	for u, text := range prices {
		if text == nil {
			continue
		}
		d, err := decimal.NewFromString(*text)
		if err != nil {
			return r, fmt.Errorf("%s of model %q: %w", UnitNames[u], r.Model, err)
		}
		r.Prices[u] = decimal.NewNullDecimal(d)
	}
	r.Match, err = ParseMatch(match)
	return r, err
}

// columns are those of Insert.
var columns = append([]string{
	"provider", "model", "match", "valid_from", "valid_to", "daily_from", "daily_to", "service_tier", "above_input_tokens",
	"source", "checked", "built_in",
}, UnitNames[:]...)

// Insert adds rows to llm_prices of a schema.
func Insert(ctx context.Context, tx pgx.Tx, schema string, rows []Row) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{schema, "llm_prices"}, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		return values(&rows[i]), nil
	}))
	return err
}

func values(r *Row) []any {
	var from, to, dailyFrom, dailyTo, tier, above, source, checked any
	if !r.From.IsZero() {
		from = r.From
	}
	if !r.To.IsZero() {
		to = r.To
	}
	if r.DailyFrom != r.DailyTo {
		dailyFrom = pgtype.Time{Microseconds: r.DailyFrom.Microseconds(), Valid: true}
		dailyTo = pgtype.Time{Microseconds: r.DailyTo.Microseconds(), Valid: true}
	}
	if r.ServiceTier != "" {
		tier = r.ServiceTier
	}
	if r.Above >= 0 {
		above = r.Above
	}
	if r.Source != "" {
		source = r.Source
	}
	if !r.Checked.IsZero() {
		checked = r.Checked
	}
	row := []any{r.Provider, r.Model, r.Match.String(), from, to, dailyFrom, dailyTo, tier, above, source, checked, r.BuiltIn}
	for _, p := range r.Prices {
		if !p.Valid {
			row = append(row, nil)
			continue
		}
		row = append(row, pgtype.Numeric{Int: p.Decimal.Coefficient(), Exp: p.Decimal.Exponent(), Valid: true})
	}
	return row
}

// ReplaceSource puts rows in the place of the user's rows of the same source and
// returns how many those were. The built-in rows stay.
func ReplaceSource(ctx context.Context, tx pgx.Tx, schema, source string, rows []Row) (removed int64, err error) {
	tag, err := tx.Exec(ctx, "DELETE FROM "+table(schema)+" WHERE NOT built_in AND source = $1", source)
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), Insert(ctx, tx, schema, rows)
}

// ReplaceBuiltin puts the built-in rows of this build in the place of those in the table.
// The user's rows stay.
func ReplaceBuiltin(ctx context.Context, tx pgx.Tx, schema string) error {
	want, err := Builtin()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM "+table(schema)+" WHERE built_in"); err != nil {
		return err
	}
	return Insert(ctx, tx, schema, want)
}
