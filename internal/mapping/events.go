package mapping

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// eventState is what becomes of a span event.
type eventState struct {
	info  *eventInfo
	gone  bool     // what it told is in the contents
	taken []string // attributes that contents hold
}

// scanEvents files what span events tell.
func (r *reading) scanEvents() {
	events := r.span.Events()
	for i := range events.Len() {
		e := events.At(i)
		info := r.t.eventOf(e.Name())
		r.events = append(r.events, eventState{info: info})
		switch e.Name() {
		case "exception":
			r.exception = int32(i)
		case EvaluationResult:
			r.scored = true
		}
		if info == nil || i >= dialect.MaxReadEvents {
			continue
		}
		if info.time >= 0 && !r.slots[info.time].set {
			r.fill(info.time, slot{attr: -1, event: int32(i)}, 1<<dialect.TTFT)
		}
		if info.message != nil {
			r.fill(r.messageSlot(info.message.Output), slot{attr: -1}, 1<<dialect.InputMessages|1<<dialect.OutputMessages)
		}
		if info.document != nil {
			r.fill(r.t.documents, slot{attr: -1}, 1<<dialect.Documents)
		}
		for key, v := range e.Attributes().All() {
			if k := info.attrs[key]; k != nil {
				r.file(k, v, -1, int32(i))
			}
		}
		if info.time < 0 { // no part of an answer
			r.countEvent(e, i)
		}
	}
}

func (r *reading) messageSlot(output bool) int16 {
	if output {
		return r.t.output
	}
	return r.t.input
}

func (r *reading) fill(at int16, s slot, feeds uint64) {
	r.fed |= feeds
	if !r.slots[at].set {
		s.set = true
		r.slots[at] = s
		r.touch(at)
	}
}

// eventTook notes that a content or column holds an attribute of an event.
func (r *reading) eventTook(s *slot, src *boundSource) {
	if s.event >= 0 && src.Attr != "" && !src.guessed {
		f := &r.events[s.event]
		f.taken = append(f.taken, src.Attr)
	}
}

// readMessageEvents makes messages of the events of one direction, in the order
// of the events, choices in the order of their index.
func (r *reading) readMessageEvents(dir content.Direction, guessed bool) bool {
	list := r.doc.Array()
	var told []messageOfEvent
	for i := range r.events {
		info := r.events[i].info
		if info == nil || info.message == nil || info.message.Output != (dir == content.Output) || info.message.Guessed != guessed {
			continue
		}
		attrs := r.span.Events().At(i).Attributes()
		n := r.eventBody(r.doc.FromMap(attrs, &r.rep))
		if p := info.message.Prefix; p != "" {
			n = r.withoutPrefix(n, p)
		}
		if text := strings.TrimPrefix(info.message.Text, info.message.Prefix); text != "" && text != "content" {
			n.Set("content", r.doc.String(n.Get(text).Str()))
		}
		index, _ := n.Get("index").Int()
		told = append(told, messageOfEvent{i, index, r.eventMessage(n, info.message)})
	}
	if dir == content.Output {
		slices.SortStableFunc(told, func(a, b messageOfEvent) int { return cmp.Compare(a.index, b.index) })
	}
	for _, t := range told {
		list.Add(t.node)
	}
	if !r.addNode(list, dir) {
		return false
	}
	for _, t := range told {
		if e := &r.events[t.event]; guessed {
			e.taken = append(e.taken, e.info.message.Text)
		} else {
			e.gone = true
		}
	}
	return true
}

// messageOfEvent is the message of an event and its index among the choices.
type messageOfEvent struct {
	event int
	index int64
	node  jsonval.Node
}

// eventBody returns what an event says: its attributes, or the JSON in one of them.
func (r *reading) eventBody(attrs jsonval.Node) jsonval.Node {
	for _, key := range [...]string{"gen_ai.event.content", "body"} {
		if inner := r.Decoded(attrs.Get(key)).Node; value.IsObject(inner) {
			return inner
		}
	}
	return attrs
}

// withoutPrefix cuts the prefix of the keys that have one.
func (r *reading) withoutPrefix(n jsonval.Node, prefix string) jsonval.Node {
	cut := r.doc.Object()
	for c := n.First(); c.Exists(); c = c.Next() {
		cut.Set(strings.TrimPrefix(c.Key(), prefix), c)
	}
	return cut
}

// eventMessage rewrites the attributes of an event as a message.
func (r *reading) eventMessage(attrs jsonval.Node, e *dialect.MessageEvent) jsonval.Node {
	message := r.doc.Object()
	body := attrs
	if told := attrs.Get("message"); e.Output && told.Exists() {
		body = r.decodedIf(told, isMessageOrBlocks)
		if body.Kind() != jsonval.Object {
			message.Set("content", body)
			body = jsonval.Node{}
		}
	}
	for c := body.First(); c.Exists(); c = c.Next() {
		switch c.Key() {
		case "content":
			message.Set(c.Key(), r.decodedIf(c, isBlocks))
		case "tool_calls", "toolCalls":
			message.Set("tool_calls", r.decodedIf(c, jsonval.Node.Exists))
		case "id":
			if !e.Output && e.Role == "tool" {
				message.Set("tool_call_id", c)
			}
		case "name":
			if e.Role != "tool" { // a tool's name is told by its call
				message.Set(c.Key(), c)
			}
		case "parts", "role", "tool_call_id", "refusal":
			message.Set(c.Key(), c)
		}
	}
	if calls := attrs.Get("tool_calls"); calls.Exists() && !message.Get("tool_calls").Exists() {
		message.Set("tool_calls", r.decodedIf(calls, jsonval.Node.Exists))
	}
	if !message.Get("role").Exists() {
		message.SetStr("role", e.Role)
	}
	if reason := attrs.Get("finish_reason"); reason.Exists() {
		message.Set("finish_reason", reason)
	}
	return message
}

// decodedIf parses a text that holds JSON of the kind expected; any other text, JSON
// or not, is what somebody said.
func (r *reading) decodedIf(n jsonval.Node, expected func(jsonval.Node) bool) jsonval.Node {
	if parsed := r.Decoded(n).Node; expected(parsed) {
		return parsed
	}
	return n
}

// isBlocks reports whether n is a list of content blocks.
func isBlocks(n jsonval.Node) bool {
	for c := n.First(); c.Exists(); c = c.Next() {
		if n.Kind() != jsonval.Array || !isBlock(c) {
			return false
		}
	}
	return n.First().Exists()
}

func isBlock(n jsonval.Node) bool {
	if n.Get("type").Kind() == jsonval.String {
		return true
	}
	for c := n.First(); c.Exists() && value.IsObject(n); c = c.Next() {
		if blockKeys[c.Key()] {
			return true
		}
	}
	return false
}

// blockKeys are the keys that content blocks without a type are known by.
var blockKeys = map[string]bool{
	"text": true, "toolUse": true, "toolResult": true, "image": true, "document": true, "video": true, "reasoningContent": true,
	"guardContent": true, "cachePoint": true, "functionCall": true, "function_call": true, "functionResponse": true,
	"function_response": true, "inlineData": true, "inline_data": true, "fileData": true, "file_data": true,
}

func isMessageOrBlocks(n jsonval.Node) bool {
	for c := n.First(); c.Exists() && value.IsObject(n); c = c.Next() {
		if messageKeys[c.Key()] {
			return true
		}
	}
	return isBlocks(n)
}

// readEventList makes messages of one direction from a list of message events in an
// attribute, which goes once all of them are messages.
func (r *reading) readEventList(src *boundSource, dir content.Direction) bool {
	s := &r.slots[src.slot]
	list, all := r.doc.Array(), true
	for e := r.json(s).First(); e.Exists(); e = e.Next() {
		info := r.t.events[e.Get("event.name").Str()]
		if info == nil || info.message == nil || info.message.Output != (dir == content.Output) {
			all = false
			continue
		}
		list.Add(r.eventMessage(e, info.message))
	}
	if !r.addNode(list, dir) {
		return false
	}
	r.took(src, all || s.half)
	s.half = true
	return true
}

// documentEvents makes a list of the documents that events tell.
func (r *reading) documentEvents() jsonval.Node {
	list := r.doc.Array()
	for i := range r.events {
		info := r.events[i].info
		if info == nil || info.document == nil {
			continue
		}
		doc := r.doc.Object()
		for key, v := range r.span.Events().At(i).Attributes().All() {
			if name, ok := strings.CutPrefix(key, info.document.Prefix); ok {
				if name == "document" {
					name = "content"
				}
				doc.Put(jsonval.CleanString(name, &r.rep), r.doc.FromValue(v, &r.rep))
			}
		}
		doc.Unique(&r.rep)
		list.Add(doc)
	}
	return list
}

// appendEvents writes the events that stay.
func (r *reading) appendEvents(dst []byte) []byte {
	events := r.span.Events()
	start := len(dst)
	for i := range events.Len() {
		e, f := events.At(i), &r.events[i]
		if f.gone || len(f.taken) > 0 && r.storedWhole(e.Attributes(), f) {
			continue
		}
		dst = appendSeparator(dst, start, '[')
		dst = append(dst, `{"name":`...)
		dst = jsonval.AppendString(dst, e.Name(), &r.rep)
		dst = append(dst, `,"time_unix_nano":`...)
		dst = appendUint(dst, uint64(e.Timestamp()))
		dst = append(dst, `,"attributes":{`...)
		inside := len(dst)
		for key, v := range e.Attributes().All() {
			if slices.Contains(f.taken, key) {
				continue
			}
			mark := len(dst)
			dst = r.appendAttribute(r.appendKey(dst, inside, key), mark, v, r.eventAttrClass(f, key, v), math.MaxInt)
		}
		dst = append(dst, '}')
		dst = appendDropped(dst, e.DroppedAttributesCount())
		dst = append(dst, '}')
	}
	if len(dst) == start {
		return dst
	}
	return append(dst, ']')
}

// storedWhole reports whether nothing is left of an event whose contents were taken:
// what the span says, too, is nothing new.
func (r *reading) storedWhole(attrs pcommon.Map, f *eventState) bool {
	for key, v := range attrs.All() {
		if slices.Contains(f.taken, key) || key == "event.name" || f.info != nil && f.info.message != nil && messageExtras[key] {
			continue
		}
		if same, ok := r.own(key); !ok || !equal(same, v) {
			return false
		}
	}
	return true
}

// equal compares values; lists and kvlists, which may nest without end, are not.
func equal(a, b pcommon.Value) bool {
	switch a.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		return false
	}
	return a.Equal(b)
}

// messageExtras are attributes of message events that say nothing by themselves.
var messageExtras = map[string]bool{"role": true, "id": true, "index": true, "finish_reason": true, "name": true}

// eventAttrClass is the class of an attribute of an event that stays.
func (r *reading) eventAttrClass(f *eventState, key string, v pcommon.Value) attrClass {
	if f.info != nil {
		if k := f.info.attrs[key]; k.carriesWords(r.dialects) {
			return classWords
		}
		if m := f.info.message; m != nil && (eventWords[strings.TrimPrefix(key, m.Prefix)] || key == m.Text) {
			return classWords
		}
		if d := f.info.document; d != nil && key == d.Prefix+"document" {
			return classWords
		}
	}
	return r.classOf(key, v)
}

func (k *keyInfo) carriesWords(dialects uint64) bool {
	return k != nil && (k.words || k.wordsOf&dialects != 0)
}

// eventWords are the attributes of message events that carry words.
var eventWords = map[string]bool{
	"content": true, "message": true, "tool_calls": true, "gen_ai.event.content": true, "parts": true, "body": true,
}

// appendLinks writes the links of the span.
func (r *reading) appendLinks(dst []byte) []byte {
	dst = r.linksWithoutWords(dst)
	if r.linked != (pcommon.Map{}) {
		r.linkWords = r.wordsOf(r.linked, &r.rep)
	}
	return dst
}

// addLinkWords notes what words the link of an index has.
func (r *reading) addLinkWords(i int, said pcommon.Map) {
	if said == (pcommon.Map{}) {
		return
	}
	if r.linked == (pcommon.Map{}) {
		r.linked = pcommon.NewMap()
	}
	said.CopyTo(r.linked.PutEmptyMap(strconv.Itoa(i)))
}

func (r *reading) linksWithoutWords(dst []byte) []byte {
	links := r.span.Links()
	start := len(dst)
	for i := range links.Len() {
		l := links.At(i)
		dst = appendSeparator(dst, start, '[')
		dst = append(dst, `{"trace_id":"`...)
		id := l.TraceID()
		dst = appendHex(dst, id[:])
		dst = append(dst, `","span_id":"`...)
		span := l.SpanID()
		dst = appendHex(dst, span[:])
		dst = append(dst, '"')
		if state := l.TraceState().AsRaw(); state != "" {
			dst = append(dst, `,"trace_state":`...)
			dst = jsonval.AppendString(dst, state, &r.rep)
		}
		if l.Flags() != 0 {
			dst = append(dst, `,"flags":`...)
			dst = appendUint(dst, uint64(l.Flags()))
		}
		if l.Attributes().Len() > 0 {
			facts, said := r.factsAndWords(l.Attributes())
			r.addLinkWords(i, said)
			dst = append(dst, `,"attributes":{`...)
			inside := len(dst)
			for key, v := range facts.All() {
				dst = jsonval.AppendValue(r.appendKey(dst, inside, key), v, &r.rep)
			}
			dst = append(dst, '}')
		}
		dst = appendDropped(dst, l.DroppedAttributesCount())
		dst = append(dst, '}')
	}
	if len(dst) == start {
		return dst
	}
	return append(dst, ']')
}
