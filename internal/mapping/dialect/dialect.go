package dialect

import (
	"fmt"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// A Dialect describes, as data, what one instrumentation library or convention writes on
// spans. Each has a file of its own that registers it; the engine knows fields and forms,
// never a dialect.
type Dialect struct {
	// Name is also the dialect's level in the order of precedence (precedence.go).
	Name string
	// Versions names the versions of the library that the facts are from, in *italics* where spans of them were captured.
	Versions string
	// Convention says that the dialect does not name the emitter: spans of it that no other
	// dialect describes are of unknown emitters.
	Convention bool
	// Scopes are the instrumentation scopes of the dialect; a trailing * matches
	// any rest.
	Scopes []string
	// ByHand are those of the scopes whose spans programs begin themselves: what the dialect
	// does not know of them is an unknown emitter's.
	ByHand []string
	// Marks are attributes whose presence shows the dialect; "key=value" demands
	// the value.
	Marks []string
	// Sources lists for each field what feeds it, first hit wins. All attributes
	// that feed a content carry words.
	Sources map[Field][]Source
	// Kinds are ways to tell the kind of a span.
	Kinds []KindRule
	// Words are further attributes that carry words but feed no field; OwnWords are
	// such on spans recognised as the dialect's only.
	Words, OwnWords []string
	// Facts are attributes that are no words though they are called so.
	Facts []string
	// Names are attributes that may repeat the name of the span, which is a fact.
	Names []string
	// Messages are span events of which each holds a message, Documents those of
	// which each holds a retrieved document.
	Messages  []MessageEvent
	Documents []DocumentEvent
	// Completion are marks of spans that complete a text instead of chatting, Chat
	// those of spans that do chat, whatever other marks say.
	Completion, Chat []string
	// Failed tells that a span failed though its status does not say so.
	Failed func(Reading) bool
	// NamesSessions tells that the program names its sessions on spans, if on one of a trace: that of a resource is another.
	NamesSessions bool
	// PassesOn tells that the usage on a span is of what the span was given.
	PassesOn func(Reading) bool
}

// Source is one place a field is read from.
type Source struct {
	// Attr is the key of a span attribute. "prefix.#" stands for keys with an index
	// after the prefix, collected into one list, "prefix.*" for all that start so,
	// "prefix.*.rest" for those with one segment between.
	Attr string
	// Event makes Attr an attribute of the span events of that name; without Attr
	// it stands for the time of the first one.
	Event string
	// Path leads into the JSON of the attribute: keys joined by dots, | between
	// the spellings of a key.
	Path string
	// As is how the value is given, if not as the field expects it.
	As Form
	// With replaces the value by another, the zero value being none; Note says how.
	With func(r Reading, v value.Value) value.Value
	Note string

	// Seldom says that With passes over most values: Explain tells only of the others.
	Seldom bool
	// Object says that only a JSON object gives anything: most attributes that may be the
	// body of a request are lists or plain text, and feed the field nothing then.
	Object bool
	// At replaces the dialect's level in the order of precedence for this source.
	At Level
	// Only limits the source to spans of these kinds.
	Only KindSet
	// Own limits the source to spans recognised as the dialect's: for names that
	// could be anybody's.
	Own bool
	// Resource says that only the resource is asked, never the span.
	Resource bool
	// Drop names segments of indexed keys that only wrap.
	Drop []string
	// Heads names what may follow the index, if not everything does.
	Heads []string
	// Blocks says that content, in indexed keys, may be a JSON list of blocks.
	Blocks bool
	// Except names the keys that "prefix.*" passes over.
	Except []string
	// Mixed says that the attribute is no words by itself, though a part of it is.
	Mixed bool
	// Param is the request parameter that the attribute is.
	Param string
	// Sums says that the value is a sum of all parts, cached input or reasoning included.
	Sums bool
	// Verbatim says that the value of a tool keeps what the library put around it.
	Verbatim bool
	// Streams says that the span streamed if the source has a value.
	Streams bool
	// Delta says that the messages are only what is new since the call before.
	Delta bool
	// Answer assembles one message from several attributes.
	Answer *Answer
}

// Form is how a source gives its value.
type Form uint8

const (
	AsIs             Form = iota
	AsJSON                // JSON text always: strings are quoted
	AsBody                // a request or response, of which the field takes a part
	AsWrapped             // under the only key input, output or outputs
	AsText                // words that are never JSON
	AsSeconds             // a duration in seconds
	AsMillis              // a duration in milliseconds
	AsNanos               // a duration in nanoseconds
	AsTime                // a time, ISO 8601
	AsName                // the name of the span, without attribute
	AsToolPart            // the tool_call or tool_call_response part of messages
	AsEventList           // message events in one JSON list
	AsObject              // the attributes under a prefix, put together as one object
	AsMessageEvents       // the span events that hold messages
	AsDocumentEvents      // the span events that hold documents
)

// Answer names the attributes that hold the parts of one assistant message.
type Answer struct {
	Text, Reasoning, ToolCalls, Object string
	// Texts says that the text may be a JSON list of texts, NeedsText that there must be one.
	Texts, NeedsText bool
}

// MessageEvent is a span event that tells one message, of this role unless its
// attributes name another. An event name that ends in .# goes on with an index;
// Prefix is what the keys of its attributes begin with.
type MessageEvent struct {
	Event  string
	Role   string
	Output bool
	Prefix string
	// Text is the attribute that holds the words, if that is not for their usual keys to say;
	// Guessed says that the event is an unknown emitter's.
	Text    string
	Guessed bool
}

// DocumentEvent is a span event that tells one document in attributes of this
// prefix.
type DocumentEvent struct{ Event, Prefix string }

// KindRule tells the kind of a span from an attribute or from its name.
type KindRule struct {
	// Group says which rules of all dialects go before: those of earlier groups, and those of dialects that go before
	// in the order of precedence.
	Group KindGroup
	// Attr is the attribute; empty for the name of the span.
	Attr string
	// Values maps the value in lower case, unquoted; "" is any value.
	Values map[string]Kind
	// Of decides what Values cannot; Note says how.
	Of   func(r Reading, value string) (Kind, Verdict)
	Note string
	// Own limits the rule to spans recognised as the dialect's.
	Own bool
	// Overrules makes the kind stronger than an operation that disagrees.
	Overrules bool
}

// Verdict is what a rule says of a span's kind.
type Verdict uint8

const (
	Undecided       Verdict = iota
	Decided                 // the kind holds
	IgnoresEvidence         // undecided, and the name of the span and weak evidence do not count
)

// KindGroup is a group of kind rules: by what a rule goes by.
type KindGroup uint8

// The groups in order of precedence. Those named after an emitter stand before kindByOperation where the emitter's own word
// is more exact than the operation that it writes beside it, and after where it is less. Among those on one side, no
// captured span depends on the order.
const (
	kindByIntent    KindGroup = iota + 1 // what is no call, or is one, whatever else the span says
	kindByInference                      // a kind as OpenInference has it, stated for this very span
	kindByLangSmith                      // its operations are of the nearest kind that has one: embeddings for a retriever
	kindByMLflow                         // as LangSmith's
	kindByOperation                      // gen_ai.operation.name
	kindByVercel                         // the outer spans of the SDK are chains to it, of which an operation says that one is an agent
	kindByTraceloop                      // task and workflow stand for whatever is wrapped, which an operation names
	kindByRequest                        // llm.request.type, on the spans of a client
	kindByOthers                         // what libraries say that write none of these
)

var registered []*Dialect

// MaxDialects is how many dialects there may be. The engine keeps the dialects that a span shows as the bits of one
// word, and needs two bits for itself; nearly every decision on a span asks for that set.
const MaxDialects = 62

// register adds a dialect while the package is initialised.
func register(d Dialect) *Dialect {
	if len(registered) == MaxDialects {
		panic(fmt.Sprintf("dialect: %s is one more than the %d dialects that may be (MaxDialects)", d.Name, MaxDialects))
	}
	registered = append(registered, &d)
	return &d
}

// All returns the dialects, in no order.
func All() []*Dialect { return slices.Clone(registered) }
