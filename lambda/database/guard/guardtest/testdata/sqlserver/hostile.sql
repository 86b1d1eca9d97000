-- Statements that would write, wait, or reach beyond the database, or read what
-- they should not. One a line; the guard refuses each.
INSERT INTO accounts VALUES (3, 'eve', 0)
INSERT accounts VALUES (3, 'eve', 0)
INSERT INTO accounts EXEC sp_who
INSERT BULK accounts (id int)
BULK INSERT accounts FROM '/etc/passwd'
UPDATE accounts SET balance = 0
UPDATE TOP (1) accounts SET balance = 0
UPDATE STATISTICS accounts
DELETE FROM accounts
DELETE accounts
DELETE TOP (1) FROM accounts
MERGE accounts AS a USING notes AS n ON a.id = n.id WHEN MATCHED THEN DELETE;
MERGE INTO accounts USING notes ON 1 = 0 WHEN NOT MATCHED THEN INSERT DEFAULT VALUES;
TRUNCATE TABLE accounts
CREATE TABLE stolen (n int)
CREATE VIEW stolen AS SELECT 1 AS n
CREATE PROCEDURE stolen AS DELETE FROM accounts
CREATE OR ALTER FUNCTION stolen() RETURNS int AS BEGIN RETURN 1 END
CREATE TRIGGER stolen ON accounts AFTER INSERT AS ROLLBACK
CREATE INDEX stolen ON accounts (owner)
CREATE LOGIN eve WITH PASSWORD = 'x'
CREATE USER eve FOR LOGIN eve
CREATE DATABASE stolen
CREATE ASSEMBLY stolen FROM '\\host\share\x.dll'
CREATE SEQUENCE stolen START WITH 1
CREATE SYNONYM stolen FOR accounts
CREATE EXTERNAL TABLE stolen (n int) WITH (LOCATION = 'x', DATA_SOURCE = y)
ALTER TABLE accounts ADD stolen int
ALTER ROLE db_owner ADD MEMBER reader
ALTER SERVER ROLE sysadmin ADD MEMBER reader
ALTER LOGIN sa ENABLE
ALTER DATABASE bank SET SINGLE_USER
ALTER AUTHORIZATION ON DATABASE::bank TO reader
DROP TABLE accounts
DROP TABLE IF EXISTS accounts
DROP DATABASE bank
GRANT CONTROL TO reader
DENY SELECT ON accounts TO reader
REVOKE SELECT ON accounts FROM reader
SELECT * INTO stolen FROM accounts
SELECT 1 AS n INTO #stolen
SELECT 1 AS n INTO ##stolen
SELECT 1 AS n INTO/**/stolen
SELECT 1 AS n into[stolen]
SELECT 1e5into stolen FROM accounts
SELECT 1einto stolen FROM accounts
SELECT 0xinto stolen FROM accounts
SELECT 0x1Finto stolen FROM accounts
SELECT .5into stolen FROM accounts
SELECT 1.into stolen FROM accounts
SELECT $into stolen FROM accounts
SELECT $1into stolen FROM accounts
SELECT €into stolen FROM accounts
SELECT 'a'into stolen FROM accounts
SELECT N'a'into stolen FROM accounts
SELECT [owner]into stolen FROM accounts
SELECT "owner"into stolen FROM accounts
SELECT (1)into stolen FROM accounts
WITH a AS (SELECT 1 AS n) SELECT n INTO stolen FROM a
WITH a AS (SELECT * FROM accounts) DELETE FROM a
WITH a AS (SELECT * FROM accounts) UPDATE a SET balance = 0
WITH a AS (SELECT * FROM accounts) INSERT INTO accounts SELECT * FROM a
WITH a AS (SELECT 1 AS n) MERGE accounts USING a ON 1 = 0 WHEN NOT MATCHED THEN INSERT DEFAULT VALUES;
SELECT 1 DELETE FROM accounts
SELECT 1; DELETE FROM accounts
SELECT 1 AS a DELETE accounts
SELECT 1 UPDATE accounts SET balance = 0
SELECT 1 INSERT accounts DEFAULT VALUES
SELECT 1 TRUNCATE TABLE accounts
SELECT 1 DROP TABLE accounts
SELECT 1 CREATE TABLE stolen (n int)
SELECT 1 ALTER TABLE accounts ADD stolen int
SELECT 1 MERGE accounts USING notes ON 1 = 0 WHEN MATCHED THEN DELETE;
SELECT 1 EXEC xp_cmdshell 'id'
SELECT 1 EXECUTE('DELETE FROM accounts')
SELECT 1 COMMIT
SELECT 1 COMMIT TRANSACTION
SELECT 1 ROLLBACK
SELECT 1 BEGIN TRAN
SELECT 1 SAVE TRAN a
SELECT 1 SET XACT_ABORT OFF
SELECT 1 SET IMPLICIT_TRANSACTIONS ON
SELECT 1 SET QUOTED_IDENTIFIER OFF
SELECT 1 USE master
SELECT 1 DECLARE @a int
SELECT 1 GRANT CONTROL TO reader
SELECT 1 REVERT
SELECT 1 WAITFOR DELAY '1:00'
SELECT 1 SHUTDOWN
SELECT 1 KILL 51
SELECT 1 DBCC DROPCLEANBUFFERS
SELECT 1 BACKUP DATABASE bank TO DISK = 'x'
SELECT 1 RESTORE DATABASE bank FROM DISK = 'x'
SELECT 1 RECONFIGURE
SELECT 1 CHECKPOINT
SELECT 1 RAISERROR('x', 20, 1) WITH LOG
SELECT 1 PRINT 'x'
SELECT 1 IF 1 = 1 DELETE FROM accounts
SELECT 1 WHILE 1 = 1 SELECT 2
SELECT 1 GOTO a
SELECT 1 RETURN
SELECT 1 DENY SELECT ON accounts TO reader
SELECT 1 BULK INSERT accounts FROM 'x'
SELECT 1 WRITETEXT accounts.body @p 'x'
SELECT 1 UPDATETEXT accounts.body @p 0 NULL 'x'
SELECT 1 READTEXT accounts.body @p 0 1
SELECT 1 OPEN c FETCH NEXT FROM c
SELECT 1 FETCH NEXT FROM c
SELECT 1 DEALLOCATE c
SELECT 1 SEND ON CONVERSATION 'x' ('y')
SELECT 1 GET CONVERSATION GROUP @g FROM q
SELECT 1 END CONVERSATION 'x'
SELECT 1 MOVE CONVERSATION 'x' TO 'y'
SELECT 1 RECEIVE TOP (1) * FROM q
SELECT 1 RECEIVE * FROM q
SELECT 1 DISABLE TRIGGER a ON accounts
SELECT 1 ENABLE TRIGGER a ON accounts
SELECT 1 SETUSER 'dbo'
SELECT 1 LINENO 7
SELECT 1 SELECT 2
SELECT 1 AS a SELECT 2 AS b
SELECT * FROM (SELECT 1 AS n) AS t SELECT 2
(SELECT 1) SELECT 2
(SELECT 1) (SELECT 2) SELECT 3
SELECT n FROM f(1) SELECT 2
WITH a AS (SELECT 1 AS n) SELECT n FROM a SELECT 2
WITH a AS (SELECT 1 AS n) SELECT * FROM f(1) SELECT 2
SELECT 1 WITH a AS (SELECT 2 AS n) SELECT n FROM a
SELECT 1 /* /* */ */ DELETE FROM accounts
SELECT 1 /* ' */ DELETE FROM accounts -- '
SELECT '''' DELETE FROM accounts -- '
SELECT '\' DELETE FROM accounts -- '
SELECT "'" DELETE FROM accounts -- '
SELECT [''] DELETE FROM accounts -- '
SELECT []]'] DELETE FROM accounts -- '
SELECT 'a
SELECT [a
SELECT "a
SELECT 1 /* a
SELECT (1
SELECT 1)
SELECT 1 AS a, (SELECT 2)) SELECT (3
SELECT
select
WITH
EXEC xp_cmdshell 'id'
EXECUTE master..xp_cmdshell 'id'
EXEC sp_executesql N'DELETE FROM accounts'
EXEC('DELETE FROM accounts')
EXEC sp_configure 'xp_cmdshell', 1
EXEC sp_OACreate 'WScript.Shell', 1
EXEC sp_addlinkedserver 'x'
EXEC sp_invoke_external_rest_endpoint @url = 'https://x'
EXEC sp_execute_external_script @language = N'Python', @script = N'1'
EXEC xp_dirtree '\\host\share'
EXEC AS USER = 'dbo'
sp_who
xp_cmdshell 'id'
sp_helptext 'x'
USE master
SET NOCOUNT ON
DECLARE @sql nvarchar(max) = N'DELETE FROM accounts'; EXEC(@sql)
BEGIN TRAN DELETE FROM accounts COMMIT
COMMIT
ROLLBACK
IF 1 = 1 SELECT 1
WHILE 1 = 1 SELECT 1
WAITFOR DELAY '1:00'
WAITFOR TIME '23:59'
WAITFOR (RECEIVE * FROM q)
DBCC CHECKDB
DBCC SHRINKDATABASE (bank)
BACKUP DATABASE bank TO DISK = 'x'
RESTORE DATABASE bank FROM DISK = 'x'
KILL 51
SHUTDOWN WITH NOWAIT
RECONFIGURE
CHECKPOINT
REVERT
PRINT 'x'
THROW 50000, 'x', 1
GO
ENABLE TRIGGER ALL ON DATABASE
LOAD x
SELECT * FROM OPENROWSET(BULK '/etc/passwd', SINGLE_CLOB) AS f
SELECT * FROM OPENROWSET('SQLNCLI', 'Server=x;', 'SELECT 1')
SELECT * FROM openrowset /* */ (BULK 'x', SINGLE_BLOB) AS f
SELECT * FROM OPENQUERY(linked, 'DELETE FROM accounts')
SELECT * FROM OPENDATASOURCE('SQLNCLI', 'Data Source=x').bank.dbo.accounts
SELECT * FROM OPENXML(1, '/a')
SELECT * FROM linked.bank.dbo.accounts
SELECT * FROM [linked].[bank].[dbo].[accounts]
SELECT * FROM linked.bank..accounts
SELECT * FROM linked...accounts
SELECT * FROM linked . bank /* */ . dbo . accounts
SELECT NEXT VALUE FOR counter
SELECT next /**/ value /**/ for counter
SELECT * FROM accounts WITH (TABLOCKX)
SELECT * FROM accounts WITH (XLOCK, ROWLOCK)
SELECT * FROM accounts (UPDLOCK)
SELECT * FROM accounts WITH (HOLDLOCK)
SELECT * FROM accounts WITH (SERIALIZABLE)
SELECT * FROM accounts OPTION (QUERYTRACEON 9481)
SELECT * FROM accounts OPTION (USE HINT ('x'))
SELECT * FROM accounts FOR UPDATE
SELECT * FROM accounts FOR BROWSE
SELECT * FROM sys.sql_logins
SELECT * FROM [SYS].[SQL_LOGINS]
SELECT * FROM master.sys.sql_logins
SELECT * FROM master..syslogins
SELECT * FROM master.dbo.sysxlogins
SELECT * FROM syslogins
SELECT * FROM sys.sysprocesses
SELECT * FROM sys.dm_exec_sessions
SELECT * FROM sys.dm_exec_sql_text(0x00)
SELECT * FROM [sys].[dm_os_enumerate_filesystem]('/', '*')
SELECT * FROM sys.dm_os_file_exists('/etc/passwd')
SELECT * FROM sys.credentials
SELECT * FROM sys.database_scoped_credentials
SELECT * FROM [ſys].[dm_exec_sessions]
SELECT * FROM [sýs].dm_exec_sessions
SELECT LOGINPROPERTY('sa', 'PasswordHash')
SELECT PWDCOMPARE('x', 0x00)
SELECT DECRYPTBYPASSPHRASE('x', 0x00)
SELECT * FROM fn_dblog(NULL, NULL)
SELECT * FROM sys.fn_dblog(NULL, NULL)
SELECT * FROM ::fn_trace_gettable('x', 1)
SELECT * FROM sys.fn_get_audit_file('x', NULL, NULL)
SELECT * FROM sys.fn_xe_file_target_read_file('x', NULL, NULL, NULL)
SELECT * FROM [fn_dblóg](NULL, NULL)
SELECT * FROM (DELETE FROM accounts OUTPUT deleted.*) AS d
SELECT * FROM (INSERT INTO accounts OUTPUT inserted.* DEFAULT VALUES) AS d
SELECT AI_GENERATE_EMBEDDINGS(owner USE MODEL m) FROM accounts
SELECT ſelect FROM accounts ſ
SELECT 1 ＤＥＬＥＴＥ FROM accounts
SELECT 1 AS a dıſable trigger b ON accounts
SELECT 1 ADD SENSITIVITY CLASSIFICATION TO dbo.accounts.owner WITH (LABEL = 'x')
SELECT 1 ADD SIGNATURE TO spend BY CERTIFICATE c
SELECT 1 AS a RENAME OBJECT accounts TO stolen
SELECT * FROM [sys].[sql_logins ]
SELECT * FROM master..[syslogins ]
SELECT * FROM [sys ].[dm_exec_sessions]
SELECT * FROM [sys　].[dm_exec_sessions]
SELECT * FROM "fn_dblog "(NULL, NULL)
SELECT * FROM master..[sys­logins]
SELECT * FROM [sýslogins]
SELECT * FROM [ｓｙｓｌｏｇｉｎｓ]
SELECT * FROM linked#.bank.dbo.accounts
SELECT * FROM linked@2.bank.dbo.accounts
SELECT * FROM linked#a.bank..accounts
SELECT command FROM msdb.dbo.sysjobsteps
SELECT * FROM msdb..sysmail_mailitems
SELECT query_sql_text FROM sys.query_store_query_text
SELECT message_body FROM sys.transmission_queue
-- Functions of the user's: an assembly or an extended procedure can be behind them.
SELECT dbo.run_command('id')
SELECT bank.dbo.run_command('id')
SELECT [dbo].[run_command]('id')
SELECT * FROM dbo.read_folder('/')
SELECT * FROM read_folder('/')
SELECT * FROM accounts CROSS APPLY read_folder(owner)
SELECT * FROM accounts a OUTER APPLY dbo.read_folder(a.owner) b
SELECT * FROM accounts, read_folder('/')
SELECT * FROM (read_folder('/') CROSS JOIN accounts)
SELECT dbo.total(balance) FROM accounts
SELECT web::Fetch('http://example.com')
SELECT dbo.web::Fetch('http://example.com')
SELECT page.Fetch('x') FROM accounts
SELECT (page).Fetch('x') FROM accounts
SELECT a.page.Fetch() FROM accounts a
SELECT dbo.query('x')
SELECT 1 WHERE dbo.run_command('id') = 1
SELECT {fn dbo.run_command('id')}
SELECT * FROM accounts ORDER BY dbo.run_command('id')
SELECT dbo . run_command ('id')
SELECT util.value2('a', 'b')
SELECT * FROM accounts limit WITH (NOLOCK), read_folder('/')
SELECT * FROM accounts window (NOLOCK), read_folder('/')
SELECT * FROM accounts [where] WITH (NOLOCK), read_folder('/')
SELECT * FROM accounts a JOIN accounts b ON a.id = b.id, read_folder('/') f
