package content

import "crypto/sha256"

// ID names a content: the first 128 bits of the SHA-256 of its canonical body.
// It is stored as a uuid.
type ID [16]byte

// Of returns the ID of a canonical body.
func Of(body []byte) ID {
	sum := sha256.Sum256(body)
	return ID(sum[:16])
}

// Key is the key of a row in llm_contents: contents are kept once per day, so
// that dropping a day's partitions leaves no dangling reference.
type Key struct {
	Day int32 // days since 1970-01-01 UTC
	ID  ID
}
