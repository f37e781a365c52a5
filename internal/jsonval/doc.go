// Package jsonval reads JSON text and OTLP attribute values into one reusable
// tree and writes them as canonical JSON that Postgres always accepts as jsonb.
//
// Canonical means: equal values have equal bytes. The text is compact, object
// keys are ordered as jsonb orders them (by length in bytes, then bytewise) and
// appear once, numbers are spelt out as Postgres numeric prints them, strings
// carry the fewest escapes. What jsonb cannot hold is repaired while it is
// read or written, and every kind of repair is reported in a [Repairs] set.
//
// A [Doc] owns the nodes of the trees built in it. Strings returned by nodes are
// immutable and stay valid after the Doc is reset.
package jsonval

// Repairs is the set of changes made to a value so that jsonb can hold it.
type Repairs uint8

const (
	// NulRemoved: U+0000 was removed from a string or key.
	NulRemoved Repairs = 1 << iota
	// UTF8Replaced: invalid UTF-8 or a lone surrogate became U+FFFD.
	UTF8Replaced
	// NumberNotFinite: NaN, an infinity or a number that is too long when it is spelt
	// out became a string.
	NumberNotFinite
	// DuplicateKey: an object named a key twice; the last value was kept.
	DuplicateKey
	// NestingCut: values nested deeper than MaxDepth became their JSON text.
	NestingCut
	// ContentCut: text was cut, or a blob replaced by its type, size and hash,
	// because the content exceeded its limit.
	ContentCut
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 256

// maxParsed bounds the nodes of a Doc that Parse adds to: a node takes some thirty
// times the memory of the shortest element of a text.
const maxParsed = 1 << 20
