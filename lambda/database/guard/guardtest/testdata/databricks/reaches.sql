-- SELECTs that would reach files, other servers, models, secrets or the Java
-- machine, or read what others asked. One a line; the guard refuses each.
SELECT reflect('java.lang.System', 'exit', 0)
SELECT reflect ('java.lang.Runtime', 'getRuntime')
SELECT `reflect`('java.lang.System', 'getenv', 'PATH')
SELECT REFLECT/* */('java.lang.System', 'getenv', 'PATH')
SELECT java_method('java.lang.System', 'getenv', 'PATH')
SELECT try_reflect('java.lang.System', 'getenv', 'PATH')
SELECT (SELECT reflect('java.lang.System', 'getenv', 'PATH'))
SELECT 1 WHERE reflect('java.lang.System', 'exit', 0) = 1
SELECT 1 ORDER BY reflect('java.lang.System', 'exit', 0)
WITH a AS (SELECT reflect('java.lang.System', 'exit', 0)) SELECT * FROM a
VALUES (reflect('java.lang.System', 'getenv', 'PATH'))
SELECT transform(array(1), x -> reflect('java.lang.System', 'exit', 0))
SELECT system.builtin.reflect('java.lang.System', 'exit', 0)
SELECT builtin.`reflect`('java.lang.System', 'exit', 0)
SELECT IDENTIFIER('reflect')('java.lang.System', 'exit', 0)
SELECT identifier('ref' || 'lect')('java.lang.System', 'exit', 0)
SELECT * FROM IDENTIFIER('csv.`/etc/passwd`')
SELECT '\'' , reflect('java.lang.System', 'exit', 0) -- '
SELECT "\"" , reflect('java.lang.System', 'exit', 0) -- "
SELECT r'\' , reflect('java.lang.System', 'exit', 0) , '\''
SELECT R"\" , reflect('java.lang.System', 'exit', 0) , "\""
SELECT "'" , reflect('java.lang.System', 'exit', 0) , "'"
SELECT '"' , reflect('java.lang.System', 'exit', 0) , '"'
SELECT 'a''' , reflect('java.lang.System', 'exit', 0) , '''b'
SELECT `'` , reflect('java.lang.System', 'exit', 0) , `'` FROM (SELECT 1 AS `'`)
SELECT 1 /* /* */ */ , reflect('java.lang.System', 'exit', 0) /* */
SELECT 1 /* ' */ , reflect('java.lang.System', 'exit', 0) /* ' */
SELECT 1 /*+ x */ , 2
SELECT /*+ BROADCAST(a) */ 1
SELECT /*+ REPARTITION('*/, reflect('java.lang.System', 'exit', 0) --') */ 1
SELECT "reflect"('java.lang.System', 'exit', 0)
SELECT 'reflect'('java.lang.System', 'exit', 0)
SELECT '${env:PATH}'
SELECT "${system:user.home}"
SELECT ${env:PATH}
SELECT * FROM ${table}
SELECT `${env:PATH}`
SELECT r'${env:PATH}'
SELECT '${spark:spark.driver.host}'
SELECT '${hiveconf:x}', '${hivevar:y}', '${z}'
SELECT * FROM csv.`/etc/passwd`
SELECT * FROM text.`file:/etc/passwd`
SELECT * FROM json.`s3://bucket/key`
SELECT * FROM parquet.`/tmp/x`
SELECT * FROM orc.`/tmp/x`
SELECT * FROM avro.`/tmp/x`
SELECT * FROM delta.`/tmp/x`
SELECT * FROM binaryFile.`/etc/passwd`
SELECT * FROM TEXT.`/etc/passwd`
SELECT * FROM `text`.`/etc/passwd`
SELECT * FROM text . `/etc/passwd`
SELECT * FROM text/* */./* */`/etc/passwd`
SELECT * FROM text.`passwd`
SELECT * FROM `org.apache.spark.sql.execution.datasources.text.TextFileFormat`.`passwd`
SELECT * FROM `com.databricks.spark.csv`.`dbfs:/x`
SELECT * FROM jdbc.`x`
SELECT * FROM (SELECT * FROM csv.`/etc/passwd`)
SELECT (SELECT COUNT(*) FROM csv.`/etc/passwd`)
WITH a AS (SELECT * FROM csv.`/etc/passwd`) SELECT * FROM a
TABLE csv.`/etc/passwd`
SELECT * FROM range(1) JOIN csv.`/etc/passwd`
SELECT * FROM range(1), text.`/etc/passwd`
SELECT * FROM delta.`/tmp/x` VERSION AS OF 1
SELECT * FROM iceberg.`/tmp/x`
SELECT * FROM xml.`/tmp/x`
SELECT * FROM read_files('/etc/passwd')
SELECT * FROM read_files ('s3://bucket/', format => 'csv')
SELECT * FROM `read_files`('/etc/passwd')
SELECT * FROM STREAM read_files('/tmp')
SELECT * FROM read_kafka(bootstrapServers => 'evil.example:9092', subscribe => 't')
SELECT * FROM read_kinesis(streamName => 's', region => 'us-east-1')
SELECT * FROM read_pubsub(subscriptionId => 's')
SELECT * FROM read_pulsar(serviceUrl => 'pulsar://evil.example', topics => 't')
SELECT * FROM read_statestore('/tmp/checkpoint')
SELECT * FROM read_state_metadata('/tmp/checkpoint')
SELECT * FROM cloud_files('/tmp', 'csv')
SELECT * FROM cloud_files_state('/tmp/checkpoint')
SELECT * FROM event_log('pipeline')
SELECT * FROM remote_query('c', query => 'DELETE FROM t RETURNING *')
SELECT http_request(conn => 'c', method => 'POST', path => '/', json => '{}')
SELECT http_request (conn => 'c', method => 'GET', path => '/')
SELECT secret('scope', 'key')
SELECT try_secret('scope', 'key')
SELECT * FROM list_secrets()
SELECT ai_query('databricks-model', owner) FROM accounts
SELECT AI_QUERY ('databricks-model', owner) FROM accounts
SELECT `ai_query`('databricks-model', owner) FROM accounts
SELECT ai_gen('say something')
SELECT ai_classify(owner, array('a', 'b')) FROM accounts
SELECT ai_extract(owner, array('name')) FROM accounts
SELECT ai_fix_grammar(owner) FROM accounts
SELECT ai_mask(owner, array('name')) FROM accounts
SELECT ai_similarity(owner, 'x') FROM accounts
SELECT ai_summarize(owner) FROM accounts
SELECT ai_translate(owner, 'de') FROM accounts
SELECT ai_analyze_sentiment(owner) FROM accounts
SELECT ai_parse_document(content) FROM accounts
SELECT * FROM ai_forecast(TABLE(accounts), horizon => '2025-01-01', time_col => 't', value_col => 'balance')
SELECT * FROM vector_search(index => 'a.b.c', query => 'x')
SELECT TRANSFORM(id) USING 'cat /etc/passwd' AS (x) FROM range(1)
SELECT TRANSFORM (id) USING "sh -c id" AS (x) FROM range(1)
SELECT TRANSFORM(id) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' USING 'cat' FROM range(1)
FROM range(1) SELECT TRANSFORM(id) USING 'cat' AS (x)
MAP 1 USING 'cat' AS (x)
REDUCE 1 USING 'cat' AS (x)
SELECT * FROM (SELECT TRANSFORM(id) USING 'cat' AS (x) FROM range(1))
WITH a AS (SELECT TRANSFORM(id) USING 'cat' AS (x) FROM range(1)) SELECT * FROM a
SELECT * FROM system.query.history
SELECT statement_text FROM `system`.`query`.`history`
SELECT * FROM system.access.audit
SELECT * FROM SYSTEM.ACCESS.table_lineage
SELECT * FROM system . query . history
SELECT sleep(1)
SELECT * FROM range(1) |> INSERT INTO accounts
SELECT 1 INTO stolen
SELECT update FROM accounts
SELECT 'never closed
SELECT "never closed
SELECT `never closed
SELECT r'never closed
SELECT /* never closed
SELECT 'a\
SELECT reflect ('java.lang.System', 'exit', 0)
SELECT reflect('java.lang.System', 'exit', 0)
SELECT * FROM text .`passwd`
SELECT reflect﻿('java.lang.System', 'exit', 0)
SELECT reflect('java.lang.System', 'exit', 0)
SELECT 1 -- ${system:line.separator}, reflect('java.lang.System', 'exit', 0)
SELECT 1 /* ${env:PATH} */
SELECT 1 /* /*+ */ , reflect('java.lang.System', 'exit', 0) -- */
SELECT 1 /* a /* /*+ */ */ , reflect('java.lang.System', 'exit', 0) -- */
SELECT * FROM text.passwd
SELECT * FROM (text.passwd)
SELECT * FROM range(1), text.passwd
SELECT * FROM range(1) AS a JOIN range(2) AS b ON a.id = b.id, text.passwd
SELECT * FROM range(1) JOIN json.records
SELECT * FROM STREAM text.passwd
SELECT * FROM `org.apache.spark.sql.execution.datasources.text.TextFileFormat`.passwd
SELECT (SELECT COUNT(*) FROM csv.records)
TABLE delta.stolen
SELECT * FROM hudi.`x`
SELECT 1r'\', ' , reflect("java.lang.System", "exit", 0) -- '
SELECT * FROM VALUES (1), (2) AS t, text.passwd
SELECT * FROM range(1) AS where, text.passwd
SELECT * FROM range(1) having, text.passwd
SELECT * FROM range(1) AS by JOIN range(1) AS set, text.passwd
SELECT * FROM range(1) AS select TABLESAMPLE (1 ROWS), text.passwd
-- Functions of the user's: Python or Java can be behind them.
SELECT fetch_page('http://example.com')
SELECT bank.fetch_page('x')
SELECT main.bank.fetch_page('x')
SELECT `fetch_page`('x')
SELECT main.`bank`.`fetch_page`('x')
SELECT * FROM fetch_page('x')
SELECT * FROM bank.fetch_page('x')
SELECT transform(array(1), x -> score(x))
SELECT * FROM accounts LATERAL VIEW score(id) v AS a
SELECT sum(score(id)) FROM accounts
SELECT score (id) FROM accounts
SELECT score/**/(id) FROM accounts
SELECT * FROM accounts WHERE score(id) > 1
SELECT q.score(1) FROM accounts q
SELECT session.score(1)
SELECT score(id) OVER () FROM accounts
WITH a AS (SELECT score(1)) SELECT * FROM a
SELECT CASE WHEN score(1) > 0 THEN 1 END
VALUES (score(1))
SELECT * FROM accounts, LATERAL score(id)
SELECT builtin.score(1)
SELECT * FROM STREAM score(1)
SELECT * FROM accounts a, LATERAL score(a.id) b
