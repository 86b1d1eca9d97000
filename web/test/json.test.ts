import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExact } from '../src/answer/json.ts'

test('numbers keep all their digits', () => {
  assert.deepEqual(parseExact('[1, 2.5, 9007199254740991, 9007199254740993, -123456789012345678901, 1e+16, 1e999]'), [
    1,
    2.5,
    9007199254740991,
    '9007199254740993',
    '-123456789012345678901',
    1e16,
    '1e999',
  ])
})

test('other values stay', () => {
  assert.deepEqual(
    parseExact('{"a":[null,true,"1"],"__proto__":{"b":1}}'),
    JSON.parse('{"a":[null,true,"1"],"__proto__":{"b":1}}'),
  )
})
