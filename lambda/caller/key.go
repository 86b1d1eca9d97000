package caller

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// hashBytes is the size of a caller's hash: 32 hex digits.
const hashBytes = 16

// Key hashes callers, so that a log shows which questions have the same caller
// without its name. Without the key, a reader cannot test whether a hash belongs to a
// name.
type Key struct{ bytes []byte }

// NewKey derives a key from the secrets of a deployment, in any order. It stores
// none of them. The hashes change when a secret changes.
func NewKey(secrets ...string) Key {
	secrets = slices.Sorted(slices.Values(secrets))
	key := hmac.New(sha256.New, []byte("defog caller"))
	for _, secret := range secrets {
		sum := sha256.Sum256([]byte(secret)) // of fixed size, so that no two lists are equal
		key.Write(sum[:])
	}
	return Key{key.Sum(nil)}
}

// Hash returns the keyed hash of the caller's identity in hex. It is "" for an
// unknown caller, and for the zero key.
func (k Key) Hash(c Caller) string {
	if len(k.bytes) == 0 || !c.IsKnown() {
		return ""
	}
	hash := hmac.New(sha256.New, k.bytes)
	hash.Write([]byte(c.Identity()))
	return hex.EncodeToString(hash.Sum(nil)[:hashBytes])
}
