package content

import (
	"slices"
	"strings"
	"sync"
	"unsafe"

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
	MaxBytes  int // of one content's body; default 16 MiB, at least 1 KiB
	MemoBytes int // of memory for contents seen before; default 64 MiB
}

// Normalizer brings words of every dialect into the OpenTelemetry GenAI shape and
// gives each content its ID. It is safe for concurrent use. Repairs and cuts are
// added to r. A false result means that the source holds nothing of the kind asked
// for and the caller should look at the next one. The methods ending in Node read
// a part of a tree and add nodes to its Doc.
type Normalizer struct {
	maxBytes int
	memo     *memo
	lists    *lists
	scratch  sync.Pool // of *scratch
}

// NewNormalizer returns a Normalizer.
func NewNormalizer(o Options) *Normalizer {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 20
	}
	if o.MemoBytes <= 0 {
		o.MemoBytes = 64 << 20
	}
	// Of what comes again, histories are most.
	z := &Normalizer{maxBytes: max(o.MaxBytes, 1<<10), memo: newMemo(o.MemoBytes / 4), lists: newLists(o.MemoBytes / 4 * 3)}
	z.scratch.New = func() any { return new(scratch) }
	return z
}

// scratch is what one call works with.
type scratch struct {
	doc  jsonval.Doc
	buf  []byte
	read reader
}

// maxScratch bounds the buffer a scratch keeps.
const maxScratch = 1 << 20

func (z *Normalizer) open() *scratch { return z.scratch.Get().(*scratch) }

func (z *Normalizer) close(s *scratch) {
	s.doc.Reset()
	s.read = reader{found: s.read.found[:0]}
	clear(s.read.found[:cap(s.read.found)])
	if cap(s.buf) > maxScratch {
		s.buf = nil
	}
	z.scratch.Put(s)
}

// Messages appends the messages of an attribute: JSON text (also encoded twice),
// plain text or a structured value; a list of messages, one message, content
// blocks, or a request or response body around them. Malformed JSON is one text
// message.
func (z *Normalizer) Messages(dst []Message, v pcommon.Value, dir Direction, r *jsonval.Repairs) ([]Message, bool) {
	s := z.open()
	defer z.close(s)
	if v.Type() == pcommon.ValueTypeStr {
		return z.messagesText(s, dst, v.Str(), dir, r)
	}
	return z.messagesNode(s, dst, s.doc.FromValue(v, r), dir, r)
}

// MessagesNode is Messages for a part of a tree.
func (z *Normalizer) MessagesNode(dst []Message, n jsonval.Node, dir Direction, r *jsonval.Repairs) ([]Message, bool) {
	if !n.Exists() {
		return dst, false
	}
	s := z.open()
	defer z.close(s)
	if n.Kind() == jsonval.String {
		return z.messagesText(s, dst, n.Str(), dir, r)
	}
	return z.messagesNode(s, dst, n, dir, r)
}

// TextMessage returns a message of one text part, whatever the text looks like.
func (z *Normalizer) TextMessage(text string, dir Direction, r *jsonval.Repairs) Message {
	s := z.open()
	defer z.close(s)
	rd := s.reader(&s.doc, dir, r)
	rd.textMessage(s.doc.String(text))
	return z.message(s, rd.found[0], r)
}

func (z *Normalizer) messagesText(s *scratch, dst []Message, text string, dir Direction, r *jsonval.Repairs) ([]Message, bool) {
	if out, ok := z.known(s, dst, text, dir, r); ok {
		if !hasWords(out[len(dst):]) {
			return dst, false
		}
		return out, true
	}
	rd := s.reader(&s.doc, dir, r)
	if !rd.text(text) {
		return dst, false
	}
	return z.messages(s, dst, rd, r)
}

func (z *Normalizer) messagesNode(s *scratch, dst []Message, n jsonval.Node, dir Direction, r *jsonval.Repairs) ([]Message, bool) {
	rd := s.reader(n.Doc(), dir, r)
	if !rd.any(n) {
		return dst, false
	}
	return z.messages(s, dst, rd, r)
}

// messages stores what was read, unless no message has any part.
func (z *Normalizer) messages(s *scratch, dst []Message, rd *reader, r *jsonval.Repairs) ([]Message, bool) {
	for _, f := range rd.found {
		if f.parts.Len() == 0 {
			continue
		}
		for _, f := range rd.found {
			dst = append(dst, z.message(s, f, r))
		}
		return dst, true
	}
	return dst, false
}

func (z *Normalizer) message(s *scratch, f draft, r *jsonval.Repairs) Message {
	return Message{Content: z.store(s, f.node(), r), Role: f.role, FinishReason: f.finish}
}

// store writes the canonical body of n, within the limit, and names it.
func (z *Normalizer) store(s *scratch, n jsonval.Node, r *jsonval.Repairs) Content {
	return z.keep(z.write(s, n, r))
}

// write returns the canonical body of n, cut to the limit, in s.buf.
func (z *Normalizer) write(s *scratch, n jsonval.Node, r *jsonval.Repairs) []byte {
	s.buf = jsonval.Append(s.buf[:0], n, r)
	if len(s.buf) > z.maxBytes {
		s.buf = cut(s.buf, z.maxBytes, r)
	}
	return s.buf
}

// keep returns the content of a body that the caller goes on to reuse.
func (z *Normalizer) keep(body []byte) Content {
	text := unsafe.String(unsafe.SliceData(body), len(body))
	e, hash := z.memo.get(kindBody, text)
	if e != nil {
		return e.content
	}
	own := append(make([]byte, 0, len(body)), body...)
	c := Content{ID: Of(own), Body: own}
	z.memo.put(&entry{kind: kindBody, raw: unsafe.String(unsafe.SliceData(own), len(own)), content: c}, hash)
	return c
}

// Text returns a query or other text as a JSON string.
func (z *Normalizer) Text(text string, r *jsonval.Repairs) Content {
	s := z.open()
	defer z.close(s)
	return z.store(s, s.doc.String(text), r)
}

// Raw returns the content of a body that is canonical JSON already, such as that
// of jsonval.AppendValue. It copies body.
func (z *Normalizer) Raw(body []byte, r *jsonval.Repairs) Content {
	if len(body) <= z.maxBytes {
		return z.keep(body)
	}
	return z.keep(cut(slices.Clone(body), z.maxBytes, r))
}

// Cuts reports whether a body is longer than a content may be.
func (z *Normalizer) Cuts(body []byte) bool { return len(body) > z.maxBytes }

// partsKey ends what a message body has before its parts: keys stand by length.
const partsKey = `"parts":`

// partsOf returns the array of parts of a message body.
func partsOf(body []byte) []byte {
	text := unsafe.String(unsafe.SliceData(body), len(body))
	i := strings.Index(text, partsKey)
	if i < 0 {
		return nil
	}
	return body[i+len(partsKey) : len(body)-1]
}

// hasWords reports whether any message has a part.
func hasWords(messages []Message) bool {
	for _, m := range messages {
		if len(partsOf(m.Body)) > len("[]") {
			return true
		}
	}
	return false
}
