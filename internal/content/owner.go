package content

import (
	"crypto/sha256"
	"encoding/binary"
)

// Owner is to whom a reference of a span to a content belongs, as a hash of the span's user,
// else of its session, else of its trace. By owners an erasure finds out whether others refer
// to a content without reading the spans of its day. SQL knows it as llm_internal_owner.
type Owner int64

const (
	// Unknown is the owner of a reference that an erasure cannot look up.
	Unknown Owner = 0
	// Void says of a content that nothing of what its row and its notes say of owners holds.
	Void Owner = -1
)

// OwnerOf is the owner that a value of a kind makes: u for a user, s for a session, t for the
// bytes of a trace id.
func OwnerOf(kind byte, value string) Owner {
	var room [64]byte
	hash := sha256.Sum256(append(append(room[:0], kind), value...))
	owner := Owner(binary.BigEndian.Uint64(hash[:]))
	if owner == Unknown || owner == Void {
		return 1
	}
	return owner
}
