package catalog

// bigqueryQueries read the information schema of one dataset. That of a whole region
// requires permissions on the whole project.
var bigqueryQueries = queries{
	ofDataset: true,

	columns: `
SELECT '',
       c.table_name,
       IF(t.table_type LIKE '%VIEW%', 'view', ''),
       IFNULL(JSON_VALUE(o.option_value), ''),
       c.column_name,
       c.data_type,
       IF(c.is_nullable = 'NO', 'not null', ''),
       IFNULL(p.description, '')
FROM DATASET.INFORMATION_SCHEMA.COLUMNS AS c
JOIN DATASET.INFORMATION_SCHEMA.TABLES AS t ON t.table_name = c.table_name
LEFT JOIN DATASET.INFORMATION_SCHEMA.TABLE_OPTIONS AS o ON o.table_name = c.table_name AND o.option_name = 'description'
LEFT JOIN DATASET.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS AS p ON p.table_name = c.table_name AND p.field_path = c.column_name
WHERE c.is_hidden = 'NO'
ORDER BY c.table_name, c.ordinal_position`,

	keys: `
SELECT '',
       k.table_name,
       k.constraint_name,
       k.column_name,
       '',
       IFNULL(u.table_name, ''),
       IFNULL(r.column_name, '')
FROM DATASET.INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS k
JOIN DATASET.INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS c ON c.table_name = k.table_name AND c.constraint_name = k.constraint_name
LEFT JOIN (SELECT DISTINCT constraint_name, table_name FROM DATASET.INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE) AS u
    ON c.constraint_type = 'FOREIGN KEY' AND u.constraint_name = k.constraint_name
-- A column of a foreign key has a position in the target's key.
LEFT JOIN DATASET.INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS r
    ON r.table_name = u.table_name AND r.position_in_unique_constraint IS NULL AND r.ordinal_position = k.position_in_unique_constraint
ORDER BY k.table_name, c.constraint_type DESC, k.constraint_name, k.ordinal_position`,
}
