-- Statements that write or reach beyond the file. One a line; refused with the
-- guard and without it. DIRECTORY stands for the database's directory.
INSERT INTO accounts VALUES (3, 'mallory', 1)
REPLACE INTO accounts VALUES (1, 'mallory', 1)
UPDATE accounts SET balance = 0
DELETE FROM accounts
DROP TABLE accounts
DROP VIEW rich
CREATE TABLE stolen (n)
CREATE TEMP TABLE stolen (n)
CREATE TABLE stolen AS SELECT * FROM accounts
CREATE VIEW stolen AS SELECT 1
CREATE TEMP VIEW stolen AS SELECT 1
CREATE INDEX stolen ON accounts (balance)
CREATE TRIGGER stolen AFTER INSERT ON accounts BEGIN SELECT 1; END
CREATE VIRTUAL TABLE stolen USING fts5(a)
ALTER TABLE accounts ADD COLUMN stolen
ALTER TABLE accounts RENAME TO stolen
WITH a AS (SELECT 1) DELETE FROM accounts
WITH a AS (SELECT 1) INSERT INTO accounts SELECT 9, 'x', 1 FROM a
EXPLAIN DELETE FROM accounts
DELETE FROM accounts RETURNING *
ATTACH 'DIRECTORY/stolen' AS stolen
ATTACH ':memory:' AS stolen
ATTACH DATABASE 'file:DIRECTORY/stolen?mode=rwc' AS stolen
DETACH main
VACUUM
VACUUM INTO 'DIRECTORY/stolen'
VACUUM main INTO 'DIRECTORY/stolen'
REINDEX
ANALYZE
BEGIN
BEGIN EXCLUSIVE
COMMIT
ROLLBACK
SAVEPOINT s
PRAGMA query_only = off
PRAGMA writable_schema = on
PRAGMA journal_mode = wal
PRAGMA user_version = 7
PRAGMA temp_store_directory = 'DIRECTORY'
PRAGMA trusted_schema = on
PRAGMA database_list
SELECT * FROM pragma_database_list
SELECT * FROM pragma_user_version
SELECT load_extension('DIRECTORY/evil')
SELECT "load_extension"('DIRECTORY/evil')
SELECT [load_extension] ('DIRECTORY/evil')
SELECT `load_extension`/* */('DIRECTORY/evil')
SELECT fts3_tokenizer('simple')
SELECT readfile('/etc/passwd')
SELECT writefile('DIRECTORY/stolen', 'x')
SELECT edit('x', 'touch DIRECTORY/stolen')
SELECT 1; DELETE FROM accounts
SELECT ';' ; DELETE FROM accounts
SELECT [;] FROM (SELECT 1 AS [;]); DELETE FROM accounts
SELECT `;` FROM (SELECT 1 AS `;`); DELETE FROM accounts
SELECT 1 /* /* */ ; DELETE FROM accounts -- */
SELECT '\'; DELETE FROM accounts --'
-- Other words for the same.
INSERT OR REPLACE INTO accounts VALUES (1, 'mallory', 1)
INSERT OR IGNORE INTO accounts VALUES (9, 'mallory', 1)
INSERT OR ABORT INTO accounts VALUES (9, 'mallory', 1)
INSERT OR FAIL INTO accounts VALUES (9, 'mallory', 1)
INSERT OR ROLLBACK INTO accounts VALUES (9, 'mallory', 1)
INSERT INTO accounts SELECT 9, owner, 1 FROM accounts
INSERT INTO accounts (id, owner, balance) VALUES (9, 'x', 1), (10, 'y', 1)
INSERT INTO accounts DEFAULT VALUES
INSERT INTO accounts VALUES (1, 'x', 1) ON CONFLICT (id) DO UPDATE SET balance = 0
INSERT INTO accounts VALUES (9, 'x', 1) RETURNING *
INSERT INTO main.accounts VALUES (9, 'x', 1)
INSERT INTO "accounts" VALUES (9, 'x', 1)
REPLACE INTO main.accounts SELECT id, 'x', 0 FROM accounts
UPDATE OR REPLACE accounts SET id = 1
UPDATE OR IGNORE accounts SET balance = 0
UPDATE accounts SET balance = 0 WHERE id IN (SELECT id FROM accounts)
UPDATE accounts SET balance = b.balance FROM accounts AS b
UPDATE accounts SET (owner, balance) = ('x', 0)
UPDATE accounts SET balance = 0 RETURNING *
UPDATE rich SET balance = 0
DELETE FROM main.accounts
DELETE FROM accounts WHERE id = (SELECT min(id) FROM accounts)
DELETE FROM accounts LIMIT 1
DELETE FROM rich
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) INSERT INTO accounts SELECT i + 100, 'x', 1 FROM n
WITH a AS (SELECT 1) UPDATE accounts SET balance = 0
WITH a AS (SELECT 1) REPLACE INTO accounts VALUES (1, 'x', 0)
WITH a(n) AS (SELECT id FROM accounts) DELETE FROM accounts WHERE id IN a
WITH a AS MATERIALIZED (SELECT 1) DELETE FROM accounts RETURNING id
EXPLAIN INSERT INTO accounts VALUES (9, 'x', 1)
EXPLAIN QUERY PLAN DELETE FROM accounts
EXPLAIN QUERY PLAN UPDATE accounts SET balance = 0
EXPLAIN PRAGMA query_only = off
EXPLAIN ATTACH ':memory:' AS stolen
EXPLAIN VACUUM
-- Structure.
CREATE TABLE IF NOT EXISTS stolen (n)
CREATE TABLE main.stolen (n INTEGER PRIMARY KEY) STRICT
CREATE TABLE temp.stolen (n)
CREATE TEMPORARY TABLE IF NOT EXISTS stolen AS SELECT * FROM accounts
CREATE UNIQUE INDEX stolen ON accounts (owner)
CREATE INDEX IF NOT EXISTS main.stolen ON accounts (abs(balance))
CREATE TEMP TRIGGER stolen AFTER UPDATE ON accounts BEGIN DELETE FROM accounts; END
CREATE TRIGGER IF NOT EXISTS stolen INSTEAD OF DELETE ON rich BEGIN DELETE FROM accounts; END
CREATE VIEW IF NOT EXISTS stolen (n) AS SELECT load_extension('x')
CREATE VIRTUAL TABLE temp.stolen USING fts5(a)
CREATE VIRTUAL TABLE stolen USING rtree(id, a, b)
CREATE VIRTUAL TABLE stolen USING csv(filename = '/etc/passwd')
CREATE VIRTUAL TABLE temp.stolen USING csv('/etc/passwd')
CREATE VIRTUAL TABLE stolen USING zipfile('DIRECTORY/x.zip')
ALTER TABLE accounts RENAME COLUMN balance TO stolen
ALTER TABLE accounts DROP COLUMN balance
ALTER TABLE accounts RENAME balance TO stolen
DROP TABLE IF EXISTS accounts
DROP TABLE main.accounts
DROP VIEW IF EXISTS rich
DROP INDEX IF EXISTS sqlite_autoindex_accounts_1
DROP TRIGGER IF EXISTS t
REINDEX accounts
REINDEX nocase
ANALYZE main
ANALYZE accounts
INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (n)')
UPDATE sqlite_schema SET sql = 'CREATE TABLE accounts (n)' WHERE name = 'accounts'
DELETE FROM sqlite_master
UPDATE sqlite_sequence SET seq = 0
INSERT INTO sqlite_stat1 VALUES ('accounts', NULL, '1')
-- Transactions and other files.
BEGIN IMMEDIATE TRANSACTION
BEGIN DEFERRED; DELETE FROM accounts; COMMIT
END TRANSACTION
ROLLBACK TRANSACTION
ROLLBACK TO s
RELEASE s
RELEASE SAVEPOINT s
ATTACH DATABASE 'DIRECTORY/stolen' AS "main2"
ATTACH 'DIRECTORY/stolen' AS stolen KEY 'x'
ATTACH '/etc/passwd' AS stolen
ATTACH '' AS stolen
ATTACH 'file::memory:?cache=shared' AS stolen
ATTACH (SELECT 'DIRECTORY/stolen') AS stolen
ATTACH DATABASE 'file:/etc/passwd?mode=ro&immutable=1' AS stolen
DETACH DATABASE main
DETACH temp
VACUUM main
VACUUM temp INTO 'DIRECTORY/stolen'
VACUUM INTO 'file:DIRECTORY/stolen?mode=rwc'
VACUUM INTO (SELECT 'DIRECTORY/stolen')
-- Settings of the connection and of the file.
PRAGMA query_only = 0
PRAGMA query_only(off)
PRAGMA main.query_only = off
PRAGMA writable_schema = reset
PRAGMA writable_schema(1)
PRAGMA application_id = 7
PRAGMA auto_vacuum = 1
PRAGMA automatic_index = off
PRAGMA cache_size = -1000000
PRAGMA cache_spill = off
PRAGMA cell_size_check = off
PRAGMA case_sensitive_like = on
PRAGMA data_store_directory = 'DIRECTORY'
PRAGMA default_cache_size = 1
PRAGMA defer_foreign_keys = on
PRAGMA encoding = 'UTF-16'
PRAGMA foreign_keys = off
PRAGMA hard_heap_limit = 1
PRAGMA ignore_check_constraints = on
PRAGMA incremental_vacuum
PRAGMA incremental_vacuum(10)
PRAGMA integrity_check
PRAGMA journal_mode = off
PRAGMA journal_mode = delete
PRAGMA journal_size_limit = 0
PRAGMA key = 'x'
PRAGMA legacy_alter_table = on
PRAGMA locking_mode = exclusive
PRAGMA main.journal_mode = memory
PRAGMA main.user_version = 7
PRAGMA max_page_count = 1
PRAGMA mmap_size = 100000000
PRAGMA optimize
PRAGMA page_size = 512
PRAGMA recursive_triggers = on
PRAGMA rekey = 'x'
PRAGMA schema_version = 7
PRAGMA secure_delete = on
PRAGMA shrink_memory
PRAGMA soft_heap_limit = 1
PRAGMA synchronous = off
PRAGMA temp_store = memory
PRAGMA threads = 8
PRAGMA wal_autocheckpoint = 1
PRAGMA wal_checkpoint(truncate)
PRAGMA busy_timeout = 100000
PRAGMA temp.query_only = off
PRAGMA "query_only" = off
PRAGMA [writable_schema] = on
SELECT * FROM pragma_journal_mode
SELECT * FROM pragma_optimize
SELECT * FROM pragma_wal_checkpoint
SELECT * FROM pragma_integrity_check
SELECT * FROM pragma_query_only
SELECT * FROM main.pragma_database_list
SELECT file FROM pragma_database_list()
-- Functions and tables that reach beyond the file.
SELECT load_extension('DIRECTORY/evil', 'sqlite3_evil_init')
SELECT (SELECT load_extension('DIRECTORY/evil'))
SELECT * FROM accounts WHERE load_extension('DIRECTORY/evil')
SELECT * FROM accounts ORDER BY load_extension('DIRECTORY/evil')
WITH a AS (SELECT load_extension('DIRECTORY/evil')) SELECT * FROM a
VALUES (load_extension('DIRECTORY/evil'))
SELECT LOAD_EXTENSION ( 'DIRECTORY/evil' )
SELECT load_extension/**/('DIRECTORY/evil')
SELECT load_extension -- x
SELECT fts3_tokenizer('simple', x'0000000000000000')
SELECT FTS3_TOKENIZER('simple')
SELECT * FROM fsdir('/etc')
SELECT * FROM csv('/etc/passwd')
SELECT * FROM zipfile('DIRECTORY/x.zip')
SELECT lsmode(1), readfile('/proc/self/environ')
SELECT sqlite_crypt('x', 'y')
SELECT shell_exec('id')
SELECT system('id')
SELECT getenv('AWS_SECRET_ACCESS_KEY')
-- More than one statement, and hidden ones.
SELECT 1;; DELETE FROM accounts
SELECT 1; /* */ DELETE FROM accounts
SELECT "a;b" FROM (SELECT 1 AS "a;b"); DROP TABLE accounts
/* */ DELETE FROM accounts
( DELETE FROM accounts )
SELECT * FROM (DELETE FROM accounts RETURNING *)
SELECT (UPDATE accounts SET balance = 0)
SELECT 1 UNION DELETE FROM accounts
SELECT 1 INTO stolen
SELECT x'00' ; VACUUM
