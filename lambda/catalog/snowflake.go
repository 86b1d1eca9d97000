package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"defog-cdk/lambda/database"
)

// snowflakeQueries read the information schema, which lists the objects that the role
// may see. It holds the names of keys; only SHOW returns their columns.
var snowflakeQueries = queries{
	columns: `
SELECT IFF(c.table_schema = CURRENT_SCHEMA(), '', c.table_schema),
       c.table_name,
       IFF(t.table_type LIKE '%VIEW', 'view', ''),
       COALESCE(t.comment, ''),
       c.column_name,
       c.data_type || CASE
           WHEN c.data_type = 'NUMBER' THEN '(' || c.numeric_precision || ',' || c.numeric_scale || ')'
           WHEN c.data_type = 'TEXT' AND c.character_maximum_length < 16777216 THEN '(' || c.character_maximum_length || ')'
           ELSE ''
       END,
       IFF(c.is_nullable = 'NO', 'not null', ''),
       COALESCE(c.comment, '')
FROM INFORMATION_SCHEMA.COLUMNS AS c
JOIN INFORMATION_SCHEMA.TABLES AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema <> 'INFORMATION_SCHEMA'
ORDER BY c.table_schema, c.table_name, c.ordinal_position`,

	keyRows: snowflakeKeys,
}

// snowflakeKeys reads the keys by SHOW, whose rows have no order.
// https://docs.snowflake.com/en/sql-reference/sql/show-primary-keys
func snowflakeKeys(ctx context.Context, r *reader) ([][]string, error) {
	current, err := r.rows(ctx, "SELECT COALESCE(CURRENT_SCHEMA(), '')", 1)
	if err != nil {
		return nil, err
	}
	schemaOf := func(name string) string {
		if len(current) > 0 && name == current[0][0] {
			return ""
		}
		return name
	}
	var rows [][]string
	for _, kind := range []struct {
		statement string
		columns   []string // the last one is the column's position in the key
	}{
		{"SHOW PRIMARY KEYS IN DATABASE", []string{"schema_name", "table_name", "constraint_name", "column_name", "", "", "", "key_sequence"}},
		{"SHOW IMPORTED KEYS IN DATABASE", []string{"fk_schema_name", "fk_table_name", "fk_name", "fk_column_name",
			"pk_schema_name", "pk_table_name", "pk_column_name", "key_sequence"}},
	} {
		found, err := r.shown(ctx, kind.statement, kind.columns)
		if err != nil {
			return nil, err
		}
		for _, row := range found {
			row[0], row[4] = schemaOf(row[0]), schemaOf(row[4])
		}
		slices.SortFunc(found, func(a, b []string) int {
			positionA, _ := strconv.Atoi(a[7])
			positionB, _ := strconv.Atoi(b[7])
			return cmp.Or(slices.Compare(a[:3], b[:3]), cmp.Compare(positionA, positionB))
		})
		rows = append(rows, found...)
	}
	return rows, nil
}

// shown runs a SHOW and returns some of its columns as text, in the given order. A
// column without a name has the value "".
func (r *reader) shown(ctx context.Context, statement string, columns []string) ([][]string, error) {
	result, err := r.db.Query(ctx, statement, database.Limits{Time: queryTimeout})
	if err != nil {
		return nil, err
	}
	var values [][]any
	if err := json.Unmarshal(result.Data, &values); err != nil {
		return nil, fmt.Errorf("decode rows: %w", err)
	}
	rows := make([][]string, len(values))
	for i, name := range columns {
		index := slices.Index(result.Columns, name)
		if index < 0 && name != "" && len(values) > 0 {
			return nil, fmt.Errorf("%s has no column %s", statement, name)
		}
		for j, value := range values {
			text := ""
			if name != "" {
				text = fmt.Sprint(value[index])
			}
			if i == 0 {
				rows[j] = make([]string, len(columns))
			}
			rows[j][i] = text
		}
	}
	return rows, nil
}
