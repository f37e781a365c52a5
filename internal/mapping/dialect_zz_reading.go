package mapping

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Reading is a span while it is read: all that a dialect may ask of the engine.
type Reading interface {
	// Span is the span as it came.
	Span() ptrace.Span
	ScopeName() string
	ScopeVersion() string
	// attr returns an attribute of the span by its key.
	attr(key string) value

	// Kind, RequestModel and Streamed tell what has been found so far: the kind counts in sources, the other two in
	// those of fields that come later.
	Kind() Kind
	RequestModel() string
	Streamed() (streamed, told bool)
	// HasException reports whether the span has an event of an exception.
	HasException() bool
	// hasText reports whether an attribute of the span says anything of a field.
	hasText(f field) bool
	// guessed returns the messages that an unknown emitter has under a name of its own.
	guessed(f field) value
	// kindInWords is the kind that the words of a text name.
	kindInWords(text string) (k Kind, named bool)
	// bracketed is the name in brackets behind words that only say what is run, agent_run [planner], or the name as it is.
	bracketed(name string) string

	// parseOnce is the JSON of a value, parsed once for all fields; nothing of plain text.
	parseOnce(v value) jsonval.Node
	// parseText parses text that may be JSON.
	parseText(s string) jsonval.Node
	// pythonNode reads what Python prints of one object.
	pythonNode(s string) jsonval.Node
	// decoded parses a string node that holds JSON.
	decoded(n jsonval.Node) value
	// JSONText is a text as it is, and an object or a list as JSON.
	JSONText(v value) string
	// objectText is an object, or the first of a list, as JSON text.
	objectText(v value) string
	// bodyUsage is the usage in a response's body as JSON text, which is looked for once for all counts.
	bodyUsage(v value) string
	// countIn takes the count of a field out of a usage object.
	countIn(usage jsonval.Node, f field) (n int64, ok bool)

	// listOf lists, of a family of indexed keys, the texts that follow the index as rest, and firstOf is what follows the index 0.
	listOf(v value, rest string) value
	firstOf(v value, rest string) value
	// undotted nests the members of objects in a list whose keys are flattened, without the segments that only wrap.
	undotted(v value, drop []string) value

	// textValue makes a value of text, Doc makes nodes for other ones.
	textValue(s string) value
	Doc() *jsonval.Doc
}

// maxTokens is more than any call can use, and little enough for sums over millions
// of spans. A larger number is no count and stays an attribute.
const maxTokens = 1_000_000_000_000

// maxReadEvents bounds the events of a span that are looked at for messages.
const maxReadEvents = 10000

// maxEntries bounds the entries of a text[] column.
const maxEntries = 1000
