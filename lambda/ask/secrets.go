package ask

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"defog-cdk/internal/secretforms"
)

const (
	// shortSecret is the minimum length of a secret to redact: shorter ones would
	// match ordinary words.
	shortSecret = 6

	// shortShared is the minimum length of a secret to replace in SQL, where a
	// shorter one may be a name.
	shortShared = 8

	// longSecret is the minimum length of a secret of which a truncated text must
	// not hold the first half.
	longSecret = 12

	redacted = "***"
)

// Secrets holds the values to redact in the log and in answers. The zero value is
// ready for use, also by several goroutines.
type Secrets struct {
	mu     sync.Mutex
	all    []string
	shared []string
	forms  map[string][]string // by secret

	redaction atomic.Pointer[redaction]
}

// redaction is the state for the registered secrets.
type redaction struct{ all, shared secretSet }

// secretSet is a set of secrets with the replacer of their encodings.
type secretSet struct {
	secrets  []string // longest first
	replacer *strings.Replacer
}

// Add registers secrets in all their encodings. It ignores those shorter than
// shortSecret.
func (s *Secrets) Add(secrets ...string) { s.add(secrets, nil) }

// AddShared registers secrets that the SQL generator receives. Its statements must
// not return them as rows, so RedactSQL replaces them.
func (s *Secrets) AddShared(secrets ...string) { s.add(secrets, secrets) }

func (s *Secrets) add(all, shared []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = merge(s.all, all, shortSecret)
	s.shared = merge(s.shared, shared, shortShared)
	s.redaction.Store(&redaction{all: s.newSet(s.all), shared: s.newSet(s.shared)})
}

// merge returns the secrets of at least the given length, longest first, since a
// secret may be a prefix of another.
func merge(secrets, more []string, least int) []string {
	for _, secret := range more {
		if len(secret) >= least && !slices.Contains(secrets, secret) {
			secrets = append(secrets, secret)
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}

func (s *Secrets) newSet(secrets []string) secretSet {
	secrets = slices.Clone(secrets)
	var forms []string
	for _, secret := range secrets {
		if s.forms[secret] == nil {
			if s.forms == nil {
				s.forms = map[string][]string{}
			}
			s.forms[secret] = slices.DeleteFunc(secretforms.Of(secret), func(form string) bool { return len(form) < shortSecret })
		}
		forms = append(forms, s.forms[secret]...)
	}
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
	}
	return secretSet{secrets, strings.NewReplacer(pairs...)}
}

// replace replaces the secrets in text, and the start of a long secret at its end,
// since text may be truncated.
func (s secretSet) replace(text string) string {
	text = s.replacer.Replace(text)
	end := strings.TrimRight(text, "….\"' \n")
	for _, secret := range s.secrets {
		for size := len(secret) - 1; len(secret) >= longSecret && size >= len(secret)/2; size-- {
			if strings.HasSuffix(end, secret[:size]) {
				return strings.TrimSuffix(end, secret[:size]) + redacted + text[len(end):]
			}
		}
	}
	return text
}

// Redact returns text with the secrets replaced, in any encoding.
func (s *Secrets) Redact(text string) string {
	if r := s.current(); r != nil {
		return r.all.replace(text)
	}
	return text
}

// redactAll returns texts with the secrets replaced, and nil for none.
func (s *Secrets) redactAll(texts []string) []string {
	var clean []string
	for _, text := range texts {
		clean = append(clean, s.Redact(text))
	}
	return clean
}

// RedactSQL returns a statement with the shared secrets replaced.
func (s *Secrets) RedactSQL(sql string) string {
	if r := s.current(); r != nil {
		return r.shared.replace(sql)
	}
	return sql
}

// current returns the state, or nil for nil or without a registered secret.
func (s *Secrets) current() *redaction {
	if s == nil {
		return nil
	}
	return s.redaction.Load()
}

// RedactJSON returns valid JSON with the secrets in its strings and numbers
// replaced. It keeps the text if there is nothing to replace.
func (s *Secrets) RedactJSON(text json.RawMessage) json.RawMessage {
	if s.current() == nil || len(text) == 0 {
		return text
	}
	var out bytes.Buffer
	changed := false
	for i := 0; i < len(text); {
		end := endOfLiteral(text, i)
		literal := text[i:end]
		i = end
		var value string
		switch {
		case literal[0] != '"':
			value = string(literal)
		case json.Unmarshal(literal, &value) != nil:
			return text // not JSON, which the caller must not pass
		}
		clean := s.Redact(value)
		if clean == value {
			out.Write(literal)
			continue
		}
		encoded, err := marshal(clean)
		if err != nil {
			return nil
		}
		changed = true
		out.Write(encoded)
	}
	if !changed {
		return text
	}
	return out.Bytes()
}

// endOfLiteral returns the end of the string, the number or the single byte at i.
func endOfLiteral(text []byte, i int) int {
	const number = "+-.0123456789eE"
	switch c := text[i]; {
	case c == '"':
		for i++; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	case strings.IndexByte(number[:13], c) >= 0:
		for i++; i < len(text) && strings.IndexByte(number, text[i]) >= 0; i++ {
		}
	default:
		i++
	}
	return min(i, len(text))
}
