package dialect

// Field is a normalised field that attributes and events feed.
type Field uint8

const (
	Operation Field = iota
	Provider
	ServerAddress // only to infer the provider
	RequestModel
	ResponseModel
	ResponseID
	FinishReasons
	RequestParameters
	Streaming
	TTFT
	InputTokens
	OutputTokens
	TotalTokens
	CacheRead
	CacheCreation
	Reasoning
	CacheWrite5m // only to add up
	CacheWrite1h
	InputAudio
	OutputAudio
	InputImage
	OutputImage
	WebSearches
	ServiceTier
	InputCost
	OutputCost
	TotalCost
	UserID
	SessionID
	ServiceName
	Environment
	Release
	Tags
	PromptName
	PromptVersion
	AgentName
	AgentID
	ToolName
	ToolCallID
	EmbeddingDimensions
	ErrorType
	ErrorMessage
	InputMessages
	OutputMessages
	SystemInstructions
	ToolDefinitions
	ToolArguments
	ToolResult
	RetrievalQuery
	Documents
	NumFields
)
