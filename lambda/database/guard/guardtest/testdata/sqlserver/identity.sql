-- Statements that try to change the caller that they run for. One a line; \n is a line
-- break. The guard refuses each.
EXEC sp_set_session_context 'request.jwt.claims', '{"tenant":"b"}'
EXEC sys.sp_set_session_context @key = N'request.jwt.claims', @value = N'{"tenant":"b"}'
EXECUTE sp_set_session_context N'request.jwt.claims', NULL
sp_set_session_context N'request.jwt.claims', NULL
SELECT 1 EXEC sp_set_session_context N'request.jwt.claims', NULL
SELECT 1; EXEC sp_set_session_context N'request.jwt.claims', NULL
SELECT note FROM orders\nEXEC sp_set_session_context N'request.jwt.claims', NULL
SELECT note FROM orders WHERE 1 = 1 EXECUTE AS USER = 'tenant_b'
EXECUTE AS USER = 'tenant_b'
EXECUTE AS LOGIN = 'sa' WITH NO REVERT
REVERT
SELECT 1 REVERT
SETUSER 'tenant_b'
SELECT 1 SETUSER 'tenant_b'
SET CONTEXT_INFO 0x01
SELECT 1 SET CONTEXT_INFO 0x01
EXEC sp_setapprole 'auditor', 'password'
EXEC ('EXEC sp_set_session_context N''request.jwt.claims'', NULL')
EXEC sp_executesql N'EXEC sp_set_session_context N''request.jwt.claims'', NULL'
SELECT * FROM OPENQUERY(loopback, 'EXEC sp_set_session_context N''request.jwt.claims'', NULL')
SELECT * FROM OPENROWSET('SQLNCLI', 'Server=.;Trusted_Connection=yes', 'SELECT note FROM orders')
ALTER SECURITY POLICY tenants WITH (STATE = OFF)
DROP SECURITY POLICY tenants
ALTER ROLE auditor ADD MEMBER defog_reader
DECLARE @c sysname = N'request.jwt.claims' EXEC sp_set_session_context @c, NULL
EXEC sp_reset_connection
