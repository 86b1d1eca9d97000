import type { Value } from './json.ts'

export type ColumnType = 'number' | 'boolean' | 'date' | 'timestamp' | 'time' | 'json' | 'text' | 'empty'

export interface Column {
  name: string
  index: number
  type: ColumnType
  /** The width that shows most values whole, in characters. */
  width: number
}

export type Row = Value[]

// A leading zero makes an identifier, such as a postal code, and not a number.
const number = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i
const notFinite = ['NaN', 'Infinity', '-Infinity']
const date = /^\d{4}-\d{2}-\d{2}$/
const timestamp = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?$/
const time = /^\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}(:?\d{2})?)?$/

const minWidth = 6
const maxWidth = 44
const sampled = 1000

/** describe returns the columns of an answer with the types of their values. */
export function describe(names: readonly string[], rows: readonly Row[]): Column[] {
  return names.map((name, index) => ({ name, index, type: detect(rows, index), width: widthOf(name, rows, index) }))
}

function detect(rows: readonly Row[], index: number): ColumnType {
  let found: ColumnType = 'empty'
  let special = false
  for (const row of rows) {
    const value = row[index]
    if (value === null || value === undefined) continue
    if (typeof value === 'string' && notFinite.includes(value)) {
      special = true
      continue
    }
    const type = typeOf(value)
    if (found === 'empty') found = type
    else if (found !== type) {
      if (!isTemporal(found) || !isTemporal(type) || found === 'time' || type === 'time') return 'text'
      found = 'timestamp'
    }
  }
  if (!special || found === 'number') return found
  return 'text'
}

function typeOf(value: Exclude<Value, null>): ColumnType {
  switch (typeof value) {
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'object':
      return 'json'
  }
  if (number.test(value)) return 'number'
  if (date.test(value)) return 'date'
  if (timestamp.test(value)) return 'timestamp'
  if (time.test(value)) return 'time'
  return 'text'
}

export function isTemporal(type: ColumnType): boolean {
  return type === 'date' || type === 'timestamp' || type === 'time'
}

function widthOf(name: string, rows: readonly Row[], index: number): number {
  let width = name.length + 3
  const step = Math.max(1, Math.floor(rows.length / sampled))
  for (let i = 0; i < rows.length; i += step) {
    width = Math.max(width, display(rows[i]?.[index] ?? null).length)
  }
  return Math.min(maxWidth, Math.max(minWidth, width))
}

/** display returns the text of a value, with all its digits. */
export function display(value: Value): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** numeric returns a value of a number column, or null if it is not a finite number. */
export function numeric(value: Value | undefined): number | null {
  if (value === null || value === undefined || value === '' || typeof value === 'object') return null
  const result = Number(value)
  return Number.isFinite(result) ? result : null
}

/**
 * instant returns a date or timestamp in milliseconds, or null. A timestamp without a zone is read as UTC, for the
 * reader's zone must not move it.
 */
export function instant(value: Value | undefined): number | null {
  if (typeof value !== 'string') return null
  if (date.test(value)) return finite(Date.parse(`${value}T00:00:00Z`))
  if (!timestamp.test(value)) return null
  const zone = /( ?)(Z|[+-]\d{2}(:?\d{2})?)$/.exec(value.slice(11))
  const local = zone ? value.slice(0, value.length - zone[0].length) : value
  let offset = zone?.[2] ?? 'Z'
  if (/^[+-]\d{2}$/.test(offset)) offset += ':00'
  else if (/^[+-]\d{4}$/.test(offset)) offset = `${offset.slice(0, 3)}:${offset.slice(3)}`
  return finite(Date.parse(local.replace(' ', 'T') + offset))
}

const finite = (value: number) => (Number.isFinite(value) ? value : null)

/** compare orders two values of a column, neither of which is null. */
export function compare(type: ColumnType, a: Value, b: Value): number {
  if (type === 'number') {
    const x = Number(a)
    const y = Number(b)
    // NaN comes after every number, as in PostgreSQL.
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    if (x !== y) return x < y ? -1 : 1
    return compareDigits(display(a), display(b))
  }
  if (type === 'timestamp') {
    const x = instant(a)
    const y = instant(b)
    if (x !== null && y !== null && x !== y) return x - y
  }
  return collator.compare(display(a), display(b))
}

const collator = new Intl.Collator('en', { numeric: true })

// Two integers of more than 53 bits can be equal as numbers.
function compareDigits(a: string, b: string): number {
  if (!/^-?\d+$/.test(a) || !/^-?\d+$/.test(b)) return 0
  const difference = BigInt(a) - BigInt(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
