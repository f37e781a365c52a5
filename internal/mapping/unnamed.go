package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"
)

// unnamed is what an attribute of an emitter that nobody described is by the words of its
// key. Of several that feed a field, the last of this list wins.
type unnamed uint8

const (
	namesNothing unnamed = iota
	namesUser
	namesSession
	namesThread // of a conversation, or of a process
	namesInput
	namesOutput
	namesArguments
	namesResult
	namesModel
	namesEmbeddingModel // beside that of a chat, on the span of either
	namesResponseModel
	namesKnownProvider
	namesProvider
	namesFinish
	namesTool
	namesEntity // which may be an agent
	namesAgent
	namesEstimate // of the cost
	namesCost

	// The rest is read of unknown emitters only.
	namesRequest
	namesEvents
	namesQuestion
	namesMessages
	namesAnswer
	namesOutputMessages
	namesSystem
	namesSystemText
	namesTools
	namesToolCalls
	namesThinking
	namesQuery
	namesDocuments
	namesHits
	namesCallArguments
	namesCallResult
	namesCallID
	namesAgentID
	namesResponseID
	namesCents
	namesInputCost
	namesOutputCost
	namesStream
	namesTTFT
	namesTTFTSeconds
	namesTTFTMillis
	namesDimensions
	namesTags
	namesPromptName
	namesPromptVersion
	namesServiceTier
	namesErrorType
	namesErrorMessage
	namesTemperature
	namesTopP
	namesTopK
	namesMaxTokens
	namesFrequencyPenalty
	namesPresencePenalty
	namesSeed
	namesStopSequences
	namesReasoningEffort
	numUnnamed
)

// unnamedKeys name them as the documentation does.
var unnamedKeys = [numUnnamed]string{
	namesUser: "*.user_id", namesSession: "*.session_id", namesThread: "*.thread_id", namesInput: "*.input", namesOutput: "*.output", namesArguments: "*.tool_args",
	namesResult: "*.tool_result", namesModel: "*.model", namesEmbeddingModel: "*.embedding_model", namesResponseModel: "*.response_model", namesProvider: "*.provider", namesKnownProvider: "provider",
	namesFinish: "*.finish_reason", namesTool: "*.tool_name", namesAgent: "*.agent_name", namesCost: "*.cost_usd", namesEstimate: "*.estimated_cost", namesEntity: "*.entity_name",
	namesRequest: "*.request", namesEvents: "*.events", namesQuestion: "*.question", namesMessages: "*.messages", namesAnswer: "*.response",
	namesOutputMessages: "*.output_messages", namesSystem: "*.system_prompt", namesSystemText: "*.system", namesToolCalls: "*.tool_calls", namesThinking: "*.reasoning", namesTools: "*.tools", namesQuery: "*.query",
	namesDocuments: "*.documents", namesHits: "*.results", namesCallArguments: "*.arguments", namesCallResult: "*.result",
	namesCallID: "*.tool_call_id", namesAgentID: "*.agent_id", namesResponseID: "*.response_id", namesCents: "*.cost_cents", namesInputCost: "*.input_cost",
	namesOutputCost: "*.output_cost", namesStream: "*.stream", namesTTFT: "*.ttft", namesTTFTSeconds: "*.ttft_seconds",
	namesTTFTMillis: "*.ttft_ms", namesDimensions: "*.embedding_dimensions", namesTags: "*.tags", namesPromptName: "*.prompt_name",
	namesPromptVersion: "*.prompt_version", namesServiceTier: "*.service_tier", namesErrorType: "*.error_type",
	namesErrorMessage: "*.error_message", namesTemperature: "*.temperature", namesTopP: "*.top_p", namesTopK: "*.top_k",
	namesMaxTokens: "*.max_tokens", namesFrequencyPenalty: "*.frequency_penalty", namesPresencePenalty: "*.presence_penalty",
	namesSeed: "*.seed", namesStopSequences: "*.stop_sequences", namesReasoningEffort: "*.reasoning_effort",
}

// unnamedTails are the words that keys end in, by what the values are, whatever else is on
// the span.
var unnamedTails = tailsOf(map[unnamed]string{
	namesUser:          "user id, enduser id",
	namesSession:       "session id, conversation id",
	namesThread:        "thread id",
	namesInput:         "input value, input, prompt",
	namesOutput:        "output value, output, completion, response text",
	namesArguments:     "tool args, tool arguments, call args, call arguments",
	namesResult:        "tool result, tool response, call result",
	namesModel:         "model, model name, model id",
	namesResponseModel: "response model",
	namesProvider:      "provider, provider name, llm system",
	namesFinish:        "finish reason, finish reasons, stop reason",
	namesTool:          "tool name",
	namesAgent:         "agent name",
	namesCost:          "cost usd, usd cost, total cost, cost total",
})

// unknownTails are such words on spans of unknown emitters, which no dialect describes.
var unknownTails = tailsOf(map[unnamed]string{
	namesUser:             "user identifier, request user, customer id, end user",
	namesSession:          "session identifier, chat id, dialog id, dialogue id",
	namesRequest:          "prompts, request, request body, request payload, request data, user prompt, user message, user input, input text, inputs, input message, human message, payload",
	namesEvents:           "events",
	namesQuestion:         "question, user query",
	namesMessages:         "messages, input messages, request messages, prompt messages, chat history, contents, conversation, history, message history, conversation history",
	namesAnswer:           "response, response body, response payload, response data, response content, response message, answer, reply, output text, completion text, completion message, generated text, completions, outputs, assistant message, assistant response, output message, ai message, model message",
	namesOutputMessages:   "output messages, agent result, response messages, completion messages, choices, candidates, generations, responses",
	namesSystem:           "system prompt, system instruction, system instructions, system message, request system, instructions",
	namesSystemText:       "system",
	namesToolCalls:        "tool calls, function calls",
	namesThinking:         "thinking, reasoning, reasoning content, reasoning text, thinking content, thoughts",
	namesTools:            "tools, tool definitions, tool specs, tool schemas, available tools, tools available, functions",
	namesQuery:            "query, query text, search query, search text, retrieval query",
	namesDocuments:        "documents, docs, chunks, passages, contexts, retrieval context, nodes",
	namesHits:             "results, hits, matches, output documents, ranked documents, reranked documents",
	namesCallArguments:    "arguments, args, params, parameters, kwargs, tool input, tool parameters, tool params, tool kwargs, tool request, call input",
	namesCallResult:       "result, tool output, call output, return value, returned, tool return, tool message",
	namesCallID:           "tool call id, tool use id, tool invocation id, call id, tool id",
	namesTool:             "tool, function name, tool call name",
	namesAgent:            "agent",
	namesEntity:           "entity name",
	namesAgentID:          "agent id",
	namesResponseID:       "response id, completion id, generation id",
	namesInputCost:        "input cost, prompt cost, cost input, cost prompt, input cost usd, prompt cost usd, cost input usd, cost prompt usd",
	namesOutputCost:       "output cost, completion cost, cost output, cost completion, output cost usd, completion cost usd, cost output usd, cost completion usd",
	namesCents:            "cost cents, cents, cost in cents, cost usd cents, total cost cents, total cents",
	namesCost:             "cost, cost dollars, cost in dollars, total cost dollars, cost usd total, total cost usd, cost total usd, usage cost, cost amount, actual cost, cost actual",
	namesEstimate:         "estimated cost, cost estimated, estimated cost usd, cost estimate, estimated total cost",
	namesEmbeddingModel:   "embedding model, embed model, embeddings model, embedding model name, embedding model id, embed model name, embeddings model name",
	namesModel:            "engine, model used, model selected, request model, requested model, model slug",
	namesResponseModel:    "actual model, served model, response model name, response model id",
	namesProvider:         "vendor, vendor name, ai system, genai system",
	namesFinish:           "stop reasons, done reason, completion reason",
	namesStream:           "stream, streaming, is stream, is streaming, streamed",
	namesDimensions:       "dimensions, dimension, dimension count, dims, dim, vector size, embedding size",
	namesTags:             "tags",
	namesPromptName:       "prompt name, prompt template name, template name, prompt alias",
	namesPromptVersion:    "prompt version, prompt template version, template version",
	namesServiceTier:      "service tier",
	namesErrorType:        "error type, error class",
	namesErrorMessage:     "error message, error msg, error",
	namesTemperature:      "temperature",
	namesTopP:             "top p",
	namesTopK:             "top k",
	namesMaxTokens:        "max tokens, max output tokens, max new tokens, max completion tokens",
	namesFrequencyPenalty: "frequency penalty",
	namesPresencePenalty:  "presence penalty",
	namesSeed:             "seed",
	namesStopSequences:    "stop sequences, stop",
	namesReasoningEffort:  "reasoning effort",
	namesNothing:          "user agent", // a program that sends requests
})

func tailsOf(lists map[unnamed]string) map[string]unnamed {
	tails := map[string]unnamed{}
	for names, list := range lists {
		for tail := range strings.SplitSeq(list, ", ") {
			tails[tail] = names
		}
	}
	return tails
}

// maxTail is how many words a tail has at most.
const maxTail = 4

// otherThings are words before such a tail that make the value something else: another
// span's, or not this call's.
var otherThings = keywords.Set(`parent previous prev root caller target source remote mcp http langsmith system developer negative cached
	fallback default allowed budget limit max min saved session daily cumulative estimated judge`)

// ofUnknown are further such words.
var ofUnknown = keywords.Set("last retry next original http db url rpc")

// costParts are words before a cost that make it that of a part.
var costParts = keywords.Set("input output prompt completion cache reasoning embedding")

// unnamedOf reads the words of a key whose first segment no general convention has.
func unnamedOf(words []string) unnamed {
	n := len(words)
	if n < 2 {
		return namesNothing
	}
	names, length := unnamedTails[words[n-2]+" "+words[n-1]], 2
	if names == namesNothing {
		names, length = unnamedTails[words[n-1]], 1
	}
	if names == namesCost && keywords.Any(words[:n-length], costParts) {
		return namesNothing
	}
	if names == namesModel && n > length {
		switch words[n-length-1] {
		case "response":
			names = namesResponseModel
		case "embed", "embedding", "embeddings":
			names = namesEmbeddingModel
		}
	}
	if names == namesNothing || keywords.Any(words[:n-length], otherThings) || needsAI[names] && !mentionsAI(words) || names.isFigure(words) {
		return namesNothing
	}
	return names
}

// isFigure reports whether what would be something said is a figure of it.
func (n unnamed) isFigure(words []string) bool { return n.isSaid() && keywords.Any(words, figureWords) }

// unknownKeyOf reads the words of a key of an unknown emitter, bare or not.
func unknownKeyOf(words []string) unnamed {
	if n := len(words); n > 1 && words[n-1] == "json" { // how the value is encoded
		words = words[:n-1]
	}
	if names := firstTokenOf(words); names != namesNothing {
		return names
	}
	names, length := tailOf(words)
	if n := len(words); names == namesUser && n == length+1 && words[0] == "session" {
		return namesUser // of the session
	}
	if n := len(words); names == namesNothing && n > 1 && words[n-1] == "value" { // as the text of input.value
		words = words[:n-1]
		names, length = tailOf(words)
	}
	before := words[:len(words)-length]
	other := func(w string) bool { return ofUnknown[w] || otherThings[w] && (w != "mcp" || !ofTool[names]) }
	wholeCost := names == namesCost && len(words) == 1 || length > 1 && costs[names] // total_cost needs no more
	if names == namesProvider && !mentionsAI(words) {
		names = namesKnownProvider
	}
	switch {
	case names == namesNothing, slices.ContainsFunc(before, other), names.isFigure(words),
		needsAI[names] && !wholeCost && !mentionsAI(words),
		costs[names] && keywords.Any(before, costParts):
		return namesNothing
	case names == namesDocuments && slices.Contains(before, "input"):
		return namesNothing // what a reranker is given
	}
	return names
}

// needsAI are those whose tails programs without a model use as well.
var needsAI = map[unnamed]bool{
	namesProvider: true, namesModel: true, namesEmbeddingModel: true, namesResponseModel: true, namesCost: true, namesEstimate: true, namesCents: true,
}

// costs are what a whole call costs.
var costs = map[unnamed]bool{namesCost: true, namesEstimate: true, namesCents: true}

// ofTool are what an MCP server tells of the tool that it runs.
var ofTool = map[unnamed]bool{
	namesTool: true, namesArguments: true, namesResult: true, namesCallArguments: true, namesCallResult: true, namesCallID: true, namesInput: true, namesOutput: true,
}

func mentionsAI(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return aiWords[w] || w == "gen" })
}

// tailOf finds the longest tail of the words that says what a value is, and its length.
func tailOf(words []string) (unnamed, int) {
	for length := min(maxTail, len(words)); length > 0; length-- {
		tail := strings.Join(words[len(words)-length:], " ")
		if names, ok := unknownTails[tail]; ok {
			return names, length
		}
		if names, ok := unnamedTails[tail]; ok {
			return names, length
		}
	}
	return namesNothing, 0
}

// firstTokenOf tells what a latency until the first token is: without a unit, with one, or
// none.
func firstTokenOf(words []string) unnamed {
	joined := " " + strings.Join(words, " ") + " "
	if !strings.Contains(joined, " ttft ") && !strings.Contains(joined, " first token ") && !strings.Contains(joined, " first chunk ") {
		return namesNothing
	}
	switch words[len(words)-1] {
	case "ms", "millis", "milliseconds":
		return namesTTFTMillis
	case "s", "sec", "secs", "seconds":
		return namesTTFTSeconds
	case "ttft", "token", "chunk", "latency", "time":
		return namesTTFT
	}
	return namesNothing
}
