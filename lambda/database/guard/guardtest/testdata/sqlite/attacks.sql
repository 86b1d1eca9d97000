-- Attacks on a file that is opened for reading. One a line; refused with the
-- guard and without it. DIRECTORY stands for the database's directory.
SELECT load_extension('DIRECTORY/evil')
SELECT "load_extension"('DIRECTORY/evil')
SELECT [load_extension]('DIRECTORY/evil', 'main')
SELECT `load_extension` ('DIRECTORY/evil')
SELECT load_extension/**/('DIRECTORY/evil')
SELECT load_extension--x
SELECT LOAD_EXTENSION('DIRECTORY/evil')
SELECT count(*) FILTER (WHERE load_extension('x')) FROM accounts
SELECT * FROM accounts WHERE load_extension('x') IS NULL
SELECT * FROM accounts ORDER BY load_extension('x')
WITH a AS (SELECT load_extension('x')) SELECT * FROM a
VALUES (load_extension('x'))
SELECT (SELECT load_extension('x'))
SELECT CASE WHEN 1 THEN load_extension('x') END
SELECT sum(1) OVER (ORDER BY load_extension('x')) FROM accounts
SELECT fts3_tokenizer('simple')
SELECT fts3_tokenizer('simple', x'00')
SELECT readfile('/etc/passwd')
SELECT writefile('DIRECTORY/stolen', 'x')
SELECT edit('x')
SELECT shell('id')
SELECT sqlite_log(1, 'x')
SELECT * FROM fsdir('/etc')
SELECT * FROM csv('/etc/passwd')
SELECT * FROM zipfile('/etc/passwd')
SELECT * FROM sqlite_dbpage
SELECT data FROM sqlite_dbpage WHERE pgno = 1
SELECT * FROM pragma_database_list
SELECT * FROM pragma_user_version
SELECT * FROM pragma_journal_mode
SELECT * FROM pragma_wal_checkpoint
SELECT * FROM pragma_cache_size
SELECT * FROM pragma_module_list
SELECT * FROM pragma_compile_options
SELECT * FROM pragma_optimize
SELECT * FROM pragma_incremental_vacuum(1)
SELECT * FROM pragma_quick_check
SELECT * FROM pragma_integrity_check
SELECT * FROM "pragma_database_list"
SELECT * FROM [pragma_database_list]()
SELECT * FROM main.pragma_database_list
PRAGMA database_list
PRAGMA table_info(accounts)
PRAGMA writable_schema = 1
PRAGMA query_only = 0
PRAGMA trusted_schema = 1
PRAGMA temp_store_directory = '/tmp'
PRAGMA journal_mode
PRAGMA main.user_version = 4
EXPLAIN PRAGMA query_only = 0
ATTACH '/etc/passwd' AS x
ATTACH DATABASE ':memory:' AS x
ATTACH 'file:x?mode=memory' AS y
DETACH main
VACUUM
VACUUM INTO 'DIRECTORY/stolen'
REINDEX
ANALYZE
BEGIN
BEGIN IMMEDIATE
COMMIT
END
ROLLBACK
SAVEPOINT x
RELEASE x
CREATE TEMP TABLE x (a)
CREATE TEMP VIEW x AS SELECT 1
CREATE TEMP TRIGGER x AFTER INSERT ON accounts BEGIN SELECT 1; END
CREATE VIRTUAL TABLE temp.x USING fts5(a)
CREATE TABLE IF NOT EXISTS x (a)
DROP TABLE IF EXISTS accounts
ALTER TABLE accounts RENAME COLUMN owner TO x
INSERT INTO notes(notes) VALUES ('optimize')
INSERT INTO notes(notes, rank) VALUES ('rank', 'load_extension(1)')
INSERT OR REPLACE INTO accounts VALUES (1, 'x', 1)
UPDATE OR IGNORE accounts SET balance = 0
DELETE FROM notes_data
WITH a AS (SELECT 1) INSERT INTO accounts SELECT 9, 'x', 1
WITH a AS (SELECT 1) UPDATE accounts SET balance = 0
WITH a AS (SELECT 1) DELETE FROM accounts
WITH a AS (SELECT 1) REPLACE INTO accounts SELECT 1, 'x', 1
EXPLAIN UPDATE accounts SET balance = 0
EXPLAIN QUERY PLAN DELETE FROM accounts
SELECT 1; SELECT 2
SELECT 1;DELETE FROM accounts
SELECT 1 /* */; DELETE FROM accounts
SELECT ''';'; DELETE FROM accounts
SELECT "a"";"; DELETE FROM accounts
SELECT [a"]; DELETE FROM accounts --]
SELECT `a``;`; DELETE FROM accounts
SELECT x'00'; DELETE FROM accounts
SELECT 1 -- ;\n; DELETE FROM accounts
SELECT 'a' /* ' */; DELETE FROM accounts --'
SELECT '\', load_extension('x') --'
SELECT "\", load_extension('x') --"
SELECT ?1
SELECT :a, @b, $c
SELECT $a(load_extension)
SELECT 1 /* unclosed
SELECT 'unclosed
SELECT 1e5load_extension('x')
SELECT 0x1Fload_extension('x')
SELECT 1a
SELECT undefined_function(1)
SELECT sqlite_rename_column(1, 2, 3, 4, 5, 6, 7, 8, 9)
SELECT sqlite_drop_column(1, 2, 3)
SELECT sqlite_rename_table(1, 2, 3, 4, 5, 6, 7)
SELECT sqlite_rename_test(1, 2, 3, 4, 5, 6)
SELECT sqlite_add_constraint(1, 2, 3)
-- A byte order mark is a blank.
SELECT ﻿load_extension('x')
SELECT hex(﻿fts3_tokenizer('simple'))
SELECT 1,﻿sqlite_log(1, 'x')
SELECT 1﻿; ﻿DELETE FROM orders
