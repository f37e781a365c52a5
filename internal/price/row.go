package price

import (
	"errors"
	"math"
	"math/bits"
	"time"

	"github.com/shopspring/decimal"
)

// Match says how a row's model is compared with a call's.
type Match uint8

// The matches, most specific first.
const (
	Equals Match = iota
	Prefix
	Regex
)

var matchNames = [...]string{"equals", "prefix", "regex"}

// String returns the name stored in llm_prices.match.
func (m Match) String() string { return matchNames[m] }

// ParseMatch returns the match with the given name.
func ParseMatch(name string) (Match, error) {
	for m, n := range matchNames {
		if n == name {
			return Match(m), nil
		}
	}
	return 0, errors.New("it takes equals, prefix or regex")
}

// Unit is what a price is for.
type Unit uint8

// The units in the order of their columns in llm_prices: tokens in USD per million,
// then requests each, then web searches per thousand.
const (
	Input Unit = iota
	Output
	CacheRead
	CacheWrite
	CacheWrite1h
	InputAudio
	OutputAudio
	InputImage
	OutputImage
	Reasoning
	Request
	WebSearch
	Units
)

// UnitNames are the columns of llm_prices.
var UnitNames = [Units]string{
	"input", "output", "cache_read", "cache_write", "cache_write_1h", "input_audio", "output_audio",
	"input_image", "output_image", "reasoning", "request", "web_search",
}

// shift is the power of ten that a unit's price is divided by.
func (u Unit) shift() int32 {
	switch u {
	case Request:
		return 0
	case WebSearch:
		return 3
	}
	return 6
}

// Row is a row of llm_prices.
type Row struct {
	Provider string // registry name; "" holds for any
	Model    string // as it is compared: lower case
	Match    Match
	// From and To bound the time, From included; zero: no bound.
	From, To time.Time
	// DailyFrom and DailyTo bound the UTC time of day, DailyFrom included; equal: no
	// bound; From after To: over midnight.
	DailyFrom, DailyTo time.Duration
	ServiceTier        string
	// Above is the input beyond which the row holds for all tokens of a call; -1:
	// no bound.
	Above  int64
	Prices [Units]decimal.NullDecimal // USD
	Source string
	// Checked is the day on which somebody last compared the row with the source.
	Checked time.Time
	BuiltIn bool

	scaled scaled
}

// Key is what two rows that hold for the same calls have in common.
type Key struct {
	provider, model, tier string
	match                 Match
	from, to              time.Time
	dailyFrom, dailyTo    time.Duration
	above                 int64
}

// Key returns what tells which calls the row holds for.
func (r *Row) Key() Key {
	return Key{r.Provider, r.Model, r.ServiceTier, r.Match, r.From.UTC(), r.To.UTC(), r.DailyFrom, r.DailyTo, r.Above}
}

// Usage is what a call used. Input and Output contain all their parts.
type Usage struct {
	Input, Output                       int64
	CacheRead, CacheWrite               int64 // of Input
	CacheWrite1h                        int64 // of CacheWrite
	InputAudio, InputImage              int64 // of Input
	OutputAudio, OutputImage, Reasoning int64 // of Output
	WebSearches                         int64
}

// Cost is in USD. Total also has what is neither input nor output.
type Cost struct{ Input, Output, Total decimal.Decimal }

// scaled holds a row's prices as integers: the price of one token, request or search
// is n / 10^exp. big is set where that takes more than 63 bits.
type scaled struct {
	n   [Units]int64
	has [Units]bool
	exp int32
	big bool
}

// scale prepares Cost.
func (r *Row) scale() {
	s := scaled{}
	for u := range Units {
		if p := r.Prices[u]; p.Valid {
			s.has[u] = true
			s.exp = max(s.exp, u.shift()-p.Decimal.Exponent())
		}
	}
	for u := range Units {
		if !s.has[u] {
			continue
		}
		n := r.Prices[u].Decimal.Shift(s.exp - u.shift()).BigInt()
		if !n.IsInt64() || s.exp > 30 {
			s.big = true
			break
		}
		s.n[u] = n.Int64()
	}
	r.scaled = s
}

// buckets divides usage into disjoint parts: a part without a price of its own
// stays in what it is part of. No bucket is negative, whatever was reported.
func (r *Row) buckets(u Usage) (b [Units]int64) {
	has := &r.scaled.has
	take := func(unit, from Unit, n int64) {
		n = min(max(n, 0), b[from])
		if has[unit] {
			b[unit], b[from] = n, b[from]-n
		}
	}
	b[Input], b[Output] = max(u.Input, 0), max(u.Output, 0)
	take(CacheRead, Input, u.CacheRead)
	if has[CacheWrite] {
		take(CacheWrite, Input, u.CacheWrite)
		take(CacheWrite1h, CacheWrite, u.CacheWrite1h)
	} else {
		take(CacheWrite1h, Input, u.CacheWrite1h)
	}
	take(InputAudio, Input, u.InputAudio)
	take(InputImage, Input, u.InputImage)
	take(OutputAudio, Output, u.OutputAudio)
	take(OutputImage, Output, u.OutputImage)
	take(Reasoning, Output, u.Reasoning)
	b[Request], b[WebSearch] = 1, max(u.WebSearches, 0)
	return b
}

var (
	inputUnits  = [...]Unit{Input, CacheRead, CacheWrite, CacheWrite1h, InputAudio, InputImage}
	outputUnits = [...]Unit{Output, OutputAudio, OutputImage, Reasoning}
	otherUnits  = [...]Unit{Request, WebSearch}
)

// Cost returns what u costs.
func (r *Row) Cost(u Usage) Cost {
	b := r.buckets(u)
	input, output, total, ok := r.sums(&b)
	if !ok {
		return r.costBig(&b)
	}
	exp := r.scaled.exp
	return Cost{amount(input, exp), amount(output, exp), amount(total, exp)}
}

// Total is the total of Cost.
func (r *Row) Total(u Usage) decimal.Decimal {
	b := r.buckets(u)
	_, _, total, ok := r.sums(&b)
	if !ok {
		return r.costBig(&b).Total
	}
	return amount(total, r.scaled.exp)
}

// sums are the parts of Cost times 10^exp; false if they overflow.
func (r *Row) sums(b *[Units]int64) (input, output, total int64, ok bool) {
	input, inOK := r.scaled.sum(b, inputUnits[:])
	output, outOK := r.scaled.sum(b, outputUnits[:])
	other, otherOK := r.scaled.sum(b, otherUnits[:])
	if !inOK || !outOK || !otherOK || input > math.MaxInt64-output || input+output > math.MaxInt64-other {
		return 0, 0, 0, false
	}
	return input, output, input + output + other, true
}

// amount is n / 10^exp without zeros at the end, which Postgres would store and show.
func amount(n int64, exp int32) decimal.Decimal {
	for ; exp > 0 && n%10 == 0; exp-- {
		n /= 10
	}
	return decimal.New(n, -exp)
}

// sum adds up units; false if it overflows.
func (s *scaled) sum(b *[Units]int64, units []Unit) (sum int64, ok bool) {
	if s.big {
		return 0, false
	}
	for _, u := range units {
		if !s.has[u] || b[u] == 0 || s.n[u] == 0 {
			continue
		}
		hi, lo := bits.Mul64(uint64(s.n[u]), uint64(b[u]))
		if hi != 0 || lo > math.MaxInt64 || sum > math.MaxInt64-int64(lo) {
			return 0, false
		}
		sum += int64(lo)
	}
	return sum, true
}

// costBig is Cost for numbers beyond 63 bits.
func (r *Row) costBig(b *[Units]int64) Cost {
	add := func(units []Unit) decimal.Decimal {
		sum := decimal.Zero
		for _, u := range units {
			if r.scaled.has[u] {
				sum = sum.Add(r.Prices[u].Decimal.Mul(decimal.NewFromInt(b[u])).Shift(-u.shift()))
			}
		}
		return sum
	}
	c := Cost{Input: add(inputUnits[:]), Output: add(outputUnits[:])}
	c.Total = c.Input.Add(c.Output).Add(add(otherUnits[:]))
	return c
}

// holds reports whether the row is for calls of a time, a tier and an amount of input.
func (r *Row) holds(at time.Time, tier string, input int64) bool {
	if r.ServiceTier != "" && r.ServiceTier != tier || r.Above >= 0 && input <= r.Above {
		return false
	}
	if at.Before(r.From) || !r.To.IsZero() && !at.Before(r.To) {
		return false
	}
	if r.DailyFrom == r.DailyTo {
		return true
	}
	utc := at.UTC()
	day := utc.Sub(time.Date(utc.Year(), utc.Month(), utc.Day(), 0, 0, 0, 0, time.UTC))
	if r.DailyFrom < r.DailyTo {
		return day >= r.DailyFrom && day < r.DailyTo
	}
	return day >= r.DailyFrom || day < r.DailyTo
}

// before reports whether r is the better of two rows that hold.
func (r *Row) before(other *Row) bool {
	if (r.ServiceTier != "") != (other.ServiceTier != "") {
		return r.ServiceTier != ""
	}
	if daily, others := r.DailyFrom != r.DailyTo, other.DailyFrom != other.DailyTo; daily != others {
		return daily
	}
	if !r.From.Equal(other.From) {
		return r.From.After(other.From)
	}
	return r.Above > other.Above
}
