package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"
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
	figure  bool      // a number under the key is a fact, also as text
	form    bool      // the value says in which form something was said
}

// traitsOf reads a key. Keys are cut into words, so that the rules hold for each
// spelling of an emitter that nobody has described.
func traitsOf(key string) (t traits) {
	words := keywords.Of(key)
	if len(words) == 0 {
		return t
	}
	t.usage = slices.ContainsFunc(words, func(w string) bool { return w == "usage" || w == "tokens" || w == "metrics" })
	t.sums = keywords.Any(words, noTokenWords) || keywords.Any(words, otherThings)
	t.figure = keywords.Any(words, figureWords)
	t.form = namesForm(words)
	t.given = keywords.Any(words, givenWords) && !keywords.Any(words, answerWords)
	if t.readGeneral(key); !t.general {
		t.words = t.words || !generalMixed[key] && holdsWords(words)
		if !keywords.Any(words, countedElsewhere) {
			t.count = tokenFactOf(words)
		}
		t.rank = kindRankOf(key, words)
		t.shows = evidenceOf(words)
		t.names = unnamedOf(words)
	}
	return t
}

// What a model or tool is given, and what it answers, is told by these words of keys.
var (
	givenWords  = keywords.Set("input inputs prompt prompts request tools definitions arguments args parameters instructions system query")
	answerWords = keywords.Set("output outputs completion completions response responses result results answer choices body")
)

// namesForm reports whether a key names the type of what was said, as input.mime_type does, or its id, as request_id does:
// attributes of most spans of OpenInference and of Claude Code, where words would be up to two more contents a span.
func namesForm(words []string) bool {
	n := len(words)
	return words[n-1] == "mimetype" || n > 1 && words[n-1] == "id" || n > 1 && words[n-1] == "type" && formWords[words[n-2]]
}

var formWords = keywords.Set("mime media content")

// figureWords are words of keys whose values are figures.
var figureWords = keywords.Set("usage token tokens cost costs price usd count ms seconds latency duration")

// generalNamespaces are the first segments of keys that the general semantic
// conventions of OpenTelemetry define.
var generalNamespaces = keywords.Set(`android app artifact aspnetcore aws azure browser cicd cloud cloudevents cloudfoundry code container
	cpu cpython db deployment destination device disk dns dotnet elasticsearch enduser error exception faas feature_flag file gcp geo
	go graphql hardware heroku host http hw ios jsonrpc jvm k8s linux messaging net network nodejs oci openshift opentracing os otel
	process profile rpc security_rule server service session signalr system telemetry test thread tls url user user_agent v8js vcs
	webengine zos`)

// openNamespaces are those of them under which applications put keys of their own: there a
// key that tells of words is believed.
var openNamespaces = keywords.Set("app code device error event file service session system test thread user")

// applicationNamespaces are those of them under which applications tell what they ask models.
var applicationNamespaces = keywords.Set("app event service session system test user")

// generalWords are keys of general conventions, or what they begin with, that hold what
// somebody said or asked all the same.
var generalWords = keywords.Set(`db.statement db.query.text db.query.parameter db.operation.parameter exception.stacktrace error.stack
	error.stacktrace graphql.document http.request.body http.response.body url.query user.prompt`)

// generalMixed are keys of general conventions that hold whatever people wrote.
var generalMixed = keywords.Set("process.command process.command_line process.command_args url.full http.url http.target")

// failureTexts are keys of general conventions whose values say what went wrong. Such a text
// may quote what was said.
var failureTexts = keywords.Set("error.message exception.message")

// readGeneral reports whether a general convention knows the key as a fact, or as words.
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
	words := keywords.Of(key[len(head):])
	t.general = !t.open || !holdsWords(words) && (!applicationNamespaces[head] || !mentionsAI(words))
}
