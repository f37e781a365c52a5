package dialect

import "slices"

// Level is a level in the order of precedence: that of a dialect, under its name, or one of
// single sources of several dialects (Source.At).
type Level string

// The levels of single sources. Levels of one name are numbered where a span may have
// sources of both.
const (
	exactNames  Level = "exact names"   // what a library calls more exactly than the conventions do
	otherNames1 Level = "other names 1" // of facts that the current conventions name
	otherNames2 Level = "other names 2"
	otherNames3 Level = "other names 3"
	otherNames4 Level = "other names 4"
	// what one library adds to the current conventions
	libraryNames1 Level = "names of libraries 1"
	libraryNames2 Level = "names of libraries 2"
	libraryNames3 Level = "names of libraries 3"

	// what goes behind one dialect and before the dialects below it, though its own dialect stands further down
	afterOpenInference Level = "after OpenInference"
	afterVercel1       Level = "after Vercel 1"
	afterVercel2       Level = "after Vercel 2"
	afterLegacy        Level = "after the former conventions"
	afterOpenLIT1      Level = "after OpenLIT 1"
	afterOpenLIT2      Level = "after OpenLIT 2"
	afterADK           Level = "after Google ADK"
	afterTruLens       Level = "after TruLens"

	metadata1 Level = "metadata 1" // users and sessions among free metadata
	metadata2 Level = "metadata 2"
	events1   Level = "events 1" // span events, and what is taken out of bodies
	events2   Level = "events 2"
	events3   Level = "events 3"
	events4   Level = "events 4"
	last1     Level = "last 1" // what only serves where nothing else does
	last2     Level = "last 2"
)

// Precedence is the order of precedence: where several sources give a field, the first of
// these wins. At one level the first sources of all dialects go before the second ones,
// each in the order of the dialects.
var Precedence = []Level{
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

// IsLast reports whether sources of the level only serve where nothing else does.
func (l Level) IsLast() bool { return l == last1 || l == last2 }

// Rank is the number of the level, from 1.
func (l Level) Rank() int {
	return slices.Index(Precedence, l) + 1
}
