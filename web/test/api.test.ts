import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, Failure } from '../src/api.ts'

const answer = (body: object) => decode({ status: 200, header: () => null, text: JSON.stringify(body) })

function failure(status: number, body: string, headers: Record<string, string> = {}): Failure {
  try {
    decode({ status, header: name => headers[name] ?? null, text: body })
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error(`status ${status}: an answer; want a failure`)
}

test('an answer has the fields of the API', () => {
  const got = answer({
    columns: ['customers'],
    data: [[3]],
    query_generated: 'SELECT 1',
    ran_successfully: true,
    reason_for_query: null,
    previous_context: ['before'],
    truncated: true,
    row_count: 1,
    request_id: 'ID',
    results: { url: 'https://bucket/all.csv', expires: '2026-11-28T15:34:44Z', row_count: 250_000 },
  })
  assert.deepEqual(got, {
    columns: ['customers'],
    rows: [[3]],
    truncated: true,
    sql: 'SELECT 1',
    reason: '',
    context: ['before'],
    requestID: 'ID',
    stored: { url: 'https://bucket/all.csv', expires: '2026-11-28T15:34:44Z', rows: 250_000 },
    trust: { source: '', tables: [], assumptions: [], filters: [], confidence: 0, samples: 0, schemaAge: null },
  })
})

test('a link that is not of the web is dropped', () => {
  assert.equal(answer({ ran_successfully: true, results: { url: 'javascript:alert(1)' } }).stored, null)
})

test('a failure of the API keeps its code, message, SQL and request id', () => {
  const { code, message, sql, requestID } = failure(
    200,
    JSON.stringify({
      ran_successfully: false,
      error_code: 'statement_failed',
      error_message: 'no such table',
      query_generated: 'SELECT',
      request_id: 'ID',
    }),
  )
  assert.deepEqual([code, message, sql, requestID], ['statement_failed', 'no such table', 'SELECT', 'ID'])
})

test('a failure of a limit has the time of its end', () => {
  const limited = (fields: object) =>
    failure(
      429,
      JSON.stringify({ ran_successfully: false, error_code: 'cost_limit', error_message: 'spent', ...fields }),
    )
  assert.equal(limited({ retry_at: '2026-11-29T00:00:00Z' }).retryAt?.getTime(), Date.UTC(2026, 10, 29))
  assert.equal(limited({}).retryAt, null)
  assert.equal(limited({ retry_at: 'soon' }).retryAt, null)
})

test('a response of a gateway is a failure with its status', () => {
  const { code, message, requestID } = failure(403, '{"message":"Forbidden"}', { 'apigw-requestid': 'gateway' })
  assert.deepEqual([code, message, requestID], ['http_403', 'Forbidden', 'gateway'])
  assert.equal(failure(502, '<html>').code, 'http_502')
  assert.equal(failure(200, '<html>').code, 'invalid_answer')
  assert.equal(failure(200, '[]').code, 'invalid_answer')
})
