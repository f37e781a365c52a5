package mapping

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// table is what the dialects compile to: one lookup for an attribute key, then
// ordered sources for each field.
type table struct {
	keys     map[string]*keyInfo
	families map[string][]*family // by the key's first segment
	events   map[string]*eventInfo
	sources  [dialect.NumFields][]boundSource
	kinds    []*boundRule
	scopes   map[string]uint64 // dialects by the name of the scope
	byHand   map[string]uint64 // dialects by those of the scopes whose spans programs begin themselves
	// dialects of scopes that begin so
	scopePrefixes []scopePrefix
	// dialects that tell of failures which no status shows
	showFailure uint64
	grouped     uint64 // dialects that write groups of facts, counts of tokens among them, as JSON
	passOn      uint64 // dialects that know spans whose usage is of what they were given
	// namesSessions are dialects of programs that name their sessions on spans.
	namesSessions uint64
	dialects      []*dialect.Dialect // by bit
	// slots of what message and document events tell, and the bit of reading.dialects that
	// marks a text completion
	input, output, documents int16
	// slot that stands for the name of the span, and the fields it feeds
	name      int16
	nameFeeds uint64
	slots     int
	infos     []*[infosAtOnce]keyInfo // of the slots of keys
	// what the slots feed, those of a slot from one of feedsFrom to the next
	feeds     []feed
	feedsFrom []uint16
	// what every span has something for, and the rules that read the name of a dialect's spans
	always    readyLists
	nameRules []*positions // by dialect; nil for most
	nameRuled uint64       // dialects that have some
	// dialects that only a certain value of a key shows, by the key's slot
	markValues map[int16][]markValue
	// counts are what token counts of emitters that nobody described are filed under, by
	// what the words of their keys say.
	counts  [numTokenFacts]*keyInfo
	unnamed [numUnnamed]*keyInfo
	// lists are what indexed keys of unknown emitters are filed under.
	lists [numUnnamed]*keyInfo
	// guessedEvents are the slots of events of unknown emitters that tell input and output, firstToken
	// that of the first part of an answer.
	guessedEvents [2]int16
	firstToken    int16
	// conventions are the dialects that do not name the emitter.
	conventions uint64
	// excluded are, by exclusion, the dialects that its mark shows.
	excluded []uint64
	copies   []copyRule
}

// maxSources is more than any dialect has for a field; ranks are spread by it, so
// that each source has its own.
const maxSources = 100

// completionBit and chatBit are the bits of reading.dialects for text completions and
// for chats.
const (
	chatBit       = 1 << dialect.MaxDialects
	completionBit = chatBit << 1
)

// keyInfo is what is known of an attribute key.
type keyInfo struct {
	slot   int16
	fields uint64 // set of fields it may feed
	marks  uint64 // dialects it shows
	valued bool   // only certain values show a dialect: table.markValues
	words  bool
	fact   bool // a column holds its value whole
	// repeatsName says that the value is no words where it is the name of the span.
	repeatsName bool
	// copied and original say that the normaliser makes a copy of, or under, the key.
	copied, original bool
	// factOf are the dialects on whose spans alone the attribute is a fact.
	factOf uint64
	traits traits // what its words tell
	// shared says that the attribute means the same on spans that no dialect describes.
	shared bool
	// wordsOf are the dialects on whose spans alone the attribute carries words.
	wordsOf uint64
}

type markValue struct {
	value   string
	dialect uint64
}

// eventInfo is what is known of span events of one name.
type eventInfo struct {
	message  *dialect.MessageEvent
	document *dialect.DocumentEvent
	time     int16 // slot of the time of the first one, or -1
	attrs    map[string]*keyInfo
}

// boundSource is a source with its slots.
type boundSource struct {
	*dialect.Source
	dialect uint64 // 0: any emitter's
	ownOf   uint64 // the dialect on whose spans alone the source is read; 0: any span
	rank    int
	kinds   dialect.KindSet
	slot    int16 // of the attribute or family; the first of answer
	parts   [answerParts]int16
	steps   [][]string
	list    bool // the slot is that of an indexed family
	asGiven bool // the value is the attribute's
	guessed bool // by the words of a key
}

type boundRule struct {
	*dialect.KindRule
	dialect uint64
	slot    int16 // -1: the name of the span
}

type scopePrefix struct {
	prefix  string
	dialect uint64
}

// compiled is the table of all registered dialects.
var compiled = sync.OnceValue(func() *table { return compile(dialect.All()) })

func compile(all []*dialect.Dialect) *table {
	t := &table{keys: map[string]*keyInfo{}, families: map[string][]*family{}, events: map[string]*eventInfo{}, scopes: map[string]uint64{}, byHand: map[string]uint64{}, markValues: map[int16][]markValue{}}
	t.input, t.output, t.documents, t.name = t.newSlot(), t.newSlot(), t.newSlot(), t.newSlot()
	slices.SortStableFunc(all, func(a, b *dialect.Dialect) int { return dialect.Level(a.Name).Rank() - dialect.Level(b.Name).Rank() })
	for i, d := range all {
		t.addDialect(d, 1<<i)
	}
	t.addCounts()
	t.addUnnamed()
	t.addNames()
	t.addAnswers()
	t.addUnknownEvents()
	t.addCopies()
	for _, e := range dialect.Exclusions {
		t.excluded = append(t.excluded, t.marksOf(e.Mark))
	}
	for f := range t.sources {
		slices.SortStableFunc(t.sources[f], func(a, b boundSource) int { return cmp.Compare(a.rank, b.rank) })
	}
	slices.SortStableFunc(t.kinds, func(a, b *boundRule) int { return cmp.Compare(a.Group, b.Group) })
	t.link()
	for i := range t.sources[dialect.InputTokens] {
		if src := &t.sources[dialect.InputTokens][i]; t.isMember(src) {
			t.grouped |= src.dialect
		}
	}
	return t
}

// dialectOf names the dialect of a source.
func (t *table) dialectOf(src *boundSource) string {
	if src.dialect == 0 {
		return "any emitter"
	}
	return t.dialects[bits.TrailingZeros64(src.dialect)].Name
}

// addCounts adds, as the last source of each count, what the words of a key say.
func (t *table) addCounts() {
	for fact := range numTokenFacts {
		f := tokenFields[fact]
		if f == 0 {
			continue
		}
		info := t.newKey()
		info.fields = 1 << f
		t.counts[fact] = info
		t.sources[f] = append(t.sources[f], boundSource{
			Source: &dialect.Source{Attr: tokenFactNames[fact]}, rank: math.MaxInt - int(fact), kinds: dialect.AnyKind, slot: info.slot,
		})
	}
}

func (t *table) addDialect(d *dialect.Dialect, bit uint64) {
	t.dialects = append(t.dialects, d)
	if d.Failed != nil {
		t.showFailure |= bit
	}
	if d.PassesOn != nil {
		t.passOn |= bit
	}
	if d.NamesSessions {
		t.namesSessions |= bit
	}
	if d.Convention {
		t.conventions |= bit
	}
	for _, name := range d.ByHand {
		t.byHand[name] |= bit
	}
	for _, s := range d.Scopes {
		name, prefix := strings.CutSuffix(s, "*")
		if prefix {
			t.scopePrefixes = append(t.scopePrefixes, scopePrefix{name, bit})
		} else {
			t.scopes[name] |= bit
		}
	}
	for _, m := range d.Marks {
		t.mark(m, bit)
	}
	for _, m := range d.Completion {
		t.mark(m, completionBit)
	}
	for _, m := range d.Chat {
		t.mark(m, chatBit)
	}
	for f := range dialect.Field(dialect.NumFields) {
		for i := range d.Sources[f] {
			t.addSource(d, bit, f, i)
		}
	}
	for i := range d.Kinds {
		rule := &boundRule{KindRule: &d.Kinds[i], dialect: bit, slot: -1}
		if rule.Attr != "" {
			info := t.lookupOrAdd(rule.Attr)
			rule.slot = info.slot
			info.shared = info.shared || !rule.Own
			info.knowFact(rule.Own, bit)
		}
		t.kinds = append(t.kinds, rule)
	}
	for _, w := range d.Words {
		info := t.lookupOrAdd(w)
		info.words, info.shared = true, true
	}
	for _, f := range d.Facts {
		info := t.lookupOrAdd(f)
		info.fact, info.shared = true, true
	}
	for _, name := range d.Names {
		t.lookupOrAdd(name).repeatsName = true
	}
	for _, w := range d.OwnWords {
		t.key(w).wordsOf |= bit
	}
	for i := range d.Messages {
		t.event(d.Messages[i].Event).message = &d.Messages[i]
	}
	for i := range d.Documents {
		t.event(d.Documents[i].Event).document = &d.Documents[i]
	}
}

func (t *table) mark(mark string, bit uint64) {
	key, value, valued := strings.Cut(mark, "=")
	info := t.lookupOrAdd(key)
	info.shared = true
	if valued {
		info.valued = true
		t.markValues[info.slot] = append(t.markValues[info.slot], markValue{value, bit})
	} else {
		info.marks |= bit
	}
}

// marksOf are the dialects that a key shows whatever its value.
func (t *table) marksOf(key string) uint64 {
	if info := t.keys[key]; info != nil {
		return info.marks
	}
	return 0
}

func (t *table) addSource(d *dialect.Dialect, bit uint64, f dialect.Field, i int) {
	s := &d.Sources[f][i]
	b := boundSource{Source: s, dialect: bit, kinds: fields[f].on()}
	b.rank = 2 * (cmp.Or(s.At, dialect.Level(d.Name)).Rank()*maxSources + i)
	if s.As == dialect.AsName && f == dialect.AgentName && s.At.IsLast() {
		b.rank = math.MaxInt - 1 // any attribute that names the agent goes before
	}
	if s.Only != 0 {
		b.kinds = s.Only
	}
	for _, step := range strings.FieldsFunc(s.Path, func(r rune) bool { return r == '.' }) {
		b.steps = append(b.steps, strings.Split(step, "|"))
	}
	b.slot = t.bind(s, f, bit)
	if s.Answer != nil {
		for i, key := range answerKeys(s.Answer) {
			b.parts[i] = -1
			if key != "" {
				t.key(key).shared = true
				b.parts[i] = t.feed(t.key(key), f)
			}
		}
		b.slot = -1
	}
	b.list = strings.Contains(s.Attr, ".#")
	if s.Attr != "" && s.Event == "" && !fields[f].words() && len(b.steps) == 0 && s.As != dialect.AsBody && s.As != dialect.AsWrapped && s.With == nil {
		t.lookupOrAdd(s.Attr).knowFact(s.Own, bit)
	}
	if s.Own {
		b.ownOf = bit
	}
	t.sources[f] = append(t.sources[f], b)
	t.addBase(&b, f, bit)
}

// addBase lets the base key of an indexed family hold the whole list, as JSON or, of
// messages, as text.
func (t *table) addBase(b *boundSource, f dialect.Field, bit uint64) {
	base, indexed := strings.CutSuffix(b.Attr, ".#")
	if !indexed || !fields[f].words() || b.With != nil || len(b.Heads) > 0 && f != dialect.InputMessages && f != dialect.OutputMessages {
		return
	}
	if slices.ContainsFunc(t.sources[f], func(other boundSource) bool { return other.Attr == base && len(other.steps) == 0 }) {
		return
	}
	s := *b.Source
	s.Attr, s.Drop, s.Heads, s.Blocks = base, nil, nil, false
	s.With, s.Note = dialect.Undotted(b.Drop), "as one list"
	t.sources[f] = append(t.sources[f], boundSource{
		Source: &s, dialect: b.dialect, ownOf: b.ownOf, rank: b.rank + 1, kinds: b.kinds, slot: t.bindAttribute(&s, f, bit),
	})
}

// knowFact notes that the value is a fact, on spans of a dialect only if own.
func (k *keyInfo) knowFact(own bool, dialect uint64) {
	if own {
		k.factOf |= dialect
	} else {
		k.fact = true
	}
}

// bind returns the slot of what a source is read from; -1 for an answer, which has
// several.
func (t *table) bind(s *dialect.Source, f dialect.Field, bit uint64) int16 {
	switch {
	case s.Answer != nil:
		return -1
	case s.As == dialect.AsName:
		t.nameFeeds |= 1 << f
		return t.name
	case s.As == dialect.AsDocumentEvents:
		return t.documents
	case s.As == dialect.AsMessageEvents && f == dialect.InputMessages:
		return t.input
	case s.As == dialect.AsMessageEvents:
		return t.output
	case s.Event != "":
		return t.bindEvent(s, f)
	}
	return t.bindAttribute(s, f, bit)
}

func (t *table) bindEvent(s *dialect.Source, f dialect.Field) int16 {
	e := t.event(s.Event)
	if s.Attr == "" {
		if e.time < 0 {
			e.time = t.newSlot()
		}
		return e.time
	}
	k := e.attrs[s.Attr]
	if k == nil {
		k = t.newKey()
		e.attrs[s.Attr] = k
	}
	return t.feed(k, f)
}

func (t *table) bindAttribute(s *dialect.Source, f dialect.Field, bit uint64) int16 {
	info := t.lookupOrAdd(s.Attr)
	info.shared = info.shared || !s.Own
	if fam := t.family(s.Attr); fam != nil {
		fam.except = append(fam.except, s.Except...)
	}
	switch {
	case s.Own && fields[f].words():
		info.wordsOf |= bit
		info.fields |= 1 << f
	case s.Mixed:
		info.fields |= 1 << f
	default:
		t.feed(info, f)
	}
	return info.slot
}

func (t *table) feed(k *keyInfo, f dialect.Field) int16 {
	k.fields |= 1 << f
	k.words = k.words || fields[f].words()
	return k.slot
}

func (t *table) newSlot() int16 {
	t.slots++
	return int16(t.slots - 1)
}

// infosAtOnce is how many infos of keys are one object, so that the garbage collector has few to
// mark.
const infosAtOnce = 64

// newKey returns the info of a key that has a slot of its own.
func (t *table) newKey() *keyInfo {
	slot := t.newSlot()
	for len(t.infos) <= int(slot)/infosAtOnce {
		t.infos = append(t.infos, &[infosAtOnce]keyInfo{})
	}
	k := t.info(slot)
	k.slot = slot
	return k
}

// info is what is known of the key that has a slot; nothing if none has.
func (t *table) info(slot int16) *keyInfo { return &t.infos[slot/infosAtOnce][slot%infosAtOnce] }

func (t *table) key(name string) *keyInfo {
	k := t.keys[name]
	if k == nil {
		k = t.newKey()
		k.traits = traitsOf(name)
		t.keys[name] = k
	}
	return k
}

func (t *table) event(name string) *eventInfo {
	e := t.events[name]
	if e == nil {
		e = &eventInfo{time: -1, attrs: map[string]*keyInfo{}}
		t.events[name] = e
	}
	return e
}

// eventOf returns what is known of an event, whose name may end in an index.
func (t *table) eventOf(name string) *eventInfo {
	if e := t.events[name]; e != nil || name == "" {
		return e
	}
	family := strings.TrimRight(name, "0123456789")
	if len(family) == len(name) || !strings.HasSuffix(family, ".") {
		return nil
	}
	return t.events[family+"#"]
}

// lookupOrAdd returns the info of a key or of a family ("a.*", "a.#", "a.#.b").
func (t *table) lookupOrAdd(name string) *keyInfo {
	f := t.family(name)
	if f != nil {
		return &f.keyInfo
	}
	if f = familyOf(name); f == nil {
		return t.key(name)
	}
	f.slot = t.newSlot()
	head, _, _ := strings.Cut(f.prefix, ".")
	t.families[head] = append(t.families[head], f)
	return &f.keyInfo
}
