// Package knowledge reads the files among the dependencies that a SQL generator
// reads: golden.json, schema.json and glossary.md. Synth, defog doctor and the query
// function accept the same files, because each reads them here.
package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"defog-cdk/internal/jsonfile"
	"defog-cdk/internal/schema"
)

// The names of the files in the dependencies, beside schema.File.
const (
	GoldenFile   = "golden.json" // a JSON list of Pair
	GlossaryFile = "glossary.md" // definitions in plain text, as paragraphs with empty lines between them
)

// maxBytes limits a file, since the function holds all of it in memory.
const maxBytes = 16 << 20

// ErrNoSchema is the error for a language model without any schema.
var ErrNoSchema = errors.New(schema.File + ": missing in the dependencies, and the connection has no db_creds to read the database's catalogue; want one of them")

// Files is the content of the files. Optional files may be empty.
type Files struct {
	Golden   []Pair
	Schema   schema.Schema
	Glossary string
}

// Pair is a golden query: a question with its SQL.
type Pair struct {
	Question string         `json:"question"`
	SQL      string         `json:"sql"`
	Callers  schema.Callers `json:"callers,omitempty"` // who the query is for; nil for all
}

// PairsFor returns the golden queries for a caller, whose claims claim returns as text.
func PairsFor(pairs []Pair, claim func(name string) (text string, ok bool)) []Pair {
	var shown []Pair
	for _, p := range pairs {
		if p.Callers.Include(claim) {
			shown = append(shown, Pair{Question: p.Question, SQL: p.SQL})
		}
	}
	return shown
}

// Questions returns the questions of the golden queries for all callers, in their
// order.
func (f Files) Questions() []string {
	var questions []string
	for _, pair := range f.Golden {
		if pair.Callers == nil {
			questions = append(questions, pair.Question)
		}
	}
	return questions
}

// Open opens a file of the dependencies by its name. Its error is fs.ErrNotExist for
// a missing file.
type Open func(name string) (io.ReadCloser, error)

// Folder opens files in a folder.
func Folder(directory string) Open {
	return func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(directory, name)) }
}

// Names returns the files that a SQL generator reads: the most important one first.
// golden requires its file. Without schema.json, the function reads the schema from
// the database's catalogue. generator is a value of the setting generator.
func Names(generator string) []string {
	switch generator {
	case "golden":
		return []string{GoldenFile}
	case "bedrock", "openai":
		return []string{schema.File, GlossaryFile, GoldenFile}
	}
	return nil
}

// Read reads the files that a SQL generator reads. The error joins every problem of
// every file, each with the file's name.
func Read(generator string, open Open) (Files, error) {
	var files Files
	var problems []error
	for _, name := range Names(generator) {
		for _, problem := range flatten(files.read(generator, name, open)) {
			problems = append(problems, fmt.Errorf("%s: %w", name, problem))
		}
	}
	return files, errors.Join(problems...)
}

// Check returns the problems of one of the files that a SQL generator reads.
func Check(generator, name string, open Open) error {
	return new(Files).read(generator, name, open)
}

// read reads one file. Its problems do not name the file.
func (f *Files) read(generator, name string, open Open) error {
	data, err := content(name, open)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(generator)
	case err != nil:
		return err
	}
	switch name {
	case schema.File:
		f.Schema, err = schema.Parse(data)
	case GlossaryFile:
		f.Glossary = string(data)
		if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
			err = errors.New("not encoded in UTF-8; want text in UTF-8")
		}
	default:
		f.Golden, err = parsePairs(data)
		if err == nil && len(f.Golden) == 0 && generator == "golden" {
			err = errors.New(`empty; want at least one {"question": "…", "sql": "…"}, which the golden generator requires`)
		}
	}
	return err
}

// missing returns the error for a missing file, nil for an optional one.
func missing(generator string) error {
	if generator != "golden" {
		return nil
	}
	return errors.New("missing in the dependencies; the golden generator requires it")
}

func content(name string, open Open) (data []byte, err error) {
	file, err := open(name)
	if err != nil {
		return nil, reason(err)
	}
	data, err = io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, reason(err)
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("larger than %d MB; want a smaller file, since the function holds it in memory", maxBytes>>20)
	}
	return data, nil
}

// reason drops the path, which can be that of a temporary folder.
func reason(err error) error {
	if found, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot be read: %w", found.Err)
	}
	return err
}

func parsePairs(data []byte) ([]Pair, error) {
	var pairs []Pair
	if err := jsonfile.DecodeStrict(data, &pairs); err != nil {
		return nil, err
	}
	var problems []error
	failf := func(i int, format string, values ...any) {
		problems = append(problems, fmt.Errorf("pair %d: "+format, append([]any{i + 1}, values...)...))
	}
	seen := map[string]int{}
	for i, pair := range pairs {
		question := Normalize(pair.Question)
		key := question + fmt.Sprint(map[string]string(pair.Callers)) // other callers can have another query
		first, duplicate := seen[key]
		if err := pair.Callers.Check(); err != nil {
			failf(i, "%w", err)
		}
		switch {
		case question == "":
			failf(i, "question: missing; want a question")
		case duplicate:
			failf(i, "question: duplicates that of pair %d; want each question once", first)
		default:
			seen[key] = i + 1
		}
		if strings.Trim(pair.SQL, "; \t\r\n") == "" {
			failf(i, "sql: missing; want the SQL that answers the question")
		}
	}
	return pairs, errors.Join(problems...)
}

// Normalize returns a question in lower case with single spaces.
func Normalize(question string) string {
	return strings.ToLower(strings.Join(strings.Fields(question), " "))
}

// Same reports whether two questions are the same but for case, white space and the
// punctuation at their ends.
func Same(a, b string) bool { return Key(a) == Key(b) }

// Key returns a text that the same questions have in common: the question without the
// punctuation at its end, unless it has nothing else.
func Key(question string) string {
	question = Normalize(question)
	if rest := strings.TrimRight(question, " ?!.…？！。؟;"); rest != "" {
		return rest
	}
	return question
}

// ReadGolden reads the golden queries, none without the file.
func ReadGolden(open Open) ([]Pair, error) {
	var files Files
	var problems []error
	for _, problem := range flatten(files.read("", GoldenFile, open)) {
		problems = append(problems, fmt.Errorf("%s: %w", GoldenFile, problem))
	}
	return files.Golden, errors.Join(problems...)
}

// flatten returns the errors that a joined error holds.
func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
