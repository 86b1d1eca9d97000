import { type Column, instant, numeric, type Row } from '../answer/columns.ts'

export type Kind = 'value' | 'line' | 'bar' | 'scatter'

/** Choice is a chart: its kind and the columns that it shows. */
export interface Choice {
  kind: Kind
  /** Index of the column of the categories, times or horizontal positions; -1 for a value. */
  x: number
  /** Index of the column of the heights. */
  y: number
  /** Index of the column that splits the rows into series, or -1. */
  series: number
}

/** The most categories and series of a chart. */
export const maxBars = 30
export const maxSeries = 8
const sampled = 2000
// The first columns that a chart tries as series. Each of many columns with each other one would hold the page up.
const maxTried = 12

/** choices returns the charts that suit the columns, the best one of each kind, in order. */
export function choices(columns: readonly Column[], rows: readonly Row[]): Choice[] {
  if (rows.length === 0) return []
  const numbers = columns.filter(column => column.type === 'number')
  if (rows.length === 1) {
    const [only, another] = numbers
    const isValue = only && !another && numeric(rows[0]?.[only.index]) !== null
    return isValue ? [{ kind: 'value', x: -1, y: only.index, series: -1 }] : []
  }
  const found: Choice[] = []
  const times = columns.filter(column => isOrdered(column, rows))
  const labels = columns.filter(isLabel)
  const time = times[0]
  const measures = numbers.filter(column => !isIdentifier(column.name) && !times.includes(column))
  const parts = labels.filter(column => countDistinct(rows, column.index, maxSeries + 1) <= maxSeries)
  const places = [...labels.filter(column => isDistinct(column, rows)), ...labels.slice(0, maxTried), ...times]
  const line = time && plot('line', time)
  if (line) found.push(line)
  let bar: Choice | null = null
  for (const column of places) {
    bar = plot('bar', column)
    if (bar) break
  }
  const isCrowded = bar && countDistinct(rows, bar.x, maxBars + 1) > maxBars
  if (bar && !isCrowded) found.push(bar)
  const [first, second] = measures
  if (first && second) {
    found.push({ kind: 'scatter', x: first.index, y: second.index, series: parts[0]?.index ?? -1 })
  } else if (time && !line && first) {
    found.push({ kind: 'scatter', x: time.index, y: first.index, series: -1 })
  }
  // A chart of a part of the rows is the last choice.
  if (bar && isCrowded) found.push(bar)
  return found

  // plot returns nothing if several rows share a place.
  function plot(kind: Kind, x: Column): Choice | null {
    const [y] = measures
    if (!y) return null
    if (isDistinct(x, rows)) return { kind, x: x.index, y: y.index, series: -1 }
    const split = splitBy(parts.slice(0, maxTried), rows, x)
    return split && { kind, x: x.index, y: y.index, series: split.index }
  }
}

/** Options are the columns that each part of a chart can show. */
export interface Options {
  x: Column[]
  y: Column[]
  series: Column[]
}

export function options(kind: Kind, columns: readonly Column[], rows: readonly Row[]): Options {
  const measures = columns.filter(column => column.type === 'number')
  const labels = columns.filter(isLabel)
  const series = labels.filter(column => countDistinct(rows, column.index, maxSeries + 1) <= maxSeries)
  switch (kind) {
    case 'value':
      return { x: [], y: measures, series: [] }
    case 'line':
      return { x: columns.filter(column => isOrdered(column, rows)), y: measures, series }
    case 'bar':
      return { x: columns.filter(column => isLabel(column) || isOrdered(column, rows)), y: measures, series }
    case 'scatter':
      return { x: [...columns.filter(column => isOrdered(column, rows)), ...measures], y: measures, series }
  }
}

/** isIdentifier reports whether a name is that of a key, whose values measure nothing. */
export function isIdentifier(name: string): boolean {
  return /^id$|[_ ]id$|[a-z]ID$|[a-z]Id$/.test(name) || /^(zip|zip_?code|postal_?code)$/i.test(name)
}

function isLabel(column: Column): boolean {
  return column.type === 'text' || column.type === 'boolean' || (column.type === 'number' && isIdentifier(column.name))
}

/** isOrdered reports whether a column is a time: dates, timestamps, or whole years. */
export function isOrdered(column: Column, rows: readonly Row[]): boolean {
  if (column.type === 'date' || column.type === 'timestamp') {
    return rows.some(row => instant(row[column.index]) !== null)
  }
  return (
    column.type === 'number' &&
    /^(year|yr|.*[_ ]year|month|week|day|quarter|hour)$/i.test(column.name) &&
    rows.slice(0, sampled).every(row => Number.isInteger(numeric(row[column.index]) ?? 0))
  )
}

function isDistinct(column: Column, rows: readonly Row[]): boolean {
  return areDistinct(rows, row => row[column.index])
}

// splitBy returns the first column that, with x, names each row once.
function splitBy(parts: readonly Column[], rows: readonly Row[], x: Column): Column | null {
  const part = rows.slice(0, sampled)
  for (const column of parts) {
    if (column !== x && areDistinct(part, row => [row[x.index], row[column.index]])) return column
  }
  return null
}

// areDistinct ends at the first value that repeats.
function areDistinct(rows: readonly Row[], value: (row: Row) => unknown): boolean {
  const seen = new Set<string>()
  return rows.every(row => seen.size < seen.add(JSON.stringify(value(row))).size)
}

function countDistinct(rows: readonly Row[], index: number, most: number): number {
  const seen = new Set<string>()
  for (const row of rows) {
    seen.add(JSON.stringify(row[index]))
    if (seen.size >= most) break
  }
  return seen.size
}
