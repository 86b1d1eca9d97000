package main

import (
	"regexp"
	"strings"
)

// A text is prose from one source file, line by line. Each line keeps the number
// of its line in the source; an empty line ends a paragraph.
type text struct {
	lines   []string
	sources []int
}

// add appends one line of prose. Words that are not English (identifiers, paths,
// format verbs) become Markdown code, which the prose rules skip.
func (t *text) add(source int, line string) {
	t.lines, t.sources = append(t.lines, markdown(line)), append(t.sources, source)
}

// end ends the paragraph.
func (t *text) end() {
	if len(t.lines) > 0 && t.lines[len(t.lines)-1] != "" {
		t.lines, t.sources = append(t.lines, ""), append(t.sources, t.sources[len(t.sources)-1])
	}
}

func (t *text) String() string { return strings.Join(t.lines, "\n") + "\n" }

// source returns the source's line for a line of the text, counted from 1.
func (t *text) source(line int) int {
	if line < 1 || line > len(t.sources) {
		return 0
	}
	return t.sources[line-1]
}

var (
	codeSpan = regexp.MustCompile("`[^`]*`")
	// edges holds punctuation that may enclose a word, and the word.
	edges   = regexp.MustCompile(`^([("'“‘‹«]*)(.*?)([)"'”’›».,;:!?…]*)$`)
	english = regexp.MustCompile(`^(?:[A-Z]?[a-z]+|[A-Z]+s?)(?:['’-](?:[A-Z]?[a-z]+|[A-Z]+s?))*$`)
	number  = regexp.MustCompile(`^\d+(?:[.,:]\d+)*(?:st|nd|rd|th|s|ms|MB|KB|GB)?$`)
	// possessive matches the ending that the spelling check does not expect on
	// terms. The glossary has rules on one's and user's.
	possessive = regexp.MustCompile(`^(.*[^s])['’]s$`)
	dashes     = regexp.MustCompile(`^[–—→=+-]+$`)
)

func markdown(line string) string {
	var out strings.Builder
	rest := strings.TrimSpace(line)
	for {
		span := codeSpan.FindStringIndex(rest)
		if span == nil {
			out.WriteString(words(strings.ReplaceAll(rest, "`", "")))
			return out.String()
		}
		out.WriteString(words(rest[:span[0]]))
		out.WriteString(rest[span[0]:span[1]])
		rest = rest[span[1]:]
	}
}

// words marks what is not an English word as code. It keeps the space at both
// ends.
func words(line string) string {
	fields := strings.Fields(line)
	for i, field := range fields {
		part := edges.FindStringSubmatch(field)
		switch {
		case abbreviation.MatchString(field):
		case part[2] == "":
			fields[i] = part[1] + part[3]
		case english.MatchString(part[2]):
			fields[i] = part[1] + base(part[2]) + part[3]
		case number.MatchString(part[2]) || part[2] == "%":
		case dashes.MatchString(part[2]):
			fields[i] = "–"
		default:
			fields[i] = part[1] + "`" + part[2] + "`" + part[3]
		}
	}
	joined := strings.Join(fields, " ")
	if line != "" && len(fields) > 0 {
		if line[0] == ' ' || line[0] == '\t' {
			joined = " " + joined
		}
		if last := line[len(line)-1]; last == ' ' || last == '\t' {
			joined += " "
		}
	} else if line != "" {
		joined = " "
	}
	return joined
}

// base returns a word without its possessive ending.
func base(word string) string {
	if found := possessive.FindStringSubmatch(word); found != nil && !strings.EqualFold(found[1], "one") && !strings.EqualFold(found[1], "user") {
		return found[1]
	}
	return word
}
