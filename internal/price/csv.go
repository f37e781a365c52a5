package price

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// csvHeader are the columns of our own format: those of llm_prices. An empty field is
// null.
var csvHeader = append([]string{
	"provider", "model", "match", "valid_from", "valid_to", "daily_from", "daily_to", "service_tier", "above_input_tokens",
}, append(UnitNames[:], "source", "checked")...)

const (
	csvDate  = time.DateOnly
	csvClock = time.TimeOnly
)

// WriteCSV writes rows in our own format.
func WriteCSV(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	for i := range rows {
		if err := out.Write(rows[i].fields()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (r *Row) fields() []string {
	above, from, to := "", "", ""
	if r.Above >= 0 {
		above = strconv.FormatInt(r.Above, 10)
	}
	if r.DailyFrom != r.DailyTo {
		from, to = clock(r.DailyFrom), clock(r.DailyTo)
	}
	fields := []string{r.Provider, r.Model, r.Match.String(), timeText(r.From), timeText(r.To), from, to, r.ServiceTier, above}
	for _, p := range r.Prices {
		text := ""
		if p.Valid {
			text = p.Decimal.String()
		}
		fields = append(fields, text)
	}
	return append(fields, r.Source, timeText(r.Checked))
}

func timeText(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.UTC().Truncate(24 * time.Hour)):
		return t.UTC().Format(csvDate)
	}
	return t.UTC().Format(time.RFC3339)
}

func clock(d time.Duration) string { return time.Time{}.Add(d).Format(csvClock) }

// ReadCSV reads our own format. The header names the columns, which may be fewer than
// all and in any order; the error names line, column and value of every fault.
func ReadCSV(r io.Reader) ([]Row, error) {
	in := csv.NewReader(r)
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	for _, name := range header {
		if !slices.Contains(csvHeader, name) {
			return nil, fmt.Errorf("column %q is unknown: the columns are %s", name, strings.Join(csvHeader, ", "))
		}
	}
	var rows []Row
	var faults []error
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, errors.Join(faults...)
		}
		if err != nil {
			return nil, err
		}
		values := make(map[string]string, len(header))
		for i, name := range header {
			values[name] = strings.TrimSpace(fields[i])
		}
		row, err := parseRow(values)
		if err != nil {
			line, _ := in.FieldPos(0)
			faults = append(faults, fmt.Errorf("line %d: %w", line, err))
			continue
		}
		rows = append(rows, row)
	}
}

// parseRow reads a row's columns by name.
func parseRow(values map[string]string) (Row, error) {
	row := Row{Provider: strings.ToLower(values["provider"]), ServiceTier: values["service_tier"], Above: -1, Source: values["source"]}
	var faults []error
	fail := func(column string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is %q: %w", column, values[column], err))
		}
	}
	var err error
	row.Match, err = ParseMatch(values["match"])
	fail("match", err)
	row.Model = values["model"]
	if row.Match != Regex {
		row.Model = strings.ToLower(row.Model)
	}
	if row.Model == "" {
		fail("model", errors.New("it names the models that the price is for"))
	}
	for column, at := range map[string]*time.Time{"valid_from": &row.From, "valid_to": &row.To, "checked": &row.Checked} {
		*at, err = parseTime(values[column])
		fail(column, err)
	}
	for column, at := range map[string]*time.Duration{"daily_from": &row.DailyFrom, "daily_to": &row.DailyTo} {
		*at, err = parseClock(values[column])
		fail(column, err)
	}
	if text := values["above_input_tokens"]; text != "" {
		row.Above, err = strconv.ParseInt(text, 10, 64)
		fail("above_input_tokens", err)
	}
	for u, column := range UnitNames {
		row.Prices[u], err = parsePrice(values[column])
		fail(column, err)
	}
	return row, errors.Join(faults...)
}

func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(csvDate, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, errors.New("it takes a date as 2026-01-31 or a time as 2026-01-31T12:00:00Z")
	}
	return t, nil
}

func parseClock(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(csvClock, text)
	if err != nil {
		return 0, errors.New("it takes a UTC time of day as 16:30:00")
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, nil
}

func parsePrice(text string) (decimal.NullDecimal, error) {
	if text == "" {
		return decimal.NullDecimal{}, nil
	}
	d, err := decimal.NewFromString(text)
	switch {
	case err != nil:
		return decimal.NullDecimal{}, errors.New("it takes a number of USD")
	case d.IsNegative():
		return decimal.NullDecimal{}, errors.New("a price is not negative")
	case d.Exponent() < -18 || d.NumDigits() > 30:
		return decimal.NullDecimal{}, errors.New("a price has at most 18 digits behind the point and 30 in all")
	}
	return decimal.NewNullDecimal(d), nil
}
