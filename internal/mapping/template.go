package mapping

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// A record that tells a call has the words of the call in its attributes, and the call's
// messages are the same words as contents. So that each text is stored once, such an
// attribute is stored as a template: the JSON or the text that was sent, with holes where
// texts of the call's contents stand. Templates hold what is left, so most records of a
// program share a few. The reference is {"$content":["<template>","<content>",…]}, and
// llm_internal_filled puts the value together again, exactly as it was sent.

// The forms of templates.
const (
	formJSON = "json"
	formText = "text"
)

const (
	minTemplateText = 64  // bytes of a text that becomes a hole
	minTemplateGain = 256 // bytes that holes must take out of a value
)

// hole is where a text of a content stands in a template.
type hole struct {
	of       content.ID
	path     []byte // in the content's body, as elements of a JSON array, each after a comma
	from, to int    // in the value, the quotes with it
}

// templates makes templates of the attributes of records.
type templates struct {
	batch *Batch          // with the calls that records tell
	call  *Span           // whose record is read; nil for none
	texts map[string]hole // of its contents, by their JSON
	known bool            // texts are those of call
	holes []hole
	ids   []content.ID
	body  []byte
	nests []nest // around the place that is read
	paths []byte // of the holes in texts
}

// template writes the reference to the template of a value, whose JSON is written; false
// where the call's contents have too little of it.
func (r *reading) template(dst, written []byte) ([]byte, bool) {
	return r.templateOf(dst, formJSON, written)
}

// textTemplate does the same for a text with JSON in it.
func (r *reading) textTemplate(dst []byte, s string) ([]byte, bool) {
	return r.templateOf(dst, formText, unsafe.Slice(unsafe.StringData(s), len(s)))
}

func (r *reading) templateOf(dst []byte, form string, value []byte) ([]byte, bool) {
	t := &r.templates
	if len(value) < minTemplateGain || r.norm.Cuts(value) {
		return dst, false
	}
	if !t.known {
		t.known = true
		r.readTexts()
	}
	if t.find(value) < minTemplateGain {
		return dst, false
	}
	t.write(form, value, &r.rep)
	id := r.store(r.norm.Raw(t.body, &r.rep))
	r.referred = append(append(r.referred, id), t.ids...)
	dst = appendID(append(dst, `{"$content":[`...), id)
	for _, id := range t.ids {
		dst = appendID(append(dst, ','), id)
	}
	return append(dst, `]}`...), true
}

// find notes the holes of a value, and returns how much they take out of it. A string of JSON
// has one spelling in contents; one that is spelled otherwise is no hole.
func (t *templates) find(value []byte) (gain int) {
	t.holes = t.holes[:0]
	for at := 0; ; {
		from := bytes.IndexByte(value[at:], '"')
		if from < 0 {
			return gain
		}
		from += at
		to := jsonval.StringEnd(viewOf(value), from+1)
		if to < 0 {
			return gain
		}
		if at = to; to-from >= minTemplateText {
			if h, ok := t.texts[viewOf(value[from:to])]; ok {
				h.from, h.to = from, to
				t.holes = append(t.holes, h)
				gain += to - from
			}
		}
	}
}

// write writes the template of a value: of each hole the number of its content among the ids
// and the path in the content's body; then JSON with {"$hole":<number>} in the holes, which no
// value of a sender can be, or the pieces of a text between them.
func (t *templates) write(form string, value []byte, rep *jsonval.Repairs) {
	t.ids = t.ids[:0]
	b := append(append(append(t.body[:0], `{"form":"`...), form...), `","holes":[`...)
	for i := range t.holes {
		h := &t.holes[i]
		n := 0
		for n < len(t.ids) && t.ids[n] != h.of {
			n++
		}
		if n == len(t.ids) {
			t.ids = append(t.ids, h.of)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(strconv.AppendInt(append(b, '['), int64(n), 10), h.path...), ']')
	}
	if form == formJSON {
		t.body = t.appendValue(append(b, `],"value":`...), value)
		return
	}
	b = append(b, `],"pieces":[`...)
	at := 0
	for i := range t.holes {
		b = append(jsonval.AppendString(b, viewOf(value[at:t.holes[i].from]), rep), ',')
		at = t.holes[i].to
	}
	t.body = append(jsonval.AppendString(b, viewOf(value[at:]), rep), `]}`...)
}

// appendValue writes JSON with holes, and ends the template.
func (t *templates) appendValue(b, value []byte) []byte {
	at := 0
	for i := range t.holes {
		b = append(append(b, value[at:t.holes[i].from]...), `{"$hole":`...)
		b = append(strconv.AppendInt(b, int64(i), 10), '}')
		at = t.holes[i].to
	}
	return append(append(b, value[at:]...), '}')
}

// viewOf is bytes that nobody writes to meanwhile, as a string.
func viewOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// readTexts lists the texts of the call's contents.
func (r *reading) readTexts() {
	t := &r.templates
	if t.texts == nil {
		t.texts = map[string]hole{}
	}
	clear(t.texts)
	t.paths = t.paths[:0]
	t.batch.EachReference(t.call, t.readBody)
}

// nest is a list or an object of JSON around a place.
type nest struct {
	key   []byte // of the member; nil in a list
	index int    // of the element
	named bool   // a key has been read, its value has not
	list  bool
}

// readBody lists the texts of a content.
func (t *templates) readBody(id content.ID, body []byte) {
	around := t.nests[:0]
	for at := 0; at < len(body); at++ {
		var in *nest
		if len(around) > 0 {
			in = &around[len(around)-1]
		}
		switch body[at] {
		case '[', '{':
			around = append(around, nest{list: body[at] == '['})
		case ']', '}':
			around = around[:len(around)-1]
		case ',':
			in.index++
			in.named = false
		case '"':
			from := at
			to := jsonval.StringEnd(viewOf(body), at+1)
			if to < 0 {
				return
			}
			at = to - 1
			if in != nil && !in.list && !in.named {
				in.key, in.named = body[from:to], true
			} else if to-from >= minTemplateText {
				t.add(viewOf(body[from:to]), id, around)
			}
		}
	}
	t.nests = around
}

// add notes a text, of several contents with the same one that of the smallest id: a record
// that comes again has the same template.
func (t *templates) add(text string, of content.ID, around []nest) {
	if h, ok := t.texts[text]; ok && bytes.Compare(h.of[:], of[:]) <= 0 {
		return
	}
	from := len(t.paths)
	t.paths = appendPath(t.paths, around)
	t.texts[text] = hole{of: of, path: t.paths[from:len(t.paths):len(t.paths)]}
}

// appendPath appends the path to the place inside of them.
func appendPath(path []byte, around []nest) []byte {
	for i := range around {
		path = append(path, ',')
		if l := &around[i]; l.list {
			path = append(strconv.AppendInt(append(path, '"'), int64(l.index), 10), '"')
		} else {
			path = append(path, l.key...)
		}
	}
	return path
}
