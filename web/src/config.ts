/** Auth is the authorization of requests to the API. README.md of web/ describes each. */
export type Auth = 'none' | 'token' | 'oidc' | 'console'

export interface Provider {
  issuer: string
  clientID: string
  scopes: string
}

/** Config is the page's configuration, config.json. */
export interface Config {
  api: string
  app: string
  auth: Auth
  provider: Provider | null
  examples: string[]
  version: string
  /** Whether the stack answers long questions. */
  isAsync: boolean
  /** Whether the stack accepts feedback. */
  hasFeedback: boolean
}

/** parseConfig returns the configuration, with defaults for what is missing or has the wrong type. */
export function parseConfig(value: unknown): Config {
  const given = isObject(value) ? value : {}
  const oidc = isObject(given.oidc) ? given.oidc : {}
  const provider = {
    issuer: text(oidc.issuer),
    clientID: text(oidc.client_id),
    scopes: text(oidc.scopes) || 'openid',
  }
  const auths: readonly unknown[] = ['none', 'token', 'oidc', 'console'] satisfies Auth[]
  return {
    api: text(given.api) || './',
    app: text(given.app),
    auth: auths.includes(given.auth) ? (given.auth as Auth) : 'none',
    provider: provider.issuer && provider.clientID ? provider : null,
    examples: Array.isArray(given.examples) ? given.examples.filter(example => typeof example === 'string') : [],
    version: text(given.version),
    isAsync: given.async === true,
    hasFeedback: given.feedback === true,
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
