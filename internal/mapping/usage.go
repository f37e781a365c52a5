package mapping

import (
	"math/bits"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// usage resolves tokens and cost. Input includes cached input and output includes
// reasoning: where an emitter reports them apart, they are added.
func (r *reading) usage(u *Usage) {
	if r.fed&usageFields == 0 || r.countsTokens() || r.passesOn() {
		return
	}
	var inputFrom, outputFrom *boundSource
	u.Input, inputFrom = r.tokens(tokensInput)
	u.Output, outputFrom = r.tokens(tokensOutput)
	u.Total, _ = r.tokens(tokensTotal)
	u.CacheRead, _ = r.tokens(tokensRead)
	u.CacheCreation, _ = r.tokens(tokensWrite)
	u.Reasoning, _ = r.tokens(tokensReasoning)
	if r.fed&partFields != 0 {
		r.parts(u)
	}
	if u.CacheRead.V > 0 || u.CacheCreation.V > 0 || u.Reasoning.V > 0 {
		r.complete(u, inputFrom, outputFrom)
	}
	r.addThoughts(u)
	u.Total = total(u)
	if k := r.out.Kind; !u.Total.OK && !u.Output.OK && (k == KindEmbedding || k == KindReranker) {
		u.Total = u.Input // there is no output, which many emitters do not say
	}
	if r.fed&costFields != 0 {
		r.costs(u)
	}
}

// passesOn asks the dialects of a span that calls no model.
func (r *reading) passesOn() bool {
	if r.out.Kind.IsModel() {
		return false
	}
	for dialects := r.dialects & r.t.passOn; dialects != 0; dialects &= dialects - 1 {
		if r.t.dialects[bits.TrailingZeros64(dialects)].PassesOn(r) {
			return true
		}
	}
	return false
}

// parts resolves the figures that are priced apart. What is written to the cache may be
// told by how long it is kept only.
func (r *reading) parts(u *Usage) {
	var p UsageParts
	p.CacheWrite1h, _ = r.tokens(tokensWrite1h)
	p.InputAudio, _ = r.tokens(tokensInputAudio)
	p.OutputAudio, _ = r.tokens(tokensOutputAudio)
	p.InputImage, _ = r.tokens(tokensInputImage)
	p.OutputImage, _ = r.tokens(tokensOutputImage)
	p.WebSearchRequests, _ = r.tokens(webSearches)
	if u.CacheCreation.V == 0 {
		short, _ := r.tokens(tokensWrite5m)
		if sum := short.V + p.CacheWrite1h.V; sum > 0 {
			u.CacheCreation = Int{sum, true}
		}
	}
	r.keepParts(u, p)
}

const (
	costFields uint64 = 1<<dialect.InputCost | 1<<dialect.OutputCost | 1<<dialect.TotalCost
	partFields uint64 = 1<<dialect.CacheWrite1h | 1<<dialect.CacheWrite5m | 1<<dialect.InputAudio | 1<<dialect.OutputAudio | 1<<dialect.InputImage | 1<<dialect.OutputImage |
		1<<dialect.WebSearches
	usageFields = 1<<dialect.InputTokens | 1<<dialect.OutputTokens | 1<<dialect.TotalTokens | 1<<dialect.CacheRead | 1<<dialect.CacheCreation | 1<<dialect.Reasoning |
		costFields | partFields
)

// tokens resolves a count.
func (r *reading) tokens(fact tokenFact) (Int, *boundSource) {
	return r.count(tokenFields[fact], dialect.MaxTokens)
}

// part is what may have to be added to a figure, and whether that is settled, by what.
type part struct {
	add     int64
	settled bool
	by      string
}

func (p *part) settle(add int64, by string) {
	if !p.settled {
		p.add, p.settled, p.by = add, true, by
	}
}

// What settles a part; the texts are for Explain.
const (
	whySum        = "its dialect says that it is a sum"
	whyUncached   = "another number counts the rest"
	whyTwin       = "another number for the same"
	whyCandidates = "candidates do not include thoughts"
	whySeparate   = "a usage object counts the cache apart"
	whyTotal      = "the total"
	whySize       = "a part cannot exceed the whole"
	whyException  = "emitters of this scope count the cache apart"
)

// complete adds the cached part to an input that lacks it, and the reasoning to an output
// that lacks it. The first of these decides, for input and output each by itself: what the
// parts come to, another number for the same on the span, the spelling, the total, the
// sizes, a known exception. Else the figures include their parts, as the conventions
// demand.
func (r *reading) complete(u *Usage, inputFrom, outputFrom *boundSource) {
	cached := u.CacheRead.V + u.CacheCreation.V
	input, output := part{settled: !u.Input.OK || cached == 0}, part{settled: !u.Output.OK || u.Reasoning.V == 0}
	if input.settled && output.settled {
		return
	}
	switch {
	case inputFrom == nil:
	case inputFrom.Sums:
		input.settle(0, whySum)
	case inputFrom.slot >= 0 && inputFrom.slot == r.t.counts[tokensUncached].slot:
		input.settle(cached, whyUncached)
	}
	if outputFrom != nil && outputFrom.Sums {
		output.settle(0, whySum)
	}
	if input.settled && output.settled && input.add == 0 {
		return
	}
	r.gather()
	r.byWitnesses(u, &input, &output)
	byTotal(u, &input, &output)
	bySize(u, &input, &output)
	if !input.settled && r.excludesCache(inputFrom) {
		input.settle(cached, whyException)
	}
	r.notes.settled(input, output)
	if input.add > 0 {
		u.Input.V += input.add
		r.out.Adjustments |= CacheAddedToInput
		r.restore(inputFrom)
	}
	if output.add > 0 {
		u.Output.V += output.add
		r.out.Adjustments |= ReasoningAddedToOutput
		r.restore(outputFrom)
	}
}

// byWitnesses compares a figure with what else the span says of it.
func (r *reading) byWitnesses(u *Usage, input, output *part) {
	cached, reasoning := u.CacheRead.V+u.CacheCreation.V, u.Reasoning.V
	for i := range r.statements {
		if n := r.statements[i].facts[tokensUncached]; n.OK && n.V+cached == u.Input.V {
			input.settle(0, whyUncached)
		}
	}
	for i := range r.statements {
		twin(r.statements[i].facts[tokensInput], u.Input.V, cached, input)
		twin(r.statements[i].facts[tokensOutput], u.Output.V, reasoning, output)
	}
	for i := range r.statements {
		s := &r.statements[i]
		if n := s.facts[tokensCandidates]; n.OK && n.V == u.Output.V {
			output.settle(reasoning, whyCandidates)
		}
		if s.separate && s.facts[tokensInput].V == u.Input.V {
			input.settle(cached, whySeparate)
		}
	}
}

// addThoughts adds to the output of a model of Google what the total has beyond input and output:
// candidates do not include thoughts, of which some emitters tell nothing else.
func (r *reading) addThoughts(u *Usage) {
	rest := u.Total.V - u.Input.V - u.Output.V
	if !u.Total.OK || !u.Input.OK || !u.Output.OK || rest <= 0 || u.Reasoning.V > 0 || !strings.HasPrefix(r.out.Provider, "gcp.") {
		return
	}
	if cached := u.CacheRead.V + u.CacheCreation.V; cached > 0 && rest == cached {
		return
	}
	u.Output.V += rest
	r.out.Adjustments |= ReasoningAddedToOutput
}

// twin settles a figure by another number for the same that is larger or smaller by the
// part.
func twin(other Int, figure, rest int64, p *part) {
	switch {
	case !other.OK:
	case other.V == figure+rest:
		p.settle(rest, whyTwin)
	case other.V == figure-rest:
		p.settle(0, whyTwin)
	}
}

// byTotal adds what makes the figures come to a total that exceeds them.
func byTotal(u *Usage, input, output *part) {
	if !u.Total.OK || !u.Input.OK || !u.Output.OK || u.Total.V <= u.Input.V+u.Output.V || input.settled && output.settled {
		return
	}
	cached := u.CacheRead.V + u.CacheCreation.V
	best := int64(-1)
	var reasoning int64
	for _, a := range [...]int64{0, u.CacheRead.V, u.CacheCreation.V, cached} {
		for _, b := range [...]int64{0, u.Reasoning.V} {
			switch {
			case input.settled && a != input.add, output.settled && b != output.add:
			case u.Input.V+a+u.Output.V+b != u.Total.V, u.Input.V+a < cached, u.Output.V+b < u.Reasoning.V:
			case best < 0 || a < best:
				best, reasoning = a, b
			}
		}
	}
	if best >= 0 {
		input.settle(best, whyTotal)
		output.settle(reasoning, whyTotal)
	}
}

// bySize: a part cannot exceed the whole.
func bySize(u *Usage, input, output *part) {
	if cached := u.CacheRead.V + u.CacheCreation.V; u.Input.V < cached {
		input.settle(cached, whySize)
	}
	if u.Output.V < u.Reasoning.V {
		output.settle(u.Reasoning.V, whySize)
	}
}

// excludesCache reports whether the span is one of an exclusion.
func (r *reading) excludesCache(from *boundSource) bool {
	a := &r.around
	if !a.excluding {
		a.exclusions, a.excluding = dialect.ExclusionsOf(r.scopeName, r.scopeVersion), true
	}
	for left := a.exclusions; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		if marked := r.t.excluded[i]; (marked == 0 || marked&r.dialects != 0) && r.isExcluded(&dialect.Exclusions[i], from) {
			return true
		}
	}
	return false
}

// isExcluded reports whether a span of the exclusion's scope is one of the exclusion.
func (r *reading) isExcluded(e *dialect.Exclusion, from *boundSource) bool {
	if e.Attr != "" && (from == nil || from.Attr != e.Attr) || e.Mark != "" && !r.Attr(e.Mark).Exists() {
		return false
	}
	if e.Unless != "" {
		for key := range r.span.Attributes().All() {
			if strings.HasPrefix(key, e.Unless) {
				return false
			}
		}
	}
	return (e.Providers == nil || r.reportedBy(e.Providers)) && (e.Others == nil || !r.reportedBy(e.Others))
}

// reportedBy reports whether any source of the provider names one of these.
func (r *reading) reportedBy(providers []string) (found bool) {
	r.each(dialect.Provider, func(_ *boundSource, v value.Value) bool {
		text, _, _ := v.Text()
		text = strings.ToLower(text)
		for _, p := range providers {
			found = found || strings.Contains(text, p)
		}
		return false
	})
	return found
}

// total keeps the reported total if it can be one, else adds up.
func total(u *Usage) Int {
	sum := u.Input.V + u.Output.V
	if u.Total.OK && u.Total.V >= sum {
		return u.Total
	}
	if u.Input.OK && u.Output.OK {
		return Int{sum, true}
	}
	return u.Total
}

// costs resolves the cost, in USD.
func (r *reading) costs(u *Usage) {
	u.TotalCost = r.amount(dialect.TotalCost)
	if r.fed&(1<<dialect.InputCost|1<<dialect.OutputCost) == 0 {
		return
	}
	p := u.Parts.Get()
	p.InputCost, p.OutputCost = r.amount(dialect.InputCost), r.amount(dialect.OutputCost)
	if !u.TotalCost.Valid && p.InputCost.Valid && p.OutputCost.Valid {
		u.TotalCost = decimal.NewNullDecimal(p.InputCost.Decimal.Add(p.OutputCost.Decimal))
	}
	r.keepParts(u, p)
}

// partsRoom is for how many spans with parts there is room at once.
const partsRoom = 8

// keepParts keeps parts in memory that stays with the batch, if any is reported.
func (r *reading) keepParts(u *Usage, p UsageParts) {
	if u.Parts == nil && p != (UsageParts{}) {
		if len(r.usageParts) == 0 {
			r.usageParts = make([]UsageParts, min(r.spans, partsRoom))
		}
		u.Parts, r.usageParts = &r.usageParts[0], r.usageParts[1:]
	}
	if u.Parts != nil {
		*u.Parts = p
	}
}

// amount resolves a cost. A text may name its currency; only dollars count.
func (r *reading) amount(f dialect.Field) (n decimal.NullDecimal) {
	r.each(f, func(src *boundSource, v value.Value) bool {
		d, exact, ok := v.Decimal()
		if s, is := v.Str(); is && !ok {
			number, currency := cutCurrency(s)
			if d, ok = value.ParseDecimal(number); ok && currency != "usd" && currency != "$" {
				r.adjust(CostNotUSD, src)
				ok = false
			}
		}
		if ok {
			r.took(src, exact)
			n = decimal.NewNullDecimal(d)
		}
		return ok
	})
	return n
}

// cutCurrency cuts a text such as "0.002 USD" or "$0.002".
func cutCurrency(s string) (number, currency string) {
	isNumber := func(c rune) bool { return c >= '0' && c <= '9' || c == '.' }
	s = strings.TrimSpace(s)
	from, to := strings.IndexFunc(s, isNumber), strings.LastIndexFunc(s, isNumber)
	if from < 0 {
		return "", s
	}
	return s[from : to+1], strings.ToLower(strings.TrimSpace(s[:from] + s[to+1:]))
}

// restore keeps the attribute of a figure that was corrected.
func (r *reading) restore(src *boundSource) {
	if src == nil {
		return
	}
	if s := &r.slots[src.slot]; s.attr >= 0 && r.classes[s.attr] == classStored {
		r.classes[s.attr] = classFact
	}
}
