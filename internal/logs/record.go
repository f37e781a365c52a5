package logs

import (
	"crypto/sha256"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// record is a log record being read.
type record struct {
	plog.LogRecord
	scope pcommon.InstrumentationScope
	res   pcommon.Resource
	// body is the record's body where that is a map of attributes.
	body pcommon.Map
	has  bool // body is set
	// flat are the attributes that came as a map under conventionKey, by their dotted names.
	flat pcommon.Map
	name string
	weak bool               // nothing but the body is the name
	turn *[sha256.Size]byte // the hash of its turn, once known
}

// absent reports whether a value says nothing.
func absent(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return true
	case pcommon.ValueTypeStr:
		return content.Absent(v.Str())
	}
	return false
}

// get returns an attribute of the record, of its body or of its resource, unless that
// says nothing.
func (r *record) get(key string) (pcommon.Value, bool) {
	for _, in := range [...]pcommon.Map{r.Attributes(), r.flat, r.body} {
		if in == (pcommon.Map{}) {
			continue
		}
		if v, ok := in.Get(key); ok && !absent(v) {
			return readable(v), true
		}
	}
	return pcommon.Value{}, false
}

// readable is a value with bytes that are text as text.
func readable(v pcommon.Value) pcommon.Value {
	if v.Type() == pcommon.ValueTypeBytes {
		if text := v.Bytes().AsRaw(); utf8.Valid(text) {
			return pcommon.NewValueStr(string(text))
		}
	}
	return v
}

// conventionKey begins the names of the conventions' attributes.
const (
	conventionKey   = "gen_ai"
	conventionUsage = "gen_ai.usage."
)

// wholeMaps are the attributes of the conventions whose values are maps.
var wholeMaps = map[string]bool{toolArguments: true, toolResult: true, "gen_ai.evaluation.explanation": true}

// flatten takes attributes that came nested, as {"gen_ai": {"usage": {…}}}, by their names.
func (r *record) flatten() {
	for _, in := range [...]pcommon.Map{r.Attributes(), r.body} {
		if in == (pcommon.Map{}) {
			continue
		}
		if v, ok := in.Get(conventionKey); ok && v.Type() == pcommon.ValueTypeMap {
			if r.flat == (pcommon.Map{}) {
				r.flat = pcommon.NewMap()
			}
			left := maxMembers
			flatten(conventionKey, v.Map(), r.flat, maxDepth, &left)
		}
	}
}

// maxMembers bounds how many attributes of a record are looked at for those of a span: a map of OTLP is a list, to which
// nothing is added without a look at all before. The record's row has all of them.
const maxMembers = 1000

// flatten takes the members of a map by their names, of which left says how many more are taken.
func flatten(name string, from, to pcommon.Map, levels int, left *int) {
	for key, v := range from.All() {
		if *left--; *left < 0 {
			return
		}
		switch key = name + "." + key; {
		case v.Type() == pcommon.ValueTypeMap && !wholeMaps[key] && levels > 0 && len(key) <= maxName:
			flatten(key, v.Map(), to, levels-1, left)
		default:
			if _, there := to.Get(key); !there {
				copyValue(v, to.PutEmpty(key))
			}
		}
	}
}

// text returns a scalar as text; "" for anything else.
func text(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool())
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	}
	return ""
}

// number returns a number, whatever the type in which it came.
func number(v pcommon.Value) (float64, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return float64(v.Int()), true
	case pcommon.ValueTypeDouble:
		return v.Double(), !math.IsNaN(v.Double()) && !math.IsInf(v.Double(), 0)
	case pcommon.ValueTypeStr:
		f, err := strconv.ParseFloat(strings.TrimSpace(v.Str()), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

var (
	// sourceLocation is what the Rust SDK writes where the name of an event belongs.
	sourceLocation = regexp.MustCompile(`^event \S+:\d+$`)
	dottedName     = regexp.MustCompile(`^[a-zA-Z][\w-]*(\.[\w-]+)+$`)
)

// maxName bounds the length of a name that is looked at.
const maxName = 256

// eventName returns the name of the event that a record is; "" if it is none.
func (r *record) eventName() string {
	for _, key := range []string{"event.name", "event_name"} {
		if v, ok := r.get(key); ok && v.Type() == pcommon.ValueTypeStr {
			return v.Str()
		}
	}
	if name := r.EventName(); name != "" && (len(name) > maxName || !sourceLocation.MatchString(name)) {
		return name
	}
	if b := r.Body(); b.Type() == pcommon.ValueTypeStr && len(b.Str()) <= maxName && dottedName.MatchString(b.Str()) {
		r.weak = true
		return b.Str()
	}
	return ""
}

// time returns when the event happened: the record's time, else when the record was
// observed, else what an attribute says; 0 if nothing does.
func (r *record) time() pcommon.Timestamp {
	switch {
	case r.Timestamp() != 0:
		return r.Timestamp()
	case r.ObservedTimestamp() != 0:
		return r.ObservedTimestamp()
	}
	if v, ok := r.get("event.timestamp"); ok {
		return writtenTime(v)
	}
	return 0
}

// timeLayouts are how a time is written as text; one without a zone is UTC.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}

// writtenTime reads a time: text, or a number of seconds, milli-, micro- or nanoseconds since
// 1970, which are told apart by their size. 0: the value is none.
func writtenTime(v pcommon.Value) pcommon.Timestamp {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text(v)); err == nil && t.Unix() > 0 {
			return pcommon.NewTimestampFromTime(t)
		}
	}
	if n, err := strconv.ParseInt(text(v), 10, 64); err == nil && n > 0 {
		for n < maxMicros {
			n *= 1000
		}
		return pcommon.Timestamp(n)
	}
	n, ok := number(v)
	if !ok || n <= 0 || n >= math.MaxInt64 {
		return 0
	}
	if n >= maxMicros {
		return pcommon.Timestamp(n)
	}
	for n < maxMicros/1000 {
		n *= 1000
	}
	return pcommon.Timestamp(math.Round(n)) * 1000 // more digits are none of the float's
}

// maxMicros is larger than any time in microseconds, and smaller than any since 1973 in
// nanoseconds; a thousandth of it is likewise for the smaller units.
const maxMicros = 1e17

// maxJSONBody bounds a body of text that is tried as JSON.
const maxJSONBody = 16 << 20

// readBody takes a body that is a map, or the JSON of one, for further attributes.
func (r *record) readBody() {
	switch b := readable(r.Body()); b.Type() {
	case pcommon.ValueTypeMap:
		r.body, r.has = b.Map(), true
	case pcommon.ValueTypeStr:
		if m, ok := jsonObject(b.Str()); ok {
			r.body, r.has = m, true
		}
	}
}

// maxDepth bounds the nesting of a body that is read.
const maxDepth = 64

// copyValue copies a value; what nests too deep for a copy by recursion, as its JSON.
func copyValue(from, to pcommon.Value) {
	if shallow(from, maxDepth) {
		from.CopyTo(to)
		return
	}
	var rep jsonval.Repairs
	to.SetStr(string(jsonval.AppendValue(nil, from, &rep)))
}

// shallow reports whether a value nests at most so many levels.
func shallow(v pcommon.Value, levels int) bool {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		for _, inner := range v.Map().All() {
			if levels == 0 || !shallow(inner, levels-1) {
				return false
			}
		}
	case pcommon.ValueTypeSlice:
		for _, inner := range v.Slice().All() {
			if levels == 0 || !shallow(inner, levels-1) {
				return false
			}
		}
	}
	return true
}

// deep reports whether JSON text nests too deep to be a message.
func deep(s string) bool {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}
