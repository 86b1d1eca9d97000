-- Attacks that a read-only transaction permits. One a line; \n is a line break.
-- The guard refuses each. DIRECTORY is one that the server may write to.
SELECT LOAD_FILE('/etc/passwd')
SELECT load_file/* */('/etc/passwd')
SELECT `load_file`('/etc/passwd')
SELECT LOAD_FILE ('/etc/passwd')
SELECT HEX(LOAD_FILE(0x2f6574632f706173737764))
SELECT mariadb_schema.load_file('/etc/passwd')
SELECT `mariadb_schema`.`sleep`(0)
SELECT shop.sleep(0)
SELECT 1 INTO OUTFILE 'DIRECTORY/stolen'
SELECT 1 INTO DUMPFILE 'DIRECTORY/stolen'
SELECT * INTO OUTFILE 'DIRECTORY/stolen' FROM orders
(SELECT 1) INTO OUTFILE 'DIRECTORY/stolen'
SELECT 1 UNION SELECT 2 INTO OUTFILE 'DIRECTORY/stolen'
WITH a AS (SELECT 1) SELECT * FROM a INTO OUTFILE 'DIRECTORY/stolen'
TABLE orders INTO OUTFILE 'DIRECTORY/stolen'
SELECT id INTO @x FROM orders LIMIT 1
SELECT 'a'into outfile 'DIRECTORY/stolen'
SELECT 1.into outfile 'DIRECTORY/stolen'
SELECT @a:=1
SELECT @a := 1
SELECT @`a`:=1
SELECT @'a' := 1
SELECT (@a:=id) FROM orders
SELECT SLEEP(1)
SELECT sleep/**/(1)
SELECT 1 FROM orders WHERE SLEEP(0.1)
SELECT IF(1, SLEEP(0), 0)
SELECT (SELECT SLEEP(0))
SELECT SUM(SLEEP(0)) OVER () FROM orders
SELECT * FROM orders ORDER BY SLEEP(0)
SELECT * FROM orders GROUP BY SLEEP(0)
SELECT * FROM orders HAVING SLEEP(0)
SELECT * FROM orders LIMIT 1 PROCEDURE ANALYSE()
SELECT BENCHMARK(10, MD5('a'))
SELECT ENCRYPT('a', '$6$rounds=150000000$x')
SELECT encrypt ('a')
SELECT `encrypt`('a')
SELECT GET_LOCK('stolen', 0)
SELECT get_lock/*x*/('stolen', 0)
SELECT `get_lock`('stolen', 0)
SELECT RELEASE_LOCK('held')
SELECT RELEASE_ALL_LOCKS()
SELECT IS_USED_LOCK('held')
SELECT IS_FREE_LOCK('held')
SELECT MASTER_POS_WAIT('a', 1, 1)
SELECT MASTER_GTID_WAIT('0-1-1', 1)
SELECT WAIT_FOR_EXECUTED_GTID_SET('x', 1)
SELECT NEXTVAL(numbers)
SELECT NEXT VALUE FOR numbers
SELECT NEXT/**/VALUE/**/FOR numbers
SELECT SETVAL(numbers, 7)
SELECT LAST_INSERT_ID(7)
SELECT LAST_INSERT_ID()
SELECT ROW_COUNT()
SELECT DES_ENCRYPT('a'), DES_DECRYPT('a')
SELECT BINLOG_GTID_POS('x', 1)
SELECT * FROM orders FOR UPDATE
SELECT * FROM orders FOR/**/UPDATE
SELECT * FROM orders FOR SHARE
SELECT * FROM orders LOCK IN SHARE MODE
SELECT * FROM (SELECT * FROM orders FOR UPDATE) x
SELECT * FROM mysql.user
SELECT * FROM `mysql`.`user`
SELECT * FROM MYSQL.global_priv
SELECT * FROM shop.orders, mysql.user
SELECT * FROM orders JOIN mysql.user
SELECT * FROM (mysql.user)
SELECT * FROM orders, (mysql.user)
SELECT * FROM orders LEFT JOIN (orders x, mysql.user) ON true
SELECT * FROM orders o STRAIGHT_JOIN mysql.user
TABLE mysql.user
SELECT (SELECT authentication_string FROM mysql.user LIMIT 1)
SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM mysql.user)
WITH u AS (SELECT * FROM mysql.user) SELECT * FROM u
SELECT mysql.name FROM customers AS mysql, mysql.user
DESCRIBE mysql.user
EXPLAIN mysql.user
SHOW CREATE USER root@localhost
SHOW GRANTS
SELECT * FROM information_schema.processlist
SELECT * FROM information_schema.PROCESSLIST
SELECT * FROM `information_schema`.`processlist`
SELECT info FROM INFORMATION_SCHEMA . processlist
SELECT * FROM information_schema/**/.processlist
SELECT * FROM orders, information_schema.processlist
SELECT * FROM (information_schema.processlist)
SELECT * FROM information_schema.innodb_trx
SELECT * FROM information_schema.user_privileges
SELECT * FROM information_schema.applicable_roles
SELECT * FROM information_schema.user_variables
SELECT * FROM information_schema.system_variables
SELECT * FROM information_schema.files
SELECT * FROM information_schema.query_cache_info
SELECT * FROM information_schema.innodb_sys_tables
SELECT * FROM information_schema.user_statistics
SELECT * FROM performance_schema.threads
SELECT * FROM performance_schema.events_statements_history
SELECT * FROM `performance_schema`.`accounts`
SELECT * FROM sys.session
SELECT * FROM sys.processlist
SELECT * FROM customers AS sys, sys.session
SELECT * FROM orders AS extend USE INDEX (PRIMARY), sys.session
SHOW PROCESSLIST
SHOW FULL PROCESSLIST
SHOW ENGINE INNODB STATUS
SHOW BINARY LOGS
SHOW MASTER STATUS
SHOW PLUGINS
SHOW PRIVILEGES
SHOW OPEN TABLES
SELECT 1 /*! INTO OUTFILE 'DIRECTORY/stolen' */
SELECT 1 /*!50000 , SLEEP(0) */
SELECT 1 /*M! , SLEEP(0) */
SELECT /*!99999 a */ SLEEP(0)
SELECT 1 /* /*! */, SLEEP(0) /* */
SELECT /*+ SET_VAR(sql_mode = 'ANSI_QUOTES') */ 1
SELECT 'a\\', SLEEP(0) -- '
SELECT "a\"", SLEEP(0) -- "
SELECT 'a''', SLEEP(0) -- '
SELECT "a'", SLEEP(0), "'"
SELECT `a``b`, SLEEP(0) FROM orders
SELECT N'a', SLEEP(0)
SELECT _utf8mb4'a', SLEEP(0)
SELECT x'41', SLEEP(0)
SELECT 1 -- \n, SLEEP(0)
SELECT 1 # '\n, SLEEP(0) # '
SELECT 1 --\n, SLEEP(0)
SELECT 1 --x, SLEEP(0)
SELECT 1--SLEEP(0)
SELECT 1 #\n, SLEEP(0)
SELECT unknown_function(1)
SELECT sys_eval('id')
SELECT sys_exec('id')
SELECT lib_mysqludf_sys_info()
SELECT `unknown function`(1)
SELECT raptor(1)
SELECT do_system('id')
SELECT udf_eval(1), 1
SELECT scribbled()
SELECT shop.scribbled()
SELECT `shop`.`scribbled`()
SELECT shop . scribbled ()
SELECT * FROM orders WHERE scribbled() = 1
SELECT a.b.c(1)
SELECT KEYRING_KEY_FETCH('x')
SELECT SPIDER_DIRECT_SQL('a', 'b', 'c')
SELECT AWS_LAMBDA('a')
SELECT LAMBDA_SYNC('a', 'b')
SELECT PASSWORD('a')
SELECT 1; SELECT 2
SELECT 1;SELECT SLEEP(1)
SET @a = 1
SET GLOBAL general_log = 1
DO SLEEP(0)
CALL anything()
HANDLER orders OPEN
LOCK TABLES orders READ
FLUSH TABLES
KILL 1
PREPARE s FROM 'SELECT 1'
EXECUTE IMMEDIATE 'SELECT SLEEP(0)'
BEGIN NOT ATOMIC SELECT SLEEP(0); END
SET STATEMENT max_statement_time = 0 FOR SELECT 1
ANALYZE SELECT 1
EXPLAIN ANALYZE DELETE FROM orders
EXPLAIN DELETE FROM orders
WITH a AS (SELECT 1) DELETE FROM orders
WITH a AS (SELECT 1) UPDATE orders SET total = 0
SELECT 1 FROM orders PROCEDURE analyse(1)
SELECT \N, SLEEP(0)
XA START 'a'
INSTALL SONAME 'x'
USE mysql
HELP 'x'
-- Relations behind a hint, behind an ODBC join, and behind a column with a reserved name.
SELECT * FROM { OJ information_schema.processlist p LEFT OUTER JOIN (SELECT 1 AS a) x ON 1 = 1 }
SELECT u.user FROM { OJ mysql.user u LEFT OUTER JOIN (SELECT 1 AS a) x ON 1 = 1 }
SELECT u.user FROM (SELECT 1 AS `limit`) a JOIN (SELECT 1 AS z) b ON a.limit = 1, mysql.user u
SELECT u.user FROM orders USE INDEX FOR ORDER BY (PRIMARY), mysql.user u
SELECT p.info FROM orders IGNORE INDEX FOR GROUP BY (PRIMARY), information_schema.processlist p
-- Functions of the user's, or of a module, that are named like built-in ones or like syntax.
SELECT path(1)
SELECT json_scribbled(1)
SELECT json_file('/etc/hostname')
SELECT st_anything('x')
SELECT vec_anything('x')
-- Other sessions and servers in information_schema.
SELECT * FROM information_schema.users
SELECT * FROM information_schema.slave_status
SELECT * FROM information_schema.rocksdb_trx
SELECT * FROM information_schema.query_response_time_read
SHOW TABLES FROM mysql
SHOW FULL TABLES IN `mysql`
SHOW COLUMNS FROM user FROM mysql
SHOW FIELDS IN user IN mysql
SHOW INDEX FROM user FROM mysql
SHOW TABLE STATUS FROM performance_schema LIKE 'x'
SHOW TRIGGERS FROM sys
SHOW EVENTS IN mysql
SELECT variable_value FROM information_schema.global_variables WHERE variable_name = 'report_password'
SELECT * FROM information_schema . `Session_Variables`
SHOW VARIABLES
SHOW GLOBAL VARIABLES LIKE 'Report%'
SHOW SESSION VARIABLES LIKE '%\_sst\_a%'
SHOW VARIABLES WHERE variable_name = 'report_password'
SHOW VARIABLES LIKE 'réport_password'
