package mapping

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// traits are what the words of a key tell, whoever wrote the key.
type traits struct {
	words   bool      // the value is something that was said
	general bool      // a general convention knows the key as a fact
	count   tokenFact // the token count that a number under the key is
	rank    kindRank  // how much a value says of the span's kind
	shows   evidence  // what the presence of the key shows
}

// traitsOf reads a key. Keys are cut into words, so that the rules hold for each
// spelling of an emitter that nobody has described.
func traitsOf(key string) (t traits) {
	words := wordsOf(key)
	if len(words) == 0 {
		return t
	}
	t.general = isGeneral(words[0], key)
	t.words = holdsWords(key, words)
	if !t.general {
		t.count = tokenFactOf(words)
		t.rank = kindRankOf(key, words)
		t.shows = evidenceOf(words)
	}
	return t
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
var generalNamespaces = wordSet(`android app artifact aspnetcore aws azure azure_ browser cicd cloud cloudevents cloudfoundry code
	container cpu cpython db deployment destination device disk dns dotnet elasticsearch enduser error event exception faas feature_flag
	file gcp geo go graphql hardware heroku host http hw ios jsonrpc jvm k8s linux log messaging net network nodejs oci openshift
	opentracing os otel peer pool process profile rpc security_rule server service session signalr source span state sys system
	telemetry test thread tls url user user_agent v8js vcs webengine zos`)

// generalWords are keys of general conventions that hold what somebody said or asked
// all the same.
var generalWords = wordSet(`db.statement db.query.text db.query.parameter db.operation.parameter exception.stacktrace
	process.command_line process.command_args process.command graphql.document log.record.original enduser.prompt
	http.request.body.content http.response.body.content url.query url.full http.url http.target user.prompt event.body`)

// isGeneral tells whether a general convention knows the key as a fact.
func isGeneral(first, key string) bool {
	head, _, _ := strings.Cut(key, ".")
	if !generalNamespaces[head] && (head != key || !generalNamespaces[first]) {
		return false
	}
	for prefix := key; ; {
		if generalWords[prefix] {
			return false
		}
		i := strings.LastIndexByte(prefix, '.')
		if i < 0 {
			return true
		}
		prefix = prefix[:i]
	}
}

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}
