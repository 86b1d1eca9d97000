package generate

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/caller"
)

// Limits of a prompt's blocks, in bytes; a token has about four. Longer blocks
// are pruned by relevance to the question.
const (
	maxSchema     = 60_000
	maxGlossary   = 32_000
	maxExamples   = 16_000
	bytesPerToken = 4
)

// The minimum score of an example, and the limit of their number.
const (
	exampleScore = 0.1
	exampleCount = 5
)

// Knowledge holds the description of the database for a language model's prompt:
// schema.json and, if present, glossary.md and golden.json of the dependencies.
type Knowledge struct {
	schema   schema.Schema
	glossary []string // paragraphs
	golden   *Golden
	language *language
	tables   func() *index // computed once, on the first call
}

// OpenKnowledge reads the files from directory. Without schema.json, it has no
// schema. The error lists every problem in the files.
func OpenKnowledge(directory string) (*Knowledge, error) {
	files, err := knowledge.Read("openai", knowledge.Folder(directory))
	if err != nil {
		return nil, err
	}
	k := &Knowledge{glossary: paragraphs(files.Glossary), golden: newGolden(files.Golden)}
	k.language = k.golden.language
	return k.WithSchema(files.Schema), nil
}

// Schema returns the structure of the database.
func (k *Knowledge) Schema() schema.Schema { return k.schema }

// HasSchema reports whether the knowledge has any table.
func (k *Knowledge) HasSchema() bool { return len(k.schema.Tables) > 0 }

// WithSchema returns the knowledge with another schema.
func (k *Knowledge) WithSchema(s schema.Schema) *Knowledge {
	changed := *k
	changed.schema = s
	changed.tables = sync.OnceValue(changed.indexTables)
	return &changed
}

// forCaller returns the knowledge for the caller of the context.
func (k *Knowledge) forCaller(ctx context.Context) *Knowledge {
	shown := *k
	shown.golden = k.golden.forCaller(ctx)
	if !k.schema.Restricted() {
		return &shown
	}
	return shown.WithSchema(k.schema.For(caller.From(ctx).Claims.Text))
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

// examplesFor returns the golden queries nearest to the question, without its own if
// holdOut is true.
func (k *Knowledge) examplesFor(question string, holdOut bool) string {
	var text strings.Builder
	examples := 0
	for _, c := range k.golden.rank(question) {
		if holdOut && c.score >= verbatim {
			continue
		}
		example := fmt.Sprintf("Question: %s\nSQL: %s\n", c.pair.Question, c.pair.SQL)
		if examples == exampleCount || c.score < exampleScore || text.Len()+len(example) > maxExamples {
			break
		}
		text.WriteString(example)
		examples++
	}
	return text.String()
}

// glossaryFor returns the paragraphs of the request and of glossary.md. If they
// exceed the limits, it returns the relevant ones. shared reports whether the text
// is the same for every question.
func (k *Knowledge) glossaryFor(question string, options Options) (text string, shared bool) {
	units := append(paragraphs(options.Glossary), k.glossary...)
	all := strings.Join(units, "\n\n")
	limit, count := maxGlossary, len(units)
	if options.GlossaryPruning {
		limit = min(limit, options.PruneGlossaryMaxTokens*bytesPerToken)
		count = options.PruneGlossaryBM25Units
	}
	if len(all) <= limit && len(units) <= count {
		return all, options.Glossary == ""
	}
	scores := newIndex(k.language, units).scores(question)
	var kept []string
	for _, i := range best(scores) {
		if limit -= len(units[i]) + 2; limit < 0 || len(kept) == count || scores[i] == 0 {
			break
		}
		kept = append(kept, units[i])
	}
	return strings.Join(kept, "\n\n"), false
}

// Tables returns the names of the tables, with their schemas.
func (k *Knowledge) Tables() []string {
	names := make([]string, len(k.schema.Tables))
	for i, table := range k.schema.Tables {
		names[i] = table.Path()
	}
	return names
}
