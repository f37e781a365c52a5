package content

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Direction tells what a model was given from what it answered.
type Direction uint8

// The directions. A message that does not name its role is the user's on input
// and the assistant's on output.
const (
	Input Direction = iota
	Output
)

// Content is a canonical JSON body and its ID. The body is shared: never change it.
type Content struct {
	ID   ID
	Body []byte
}

// Message is a stored message, whose body is {"role","parts","name"?}, and what
// its producer said beside it.
type Message struct {
	Content
	Role         string
	FinishReason string // canonical; "" when not said
}

// Options limits a Normalizer; zero values mean the defaults.
type Options struct {
	MaxBytes  int // of one content's body; default 16 MiB
	MemoBytes int // of memory for messages seen before; default 64 MiB
}

// Normalizer brings words of every dialect into the OpenTelemetry GenAI shape and
// gives each content its ID. It is safe for concurrent use. Repairs and cuts are
// added to r. A false result means that the source holds nothing of the kind asked
// for and the caller should look at the next one.
type Normalizer interface {
	// Messages reads an attribute: JSON text (also encoded twice), plain text, or
	// a structured value; a list of messages, one message, content blocks, or a
	// request or response body around them. Malformed JSON is one text message.
	Messages(dst []Message, v pcommon.Value, dir Direction, r *jsonval.Repairs) ([]Message, bool)
	// MessagesNode is Messages for a part of a tree. It adds nodes to n's Doc.
	MessagesNode(dst []Message, n jsonval.Node, dir Direction, r *jsonval.Repairs) ([]Message, bool)
	// TextMessage is a message of one text part, whatever the text looks like.
	TextMessage(text string, dir Direction, r *jsonval.Repairs) Message

	// SystemInstructions reads parts, messages, a plain string, or a request body
	// (system, instructions, system_instruction, config.…) into one array of parts.
	SystemInstructions(v pcommon.Value, r *jsonval.Repairs) (Content, bool)
	SystemInstructionsNode(n jsonval.Node, r *jsonval.Repairs) (Content, bool)
	// SystemOf copies the parts of the leading system messages.
	SystemOf(messages []Message) (Content, bool)

	// ToolDefinitions reads a list of tools, or a request body holding one, into
	// [{type,name,description?,parameters?}].
	ToolDefinitions(v pcommon.Value, r *jsonval.Repairs) (Content, bool)
	ToolDefinitionsNode(n jsonval.Node, r *jsonval.Repairs) (Content, bool)

	// Value reads a tool's arguments or result: a string that holds a JSON object,
	// array or quoted string is decoded, other text stays text; encoded says that
	// the producer always encodes, so that scalars are decoded too.
	Value(v pcommon.Value, encoded bool, r *jsonval.Repairs) (Content, bool)
	ValueNode(n jsonval.Node, encoded bool, r *jsonval.Repairs) (Content, bool)
	// ToolPart returns the arguments of the first tool_call part (Input) or the
	// response of the first tool_call_response part (Output) of the messages.
	ToolPart(messages []Message, dir Direction) (Content, bool)

	// Documents reads retrieved documents, one content {id?,content?,score?,metadata?} each.
	Documents(dst []Content, v pcommon.Value, r *jsonval.Repairs) ([]Content, bool)
	DocumentsNode(dst []Content, n jsonval.Node, r *jsonval.Repairs) ([]Content, bool)

	// Text is a query or other text as a JSON string.
	Text(s string, r *jsonval.Repairs) Content
	// Raw is a body that is canonical JSON already (a long attribute's AppendValue);
	// it copies body.
	Raw(body []byte, r *jsonval.Repairs) Content
}

// Later in this package: func NewNormalizer(Options) *Normalizer (a struct with the
// methods above), func FinishReason(string) string, and on jsonval.Doc:
// func (d *Doc) SetPath(root Node, path string, v Node) for indexed attributes
// ("0.message.role"), whose Tree is read by MessagesNode / DocumentsNode / ToolDefinitionsNode.
