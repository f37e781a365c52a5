package mapping

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// columnValues are what a row says in the columns that hold no words.
var columnValues = [numFields]func(s *Span) string{
	fOperation:           func(s *Span) string { return s.Operation },
	fProvider:            func(s *Span) string { return s.Provider },
	fRequestModel:        func(s *Span) string { return s.RequestModel },
	fResponseModel:       func(s *Span) string { return s.ResponseModel },
	fResponseID:          func(s *Span) string { return s.ResponseID },
	fFinishReasons:       func(s *Span) string { return listText(s.FinishReasons) },
	fRequestParameters:   func(s *Span) string { return string(s.RequestParameters) },
	fStreaming:           func(s *Span) string { return boolText(s.Streaming) },
	fTTFT:                func(s *Span) string { return floatText(s.TTFTMillis) },
	fInputTokens:         func(s *Span) string { return intText(s.Usage.Input) },
	fOutputTokens:        func(s *Span) string { return intText(s.Usage.Output) },
	fTotalTokens:         func(s *Span) string { return intText(s.Usage.Total) },
	fCacheRead:           func(s *Span) string { return intText(s.Usage.CacheRead) },
	fCacheCreation:       func(s *Span) string { return intText(s.Usage.CacheCreation) },
	fReasoning:           func(s *Span) string { return intText(s.Usage.Reasoning) },
	fCacheWrite1h:        func(s *Span) string { return intText(s.Usage.Parts.Get().CacheWrite1h) },
	fInputAudio:          func(s *Span) string { return intText(s.Usage.Parts.Get().InputAudio) },
	fOutputAudio:         func(s *Span) string { return intText(s.Usage.Parts.Get().OutputAudio) },
	fInputImage:          func(s *Span) string { return intText(s.Usage.Parts.Get().InputImage) },
	fOutputImage:         func(s *Span) string { return intText(s.Usage.Parts.Get().OutputImage) },
	fWebSearches:         func(s *Span) string { return intText(s.Usage.Parts.Get().WebSearchRequests) },
	fServiceTier:         func(s *Span) string { return s.ServiceTier },
	fInputCost:           func(s *Span) string { return costText(s.Usage.Parts.Get().InputCost) },
	fOutputCost:          func(s *Span) string { return costText(s.Usage.Parts.Get().OutputCost) },
	fTotalCost:           func(s *Span) string { return costText(s.Usage.TotalCost) },
	fUserID:              func(s *Span) string { return s.UserID },
	fSessionID:           func(s *Span) string { return s.SessionID },
	fServiceName:         func(s *Span) string { return s.ServiceName },
	fEnvironment:         func(s *Span) string { return s.Environment },
	fRelease:             func(s *Span) string { return s.Release },
	fTags:                func(s *Span) string { return listText(s.Tags) },
	fPromptName:          func(s *Span) string { return s.PromptName },
	fPromptVersion:       func(s *Span) string { return s.PromptVersion },
	fAgentName:           func(s *Span) string { return s.AgentName },
	fAgentID:             func(s *Span) string { return s.AgentID },
	fToolName:            func(s *Span) string { return s.ToolName },
	fToolCallID:          func(s *Span) string { return s.ToolCallID },
	fEmbeddingDimensions: func(s *Span) string { return intText(s.EmbeddingDimensions) },
	fErrorType:           func(s *Span) string { return s.ErrorType },
	fErrorMessage:        func(s *Span) string { return s.ErrorMessage },
}

// columnContents are what a row refers to in the columns of words.
var columnContents = [numFields]func(s *Span) []content.ID{
	fInputMessages:      func(s *Span) []content.ID { return s.InputMessageIDs },
	fOutputMessages:     func(s *Span) []content.ID { return s.OutputMessageIDs },
	fSystemInstructions: func(s *Span) []content.ID { return []content.ID{s.SystemInstructionsID} },
	fToolDefinitions:    func(s *Span) []content.ID { return []content.ID{s.ToolDefinitionsID} },
	fToolArguments:      func(s *Span) []content.ID { return []content.ID{s.ToolArgumentsID} },
	fToolResult:         func(s *Span) []content.ID { return []content.ID{s.ToolResultID} },
	fRetrievalQuery:     func(s *Span) []content.ID { return []content.ID{s.RetrievalQueryID} },
	fDocuments:          func(s *Span) []content.ID { return s.DocumentIDs },
}

// rowValue shows what a row says of a field: text, or JSON of what is no text; "" for null.
func rowValue(f field, b *Batch, s *Span) string {
	switch {
	case columnValues[f] != nil:
		return columnValues[f](s)
	case columnContents[f] != nil:
		return contentsText(b, s, columnContents[f](s))
	}
	return ""
}

// contentsText shows contents, one a line.
func contentsText(b *Batch, s *Span, ids []content.ID) string {
	var bodies []string
	for _, id := range ids {
		if id != (content.ID{}) {
			bodies = append(bodies, string(b.Contents[content.Key{Day: s.Day, ID: id}]))
		}
	}
	return strings.Join(bodies, "\n")
}

func listText(list []string) string {
	if list == nil {
		return ""
	}
	text, _ := json.Marshal(list) // a list of strings always has JSON
	return string(text)
}

func intText(n Int) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatInt(n.V, 10)
}

func floatText(n Float) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatFloat(n.V, 'g', -1, 64)
}

func boolText(b Bool) string {
	if !b.OK {
		return ""
	}
	return strconv.FormatBool(b.V)
}

func costText(n decimal.NullDecimal) string {
	if !n.Valid {
		return ""
	}
	return n.Decimal.String()
}

// shown is the text of a value, or its JSON if it is no text.
func (v value) shown() string {
	switch {
	case !v.exists():
		return ""
	case !v.node.Exists():
		return v.attr.AsString()
	case v.node.Kind() == jsonval.String:
		return v.node.Str()
	}
	var ignored jsonval.Repairs
	return string(jsonval.Append(nil, v.node, &ignored))
}
