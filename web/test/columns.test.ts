import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, describe, display, instant, numeric, type Row } from '../src/answer/columns.ts'

const types = (...rows: Row[]) => describe(rows[0]?.map((_, i) => `c${i}`) ?? [], rows).map(column => column.type)

test('types follow the forms in which the API writes values', () => {
  const rows: Row[] = [
    [1, '12.50', true, '2024-02-29', '2024-02-29 12:00:00', '12:00:00', 'Ada', { a: 1 }, null, 'NaN', '01234'],
    [
      2.5,
      '-3',
      false,
      '2024-03-01',
      '2024-02-29 12:00:00.500000+00:00',
      '12:00:00+00:00',
      '7',
      [1],
      null,
      '2.5',
      '12345',
    ],
  ]
  assert.deepEqual(types(...rows), [
    'number',
    'number',
    'boolean',
    'date',
    'timestamp',
    'time',
    'text',
    'json',
    'empty',
    'number',
    'text',
  ])
})

test('a null does not change the type of a column', () => {
  assert.deepEqual(types([null, null], [1, 'Ada'], [null, null]), ['number', 'text'])
})

test('dates among timestamps make a column of timestamps', () => {
  assert.deepEqual(types(['2024-02-29'], ['2024-02-29 12:00:00']), ['timestamp'])
  assert.deepEqual(types(['2024-02-29'], ['12:00:00']), ['text'])
})

test('a column of special values alone is text', () => {
  assert.deepEqual(types(['NaN'], ['Infinity']), ['text'])
})

test('a width has limits', () => {
  const [short, long] = describe(['a', 'b'], [['x', 'y'.repeat(500)]])
  assert.equal(short?.width, 6)
  assert.equal(long?.width, 44)
})

test('values are shown as they arrived', () => {
  assert.equal(display('<img src=x>'), '<img src=x>')
  assert.equal(display({ a: [1, null] }), '{"a":[1,null]}')
  assert.equal(display('123456789012345678901'), '123456789012345678901')
  assert.equal(display(false), 'false')
})

test('a timestamp without a zone is UTC', () => {
  const noon = Date.UTC(2024, 1, 29, 12)
  for (const text of [
    '2024-02-29 12:00:00',
    '2024-02-29T12:00:00Z',
    '2024-02-29 14:00:00+02:00',
    '2024-02-29 14:00:00+02',
  ]) {
    assert.equal(instant(text), noon, text)
  }
  assert.equal(instant('2024-02-29'), Date.UTC(2024, 1, 29))
  for (const text of ['infinity', '0044-03-15 BC', '12:00:00', 5]) assert.equal(instant(text), null, String(text))
})

test('a number that a chart cannot show is null', () => {
  assert.deepEqual(
    [numeric('12.50'), numeric(3), numeric('NaN'), numeric('Infinity'), numeric(null), numeric('')],
    [12.5, 3, null, null, null, null],
  )
})

test('the order of numbers is exact', () => {
  const numbers = ['NaN', '9007199254740993', 10, '9007199254740992', '2.5', 'Infinity', -1, '-Infinity']
  assert.deepEqual(
    numbers.toSorted((a, b) => compare('number', a, b)),
    ['-Infinity', -1, '2.5', 10, '9007199254740992', '9007199254740993', 'Infinity', 'NaN'],
  )
})

test('the order of timestamps follows their zones', () => {
  const early = '2024-01-01 23:00:00+02:00'
  const late = '2024-01-01 22:00:00+00:00'
  assert.ok(compare('timestamp', early, late) < 0)
})
