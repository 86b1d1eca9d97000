package catalog

// sqlserverQueries read the catalog views, which hold comments as the extended
// property MS_Description.
var sqlserverQueries = queries{
	columns: `
SELECT CASE WHEN s.name = SCHEMA_NAME() THEN '' ELSE s.name END,
       o.name,
       CASE WHEN o.type = 'V' THEN 'view' ELSE '' END,
       COALESCE(CAST(oc.value AS nvarchar(4000)), ''),
       c.name,
       t.name + CASE
           WHEN t.name IN ('char', 'varchar', 'binary', 'varbinary', 'nchar', 'nvarchar') AND c.max_length = -1 THEN '(max)'
           WHEN t.name IN ('char', 'varchar', 'binary', 'varbinary') THEN '(' + CAST(c.max_length AS varchar(11)) + ')'
           WHEN t.name IN ('nchar', 'nvarchar') THEN '(' + CAST(c.max_length / 2 AS varchar(11)) + ')'
           WHEN t.name IN ('decimal', 'numeric') THEN '(' + CAST(c.precision AS varchar(11)) + ',' + CAST(c.scale AS varchar(11)) + ')'
           ELSE ''
       END,
       CASE WHEN c.is_nullable = 0 THEN 'not null' ELSE '' END,
       COALESCE(CAST(cc.value AS nvarchar(4000)), '')
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
JOIN sys.columns AS c ON c.object_id = o.object_id
JOIN sys.types AS t ON t.user_type_id = c.user_type_id
LEFT JOIN sys.extended_properties AS oc
    ON oc.class = 1 AND oc.major_id = o.object_id AND oc.minor_id = 0 AND oc.name = 'MS_Description'
LEFT JOIN sys.extended_properties AS cc
    ON cc.class = 1 AND cc.major_id = o.object_id AND cc.minor_id = c.column_id AND cc.name = 'MS_Description'
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
  AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT', c.name, 'COLUMN') = 1
ORDER BY s.name, o.name, c.column_id`,

	keys: `
SELECT k.source_schema, k.source_table, k.name, k.source_column, k.target_schema, k.target_table, k.target_column
FROM (
    SELECT CASE WHEN s.name = SCHEMA_NAME() THEN '' ELSE s.name END AS source_schema, o.name AS source_table, p.name, c.name AS source_column,
           '' AS target_schema, '' AS target_table, '' AS target_column, 1 AS kind, i.key_ordinal AS ordinal
    FROM sys.key_constraints AS p
    JOIN sys.objects AS o ON o.object_id = p.parent_object_id
    JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    JOIN sys.index_columns AS i ON i.object_id = p.parent_object_id AND i.index_id = p.unique_index_id AND i.key_ordinal > 0
    JOIN sys.columns AS c ON c.object_id = i.object_id AND c.column_id = i.column_id
    WHERE p.type = 'PK'
    UNION ALL
    SELECT CASE WHEN s.name = SCHEMA_NAME() THEN '' ELSE s.name END, o.name, f.name, c.name,
           CASE WHEN rs.name = SCHEMA_NAME() THEN '' ELSE rs.name END, r.name, rc.name, 2, p.constraint_column_id
    FROM sys.foreign_keys AS f
    JOIN sys.foreign_key_columns AS p ON p.constraint_object_id = f.object_id
    JOIN sys.objects AS o ON o.object_id = f.parent_object_id
    JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    JOIN sys.columns AS c ON c.object_id = p.parent_object_id AND c.column_id = p.parent_column_id
    JOIN sys.objects AS r ON r.object_id = f.referenced_object_id
    JOIN sys.schemas AS rs ON rs.schema_id = r.schema_id
    JOIN sys.columns AS rc ON rc.object_id = p.referenced_object_id AND rc.column_id = p.referenced_column_id
) AS k
ORDER BY k.source_schema, k.source_table, k.kind, k.name, k.ordinal`,
}
