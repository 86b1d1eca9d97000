package catalog

// redshiftQueries read the system catalogs in the SQL of PostgreSQL 8. A late-binding
// view has no columns there, and is reported.
var redshiftQueries = queries{
	probes: true,

	columns: `
SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname::text END,
       c.relname::text,
       CASE WHEN c.relkind = 'v' THEN 'view' ELSE '' END,
       coalesce(td.description, ''),
       a.attname::text,
       format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attnotnull THEN 'not null' ELSE '' END,
       coalesce(cd.description, '')
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_description AS td ON td.objoid = c.oid AND td.objsubid = 0
LEFT JOIN pg_description AS cd ON cd.objoid = c.oid AND cd.objsubid = a.attnum
WHERE c.relkind IN ('r', 'v')
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg~_%' ESCAPE '~'
  AND has_schema_privilege(n.nspname, 'USAGE')
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum`,

	objects: `
SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname::text END, c.relname::text, 'view'
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg~_%' ESCAPE '~'
  AND has_schema_privilege(n.nspname, 'USAGE')
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname`,

	keys: `
SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname::text END,
       c.relname::text,
       k.conname::text,
       a.attname::text,
       CASE WHEN tn.nspname IS NULL OR tn.nspname = current_schema() THEN '' ELSE tn.nspname::text END,
       coalesce(t.relname::text, ''),
       coalesce(ta.attname::text, '')
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN generate_series(1, 32) AS ordinal ON ordinal <= array_upper(k.conkey, 1)
JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[ordinal]
LEFT JOIN pg_class AS t ON t.oid = k.confrelid
LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute AS ta ON ta.attrelid = k.confrelid AND ta.attnum = k.confkey[ordinal]
WHERE k.contype IN ('p', 'f')
ORDER BY n.nspname, c.relname, k.contype DESC, k.conname, ordinal`,
}
