// Command generate makes builtin.csv of the data of two packages:
//
//	generate GENAI.json CATWALK_DIR
//
// GENAI.json is what @pydantic/genai-prices holds, as scripts/prices prints it.
// CATWALK_DIR is the module charm.land/catwalk; its configurations have newer names
// and no tiers, so it only adds models that the first lacks.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate GENAI.json CATWALK_DIR >builtin.csv")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(genai, catwalk string) error {
	rows, err := fromGenai(genai)
	if err != nil {
		return err
	}
	more, err := fromCatwalk(catwalk, rows)
	if err != nil {
		return err
	}
	rows = append(rows, more...)
	slices.SortStableFunc(rows, func(a, b price.Row) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Match, b.Match), cmp.Compare(a.Model, b.Model),
			a.From.Compare(b.From), cmp.Compare(a.Above, b.Above), cmp.Compare(a.DailyFrom, b.DailyFrom))
	})
	return price.WriteCSV(os.Stdout, rows)
}

const genaiSource = "@pydantic/genai-prices 0.1.8"

// genaiChecked is the day of that version.
var genaiChecked = time.Date(2026, 9, 23, 0, 0, 0, 0, time.UTC)

type provider struct {
	ID     string
	Models []struct {
		ID     string
		Match  match
		Prices json.RawMessage
	}
}

type match struct {
	Or         []match
	And        []match
	Equals     string
	StartsWith string `json:"starts_with"`
	EndsWith   string `json:"ends_with"`
	Contains   string
	Regex      string
}

type period struct {
	Constraint *struct {
		Type      string
		StartDate string `json:"start_date"`
		StartTime string `json:"start_time"`
		EndTime   string `json:"end_time"`
	}
	Prices map[string]tiered
}

// tiered is a price, or a base price and those of more input.
type tiered struct {
	Base  decimal.Decimal
	Tiers []struct {
		Start int64
		Price decimal.Decimal
	}
}

func (t *tiered) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '{' {
		return t.Base.UnmarshalJSON(data)
	}
	type plain tiered
	return json.Unmarshal(data, (*plain)(t))
}

// providerNames maps ids of the package to names of the OpenTelemetry registry, or to
// what the mapping of spans calls them.
var providerNames = map[string]string{
	"aws": "aws.bedrock", "azure": "azure.ai.openai", "google": "gcp.gemini", "mistral": "mistral_ai", "x-ai": "x_ai",
	"moonshotai": "moonshot_ai", "zai": "z_ai", "zhipuai": "zhipu_ai", "voyageai": "voyage_ai", "github-copilot": "github_copilot",
}

// units maps price keys to ours. The keys that are missing price what no span
// tells: hours, pages, video, citations, searches of storage.
var units = map[string]price.Unit{
	"input_mtok": price.Input, "output_mtok": price.Output, "cache_read_mtok": price.CacheRead, "cache_write_mtok": price.CacheWrite,
	"cache_write_1h_mtok": price.CacheWrite1h, "input_audio_mtok": price.InputAudio, "output_audio_mtok": price.OutputAudio,
	"input_image_mtok": price.InputImage, "output_image_mtok": price.OutputImage, "output_reasoning_mtok": price.Reasoning,
	"requests_kcount": price.Request, "web_searches_kcount": price.WebSearch,
}

func fromGenai(file string) ([]price.Row, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var providers []provider
	if err := json.Unmarshal(data, &providers); err != nil {
		return nil, err
	}
	var rows []price.Row
	for _, p := range providers {
		name := cmp.Or(providerNames[p.ID], p.ID)
		taken := map[string]bool{}
		for _, m := range p.Models {
			history, err := historyOf(m.Prices)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", p.ID, m.ID, err)
			}
			for _, pattern := range patternsOf(m.Match) {
				key := fmt.Sprint(pattern.match, pattern.model)
				if taken[key] {
					continue // the package takes the first model that fits
				}
				taken[key] = true
				for _, row := range history {
					row.Provider, row.Model, row.Match = name, pattern.model, pattern.match
					row.Source, row.Checked = genaiSource, genaiChecked
					rows = append(rows, row)
				}
			}
		}
	}
	return rows, nil
}

type pattern struct {
	match price.Match
	model string
}

// patternsOf turns a condition into patterns of which any may hold.
func patternsOf(m match) []pattern {
	var found []pattern
	for _, or := range m.Or {
		found = append(found, patternsOf(or)...)
	}
	switch {
	case len(m.And) > 0:
		// The second condition keeps speech models out, which have equals of their own.
		return patternsOf(m.And[0])
	case m.Equals != "":
		found = append(found, pattern{price.Equals, strings.ToLower(m.Equals)})
	case m.StartsWith != "":
		found = append(found, pattern{price.Prefix, strings.ToLower(m.StartsWith)})
	case m.Contains != "":
		found = append(found, pattern{price.Regex, regexp.QuoteMeta(strings.ToLower(m.Contains))})
	case m.EndsWith != "":
		found = append(found, pattern{price.Regex, regexp.QuoteMeta(strings.ToLower(m.EndsWith)) + "$"})
	case m.Regex != "":
		found = append(found, pattern{price.Regex, m.Regex})
	}
	return found
}

// historyOf returns the rows of a model, without its names.
func historyOf(data json.RawMessage) ([]price.Row, error) {
	var periods []period
	if data[0] == '[' {
		if err := json.Unmarshal(data, &periods); err != nil {
			return nil, err
		}
	} else {
		periods = make([]period, 1)
		if err := json.Unmarshal(data, &periods[0].Prices); err != nil {
			return nil, err
		}
	}
	var rows []price.Row
	for _, p := range periods {
		var row price.Row
		if c := p.Constraint; c != nil {
			var err error
			if row, err = constrained(c.StartDate, c.StartTime, c.EndTime); err != nil {
				return nil, err
			}
		}
		rows = append(rows, tiersOf(row, p.Prices)...)
	}
	return rows, nil
}

func constrained(date, from, to string) (row price.Row, err error) {
	if date != "" {
		row.From, err = time.Parse(time.DateOnly, date)
		return row, err
	}
	if row.DailyFrom, err = timeOfDay(from); err != nil {
		return row, err
	}
	row.DailyTo, err = timeOfDay(to)
	return row, err
}

func timeOfDay(text string) (time.Duration, error) {
	t, err := time.Parse("15:04:05Z07:00", text)
	if err != nil {
		return 0, err
	}
	t = t.UTC()
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, nil
}

// tiersOf returns the base row and one a tier.
func tiersOf(row price.Row, prices map[string]tiered) []price.Row {
	starts := []int64{-1}
	for _, t := range prices {
		for _, tier := range t.Tiers {
			if !slices.Contains(starts, tier.Start) {
				starts = append(starts, tier.Start)
			}
		}
	}
	slices.Sort(starts)
	var rows []price.Row
	for _, start := range starts {
		r := row
		r.Above = start
		for key, t := range prices {
			unit, ok := units[key]
			if !ok {
				continue
			}
			p := t.Base
			for _, tier := range t.Tiers {
				if tier.Start <= start {
					p = tier.Price
				}
			}
			if unit == price.Request {
				p = p.Shift(-3) // the package has USD per thousand
			}
			r.Prices[unit] = decimal.NewNullDecimal(p)
		}
		rows = append(rows, r)
	}
	return rows
}
