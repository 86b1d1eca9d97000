package redact

import (
	"bytes"
	"cmp"
	"io"
	"slices"
)

// Writer writes output to another writer and replaces the secrets. It delays only
// the end of the output that can be the beginning of a secret. So it finds secrets in
// two parts, and progress stays visible. The last characters of a line are
// not delayed: of a secret that is wrapped there, the Writer replaces the rest.
type Writer struct {
	to      io.Writer
	secrets *Secrets
	pending []byte
	passed  int  // number of bytes of pending that are written
	before  byte // the last shown character before pending
}

// lineEnd is the number of characters of a secret that are not delayed at the end of
// a line.
const lineEnd = minLength / 2

// NewWriter returns a Writer to another writer. The caller must call Close.
func NewWriter(to io.Writer, secrets *Secrets) *Writer {
	return &Writer{to: to, secrets: secrets}
}

// Write implements io.Writer.
func (w *Writer) Write(output []byte) (int, error) {
	w.pending = append(w.pending, output...)
	return len(output), w.pass(false)
}

// Close writes the delayed output. It does not close the other writer.
func (w *Writer) Close() error { return w.pass(true) }

// cover is a range of the output that belongs to a secret.
type cover struct {
	from, to int
	secret   string
	size     int
}

func (w *Writer) pass(final bool) error {
	w.secrets.lock.RLock()
	defer w.secrets.lock.RUnlock()
	shown, squeezed, hold := views(w.pending, final)
	var covers []cover
	for _, p := range w.secrets.patterns {
		v := squeezed
		if p.word {
			v = shown
		}
		found, held := w.find(p, v, final)
		covers = append(covers, found...)
		hold = min(hold, held)
	}
	found, held := findEncoded(shown, final)
	covers, hold = merge(append(covers, found...)), min(hold, held)
	if final {
		hold = len(w.pending)
	}
	for _, c := range slices.Backward(covers) {
		if c.to > hold {
			hold = min(hold, c.from)
		}
	}
	out := w.replace(covers, hold)
	for i := len(shown.at) - 1; i >= 0; i-- {
		if shown.at[i] < hold {
			w.before = shown.text[i]
			break
		}
	}
	w.pending, w.passed = slices.Clone(w.pending[hold:]), max(0, w.passed-hold)
	if bytes.HasSuffix(w.pending, []byte("\n")) && len(squeeze(w.pending)) <= lineEnd {
		out = append(out, w.pending[w.passed:]...)
		w.passed = len(w.pending)
	}
	if len(out) == 0 {
		return nil
	}
	_, err := w.to.Write(out)
	return err
}

// find returns the ranges of the pattern in the view. From hold on, the output can
// be the beginning of the pattern.
func (w *Writer) find(p pattern, v view, final bool) (covers []cover, hold int) {
	hold = len(w.pending)
	for from := 0; ; {
		i := bytes.Index(v.text[from:], p.text)
		if i < 0 {
			break
		}
		start, end := from+i, from+i+len(p.text)
		from = start + 1
		if p.word {
			if end == len(v.text) && !final {
				hold = min(hold, v.at[start])
				break
			}
			if start > 0 && inWord(v.text[start-1]) || start == 0 && inWord(w.before) || end < len(v.text) && inWord(v.text[end]) {
				continue
			}
		}
		covers = append(covers, cover{v.at[start], v.at[end-1] + 1, p.secret, len(p.text)})
	}
	for size := min(len(p.text)-1, len(v.text)); size > 0; size-- {
		start := len(v.text) - size
		if v.text[start] == p.text[0] && bytes.HasPrefix(p.text, v.text[start:]) {
			return covers, min(hold, v.at[start])
		}
	}
	return covers, hold
}

func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// encodedStarts are the first characters of credentials in base64: {"api_key,
// {"db_type and {"db_creds. The Writer hides such credentials even if the set of
// secrets lacks them.
var encodedStarts = [][]byte{[]byte("eyJhcGlfa2V5"), []byte("eyJkYl90eXBl"), []byte("eyJkYl9jcmVk")}

func findEncoded(v view, final bool) (covers []cover, hold int) {
	hold = int(^uint(0) >> 1)
	for _, start := range encodedStarts {
		for from := 0; ; {
			i := bytes.Index(v.text[from:], start)
			if i < 0 {
				break
			}
			begin := from + i
			end := begin + len(start)
			for end < len(v.text) && inBase64(v.text[end]) {
				end++
			}
			from = end
			if end == len(v.text) && !final {
				hold = min(hold, v.at[begin])
			}
			covers = append(covers, cover{v.at[begin], v.at[end-1] + 1, string(v.text[begin:end]), end - begin})
		}
		for size := min(len(start)-1, len(v.text)); size > 0; size-- {
			if bytes.HasSuffix(v.text, start[:size]) {
				hold = min(hold, v.at[len(v.text)-size])
				break
			}
		}
	}
	return covers, hold
}

func inBase64(c byte) bool {
	return inWord(c) || bytes.IndexByte([]byte("+/-_="), c) >= 0
}

// merge joins covers that overlap; the longest one determines the secret.
func merge(covers []cover) []cover {
	slices.SortFunc(covers, func(a, b cover) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var merged []cover
	for _, c := range covers {
		if last := len(merged) - 1; last >= 0 && c.from < merged[last].to {
			m := &merged[last]
			m.to = max(m.to, c.to)
			if c.size > m.size {
				m.secret, m.size = c.secret, c.size
			}
			continue
		}
		merged = append(merged, c)
	}
	return merged
}

// replace returns the output up to hold with fingerprints in place of secrets.
func (w *Writer) replace(covers []cover, hold int) []byte {
	var out []byte
	from := min(w.passed, hold)
	for _, c := range covers {
		if c.to > hold {
			break
		}
		if c.to <= from {
			continue
		}
		begin := max(from, c.from)
		out = append(out, w.pending[from:begin]...)
		out = append(out, w.secrets.fingerprint(c.secret)...)
		out = append(out, between(w.pending[begin:c.to])...)
		from = c.to
	}
	return append(out, w.pending[from:hold]...)
}

// between returns the parts of a secret's range that remain: colors and, if there
// are several lines, blanks and line breaks.
func between(raw []byte) []byte {
	lines := bytes.IndexByte(raw, '\n') >= 0
	var kept []byte
	for i := 0; i < len(raw); {
		size, what := next(raw[i:])
		if what == colour || what == blank && lines {
			kept = append(kept, raw[i:i+size]...)
		}
		i += size
	}
	return kept
}
