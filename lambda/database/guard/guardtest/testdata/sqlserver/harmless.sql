-- Statements that the guard lets through. One a line.
SELECT 1
(SELECT 1) UNION ALL (SELECT 2)
SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4
SELECT TOP (10) * FROM accounts ORDER BY balance DESC;
SELECT TOP 10 PERCENT WITH TIES owner FROM dbo.accounts ORDER BY owner
SELECT * FROM accounts ORDER BY id OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY
SELECT * FROM accounts ORDER BY id OFFSET (1) ROW FETCH FIRST 1 ROW ONLY
SELECT [delete], "update", [in]]to] FROM [insert]
SELECT a.[Order], a.owner AS [exec] FROM bank.dbo.accounts AS a
SELECT * FROM bank..accounts
SELECT * FROM accounts WITH (NOLOCK)
SELECT * FROM accounts AS a WITH (INDEX(1), NOLOCK) JOIN notes AS n WITH (NOLOCK) ON n.id = a.id
SELECT * FROM accounts AS a INNER MERGE JOIN notes AS n ON n.id = a.id
SELECT * FROM accounts OPTION (MERGE JOIN, MAXDOP 1, RECOMPILE)
WITH a AS (SELECT 1 AS n), b (n) AS (SELECT n FROM a) SELECT * FROM b
WITH a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 10) SELECT n FROM a OPTION (MAXRECURSION 0)
WITH a AS (SELECT 1 AS n) SELECT n FROM a UNION ALL SELECT n FROM a
WITH a AS (SELECT 1 AS n) (SELECT n FROM a) UNION (SELECT 2)
WITH XMLNAMESPACES ('uri' AS ns) SELECT 1 AS 'ns:a' FOR XML PATH
SELECT owner, SUM(balance) FROM accounts GROUP BY owner WITH ROLLUP
SELECT owner, SUM(balance) FROM accounts GROUP BY GROUPING SETS ((owner), ())
SELECT * FROM OPENJSON('[1]') WITH (n int '$')
SELECT owner FROM accounts FOR JSON PATH, ROOT('a')
SELECT STRING_AGG(owner, ', ') WITHIN GROUP (ORDER BY owner) FROM accounts
SELECT CASE WHEN balance > 10 THEN 'much' ELSE 'little' END AS size FROM accounts
SELECT IIF(balance > 10, 1, 0), CHOOSE(1, 'a', 'b'), COALESCE(NULL, 1) FROM accounts
SELECT CAST('2024-02-29' AS date), TRY_CONVERT(datetime2(7), '2024-02-29T12:00:00'), DATEADD(day, 1, GETDATE())
SELECT DATEFROMPARTS(2024, 2, 29), EOMONTH(GETDATE()), SYSDATETIMEOFFSET() AT TIME ZONE 'UTC'
SELECT ROW_NUMBER() OVER (PARTITION BY owner ORDER BY id) FROM accounts
SELECT * FROM accounts WHERE balance > ALL (SELECT balance FROM accounts WHERE id = 1)
SELECT * FROM accounts WHERE EXISTS (SELECT 1 FROM notes) AND owner LIKE N'%größe%'
SELECT Größe FROM Maße
SELECT * FROM accounts PIVOT (SUM(balance) FOR owner IN ([alice], [bob])) AS p
SELECT * FROM accounts CROSS APPLY (SELECT TOP (1) * FROM notes WHERE notes.id = accounts.id) AS n
SELECT * FROM accounts FOR SYSTEM_TIME AS OF '2024-02-29'
SELECT x.value('(/a)[1]', 'int') FROM (SELECT CAST('<a>1</a>' AS xml) AS x) AS t
SELECT a.place.STAsText(), a.place.Lat FROM shops AS a
SELECT 0x1F, 1.5e3, .5, $12.50, 'it''s; DELETE', N'日本', -1
SELECT 1 /* DELETE FROM accounts; /* nested */ */ AS n
SELECT 1 -- DELETE FROM accounts
SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES
SELECT name FROM sys.tables
SELECT * FROM sys.extended_properties
SELECT * FROM CONTAINSTABLE(notes, body, 'word')
SELECT @@VERSION, DB_NAME(), SUSER_SNAME(), SCHEMA_NAME()
SELECT * FROM dbo.dm_customers
SELECT * FROM GENERATE_SERIES(1, 10)
SELECT COUNT(*)
SELECT [größe], [owner name] FROM [Bücher und Größen] AS b
SELECT n# FROM #t AS t
SELECT a.owner, v.n FROM accounts AS a CROSS APPLY (VALUES (1), (2)) AS v(n)
SELECT * FROM accounts (NOLOCK)
SELECT * FROM dbo.accounts a WITH (NOLOCK) JOIN bank.dbo.accounts (READPAST) ON 1 = 1
SELECT doc.value('(/a/b)[1]', 'int'), t.doc.query('/a'), n.x.value('.', 'varchar(10)') FROM t CROSS APPLY t.doc.nodes('/a/b') AS n(x)
SELECT geography::Point(47, -122, 4326).STDistance(place.STBuffer(10)), place.Lat FROM shops
SELECT value, ordinal FROM STRING_SPLIT('a,b', ',', 1)
SELECT * FROM OPENJSON('[1]') WITH (a int '$.a') AS j
SELECT a.owner, s.value FROM accounts a CROSS APPLY STRING_SPLIT(a.owner, ' ') AS s
SELECT value FROM GENERATE_SERIES(1, 10)
WITH totals (owner, total) AS (SELECT owner, SUM(balance) FROM accounts GROUP BY owner) SELECT * FROM totals PIVOT (SUM(total) FOR owner IN ([a], [b])) AS p
SELECT LAG(balance) OVER (PARTITION BY owner ORDER BY id), STRING_AGG(owner, ',') WITHIN GROUP (ORDER BY owner) FROM accounts GROUP BY balance, id, owner
SELECT owner FROM accounts GROUP BY GROUPING SETS ((owner), ()), ROLLUP (owner)
SELECT TOP (5) PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY balance) OVER () FROM accounts
SELECT * FROM (SELECT 1 AS a) AS q (a) WHERE EXISTS (SELECT 1) AND a IN (1)
SELECT CAST(1 AS decimal(10, 2)), CONVERT(varchar(10), GETDATE(), 120), {fn NOW()}
