package mapping

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// traits are what the words of a key tell, whoever wrote the key.
type traits struct {
	words   bool      // the value is something that was said
	general bool      // a general convention knows the key as a fact,
	open    bool      // or an application uses one of its names
	failure bool      // the value says what went wrong
	count   tokenFact // the token count that a number under the key is
	rank    kindRank  // how much a value says of the span's kind
	shows   evidence  // what the presence of the key shows
	usage   bool      // a JSON object under the key is a usage object
	given   bool      // the value is what a model or tool was given
	sums    bool      // what is counted is not this span's own
	names   unnamed   // what else the value is
}

// traitsOf reads a key. Keys are cut into words, so that the rules hold for each
// spelling of an emitter that nobody has described.
func traitsOf(key string) (t traits) {
	words := wordsOf(key)
	if len(words) == 0 {
		return t
	}
	t.usage = slices.ContainsFunc(words, func(w string) bool { return w == "usage" || w == "tokens" || w == "metrics" })
	t.sums = holdsAny(words, noTokenWords) || holdsAny(words, otherThings)
	t.given = holdsAny(words, givenWords) && !holdsAny(words, answerWords)
	if t.readGeneral(key); !t.general {
		t.words = t.words || !generalMixed[key] && holdsWords(words)
		t.count = tokenFactOf(words)
		t.rank = kindRankOf(key, words)
		t.shows = evidenceOf(words)
		t.names = unnamedOf(words)
	}
	return t
}

// What a model or tool is given, and what it answers, is told by these words of keys.
var (
	givenWords  = wordSet("input inputs prompt prompts request tools definitions arguments args parameters instructions system query")
	answerWords = wordSet("output outputs completion completions response responses result results answer choices body")
)

func holdsAny(words []string, set map[string]bool) bool {
	return slices.ContainsFunc(words, func(w string) bool { return set[w] })
}

// unnamed is what an attribute of an emitter that nobody described is by the words of its
// key.
type unnamed uint8

const (
	namesNothing unnamed = iota
	namesUser
	namesSession
	namesInput
	namesOutput
	namesArguments
	namesResult
	namesModel
	namesResponseModel
	namesProvider
	namesFinish
	namesTool
	namesAgent
	namesCost
	numUnnamed
)

// unnamedKeys name them as the documentation does.
var unnamedKeys = [numUnnamed]string{
	namesUser: "*.user_id", namesSession: "*.session_id", namesInput: "*.input", namesOutput: "*.output", namesArguments: "*.tool_args",
	namesResult: "*.tool_result", namesModel: "*.model", namesResponseModel: "*.response_model", namesProvider: "*.provider",
	namesFinish: "*.finish_reason", namesTool: "*.tool_name", namesAgent: "*.agent_name", namesCost: "*.cost_usd",
}

// unnamedTails are the words that keys end in, by what the values are.
var unnamedTails = map[string]unnamed{
	"user id": namesUser, "enduser id": namesUser,
	"session id": namesSession, "conversation id": namesSession, "thread id": namesSession,
	"input value": namesInput, "input": namesInput, "prompt": namesInput,
	"output value": namesOutput, "output": namesOutput, "completion": namesOutput, "response text": namesOutput,
	"tool args": namesArguments, "tool arguments": namesArguments, "call args": namesArguments, "call arguments": namesArguments,
	"tool result": namesResult, "tool response": namesResult, "call result": namesResult,
	"model": namesModel, "model name": namesModel, "model id": namesModel, "response model": namesResponseModel,
	"provider": namesProvider, "provider name": namesProvider, "llm system": namesProvider,
	"finish reason": namesFinish, "finish reasons": namesFinish, "stop reason": namesFinish,
	"tool name": namesTool, "agent name": namesAgent,
	"cost usd": namesCost, "usd cost": namesCost, "total cost": namesCost, "cost total": namesCost,
}

// otherThings are words before such a tail that make the value something else: another
// span's, or not this call's.
var otherThings = wordSet(`parent previous prev root caller target source remote mcp http langsmith system developer negative cached
	fallback default allowed budget limit max min saved session daily cumulative estimated judge`)

func unnamedOf(words []string) unnamed {
	n := len(words)
	if n < 2 {
		return namesNothing
	}
	names, length := unnamedTails[words[n-2]+" "+words[n-1]], 2
	if names == namesNothing {
		names, length = unnamedTails[words[n-1]], 1
	}
	switch {
	case names == namesNothing:
	case slices.ContainsFunc(words[:n-length], func(w string) bool { return otherThings[w] }):
		return namesNothing
	case names == namesProvider, names == namesModel, names == namesResponseModel, names == namesCost:
		if !slices.ContainsFunc(words, func(w string) bool { return aiWords[w] || w == "gen" }) {
			return namesNothing
		}
	}
	return names
}

// maxKeyWords bounds into how many words a key is cut.
const maxKeyWords = 24

// wordsOf cuts a key, a value or a name into lower-case words: at whatever is no letter
// or digit, and between lower and upper case.
func wordsOf(s string) []string {
	var words []string
	start, lowerBefore := -1, false
	cut := func(end int) {
		if start >= 0 && len(words) < maxKeyWords {
			words = append(words, strings.ToLower(s[start:end]))
		}
		start = -1
	}
	for i, c := range s {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			cut(i)
			lowerBefore = false
			continue
		case unicode.IsUpper(c) && lowerBefore:
			cut(i)
		case unicode.IsUpper(c) && start >= 0 && lowerAfter(s, i+utf8.RuneLen(c)):
			cut(i) // the last capital of JSONInput begins a word
		}
		if start < 0 {
			start = i
		}
		lowerBefore = unicode.IsLower(c) || unicode.IsDigit(c)
	}
	cut(len(s))
	return words
}

func lowerAfter(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	c, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLower(c)
}

// generalNamespaces are the first segments of keys that the general semantic
// conventions of OpenTelemetry define.
var generalNamespaces = wordSet(`android app artifact aspnetcore aws azure browser cicd cloud cloudevents cloudfoundry code container
	cpu cpython db deployment destination device disk dns dotnet elasticsearch enduser error exception faas feature_flag file gcp geo
	go graphql hardware heroku host http hw ios jsonrpc jvm k8s linux messaging net network nodejs oci openshift opentracing os otel
	process profile rpc security_rule server service session signalr system telemetry test thread tls url user user_agent v8js vcs
	webengine zos`)

// openNamespaces are those of them under which applications put keys of their own: there a
// key that tells of words is believed.
var openNamespaces = wordSet("app code device error event file service session system test thread user")

// generalWords are keys of general conventions, or what they begin with, that hold what
// somebody said or asked all the same.
var generalWords = wordSet(`db.statement db.query.text db.query.parameter db.operation.parameter exception.stacktrace error.stack
	error.stacktrace graphql.document http.request.body http.response.body url.query user.prompt`)

// generalMixed are keys of general conventions that hold whatever people wrote.
var generalMixed = wordSet("process.command process.command_line process.command_args url.full http.url http.target")

// failureTexts are keys of general conventions whose values say what went wrong. Such a text
// may quote what was said.
var failureTexts = wordSet("error.message exception.message")

// readGeneral tells whether a general convention knows the key as a fact, or as words.
func (t *traits) readGeneral(key string) {
	head, _, dotted := strings.Cut(key, ".")
	if !dotted || !generalNamespaces[head] || generalMixed[key] {
		return
	}
	for prefix := key; prefix != head; prefix = prefix[:strings.LastIndexByte(prefix, '.')] {
		if generalWords[prefix] {
			t.words = true
			return
		}
	}
	t.failure = failureTexts[key]
	t.open = openNamespaces[head] && !t.failure
	t.general = !t.open || !holdsWords(wordsOf(key[len(head):]))
}

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}
