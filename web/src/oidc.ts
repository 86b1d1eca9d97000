import { ErrorResponse, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import type { Provider } from './config.ts'

/** SignIn signs in by OpenID Connect: authorization code with PKCE. */
export interface SignIn {
  /** token returns the token for the API, or '' if the user must sign in. */
  token(): Promise<string>
  /** begin leaves the page for the provider's. The question is filled in when the user is back. */
  begin(question: string): Promise<void>
  /** forget removes the tokens from this tab. */
  forget(): Promise<void>
}

/** Returned is what the provider sent back with the user: the question, or the reason for a failed sign-in. */
export interface Returned {
  question: string
  refused: string | null
}

export interface Opened {
  signIn: SignIn
  returned: Returned | null
  /** The provider's name of the user, or '' without one. */
  user: string
}

/** open prepares the sign-in, and ends it if the page's URL is that of a provider's redirect. */
export async function open(provider: Provider, page: URL): Promise<Opened> {
  const address = page.origin + page.pathname
  const store = new WebStorageStateStore({ store: sessionStorage, prefix: `defog:oidc:${page.pathname}:` })
  const manager = new UserManager({
    authority: provider.issuer,
    client_id: provider.clientID,
    redirect_uri: address,
    response_type: 'code',
    scope: provider.scopes,
    userStore: store,
    stateStore: store,
    // Both need a frame of the provider, which the policy blocks. A refresh token needs none.
    automaticSilentRenew: false,
    monitorSession: false,
  })
  const signIn: SignIn = {
    async token() {
      let user = await manager.getUser()
      if (user?.expired && user.refresh_token) user = await manager.signinSilent().catch(() => null)
      return user && !user.expired ? apiToken(user) : ''
    },
    begin: question => manager.signinRedirect({ state: question }),
    forget: () => manager.removeUser(),
  }
  const returned = await receive(manager, page)
  return { signIn, returned, user: (await manager.getUser())?.profile.sub ?? '' }
}

async function receive(manager: UserManager, page: URL): Promise<Returned | null> {
  const values = page.searchParams
  if (!values.has('state') || !(values.has('code') || values.has('error'))) return null
  try {
    const user = await manager.signinRedirectCallback(page.href)
    return { question: typeof user.state === 'string' ? user.state : '', refused: null }
  } catch (error) {
    const question = error instanceof ErrorResponse && typeof error.state === 'string' ? error.state : ''
    return { question, refused: error instanceof Error ? error.message : String(error) }
  }
}

// An API's authorizer reads JWTs. The access tokens of some providers are opaque.
function apiToken(user: User): string {
  return user.access_token.split('.').length === 3 ? user.access_token : (user.id_token ?? user.access_token)
}
