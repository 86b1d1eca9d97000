// Package redact replaces secrets in the output of another program by fingerprints.
// It finds each secret by its value, in all encodings that programs print.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"defog-cdk/internal/secretforms"
)

// Side is the set of templates that hold a secret.
type Side int

// Old is the deployed template, and New the proposed one.
const (
	Old Side = 1 << iota
	New
)

// Secrets is a set of secret values. Several goroutines may call its methods; an
// added secret applies to all later output.
type Secrets struct {
	key []byte

	lock     sync.RWMutex
	sides    map[string]Side
	shown    map[string]string // replacements of texts that are not secret
	compared bool
	patterns []pattern
}

// pattern is one form of a secret.
type pattern struct {
	secret string
	text   []byte // squeezed unless it is a word
	word   bool   // whether it matches only between characters other than letters and digits
}

// minLength is the number of characters of a form that matches within words.
const minLength = 6

// NewSecrets returns an empty set. The key is that of the fingerprints; without a
// key, a fingerprint only states whether the secret changes.
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

// Replace replaces a text that is not secret by another text.
func (s *Secrets) Replace(text, other string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.shown[text] = other
	s.patterns = append(s.patterns, pattern{text, squeeze([]byte(text)), false})
}

// Compared marks both sides as complete.
func (s *Secrets) Compared() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.compared = true
}

func patternsOf(secret string) []pattern {
	encoded := map[string]bool{}
	for _, form := range secretforms.Base64(secret) {
		encoded[form] = true
	}
	var patterns []pattern
	for _, form := range secretforms.Of(secret) {
		squeezed := squeeze([]byte(form))
		if len(squeezed) < minLength && !encoded[form] {
			patterns = append(patterns, pattern{secret, []byte(form), true})
			continue
		}
		patterns = append(patterns, pattern{secret, squeezed, false})
	}
	return slices.CompactFunc(patterns, func(a, b pattern) bool { return a.word == b.word && string(a.text) == string(b.text) })
}

// Fingerprint returns the replacement of a secret: eight digits of its HMAC, or
// without a key a statement whether it changes. Without the key, a reader cannot
// test guesses of a password.
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
	// A strings.Builder returns no errors.
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.String()
}
