import { parseExact, type Value } from './answer/json.ts'
import { isObject } from './config.ts'

/** Answer is a successful answer of the API: see docs/api.md. */
export interface Answer {
  columns: string[]
  rows: Value[][]
  truncated: boolean
  stored: Stored | null
  sql: string
  reason: string
  context: unknown[]
  requestID: string
}

/** Stored is a CSV file with all rows. */
export interface Stored {
  url: string
  expires: string
  rows: number
}

/** Failure is an answer without rows, or none at all. */
export class Failure extends Error {
  /** A code of the API, or one of the page's own: http_‹status›, network, invalid_answer. */
  readonly code: string
  readonly requestID: string
  /** The statement that failed, if there is one. */
  readonly sql: string

  constructor(code: string, message: string, requestID = '', sql = '') {
    super(message)
    this.code = code
    this.requestID = requestID
    this.sql = sql
  }
}

export interface Question {
  question: string
  context: unknown[]
}

/**
 * ask sends a question and returns its answer. It throws a Failure, or an AbortError if the signal ends it.
 */
export async function ask(
  url: string,
  { question, context }: Question,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer> {
  const body = JSON.stringify(context.length > 0 ? { question, previous_context: context } : { question })
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    })
    text = await response.text()
  } catch (error) {
    if (signal.aborted) throw error
    throw new Failure('network', '')
  }
  return decode(response.status, name => response.headers.get(name), text)
}

const requestIDs = ['x-amzn-requestid', 'apigw-requestid']

/** decode returns the answer in a response's body, or throws a Failure. */
export function decode(status: number, header: (name: string) => string | null, text: string): Answer {
  let value: unknown
  try {
    value = parseExact(text)
  } catch {
    value = null // such as the HTML of a proxy
  }
  const body = isObject(value) ? value : {}
  const requestID = string(body.request_id) || requestIDs.map(header).find(id => id) || ''
  if (body.ran_successfully === false && typeof body.error_code === 'string') {
    throw new Failure(body.error_code, string(body.error_message), requestID, string(body.query_generated))
  }
  if (status !== 200) throw new Failure(`http_${status}`, string(body.message), requestID)
  if (body.ran_successfully !== true) throw new Failure('invalid_answer', '', requestID)
  return {
    columns: list(body.columns).map(string),
    rows: list(body.data).filter(Array.isArray),
    truncated: body.truncated === true,
    stored: stored(body.results),
    sql: string(body.query_generated),
    reason: string(body.reason_for_query),
    context: list(body.previous_context),
    requestID,
  }
}

function stored(value: unknown): Stored | null {
  if (!isObject(value)) return null
  const url = string(value.url)
  // A link to anything else, such as javascript:, would run in the page.
  if (!/^https?:\/\//i.test(url)) return null
  return { url, expires: string(value.expires), rows: typeof value.row_count === 'number' ? value.row_count : 0 }
}

const string = (value: unknown) => (typeof value === 'string' ? value : '')
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
