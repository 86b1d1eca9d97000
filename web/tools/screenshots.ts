// Writes the pictures of the page that README and docs show, from the answers of the tests' stand-in.
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { questions } from '../browser/answers.ts'
import { launch, visit } from '../browser/chromium.ts'
import { Stand } from '../browser/server.ts'
import { texts } from '../src/texts.ts'

const folder = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'docs', 'images')
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
const browser = await launch()
try {
  for (const { name, width, height, colorScheme, steps } of pictures) {
    const options = { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' as const }
    const { page, context } = await visit(browser, [new URL(stand.url).origin], options)
    await page.goto(stand.url)
    await steps(page)
    const path = join(folder, name)
    await page.screenshot({ path, animations: 'disabled' })
    await context.close()
    const { size } = statSync(path)
    console.log(`${Math.round(size / 1000)} KB  ${path}`)
    if (size > limit) throw new Error(`${name}: ${size} bytes; want at most ${limit}`)
  }
} finally {
  await browser.close()
  await stand.stop()
}
