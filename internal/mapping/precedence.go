package mapping

import "slices"

// level is a level in the order of precedence: that of a dialect, under its name, or one of
// single sources of several dialects (source.at).
type level string

// The levels of single sources. Levels of one name are numbered where a span may have
// sources of both.
const (
	exactNames  level = "exact names"   // what a library calls more exactly than the conventions do
	otherNames1 level = "other names 1" // of facts that the current conventions name
	otherNames2 level = "other names 2"
	otherNames3 level = "other names 3"
	otherNames4 level = "other names 4"
	// what one library adds to the current conventions
	libraryNames1 level = "names of libraries 1"
	libraryNames2 level = "names of libraries 2"
	libraryNames3 level = "names of libraries 3"

	afterOpenInference level = "after OpenInference"
	afterVercel1       level = "after Vercel 1"
	afterVercel2       level = "after Vercel 2"
	afterLegacy        level = "after the former conventions"
	afterOpenLIT1      level = "after OpenLIT 1"
	afterOpenLIT2      level = "after OpenLIT 2"
	afterADK           level = "after Google ADK"
	afterTruLens       level = "after TruLens"

	metadata1 level = "metadata 1" // users and sessions among free metadata
	metadata2 level = "metadata 2"
	events1   level = "events 1" // span events, and what is taken out of bodies
	events2   level = "events 2"
	events3   level = "events 3"
	events4   level = "events 4"
	last1     level = "last 1" // what only serves where nothing else does
	last2     level = "last 2"
)

// precedence is the order of precedence: where several sources give a field, the first of
// these wins. At one level the first sources of all dialects go before the second ones,
// each in the order of the dialects.
var precedence = []level{
	// The application's authors say it themselves.
	"Langfuse SDK",
	"OpenTelemetry general",
	// Libraries that use the current conventions and add to them.
	"Laminar",
	"CrewAI",
	"GitHub Copilot CLI",
	"Cloudflare AI Gateway",
	exactNames,
	// The conventions.
	"OpenTelemetry GenAI, current",
	otherNames1,
	otherNames2,
	otherNames3,
	otherNames4,
	libraryNames1,
	libraryNames2,
	libraryNames3,
	"Model Context Protocol",
	"OpenInference",
	"CrewAI (OpenInference)",
	"traceAI (Future AGI)",
	afterOpenInference,
	"Vercel AI SDK",
	afterVercel1,
	afterVercel2,
	"Vercel AI SDK, renamed by Sentry",
	// Former conventions, with indexed keys, and what has grown from them.
	"OpenTelemetry GenAI, legacy",
	afterLegacy,
	"OpenLLMetry (Traceloop)",
	"OpenLIT",
	afterOpenLIT1,
	afterOpenLIT2,
	"LiteLLM",
	"AgentOps",
	"Agenta",
	"genai-otel-instrument",
	"LangChain4j (Quarkus)",
	// Frameworks, products and servers with names or JSON bodies of their own.
	"Google ADK",
	afterADK,
	"Strands Agents",
	"OpenAI Agents SDK (Logfire)",
	"Pydantic AI and Logfire",
	"MLflow",
	"Genkit",
	"LangWatch",
	"LangSmith",
	"Mastra",
	"Claude Code",
	"Codex CLI",
	"Gemini CLI",
	"Qwen Code",
	"opencode",
	"Sentry",
	"Anthropic SDK and API",
	"LiveKit Agents",
	metadata1,
	metadata2,
	events1,
	"Spring AI",
	"LoongSuite and Dify (gen_ai.span.kind)",
	events2,
	"VeADK (Volcano Engine)",
	events3,
	events4,
	"Microsoft Agent Framework, Extensions.AI, Semantic Kernel",
	"CozeLoop (Coze, Eino)",
	"Microsoft Agent 365",
	"Azure AI Agent Server",
	"Azure AI Agents",
	"vLLM and TensorRT-LLM",
	"Pipecat",
	"Braintrust",
	"Haystack",
	"LlamaIndex",
	"LLM Tracekit (Coralogix)",
	"NVIDIA NeMo Agent Toolkit",
	"TruLens",
	"Monocle",
	afterTruLens,
	"HoneyHive",
	"Promptflow",
	"Datadog LLM Observability",
	"n8n",
	last1,
	last2,
}

// rank is the number of the level, from 1.
func (l level) rank() int {
	return slices.Index(precedence, l) + 1
}
