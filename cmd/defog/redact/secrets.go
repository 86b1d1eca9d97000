// Package redact keeps secrets out of what another program prints. It knows
// them by value, in whatever form they come, and puts fingerprints in their
// place.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
)

// Side says where a secret is.
type Side int

// A secret is in what is deployed, in what is to be deployed, or in both.
const (
	Old Side = 1 << iota
	New
)

// Secrets are the values that nobody may see. Its methods may be called by
// several goroutines at once: what is added holds for all that is written later.
type Secrets struct {
	key []byte

	lock     sync.RWMutex
	sides    map[string]Side
	shown    map[string]string // in place of texts that are not secret
	compared bool
	patterns []pattern
}

// pattern is one form of a secret.
type pattern struct {
	secret string
	text   []byte // without blanks and lines unless it is a word
	word   bool   // short: found only between characters that are no letters and digits
}

// shortest is how many characters a form needs to be looked for within words.
const shortest = 6

// NewSecrets returns an empty set. The key is that of the fingerprints; without
// one a secret is only said to have changed or not.
func NewSecrets(key string) *Secrets {
	return &Secrets{key: []byte(key), sides: map[string]Side{}, shown: map[string]string{}}
}

// Add adds secrets of one side.
func (s *Secrets) Add(side Side, secrets ...string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, secret := range secrets {
		if strings.TrimSpace(secret) == "" {
			continue
		}
		if s.sides[secret] == 0 {
			s.patterns = append(s.patterns, patternsOf(secret)...)
		}
		s.sides[secret] |= side
	}
}

// Replace has text written as other. It is not secret.
func (s *Secrets) Replace(text, other string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.shown[text] = other
	s.patterns = append(s.patterns, pattern{text, squeeze([]byte(text)), false})
}

// Compared says that both sides are known now.
func (s *Secrets) Compared() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.compared = true
}

func patternsOf(secret string) []pattern {
	encoded := map[string]bool{}
	for _, form := range base64Forms(secret) {
		encoded[form] = true
	}
	var patterns []pattern
	for _, form := range forms(secret) {
		squeezed := squeeze([]byte(form))
		if len(squeezed) < shortest && !encoded[form] {
			patterns = append(patterns, pattern{secret, []byte(form), true})
			continue
		}
		patterns = append(patterns, pattern{secret, squeezed, false})
	}
	return slices.CompactFunc(patterns, func(a, b pattern) bool { return a.word == b.word && string(a.text) == string(b.text) })
}

// Fingerprint returns what is shown in place of a secret: eight digits of its
// HMAC, with which nobody can try out passwords who lacks the key, or, without
// a key, whether it has changed.
func (s *Secrets) Fingerprint(secret string) string {
	s.lock.RLock()
	defer s.lock.RUnlock()
	return s.fingerprint(secret)
}

func (s *Secrets) fingerprint(secret string) string {
	if other, ok := s.shown[secret]; ok {
		return other
	}
	switch side := s.sides[secret]; {
	case len(s.key) > 0:
		sum := hmac.New(sha256.New, s.key)
		sum.Write([]byte(secret))
		return "sha256:" + hex.EncodeToString(sum.Sum(nil))[:8] + "…"
	case !s.compared || side == 0:
		return "(secret)"
	case side == Old|New:
		return "(secret, unchanged)"
	}
	return "(secret, changed)"
}

// Text returns text with the secrets in it replaced.
func (s *Secrets) Text(text string) string {
	var out strings.Builder
	w := NewWriter(&out, s)
	// A strings.Builder takes everything.
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.String()
}
