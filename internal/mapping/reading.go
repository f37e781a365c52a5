package mapping

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// slot holds the attribute that a source is read from.
type slot struct {
	value  pcommon.Value
	attr   int32 // index among the span's attributes, -1 for an event's
	event  int32 // index among the span's events
	parsed int32 // 1 + index among reading.parsed, once the JSON of the value is parsed
	set    bool
	half   bool // a list of events of which one direction has been read
	part   bool // a part of the attribute's value
}

// parsed is the JSON of an attribute, and what was repaired.
type parsed struct {
	attr    pcommon.Value
	node    jsonval.Node
	plain   bool // a text that is encoded once
	repairs jsonval.Repairs
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
	ownOf                   uint64          // dialects on whose spans alone a key is what it is
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
	left    []leftAttribute
	orders  [][]int32 // of attributes that are left, by their number
	first   keyRead   // stands before the first key of each span
	before  *keyRead  // the key before the one that is read next
	number  uint64    // of the span or record, counted up
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
	parsed      []parsed // attributes whose JSON was parsed
	messages    []content.Message
	contents    []content.Content
	templates   templates     // of the attributes of records
	scratch     Span          // for what a record has no columns for
	referred    []content.ID  // contents that attributes and events refer to
	usageBody   pcommon.Value // the body whose usage was looked for
	usageText   string        // that usage, as JSON text
}

// start readies the scratch for a span.
func (r *reading) start(span ptrace.Span, out *Span, dialects uint64) {
	r.forget()
	r.span, r.out, r.dialects = span, out, dialects
	r.keys.start()
	r.hits, r.classes, r.events, r.leaves = r.hits[:0], r.classes[:0], r.events[:0], r.leaves[:0]
	r.read, r.repeats = r.read[:0], r.repeats[:0]
	r.number++
	r.before = &r.first
	r.fed, r.exception, r.scored, r.rep = r.t.nameFeeds, -1, false, 0
	copy(r.ready[:], r.t.always[:]) // an assignment would copy 16 bytes at a time
	r.shows, r.stated, r.copied, r.original, r.hasUnknown, r.hasNew, r.ownOf = 0, r.stated[:0], false, false, false, false, 0
	r.slots[r.t.name] = slot{attr: -1, event: -1, set: true}
	r.messages, r.parsed, r.referred = r.messages[:0], r.parsed[:0], r.referred[:0]
}

// forget lets go of the span before.
func (r *reading) forget() {
	for _, s := range r.touched {
		r.slots[s] = slot{}
	}
	r.touched = r.touched[:0]
	r.span, r.out = ptrace.Span{}, nil
	r.linked, r.linkWords = pcommon.Map{}, content.Content{}
	r.usageBody, r.usageText = pcommon.Value{}, ""
	r.doc.Reset()
}

// maxScratch bounds what a reading holds on to between batches.
const maxScratch = 1 << 12

// release lets go of the batch.
func (r *reading) release() {
	r.forget()
	r.jsonNeed.learn(r.spans)
	r.idNeed.learn(r.spans)
	r.batch, r.chunk, r.ids, r.usageParts, r.around = nil, nil, nil, nil, around{}
	clear(r.hits[:cap(r.hits)])
	clear(r.events[:cap(r.events)])
	clear(r.left[:cap(r.left)])
	clear(r.messages[:cap(r.messages)])
	clear(r.contents[:cap(r.contents)])
	r.keys.release()
	clear(r.parsed[:cap(r.parsed)])
	clear(r.leaves[:cap(r.leaves)])
	clear(r.stated[:cap(r.stated)])
	if cap(r.hits) > maxScratch || cap(r.events) > maxScratch || cap(r.messages) > maxScratch || cap(r.left) > maxScratch {
		r.hits, r.leaves, r.events, r.messages, r.classes, r.read, r.left, r.orders = nil, nil, nil, nil, nil, nil, nil, nil
	}
	if cap(r.buf) > 1<<20 {
		r.buf = nil
	}
	if cap(r.aside) > 1<<20 {
		r.aside = nil
	}
}
