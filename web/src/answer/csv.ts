import { display, type Row } from './columns.ts'
import type { Value } from './json.ts'

/**
 * csv returns rows as CSV (RFC 4180) for spreadsheets: with the byte order mark that Excel needs for UTF-8, and no cell
 * that a spreadsheet would run as a formula.
 */
export function csv(names: readonly string[], rows: Iterable<Row>): string {
  return `\ufeff${lines(names, rows, ',')}`
}

/** tsv returns rows as text that a spreadsheet pastes into cells. */
export function tsv(names: readonly string[], rows: Iterable<Row>): string {
  return lines(names, rows, '\t')
}

function lines(names: readonly string[], rows: Iterable<Row>, separator: ',' | '\t'): string {
  const line = (values: readonly Value[]) => values.map(value => quote(harmless(value), separator)).join(separator)
  const all = [line(names)]
  for (const row of rows) all.push(line(row))
  return `${all.join('\r\n')}\r\n`
}

// A spreadsheet starts a cell at the beginning of a value. In some countries it splits a CSV file at semicolons, and
// then a quote within a line quotes nothing. Japanese ones take wide signs for the others.
const formula = /(^[\t\r\n]|(?<=^|[;\t\r\n])[=+\-@＝＋－＠])/g
const number = /^[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Infinity)$/i

/** harmless returns the text of a value, with an apostrophe before all that a spreadsheet would run as a formula. */
export function harmless(value: Value): string {
  const text = display(value)
  return number.test(text) ? text : text.replace(formula, "'$1")
}

function quote(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
