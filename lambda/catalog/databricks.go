package catalog

// databricksQueries read the information schema of the session's catalog, which lists
// the objects that the user may see.
var databricksQueries = queries{
	columns: `
SELECT CASE WHEN c.table_schema = current_schema() THEN '' ELSE c.table_schema END,
       c.table_name,
       CASE WHEN t.table_type LIKE '%VIEW%' THEN 'view' ELSE '' END,
       coalesce(t.comment, ''),
       c.column_name,
       c.full_data_type,
       CASE WHEN c.is_nullable = 'NO' THEN 'not null' ELSE '' END,
       coalesce(c.comment, '')
FROM information_schema.columns AS c
JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema <> 'information_schema'
ORDER BY c.table_schema, c.table_name, c.ordinal_position`,

	keys: `
SELECT CASE WHEN k.table_schema = current_schema() THEN '' ELSE k.table_schema END,
       k.table_name,
       k.constraint_name,
       k.column_name,
       CASE WHEN u.table_schema IS NULL OR u.table_schema = current_schema() THEN '' ELSE u.table_schema END,
       coalesce(u.table_name, ''),
       coalesce(u.column_name, '')
FROM information_schema.key_column_usage AS k
JOIN information_schema.table_constraints AS c
    ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name AND c.table_name = k.table_name
LEFT JOIN information_schema.referential_constraints AS r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
-- A column of a foreign key has a position in the target's key.
LEFT JOIN information_schema.key_column_usage AS u
    ON u.constraint_schema = r.unique_constraint_schema AND u.constraint_name = r.unique_constraint_name
    AND u.ordinal_position = k.position_in_unique_constraint
WHERE c.constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')
ORDER BY k.table_schema, k.table_name, c.constraint_type DESC, k.constraint_name, k.ordinal_position`,
}
