package mapping

import "strings"

// exclusion names spans whose input lacks the cached part though nothing on them tells.
type exclusion struct {
	scope string // a trailing * matches any rest
	// attr is the attribute that the input must have been read from.
	attr string
	// upTo is the last version that excludes the cache, as "major.minor"; empty: all so far.
	upTo string
	// providers limits the exclusion to these, as reported: the names contain one of them.
	providers []string
	// mark is an attribute that must be there, for scopes that are the application's own,
	// unless is the prefix of attributes that must not.
	mark, unless string
}

// exclusions: emitters move towards inclusive counts, so each has a bound.
var exclusions = []exclusion{
	{scope: "com.anthropic.claude_code*", attr: "input_tokens"},
	{scope: "cline"},
	{scope: "opentelemetry.instrumentation.genai.bedrock"},
	{scope: "opentelemetry.instrumentation.bedrock"},
	{scope: "opentelemetry.instrumentation.botocore.bedrock-runtime"},
	{scope: "@traceloop/instrumentation-anthropic", upTo: "0.27"},
	{scope: "openlit.instrumentation.anthropic"},
	{scope: "openlit.instrumentation.bedrock"},
	{scope: "@openlit/instrumentation-anthropic"},
	{scope: "@openlit/instrumentation-bedrock"},
	{scope: "monocle_apptrace", providers: []string{"anthropic"}},
	{scope: "openlit.otel.tracing", providers: []string{"anthropic", "bedrock"}},
	{mark: "ai.operationId", unless: "ai.usage.inputTokenDetails.", providers: []string{"anthropic", "bedrock"}},
	{mark: "vercel.ai.operationId", unless: "vercel.ai.usage.inputTokenDetails.", providers: []string{"anthropic", "bedrock"}},
	{scope: "opentelemetry-instrumentation-ruby_llm", upTo: "0.4"},
}

// exclusionsOf are those that spans of a scope may be of.
func exclusionsOf(scope, version string) (set uint32) {
	for i := range exclusions {
		e := &exclusions[i]
		prefix, open := strings.CutSuffix(e.scope, "*")
		ofScope := e.scope == "" || scope == e.scope || open && strings.HasPrefix(scope, prefix)
		if ofScope && (e.upTo == "" || version == "" || versionAtMost(version, e.upTo)) {
			set |= 1 << i
		}
	}
	return set
}

// versionAtMost compares the first two numbers of a version with those of a bound; an
// unreadable version is above all.
func versionAtMost(version, bound string) bool {
	a, b, ok := majorMinor(version)
	c, d, _ := majorMinor(bound)
	return ok && (a < c || a == c && b <= d)
}

func majorMinor(version string) (major, minor int64, ok bool) {
	head, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	second, _, _ := strings.Cut(rest, ".")
	major, okMajor := parseCount(head)
	minor, okMinor := parseCount(strings.TrimRight(second, "abcr+-"))
	return major, minor, okMajor && okMinor
}
