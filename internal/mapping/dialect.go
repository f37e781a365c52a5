package mapping

import "slices"

// A dialect describes, as data, what one instrumentation library or convention
// writes on spans. Each has a file of its own, dialect_NAME.go, that registers
// it; the engine knows fields and forms, never a dialect.
type dialect struct {
	// name is also the dialect's level in the order of precedence (precedence.go).
	name string
	// versions names those that the cases are of, those of which they are captures
	// in *italics*.
	versions string
	// convention says that the dialect does not name the emitter: spans of it that no other
	// dialect describes are of unknown emitters.
	convention bool
	// scopes are the instrumentation scopes of the dialect; a trailing * matches
	// any rest.
	scopes []string
	// byHand are those of the scopes whose spans programs begin themselves: what the dialect
	// does not know of them is an unknown emitter's.
	byHand []string
	// marks are attributes whose presence shows the dialect; "key=value" demands
	// the value.
	marks []string
	// sources lists for each field what feeds it, first hit wins. All attributes
	// that feed a content carry words.
	sources map[field][]source
	// kinds are ways to tell the kind of a span.
	kinds []kindRule
	// words are further attributes that carry words but feed no field; ownWords are
	// such on spans recognised as the dialect's only.
	words, ownWords []string
	// facts are attributes that are no words though they are called so.
	facts []string
	// names are attributes that may repeat the name of the span, which is a fact.
	names []string
	// messages are span events of which each holds a message, documents those of
	// which each holds a retrieved document.
	messages  []messageEvent
	documents []documentEvent
	// completion are marks of spans that complete a text instead of chatting, chat
	// those of spans that do chat, whatever other marks say.
	completion, chat []string
	// failed tells that a span failed though its status does not say so.
	failed func(Reading) bool
	// namesSessions tells that the program names its sessions on spans, if on one of a trace: that of a resource is another.
	namesSessions bool
	// passesOn tells that the usage on a span is of what the span was given.
	passesOn func(Reading) bool
}

// source is one place a field is read from.
type source struct {
	// attr is the key of a span attribute. "prefix.#" stands for keys with an index
	// after the prefix, collected into one list, "prefix.*" for all that start so,
	// "prefix.*.rest" for those with one segment between.
	attr string
	// event makes attr an attribute of the span events of that name; without attr
	// it stands for the time of the first one.
	event string
	// path leads into the JSON of the attribute: keys joined by dots, | between
	// the spellings of a key.
	path string
	// as is how the value is given, if not as the field expects it.
	as form
	// with replaces the value by another, the zero value being none; note says how.
	with func(r Reading, v value) value
	note string

	// seldom says that with passes over most values: explain tells only of the others.
	seldom bool
	// object says that only a JSON object gives anything: most attributes that may be the
	// body of a request are lists or plain text, and feed the field nothing then.
	object bool
	// at replaces the dialect's level in the order of precedence for this source.
	at level
	// only limits the source to spans of these kinds.
	only kindSet
	// own limits the source to spans recognised as the dialect's: for names that
	// could be anybody's.
	own bool
	// resource says that only the resource is asked, never the span.
	resource bool
	// drop names segments of indexed keys that only wrap.
	drop []string
	// heads names what may follow the index, if not everything does.
	heads []string
	// blocks says that content, in indexed keys, may be a JSON list of blocks.
	blocks bool
	// except names the keys that "prefix.*" passes over.
	except []string
	// mixed says that the attribute is no words by itself, though a part of it is.
	mixed bool
	// param is the request parameter that the attribute is.
	param string
	// sums says that the value is a sum of all parts, cached input or reasoning included.
	sums bool
	// verbatim says that the value of a tool keeps what the library put around it.
	verbatim bool
	// streams says that the span streamed if the source has a value.
	streams bool
	// delta says that the messages are only what is new since the call before.
	delta bool
	// answer assembles one message from several attributes.
	answer *answer
}

// form is how a source gives its value.
type form uint8

const (
	asIs             form = iota
	asJSON                // JSON text always: strings are quoted
	asBody                // a request or response, of which the field takes a part
	asWrapped             // under the only key input, output or outputs
	asText                // words that are never JSON
	asSeconds             // a duration in seconds
	asMillis              // a duration in milliseconds
	asNanos               // a duration in nanoseconds
	asTime                // a time, ISO 8601
	asName                // the name of the span, without attribute
	asToolPart            // the tool_call or tool_call_response part of messages
	asEventList           // message events in one JSON list
	asObject              // the attributes under a prefix, put together as one object
	asMessageEvents       // the span events that hold messages
	asDocumentEvents      // the span events that hold documents
)

// answer names the attributes that hold the parts of one assistant message.
type answer struct {
	text, reasoning, toolCalls, object string
	// texts says that the text may be a JSON list of texts, needsText that there must be one.
	texts, needsText bool
}

// messageEvent is a span event that tells one message, of this role unless its
// attributes name another. An event name that ends in .# goes on with an index;
// prefix is what the keys of its attributes begin with.
type messageEvent struct {
	event  string
	role   string
	output bool
	prefix string
	// text is the attribute that holds the words, if that is not for their usual keys to say;
	// guessed says that the event is an unknown emitter's.
	text    string
	guessed bool
}

// documentEvent is a span event that tells one document in attributes of this
// prefix.
type documentEvent struct{ event, prefix string }

// kindRule tells the kind of a span from an attribute or from its name.
type kindRule struct {
	// at is the group among the rules of all dialects.
	at int
	// attr is the attribute; empty for the name of the span.
	attr string
	// values maps the value in lower case, unquoted; "" is any value.
	values map[string]Kind
	// of decides what values cannot; note says how.
	of   func(r Reading, value string) (Kind, verdict)
	note string
	// own limits the rule to spans recognised as the dialect's.
	own bool
	// overrules makes the kind stronger than an operation that disagrees.
	overrules bool
}

// verdict is what a rule says of a span's kind.
type verdict uint8

const (
	undecided       verdict = iota
	decided                 // the kind holds
	ignoresEvidence         // undecided, and the name of the span and weak evidence do not count
)

// The groups of kind rules in order of precedence.
const (
	kindByIntent = iota + 1
	kindByInference
	kindByLangSmith
	kindByMLflow
	kindByOperation
	kindByVercel
	kindByTraceloop
	kindByRequest
	kindByOthers
)

var registered []*dialect

// register adds a dialect while the package is initialised.
func register(d dialect) *dialect {
	registered = append(registered, &d)
	return &d
}

// All returns the dialects, in no order.
func All() []*dialect { return slices.Clone(registered) }
