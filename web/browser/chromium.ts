import assert from 'node:assert/strict'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** The longest that a test waits for what it expects. A busy machine is slow. */
export const timeout = 60_000

const fetched = join(import.meta.dirname, '..', '..', '.build', 'chromium')

/** launch starts headless Chromium: the program in CHROMIUM, one that is installed, or the one that tools/chromium.sh fetched. */
export function launch(): Promise<Browser> {
  const { program, env } = find()
  return chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
    env: { ...process.env, ...env } as Record<string, string>,
    timeout,
  })
}

function find(): { program: string; env: Record<string, string> } {
  if (process.env.CHROMIUM) return { program: process.env.CHROMIUM, env: {} }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chromium-headless-shell']
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const program = join(folder, name)
      if (isProgram(program)) return { program, env: {} }
    }
  }
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
  if (isProgram(mac)) return { program: mac, env: {} }
  const program = join(fetched, 'usr/lib/chromium/chromium-headless-shell')
  assert.ok(
    existsSync(program),
    'Chromium: not found; run `make .build/chromium/installed`, or set CHROMIUM to a program',
  )
  return {
    program,
    env: { LD_LIBRARY_PATH: libraries().join(delimiter), FONTCONFIG_FILE: join(fetched, 'fonts.conf') },
  }
}

/** libraries returns the folders of the libraries that came with the fetched program. */
function libraries(): string[] {
  return ['usr/lib', 'lib'].flatMap(name => {
    const folder = join(fetched, name)
    const machines = existsSync(folder) ? readdirSync(folder).filter(entry => entry.includes('-linux-gnu')) : []
    return machines.flatMap(machine => [
      join(folder, machine),
      join(folder, machine, 'pulseaudio'),
      join(folder, machine, 'nss'),
    ])
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Visit is a page in a profile of its own, and what went wrong there. */
export interface Visit {
  page: Page
  context: BrowserContext
  /** problems are violations of the policy, errors of scripts, and requests to other hosts. */
  problems: string[]
}

/** visit opens a profile. hosts are those that the page may send requests to. */
export async function visit(browser: Browser, hosts: string[], options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(timeout)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(`error: ${error.message}`))
  page.on('console', message => {
    if (/content security policy/i.test(message.text())) problems.push(`policy: ${message.text()}`)
  })
  page.on('request', request => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'blob:' && !hosts.includes(origin)) problems.push(`request to ${request.url()}`)
  })
  await context.exposeFunction('reportViolation', (text: string) => problems.push(`policy: ${text}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event => {
      const report = (window as unknown as { reportViolation: (text: string) => void }).reportViolation
      report(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
  return { page, context, problems }
}

/** accessibilityProblems returns what axe finds. Its script runs by the debugger, which the policy does not bind. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run(document)
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(node => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
    )
  })
  return found
}
