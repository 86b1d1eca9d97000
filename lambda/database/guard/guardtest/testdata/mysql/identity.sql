-- Statements that try to change the role that they run with, or to read the rows of
-- another. One a line; \n is a line break. Each of them fails, and changes nothing.
SET ROLE tenant_b
SET ROLE `tenant_b`
SET ROLE 'tenant_b'
SET ROLE NONE
SET ROLE ALL
SET ROLE DEFAULT
SET DEFAULT ROLE tenant_b
SET DEFAULT ROLE tenant_b FOR reader
SELECT 1; SET ROLE tenant_b
SELECT 1;SET ROLE tenant_b; SELECT note FROM of_b.orders
/*! SET ROLE tenant_b */
/*!50000 SET ROLE tenant_b */
/*M! SET ROLE tenant_b */
SELECT 1 /*! ; SET ROLE tenant_b */
SELECT 1 -- \n; SET ROLE tenant_b
SET @@session.role = 'tenant_b'
SET STATEMENT max_statement_time = 1 FOR SET ROLE tenant_b
SET STATEMENT max_statement_time = 1 FOR SELECT note FROM of_b.orders
SET SESSION AUTHORIZATION tenant_b
SET PASSWORD = PASSWORD('x')
SET @tenant = 'b'
SELECT @tenant := 'b'
SELECT note FROM of_a.orders WHERE (@tenant := 'b') = 'b'
SELECT note INTO @tenant FROM of_a.orders LIMIT 1
SELECT 'b' INTO OUTFILE '/tmp/defog-identity'
SELECT LOAD_FILE('/etc/passwd')
EXECUTE IMMEDIATE 'SET ROLE tenant_b'
EXECUTE IMMEDIATE CONCAT('SET ROLE ', 'tenant_b')
PREPARE p FROM 'SET ROLE tenant_b'
EXECUTE p
DEALLOCATE PREPARE p
BEGIN NOT ATOMIC SET ROLE tenant_b; END
DO SLEEP(0)
CALL of_a.become()
CALL become()
SELECT of_a.become_b()
SELECT of_a.notes_of_b()
SELECT note, of_a.notes_of_b() FROM of_a.orders
SELECT (SELECT of_a.become_b())
SELECT of_a.raise_b()
SELECT note FROM of_a.orders WHERE of_a.raise_b() = note
WITH x AS (SELECT of_a.become_b() AS b) SELECT * FROM x, of_b.orders
SELECT note FROM of_b.orders
SELECT * FROM of_a.orders UNION SELECT * FROM of_b.orders
SELECT * FROM of_a.orders JOIN of_b.orders USING (id)
SELECT (SELECT GROUP_CONCAT(note) FROM of_b.orders)
TABLE of_b.orders
SHOW CREATE TABLE of_b.orders
DESCRIBE of_b.orders
EXPLAIN SELECT note FROM of_b.orders
SELECT info FROM information_schema.processlist
SELECT * FROM performance_schema.threads
SELECT * FROM sys.session
SHOW FULL PROCESSLIST
SHOW PROCESSLIST
SELECT authentication_string FROM mysql.user
SELECT * FROM mysql.global_priv
GRANT tenant_b TO tenant_a
GRANT SELECT ON of_b.* TO tenant_a
REVOKE tenant_a FROM reader
CREATE ROLE more
DROP ROLE tenant_b
ALTER USER CURRENT_USER() IDENTIFIED BY 'x'
RENAME USER tenant_a TO tenant_c
COMMIT
ROLLBACK
START TRANSACTION READ WRITE
RESET QUERY CACHE
FLUSH PRIVILEGES
HANDLER of_b.orders OPEN
KILL QUERY 1
USE of_b
UPDATE of_a.orders SET note = 'x'
LOCK TABLES of_a.orders READ
CHANGE MASTER TO MASTER_HOST = 'x'
INSTALL SONAME 'ha_connect'
