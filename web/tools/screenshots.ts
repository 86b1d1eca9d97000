// Writes the pictures of the page that README and docs show, from the answers of the tests' stand-in.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Page } from 'playwright-core'
import { questions } from '../browser/answers.ts'
import { launch, visit } from '../browser/chromium.ts'
import { Stand } from '../browser/server.ts'
import { texts } from '../src/texts.ts'

const checkout = join(import.meta.dirname, '..', '..')
const folder = process.argv[2] ?? join(checkout, 'docs', 'images')
const limit = 150_000

interface Picture {
  name: string
  width: number
  height: number
  colorScheme: 'light' | 'dark'
  steps: (page: Page) => Promise<void>
}

const ask = (question: string) => async (page: Page) => {
  await page.getByLabel(texts.question, { exact: true }).fill(question)
  await page.keyboard.press('Enter')
  await page.locator('.drawing svg, [role=alert] h2').first().waitFor()
}

const pictures: Picture[] = [
  {
    name: 'page.png',
    width: 1280,
    height: 1000,
    colorScheme: 'light',
    steps: async page => {
      await ask(questions.count)(page)
      await ask(questions.series)(page)
      await page.getByRole('button', { name: texts.pin, exact: true }).click()
      await ask(questions.best)(page)
    },
  },
  { name: 'page-dark.png', width: 1280, height: 860, colorScheme: 'dark', steps: ask(questions.series) },
  { name: 'page-narrow.png', width: 360, height: 800, colorScheme: 'light', steps: ask(questions.best) },
  { name: 'page-error.png', width: 1000, height: 700, colorScheme: 'light', steps: ask(questions.wrong) },
]

mkdirSync(folder, { recursive: true })
const stand = await new Stand({ config: { app: 'shop-dev', examples: Object.values(questions).slice(0, 5) } }).start()
const podpac = servePodpac()
const browser = await launch()
try {
  for (const picture of pictures) await take(stand.url, picture)
  await take(await podpac.url, {
    name: 'podpac-map.png',
    width: 1100,
    height: 560,
    colorScheme: 'light',
    steps: async page => {
      await page.locator('#map:not([aria-busy]) canvas').waitFor()
      await page.locator('#map').click({ position: { x: 560, y: 200 } })
      await page.locator('#value .number').waitFor()
    },
  })
} finally {
  podpac.stop()
  await browser.close()
  await stand.stop()
}

async function take(url: string, { name, width, height, colorScheme, steps }: Picture) {
  const options = { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' as const }
  const { page, context } = await visit(browser, [new URL(url).origin], options)
  await page.goto(url)
  await steps(page)
  const path = join(folder, name)
  await page.screenshot({ path, animations: 'disabled' })
  await context.close()
  const { size } = statSync(path)
  console.log(`${Math.round(size / 1000)} KB  ${path}`)
  if (size > limit) throw new Error(`${name}: ${size} bytes; want at most ${limit}`)
}

/** servePodpac serves PODPAC's map with the layers of the tests. */
function servePodpac() {
  const example = join(checkout, 'examples', 'podpac')
  const packages = join(checkout, '.build', 'podpac-client', 'packages')
  const program = spawn(
    join(checkout, '.venv', 'bin', 'python'),
    [join(example, 'serve.py'), '--layers', join(checkout, 'test', 'map', 'layers')],
    {
      env: {
        ...process.env,
        PYTHONPATH: [packages, join(example, 'function')].join(delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const line = once(program.stdout, 'data').then(([text]) => `${String(text).trim()}#temperature`)
  return { url: line, stop: () => program.kill() }
}
