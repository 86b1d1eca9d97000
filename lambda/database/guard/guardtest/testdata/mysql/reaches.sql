-- Statements that would reach beyond a read-only transaction, or read what they
-- should not, when the database user may. One a line; the guard refuses each.
-- DIRECTORY stands for a directory that the server may write to.
SELECT LOAD_FILE('/etc/passwd')
SELECT load_file ('/etc/passwd')
SELECT `LOAD_FILE`('/etc/passwd')
SELECT load_file/**/('/etc/passwd')
SELECT load_file/* ' */('/etc/passwd') -- '
SELECT '\'' , load_file('/etc/passwd') -- '
SELECT "\"" , load_file('/etc/passwd') -- "
SELECT "'" , load_file('/etc/passwd') , "'"
SELECT '"' , load_file('/etc/passwd') , '"'
SELECT 1--1, load_file('/etc/passwd')
SELECT `'`, load_file('/etc/passwd') FROM (SELECT 1 AS `'`) AS t
SELECT * FROM accounts INTO OUTFILE 'DIRECTORY/stolen'
SELECT * INTO OUTFILE 'DIRECTORY/stolen' FROM accounts
SELECT owner INTO DUMPFILE 'DIRECTORY/stolen' FROM accounts LIMIT 1
SELECT 1 INTO/**/OUTFILE 'DIRECTORY/stolen'
SELECT 1.5into outfile 'DIRECTORY/stolen'
SELECT 1e5into outfile 'DIRECTORY/stolen'
SELECT 1.e5into outfile 'DIRECTORY/stolen'
SELECT .5e5into outfile 'DIRECTORY/stolen'
SELECT \Ninto outfile 'DIRECTORY/stolen'
SELECT ''into outfile 'DIRECTORY/stolen'
SELECT `owner`into outfile 'DIRECTORY/stolen' FROM accounts
(SELECT 1) UNION (SELECT 2) INTO OUTFILE 'DIRECTORY/stolen'
TABLE accounts INTO OUTFILE 'DIRECTORY/stolen'
VALUES (1) INTO OUTFILE 'DIRECTORY/stolen'
SELECT 1 /*! INTO OUTFILE 'DIRECTORY/stolen' */
SELECT 1 /*!99999 */ INTO OUTFILE 'DIRECTORY/stolen'
SELECT 1 /*M! INTO OUTFILE 'DIRECTORY/stolen' */
SELECT balance INTO @stolen FROM accounts LIMIT 1
SELECT @stolen := 1
SELECT @stolen:=@stolen + 1 FROM accounts
SELECT SLEEP(0)
SELECT sleep (0)
SELECT * FROM accounts WHERE SLEEP(0) = 0
SELECT (SELECT SLEEP(0))
SELECT 1 FROM accounts ORDER BY sleep(0)
SELECT BENCHMARK(1, MD5('x'))
SELECT GET_LOCK('stolen', 0)
SELECT RELEASE_ALL_LOCKS()
SELECT RELEASE_LOCK('held')
SELECT MASTER_POS_WAIT('x', 1, 1)
SELECT MASTER_GTID_WAIT('0-1-1', 1)
SELECT NEXTVAL(counter)
SELECT NEXT VALUE FOR counter
SELECT next/**/value/**/for counter
SELECT SETVAL(counter, 100)
SELECT LAST_INSERT_ID(7)
SELECT * FROM accounts FOR UPDATE
SELECT * FROM accounts FOR/**/UPDATE NOWAIT
SELECT * FROM accounts FOR SHARE
SELECT * FROM accounts LOCK IN SHARE MODE
SELECT * FROM mysql.user
SELECT * FROM `mysql`.`global_priv`
SELECT * FROM MySQL . user
SELECT mysql.global_priv.priv FROM mysql.global_priv
TABLE mysql.user
DESCRIBE mysql.user
SHOW GRANTS
SHOW GRANTS FOR reader
SHOW CREATE USER reader
SHOW PROCESSLIST
SHOW FULL PROCESSLIST
SHOW BINARY LOGS
SHOW MASTER STATUS
SHOW ENGINE INNODB STATUS
SHOW
SET GLOBAL max_connections = 11
SET @@global.general_log = 0
SET SESSION TRANSACTION READ WRITE
SET sql_mode = 'ANSI_QUOTES'
SET NAMES latin1
SET autocommit = 1
FLUSH TABLES WITH READ LOCK
FLUSH PRIVILEGES
LOCK TABLES accounts WRITE
RESET QUERY CACHE
KILL 1
KILL QUERY 1
SHUTDOWN
INSTALL PLUGIN x SONAME 'x'
UNINSTALL SONAME 'x'
CREATE FUNCTION sys_exec RETURNS int SONAME 'udf.so'
CHANGE MASTER TO MASTER_HOST = 'x'
BACKUP STAGE START
PURGE BINARY LOGS TO 'x'
USE mysql
HELP 'x'
SELECT sys_exec('touch DIRECTORY/stolen')
SELECT sys_eval('id')
SELECT spider_direct_sql('DROP TABLE x', 'y', 'z')
SELECT keyring_key_remove('x')
SELECT lambda_sync('arn', '{}')
SELECT /*+ MAX_EXECUTION_TIME(0) */ 1
SELECT /*+ SET_VAR(max_execution_time = 0) */ 1
EXPLAIN FOR CONNECTION 1
EXPLAIN SELECT 1 INTO OUTFILE 'DIRECTORY/stolen'
DELETE FROM accounts; SELECT 1
/* */ ; SELECT 1; SELECT 2
SELECT 1 INTO DUMPFILE 'DIRECTORY/stolen'
SELECT * FROM accounts INTO OUTFILE 'DIRECTORY/stolen' FIELDS TERMINATED BY ','
(SELECT 1) INTO @stolen
SELECT LOAD_FILE('/etc/passwd')
SELECT load_file ( 0x2f6574632f706173737764 )
SELECT `LOAD_FILE`('/etc/passwd')
SELECT * FROM accounts WHERE id = 1 FOR UPDATE SKIP LOCKED
(SELECT * FROM accounts) FOR UPDATE
SELECT * FROM (SELECT * FROM accounts FOR UPDATE) AS a
WITH a AS (SELECT SLEEP(0)) SELECT * FROM a
VALUES (SLEEP(0))
SELECT IF(1, SLEEP(0), 0)
SELECT 1 UNION SELECT SLEEP(0)
SELECT IS_FREE_LOCK('x'), GET_LOCK('stolen', 0)
HANDLER accounts OPEN
HANDLER accounts READ FIRST
DO SLEEP(0)
DO GET_LOCK('stolen', 0)
CALL spend()
EXECUTE IMMEDIATE 'DELETE FROM accounts'
PREPARE s FROM 'DELETE FROM accounts'
EXECUTE s
DEALLOCATE PREPARE s
SHOW GRANTS FOR root@localhost
SHOW SLAVE STATUS
SHOW REPLICA STATUS
SHOW ALL SLAVES STATUS
CHECK TABLE accounts
CHECKSUM TABLE accounts
CACHE INDEX accounts IN x
BEGIN NOT ATOMIC DELETE FROM accounts; END
