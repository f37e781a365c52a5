package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

// argument returns the one argument of a command.
func (c *command) argument(args []string, what string) (string, error) {
	if len(args) != 1 {
		_, _ = fmt.Fprintf(c.stderr, "prices needs one %s\n%s", what, usageText)
		return "", errUsage
	}
	return args[0], nil
}

func (c *command) imports(ctx context.Context, args []string) error {
	file, err := c.argument(args, "FILE")
	if err != nil {
		return err
	}
	data, err := readList(file)
	if err != nil {
		return err
	}
	source := c.source
	if source == "" {
		source = filepath.Base(file)
	}
	rows, err := parse(data, source)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	// A row that no call can be compared with would be in nobody's way and of no use.
	if _, err := price.NewList(rows); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return c.withDatabase(ctx, func(conn *pgx.Conn) error {
		var removed int64
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			removed, err = price.ReplaceSource(ctx, tx, c.schema, source, rows)
			return err
		})
		if err == nil {
			_, err = fmt.Fprintf(c.stdout, "%d prices of source %q are in %s.llm_prices, in place of %d; collectors price the days they are valid for again\n",
				len(rows), source, c.schema, removed)
		}
		return err
	})
}

// maxList is far beyond any price list.
const maxList = 64 << 20

func readList(file string) (data []byte, err error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	data, err = io.ReadAll(io.LimitReader(in, maxList+1))
	if err == nil && len(data) > maxList {
		err = fmt.Errorf("%s has more than %d MiB: that is no price list", file, maxList>>20)
	}
	return data, errors.Join(err, in.Close())
}

// parse tells the format by the first character.
func parse(data []byte, source string) ([]price.Row, error) {
	switch trimmed := bytes.TrimSpace(data); {
	case bytes.HasPrefix(trimmed, []byte("{")):
		return price.ParseLiteLLM(data, source)
	case bytes.HasPrefix(trimmed, []byte("[")):
		return price.ParseGenai(data, source)
	}
	rows, err := price.ReadCSV(bytes.NewReader(data))
	for i := range rows {
		rows[i].Source = source
	}
	return rows, err
}

// rows returns the prices of the database or of this build.
func (c *command) rows(ctx context.Context) (rows []price.Row, err error) {
	if c.builtin {
		return price.Builtin()
	}
	err = c.withDatabase(ctx, func(conn *pgx.Conn) (err error) {
		rows, err = price.Load(ctx, conn, c.schema)
		return err
	})
	return rows, err
}

func (c *command) list(ctx context.Context, args []string) error {
	pattern := strings.ToLower(strings.Join(args, " "))
	all, err := c.rows(ctx)
	if err != nil {
		return err
	}
	var rows []price.Row
	for i := range all {
		if strings.Contains(all[i].Provider, pattern) || strings.Contains(strings.ToLower(all[i].Model), pattern) {
			rows = append(rows, all[i])
		}
	}
	if c.asCSV {
		return price.WriteCSV(c.stdout, rows)
	}
	out := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(out, "PROVIDER\tMODEL\tMATCH\tHOLDS\tUSD\tSOURCE")
	for i := range rows {
		r := &rows[i]
		_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Provider, r.Model, r.Match, holds(r), prices(r), source(r))
	}
	return out.Flush()
}

// holds tells what bounds a row.
func holds(r *price.Row) string {
	var parts []string
	if !r.From.IsZero() {
		parts = append(parts, "from "+r.From.Format(time.DateOnly))
	}
	if !r.To.IsZero() {
		parts = append(parts, "to "+r.To.Format(time.DateOnly))
	}
	if r.DailyFrom != r.DailyTo {
		parts = append(parts, fmt.Sprintf("%s to %s UTC", time.Time{}.Add(r.DailyFrom).Format("15:04"), time.Time{}.Add(r.DailyTo).Format("15:04")))
	}
	if r.ServiceTier != "" {
		parts = append(parts, "tier "+r.ServiceTier)
	}
	if r.Above >= 0 {
		parts = append(parts, fmt.Sprintf("above %d input tokens", r.Above))
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, ", ")
}

// prices tells what a row's units cost.
func prices(r *price.Row) string {
	var parts []string
	for u, p := range r.Prices {
		if p.Valid {
			parts = append(parts, price.UnitNames[u]+" "+p.Decimal.String())
		}
	}
	return strings.Join(parts, ", ")
}

func source(r *price.Row) string {
	if r.BuiltIn {
		return r.Source + " (built in)"
	}
	return r.Source
}

func (c *command) check(ctx context.Context, args []string) error {
	model, err := c.argument(args, "MODEL")
	if err != nil {
		return err
	}
	at := time.Now()
	if c.at != "" {
		if at, err = parseAt(c.at); err != nil {
			_, _ = fmt.Fprintln(c.stderr, err)
			return errUsage
		}
	}
	rows, err := c.rows(ctx)
	if err != nil {
		return err
	}
	list, err := price.NewList(rows)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, err)
	}
	r := list.Find(price.Call{Provider: c.provider, Models: []string{model}, At: at, ServiceTier: c.tier, Input: c.usage.Input})
	if r == nil {
		_, err := fmt.Fprintf(c.stdout, "No price holds for model %q of provider %q at %s.\nThe names looked for: %s.\nA row of llm_prices with one of the names gives the model a price.\n",
			model, c.provider, at.UTC().Format(time.RFC3339), strings.Join(price.Names(model), ", "))
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "row       %s %s %s (%s)\nholds     %s\nprices    %s (USD per million tokens, per request, per 1,000 searches)\n",
		r.Provider, r.Match, r.Model, source(r), holds(r), prices(r))
	if err == nil && c.usage != (price.Usage{}) {
		cost := r.Cost(c.usage)
		_, err = fmt.Fprintf(c.stdout, "cost      %s USD: input %s, output %s\n", cost.Total, cost.Input, cost.Output)
	}
	return err
}

func parseAt(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--at is %q: it takes a date as 2026-01-31 or a time as 2026-01-31T12:00:00Z", text)
}
