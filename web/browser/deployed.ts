// Asks a question in a page that some other program serves, and prints what the page shows, as JSON:
//
//	node deployed.ts URL QUESTION [ORIGIN …]
//
// The page signs in where it has to; the provider must not ask anything. The page may send requests to the origins.
// The end-to-end tests of deployments run this program.
import { texts } from '../src/texts.ts'
import { accessibilityProblems, launch, visit } from './chromium.ts'

const [url = '', question = '', ...origins] = process.argv.slice(2)
const browser = await launch()
const { page, problems } = await visit(browser, [new URL(url).origin, ...origins])
try {
  process.stdout.write(JSON.stringify(await ask()))
} catch (error) {
  process.exitCode = 1
  console.error(error, problems, page.url(), await page.locator('body').textContent())
} finally {
  await browser.close()
}

async function ask() {
  let isLong = false
  page.on('response', response => {
    isLong ||= response.status() === 202
  })
  await page.goto(url)
  const box = page.getByLabel(texts.question, { exact: true })
  const signIn = page.getByRole('button', { name: texts.signIn })
  await box.or(signIn).first().waitFor()
  const signedIn = await signIn.isVisible()
  if (signedIn) await signIn.click()
  await box.fill(question)
  await box.press('Enter')
  await page.locator('article.answer').waitFor()
  const panel = (name: string) => page.locator(`section[aria-label="${name}"]`)
  await panel(texts.chart).locator('svg').first().waitFor()
  const rows = await panel(texts.table).locator('tbody tr:not(.space)').all()
  return {
    signedIn,
    isLong,
    title: await page.title(),
    url: page.url(),
    rows: await Promise.all(rows.map(row => row.locator('td').allTextContents())),
    chart: await panel(texts.chart).locator('svg text').allTextContents(),
    sql: await page.locator('pre.sql').textContent(),
    problems: [...problems, ...(await accessibilityProblems(page))],
  }
}
