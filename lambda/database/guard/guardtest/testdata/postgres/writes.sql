-- Statements that the guard refuses by their beginning or that the server
-- refuses in a read-only transaction. One a line; run with the guard and
-- without it, and nothing may have changed after either.
INSERT INTO accounts VALUES (3, 'mallory', 1)
UPDATE accounts SET balance = 0
DELETE FROM accounts
TRUNCATE accounts
MERGE INTO accounts a USING accounts b ON a.id = b.id WHEN MATCHED THEN DELETE
DROP TABLE accounts
DROP TABLE accounts CASCADE
DROP SCHEMA public CASCADE
CREATE TABLE stolen (n int)
CREATE TEMP TABLE stolen (n int)
CREATE TABLE stolen AS SELECT * FROM accounts
CREATE VIEW stolen AS SELECT * FROM accounts
CREATE MATERIALIZED VIEW stolen AS SELECT * FROM accounts
CREATE FUNCTION stolen() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE ROLE mallory SUPERUSER LOGIN
CREATE EXTENSION pg_trgm
CREATE SEQUENCE stolen
CREATE INDEX ON accounts (balance)
ALTER TABLE accounts ADD COLUMN stolen int
ALTER ROLE postgres RENAME TO mallory
ALTER SYSTEM SET work_mem = '1MB'
ALTER DATABASE postgres SET work_mem = '1MB'
ALTER SEQUENCE counter RESTART
GRANT ALL ON accounts TO PUBLIC
REVOKE ALL ON accounts FROM reader
COMMENT ON TABLE accounts IS 'stolen'
VACUUM FULL accounts
CLUSTER accounts USING accounts_pkey
LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE
SELECT * INTO stolen FROM accounts
SELECT * INTO TEMP stolen FROM accounts
WITH gone AS (DELETE FROM accounts RETURNING *) SELECT * FROM gone
WITH new AS (INSERT INTO accounts VALUES (9, 'x', 1) RETURNING *) SELECT * FROM new
WITH changed AS (UPDATE accounts SET balance = 0 RETURNING *) TABLE changed
WITH a AS (SELECT 1) DELETE FROM accounts
WITH a AS (SELECT 1) INSERT INTO accounts SELECT 9, 'x', 1 FROM a
EXPLAIN ANALYZE DELETE FROM accounts
EXPLAIN (ANALYZE, BUFFERS) UPDATE accounts SET balance = 0
EXPLAIN ANALYZE CREATE TABLE stolen AS SELECT 1
SELECT * FROM accounts FOR UPDATE
SELECT * FROM accounts FOR NO KEY UPDATE
SELECT * FROM accounts FOR SHARE
DO $$ BEGIN DELETE FROM accounts; END $$
CALL spend()
SELECT spend_all()
SELECT * FROM spend_all()
SELECT (SELECT spend_all())
VALUES (spend_all())
TABLE accounts; DELETE FROM accounts
SELECT 1; DELETE FROM accounts
SELECT 1; COMMIT; DELETE FROM accounts
SELECT 1 /* ; */ ; DELETE FROM accounts
SELECT ';' ; DELETE FROM accounts --
SELECT $$;$$ ; DELETE FROM accounts
SELECT ''';' ; DELETE FROM accounts
SELECT E'\'' ; DELETE FROM accounts; --'
SELECT E'\';' ; DELETE FROM accounts --'
SELECT "a;b" FROM (SELECT 1 AS "a;b") t; DELETE FROM accounts
SELECT $a$ $b$ $a$; DELETE FROM accounts; SELECT $b$ $b$
SELECT /* /* */ ; */ 1; DELETE FROM accounts
COMMIT; DELETE FROM accounts
ROLLBACK; DELETE FROM accounts
BEGIN; DELETE FROM accounts; COMMIT
BEGIN READ WRITE; DELETE FROM accounts
SET TRANSACTION READ WRITE; DELETE FROM accounts
COMMIT
END
ROLLBACK
ABORT
BEGIN
START TRANSACTION READ WRITE
COMMIT AND CHAIN
SAVEPOINT s
PREPARE TRANSACTION 'stolen'
SET TRANSACTION READ WRITE
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
SET default_transaction_read_only = off
SET SESSION statement_timeout = 0
SET ROLE mallory
SET SESSION AUTHORIZATION reader
RESET ALL
DISCARD ALL
PREPARE p AS DELETE FROM accounts
EXECUTE p
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM accounts
LISTEN channel
NOTIFY channel, 'stolen'
COPY accounts FROM STDIN
COPY accounts TO STDOUT
COPY accounts FROM '/etc/passwd'
SECURITY LABEL ON TABLE accounts IS 'stolen'
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO public
REFRESH MATERIALIZED VIEW summary
