package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

const (
	catwalkVersion = "v0.52.86"
	catwalkSource  = "charm.land/catwalk " + catwalkVersion
)

// catwalkChecked is the day of that version.
var catwalkChecked = time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC)

// catwalkProviders are the configurations whose prices are the maker's own, with the
// provider that each is about.
var catwalkProviders = []struct{ file, provider string }{
	{"openai", "openai"}, {"anthropic", "anthropic"}, {"gemini", "gcp.gemini"}, {"vertexai", "gcp.vertex_ai"},
	{"azure", "azure.ai.openai"}, {"bedrock-united-states", "aws.bedrock"}, {"bedrock-europe", "aws.bedrock"}, {"xai", "x_ai"},
	{"deepseek", "deepseek"}, {"alibaba-singapore", "alibaba"}, {"alibaba-united-states", "alibaba"}, {"zai", "z_ai"},
	{"zhipu", "zhipu_ai"}, {"groq", "groq"}, {"minimax", "minimax"}, {"moonshot", "moonshot_ai"}, {"cerebras", "cerebras"},
	{"openrouter", "openrouter"}, {"fireworks", "fireworks"},
}

type configuration struct {
	Models []struct {
		ID         string
		In         decimal.Decimal `json:"cost_per_1m_in"`
		Out        decimal.Decimal `json:"cost_per_1m_out"`
		CacheWrite decimal.Decimal `json:"cost_per_1m_in_cached"`
		CacheRead  decimal.Decimal `json:"cost_per_1m_out_cached"`
	}
}

// fromCatwalk returns the models that the provider's rows lack. A price of 0 says that
// none is known.
func fromCatwalk(file string, known []price.Row) ([]price.Row, error) {
	list, err := price.NewList(known)
	if err != nil {
		return nil, err
	}
	module, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = module.Close() }() // read only
	var rows []price.Row
	taken := map[[2]string]bool{}
	for _, p := range catwalkProviders {
		c, err := readConfiguration(module, p.file)
		if err != nil {
			return nil, err
		}
		for _, m := range c.Models {
			name := strings.ToLower(m.ID)
			key := [2]string{p.provider, name}
			if m.In.IsZero() && m.Out.IsZero() || taken[key] || list.Find(price.Call{Provider: p.provider, Models: []string{name}, At: catwalkChecked}) != nil {
				continue
			}
			taken[key] = true
			row := price.Row{Provider: p.provider, Model: name, Match: price.Equals, Above: -1, Source: catwalkSource, Checked: catwalkChecked}
			row.Prices[price.Input], row.Prices[price.Output] = decimal.NewNullDecimal(m.In), decimal.NewNullDecimal(m.Out)
			for unit, cached := range map[price.Unit]decimal.Decimal{price.CacheWrite: m.CacheWrite, price.CacheRead: m.CacheRead} {
				if !cached.IsZero() {
					row.Prices[unit] = decimal.NewNullDecimal(cached)
				}
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// readConfiguration reads a provider's file of the module.
func readConfiguration(module *zip.ReadCloser, name string) (c configuration, err error) {
	file, err := module.Open("charm.land/catwalk@" + catwalkVersion + "/internal/providers/configs/" + name + ".json")
	if err != nil {
		return c, err
	}
	err = json.NewDecoder(file).Decode(&c)
	return c, errors.Join(err, file.Close())
}
