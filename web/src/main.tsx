import { render } from 'preact'
import { parseConfig } from './config.ts'
import { consoleHeaders, credentialsFor } from './credentials.ts'
import { parseFragment } from './link.ts'
import type { Opened } from './oidc.ts'
import './styles/page.css'
import './styles/answer.css'
import { texts } from './texts.ts'
import { SafeApp, type Session } from './ui/App.tsx'
import { Broken } from './ui/Broken.tsx'

const root = document.getElementById('page')
if (!root) throw new Error('index.html: no element with the id page')

try {
  const session = await start()
  document.title = session.config.app || document.title
  render(<SafeApp session={session} />, root)
} catch (error) {
  render(<Broken error={error} />, root)
}

async function start(): Promise<Session> {
  const page = new URL(location.href)
  const { question, token } = parseFragment(page.hash)
  const headers = consoleHeaders(token)
  const config = parseConfig(await fetchConfig(headers))
  let opened: Opened | null = null
  if (config.auth === 'oidc' && config.provider) {
    // Only a page that signs in loads the library.
    const { open } = await import('./oidc.ts')
    opened = await open(config.provider, page)
  }
  const returned = opened?.returned
  // Neither a token nor a provider's code may stay in the address, the history or a bookmark.
  if (token || returned) history.replaceState(null, '', page.pathname)
  const credentials = credentialsFor(config, headers, opened?.signIn ?? null)
  return {
    config,
    credentials,
    user: opened?.user ?? '',
    isSignedIn: (await credentials.headers()) !== null,
    question: returned?.question || question,
    refused: returned?.refused ?? null,
  }
}

// A server without config.json is one without authorization and examples.
async function fetchConfig(headers: Record<string, string>): Promise<unknown> {
  const response = await fetch('config.json', { headers, cache: 'no-store', credentials: 'omit' })
  if (response.status === 404) return {}
  if (response.status === 403) throw new Error(texts.noToken)
  if (!response.ok) throw new Error(`config.json: status ${response.status}; want 200`)
  return response.json()
}
