import type { Config } from './config.ts'
import type { SignIn } from './oidc.ts'
import { texts } from './texts.ts'

/** Credentials return the headers that authorize requests to the API. */
export interface Credentials {
  /** headers returns null if the user must sign in first. */
  headers(): Promise<Record<string, string> | null>
  signIn?(question: string): Promise<void>
  /** accept keeps a token that the user pasted. */
  accept?(token: string): void
  signOut?(): Promise<void>
}

const consoleHeader = 'X-Defog-Token'

/** Tab keeps a token until the tab closes, separately for each page of an origin. */
export class Tab {
  readonly key: string

  constructor(name: string) {
    this.key = `defog:${name}:${location.pathname}`
  }

  get(): string {
    try {
      return sessionStorage.getItem(this.key) ?? ''
    } catch {
      return ''
    }
  }

  set(token: string) {
    try {
      if (token) sessionStorage.setItem(this.key, token)
      else sessionStorage.removeItem(this.key)
    } catch {
      // Without storage, a reload of the page asks for the token again.
    }
  }
}

/** consoleHeaders returns the header for the console, from the token in the page's URL. */
export function consoleHeaders(token: string): Record<string, string> {
  const tab = new Tab('console')
  if (token) tab.set(token)
  const kept = token || tab.get()
  return kept ? { [consoleHeader]: kept } : {}
}

/** credentialsFor returns the credentials that config.json names. signIn is set if the page has an OpenID provider. */
export function credentialsFor(config: Config, fromURL: Record<string, string>, signIn: SignIn | null): Credentials {
  switch (config.auth) {
    case 'none':
      return { headers: async () => ({}) }
    case 'console':
      return { headers: async () => (consoleHeader in fromURL ? fromURL : null) }
    case 'token':
      return pasted()
    case 'oidc':
      if (!signIn) throw new Error(texts.noProvider)
      return {
        headers: async () => bearer(await signIn.token()),
        signIn: question => signIn.begin(question),
        signOut: () => signIn.forget(),
      }
  }
}

function pasted(): Credentials {
  const tab = new Tab('token')
  let token = tab.get()
  const keep = (value: string) => {
    token = value
    tab.set(value)
  }
  return {
    headers: async () => bearer(token),
    accept: value => keep(value.trim().replace(/^bearer\s+/i, '')),
    signOut: async () => keep(''),
  }
}

const bearer = (token: string) => (token ? { authorization: `Bearer ${token}` } : null)
