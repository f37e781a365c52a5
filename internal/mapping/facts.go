package mapping

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// maxKey is how long, in bytes, text may be that Postgres keeps in b-tree indexes.
const maxKey = 1024

// facts resolves the columns that hold no words.
func (r *reading) facts(res *resource) {
	s := r.out
	s.Operation = r.operation(r.overrules)
	for fed := r.fed & plain; fed != 0; fed &= fed - 1 {
		f := dialect.Field(bits.TrailingZeros64(fed))
		*texts[f](s) = r.text(f)
	}
	s.Provider = r.provider()
	s.Tags = r.list(dialect.Tags, nil)
	s.FinishReasons = r.list(dialect.FinishReasons, content.FinishReason)
	s.EmbeddingDimensions, _ = r.count(dialect.EmbeddingDimensions, math.MaxInt32) // the column is an int
	r.prompt()
	r.place(res)
	r.labels(res)
	r.usage(&s.Usage)
	s.Streaming = r.boolean(dialect.Streaming)
	r.ttft()
	if s.Kind == KindLLM && !s.Streaming.OK && isStream(r.span.Name()) {
		s.Streaming = Bool{V: true, OK: true}
	}
	r.errors()
}

// isStream reports whether the name of a call says that the answer is a stream.
func isStream(name string) bool {
	return strings.Contains(name, "tream") && slices.ContainsFunc(keywords.Of(name), func(w string) bool { return streamWords[w] })
}

var streamWords = keywords.Set("stream streaming streamed astream")

// prompt resolves the name of a prompt template and its version, which must come
// from the same place, if there is a name.
func (r *reading) prompt() {
	name, rank := r.textAt(dialect.PromptName, 0)
	r.out.PromptName = name
	r.out.PromptVersion, _ = r.textAt(dialect.PromptVersion, rank)
}

// place resolves what the span says before the resource does.
func (r *reading) place(res *resource) {
	s := r.out
	if s.ServiceName = r.text(dialect.ServiceName); s.ServiceName == "" {
		s.ServiceName = r.fitted(res.serviceName)
	}
	if s.Release = r.text(dialect.Release); s.Release == "" {
		s.Release = r.fitted(res.release)
	}
	name, rank := r.textAt(dialect.Environment, 0)
	if name == "" || res.environment.text != "" && res.environmentRank < rank {
		if name != "" {
			r.untake(dialect.Environment, rank)
		}
		name = r.fitted(res.environment)
	}
	s.Environment = name
	if s.UserID == "" {
		s.UserID = r.fitted(res.user)
	}
	if s.SessionID == "" && r.around.scopeDialects&r.t.namesSessions == 0 {
		s.SessionID = r.fitted(res.session)
	}
}

// untake keeps the attribute of a source that lost after all.
func (r *reading) untake(f dialect.Field, rank int) {
	r.notes.lost(f)
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.rank == rank && r.usable(src) {
			r.restore(src)
		}
	}
}

// list resolves a text[] field; convert may rewrite its entries.
func (r *reading) list(f dialect.Field, convert func(string) string) (entries []string) {
	r.each(f, func(src *boundSource, v value.Value) bool {
		list, exact, ok := r.entries(v)
		if !ok {
			return false
		}
		for i, e := range list {
			if convert != nil {
				list[i] = convert(e)
			}
			list[i] = r.key(list[i])
			exact = exact && list[i] == e
		}
		r.took(src, exact)
		entries = list
		return true
	})
	return entries
}

// entries reads a list of strings: an array, a JSON array, strings joined by
// commas, or one string.
func (r *reading) entries(v value.Value) (list []string, exact, ok bool) {
	if s, is := v.Str(); is {
		s = value.Unquote(strings.TrimSpace(s))
		if strings.HasPrefix(s, "[") {
			var ignored jsonval.Repairs
			if n, ok := r.doc.Parse(s, &ignored); ok {
				return nodeEntries(n)
			}
		}
		for e := range strings.SplitSeq(s, ",") {
			if e = strings.TrimSpace(e); !content.Absent(e) && len(list) < dialect.MaxEntries {
				list = append(list, e)
			}
		}
		return list, false, len(list) > 0
	}
	if v.Node.Exists() {
		return nodeEntries(v.Node)
	}
	if v.Attr.Type() != pcommon.ValueTypeSlice {
		return nil, false, false
	}
	values := v.Attr.Slice()
	exact = values.Len() <= dialect.MaxEntries
	list = make([]string, 0, min(values.Len(), dialect.MaxEntries))
	for i := range min(values.Len(), dialect.MaxEntries) {
		if e, isText, ok := (value.Value{Attr: values.At(i)}).Text(); ok {
			list = append(list, e)
			exact = exact && isText
		} else {
			exact = false
		}
	}
	return list, exact, len(list) > 0
}

func nodeEntries(n jsonval.Node) (list []string, exact, ok bool) {
	if n.Kind() != jsonval.Array {
		return nil, false, false
	}
	for c := n.First(); c.Exists() && len(list) < dialect.MaxEntries; c = c.Next() {
		if e, _, ok := (value.Value{Node: c}).Text(); ok {
			list = append(list, e)
		}
	}
	return list, false, len(list) > 0
}

// ttft resolves the time to the first token, in milliseconds from the start of the
// span. Zero counts only if the span is known to stream.
func (r *reading) ttft() {
	s := r.out
	r.each(dialect.TTFT, func(src *boundSource, v value.Value) bool {
		ms, exact, ok := r.millis(src, v)
		if !ok || ms < 0 || !value.Finite(ms) || ms == 0 && !s.Streaming.V {
			return false
		}
		r.took(src, exact)
		s.TTFTMillis = Float{ms, true}
		if src.Streams && !s.Streaming.OK {
			s.Streaming = Bool{true, true}
		}
		return true
	})
}

func (r *reading) millis(src *boundSource, v value.Value) (ms float64, exact, ok bool) {
	if src.Event != "" && src.Attr == "" {
		start, at := r.span.StartTimestamp(), r.span.Events().At(int(r.slots[src.slot].event)).Timestamp()
		return float64(at-start) / 1e6, false, at >= start
	}
	if src.As == dialect.AsTime {
		at, ok := v.Time()
		return float64(at-r.out.Start) / 1e3, false, ok
	}
	f, exact, ok := v.Float()
	switch src.As {
	case dialect.AsMillis:
		return f, exact, ok
	case dialect.AsNanos:
		return f / 1e6, false, ok
	}
	return f * 1e3, false, ok
}

// errors resolves what went wrong. Without contents only the type is kept: a provider's
// text quotes what it was asked, a parser's what the model said.
func (r *reading) errors() {
	r.readErrors()
	s := r.out
	if r.opts.Capture != CaptureMetadata {
		return
	}
	if s.StatusMessage != "" || s.ErrorMessage != "" {
		s.StatusMessage, s.ErrorMessage = "", ""
		s.Adjustments |= ContentOmitted
	}
	if saysProse(s.ErrorType) {
		s.ErrorType = otherError
		s.Adjustments |= ContentOmitted
	}
}

// otherError is the type of an error that names none.
const otherError = "_OTHER"

// readErrors resolves what went wrong on a span whose status is error, that names an error
// type, or that its dialect calls failed.
func (r *reading) readErrors() {
	s := r.out
	typ := r.text(dialect.ErrorType)
	var answered jsonval.Node
	if typ == "" && r.span.Status().Code() != ptrace.StatusCodeError && !r.failed() && !r.endedInError() && !r.saysError() {
		if answered = r.errorAnswered(); !answered.Exists() {
			return
		}
		typ = r.key(firstText(answered, "type", "status", "code"))
	}
	var exceptionType, message string
	if r.exception >= 0 {
		attrs := r.span.Events().At(int(r.exception)).Attributes()
		exceptionType, message = textOf(attrs, "exception.type"), textOf(attrs, "exception.message")
	}
	if typ == "" {
		typ = r.key(exceptionType)
	}
	if typ == "" {
		typ = otherError
	}
	if strings.HasPrefix(typ, "<class ") {
		typ = enumValue(typ)
	}
	s.ErrorType = typ
	if s.ErrorMessage = s.StatusMessage; s.ErrorMessage != "" {
		return
	}
	if s.ErrorMessage = r.longText(dialect.ErrorMessage); s.ErrorMessage == "" {
		s.ErrorMessage = jsonval.CleanString(cmp.Or(message, answered.Get("message").Str()), &r.rep)
	}
}

// errorAnswered returns the error that a provider answered a model's call with: libraries that trace
// below HTTP keep the body of the response, whatever it is, and may leave the status of the span.
func (r *reading) errorAnswered() jsonval.Node {
	if !r.out.Kind.IsModel() || r.fed&(1<<dialect.OutputMessages) == 0 {
		return jsonval.Node{}
	}
	left := r.ready[dialect.OutputMessages]
	for src := r.next(dialect.OutputMessages, &left); src != nil; src = r.next(dialect.OutputMessages, &left) {
		if src.As != dialect.AsBody || src.slot < 0 || src.list || len(src.steps) > 0 || !r.usable(src) {
			continue
		}
		s := &r.slots[src.slot]
		if !mayBeError(s.value) {
			continue
		}
		if body := r.json(s); body.Len() <= errorMembers && body.Get("error").Get("message").Str() != "" {
			return body.Get("error")
		}
	}
	return jsonval.Node{}
}

// errorMembers is how many members a body has at most that is an error: its type and the request's id.
const errorMembers = 3

// mayBeError spares most bodies being parsed.
func mayBeError(v pcommon.Value) bool {
	if v.Type() == pcommon.ValueTypeMap {
		_, ok := v.Map().Get("error")
		return ok
	}
	body, _ := (value.Value{Attr: v}).Str()
	body = value.TrimBlanks(body)
	if strings.HasPrefix(body, `"{`) { // encoded once more
		return strings.Contains(body, `rror\"`)
	}
	rest, object := strings.CutPrefix(body, "{")
	rest = value.TrimBlanks(rest)
	return object && (strings.HasPrefix(rest, `"error"`) || strings.HasPrefix(rest, `"type"`) && strings.Contains(rest, `"error"`))
}

// firstText returns the first of the members of an object that is a text.
func firstText(n jsonval.Node, keys ...string) string {
	for _, key := range keys {
		if s := n.Get(key).Str(); s != "" {
			return s
		}
	}
	return ""
}

// failed asks the dialects of the span.
func (r *reading) failed() bool {
	for dialects := r.dialects & r.t.showFailure; dialects != 0; dialects &= dialects - 1 {
		if r.t.dialects[bits.TrailingZeros64(dialects)].Failed(r) {
			return true
		}
	}
	return false
}

// saysError reports whether a call, tool or agent without a status has the tag error, by which OpenTracing tells what failed, and
// programs after its example too.
func (r *reading) saysError() bool {
	s := &r.slots[r.t.unnamed[namesErrorMessage].slot]
	return s.set && r.out.Kind != KindOther && r.span.Status().Code() == ptrace.StatusCodeUnset &&
		s.value.Type() == pcommon.ValueTypeBool && s.value.Bool()
}

// endedInError reports whether a model's only reason to finish was an error, whatever the
// status of its span.
func (r *reading) endedInError() bool {
	reasons := r.out.FinishReasons
	return r.out.Kind == KindLLM && len(reasons) > 0 && !slices.ContainsFunc(reasons, func(reason string) bool { return reason != "error" })
}

func textOf(attrs pcommon.Map, key string) string {
	v, ok := attrs.Get(key)
	if !ok || v.Type() != pcommon.ValueTypeStr || content.Absent(v.Str()) {
		return ""
	}
	return v.Str()
}

// longText resolves a text field that no index holds.
func (r *reading) longText(f dialect.Field) (text string) {
	r.each(f, func(src *boundSource, v value.Value) bool {
		s, exact, ok := v.Text()
		if ok {
			text = jsonval.CleanString(s, &r.rep)
			r.took(src, exact && text == s)
		}
		return ok
	})
	return text
}

// fitted is text that is fit for an index, valid and at most maxKey bytes long, with what was
// done to make it so.
type fitted struct {
	text string
	rep  jsonval.Repairs
	cut  Adjustments
}

func fit(s string) (f fitted) {
	f.text = jsonval.CleanString(s, &f.rep)
	if len(f.text) <= maxKey {
		return f
	}
	end := maxKey
	for !utf8.RuneStart(f.text[end]) {
		end--
	}
	f.text, f.cut = f.text[:end], TextCut
	return f
}

// KeyText returns a text as columns hold it that have an index.
func KeyText(s string) string { return fit(s).text }

// key makes text of the span fit for an index.
func (r *reading) key(s string) string { return r.fitted(fit(s)) }

// fitted uses a text, for the span or what its spans share.
func (r *reading) fitted(f fitted) string {
	r.rep |= f.rep
	r.out.Adjustments |= f.cut
	return f.text
}
