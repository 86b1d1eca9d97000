import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { listen, origin } from './server.ts'

export const client = 'page-of-the-test'

/**
 * Provider is a stand-in for an OpenID provider: discovery, an authorization endpoint that asks who the user is, and a
 * token endpoint that verifies the code's challenge (PKCE).
 */
export class Provider {
  readonly server: Server
  readonly codes = new Map<string, { challenge: string; nonce: string; redirect: string }>()
  /** The access tokens that are valid. */
  readonly tokens = new Set<string>()
  url = ''

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response))
  }

  async start(): Promise<this> {
    await listen(this.server)
    this.url = origin(this.server)
    return this
  }

  async stop() {
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }

  async serve(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '', this.url)
    response.setHeader('access-control-allow-origin', '*')
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, {
          issuer: this.url,
          authorization_endpoint: `${this.url}/authorize`,
          token_endpoint: `${this.url}/token`,
          jwks_uri: `${this.url}/jwks`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
        })
      case '/authorize':
        return this.form(url.searchParams, response)
      case '/approve':
        return this.approve(url.searchParams, response)
      case '/refuse':
        return redirect(response, url.searchParams, {
          error: 'access_denied',
          error_description: 'Not a member of the team',
        })
      case '/token':
        return this.token(request, response)
    }
    response.statusCode = 404
    response.end()
  }

  // The user's page of the provider.
  form(values: URLSearchParams, response: ServerResponse) {
    const wanted = { response_type: 'code', client_id: client, code_challenge_method: 'S256' }
    for (const [name, value] of Object.entries(wanted)) {
      if (values.get(name) !== value) {
        response.statusCode = 400
        return response.end(`${name}: ${values.get(name)}; want ${value}`)
      }
    }
    response.setHeader('content-type', 'text/html')
    response.end(
      `<!doctype html><title>Provider</title><a href="/approve?${values}">I am Ada</a> <a href="/refuse?${values}">I refuse</a>`,
    )
  }

  approve(values: URLSearchParams, response: ServerResponse) {
    const code = randomBytes(16).toString('hex')
    const text = (name: string) => values.get(name) ?? ''
    this.codes.set(code, { challenge: text('code_challenge'), nonce: text('nonce'), redirect: text('redirect_uri') })
    redirect(response, values, { code })
  }

  async token(request: IncomingMessage, response: ServerResponse) {
    let body = ''
    for await (const chunk of request) body += chunk
    const values = new URLSearchParams(body)
    const code = this.codes.get(values.get('code') ?? '')
    this.codes.delete(values.get('code') ?? '') // a code is valid once
    const challenge = createHash('sha256')
      .update(values.get('code_verifier') ?? '')
      .digest('base64url')
    if (!code || code.challenge !== challenge || code.redirect !== values.get('redirect_uri')) {
      response.statusCode = 400
      return json(response, { error: 'invalid_grant' })
    }
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: this.url, sub: 'ada', aud: client, iat: now, exp: now + 3600 }
    const access = jwt({ ...claims, scope: 'openid' })
    this.tokens.add(access)
    json(response, {
      access_token: access,
      id_token: jwt(code.nonce ? { ...claims, nonce: code.nonce } : claims),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid',
    })
  }
}

// The page does not verify signatures; the API's authorizer does.
function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`
}

function json(response: ServerResponse, value: object) {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}

function redirect(response: ServerResponse, values: URLSearchParams, more: Record<string, string>) {
  const target = new URL(values.get('redirect_uri') ?? '')
  for (const [name, value] of Object.entries({ ...more, state: values.get('state') ?? '' })) {
    target.searchParams.set(name, value)
  }
  response.writeHead(302, { location: target.href })
  response.end()
}
