import { readFileSync } from 'node:fs'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { answers } from './answers.ts'

const dist = join(import.meta.dirname, '..', 'dist')

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** policy is the content security policy of README.md. */
export const policy =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

/** Received is a question that the stand-in received. */
export interface Received {
  headers: IncomingHttpHeaders
  body: { question: string; previous_context?: unknown[]; async?: boolean; allow_clarification?: boolean }
}

interface Options {
  config?: object
  /** Added to the policy, as for an OpenID provider. */
  connect?: string[]
  /** authorize returns a status and a message if it refuses a question. */
  authorize?: (headers: IncomingHttpHeaders) => { status: number; body: string } | null
}

/** Stand is a stand-in for what serves the page: its files, config.json and POST. */
export class Stand {
  readonly received: Received[] = []
  readonly server: Server
  readonly options: Options
  /** Called when the page closes the connection of a question without an answer. */
  onAbandoned: () => void = () => {}
  url = ''

  constructor(options: Options) {
    this.options = options
    this.server = createServer((request, response) => void this.serve(request, response))
  }

  /** start listens on a free port. The page is below the path of a stage. */
  async start(): Promise<this> {
    await listen(this.server)
    this.url = `${origin(this.server)}/prod/`
    return this
  }

  async stop() {
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }

  async serve(request: IncomingMessage, response: ServerResponse) {
    const path = new URL(request.url ?? '', 'http://page').pathname.replace(/^\/prod\//, '')
    if (request.method === 'POST' && path === '') return this.answer(request, response)
    if (request.method === 'POST' && path === 'feedback') return this.rate(request, response)
    if (path.startsWith('answers/')) return this.state(request, response)
    const connect = this.options.connect ? `; connect-src 'self' ${this.options.connect.join(' ')}` : ''
    response.setHeader('content-security-policy', policy + connect)
    response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('x-content-type-options', 'nosniff')
    if (path === 'config.json') {
      response.setHeader('content-type', 'application/json')
      return response.end(JSON.stringify(this.options.config ?? {}))
    }
    const file = path || 'index.html'
    let content: Buffer
    try {
      content = readFileSync(join(dist, file))
    } catch {
      response.statusCode = 404
      return response.end()
    }
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream')
    response.end(content)
  }

  // The states of a long question, one a request; one of them cannot be read at first.
  readonly states: ((response: ServerResponse) => void)[] = [
    response => accepted(response, 'writing_sql'),
    response => {
      response.statusCode = 503
      response.setHeader('content-type', 'application/json')
      response.end('{"ran_successfully":false,"error_code":"answers_unavailable","error_message":"Try again."}')
    },
    response => accepted(response, 'running', { query_generated: 'SELECT pg_sleep(60)' }),
  ]
  question = ''
  /** Called for the state after the last one. Without it, the answer follows. */
  onRunning: (() => Promise<void>) | null = null
  /** The ids of the questions that the page cancelled. */
  readonly cancelled: string[] = []

  async state(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '', 'http://page')
    if (url.pathname !== `/prod/answers/${longID}`) {
      response.statusCode = 404
      return response.end()
    }
    if (request.method === 'DELETE') {
      this.cancelled.push(longID)
      this.onCancelled()
      return response.end('{}')
    }
    const next = this.states.shift()
    if (next) return next(response)
    await this.onRunning?.()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ...answers[this.question]?.body([]), id: longID, status: 'done' }))
  }

  onCancelled: () => void = () => {}

  /** The feedback that the page sent. */
  readonly feedback: { headers: IncomingHttpHeaders; body: { request_id: string; verdict: string } }[] = []
  /** The failures of the next feedback, one each. */
  readonly refusals: { status: number; body: object }[] = []

  async rate(request: IncomingMessage, response: ServerResponse) {
    const body = JSON.parse(await text(request))
    this.feedback.push({ headers: request.headers, body })
    response.setHeader('content-type', 'application/json')
    const refusal = this.refusals.shift()
    response.statusCode = refusal?.status ?? 200
    response.end(JSON.stringify(refusal?.body ?? { request_id: body.request_id, verdict: body.verdict }))
  }

  async answer(request: IncomingMessage, response: ServerResponse) {
    const body: Received['body'] = JSON.parse(await text(request))
    this.received.push({ headers: request.headers, body })
    response.setHeader('content-type', 'application/json')
    const refused = this.options.authorize?.(request.headers)
    if (refused) {
      response.statusCode = refused.status
      response.setHeader('apigw-requestid', 'gateway-request')
      return response.end(refused.body)
    }
    const answer = answers[body.question]
    if (body.async) {
      this.question = body.question
      return accepted(response, 'queued')
    }
    if (!answer) {
      response.on('close', () => this.onAbandoned())
      return // a question that the database never answers
    }
    response.statusCode = answer.status ?? 200
    response.end(JSON.stringify(answer.body(body.previous_context ?? [])))
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** accepted answers that a long question has no answer yet. */
function accepted(response: ServerResponse, status: string, more: object = {}) {
  response.statusCode = 202
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ id: longID, status, seconds: 0, ...more }))
}

const longID = 'QCBWWVTTEZTSSK5TRUTTPSF6XR'

export async function listen(server: Server) {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}

export function origin(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
