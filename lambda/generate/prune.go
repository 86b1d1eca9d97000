package generate

import (
	"slices"
	"strings"

	"defog-cdk/lambda/schema"
)

// neighbour is the part of a table's relevance that the tables get which a
// foreign key joins to it: a query between two tables often needs a third.
const neighbour = 0.4

// schemaFor describes the tables: all if they fit, else those that the question
// is about, and of one that does not fit the keys and the columns that it is
// about most. A request that asks for pruning says itself how much may fit, and
// has the columns of every table pruned.
func (k *Knowledge) schemaFor(question string, d dialect, options Options) string {
	most := mostSchema
	if options.SubtablePruning {
		most = min(most, options.PruneMaxTokens*bytesPerToken)
	}
	texts, size := make([]string, len(k.schema.Tables)), 0
	for i, table := range k.schema.Tables {
		if options.SubtablePruning {
			table = k.pruneColumns(question, table, options.PruneBM25NumColumns)
		}
		texts[i] = d.ddl(table)
		size += len(texts[i])
	}
	if size <= most {
		return strings.Join(texts, "\n")
	}

	scores := k.tableScores(question)
	order := best(scores)
	known := scores[order[0]] > 0 // else the question is in words that the schema has none of
	var kept []int
	for _, i := range order {
		if known && scores[i] == 0 {
			break
		}
		if len(texts[i]) > most {
			texts[i] = d.ddl(k.pruneColumns(question, k.schema.Tables[i], options.PruneBM25NumColumns))
		}
		if len(texts[i]) <= most {
			most -= len(texts[i]) + 1
			kept = append(kept, i)
		}
	}
	slices.Sort(kept)
	shown := make([]string, len(kept))
	for i, position := range kept {
		shown[i] = texts[position]
	}
	return strings.Join(shown, "\n")
}

// tableScores returns the relevance of each table.
func (k *Knowledge) tableScores(question string) []float64 {
	own := k.tables().scores(question)
	scores := slices.Clone(own)
	positions := map[[2]string]int{}
	for i, table := range k.schema.Tables {
		positions[[2]string{table.Schema, table.Name}] = i
	}
	for i, table := range k.schema.Tables {
		for _, key := range table.ForeignKeys {
			if j, ok := positions[[2]string{key.Schema, key.Table}]; ok {
				scores[i] = max(scores[i], neighbour*own[j])
				scores[j] = max(scores[j], neighbour*own[i])
			}
		}
	}
	return scores
}

// pruneColumns keeps the keys and the count columns that the question is about
// most.
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
