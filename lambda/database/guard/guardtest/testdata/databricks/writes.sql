-- Statements that write, set, or run several. One a line; the guard refuses each,
-- and without it Spark does not describe it, as it is no query.
INSERT INTO accounts VALUES (3, 'mallory', 1)
INSERT INTO TABLE accounts SELECT 3, 'mallory', 1
INSERT OVERWRITE accounts VALUES (3, 'mallory', 1)
INSERT OVERWRITE DIRECTORY '/tmp/stolen' USING csv SELECT 1
INSERT OVERWRITE LOCAL DIRECTORY '/tmp/stolen' SELECT 1
INSERT INTO accounts REPLACE WHERE id = 1 SELECT 1, 'x', 1
insert into `accounts` values (3, 'mallory', 1)
/* SELECT */ INSERT INTO accounts VALUES (3, 'mallory', 1)
UPDATE accounts SET balance = 0
UPDATE accounts AS a SET a.balance = 0 WHERE a.id = 1
DELETE FROM accounts
DELETE FROM accounts WHERE id = 1
MERGE INTO accounts a USING notes n ON a.id = n.id WHEN MATCHED THEN DELETE
MERGE INTO accounts a USING notes n ON a.id = n.id WHEN NOT MATCHED THEN INSERT *
TRUNCATE TABLE accounts
DROP TABLE accounts
DROP TABLE IF EXISTS accounts
DROP VIEW rich
DROP DATABASE bank CASCADE
DROP SCHEMA bank CASCADE
DROP FUNCTION tax
DROP TEMPORARY FUNCTION IF EXISTS tax
DROP CATALOG stolen
DROP VOLUME v
CREATE TABLE stolen (n INT)
CREATE TABLE stolen AS SELECT 1 AS n
CREATE OR REPLACE TABLE accounts AS SELECT 1 AS n
CREATE TABLE stolen USING csv OPTIONS (path '/tmp/stolen') AS SELECT 1 AS n
CREATE EXTERNAL TABLE stolen (n INT) LOCATION '/tmp/stolen'
CREATE TABLE stolen LIKE accounts
CREATE TABLE stolen CLONE accounts
CREATE VIEW stolen AS SELECT 1 AS n
CREATE OR REPLACE VIEW rich AS SELECT 1 AS n
CREATE TEMPORARY VIEW stolen AS SELECT 1 AS n
CREATE OR REPLACE TEMP VIEW accounts AS SELECT 1 AS n
CREATE GLOBAL TEMPORARY VIEW stolen AS SELECT 1 AS n
CREATE TEMPORARY VIEW stolen USING csv OPTIONS (path '/etc/passwd')
CREATE MATERIALIZED VIEW stolen AS SELECT 1 AS n
CREATE STREAMING TABLE stolen AS SELECT * FROM STREAM read_files('/tmp')
CREATE DATABASE stolen
CREATE SCHEMA stolen
CREATE CATALOG stolen
CREATE VOLUME stolen
CREATE FUNCTION f AS 'org.example.Evil' USING JAR '/tmp/evil.jar'
CREATE TEMPORARY FUNCTION f AS 'org.example.Evil'
CREATE FUNCTION f(x INT) RETURNS INT RETURN x
CREATE CONNECTION c TYPE postgresql OPTIONS (host 'evil.example')
CREATE STORAGE CREDENTIAL c WITH IAM_ROLE 'x'
CREATE EXTERNAL LOCATION l URL 's3://evil' WITH (CREDENTIAL c)
CREATE SHARE s
CREATE RECIPIENT r
ALTER TABLE accounts ADD COLUMNS (stolen STRING)
ALTER TABLE accounts DROP COLUMN balance
ALTER TABLE accounts RENAME TO stolen
ALTER TABLE accounts SET TBLPROPERTIES ('a' = 'b')
ALTER TABLE accounts SET LOCATION '/tmp/stolen'
ALTER TABLE accounts SET OWNER TO `mallory`
ALTER TABLE accounts DROP PARTITION (id = 1)
ALTER VIEW rich AS SELECT 1 AS n
ALTER DATABASE bank SET DBPROPERTIES ('a' = 'b')
ALTER CATALOG c OWNER TO `mallory`
COMMENT ON TABLE accounts IS 'stolen'
GRANT SELECT ON TABLE accounts TO `mallory`
REVOKE SELECT ON TABLE accounts FROM `alice`
DENY SELECT ON TABLE accounts TO `alice`
SHOW GRANTS ON TABLE accounts
MSCK REPAIR TABLE accounts
REPAIR TABLE accounts
OPTIMIZE accounts
VACUUM accounts
VACUUM accounts RETAIN 0 HOURS
RESTORE TABLE accounts TO VERSION AS OF 1
FSCK REPAIR TABLE accounts
REORG TABLE accounts APPLY (PURGE)
ANALYZE TABLE accounts COMPUTE STATISTICS
CONVERT TO DELTA parquet.`/tmp/x`
GENERATE symlink_format_manifest FOR TABLE accounts
COPY INTO accounts FROM '/tmp/evil' FILEFORMAT = CSV
LOAD DATA LOCAL INPATH '/etc/passwd' INTO TABLE accounts
LOAD DATA INPATH 's3://evil/x' OVERWRITE INTO TABLE accounts
PUT '/etc/passwd' INTO '/Volumes/a/b/c' OVERWRITE
GET '/Volumes/a/b/c' TO '/tmp/stolen'
REMOVE '/Volumes/a/b/c'
LIST '/Volumes/a/b'
ADD JAR '/tmp/evil.jar'
ADD FILE '/etc/passwd'
ADD ARCHIVE '/tmp/x.zip'
LIST JARS
DELETE JAR '/tmp/x.jar'
SET spark.sql.ansi.enabled = false
SET spark.sql.parser.escapedStringLiterals = true
SET -v
SET TIME ZONE 'Asia/Tokyo'
SET VAR x = 1
SET ROLE admin
RESET
RESET spark.sql.ansi.enabled
USE bank
USE CATALOG system
USE SCHEMA bank
DECLARE VARIABLE x INT DEFAULT 1
DROP TEMPORARY VARIABLE x
EXECUTE IMMEDIATE 'DELETE FROM accounts'
EXECUTE IMMEDIATE 'SELECT ' || '1'
CALL spend()
CALL system.runtime.kill_query('x')
BEGIN DELETE FROM accounts; END
BEGIN SELECT 1; END
BEGIN ATOMIC DELETE FROM accounts; END
CACHE TABLE accounts
CACHE LAZY TABLE stolen AS SELECT 1 AS n
UNCACHE TABLE accounts
CLEAR CACHE
REFRESH TABLE accounts
REFRESH '/tmp/x'
REFRESH FUNCTION f
EXPLAIN INSERT INTO accounts VALUES (1, 'a', 1)
EXPLAIN SELECT 1
DESCRIBE TABLE EXTENDED accounts
DESCRIBE HISTORY accounts
SHOW TABLES
SHOW CREATE TABLE accounts
FROM range(1) INSERT INTO accounts SELECT 1, 'a', 1
FROM range(1) INSERT OVERWRITE accounts SELECT 1, 'a', 1 INSERT INTO notes SELECT 'x'
WITH a AS (SELECT 1) INSERT INTO accounts SELECT 1, 'a', 1 FROM a
WITH a AS (SELECT 1) INSERT OVERWRITE accounts SELECT 1, 'a', 1 FROM a
WITH a AS (SELECT 1) FROM a INSERT INTO accounts SELECT 1, 'a', 1
WITH a AS (SELECT 1) DELETE FROM accounts
WITH a AS (SELECT 1) UPDATE accounts SET balance = 0
WITH a AS (SELECT 1) MERGE INTO accounts USING a ON true WHEN MATCHED THEN DELETE
SELECT 1; DELETE FROM accounts
SELECT ';' ; DELETE FROM accounts
SELECT ";" ; DELETE FROM accounts
SELECT `;` FROM (SELECT 1 AS `;`); DELETE FROM accounts
SELECT '\'' ; DELETE FROM accounts -- '
SELECT "\"" ; DELETE FROM accounts -- "
SELECT r'\' ; DELETE FROM accounts -- '
SELECT R"\" ; DELETE FROM accounts -- "
SELECT 'a''' ; DELETE FROM accounts -- '
SELECT 1 /* /* */ */ ; DELETE FROM accounts
SELECT 1 /* ' */ ; DELETE FROM accounts -- '
SELECT 1; SELECT 2
