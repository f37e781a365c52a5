package logs

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Attributes of the current GenAI conventions, which spans told by records carry.
const (
	operation      = "gen_ai.operation.name"
	provider       = "gen_ai.provider.name"
	requestModel   = "gen_ai.request.model"
	responseModel  = "gen_ai.response.model"
	responseID     = "gen_ai.response.id"
	finishReasons  = "gen_ai.response.finish_reasons"
	inputTokens    = "gen_ai.usage.input_tokens"
	outputTokens   = "gen_ai.usage.output_tokens"
	totalTokens    = "gen_ai.usage.total_tokens"
	cacheRead      = "gen_ai.usage.cache_read.input_tokens"
	cacheWrite     = "gen_ai.usage.cache_creation.input_tokens"
	cacheWrite1h   = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"
	reasoning      = "gen_ai.usage.reasoning.output_tokens"
	cost           = "gen_ai.usage.cost"
	conversationID = "gen_ai.conversation.id"
	userID         = "user.id"
	agentName      = "gen_ai.agent.name"
	agentID        = "gen_ai.agent.id"
	toolName       = "gen_ai.tool.name"
	toolCallID     = "gen_ai.tool.call.id"
	toolArguments  = "gen_ai.tool.call.arguments"
	toolResult     = "gen_ai.tool.call.result"
	inputMessages  = "gen_ai.input.messages"
	outputMessages = "gen_ai.output.messages"
	systemPrompt   = "gen_ai.system_instructions"
	toolList       = "gen_ai.tool.definitions"
	errorType      = "error.type"
	errorMessage   = "error.message"
	// operationDuration is a metric of the conventions, which some write as an attribute.
	operationDuration = "gen_ai.client.operation.duration"    // seconds
	timeToFirst       = "gen_ai.response.time_to_first_chunk" // seconds
	// ttftMillis is the same in milliseconds; no attribute of a span.
	ttftMillis = "ttft_ms"
)

// Events of the conventions.
const (
	inferenceDetails = "gen_ai.client.inference.operation.details"
	exceptionEvent   = "gen_ai.client.operation.exception"
	evaluationResult = mapping.EvaluationResult
	// evaluationResults is Splunk's, with a list of them.
	evaluationResults = "gen_ai.evaluation.results"
	scoreName         = "gen_ai.evaluation.name"
	scoreValue        = "gen_ai.evaluation.score.value"
	scoreLabel        = "gen_ai.evaluation.score.label"
)

// Names of events have parts that may be any. The rules of one stand for all of its kind.
const (
	roleMessage  = "gen_ai.ROLE.message"
	otherDetails = "gen_ai.client.KIND.operation.details" // of agents, workflows, embeddings
)

// eventKind returns the event whose rules are those of a name.
func eventKind(name string) string {
	switch {
	case !strings.HasPrefix(name, "gen_ai.") || name == inferenceDetails:
		return name
	case roleOf(name) != "":
		return roleMessage
	case strings.HasPrefix(name, "gen_ai.client.") && strings.HasSuffix(name, ".operation.details"):
		return otherDetails
	}
	return name
}

// conventional stands for all attributes of a record: those of the conventions need no
// other names.
var conventional = map[string][]string{"*": nil}

var (
	// always holds for every record.
	always = []condition{{attr: "\x00", none: true}}
	// unsuccessful are the ways to say that a tool failed.
	unsuccessful = []condition{
		{attr: "success", is: []string{"false", "0"}}, {attr: "status", is: []string{"error", "failed", "failure"}},
		{attr: errorType, some: true}, {attr: errorMessage, some: true},
	}
	// modelOperations are calls of models, aroundCalls operations that are none.
	modelOperations = []string{"chat", "generate_content", "text_completion", "embeddings", "rerank"}
	aroundCalls     = []string{"invoke_agent", "create_agent", "invoke_workflow", "execute_tool", "retrieval", "evaluation"}
	// mediaOperations make or read pictures and sound, whose spans are no calls of the kinds that are counted.
	mediaOperations = []string{"image", "audio", "speech", "video", "transcription", "image_generation", "text_to_speech", "speech_to_text"}
	failure         = []condition{{attr: errorType, some: true}, {attr: "exception.type", some: true}, {attr: errorMessage, some: true}}
)

var _ = register(program{
	name:     "OpenTelemetry GenAI events",
	versions: "semantic conventions 1.28 to 1.41: opentelemetry-util-genai *1.3b0*, openai-v2 *legacy*, Traceloop *0.62*, OpenLIT *1.45*, ADK *2.13*, Semantic Kernel *1.45*, Agent Framework *1.23*, LiteLLM *1.110*, Splunk",
	session:  []string{conversationID, "session.id"}, user: []string{"gen_ai.user.id", "user.id", "enduser.id"},
	events: map[string][]rule{
		roleMessage:       {{kind: Words, names: namesCall}},
		choiceEvent:       {{kind: Words, names: namesCall}},
		contentPrompt:     {{kind: Words, when: []condition{{attr: roleKey, some: true}}, names: namesCall}, {kind: Words, fields: conventional, names: namesCall}},
		contentCompletion: {{kind: Words, when: []condition{{attr: messageKey, some: true}}, names: namesCall}, {kind: Words, fields: conventional, names: namesCall}},
		inferenceDetails: {
			{kind: Words, when: []condition{{attr: operation, is: aroundCalls}}, fields: conventional, names: namesCall},
			{kind: Words, when: []condition{{attr: operation, is: mediaOperations}}, fields: conventional, names: namesCall},
			detailsOf(condition{attr: responseID, some: true}), detailsOf(condition{attr: inputTokens, some: true}),
			detailsOf(condition{attr: outputTokens, some: true}), detailsOf(condition{attr: requestModel, some: true}),
			detailsOf(condition{attr: responseModel, some: true}),
			detailsOf(condition{attr: operation, is: modelOperations}),
			{kind: Words, fields: conventional, names: namesCall},
		},
		otherDetails: {detailsOf(condition{attr: operation, is: modelOperations}), {kind: Words, fields: conventional, names: namesCall}},
		exceptionEvent: {
			{
				kind: Tool, when: []condition{{attr: operation, is: []string{"execute_tool"}}},
				fields: exceptionFields(toolName, toolCallID, operation), failed: always, toolCall: []string{toolCallID}, names: namesCall,
			},
			{kind: Fact, when: []condition{{attr: operation, is: aroundCalls}}},
			{
				kind: Call, fields: exceptionFields(operation, provider, requestModel, responseModel, responseID), failed: always,
				response: []string{responseID}, names: namesCall,
			},
		},
		evaluationResult:  {{kind: Score, names: namesCall, response: []string{responseID}}},
		evaluationResults: {{kind: Score, names: namesCall, response: []string{responseID}}},
	},
})

// exceptionFields are the error, and attributes that say of which call.
func exceptionFields(of ...string) map[string][]string {
	fields := map[string][]string{errorType: {errorType, "exception.type"}, errorMessage: {errorMessage, "exception.message"}}
	for _, name := range of {
		fields[name] = []string{name}
	}
	if slices.Contains(of, provider) {
		fields[provider] = []string{provider, "gen_ai.system"}
	}
	return fields
}

// detailsOf is a record that tells a call whole.
func detailsOf(evidence condition) rule {
	return rule{kind: Call, when: []condition{evidence}, fields: conventional, seconds: []string{operationDuration}, failed: failure, response: []string{responseID}, names: namesCall}
}
