package mapping

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// attrClass is what an attribute is, and so where its value is stored.
type attrClass uint8

const (
	classFact            attrClass = iota // among the attributes
	classStored                           // in a column or a content already
	classWords                            // in a content that the attribute refers to
	classUnknown                          // nobody knows the key: a fact if the value is no prose, and contents are kept
	classFactUnlessProse                  // a fact if the value is no prose
	classErrorText                        // a fact if contents are kept
)

// slot holds the attribute that a source is read from.
type slot struct {
	value   pcommon.Value
	time    pcommon.Timestamp // of the event, if the source is its time
	attr    int32             // index among the span's attributes, -1 for an event's
	event   int32             // index among the span's events
	info    *keyInfo
	set     bool
	parsed  bool
	half    bool            // a list of events of which one direction has been read
	part    bool            // a part of the attribute's value
	node    jsonval.Node    // the JSON of the value, once parsed,
	repairs jsonval.Repairs // and what was repaired
}

// hit is an attribute that belongs to a family.
type hit struct {
	slot  int16
	used  bool
	part  bool // a part of the attribute's value
	index int32
	attr  int32
	rest  string
	value pcommon.Value
}

// reading is the scratch of a batch and of the span of it being mapped.
type reading struct {
	t     *table
	norm  *content.Normalizer
	opts  *Options
	batch *Batch
	spans int // of the batch, to be kept room for
	chunk []byte
	ids   []content.ID
	// room for those of the next spans
	usageParts []UsageParts

	faults *faults
	around around
	notes  *notes // for Explain; nil when spans are mapped

	contentsBefore   int // of the batch before, to be kept room for
	jsonNeed, idNeed need

	keysRead    map[string]*keyRead             // keys seen before
	memberFacts map[string]map[string]tokenFact // of members of usage objects seen before, by the key around them
	nameKinds   map[string]kindFound            // of names of spans seen before
	valueKinds  map[string]kindFound            // of values that state a kind, seen before
	resources   map[string]*resource            // seen before, by appendPlain
	scopes      map[string]uint64               // dialects of scopes seen before, by name
	ofScope     func(string) uint64             // table.dialectsOfScope, bound once

	statements []statement

	span                    ptrace.Span
	out                     *Span
	scopeName, scopeVersion string
	dialects                uint64 // dialects the span is recognised as
	shows                   evidence
	stated                  []stated        // keys that state a kind
	linked                  pcommon.Map     // words of links by index, if any
	linkWords               content.Content // their content
	fed                     uint64          // fields with something in their slots
	ready                   readyLists      // what of the table the span has something for
	overrules               bool            // the kind is stronger than the operation
	copied, original        bool            // the span has a key that may be a copy, and one that may have been copied
	hasUnknown              bool            // the span has a key that no dialect knows, or means something else by
	hasNew                  bool            // the span has a key that no dialect has
	exception               int32           // index of the last exception event, -1: none
	scored                  bool            // an event tells a score

	slots   []slot
	touched []int16
	hits    []hit
	leaves  []leaf // stack of those being put into a tree
	indices []int32
	classes []attrClass
	read    []*keyRead // what each key is
	repeats []int32    // attributes whose keys have come before on the span
	first   keyRead    // stands before the first key of each span
	before  *keyRead   // the key before the one that is read next
	turn    uint64     // counts spans and records
	events  []eventState
	keys    ownKeys

	doc         jsonval.Doc
	rep         jsonval.Repairs // of all that is stored
	sourceRep   jsonval.Repairs // of the source being read
	buf         []byte
	aside       []byte              // what is written while buf is in use
	membersRead map[string]*keyRead // paths of members
	path        []byte              // of the member that is looked up
	members     int                 // of objects that may still be looked at
	prefixes    [numUnnamed]string  // of the indexed keys of an unknown emitter
	prefixed    bool                // there are some
	eventNames  map[string]eventName
	parsed      []value // attributes that parseOnce has read, with their JSON
	messages    []content.Message
	contents    []content.Content
	templates   templates    // of the attributes of records
	referred    []content.ID // contents that attributes and events refer to
}

// start readies the scratch for a span.
func (r *reading) start(span ptrace.Span, out *Span, dialects uint64) {
	r.span, r.out, r.dialects = span, out, dialects
	for _, s := range r.touched {
		r.slots[s] = slot{}
	}
	r.touched = r.touched[:0]
	r.keys.start()
	r.hits, r.classes, r.events, r.leaves = r.hits[:0], r.classes[:0], r.events[:0], r.leaves[:0]
	r.read, r.repeats = r.read[:0], r.repeats[:0]
	r.turn++
	r.before = &r.first
	r.fed, r.exception, r.scored, r.rep = r.t.nameFeeds, -1, false, 0
	copy(r.ready[:], r.t.always[:]) // an assignment would copy 16 bytes at a time
	r.shows, r.stated, r.copied, r.original, r.hasUnknown, r.hasNew = 0, r.stated[:0], false, false, false, false
	r.linked, r.linkWords = pcommon.Map{}, content.Content{}
	r.slots[r.t.name] = slot{attr: -1, event: -1, set: true}
	r.messages, r.parsed, r.referred = r.messages[:0], r.parsed[:0], r.referred[:0]
	r.doc.Reset()
}

// maxScratch bounds what a reading holds on to between batches.
const maxScratch = 1 << 12

// release lets go of the batch.
func (r *reading) release() {
	r.start(ptrace.Span{}, nil, 0)
	r.jsonNeed.learn(r.spans)
	r.idNeed.learn(r.spans)
	r.batch, r.chunk, r.ids, r.usageParts, r.around = nil, nil, nil, nil, around{}
	clear(r.hits[:cap(r.hits)])
	clear(r.events[:cap(r.events)])
	clear(r.messages[:cap(r.messages)])
	clear(r.contents[:cap(r.contents)])
	r.keys.release()
	clear(r.parsed[:cap(r.parsed)])
	clear(r.leaves[:cap(r.leaves)])
	clear(r.stated[:cap(r.stated)])
	if cap(r.hits) > maxScratch || cap(r.events) > maxScratch || cap(r.messages) > maxScratch {
		r.hits, r.leaves, r.events, r.messages, r.classes, r.read = nil, nil, nil, nil, nil, nil
	}
	if cap(r.buf) > 1<<20 {
		r.buf = nil
	}
	if cap(r.aside) > 1<<20 {
		r.aside = nil
	}
}

// scan looks each attribute of the span up once and files it in its slot.
func (r *reading) scan() {
	attrs := r.span.Attributes()
	r.classes = slices.Grow(r.classes[:0], attrs.Len())[:attrs.Len()]
	r.read = slices.Grow(r.read[:0], attrs.Len())[:attrs.Len()]
	i := int32(-1)
	for key, v := range attrs.All() {
		i++
		k := r.see(key, i)
		if info := k.info; info != nil {
			class := r.classOfKnown(info, v)
			if info.repeatsName && v.Type() == pcommon.ValueTypeStr && v.Str() == r.span.Name() {
				class = classFact
			}
			r.classes[i] = class
			r.note(&info.traits, v)
			r.file(info, v, i, -1)
			r.hasUnknown = r.hasUnknown || !info.shared
			continue
		}
		if f := k.family; f != nil && f.fields != 0 {
			r.classes[i] = classUnknown
			r.fileHit(f, hit{slot: f.slot, index: k.index, attr: i, rest: k.rest, value: v})
			continue
		}
		r.fileUnknown(k.traits, v, i)
		switch {
		case k.family == nil:
			r.hasNew = true
		case v.Type() == pcommon.ValueTypeStr:
			r.classes[i] = classWords // the family only says that texts are words
		}
	}
}

// fileUnknown files an attribute that no dialect knows by the words of its key.
func (r *reading) fileUnknown(t *traits, v pcommon.Value, attr int32) {
	r.classes[attr] = t.class(v)
	r.hasUnknown = true
	r.note(t, v)
	if t.names != namesNothing && t.count == noTokens {
		r.file(r.t.unnamed[t.names], v, attr, -1)
	}
	if t.count != noTokens && r.t.counts[t.count] != nil && !mayBeObject(v) {
		r.file(r.t.counts[t.count], v, attr, -1)
	}
	if t.usage && t.count == noTokens && !t.sums && r.around.scopeDialects == 0 && mayBeObject(v) {
		r.fileUsage(v, attr)
	}
}

// note notes what a key tells of the kind.
func (r *reading) note(t *traits, v pcommon.Value) {
	if t.rank != statesNoKind && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
		r.stated = append(r.stated, stated{t.rank, v})
	}
	if t.shows&^r.shows != 0 && says(v) {
		r.shows |= t.shows
	}
}

// says reports whether an attribute has a value that is no placeholder.
func says(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return false
	case pcommon.ValueTypeStr:
		return !content.Absent(v.Str()) && v.Str() != "[]"
	case pcommon.ValueTypeSlice:
		return v.Slice().Len() > 0
	}
	return true
}

const (
	// maxKeysRead bounds of how many keys, names and values the reading is remembered,
	// maxKeyLength how long such a key may be.
	maxKeysRead  = 4096
	maxKeyLength = 256
)

// remember reads the words of a key, a name or a value, once for those that come again.
func remember[T any](known map[string]T, key string, read func(string) T) T {
	t, ok := known[key]
	if ok {
		return t
	}
	if len(key) > maxKeyLength {
		return read(key)
	}
	if len(known) >= maxKeysRead {
		clear(known)
	}
	key = strings.Clone(key)
	t = read(key)
	known[key] = t
	return t
}

// keyRead is what a key is: one that dialects know, one of a family, or any other. Spans come
// with the same keys again and again: to remember what each is takes one look-up a key.
type keyRead struct {
	key    string
	info   *keyInfo
	family *family
	index  int32  // in a family: the index in the key,
	rest   string // and what follows
	traits *traits
	guess  *guess   // what the value is if an unknown emitter has it; nil: not read yet
	json   []byte   // the key and its colon among the attributes; nil for one that must be repaired
	seen   uint64   // the turn in which a span or record last had the key
	next   *keyRead // the key that came after it last: emitters write their keys in the same order
}

// lookUp reads a key, once for keys that come again.
func (r *reading) lookUp(key string) *keyRead {
	if k := r.keysRead[key]; k != nil {
		return k
	}
	if len(key) > maxKeyLength || len(r.keysRead) >= maxKeysRead {
		r.keys.doubtful = true
		r.first.next = nil // what is forgotten must not be found by its place
	}
	return remember(r.keysRead, key, r.t.read)
}

// see reads the key of the next attribute.
func (r *reading) see(key string, at int32) *keyRead {
	k := r.before.next
	if k == nil || k.key != key {
		k = r.lookUp(key)
		if len(key) <= maxKeyLength {
			r.before.next = k
		}
	}
	r.before = k
	if k.seen == r.turn {
		r.repeats = append(r.repeats, at)
	}
	k.seen = r.turn
	r.read[at] = k
	return k
}

func (t *table) read(key string) *keyRead {
	k := &keyRead{key: key, info: t.keys[key], json: keyJSON(key)}
	if k.info != nil {
		k.traits = &k.info.traits
		return k
	}
	k.family, k.index, k.rest = t.match(key)
	told := traitsOf(key[:min(len(key), maxKeyLength)])
	k.traits = &told
	return k
}

// settleOwn settles what carries words, and what facts, on spans of the dialects that
// this one turned out to be of.
func (r *reading) settleOwn() {
	for _, i := range r.touched {
		switch s := &r.slots[i]; {
		case s.info == nil || s.attr < 0 || s.part:
		case s.info.wordsOf&r.dialects != 0:
			r.classes[s.attr] = classWords
		case s.info.factOf&r.dialects != 0 && !s.info.words && s.info.fields&(1<<fErrorMessage) == 0:
			r.classes[s.attr] = classFact
		}
	}
}

// file puts an attribute into its slot; of two with one key, the first counts.
func (r *reading) file(info *keyInfo, v pcommon.Value, attr, event int32) {
	if v.Type() == pcommon.ValueTypeEmpty {
		return
	}
	if info.words {
		r.classify(attr, classWords)
	}
	r.dialects |= info.marks
	for _, m := range info.values {
		if v.Type() == pcommon.ValueTypeStr && v.Str() == m.value {
			r.dialects |= m.dialect
		}
	}
	s := &r.slots[info.slot]
	if s.set {
		return
	}
	s.value, s.attr, s.event, s.info, s.set = v, attr, event, info, true
	r.touch(info.slot)
	r.touchObject(info.slot, v)
	r.fed |= info.fields
	r.copied, r.original = r.copied || info.copied, r.original || info.original
}

func (r *reading) fileHit(f *family, h hit) {
	if h.value.Type() == pcommon.ValueTypeEmpty {
		return
	}
	if f.words {
		r.classes[h.attr] = classWords
	}
	r.dialects |= f.marks
	r.hits = append(r.hits, h)
	r.fed |= f.fields
	if s := &r.slots[f.slot]; !s.set {
		*s = slot{attr: h.attr, event: -1, set: true}
		r.touch(f.slot)
		r.original = r.original || f.original
	}
}

// usable reports whether the span has what the source reads, and may read it.
func (r *reading) usable(src *boundSource) bool {
	if src.slot >= 0 && !r.slots[src.slot].set || src.resource {
		return false
	}
	return src.kinds.has(r.out.Kind) && (!src.own || r.dialects&src.dialect != 0)
}

// each offers the sources of a field, in order of precedence, until one is taken.
func (r *reading) each(f field, try func(src *boundSource, v value) bool) {
	if r.fed&(1<<f) == 0 {
		return
	}
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.slot < 0 || !r.usable(src) {
			continue
		}
		v, ok := r.value(src)
		if ok && src.with != nil {
			v = src.with(r, v)
			ok = v.exists()
		}
		if ok && try(src, v) {
			r.notes.took(f, src)
			return
		}
	}
}

// value reads what a source points at.
func (r *reading) value(src *boundSource) (value, bool) {
	s := &r.slots[src.slot]
	if src.as == asName {
		return r.textValue(r.span.Name()), true
	}
	if src.list {
		return value{list: src.slot + 1}, src.with != nil
	}
	if len(src.steps) == 0 && src.as != asJSON {
		return value{attr: s.value}, true
	}
	n := r.json(s)
	if src.as == asJSON && !n.Exists() {
		return value{attr: s.value}, true
	}
	for _, spellings := range src.steps {
		n = child(n, spellings)
	}
	return value{node: n}, n.Exists() && n.Kind() != jsonval.Null
}

func child(n jsonval.Node, spellings []string) jsonval.Node {
	for _, key := range spellings {
		if key == "0" && n.Kind() == jsonval.Array {
			return n.First()
		}
		if c := n.Get(key); c.Exists() {
			return c
		}
	}
	return jsonval.Node{}
}

// json parses the JSON of a slot, once.
func (r *reading) json(s *slot) jsonval.Node {
	if s.parsed || !s.set {
		return s.node
	}
	s.parsed = true
	s.node = r.parse(s.value, &s.repairs)
	return s.node
}

// parse reads a value as JSON: encoded once or twice, or as Python prints a dict.
func (r *reading) parse(v pcommon.Value, repairs *jsonval.Repairs) jsonval.Node {
	switch v.Type() {
	case pcommon.ValueTypeStr:
	case pcommon.ValueTypeBytes:
		return r.parseMessagePack(v.Bytes().AsRaw())
	default:
		return r.doc.FromValue(v, repairs)
	}
	n, ok := r.doc.Parse(v.Str(), repairs)
	if !ok && strings.HasPrefix(trimBlanks(v.Str()), isPython) {
		n, ok = r.doc.Parse(pythonJSON.Replace(v.Str()), repairs)
	}
	if ok && n.Kind() == jsonval.String {
		if inner := n.Str(); strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[") {
			if again, ok := r.doc.Parse(inner, repairs); ok {
				return again
			}
			if strings.HasPrefix(inner, isPython) {
				if again, ok := r.doc.Parse(pythonJSON.Replace(inner), repairs); ok {
					return again
				}
			}
		}
	}
	return n
}

// isPython begins a dict as Python prints it.
const isPython = "{'"

var pythonJSON = strings.NewReplacer("'", `"`, "None", "null", "True", "true", "False", "false")

// classify notes what an attribute of the span is. Of a value that an event tells, whose
// attribute is below 0, there is nothing to note.
func (r *reading) classify(attr int32, class attrClass) {
	if attr >= 0 {
		r.classes[attr] = class
	}
}

// took notes that a column or content holds the attribute that a source read, if it does
// so losslessly.
func (r *reading) took(src *boundSource, lossless bool) {
	s := &r.slots[src.slot]
	if !lossless || len(src.steps) > 0 || s.part {
		return
	}
	if s.attr >= 0 {
		r.classes[s.attr] = classStored
		return
	}
	r.eventTook(s, src)
}

// text resolves a text field.
func (r *reading) text(f field) string {
	s, _ := r.textAt(f, 0)
	return s
}

// textAt resolves a text field, from sources of one rank only if rank is not 0,
// and returns the rank of the source.
func (r *reading) textAt(f field, rank int) (text string, from int) {
	if r.fed&(1<<f) == 0 {
		return "", 0
	}
	r.each(f, func(src *boundSource, v value) bool {
		if rank != 0 && src.rank != rank {
			return false
		}
		s, exact, ok := v.fact()
		if !ok && (f == fRequestModel || f == fResponseModel) {
			if text, is := v.str(); is && strings.TrimSpace(text) == "" {
				r.adjust(ModelEmpty, src)
			}
		}
		if !ok || refuses(f, s) {
			return false
		}
		kept := r.key(s)
		r.took(src, exact && kept == s)
		text, from = kept, src.rank
		return true
	})
	return text, from
}

// refuses reports whether a text is one that the field must not take.
func refuses(f field, s string) bool {
	switch f {
	case fRequestModel, fResponseModel:
		return s == "unknown" || s == "no-model" || s == "none"
	case fSessionID, fUserID:
		return s == "unknown" // what programs write for none: no session that all these spans share
	}
	return false
}

// peekText reads a text field without taking it.
func (r *reading) peekText(f field) (text string, ok bool) {
	r.each(f, func(_ *boundSource, v value) bool {
		text, _, ok = v.fact()
		return ok
	})
	return text, ok
}

// count resolves a number up to most; a larger one stays an attribute.
func (r *reading) count(f field, most int64) (n Int, from *boundSource) {
	r.each(f, func(src *boundSource, v value) bool {
		i, exact, ok := v.integer()
		if ok = ok && i <= most; !ok && usageFields&(1<<f) != 0 && saysSomething(v) {
			r.adjust(TokensInvalid, src)
		}
		if ok {
			r.took(src, exact)
			n, from = Int{i, true}, src
		}
		return ok
	})
	return n, from
}

// saysSomething reports whether a value is given at all.
func saysSomething(v value) bool {
	if s, is := v.str(); is {
		return !content.Absent(s)
	}
	return v.exists()
}

func (r *reading) boolean(f field) (b Bool) {
	r.each(f, func(src *boundSource, v value) bool {
		x, exact, ok := v.boolean()
		if ok {
			r.took(src, exact)
			b = Bool{x, true}
		}
		return ok
	})
	return b
}

// attr returns an attribute of the span by its key.
func (r *reading) attr(key string) value {
	v, ok := r.span.Attributes().Get(key)
	if !ok {
		return value{}
	}
	r.notes.asked(key)
	return value{attr: v}
}

// textValue makes a value of text.
func (r *reading) textValue(s string) value { return value{node: r.doc.String(s)} }

// parseOnce is the JSON of a value that no slot holds.
func (r *reading) parseOnce(v value) jsonval.Node {
	switch {
	case v.node.Exists() || !v.exists():
		return v.node
	case v.attr.Type() == pcommon.ValueTypeStr && !looksEncoded(v.attr.Str()):
		return jsonval.Node{}
	}
	for _, p := range r.parsed {
		if p.attr == v.attr {
			return p.node
		}
	}
	var ignored jsonval.Repairs
	n := r.parse(v.attr, &ignored)
	if len(r.parsed) < maxKeptParsed {
		r.parsed = append(r.parsed, value{attr: v.attr, node: n})
	}
	return n
}

// maxKeptParsed bounds the values of a span whose JSON is kept for the next field.
const maxKeptParsed = 16

// looksEncoded reports whether text may be a JSON object, list or quoted string.
func looksEncoded(s string) bool {
	s = trimBlanks(s)
	return s != "" && (s[0] == '{' || s[0] == '[' || s[0] == '"')
}

func isObject(n jsonval.Node) bool { return n.Kind() == jsonval.Object }

// decoded parses a string node that holds JSON.
func (r *reading) decoded(n jsonval.Node) value {
	if s := n.Str(); n.Kind() == jsonval.String && looksEncoded(s) {
		var ignored jsonval.Repairs
		if inner, ok := r.doc.Parse(s, &ignored); ok {
			return value{node: inner}
		}
	}
	return value{node: n}
}
