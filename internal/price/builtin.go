package price

import (
	"bytes"
	_ "embed"
)

//go:generate make -C ../.. prices

//go:embed builtin.csv
var builtinCSV []byte

// BuiltinCSV returns the built-in rows as text, for whoever wants to know whether they
// changed.
func BuiltinCSV() []byte { return builtinCSV }

// Builtin returns the rows that come with this build.
func Builtin() ([]Row, error) {
	rows, err := ReadCSV(bytes.NewReader(builtinCSV))
	for i := range rows {
		rows[i].BuiltIn = true
	}
	return rows, err
}
