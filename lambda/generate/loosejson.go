package generate

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDepth is the limit of nested values in a reply's JSON.
	maxDepth = 20

	// maxAhead is the number of bytes after a quote that decide whether it ends
	// the string.
	maxAhead = 200
)

// member is a field of a loosely parsed object. Its value is a string, an object,
// a list, or nil for any other value.
type member struct {
	key   string
	value any
}

type (
	object     []member
	objectList []any
)

// parseLoose parses the object at the start of text, and returns its length. It
// accepts the deviations from JSON that models write. Strings may have other
// quotes, raw line breaks, unescaped quotes and unknown escapes. Objects may have
// unquoted keys, comments, trailing commas and no end.
func parseLoose(text string) (parsed object, length int, ok bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	var strict map[string]json.RawMessage
	if decoder.Decode(&strict) == nil {
		length = int(decoder.InputOffset())
	}
	p := looseParser{text: text, strict: length > 0}
	parsed, ok = p.object(0)
	return parsed, p.at, ok
}

// looseParser parses text from the offset at.
type looseParser struct {
	text   string
	at     int
	strict bool // the text is valid JSON, so each quote without a backslash ends a string
}

func (p *looseParser) rest() string { return p.text[p.at:] }

// space skips white space and comments.
func (p *looseParser) space() {
	for {
		p.at = len(p.text) - len(strings.TrimLeftFunc(p.rest(), func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }))
		var end string
		switch rest := p.rest(); {
		case strings.HasPrefix(rest, "//"):
			end = "\n"
		case strings.HasPrefix(rest, "/*"):
			end = "*/"
		default:
			return
		}
		if i := strings.Index(p.rest(), end); i >= 0 {
			p.at += i + len(end)
		} else {
			p.at = len(p.text)
		}
	}
}

// take skips prefix if the text continues with it.
func (p *looseParser) take(prefix string) bool {
	if !strings.HasPrefix(p.rest(), prefix) {
		return false
	}
	p.at += len(prefix)
	return true
}

// object parses an object. It reports false if the object has no member, or a
// member without its end.
func (p *looseParser) object(depth int) (object, bool) {
	if depth > maxDepth || !p.take("{") {
		return nil, false
	}
	var members object
	for {
		p.space()
		if p.take(",") {
			continue
		}
		if p.at == len(p.text) || p.take("}") {
			return members, len(members) > 0
		}
		key, ok := p.key()
		if !ok {
			return members, false
		}
		value, ok := p.value(depth)
		if !ok {
			return members, false
		}
		members = append(members, member{key, value})
	}
}

// key parses a member's key and the colon.
func (p *looseParser) key() (string, bool) {
	key, ok := p.quoted(endsKey)
	if !ok {
		end := strings.IndexFunc(p.rest(), func(r rune) bool {
			return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})
		if end <= 0 {
			return "", false
		}
		key, p.at = p.text[p.at:p.at+end], p.at+end
	}
	p.space()
	return key, p.take(":")
}

// value parses any value.
func (p *looseParser) value(depth int) (any, bool) {
	p.space()
	switch first, _ := utf8.DecodeRuneInString(p.rest()); first {
	case '{':
		return p.object(depth + 1)
	case '[':
		return p.list(depth + 1)
	}
	if text, ok := p.quoted(endsValue); ok {
		return text, true
	}
	end := strings.IndexAny(p.rest(), ",}]\n")
	word := strings.TrimSpace(p.rest()[:max(end, 0)])
	p.at += max(end, 0)
	return nil, word != "" && strings.Trim(word, "+-.0123456789eE_abcdfilnorstuNTF") == ""
}

func (p *looseParser) list(depth int) (objectList, bool) {
	if depth > maxDepth || !p.take("[") {
		return nil, false
	}
	values := objectList{}
	for {
		p.space()
		if p.take(",") {
			continue
		}
		if p.take("]") {
			return values, true
		}
		if p.at == len(p.text) {
			return values, false
		}
		if text, ok := p.quoted(endsItem); ok {
			values = append(values, text)
			continue
		}
		value, ok := p.value(depth)
		if !ok {
			return values, false
		}
		values = append(values, value)
	}
}

// quotes lists the opening and closing quotes of strings; longer ones come first.
var quotes = [][2]string{{`"""`, `"""`}, {`'''`, `'''`}, {`"`, `"`}, {`'`, `'`}, {"`", "`"}, {"“", "”"}}

// quoted parses a string. A quote ends it only if ends accepts what follows, since
// models leave quotes in SQL unescaped.
func (p *looseParser) quoted(ends func(rest string) bool) (string, bool) {
	for _, pair := range quotes {
		start := p.at
		if p.strict && len(pair[0]) > 1 || !p.take(pair[0]) {
			continue
		}
		var out strings.Builder
		for p.at < len(p.text) {
			if p.take(`\`) {
				out.WriteString(p.escape())
				continue
			}
			if strings.HasPrefix(p.rest(), pair[1]) {
				after := p.text[p.at+len(pair[1]):]
				after = after[:min(len(after), maxAhead)]
				if p.strict || ends(after) {
					p.at += len(pair[1])
					return out.String(), true
				}
				if next, ok := joins(after, pair[0]); ok {
					p.at += len(pair[1]) + next
					continue
				}
			}
			_, size := utf8.DecodeRuneInString(p.rest())
			out.WriteString(p.text[p.at : p.at+size])
			p.at += size
		}
		p.at = start
		return "", false
	}
	return "", false
}

// endsKey reports whether a colon follows.
func endsKey(rest string) bool {
	return strings.HasPrefix(strings.TrimSpace(rest), ":")
}

// endsValue reports whether the text after a quote continues an object or a list.
func endsValue(rest string) bool {
	p := looseParser{text: rest}
	p.space()
	switch {
	case p.at == len(rest):
		return true
	case p.take("}"), p.take("]"):
		return !strings.HasPrefix(p.rest(), `'`) && !strings.HasPrefix(p.rest(), `"`)
	case p.take(","):
		p.space()
		if p.at == len(rest) || p.take("}") || p.take("]") {
			return true
		}
		for _, quote := range quotes {
			if p.take(quote[0]) {
				break
			}
		}
		end := strings.IndexFunc(p.rest(), func(r rune) bool {
			return !strings.ContainsRune(" _-", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})
		if end <= 0 {
			return false
		}
		p.at += end
		for _, quote := range quotes {
			if p.take(quote[1]) {
				break
			}
		}
		p.space()
		return p.take(":") && !strings.HasPrefix(p.rest(), ":") // "::" is a cast
	}
	return false
}

// endsItem reports whether the text after a quote continues a list.
func endsItem(rest string) bool {
	p := looseParser{text: rest}
	p.space()
	switch {
	case p.at == len(rest):
		return true
	case p.take("]"):
		return !strings.HasPrefix(p.rest(), `'`) && !strings.HasPrefix(p.rest(), `"`)
	case p.take(","):
		p.space()
		return slices.ContainsFunc(quotes, func(quote [2]string) bool { return strings.HasPrefix(p.rest(), quote[0]) }) ||
			p.at < len(rest) && strings.ContainsRune("]{[", rune(rest[p.at]))
	}
	return false
}

// joins reports whether another string follows on a new line, as in Python's
// implicit concatenation, and returns the offset of its content.
func joins(rest, quote string) (offset int, ok bool) {
	trimmed := strings.TrimLeft(rest, " \t\r\n+")
	space := rest[:len(rest)-len(trimmed)]
	if !strings.Contains(space, "\n") || !strings.HasPrefix(trimmed, quote) {
		return 0, false
	}
	return len(space) + len(quote), true
}

// escape parses the escape after a backslash. It keeps the backslash of an unknown
// escape, such as \d in a pattern.
func (p *looseParser) escape() string {
	letter, size := utf8.DecodeRuneInString(p.rest())
	p.at += size
	switch letter {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case 'b':
		return "\b"
	case 'f':
		return "\f"
	case '"', '\'', '\\', '/', '`', '\n':
		return string(letter)
	case 'u':
		// A surrogate pair is two escapes, which the decoder reads together.
		for _, length := range []int{10, 4} {
			var text string
			if len(p.rest()) >= length && json.Unmarshal([]byte(`"\u`+p.rest()[:length]+`"`), &text) == nil && utf8.RuneCountInString(text) == 1 {
				p.at += length
				return text
			}
		}
	}
	return `\` + p.text[p.at-size:p.at]
}
