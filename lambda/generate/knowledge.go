package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"defog-cdk/lambda/schema"
)

// GlossaryFile is the name of the file in the dependencies that says in plain
// words what the schema cannot: paragraphs, with an empty line between them.
const GlossaryFile = "glossary.md"

// What of the knowledge a prompt takes at the most, in bytes; a token is about
// four. More is pruned by the question's words.
const (
	mostSchema    = 60_000
	mostGlossary  = 32_000
	mostExamples  = 16_000
	bytesPerToken = 4
)

// An example is near enough to be shown from this score on, and so many are.
const (
	exampleScore = 0.1
	exampleCount = 5
)

// Knowledge is what a language model is told of the database, from the files
// in the dependencies: schema.json, and if they are there glossary.md and
// golden.json.
type Knowledge struct {
	schema   schema.Schema
	glossary []string // paragraphs
	golden   *Golden
	language *language
	tables   func() *index // made when it is first needed
}

// OpenKnowledge reads the files from directory.
func OpenKnowledge(directory string) (*Knowledge, error) {
	s, err := schema.Open(directory)
	if err != nil {
		return nil, err
	}
	glossary, err := os.ReadFile(filepath.Join(directory, GlossaryFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the glossary: %w", err)
	}
	pairs, err := readPairs(directory)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k := &Knowledge{schema: s, glossary: paragraphs(string(glossary)), golden: newGolden(pairs)}
	k.language = k.golden.language
	k.tables = sync.OnceValue(k.indexTables)
	return k, nil
}

func paragraphs(text string) []string {
	var units []string
	for unit := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if unit = strings.TrimSpace(unit); unit != "" {
			units = append(units, unit)
		}
	}
	return units
}

func (k *Knowledge) indexTables() *index {
	texts := make([]string, len(k.schema.Tables))
	for i, table := range k.schema.Tables {
		words := []string{table.Name, table.Name, table.Comment}
		for _, column := range table.Columns {
			words = append(words, columnText(column))
		}
		texts[i] = strings.Join(words, " ")
	}
	return newIndex(k.language, texts)
}

func columnText(column schema.Column) string {
	return strings.Join(append([]string{column.Name, column.Comment}, column.Samples...), " ")
}

// examplesFor returns the golden queries nearest to the question.
func (k *Knowledge) examplesFor(question string) string {
	var text strings.Builder
	for i, c := range k.golden.rank(question) {
		example := fmt.Sprintf("Question: %s\nSQL: %s\n", c.pair.Question, c.pair.SQL)
		if i == exampleCount || c.score < exampleScore || text.Len()+len(example) > mostExamples {
			break
		}
		text.WriteString(example)
	}
	return text.String()
}

// glossaryFor returns the paragraphs of the file and of the request, all if
// they fit, else those that the question is about.
func (k *Knowledge) glossaryFor(question string, options Options) string {
	units := append(paragraphs(options.Glossary), k.glossary...)
	all := strings.Join(units, "\n\n")
	most, count := mostGlossary, len(units)
	if options.GlossaryPruning {
		most = min(most, options.PruneGlossaryMaxTokens*bytesPerToken)
		count = options.PruneGlossaryBM25Units
	}
	if len(all) <= most && len(units) <= count {
		return all
	}
	scores := newIndex(k.language, units).scores(question)
	var kept []string
	for _, i := range best(scores) {
		if most -= len(units[i]) + 2; most < 0 || len(kept) == count || scores[i] == 0 {
			break
		}
		kept = append(kept, units[i])
	}
	return strings.Join(kept, "\n\n")
}
