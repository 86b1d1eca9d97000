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
