package mapping

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// said are the messages of a field: a list, or a history that may be long.
type said struct {
	messages []content.Message
	history  *content.History
	ids      []content.ID // of history
}

// leading returns the first messages, with all of the system's among them.
func (w *said) leading() []content.Message {
	if w.history != nil {
		return w.history.Leading()
	}
	return w.messages
}

// finished returns the messages if any says why it ended.
func (w *said) finished() []content.Message {
	switch {
	case w.history == nil:
		return w.messages
	case w.history.Finishes:
		return w.history.Messages()
	}
	return nil
}

// storeMessages adds messages to the batch, and returns their ids and that of their history.
func (r *reading) storeMessages(w *said) (ids []content.ID, history content.ID) {
	if w.history == nil && len(w.messages) == 0 {
		return nil, history
	}
	if r.opts.Capture == CaptureMetadata {
		r.out.Adjustments |= ContentOmitted
		return nil, history
	}
	if w.history != nil {
		if r.batch.Histories == nil {
			r.batch.Histories = map[content.Key]*content.History{}
		}
		r.batch.Histories[content.Key{Day: r.out.Day, ID: w.history.ID}] = w.history
		return w.ids, w.history.ID
	}
	ids = r.newIDs(len(w.messages))
	for i := range w.messages {
		ids[i] = r.store(w.messages[i].Content)
	}
	return ids, history
}

// finishReasons collects what the answers say themselves, each at the place of its
// message; nil if none does.
func (r *reading) finishReasons(output []content.Message) []string {
	last := 0
	for i := range output {
		if output[i].FinishReason != "" {
			last = i + 1
		}
	}
	if last == 0 {
		return nil
	}
	reasons := make([]string, min(last, dialect.MaxEntries))
	for i := range reasons {
		reasons[i] = r.key(output[i].FinishReason)
	}
	return reasons
}

// messagesOf resolves a field of messages.
func (r *reading) messagesOf(f dialect.Field, dir content.Direction) (w said) {
	if r.fed&(1<<f) == 0 {
		return w
	}
	mark := len(r.messages)
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if !r.usable(src) {
			continue
		}
		if r.readMessages(src, dir, &w) && (w.history != nil || len(r.messages) > mark) {
			w.messages = r.messages[mark:len(r.messages):len(r.messages)]
			if f == dialect.OutputMessages && r.cameInChunks(src, &w) {
				w.joinChunks()
			}
			if src.Delta {
				r.adjust(InputDelta, src)
			}
			r.notes.took(f, src)
			if src.list && (slices.ContainsFunc(w.messages, hasNoParts) || f == dialect.OutputMessages && r.thinksBeside(left)) {
				r.fillIn(w.messages, f, dir, left)
			}
			return w
		}
		r.messages = r.messages[:mark]
	}
	if f == dialect.InputMessages && r.out.Kind == KindLLM && r.readAsked() {
		w.messages = r.messages[mark:len(r.messages):len(r.messages)]
	}
	return w
}

// cameInChunks reports whether an answer is what a stream brought, chunk by chunk: Gemini's API streams
// contents of the role model, of which Gemini CLI lists each, on log records with the role system. Several
// candidates are told as such, and no answer is the system's. One of the program's alone is known by the ids of its calls.
func (r *reading) cameInChunks(src *boundSource, w *said) bool {
	several := w.history != nil && len(w.ids) > 1 || w.history == nil && (len(w.messages) > 1 ||
		len(w.messages) == 1 && (w.messages[0].Role == "system" || content.NamesInIDs(w.messages[0].Body)))
	if !several || src.Answer != nil || src.list || src.As == dialect.AsMessageEvents || src.As == dialect.AsEventList {
		return false
	}
	v, ok := r.given(src)
	if !ok {
		return false
	}
	n := r.ParseOnce(v)
	if n.Kind() != jsonval.Array {
		return false
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if role := c.Get("role").Str(); role != "model" && role != "system" {
			return false
		}
	}
	return true
}

// joinChunks makes one message of several.
func (w *said) joinChunks() {
	all := w.messages
	if w.history != nil {
		all = w.history.Messages()
	}
	bodies, finish := make([][]byte, len(all)), ""
	for i := range all {
		bodies[i], finish = all[i].Body, cmp.Or(all[i].FinishReason, finish)
	}
	body := content.JoinChunks(bodies)
	if body == nil {
		return
	}
	w.history, w.ids = nil, nil
	w.messages = []content.Message{{Content: content.Content{ID: content.Of(body), Body: body}, Role: "assistant", FinishReason: finish}}
}

// hasNoParts reports whether a message has a role only.
func hasNoParts(m content.Message) bool {
	return len(m.Body) < 100 && bytes.HasSuffix(m.Body, []byte(`"parts":[]}`))
}

// thinksBeside reports whether a body beside messages has thoughts.
func (r *reading) thinksBeside(left positions) bool {
	for src := r.next(dialect.OutputMessages, &left); src != nil; src = r.next(dialect.OutputMessages, &left) {
		if src.As != dialect.AsBody || src.list || !r.usable(src) {
			continue
		}
		s, _ := (value.Value{Attr: r.slots[src.slot].value}).Str()
		return holdsThoughts(s)
	}
	return false
}

// holdsThoughts reports whether a body in JSON text has thoughts that say anything.
func holdsThoughts(s string) bool {
	const key = `reasoning_content"`
	if !dialect.HasChoices(s) {
		return false
	}
	for {
		at := jsonval.Index(s, key)
		if at < 0 {
			return false
		}
		s = s[at+len(key):]
		if text := strings.TrimLeft(s[:min(len(s), 16)], ": \t\r\n"); strings.HasPrefix(text, `"`) && !strings.HasPrefix(text, `""`) {
			return true
		}
	}
}

// isWithThoughts reports whether a message is another one with thoughts in front.
func (r *reading) isWithThoughts(whole, other content.Message) bool {
	n := r.ParseText(viewOf(whole.Body))
	rest, thinks := r.doc.Array(), false
	for p := n.Get("parts").First(); p.Exists(); p = p.Next() {
		if p.Get("type").Str() == "reasoning" {
			thinks = true
		} else {
			rest.Add(p)
		}
	}
	var ignored jsonval.Repairs
	return thinks && bytes.Equal(jsonval.Append(nil, rest, &ignored), jsonval.Append(nil, r.ParseText(viewOf(other.Body)).Get("parts"), &ignored))
}

// fillIn gives messages that say nothing, or lack the thoughts, what a body beside them has at
// the same place, counted from the end: indexed keys have no room for every shape of content,
// and a body may lack the instructions at the head.
func (r *reading) fillIn(messages []content.Message, f dialect.Field, dir content.Direction, left positions) {
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.As != dialect.AsBody || src.list || !r.usable(src) {
			continue
		}
		var whole said
		mark, attr := len(r.messages), r.slots[src.slot].attr
		if attr < 0 {
			continue
		}
		class := r.classes[attr]
		ok := r.readMessages(src, dir, &whole)
		r.classes[attr] = class // the body stays as it was
		if !ok {
			continue
		}
		whole.messages = r.messages[mark:]
		if whole.history != nil {
			whole.messages = whole.history.Messages()
		}
		for i, j := len(messages)-1, len(whole.messages)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
			if whole.messages[j].Role == messages[i].Role && (hasNoParts(messages[i]) || f == dialect.OutputMessages && r.isWithThoughts(whole.messages[j], messages[i])) {
				messages[i] = whole.messages[j]
			}
		}
		r.messages = r.messages[:mark]
		return
	}
}

// readMessages reads a source: a long list of messages into w, others to the end of
// r.messages.
func (r *reading) readMessages(src *boundSource, dir content.Direction, w *said) bool {
	switch {
	case src.Answer != nil:
		return r.readAnswer(src)
	case src.list:
		if !r.addNode(r.unflatten(src), dir) {
			return false
		}
		r.tookList(src)
		return true
	case src.As == dialect.AsMessageEvents:
		return r.readMessageEvents(dir, src.guessed)
	case src.As == dialect.AsEventList:
		return r.readEventList(src, dir)
	}
	v, ok := r.given(src)
	if !ok {
		return false
	}
	if src.As == dialect.AsText {
		s, _, ok := v.Text()
		if ok {
			r.messages = append(r.messages, r.norm.TextMessage(s, dir, &r.rep))
			r.took(src, true)
		}
		return ok
	}
	if v.Node.Exists() {
		if ok = r.addNode(v.Node, dir); ok && src.As == dialect.AsObject {
			r.tookList(src)
		}
		return ok
	}
	if s, is := v.Str(); is {
		if content.Absent(s) {
			return false
		}
		if w.history, w.ids, ok = r.norm.History(s, dir, r.source()); ok {
			r.took(src, r.holdsAll(src, v))
			return true
		}
	}
	if n, repairs := r.bodyOf(src, v); n.Exists() {
		r.messages, ok = r.norm.MessagesNode(r.messages, n, dir, r.source())
		r.sourceRep |= repairs
		if ok {
			r.took(src, r.holdsAll(src, v))
		}
		return ok
	}
	mark := len(r.messages)
	r.messages, ok = r.norm.Messages(r.messages, v.Attr, dir, r.source())
	if ok {
		r.took(src, r.holdsAll(src, v) && !r.keptAsText(v, r.messages[mark:], dir))
	}
	return ok
}

// bodyOf returns the JSON object of a body that is an attribute as it came. Other fields are read
// from the same tree: parsing them twice took 1.5 % of the time of all fixtures.
func (r *reading) bodyOf(src *boundSource, v value.Value) (jsonval.Node, jsonval.Repairs) {
	s := &r.slots[src.slot]
	text, is := v.Str()
	if src.As != dialect.AsBody || !is || v.Attr != s.value || !strings.HasPrefix(text, "{") || strings.HasPrefix(text, isPython) {
		return jsonval.Node{}, 0
	}
	return r.repairedJSON(s)
}

// given returns what a source of words gives: an attribute untouched, so that the
// normaliser may know it already, a part of it, or a list put together.
func (r *reading) given(src *boundSource) (v value.Value, ok bool) {
	switch {
	case src.list:
		v = value.Value{Node: r.unflatten(src)}
	case src.As == dialect.AsObject:
		v = value.Value{Node: r.assemble(src)}
	case len(src.steps) == 0:
		v = value.Value{Attr: r.slots[src.slot].value}
	default:
		if v, ok = r.value(src); !ok {
			return v, false
		}
	}
	if src.With != nil {
		v = src.With(r, v)
	}
	return v, v.Exists()
}

// source returns where the normaliser notes what it did to the next source.
func (r *reading) source() *jsonval.Repairs {
	r.sourceRep = 0
	return &r.sourceRep
}

// holdsAll reports whether contents hold all that an attribute says: not of a body
// around what was taken.
func (r *reading) holdsAll(src *boundSource, v value.Value) bool {
	r.rep |= r.sourceRep
	if src.As != dialect.AsBody && src.As != dialect.AsWrapped {
		return true
	}
	if s, is := v.Str(); is && !strings.HasPrefix(value.TrimBlanks(s), "{") {
		return true
	}
	if !v.Node.Exists() && v.Attr.Type() == pcommon.ValueTypeSlice {
		return true
	}
	n := r.json(&r.slots[src.slot])
	if n.Kind() == jsonval.Array {
		return true
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if !value.IsObject(n) || !messageKeys[c.Key()] {
			return false
		}
	}
	return n.Get("role").Exists()
}

// messageKeys are the keys of a message, as opposed to those of a body around it.
var messageKeys = map[string]bool{
	"role": true, "content": true, "parts": true, "name": true, "tool_calls": true, "tool_call_id": true,
	"function_call": true, "refusal": true, "finish_reason": true,
}

// keptAsText reports whether text that looked like JSON did not parse and became one
// message as it is.
func (r *reading) keptAsText(v value.Value, messages []content.Message, dir content.Direction) bool {
	s, is := v.Str()
	if !is || len(messages) != 1 || !value.LooksEncoded(s) || len(messages[0].Body) < len(s) || !mayBeginAs(messages[0].Body, s) {
		return false
	}
	return r.norm.TextMessage(s, dir, &r.sourceRep).ID == messages[0].ID
}

// mayBeginAs reports whether the first text of a message may begin as a text does: most texts that look like JSON
// are, and to write a message of the whole text took a tenth of the time of some spans.
func mayBeginAs(message []byte, text string) bool {
	if text[0] != '{' && text[0] != '[' {
		return true
	}
	_, content, found := bytes.Cut(message, []byte(`"content":"`))
	return found && content[0] == text[0]
}

func (r *reading) addNode(n jsonval.Node, dir content.Direction) (ok bool) {
	if !n.Exists() {
		return false
	}
	r.messages, ok = r.norm.MessagesNode(r.messages, n, dir, &r.rep)
	return ok
}
