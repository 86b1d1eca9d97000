package catalog

// sqliteQueries ask by pragmas, as tables. SQLite knows no comments.
var sqliteQueries = queries{
	columns: `
SELECT '', t.name, CASE t.type WHEN 'view' THEN 'view' ELSE '' END, '',
       c.name, c.type, CASE c."notnull" WHEN 0 THEN '' ELSE 'not null' END, ''
FROM pragma_table_list AS t
JOIN pragma_table_xinfo(t.name) AS c
WHERE t.schema = 'main' AND t.type IN ('table', 'view', 'virtual')
  AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND c.hidden <> 1
ORDER BY t.name, c.cid`,

	keys: `
SELECT '', k.tbl, k.name, k.own, '', k.target, k.target_column
FROM (
    SELECT t.name AS tbl, '' AS name, c.name AS own, '' AS target, '' AS target_column, c.pk AS place
    FROM pragma_table_list AS t
    JOIN pragma_table_xinfo(t.name) AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND c.pk > 0
    UNION ALL
    SELECT t.name, 'foreign key ' || f.id, f."from", f."table",
           -- A key that names no column refers to the primary key.
           coalesce(f."to", (SELECT p.name FROM pragma_table_xinfo(f."table") AS p WHERE p.pk = f.seq + 1), ''),
           f.seq
    FROM pragma_table_list AS t
    JOIN pragma_foreign_key_list(t.name) AS f
    WHERE t.schema = 'main' AND t.type = 'table'
) AS k
ORDER BY k.tbl, k.name, k.place`,
}
