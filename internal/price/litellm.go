package price

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// litellmUnits maps the keys of LiteLLM's file to units and to the power of ten from
// its prices to ours.
var litellmUnits = map[string]struct {
	unit  Unit
	shift int32
}{
	"input_cost_per_token": {Input, 6}, "output_cost_per_token": {Output, 6},
	"cache_read_input_token_cost": {CacheRead, 6}, "cache_creation_input_token_cost": {CacheWrite, 6},
	"cache_creation_input_token_cost_above_1hr": {CacheWrite1h, 6},
	"input_cost_per_audio_token":                {InputAudio, 6}, "output_cost_per_audio_token": {OutputAudio, 6},
	"input_cost_per_image_token": {InputImage, 6}, "output_cost_per_image_token": {OutputImage, 6},
	"output_cost_per_reasoning_token": {Reasoning, 6}, "input_cost_per_request": {Request, 0}, "input_cost_per_query": {Request, 0},
}

var (
	litellmAbove = regexp.MustCompile(`_above_(\d+)k_tokens`)
	litellmTier  = regexp.MustCompile(`_(flex|priority|batches)$`)
)

// litellmTiers maps the marks of service tiers in keys to the values that calls report.
var litellmTiers = map[string]string{"flex": "flex", "priority": "priority", "batches": "batch"}

// variantOf is what one model has several rows for.
type variantOf struct {
	above int64
	tier  string
}

// ParseLiteLLM reads LiteLLM's model_prices_and_context_window.json. Models without a
// price that a call can have are left out.
func ParseLiteLLM(data []byte, source string) ([]Row, error) {
	var models map[string]json.RawMessage
	if err := json.Unmarshal(data, &models); err != nil {
		return nil, fmt.Errorf("no price list of LiteLLM: %w", err)
	}
	delete(models, "sample_spec")
	var rows []Row
	var faults []error
	taken := map[Key]bool{}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		of, err := litellmRows(name, models[name], source)
		if err != nil {
			faults = append(faults, fmt.Errorf("model %q: %w", name, err))
		}
		for _, row := range of {
			// Several names of the list may be one model of one provider: the first holds.
			if !taken[row.Key()] {
				taken[row.Key()] = true
				rows = append(rows, row)
			}
		}
	}
	return rows, errors.Join(faults...)
}

func litellmRows(name string, text json.RawMessage, source string) ([]Row, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, errors.New("it takes an object of fields")
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	var provider string
	if text, ok := fields["litellm_provider"]; ok {
		if err := json.Unmarshal(text, &provider); err != nil {
			return nil, fmt.Errorf("litellm_provider is %s: it takes a name", text)
		}
	}
	base := Row{Provider: litellmProvider(provider), Model: litellmModel(name, provider), Match: Equals, Source: source}
	variants := map[variantOf]*Row{}
	other := false // seconds, characters or the like cost something
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		v, rest, err := litellmVariant(key)
		if err != nil {
			return nil, err
		}
		u, ok := litellmUnits[rest]
		if !ok || string(fields[key]) == "null" {
			other = other || strings.Contains(rest, "_cost") && costsSomething(fields[key])
			continue
		}
		p, err := decimal.NewFromString(strings.Trim(string(fields[key]), `"`))
		if err != nil {
			return nil, fmt.Errorf("%s is %s: it takes a number of USD", key, fields[key])
		}
		if err := checkPrice(p.Shift(u.shift)); err != nil {
			return nil, fmt.Errorf("%s is %s: %w", key, fields[key], err)
		}
		if variants[v] == nil {
			row := base
			row.Above, row.ServiceTier = v.above, v.tier
			variants[v] = &row
		}
		variants[v].Prices[u.unit] = decimal.NewNullDecimal(p.Shift(u.shift))
	}
	rows := completed(variants)
	if other && !slices.ContainsFunc(rows, func(r Row) bool { return !r.isFree() }) {
		return nil, nil
	}
	return rows, nil
}

// costsSomething reports whether a value is a number other than 0, or holds one.
func costsSomething(value json.RawMessage) bool { return bytes.ContainsAny(value, "123456789") }

// isFree reports whether all prices that a row has are 0.
func (r *Row) isFree() bool {
	return !slices.ContainsFunc(r.Prices[:], func(p decimal.NullDecimal) bool { return p.Valid && !p.Decimal.IsZero() })
}

// completed gives each variant what it leaves to the model's base prices.
func completed(variants map[variantOf]*Row) []Row {
	base := variants[variantOf{above: -1}]
	var rows []Row
	for _, row := range variants {
		if base != nil {
			for u := range Units {
				if !row.Prices[u].Valid {
					row.Prices[u] = base.Prices[u]
				}
			}
		}
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.ServiceTier, b.ServiceTier), cmp.Compare(a.Above, b.Above))
	})
	return rows
}

// litellmVariant cuts amount of input and tier out of a key.
func litellmVariant(key string) (v variantOf, rest string, err error) {
	v.above = -1
	if m := litellmTier.FindStringSubmatch(key); m != nil {
		v.tier, key = litellmTiers[m[1]], strings.TrimSuffix(key, "_"+m[1])
	}
	if m := litellmAbove.FindStringSubmatch(key); m != nil {
		thousands, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			return v, "", fmt.Errorf("%s: %w", key, err)
		}
		v.above, key = thousands*1000, strings.Replace(key, m[0], "", 1)
	}
	return v, key, nil
}

// litellmProvider returns the list's name of a provider: LiteLLM divides some by the
// shape of their API, as vertex_ai-anthropic_models.
func litellmProvider(name string) string {
	switch {
	case strings.HasPrefix(name, "vertex_ai"):
		return "gcp.vertex_ai"
	case strings.HasPrefix(name, "bedrock"):
		return bedrock
	case strings.HasPrefix(name, "azure"):
		return azure
	case name == "text-completion-openai":
		return openai
	case strings.HasPrefix(name, "cohere"):
		return cohere
	case name == "gemini":
		return google
	}
	return listedName(name)
}

// litellmModel cuts the provider off a name.
func litellmModel(name, provider string) string {
	name = strings.ToLower(name)
	prefix, _, _ := strings.Cut(provider, "-")
	for _, p := range []string{provider, prefix, "bedrock"} {
		if rest, ok := strings.CutPrefix(name, p+"/"); ok && p != "" {
			return rest
		}
	}
	return name
}
