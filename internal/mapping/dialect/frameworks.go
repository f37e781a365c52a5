package dialect

// Frameworks are values of provider attributes that name no provider: those of
// frameworks, and what stands for none.
var Frameworks = map[string]bool{
	"langchain": true, "langgraph": true, "strands-agents": true, "gcp.vertex.agent": true, "crewai": true,
	"llama_index": true, "llamaindex": true, "litellm": true, "haystack": true, "agno": true, "openai_agents": true,
	"pydantic_ai": true, "pydantic-ai": true, "smolagents": true, "google_adk": true, "autogen": true, "_other": true,
	"spring_ai": true, "springai": true, "microsoft.agent_framework": true, "agent_framework": true, "semantic_kernel": true, "langchain4j": true,
	"openai-agents": true, "openai_agents_sdk": true, "dspy": true, "mastra": true, "veadk": true, "koog": true, "trpc.go.agent": true, "eino": true, "unknown": true, "none": true,
}
