package generate

import (
	"slices"
	"strings"

	"defog-cdk/internal/schema"
)

// neighbor is the share of a table's relevance for the tables at the other end of
// its foreign keys. A query over two tables often requires a third.
const neighbor = 0.4

// schemaFor describes the tables. If all of them exceed the limit, it selects the
// relevant ones. It reduces a table over the limit to its keys and its most
// relevant columns. The option SubtablePruning sets a lower limit and reduces all
// tables. shared reports whether the text is the same for every question.
func (k *Knowledge) schemaFor(question string, d dialect, options Options) (text string, shared bool) {
	limit := maxSchema
	if options.SubtablePruning {
		limit = min(limit, options.PruneMaxTokens*bytesPerToken)
	}
	texts, size := make([]string, len(k.schema.Tables)), 0
	for i, table := range k.schema.Tables {
		if options.SubtablePruning {
			table = k.pruneColumns(question, table, options.PruneBM25NumColumns)
		}
		texts[i] = d.ddl(table)
		size += len(texts[i])
	}
	if size <= limit {
		return strings.Join(texts, "\n"), !options.SubtablePruning
	}

	scores := k.tableScores(question)
	order := best(scores)
	related := scores[order[0]] > 0 // false if the question and the schema have no word in common
	var kept []int
	for _, i := range order {
		if related && scores[i] == 0 {
			break
		}
		if len(texts[i]) > limit {
			texts[i] = d.ddl(k.pruneColumns(question, k.schema.Tables[i], options.PruneBM25NumColumns))
		}
		if len(texts[i]) <= limit {
			limit -= len(texts[i]) + 1
			kept = append(kept, i)
		}
	}
	slices.Sort(kept)
	shown := make([]string, len(kept))
	for i, position := range kept {
		shown[i] = texts[position]
	}
	return strings.Join(shown, "\n"), false
}

// tableScores returns the relevance of each table.
func (k *Knowledge) tableScores(question string) []float64 {
	direct := k.tables().scores(question)
	scores := slices.Clone(direct)
	positions := map[[2]string]int{}
	for i, table := range k.schema.Tables {
		positions[[2]string{table.Schema, table.Name}] = i
	}
	for i, table := range k.schema.Tables {
		for _, key := range table.ForeignKeys {
			if j, ok := positions[[2]string{key.Schema, key.Table}]; ok {
				scores[i] = max(scores[i], neighbor*direct[j])
				scores[j] = max(scores[j], neighbor*direct[i])
			}
		}
	}
	return scores
}

// pruneColumns keeps the keys and the count most relevant columns of table.
func (k *Knowledge) pruneColumns(question string, table schema.Table, count int) schema.Table {
	if len(table.Columns) <= count {
		return table
	}
	kept := slices.Clone(table.PrimaryKey)
	for _, key := range table.ForeignKeys {
		kept = append(kept, key.Columns...)
	}
	texts := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		texts[i] = columnText(column)
	}
	for _, i := range best(newIndex(k.language, texts).scores(question))[:count] {
		kept = append(kept, table.Columns[i].Name)
	}
	table.Columns = slices.DeleteFunc(slices.Clone(table.Columns), func(column schema.Column) bool {
		return !slices.Contains(kept, column.Name)
	})
	return table
}
