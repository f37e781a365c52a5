package dialect

// Field is a normalised field that attributes and events feed.
type Field uint8

// The fields, in the order in which families of keys that overlap are matched.
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
	NumFields // how many there are
)
