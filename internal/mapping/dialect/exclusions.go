package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Exclusion names spans whose input lacks the cached part though nothing on them tells.
type Exclusion struct {
	Scope string // a trailing * matches any rest
	// Attr is the attribute that the input must have been read from.
	Attr string
	// UpTo is the last version that excludes the cache, as "major.minor"; empty: all so far.
	UpTo string
	// Providers limits the exclusion to these, as reported: the names contain one of them; but not to spans that name
	// one of Others beside.
	Providers, Others []string
	// Mark is an attribute that must be there, for scopes that are the application's own,
	// Unless is the prefix of attributes that must not.
	Mark, Unless string
}

// Exclusions: emitters move towards inclusive counts, so each has a bound.
var Exclusions = []Exclusion{
	{Scope: "com.anthropic.claude_code*", Attr: "input_tokens"},
	{Scope: "cline"},
	{Scope: "opentelemetry.instrumentation.genai.bedrock"},
	{Scope: "opentelemetry.instrumentation.bedrock"},
	{Scope: "opentelemetry.instrumentation.botocore.bedrock-runtime"},
	{Scope: "@traceloop/instrumentation-anthropic", UpTo: "0.27"},
	{Scope: "openlit.instrumentation.anthropic"},
	{Scope: "openlit.instrumentation.bedrock"},
	{Scope: "@openlit/instrumentation-anthropic"},
	{Scope: "@openlit/instrumentation-bedrock"},
	{Scope: "monocle_apptrace", Providers: []string{"anthropic"}},
	{Scope: "openlit.otel.tracing", Providers: []string{"anthropic", "bedrock"}, Others: []string{"claude_agent_sdk"}},
	{Mark: "ai.operationId", Unless: "ai.usage.inputTokenDetails.", Providers: []string{"anthropic", "bedrock"}},
	{Mark: "vercel.ai.operationId", Unless: "vercel.ai.usage.inputTokenDetails.", Providers: []string{"anthropic", "bedrock"}},
	{Scope: "opentelemetry-instrumentation-ruby_llm", UpTo: "0.4"},
}

// ExclusionsOf are those that spans of a scope may be of.
func ExclusionsOf(scope, version string) (set uint32) {
	for i := range Exclusions {
		e := &Exclusions[i]
		prefix, open := strings.CutSuffix(e.Scope, "*")
		ofScope := e.Scope == "" || scope == e.Scope || open && strings.HasPrefix(scope, prefix)
		if ofScope && (e.UpTo == "" || version == "" || versionAtMost(version, e.UpTo)) {
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
	major, okMajor := value.ParseCount(head)
	minor, okMinor := value.ParseCount(strings.TrimRight(second, "abcr+-"))
	return major, minor, okMajor && okMinor
}
