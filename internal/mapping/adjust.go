package mapping

// Adjustments is the set of repairs and corrections made to a span, stored as
// a sorted text[] so that nobody takes a repaired value for the original.
type Adjustments uint32

// The adjustments, in the order of their names.
const (
	CacheAddedToInput Adjustments = 1 << iota
	ContentCut
	ContentOmitted
	CostNotUSD // a cost in another currency is no cost
	DuplicateKey
	ErrorFromRecord // a log record says that the call failed, and the span does not
	InputDelta      // the input is only what is new since the call before
	ModelEmpty      // a model was named by an empty text
	NulRemoved
	NumberNotFinite
	ReasoningAddedToOutput
	ScoresOmitted // a record has more results of evaluations than are stored
	TextCut
	TimeClamped
	TokensInvalid       // a token count that is negative, no number, or beyond measure
	ToolErrorFromResult // the result of a tool says that the tool failed
	UTF8Replaced
)

// adjustmentNames is sorted, and parallel to the constants.
var adjustmentNames = [...]string{
	"cache_added_to_input", "content_cut", "content_omitted", "cost_not_usd", "duplicate_key", "error_from_record", "input_delta", "model_empty",
	"nul_removed", "number_not_finite", "reasoning_added_to_output", "scores_omitted", "text_cut", "time_clamped", "tokens_invalid", "tool_error_from_result", "utf8_replaced",
}

// Names returns the names of the set, sorted; nil for the empty set.
func (a Adjustments) Names() []string {
	var names []string
	for i, name := range adjustmentNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}
