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
  trust: Trust
}

/** Trust is what an answer rests on. */
export interface Trust {
  /** golden, golden_similar, model, or ''. */
  source: string
  tables: string[]
  assumptions: string[]
  filters: string[]
  /** The share of the samples that agree. */
  confidence: number
  /** The number of answers of the model that were compared; 0 for none. */
  samples: number
  /** Seconds since the schema was read, or null. */
  schemaAge: number | null
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
  /** The time at which a limit ends, or null. */
  readonly retryAt: Date | null
  /** Complete questions, one for each meaning of an ambiguous one. */
  readonly options: string[]

  constructor(
    code: string,
    message: string,
    requestID = '',
    sql = '',
    retryAt: Date | null = null,
    options: string[] = [],
  ) {
    super(message)
    this.options = options
    this.code = code
    this.requestID = requestID
    this.sql = sql
    this.retryAt = retryAt
  }
}

export interface Question {
  question: string
  context: unknown[]
}

/** Stage is how far a long question is. */
export interface Stage {
  /** queued, writing_sql or running. */
  status: string
  sql: string
}

/** Sending is how requests reach the API. */
export interface Sending {
  /** The URL that questions are posted to. */
  url: URL
  /** headers returns those that authorize a request. A token can be renewed while a question runs. */
  headers: () => Promise<Record<string, string>>
  signal: AbortSignal
}

export interface Options extends Sending {
  /** Whether the stack answers long questions. */
  isAsync: boolean
  /** Whether the model must decide what an ambiguous question means. */
  mustDecide: boolean
  onStage: (stage: Stage) => void
}

/** ask sends a question and returns its answer. It throws a Failure, or an AbortError if the signal ends it. */
export async function ask({ question, context }: Question, options: Options): Promise<Answer> {
  const body = {
    question,
    ...(context.length > 0 && { previous_context: context }),
    ...(options.mustDecide && { allow_clarification: false }),
    ...(options.isAsync && { async: true }),
  }
  const reply = await send(options, options.url, 'POST', JSON.stringify(body))
  return reply.status === 202 ? wait(reply, options) : decode(reply)
}

/** Feedback is a caller's judgement of the answer with a request id. */
export interface Feedback {
  requestID: string
  verdict: 'right' | 'wrong'
  /** SQL that answers the question, or ''. */
  sql: string
  comment: string
}

/** rate sends feedback. It throws a Failure if that is not stored. */
export async function rate({ requestID, verdict, sql, comment }: Feedback, options: Sending): Promise<void> {
  const body = { request_id: requestID, verdict, ...(sql && { sql }), ...(comment && { comment }) }
  const reply = await send(options, new URL('feedback', options.url), 'POST', JSON.stringify(body))
  if (reply.status !== 200 || parse(reply.text).verdict !== verdict) {
    decode(reply) // throws what failed
    throw new Failure('invalid_answer', '')
  }
}

/** Reply is a response that has arrived whole. */
export interface Reply {
  status: number
  header: (name: string) => string | null
  text: string
}

async function send(options: Sending, url: URL, method: string, body: string | null = null): Promise<Reply> {
  const headers: Record<string, string> = await options.headers()
  if (body) headers['content-type'] = 'application/json'
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      signal: options.signal,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    })
    return { status: response.status, header: name => response.headers.get(name), text: await response.text() }
  } catch (error) {
    if (options.signal.aborted) throw error
    throw new Failure('network', '')
  }
}

// A response comes at the next change, or after the seconds of wait. The first ones are short: a change before the
// request would be seen late.
const firstWait = 1
const longestWait = 20
const pause = 1000
const attempts = 10

/** wait reads the state of a long question until there is an answer. If the signal ends it, it cancels the question. */
async function wait(accepted: Reply, options: Options): Promise<Answer> {
  const { id, stage } = state(accepted)
  const url = new URL(`answers/${encodeURIComponent(id)}`, options.url)
  options.onStage(stage)
  const waiting = new URL(url)
  try {
    let failed = 0
    for (let seconds = firstWait; ; seconds = Math.min(2 * seconds, longestWait)) {
      waiting.searchParams.set('wait', String(seconds))
      const reply = await send(options, waiting, 'GET').catch(error => {
        if (options.signal.aborted || !(error instanceof Failure) || ++failed === attempts) throw error
        return null
      })
      if (reply?.status === 202) {
        failed = 0
        options.onStage(state(reply).stage)
      } else if (reply && !(isTransient(reply) && ++failed < attempts)) return decode(reply)
      else await delay(pause, options.signal)
    }
  } catch (error) {
    // The signal has ended the other requests; this one must still leave the page.
    if (options.signal.aborted) {
      const headers = await options.headers()
      void fetch(url, { method: 'DELETE', headers, keepalive: true, credentials: 'omit' }).catch(() => {})
    }
    throw error
  }
}

function state(reply: Reply): { id: string; stage: Stage } {
  const body = parse(reply.text)
  return { id: string(body.id), stage: { status: string(body.status), sql: string(body.query_generated) } }
}

// A response without status is about the request, and not about the question.
function isTransient(reply: Reply): boolean {
  return (reply.status === 503 || reply.status === 429 || reply.status === 504) && !('status' in parse(reply.text))
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

const requestIDs = ['x-amzn-requestid', 'apigw-requestid']

/** decode returns the answer in a response, or throws a Failure. */
export function decode({ status, header, text }: Reply): Answer {
  const body = parse(text)
  const requestID = string(body.request_id) || requestIDs.map(header).find(id => id) || ''
  if (body.ran_successfully === false && typeof body.error_code === 'string') {
    throw new Failure(
      body.error_code,
      string(body.error_message),
      requestID,
      string(body.query_generated),
      time(body.retry_at),
      isObject(body.clarification) ? strings(body.clarification.options) : [],
    )
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
    trust: {
      source: string(body.source),
      tables: strings(body.tables),
      assumptions: strings(body.assumptions),
      filters: strings(body.filters),
      confidence: number(body.confidence) ?? 0,
      samples: number(body.samples) ?? 0,
      schemaAge: number(body.schema_age),
    },
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value = parseExact(text)
    return isObject(value) ? value : {}
  } catch {
    return {} // such as the HTML of a proxy
  }
}

function stored(value: unknown): Stored | null {
  if (!isObject(value)) return null
  const url = string(value.url)
  // A link to anything else, such as javascript:, would run in the page.
  if (!/^https?:\/\//i.test(url)) return null
  return { url, expires: string(value.expires), rows: typeof value.row_count === 'number' ? value.row_count : 0 }
}

function time(value: unknown): Date | null {
  const date = new Date(string(value))
  return Number.isNaN(date.getTime()) ? null : date
}

const string = (value: unknown) => (typeof value === 'string' ? value : '')
const number = (value: unknown) => (typeof value === 'number' ? value : null)
const strings = (value: unknown): string[] => list(value).filter(item => typeof item === 'string')
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
