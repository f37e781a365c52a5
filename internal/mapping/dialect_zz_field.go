package mapping

// field is a normalised field that attributes and events feed.
type field uint8

const (
	fOperation field = iota
	fProvider
	fServerAddress // only to infer the provider
	fRequestModel
	fResponseModel
	fResponseID
	fFinishReasons
	fRequestParameters
	fStreaming
	fTTFT
	fInputTokens
	fOutputTokens
	fTotalTokens
	fCacheRead
	fCacheCreation
	fReasoning
	fCacheWrite5m // only to add up
	fCacheWrite1h
	fInputAudio
	fOutputAudio
	fInputImage
	fOutputImage
	fWebSearches
	fServiceTier
	fInputCost
	fOutputCost
	fTotalCost
	fUserID
	fSessionID
	fServiceName
	fEnvironment
	fRelease
	fTags
	fPromptName
	fPromptVersion
	fAgentName
	fAgentID
	fToolName
	fToolCallID
	fEmbeddingDimensions
	fErrorType
	fErrorMessage
	fInputMessages
	fOutputMessages
	fSystemInstructions
	fToolDefinitions
	fToolArguments
	fToolResult
	fRetrievalQuery
	fDocuments
	numFields
)
