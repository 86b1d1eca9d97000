package catalog

import "strings"

// sqliteQueries read the structure by pragmas, as tables. One view whose table is
// gone, or one virtual table whose module is missing, fails such a query for all.
// SQLite has no comments.
var sqliteQueries = queries{
	probes: true,

	columns: strings.ReplaceAll(sqliteColumns, "WHICH", ""),
	object:  strings.ReplaceAll(sqliteColumns, "WHICH", "AND t.name = NAME"),
	objects: `
SELECT '', t.name, CASE t.type WHEN 'view' THEN 'view' ELSE '' END
FROM pragma_table_list AS t
WHERE t.schema = 'main' AND t.type IN ('table', 'view', 'virtual')
  AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
ORDER BY t.name`,

	keys:   strings.ReplaceAll(sqliteKeys, "WHICH", ""),
	keysOf: strings.ReplaceAll(sqliteKeys, "WHICH", "AND t.name = NAME"),
}

const sqliteColumns = `
SELECT '', t.name, CASE t.type WHEN 'view' THEN 'view' ELSE '' END, '',
       c.name, c.type, CASE c."notnull" WHEN 0 THEN '' ELSE 'not null' END, ''
FROM pragma_table_list AS t
JOIN pragma_table_xinfo(t.name) AS c
WHERE t.schema = 'main' AND t.type IN ('table', 'view', 'virtual')
  AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND c.hidden <> 1 WHICH
ORDER BY t.name, c.cid`

const sqliteKeys = `
SELECT '', k.tbl, k.name, k.source, '', k.target, k.target_column
FROM (
    SELECT t.name AS tbl, '' AS name, c.name AS source, '' AS target, '' AS target_column, c.pk AS ordinal
    FROM pragma_table_list AS t
    JOIN pragma_table_xinfo(t.name) AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND c.pk > 0 WHICH
    UNION ALL
    SELECT t.name, 'foreign key ' || f.id, f."from", f."table",
           -- A key without column names refers to the primary key.
           coalesce(f."to", (SELECT p.name FROM pragma_table_xinfo(f."table") AS p WHERE p.pk = f.seq + 1), ''),
           f.seq
    FROM pragma_table_list AS t
    JOIN pragma_foreign_key_list(t.name) AS f
    WHERE t.schema = 'main' AND t.type = 'table' WHICH
) AS k
ORDER BY k.tbl, k.name, k.ordinal`
