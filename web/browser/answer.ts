// Asks a question on a page that any program serves, and prints as JSON what the page shows:
//
//   node browser/answer.ts --url URL --question TEXT [--sign-in LINK] [--host ORIGIN …]
//
// --sign-in is the text of the link to click on the OpenID provider's page, --host an origin besides the page's that
// requests may go to. It exits with 1 if the page shows no answer, violates its policy, throws an error, or sends a
// request to another host.
import { parseArgs } from 'node:util'
import { texts } from '../src/texts.ts'
import { accessibilityProblems, launch, visit } from './chromium.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    question: { type: 'string' },
    'sign-in': { type: 'string' },
    host: { type: 'string', multiple: true, default: [] },
  },
})
const { url, question } = values
if (!url || !question) throw new Error('--url, --question: missing; want the URL of a page and a question')

const browser = await launch()
try {
  const { page, problems } = await visit(browser, [new URL(url).origin, ...values.host])
  await page.goto(url)
  if (values['sign-in']) {
    await page.getByRole('button', { name: texts.signIn }).click()
    await page.getByRole('link', { name: values['sign-in'] }).click()
  }
  await page.getByLabel(texts.question, { exact: true }).fill(question)
  await page.keyboard.press('Enter')
  await page.locator('article').waitFor()
  const failure = page.getByRole('alert')
  if (await failure.count()) throw new Error(`The page shows a failure: ${await failure.textContent()}`)
  const table = page.locator(`section[aria-label="${texts.table}"]`)
  const chart = page.locator(`section[aria-label="${texts.chart}"] svg[role=img]`)
  await table.waitFor()
  const hasChart = (await page.locator(`section[aria-label="${texts.chart}"]`).count()) > 0
  const shown = {
    columns: await table.locator('th').allInnerTexts(),
    rows: await table
      .locator('tbody tr')
      .evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent))),
    chart: hasChart ? await chart.getAttribute('aria-label') : null,
    sql: await page.locator('pre.sql').textContent(),
  }
  problems.push(...(await accessibilityProblems(page)))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  console.log(JSON.stringify(shown))
} finally {
  await browser.close()
}
