import { isObject } from './config.ts'

/** Entry is a question of the past. Its rows are not kept. */
export interface Entry {
  question: string
  /** The context that the question was sent with; empty if it was not a follow-up. */
  context: unknown[]
  /** When it was asked, in milliseconds since 1970. */
  at: number
  /** The number of rows, or null for a question that failed. */
  rows: number | null
  pinned: boolean
}

type Asked = Pick<Entry, 'question' | 'context'>

const kept = 50
const contextBytes = 20_000

/** record returns the history with a question at its top. An equal question moves there, and stays pinned. */
export function record(history: readonly Entry[], asked: Omit<Entry, 'pinned'>): Entry[] {
  const entry = { ...asked, context: short(asked.context), pinned: false }
  const others = history.filter(other => !isSame(other, entry))
  const pinned = history.some(other => isSame(other, entry) && other.pinned)
  return trim([{ ...entry, pinned }, ...others])
}

export function pin(history: readonly Entry[], entry: Asked, pinned: boolean): Entry[] {
  return trim(history.map(other => (isSame(other, entry) ? { ...other, pinned } : other)))
}

export function remove(history: readonly Entry[], entry: Asked): Entry[] {
  return history.filter(other => !isSame(other, entry))
}

/** clear returns the pinned questions. */
export function clear(history: readonly Entry[]): Entry[] {
  return history.filter(entry => entry.pinned)
}

export function isSame(a: Asked, b: Asked): boolean {
  return a.question === b.question && JSON.stringify(short(a.context)) === JSON.stringify(short(b.context))
}

function trim(history: readonly Entry[]): Entry[] {
  let left = kept
  return history.filter(entry => entry.pinned || left-- > 0)
}

// A browser keeps 5 MB for all questions. Without its context, a follow-up is asked as a new question.
function short(context: unknown[]): unknown[] {
  return JSON.stringify(context).length > contextBytes ? [] : context
}

/** Store keeps the history in the browser. Without storage, as in a private window, it keeps it until the page closes. */
export class Store {
  readonly key: string
  readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null

  constructor(key: string, storage: Pick<Storage, 'getItem' | 'setItem'> | null) {
    this.key = key
    this.storage = storage
  }

  load(): Entry[] {
    try {
      const value: unknown = JSON.parse(this.storage?.getItem(this.key) ?? '[]')
      return Array.isArray(value) ? value.filter(isEntry) : []
    } catch {
      return [] // not ours, or from another version
    }
  }

  /** save returns whether the browser kept the history. */
  save(history: readonly Entry[]): boolean {
    try {
      this.storage?.setItem(this.key, JSON.stringify(history))
      return this.storage !== null
    } catch {
      return false // the browser's quota
    }
  }
}

function isEntry(value: unknown): value is Entry {
  return (
    isObject(value) &&
    typeof value.question === 'string' &&
    Array.isArray(value.context) &&
    typeof value.at === 'number' &&
    !Number.isNaN(new Date(value.at).getTime()) &&
    (value.rows === null || typeof value.rows === 'number') &&
    typeof value.pinned === 'boolean'
  )
}
