package catalog

// mysqlQueries read the information schema of the connection's database. It lists the
// objects on which the user has a privilege.
var mysqlQueries = queries{
	probes: true,

	columns: `
SELECT '', t.table_name,
       CASE t.table_type WHEN 'BASE TABLE' THEN '' ELSE 'view' END,
       CASE t.table_type WHEN 'BASE TABLE' THEN t.table_comment ELSE '' END,
       c.column_name, c.column_type,
       CASE c.is_nullable WHEN 'NO' THEN 'not null' ELSE '' END,
       c.column_comment
FROM information_schema.tables AS t
JOIN information_schema.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
WHERE t.table_schema = database() AND t.table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
  AND FIND_IN_SET('select', c.privileges) > 0
ORDER BY t.table_name, c.ordinal_position`,

	// A view with a missing table or definer has no columns.
	objects: `
SELECT '', t.table_name, 'view'
FROM information_schema.tables AS t
WHERE t.table_schema = database() AND t.table_type = 'VIEW'
ORDER BY t.table_name`,

	keys: `
SELECT '', k.table_name, k.constraint_name, k.column_name,
       CASE WHEN k.referenced_table_schema = database() THEN '' ELSE coalesce(k.referenced_table_schema, '') END,
       coalesce(k.referenced_table_name, ''),
       coalesce(k.referenced_column_name, '')
FROM information_schema.key_column_usage AS k
WHERE k.table_schema = database()
  AND (k.constraint_name = 'PRIMARY' OR k.referenced_table_name IS NOT NULL)
ORDER BY k.table_name, k.constraint_name = 'PRIMARY' DESC, k.constraint_name, k.ordinal_position`,
}
