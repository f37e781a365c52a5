// Package price says what a call costs.
//
// A Row is one price: a row of llm_prices. A List is what Rows become in memory:
// it finds the row that holds for a provider, a model, a time, a service tier and
// an amount of input, and Row.Cost multiplies.
//
// # Which row holds
//
// The rows of the user go before the built-in ones, then a provider's own rows
// before rows for any provider, then match equals before prefix before regex, and
// of two prefixes or regexes the longer. All rows of the pattern found
// make one price history; in it the row of the call's service tier goes before
// rows of no tier, hours of the day before none, the latest valid_from before
// earlier ones, and the highest above_input_tokens that the call exceeds.
//
// A model goes by many names, so the search takes them from the name as sent to
// ever shorter ones, see Names, and the providers from the one that was called to
// those whose models that one serves, see the table in provider.go.
//
// # Arithmetic
//
// Sums are exact: a row holds its prices as integers of one decimal scale, and a
// cost is an integer of that scale times tokens. Buckets are disjoint before
// they are priced: text input is the input without what was read from and written to
// the cache and without audio and images. A part without a price of its own costs
// what the whole costs.
//
// builtin.csv is made by the program in the folder generate.
package price
