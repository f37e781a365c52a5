package price

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

type genaiProvider struct {
	ID     string
	Models []struct {
		ID     string
		Match  condition
		Prices json.RawMessage
	}
}

// condition says which names a model goes by.
type condition struct {
	Or         []condition
	And        []condition
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

// genaiProviders maps ids of the package to names of the OpenTelemetry registry, or to
// what the mapping of spans calls them.
var genaiProviders = map[string]string{
	"aws": "aws.bedrock", "azure": "azure.ai.openai", "google": "gcp.gemini", "mistral": "mistral_ai", "x-ai": "x_ai",
	"moonshotai": "moonshot_ai", "zai": "z_ai", "zhipuai": "zhipu_ai", "voyageai": "voyage_ai", "github-copilot": "github_copilot",
}

// genaiUnits maps price keys to ours. The keys that are missing price what no span
// tells: hours, pages, video, citations, searches of storage.
var genaiUnits = map[string]Unit{
	"input_mtok": Input, "output_mtok": Output, "cache_read_mtok": CacheRead, "cache_write_mtok": CacheWrite,
	"cache_write_1h_mtok": CacheWrite1h, "input_audio_mtok": InputAudio, "output_audio_mtok": OutputAudio,
	"input_image_mtok": InputImage, "output_image_mtok": OutputImage, "output_reasoning_mtok": Reasoning,
	"requests_kcount": Request, "web_searches_kcount": WebSearch,
}

// ParseGenai reads the data of genai-prices: a list of providers.
func ParseGenai(data []byte, source string) ([]Row, error) {
	var providers []genaiProvider
	if err := json.Unmarshal(data, &providers); err != nil {
		return nil, fmt.Errorf("no data of genai-prices: %w", err)
	}
	var rows []Row
	var faults []error
	held := map[Key]bool{}
	for _, p := range providers {
		name := cmp.Or(genaiProviders[p.ID], p.ID)
		taken := map[string]bool{}
		for _, m := range p.Models {
			history, err := historyOf(m.Prices)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s %s: %w", p.ID, m.ID, err))
			}
			for _, s := range spellingsOf(m.Match) {
				if err := checkName(s.model); err != nil {
					faults = append(faults, fmt.Errorf("%s %s: %w", p.ID, m.ID, err))
					continue
				}
				key := fmt.Sprint(s.match, s.model)
				if taken[key] {
					continue // the package takes the first model that fits
				}
				taken[key] = true
				for _, row := range history {
					row.Provider, row.Model, row.Match = name, s.model, s.match
					row.Source = source
					if !held[row.Key()] { // of prices for the same calls the first holds
						held[row.Key()] = true
						rows = append(rows, row)
					}
				}
			}
		}
	}
	return rows, errors.Join(faults...)
}

// spelling is one way in which a model's name is compared.
type spelling struct {
	match Match
	model string
}

// spellingsOf turns a condition into spellings of which any may hold.
func spellingsOf(m condition) []spelling {
	var found []spelling
	for _, or := range m.Or {
		found = append(found, spellingsOf(or)...)
	}
	switch {
	case len(m.And) > 0:
		// The second condition keeps speech models out, which have equals of their own.
		return spellingsOf(m.And[0])
	case m.Equals != "":
		found = append(found, spelling{Equals, strings.ToLower(m.Equals)})
	case m.StartsWith != "":
		found = append(found, spelling{Prefix, strings.ToLower(m.StartsWith)})
	case m.Contains != "":
		found = append(found, spelling{Regex, regexp.QuoteMeta(strings.ToLower(m.Contains))})
	case m.EndsWith != "":
		found = append(found, spelling{Regex, regexp.QuoteMeta(strings.ToLower(m.EndsWith)) + "$"})
	case m.Regex != "":
		found = append(found, spelling{Regex, m.Regex})
	}
	return found
}

// historyOf returns the rows of a model, without its names.
func historyOf(data json.RawMessage) ([]Row, error) {
	var periods []period
	if len(data) == 0 {
		return nil, errors.New("prices are missing")
	}
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
	var rows []Row
	for _, p := range periods {
		var row Row
		if c := p.Constraint; c != nil {
			var err error
			if row, err = constrained(c.StartDate, c.StartTime, c.EndTime); err != nil {
				return nil, err
			}
		}
		for key, price := range p.Prices {
			if err := price.check(); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
		rows = append(rows, tiersOf(row, p.Prices)...)
	}
	return rows, nil
}

func (t *tiered) check() error {
	faults := []error{checkPrice(t.Base)}
	for _, tier := range t.Tiers {
		faults = append(faults, checkPrice(tier.Price))
		if tier.Start < 0 {
			faults = append(faults, errors.New("a tier starts at 0 tokens or more"))
		}
	}
	return errors.Join(faults...)
}

func constrained(date, from, to string) (row Row, err error) {
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
func tiersOf(row Row, prices map[string]tiered) []Row {
	starts := []int64{-1}
	for _, t := range prices {
		for _, tier := range t.Tiers {
			if !slices.Contains(starts, tier.Start) {
				starts = append(starts, tier.Start)
			}
		}
	}
	slices.Sort(starts)
	var rows []Row
	for _, start := range starts {
		r := row
		r.Above = start
		for key, t := range prices {
			unit, ok := genaiUnits[key]
			if !ok {
				continue
			}
			p := t.Base
			for _, tier := range t.Tiers {
				if tier.Start <= start {
					p = tier.Price
				}
			}
			if unit == Request {
				p = p.Shift(-3) // the package has USD per thousand
			}
			r.Prices[unit] = decimal.NewNullDecimal(p)
		}
		rows = append(rows, r)
	}
	return rows
}
