package catalog

// postgresQueries read the system catalogs, which hold comments, partitions and
// enumerations. The information schema lacks them.
var postgresQueries = queries{
	probes: true,

	columns: `
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END,
       c.relname,
       CASE WHEN c.relkind IN ('v', 'm') THEN 'view' WHEN c.relkind = 'f' THEN 'foreign' ELSE '' END,
       coalesce(obj_description(c.oid, 'pg_class'), ''),
       a.attname,
       format_type(a.atttypid, a.atttypmod) || coalesce((
           SELECT ' (' || string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) || ')'
           FROM pg_enum AS e
           WHERE e.enumtypid = a.atttypid), ''),
       CASE WHEN a.attnotnull THEN 'not null' ELSE '' END,
       coalesce(col_description(c.oid, a.attnum), '')
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND has_schema_privilege(n.oid, 'USAGE')
  AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum`,

	keys: `
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END,
       c.relname,
       k.conname,
       a.attname,
       CASE WHEN t.oid IS NULL OR pg_table_is_visible(t.oid) THEN '' ELSE tn.nspname END,
       coalesce(t.relname, ''),
       coalesce(ta.attname, '')
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS part (source, target, ordinal)
JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = part.source
LEFT JOIN pg_class AS t ON t.oid = k.confrelid
LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute AS ta ON ta.attrelid = k.confrelid AND ta.attnum = part.target
WHERE k.contype IN ('p', 'f') AND k.conparentid = 0
ORDER BY n.nspname, c.relname, k.contype DESC, k.conname, part.ordinal`,
}
