package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// An emitter is unknown if no dialect describes its spans. What such attributes, members of
// objects and events are is guessed by the words of the keys. A guess comes after every
// source of a dialect.

// guess is what an unknown emitter's key says of its value.
type guess struct {
	names unnamed
	// of an indexed key: what stands before the index, the index, and what follows
	prefix string
	index  int32
	rest   string

	elsewhere bool // a count under the key is not this span's own
}

// guess reads the span if it is an unknown emitter's, and of a known one what is new in it: the
// keys that no dialect has.
func (r *reading) guess() {
	switch {
	case !r.hasUnknown && len(r.events) == 0:
		return
	case (r.dialects|r.around.scopeDialects)&^(r.t.conventions|completionBit|chatBit|r.around.byHand) != 0:
		if r.hasNew {
			r.guessNew()
		}
		return
	}
	r.members = maxUnfolded
	if r.prefixed {
		r.prefixes, r.prefixed = [numUnnamed]string{}, false
	}
	i := int32(-1)
	byHand := r.around.byHand != 0
	for key, v := range r.span.Attributes().All() {
		i++
		k := r.read[i]
		if byHand && strings.HasPrefix(key, r.scopeName) {
			continue // what the tracer adds, sums of the spans below among them
		}
		if k.family != nil && k.family.fields != 0 || k.info != nil && k.info.shared {
			continue
		}
		g := k.guessed(key)
		if k.info != nil && k.traits.count != noTokens && !g.elsewhere && r.countsBoth() {
			// a name that a dialect uses too, without a name space: scan has filed no count
			r.fileCount(k.traits, v, guessPlace{attr: i, event: -1})
		}
		names := namesNothing
		if g.names != namesNothing {
			names = r.fileGuess(g, v, guessPlace{attr: i, event: -1})
		}
		switch {
		case k.family == nil && value.MayBeObject(v):
			r.unfold(key, names, v, i)
		case names == namesHits && r.listsDocuments(v):
			r.shows |= showsDocuments
		}
	}
	r.guessEvents()
}

// guessNew reads the keys of a span that no dialect has, though one describes the span: a later
// version may have them.
func (r *reading) guessNew() {
	i := int32(-1)
	for key, v := range r.span.Attributes().All() {
		i++
		if k := r.read[i]; k.info == nil && k.family == nil {
			if g := k.guessed(key); g.prefix == "" && g.names != namesNothing {
				r.fileGuess(g, v, guessPlace{attr: i, event: -1})
			}
		}
	}
}

// countsBoth reports whether keys of the span count input and output.
func (r *reading) countsBoth() bool {
	input, output := false, false
	for _, k := range r.read {
		input = input || k.traits.count == tokensInput
		output = output || k.traits.count == tokensOutput
	}
	return input && output
}

// listsDocuments reports whether the first element of a list is a document.
func (r *reading) listsDocuments(v pcommon.Value) bool {
	return isDocument(r.ParseOnce(value.Value{Attr: v}).First())
}

func isDocument(n jsonval.Node) bool {
	for _, key := range [...]string{"content", "page_content", "text", "document", "score"} {
		if n.Get(key).Exists() {
			return true
		}
	}
	return false
}

// guessed is what the key is on an unknown emitter's span.
func (k *keyRead) guessed(key string) *guess {
	if k.guess == nil {
		g := guessOf(strings.Clone(key[:min(len(key), maxKeyLength)]))
		k.guess = &g
	}
	return k.guess
}

// isGeneral reports whether a key is of a name space that programs without a model have.
func isGeneral(key string) bool {
	head, _, dotted := strings.Cut(key, ".")
	return dotted && generalNamespaces[head] && !applicationNamespaces[head]
}

func guessOf(key string) guess {
	if isGeneral(key) {
		return guess{}
	}
	if prefix, index, rest, ok := cutAtIndex(key); ok {
		return guess{names: unknownKeyOf(keywords.Of(prefix)), prefix: prefix, index: index, rest: rest}
	}
	words := keywords.Of(key)
	return guess{names: unknownKeyOf(words), elsewhere: keywords.Any(words, countedElsewhere)}
}

// countedElsewhere are words of counts that are of more than one call, or of another one.
var countedElsewhere = keywords.Set("parent previous prev root caller target source remote saved session daily cumulative budget limit")

// cutAtIndex cuts a key at its first index, as in a.0.b and a[0].b.
func cutAtIndex(key string) (prefix string, index int32, rest string, ok bool) {
	for i := 1; i < len(key)-1; i++ {
		after := key[i+1:]
		switch key[i] {
		case '[':
			after = strings.Replace(after, "]", "", 1)
		case '.':
		default:
			continue
		}
		if index, rest, ok := cutIndex(after); ok {
			return key[:i], index, rest, true
		}
	}
	return "", 0, "", false
}

// isSaid reports whether the value feeds a content.
func (n unnamed) isSaid() bool { return saidNames[n] }

var saidNames = func() (said [numUnnamed]bool) {
	for n, feeds := range unknownFeeds {
		said[n] = len(feeds) > 0 && fields[feeds[0].field].words()
	}
	return said
}()

// bodyOf is what stands for the key of a body in the paths of its members; empty for what is no
// body.
func (n unnamed) bodyOf() string {
	switch n {
	case namesRequest, namesInput, namesCallArguments:
		return "request"
	case namesAnswer, namesOutput, namesCallResult:
		return "response"
	}
	return ""
}

// guessPlace is where something is filed from: an attribute of the span or an event, or a part
// of it.
type guessPlace struct {
	attr, event int32
	part        bool
	shown       string // what Explain calls it, if not by the attribute's key
}

// fileGuess files a value by what its key says, and returns that.
func (r *reading) fileGuess(g *guess, v pcommon.Value, at guessPlace) unnamed {
	switch t := v.Type(); {
	case g.names == namesNothing, g.prefix != "" && r.t.lists[g.names] == nil:
		return namesNothing
	case g.prefix != "":
		r.fileIndexed(g, v, at)
		return g.names
	case g.names.isSaid() && t != pcommon.ValueTypeStr && t != pcommon.ValueTypeMap && t != pcommon.ValueTypeSlice,
		!g.names.isSaid() && value.MayBeObject(v):
		return namesNothing
	}
	r.filePlace(r.t.unnamed[g.names], v, at)
	return g.names
}

// fileIndexed files an indexed key, of several families the first one's.
func (r *reading) fileIndexed(g *guess, v pcommon.Value, at guessPlace) {
	if r.prefixes[g.names] == "" {
		r.prefixes[g.names], r.prefixed = g.prefix, true
	}
	if r.prefixes[g.names] != g.prefix || at.attr < 0 {
		return
	}
	info := r.t.lists[g.names]
	r.hits = append(r.hits, hit{slot: info.slot, index: g.index, attr: at.attr, rest: g.rest, value: v, part: at.part})
	r.fed |= info.fields
	if s := &r.slots[info.slot]; !s.set {
		*s = slot{attr: at.attr, event: -1, set: true, part: at.part}
		r.touch(info.slot)
	}
}

func (r *reading) fileCount(t *traits, v pcommon.Value, at guessPlace) {
	if t.count != noTokens && r.t.counts[t.count] != nil && !value.MayBeObject(v) {
		r.filePlace(r.t.counts[t.count], v, at)
	}
}

// filePlace files a value, of which the attribute or event may say more.
func (r *reading) filePlace(info *keyInfo, v pcommon.Value, at guessPlace) {
	if s := &r.slots[info.slot]; !s.set && v.Type() != pcommon.ValueTypeEmpty {
		r.file(info, v, at.attr, at.event)
		s.part = at.part
		r.notes.placed(info.slot, at.shown)
	}
}

const (
	// maxUnfolded bounds the members of a span's objects that are looked at, maxUnfoldedDepth how
	// deep they lie.
	maxUnfolded      = 256
	maxUnfoldedDepth = 6
)

// bodyMembers are members that show an object to be the body of a request or an answer.
var bodyMembers = [...]string{"model", "messages", "usage", "usageMetadata", "usage_metadata", "choices", "candidates", "contents"}

func isBody(n jsonval.Node) bool {
	return slices.ContainsFunc(bodyMembers[:], func(key string) bool { return n.Get(key).Exists() })
}

// hasParameter reports whether arguments may be those of a model.
func hasParameter(n jsonval.Node) bool {
	for c := n.First(); c.Exists(); c = c.Next() {
		if names := unknownKeyOf(keywords.Of(c.Key())); names >= namesTemperature && names < numUnnamed {
			return true
		}
	}
	return false
}

// unfold files the members of an object as if each were an attribute, unless the object is
// something said and no body.
func (r *reading) unfold(key string, names unnamed, v pcommon.Value, attr int32) {
	if names.isSaid() && names.bodyOf() == "" {
		return
	}
	u := unfolding{attr: attr, structured: v.Type() == pcommon.ValueTypeMap, path: key, shown: r.notes.memberOf(key, "")}
	r.unfoldNode(r.ParseOnce(value.Value{Attr: v}), names, &u, 1)
}

// unfolding is an object whose members are filed.
type unfolding struct {
	attr       int32
	structured bool
	path       string // the key that the object would have as an attribute
	shown      string // what Explain calls the object
}

// unfoldNode files the members of an object.
func (r *reading) unfoldNode(n jsonval.Node, names unnamed, u *unfolding, depth int) {
	if !value.IsObject(n) || depth > maxUnfoldedDepth {
		return
	}
	if names.isSaid() {
		if names.bodyOf() == "" || !isBody(n) && (names != namesCallArguments || !hasParameter(n)) {
			return
		}
		u.path = names.bodyOf() // bodies are read alike, wherever they are
	}
	if toolCallTypes[n.Get("type").Str()] && n.Get("name").Exists() {
		u.path = "tool_call"
	}
	for c := n.First(); c.Exists() && r.members > 0; c = c.Next() {
		r.members--
		r.unfoldMember(c, u, depth)
	}
}

// toolCallTypes are the types of objects that are calls of tools.
var toolCallTypes = keywords.Set("tool_use tool_call function_call toolCall")

// unfoldMember files a member, and its own members.
func (r *reading) unfoldMember(c jsonval.Node, u *unfolding, depth int) {
	k := r.lookUpMember(u.path, c.Key())
	m := unfolding{attr: u.attr, structured: u.structured && value.IsObject(c), path: k.key, shown: r.notes.memberOf(u.shown, c.Key())}
	names := namesNothing
	if k.isRead(m.path) {
		v := r.attrValue(c)
		names = r.fileMember(k, m.path, v, guessPlace{attr: u.attr, event: -1, part: true, shown: m.shown})
		r.noteMember(k.traits, v, u.structured)
	}
	if k.traits.words && c.Kind() >= jsonval.String {
		r.classes[u.attr] = classWords
	}
	inner := r.Decoded(c).Node
	if names == namesHits && u.structured && isDocument(inner.First()) {
		r.shows |= showsDocuments
	}
	r.unfoldNode(inner, names, &m, depth+1)
}

// isRead reports whether fileMember or noteMember would do anything with a member. Most members
// of objects that may hold anything are nothing, and a value of their own takes three allocations.
func (k *keyRead) isRead(path string) bool {
	switch {
	case k.traits.rank != statesNoKind, k.traits.shows != 0, k.info != nil && k.info.shared:
		return true
	case k.family != nil && k.family.fields != 0:
		return false
	}
	return k.traits.count != noTokens || k.guessed(path).names != namesNothing
}

// fileMember files a member of an object or of an event under the key that it would have as an
// attribute.
func (r *reading) fileMember(k *keyRead, path string, v pcommon.Value, at guessPlace) unnamed {
	switch {
	case k.info != nil && k.info.shared:
		r.filePlace(k.info, v, at)
		return namesNothing
	case k.family != nil && k.family.fields != 0:
		return namesNothing
	}
	g := k.guessed(path)
	if !g.elsewhere {
		r.fileCount(k.traits, v, at)
	}
	return r.fileGuess(g, v, at)
}

// noteMember notes what a member tells of the kind: of a JSON text, which may be what somebody
// said, no more than that it mentions models.
func (r *reading) noteMember(t *traits, v pcommon.Value, structured bool) {
	switch {
	case structured:
		r.note(t, v)
	case says(v):
		r.shows |= t.shows & (showsAI | showsModel | showsProvider | showsRun)
	}
}

// lookUpMember reads the path of a member of an object or of an event, which is its key alone
// where the object has none. Members are many, and their keys may be anything: they must not
// crowd out the keys of attributes.
func (r *reading) lookUpMember(object, member string) *keyRead {
	r.path = append(r.path[:0], object...)
	if object != "" {
		r.path = append(r.path, '.')
	}
	r.path = append(r.path, member...)
	if k := r.keysRead[string(r.path)]; k != nil {
		return k
	}
	if k := r.membersRead[string(r.path)]; k != nil {
		return k
	}
	return remember(r.membersRead, string(r.path), r.t.read)
}

// attrValue makes a member of an object the value of an attribute.
func (r *reading) attrValue(n jsonval.Node) pcommon.Value {
	switch n.Kind() {
	case jsonval.Null, jsonval.Absent:
		return pcommon.NewValueEmpty()
	case jsonval.String:
		return pcommon.NewValueStr(n.Str())
	case jsonval.Bool:
		b, _ := n.Bool()
		return pcommon.NewValueBool(b)
	case jsonval.Number:
		if i, ok := n.Int(); ok {
			return pcommon.NewValueInt(i)
		}
		f, _ := n.Float()
		return pcommon.NewValueDouble(f)
	}
	var ignored jsonval.Repairs
	r.aside = jsonval.Append(r.aside[:0], n, &ignored)
	return pcommon.NewValueStr(string(r.aside))
}
