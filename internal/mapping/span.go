package mapping

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// Kind is what a span does in an LLM application; the column llm_spans.kind.
type Kind = dialect.Kind

// The kinds, for those who ask nothing else of the dialects. A further one is a line in dialect/kind.go first.
const (
	KindOther     = dialect.KindOther
	KindLLM       = dialect.KindLLM
	KindEmbedding = dialect.KindEmbedding
	KindTool      = dialect.KindTool
	KindAgent     = dialect.KindAgent
	KindChain     = dialect.KindChain
	KindRetriever = dialect.KindRetriever
	KindReranker  = dialect.KindReranker
	KindGuardrail = dialect.KindGuardrail
	KindEvaluator = dialect.KindEvaluator
	KindPrompt    = dialect.KindPrompt
)

// KindOf returns the kind with the given name; KindOther for an unknown one.
func KindOf(name string) Kind { return dialect.KindOf(name) }

// Int is an int64 that may be unreported; zero and unreported differ.
type Int struct {
	V  int64
	OK bool
}

// Float is a float64 that may be unreported.
type Float struct {
	V  float64
	OK bool
}

// Bool is a bool that may be unreported.
type Bool struct{ V, OK bool }

// Usage is what a span reports of tokens and cost (USD). Input includes cached
// input, output includes reasoning.
type Usage struct {
	Input, Output, Total     Int
	CacheRead, CacheCreation Int
	Reasoning                Int
	TotalCost                decimal.NullDecimal
	Parts                    *UsageParts // nil where none of them is reported
}

// UsageParts are figures that few spans report. They are apart so that the rows of all other
// spans are an eighth smaller.
type UsageParts struct {
	InputCost, OutputCost decimal.NullDecimal

	// Priced apart: CacheWrite1h is of CacheCreation, audio and image tokens are of Input and
	// Output.
	CacheWrite1h            Int
	InputAudio, OutputAudio Int
	InputImage, OutputImage Int
	WebSearchRequests       Int
}

// Get returns the parts; all unreported for nil.
func (p *UsageParts) Get() UsageParts {
	if p == nil {
		return UsageParts{}
	}
	return *p
}

// Reported reports whether any figure is known.
func (u *Usage) Reported() bool {
	return u.Input.OK || u.Output.OK || u.Total.OK || u.CacheRead.OK || u.CacheCreation.OK || u.Reasoning.OK ||
		u.TotalCost.Valid || u.Parts != nil && (u.Parts.InputCost.Valid || u.Parts.OutputCost.Valid)
}

// Span is a span in normalised form: the facts of one row of llm_spans and the
// ids of its words. Every string is valid UTF-8 without NUL; an empty string is
// a null column (only Name may be empty). JSON fields hold JSON text that
// Postgres accepts as jsonb; nil is null.
type Span struct {
	TraceID      pcommon.TraceID
	SpanID       pcommon.SpanID
	ParentSpanID pcommon.SpanID // zero: a root

	Name         string
	SpanKind     string // internal|server|client|producer|consumer|unspecified
	Kind         Kind
	Operation    string
	ServiceName  string
	ScopeName    string
	ScopeVersion string

	Start, End int64 // µs since 1970-01-01 UTC; End >= Start
	Day        int32 // UTC day of Start, days since 1970-01-01

	Status        string // unset|ok|error
	StatusMessage string
	ErrorType     string
	ErrorMessage  string

	Provider          string
	RequestModel      string
	ResponseModel     string
	ResponseID        string
	FinishReasons     []string
	RequestParameters []byte // JSON object
	Streaming         Bool
	TTFTMillis        Float

	// Usage fills the token and cost columns of a model span and
	// aggregate_usage of any other.
	Usage Usage

	ServiceTier string
	// EstimatedCost is the price of the tokens (USD); package pricing fills it in.
	EstimatedCost decimal.NullDecimal
	Labels        []Label // by name; nil when the span has none of the configured labels

	UserID      string
	SessionID   string
	Environment string
	Release     string
	Tags        []string

	PromptName, PromptVersion string
	AgentName, AgentID        string
	ToolName, ToolCallID      string
	EmbeddingDimensions       Int

	// References to contents; the zero ID is null.
	InputMessageIDs      []content.ID
	OutputMessageIDs     []content.ID
	SystemInstructionsID content.ID
	ToolDefinitionsID    content.ID
	ToolArgumentsID      content.ID
	ToolResultID         content.ID
	RetrievalQueryID     content.ID
	DocumentIDs          []content.ID

	// Of which histories of the batch the messages are; zero for none.
	inputHistory, outputHistory content.ID

	ResourceID content.ID
	referred   []content.ID // contents that Attributes and Events refer to
	Attributes []byte       // JSON object; nil when no attribute is left
	Events     []byte       // JSON array; nil when none is left
	Links      []byte       // JSON array; nil when there are none
	TraceState string
	Flags      uint32

	DroppedAttributes, DroppedEvents, DroppedLinks uint32

	Adjustments Adjustments

	Turn    string     // of an agent: that the span is, or whose prompt an event tells
	Scores  []*Score   // that events of the span tell
	Event   *EventCall // how an event tells the call; nil where a span does
	Ordinal int32      // of the span in the pdata
}

// UnnamedEvent stands for the name of an event that has none.
const UnnamedEvent = "log record"

// EventCall is how an event tells a call.
type EventCall struct {
	Record    content.ID     // of a log record; zero for a span event
	Event     string         // its name
	Call      pcommon.SpanID // that the event says is the call; empty if it says none
	NamesCall bool           // the event is meant to name the call
	IDs       []string       // of request, response or tool call
	ByTime    bool           // nothing but time ties it to other observations of the call
	Derived   bool           // the trace is derived from the turn: the event names none
	AnySpan   bool           // spans of any scope may observe the call: the program's are not known by theirs
	// OfResource says that the event names no session itself, but its resource does: spans may name another one.
	OfResource bool
	// TurnTrace is the trace that is derived from the turn, of prompts and of events that name none.
	TurnTrace pcommon.TraceID
	Words     *Words // that are those of the span that the event names too; nil for none
}

// Batch is what one pdata batch maps to. Spans keeps the order of the pdata. Histories and
// Rejected may be nil.
type Batch struct {
	Spans []Span
	// Contents are the canonical bodies that the spans refer to, but for those of
	// messages in Histories.
	Contents  map[content.Key][]byte
	Histories map[content.Key]*content.History
	// Resources are the attributes of each distinct resource as a JSON object.
	Resources map[content.ID][]byte
	// Rejected counts the spans that no row can hold, by reason.
	Rejected map[string]int

	// Events are the rows of log records.
	Events []Event
	// FilteredRecords get no row, RepeatedRecords are in the batch already, and
	// RejectedRecords no row can hold, by reason.
	FilteredRecords, RepeatedRecords int
	RejectedRecords                  map[string]int

	room []Span // what Release gives back
}

func (b *Batch) reject(reason string, n int) {
	if b.Rejected == nil {
		b.Rejected = map[string]int{}
	}
	b.Rejected[reason] += n
}

// Add adds the spans of another batch.
func (b *Batch) Add(other *Batch) {
	b.Spans = append(b.Spans, other.Spans...)
	b.share(other)
}

// share adds what the spans of another batch refer to, and what was rejected there.
func (b *Batch) share(other *Batch) {
	maps.Copy(b.Contents, other.Contents)
	maps.Copy(b.Resources, other.Resources)
	if b.Histories == nil {
		b.Histories = maps.Clone(other.Histories)
	} else {
		maps.Copy(b.Histories, other.Histories)
	}
	for reason, n := range other.Rejected {
		b.reject(reason, n)
	}
}

// Len is the number of rows of spans and of events.
func (b *Batch) Len() int { return len(b.Spans) + len(b.Events) }

// TraceIDs lists the traces of the batch's spans, each once.
func (b *Batch) TraceIDs() []pcommon.TraceID {
	var ids []pcommon.TraceID
	seen := map[pcommon.TraceID]bool{}
	for i := range b.Spans {
		if id := b.Spans[i].TraceID; (i == 0 || id != b.Spans[i-1].TraceID) && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// Days lists the UTC days of the batch's spans and events, each once, in order.
func (b *Batch) Days() []int32 {
	var days []int32
	add := func(day int32) {
		if len(days) == 0 || days[len(days)-1] != day {
			days = append(days, day)
		}
	}
	for i := range b.Spans {
		add(b.Spans[i].Day)
	}
	for i := range b.Events {
		add(b.Events[i].Day)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// unfold moves the messages of histories to the contents.
func (b *Batch) unfold() {
	if len(b.Histories) == 0 {
		return
	}
	done := map[content.Key]bool{}
	for key, h := range b.Histories {
		for ; h != nil && !done[content.Key{Day: key.Day, ID: h.ID}]; h = h.Before {
			done[content.Key{Day: key.Day, ID: h.ID}] = true
			for _, m := range h.Added {
				b.Contents[content.Key{Day: key.Day, ID: m.ID}] = m.Body
			}
		}
	}
	b.Histories = nil
}
