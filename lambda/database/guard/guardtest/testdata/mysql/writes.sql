-- Statements that the guard refuses or that the server refuses in a read-only
-- transaction. One a line; run with the guard and without it, and nothing may
-- have changed after either.
INSERT INTO accounts VALUES (3, 'mallory', 1)
INSERT INTO notes VALUES ('stolen')
INSERT IGNORE INTO accounts SELECT 9, 'x', 1
REPLACE INTO accounts VALUES (1, 'mallory', 1)
INSERT INTO accounts VALUES (1, 'x', 1) ON DUPLICATE KEY UPDATE balance = 0
INSERT INTO accounts VALUES (3, 'mallory', 1) RETURNING *
UPDATE accounts SET balance = 0
UPDATE accounts a JOIN accounts b ON a.id = b.id SET a.balance = 0
DELETE FROM accounts
DELETE FROM accounts RETURNING *
DELETE a FROM accounts a JOIN notes
DELETE FROM notes
TRUNCATE accounts
TRUNCATE TABLE notes
LOAD DATA INFILE '/etc/passwd' INTO TABLE notes
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE notes
CREATE TABLE stolen (n int)
CREATE TABLE stolen AS SELECT * FROM accounts
CREATE TABLE stolen LIKE accounts
CREATE OR REPLACE TABLE accounts (n int)
CREATE VIEW stolen AS SELECT * FROM accounts
CREATE INDEX stolen ON accounts (balance)
CREATE SEQUENCE stolen
CREATE DATABASE stolen
CREATE FUNCTION stolen() RETURNS int RETURN 1
CREATE PROCEDURE stolen() DELETE FROM accounts
CREATE TRIGGER stolen BEFORE INSERT ON accounts FOR EACH ROW DELETE FROM notes
CREATE EVENT stolen ON SCHEDULE EVERY 1 SECOND DO DELETE FROM accounts
CREATE USER mallory IDENTIFIED BY 'x'
CREATE ROLE mallory
DROP TABLE accounts
DROP TABLE IF EXISTS accounts, notes
DROP VIEW rich
DROP DATABASE bank
DROP FUNCTION spend_all
DROP SEQUENCE counter
DROP USER reader
ALTER TABLE accounts ADD COLUMN stolen int
ALTER TABLE accounts RENAME TO stolen
ALTER TABLE accounts ENGINE = MyISAM
ALTER DATABASE bank CHARACTER SET latin1
ALTER SEQUENCE counter RESTART
ALTER USER reader IDENTIFIED BY 'x'
RENAME TABLE accounts TO stolen
GRANT ALL ON *.* TO reader
REVOKE SELECT ON bank.* FROM reader
SET PASSWORD FOR reader = PASSWORD('x')
CALL spend()
DO spend_all()
SELECT spend_all()
SELECT scribble()
SELECT (SELECT scribble())
SELECT * FROM accounts WHERE scribble() = 1
WITH a AS (SELECT scribble() AS n) SELECT * FROM a
WITH a AS (SELECT 1) DELETE FROM accounts
WITH a AS (SELECT 1) UPDATE accounts SET balance = 0
BEGIN NOT ATOMIC DELETE FROM accounts; END
EXECUTE IMMEDIATE 'DELETE FROM accounts'
PREPARE p FROM 'DELETE FROM accounts'
SET STATEMENT max_statement_time = 0 FOR DELETE FROM accounts
EXPLAIN DELETE FROM accounts
ANALYZE DELETE FROM accounts
SELECT 1; DELETE FROM accounts
SELECT 1 /* ; */; DELETE FROM accounts -- ;
/*!50000 DELETE FROM accounts */
/*M!100000 DELETE FROM accounts */
SELECT 1 /*! ; */ DELETE FROM accounts
HANDLER accounts OPEN
OPTIMIZE TABLE notes
ANALYZE TABLE accounts
CHECKSUM TABLE accounts; DROP TABLE accounts
COMMIT
COMMIT AND CHAIN
START TRANSACTION READ WRITE
BEGIN
XA START 'x'
SAVEPOINT s
DROP TEMPORARY TABLE accounts
