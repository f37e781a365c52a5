// Command generate makes builtin.csv of the data of two packages:
//
//	generate GENAI.json CATWALK.zip
//
// GENAI.json is what @pydantic/genai-prices holds, as scripts/prices prints it.
// CATWALK.zip is the module charm.land/catwalk; its configurations have newer names
// and no tiers, so it only adds models that the first lacks. more.csv has what both lack,
// and is edited by hand.
package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

//go:embed more.csv
var moreCSV []byte

const genaiSource = "@pydantic/genai-prices 0.1.8"

// genaiChecked is the day of that version.
var genaiChecked = time.Date(2026, 9, 23, 0, 0, 0, 0, time.UTC)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate GENAI.json CATWALK.zip >builtin.csv")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(genai, catwalk string) error {
	data, err := os.ReadFile(genai)
	if err != nil {
		return err
	}
	rows, err := price.ParseGenai(data, genaiSource)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Checked = genaiChecked
	}
	more, err := fromCatwalk(catwalk, rows)
	if err != nil {
		return err
	}
	rows = append(rows, more...)
	byHand, err := price.ReadCSV(bytes.NewReader(moreCSV))
	if err != nil {
		return fmt.Errorf("more.csv: %w", err)
	}
	rows = append(rows, byHand...)
	slices.SortStableFunc(rows, func(a, b price.Row) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Match, b.Match), cmp.Compare(a.Model, b.Model),
			a.From.Compare(b.From), cmp.Compare(a.Above, b.Above), cmp.Compare(a.DailyFrom, b.DailyFrom))
	})
	return price.WriteCSV(os.Stdout, rows)
}
