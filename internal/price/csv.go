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
	"unicode/utf8"

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
	lines := map[Key]int{}
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
		line, _ := in.FieldPos(0)
		if before := lines[row.Key()]; err == nil && before > 0 {
			err = fmt.Errorf("the row holds for the same calls as line %d", before)
		}
		lines[row.Key()] = line
		if err != nil {
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
	fail("model", checkName(row.Model))
	fail("provider", checkName(row.Provider))
	for column, at := range map[string]*time.Time{"valid_from": &row.From, "valid_to": &row.To, "checked": &row.Checked} {
		*at, err = parseTime(values[column])
		fail(column, err)
	}
	if !row.To.IsZero() && !row.To.After(row.From) {
		fail("valid_to", errors.New("it is a time after valid_from"))
	}
	for column, at := range map[string]*time.Duration{"daily_from": &row.DailyFrom, "daily_to": &row.DailyTo} {
		*at, err = parseClock(values[column])
		fail(column, err)
	}
	if text := values["above_input_tokens"]; text != "" {
		above, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			err = errors.New("it takes a number of tokens, 0 or more")
		}
		row.Above = int64(above)
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
	if err != nil {
		return decimal.NullDecimal{}, errors.New("it takes a number of USD")
	}
	return decimal.NewNullDecimal(d), checkPrice(d)
}

// checkPrice refuses what is no price. Whoever writes 1e400 or a billion digits means no
// harm to come of it.
func checkPrice(d decimal.Decimal) error {
	switch {
	case d.IsNegative():
		return errors.New("a price is not negative")
	case d.Exponent() < -maxPriceScale || d.Exponent() > maxPriceDigits || d.NumDigits()+max(0, int(d.Exponent())) > maxPriceDigits:
		return fmt.Errorf("a price has at most %d digits behind the point and %d in all", maxPriceScale, maxPriceDigits)
	}
	return nil
}

const maxPriceScale, maxPriceDigits = 18, 30

// checkName refuses a provider or model that no call can have.
func checkName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("a name has at most %d bytes", maxName)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return errors.New("a name is UTF-8 text without NUL")
	}
	return nil
}
