import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv, harmless, tsv } from '../src/answer/csv.ts'

test('cells are quoted as RFC 4180 says', () => {
  assert.equal(
    csv(
      ['a', 'b "c"'],
      [
        ['1,2', 'line\nbreak'],
        [null, 3],
      ],
    ),
    '\ufeffa,"b ""c"""\r\n"1,2","line\nbreak"\r\n,3\r\n',
  )
})

test('a spreadsheet runs no cell as a formula', () => {
  for (const formula of ['=HYPERLINK("http://x")', '+1+cmd', '-1+1', '@SUM(A1)', '\tx', '\rx', '\nx']) {
    assert.equal(harmless(formula), `'${formula}`)
  }
  assert.equal(csv(['=a'], [['=1']]), "\ufeff'=a\r\n'=1\r\n")
  for (const sign of '＝＋－＠') assert.equal(harmless(`${sign}1`), `'${sign}1`)
})

// With a semicolon as separator, the fields of this file are different ones.
test('a spreadsheet that splits at semicolons runs no cell as a formula', () => {
  for (const separator of [';', '\n', '\r\n', '\t']) {
    const hostile = `a${separator}=HYPERLINK("http://x")${separator}b`
    const fields = csv(['n', 'text'], [['x', hostile]]).split(/[;\r\n\t]/)
    assert.ok(
      fields.some(field => field.startsWith("'=HYPERLINK")),
      hostile,
    )
    assert.ok(!fields.some(field => /^[=+\-@]/.test(field)), hostile)
  }
})

test('numbers stay numbers', () => {
  for (const value of [-1, '-12.50', '+3', '-1e+16', '-Infinity', '2024-02-29', 'a=b']) {
    assert.equal(harmless(value), String(value))
  }
})

test('a copied table has tabs', () => {
  assert.equal(tsv(['a', 'b'], [['x\ty', '1,2']]), 'a\tb\r\n"x\ty"\t1,2\r\n')
})
