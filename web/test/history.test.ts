import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clear, type Entry, pin, record, remove, Store } from '../src/history.ts'

const entry = (question: string, at = 0, context: unknown[] = []) => ({ question, context, at, rows: 1 })
const questions = (history: Entry[]) => history.map(other => other.question)
const all = (...list: string[]) =>
  list.reduceRight<Entry[]>((history, question) => record(history, entry(question)), [])

test('the last question is the first', () => {
  assert.deepEqual(questions(record(all('a', 'b'), entry('c'))), ['c', 'a', 'b'])
})

test('an equal question moves to the top and stays pinned', () => {
  const history = pin(all('a', 'b'), entry('b'), true)
  const [first, ...others] = record(history, entry('b', 7))
  assert.deepEqual([first?.question, first?.at, first?.pinned, others.length], ['b', 7, true, 1])
})

test('a follow-up is another question than the same words alone', () => {
  assert.equal(record(all('a'), entry('a', 0, ['before'])).length, 2)
})

test('the history has 50 questions, and every pinned one', () => {
  let history = pin(all('pinned'), entry('pinned'), true)
  for (let i = 0; i < 60; i++) history = record(history, entry(`q${i}`))
  assert.equal(history.length, 51)
  assert.ok(questions(history).includes('pinned'))
  assert.deepEqual(questions(clear(history)), ['pinned'])
  assert.deepEqual(questions(remove(clear(history), entry('pinned'))), [])
})

test('a long context is not kept', () => {
  const [first] = record([], entry('a', 0, ['x'.repeat(30_000)]))
  assert.deepEqual(first?.context, [])
})

test('a store returns what it kept', () => {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  }
  const store = new Store('key', storage)
  assert.deepEqual(store.load(), [])
  assert.equal(store.save(all('a')), true)
  assert.deepEqual(questions(store.load()), ['a'])
})

test('a store drops what is not a history', () => {
  const noTime = '[{"question": "a", "context": [], "at": 1e300, "rows": 1, "pinned": false}]'
  for (const text of ['not JSON', '{}', '[1, {"question": 5}]', 'null', noTime]) {
    const store = new Store('key', { getItem: () => text, setItem: () => {} })
    assert.deepEqual(store.load(), [], text)
  }
})

test('a full or missing storage is reported', () => {
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('QuotaExceededError')
    },
  }
  assert.equal(new Store('key', full).save(all('a')), false)
  assert.equal(new Store('key', null).save(all('a')), false)
})
