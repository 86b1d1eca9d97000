package golden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"defog-cdk/internal/jsonfile"
	"defog-cdk/internal/knowledge"
)

// Insert returns the text of golden.json with more pairs, one a block. It keeps the text
// of the old pairs and their order, so that a pull request shows the new ones alone. If
// the old questions are sorted, each new pair is in its place, and otherwise the new ones
// follow, sorted. A text whose pairs share a line is formatted anew.
func Insert(old []byte, pairs []knowledge.Pair) ([]byte, error) {
	switch {
	case len(pairs) > 0:
	case len(bytes.TrimSpace(old)) == 0:
		return []byte("[]\n"), nil
	default:
		return old, nil
	}
	f, err := parse(old)
	if err != nil {
		return nil, err
	}
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, byQuestion)
	sorted := slices.IsSortedFunc(f.pairs, byQuestion)
	blocks := slices.Clone(f.blocks)
	questions := slices.Clone(f.pairs)
	for _, pair := range pairs {
		block, err := f.block(pair)
		if err != nil {
			return nil, err
		}
		at := len(blocks)
		if sorted {
			if i := slices.IndexFunc(questions, func(p knowledge.Pair) bool { return byQuestion(p, pair) > 0 }); i >= 0 {
				at = i
			}
		}
		blocks, questions = slices.Insert(blocks, at, block), slices.Insert(questions, at, pair)
	}
	return f.text(blocks), nil
}

func byQuestion(a, b knowledge.Pair) int {
	return strings.Compare(knowledge.Normalize(a.Question), knowledge.Normalize(b.Question))
}

// file is the text of a golden.json: a beginning, blocks with commas between them, and an
// end. Each block begins with its indentation.
type file struct {
	pairs      []knowledge.Pair
	blocks     []string
	start, end string // with the brackets
	indent     string // of a block
	newline    string
}

// parse splits a text. An empty one has no pairs.
func parse(text []byte) (file, error) {
	f := file{start: "[\n", end: "\n]\n", indent: "  ", newline: "\n"}
	if len(bytes.TrimSpace(text)) == 0 {
		return f, nil
	}
	if err := jsonfile.Decode(text, &f.pairs); err != nil {
		return f, err
	}
	if strings.Contains(string(text), "\r\n") {
		f.newline, f.start, f.end = "\r\n", "[\r\n", "\r\n]\r\n"
	}
	mark, content := "", text
	if trimmed := bytes.TrimPrefix(text, []byte("\ufeff")); len(trimmed) < len(text) {
		mark, content = "\ufeff", trimmed
	}
	f.start = mark + f.start
	if len(f.pairs) == 0 {
		return f, nil
	}
	spans, err := elements(content)
	if err != nil {
		return f, err
	}
	if !f.isBlocks(content, spans) {
		for _, s := range spans {
			var block bytes.Buffer
			if err := json.Indent(&block, content[s[0]:s[1]], f.indent, "  "); err != nil {
				return f, fmt.Errorf("format a pair: %w", err)
			}
			f.blocks = append(f.blocks, f.indent+strings.ReplaceAll(block.String(), "\n", f.newline))
		}
		return f, nil
	}
	first, last := spans[0], spans[len(spans)-1]
	begin := lineStart(content, first[0])
	f.indent = string(content[begin:first[0]])
	f.start, f.end = mark+string(content[:begin]), string(content[last[1]:])
	for _, s := range spans {
		f.blocks = append(f.blocks, string(content[lineStart(content, s[0]):s[1]]))
	}
	return f, nil
}

// elements returns the first byte of each element of a JSON list, and the one behind it.
func elements(content []byte) (spans [][2]int, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	for decoder.More() {
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			return nil, fmt.Errorf("read a pair: %w", err)
		}
		end := int(decoder.InputOffset())
		spans = append(spans, [2]int{end - len(element), end})
	}
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	return spans, nil
}

// isBlocks reports whether each element begins its own line, a comma follows it, and the
// closing bracket has its own line.
func (f file) isBlocks(content []byte, spans [][2]int) bool {
	for i, s := range spans {
		if start := lineStart(content, s[0]); start == 0 || len(bytes.TrimSpace(content[start:s[0]])) > 0 {
			return false
		}
		if i > 0 && string(content[spans[i-1][1]:lineStart(content, s[0])]) != ","+f.newline {
			return false
		}
	}
	return bytes.HasPrefix(content[spans[len(spans)-1][1]:], []byte(f.newline))
}

func lineStart(content []byte, at int) int { return bytes.LastIndexByte(content[:at], '\n') + 1 }

// block returns a pair as the lines of the file.
func (f file) block(pair knowledge.Pair) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(f.indent, unit(f.indent))
	if err := encoder.Encode(pair); err != nil {
		return "", fmt.Errorf("encode a pair: %w", err)
	}
	return f.indent + strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", f.newline), nil
}

// unit returns one step of indentation: that of a block, or two spaces.
func unit(indent string) string {
	if indent == "" {
		return "  "
	}
	return indent
}

func (f file) text(blocks []string) []byte {
	return []byte(f.start + strings.Join(blocks, ","+f.newline) + f.end)
}
