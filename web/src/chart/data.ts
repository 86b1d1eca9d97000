import { type Column, display, instant, numeric, type Row } from '../answer/columns.ts'
import type { Choice } from './choose.ts'
import { maxBars, maxSeries } from './choose.ts'

export interface Point {
  /** A number, a time in milliseconds, or the index of a category. */
  x: number
  y: number
  series: number
  /** The text of x, as in the table. */
  label: string
  /** The text of y, as in the table. */
  value: string
}

/** Data is what a chart shows. */
export interface Data {
  points: Point[]
  /** The categories of a bar chart. */
  categories: string[]
  /** The names of the series; one empty name if there is one series. */
  series: string[]
  /** The number of rows that the chart does not show: without numbers, or over its limits. */
  omitted: number
}

// The arithmetic of an axis overflows near the largest number, 1.8e308.
const largest = 1e300

/** dataOf returns the points of a chart. */
export function dataOf(choice: Choice, columns: readonly Column[], rows: readonly Row[]): Data {
  const data: Data = { points: [], categories: [], series: [], omitted: 0 }
  const xType = columns[choice.x]?.type
  const categories = new Map<string, number>()
  const series = new Map<string, number>()
  const bars = new Set<string>()
  for (const row of rows) {
    const y = inRange(numeric(row[choice.y]))
    const label = display(row[choice.x] ?? null)
    const name = choice.series < 0 ? '' : display(row[choice.series] ?? null)
    let x: number | null
    if (choice.kind === 'bar') x = position(categories, label, maxBars)
    else if (xType === 'date' || xType === 'timestamp') x = instant(row[choice.x])
    else x = choice.kind === 'value' ? 0 : inRange(numeric(row[choice.x]))
    const at = x === null || y === null ? null : position(series, name, maxSeries)
    // A category has one bar a series.
    const isTwice = choice.kind === 'bar' && bars.has(`${x} ${at}`)
    if (x === null || y === null || at === null || isTwice) {
      data.omitted++
      continue
    }
    bars.add(`${x} ${at}`)
    data.points.push({ x, y, series: at, label, value: display(row[choice.y] ?? null) })
  }
  if (choice.kind === 'line') data.points.sort((a, b) => a.x - b.x)
  data.categories = [...categories.keys()]
  data.series = [...series.keys()]
  return data
}

const inRange = (value: number | null) => (value !== null && Math.abs(value) > largest ? null : value)

function position(names: Map<string, number>, name: string, most: number): number | null {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= most) return null
  names.set(name, names.size)
  return names.size - 1
}
