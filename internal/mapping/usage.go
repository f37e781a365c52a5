package mapping

import "github.com/shopspring/decimal"

// usage resolves tokens and cost. Input includes cached input and output includes
// reasoning: where a dialect reports them apart, they are added.
func (r *reading) usage(u *Usage) {
	if r.fed&usageFields == 0 {
		return
	}
	input, inputSource := r.count(fInputTokens, maxTokens)
	output, outputSource := r.count(fOutputTokens, maxTokens)
	u.Input, u.Output = input, output
	u.Total, _ = r.count(fTotalTokens, maxTokens)
	u.CacheRead, _ = r.count(fCacheRead, maxTokens)
	u.CacheCreation, _ = r.count(fCacheCreation, maxTokens)
	u.Reasoning, _ = r.count(fReasoning, maxTokens)
	if cached := u.CacheRead.V + u.CacheCreation.V; r.lacksCache(u, inputSource, cached) {
		u.Input.V += cached
		r.out.Adjustments |= CacheAddedToInput
		r.restore(inputSource)
	}
	if r.lacksReasoning(u) {
		u.Output.V += u.Reasoning.V
		r.out.Adjustments |= ReasoningAddedToOutput
		r.restore(outputSource)
	}
	u.Total = total(u)
	u.InputCost, u.OutputCost, u.TotalCost = r.amount(fInputCost), r.amount(fOutputCost), r.amount(fTotalCost)
	if !u.TotalCost.Valid && u.InputCost.Valid && u.OutputCost.Valid {
		u.TotalCost = decimal.NewNullDecimal(u.InputCost.Decimal.Add(u.OutputCost.Decimal))
	}
}

const usageFields uint64 = 1<<fInputTokens | 1<<fOutputTokens | 1<<fTotalTokens | 1<<fCacheRead | 1<<fCacheCreation |
	1<<fReasoning | 1<<fInputCost | 1<<fOutputCost | 1<<fTotalCost

// maxTokens is more than any call can use, and little enough for sums over millions
// of spans. A larger number is no count and stays an attribute.
const maxTokens = 1_000_000_000_000

// lacksCache tells whether the input was reported without its cached part.
func (r *reading) lacksCache(u *Usage, source *boundSource, cached int64) bool {
	if !u.Input.OK || cached <= 0 {
		return false
	}
	if cached > u.Input.V {
		return true
	}
	if u.Total.OK && u.Output.OK && u.Total.V == u.Input.V+u.Output.V+cached {
		return true
	}
	if source.sums {
		return false
	}
	for i, d := range r.t.dialects {
		if d.inputExcludesCache != nil && r.speaks&(1<<i) != 0 && d.inputExcludesCache(r) {
			return true
		}
	}
	return false
}

// lacksReasoning tells whether the output was reported without the reasoning.
func (r *reading) lacksReasoning(u *Usage) bool {
	if !u.Output.OK || u.Reasoning.V <= 0 {
		return false
	}
	if u.Reasoning.V > u.Output.V {
		return true
	}
	for i, d := range r.t.dialects {
		if d.outputExcludesReasoning != nil && r.speaks&(1<<i) != 0 && d.outputExcludesReasoning(r, u.Output.V) {
			return true
		}
	}
	return false
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

// amount resolves a cost.
func (r *reading) amount(f field) (n decimal.NullDecimal) {
	r.each(f, func(src *boundSource, v value) bool {
		d, exact, ok := v.decimal()
		if ok {
			r.took(src, exact)
			n = decimal.NewNullDecimal(d)
		}
		return ok
	})
	return n
}

// restore keeps the attribute of a figure that was corrected.
func (r *reading) restore(src *boundSource) {
	if s := &r.slots[src.slot]; s.attr >= 0 && r.fates[s.attr] == goes {
		r.fates[s.attr] = stays
	}
}
