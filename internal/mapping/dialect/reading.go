package dialect

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Reading is a span while it is read: all that a dialect may ask of the engine. Nodes and values live
// until the next span.
type Reading interface {
	// Span is the span as it came.
	Span() ptrace.Span
	ScopeName() string
	ScopeVersion() string
	// Attr returns an attribute of the span by its key.
	Attr(key string) value.Value

	// Kind, RequestModel and Streamed are what has been found so far: the kind before all sources, the others
	// before the sources of fields behind theirs.
	Kind() Kind
	RequestModel() string
	Streamed() (streamed, told bool)
	// HasException reports whether the span has an event of an exception.
	HasException() bool
	// HasText reports whether an attribute of the span says anything of a field.
	HasText(f Field) bool
	// Guessed returns the messages that an unknown emitter has under a name of its own.
	Guessed(f Field) value.Value
	// KindInWords is the kind that the words of a text name.
	KindInWords(text string) (k Kind, named bool)
	// NamesModel reports whether a text is the name of a model whose provider is known by such names.
	NamesModel(text string) bool
	// Bracketed is the name in brackets behind words that only say what is run, agent_run [planner], or the name as it is.
	Bracketed(name string) string

	// ParseOnce is the JSON of a value, parsed once for all fields; nothing of plain text.
	ParseOnce(v value.Value) jsonval.Node
	// ParseText parses text that may be JSON.
	ParseText(s string) jsonval.Node
	// PythonNode reads what Python prints of one object.
	PythonNode(s string) jsonval.Node
	// Decoded parses a string node that holds JSON.
	Decoded(n jsonval.Node) value.Value
	// JSONText is a text as it is, and an object or a list as JSON.
	JSONText(v value.Value) string
	// ObjectText is an object, or the first of a list, as JSON text.
	ObjectText(v value.Value) string
	// BodyUsage is the usage in a response's body as JSON text, which is looked for once for all counts.
	BodyUsage(v value.Value) string
	// CountIn takes the count of a field out of a usage object.
	CountIn(usage jsonval.Node, f Field) (n int64, ok bool)

	// ListOf lists, of a family of indexed keys, the texts that follow the index as rest, FirstOf the one
	// attribute that follows the index 0 so.
	ListOf(v value.Value, rest string) value.Value
	FirstOf(v value.Value, rest string) value.Value
	// Undotted nests the members of objects in a list whose keys are flattened, without the segments that only wrap.
	Undotted(v value.Value, drop []string) value.Value

	// TextValue makes a value of text, Doc makes nodes for other ones.
	TextValue(s string) value.Value
	Doc() *jsonval.Doc
}

// MaxTokens is more than any call can use, and little enough for sums over millions
// of spans. A larger number is no count and stays an attribute.
const MaxTokens = 1_000_000_000_000

// MaxReadEvents bounds the events of a span that are looked at for messages. SDKs keep 128 of a span unless they are told
// otherwise; libraries that write one for each chunk of a streamed answer need some thousands. What goes beyond is no
// conversation, and a span of millions of events must not hold up its batch.
const MaxReadEvents = 10000

// MaxEntries bounds the entries of a text[] column: tags, finish reasons. No call has a hundred of them; without a bound
// one attribute would make a row of any size.
const MaxEntries = 1000
