import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContextOptions, Download, Page } from 'playwright-core'
import { texts } from '../src/texts.ts'
import { answers, hostile, questions } from './answers.ts'
import { accessibilityProblems, launch, type Visit, visit } from './chromium.ts'
import { client, Provider } from './provider.ts'
import { Stand } from './server.ts'

let browser: Browser
let stand: Stand

before(async () => {
  browser = await launch()
  stand = await new Stand({
    config: { app: 'shop-dev', examples: [questions.count, questions.best], version: '1.2.3' },
  }).start()
})

after(async () => {
  await browser?.close()
  await stand?.stop()
})

/** run opens the page of a stand-in in a profile of its own, and then verifies that nothing went wrong there. */
async function run(
  steps: (page: Page, visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
  at = stand,
  hosts: string[] = [],
) {
  const opened = await visit(browser, [new URL(at.url).origin, ...hosts], options)
  try {
    await opened.page.goto(at.url)
    await steps(opened.page, opened)
    assert.deepEqual(opened.problems, [])
  } finally {
    await opened.context.close()
  }
}

const box = (page: Page) => page.getByLabel(texts.question, { exact: true })
const panel = (page: Page, name: string) => page.locator(`section[aria-label="${name}"]`)
const cells = (page: Page) => panel(page, texts.table).locator('tbody tr:not(.space) td')
const bodyRows = (page: Page) => panel(page, texts.table).locator('tbody tr:not(.space)')

async function ask(page: Page, question: string) {
  await box(page).fill(question)
  await box(page).press('Enter')
}

/** askAndSee asks a question and waits for its answer. */
async function askAndSee(page: Page, question: string) {
  await ask(page, question)
  await page.getByRole('heading', { level: 2, name: question }).waitFor()
  await page.locator('article.answer').waitFor()
}

async function contentOf(download: Download): Promise<string> {
  return readFileSync(await download.path(), 'utf8')
}

test('a question shows a table, a chart and the SQL', () =>
  run(async page => {
    await page.getByRole('button', { name: questions.best }).click()
    await page.locator('article.answer').waitFor()
    assert.deepEqual(await bodyRows(page).first().locator('td').allTextContents(), ['Spain', 'Harbour Blend', '1034'])
    assert.equal(await bodyRows(page).count(), 5)
    await panel(page, texts.chart).getByText('Portugal').waitFor()
    assert.match((await page.locator('pre.sql').textContent()) ?? '', /^SELECT country, product, units\nFROM \(/)
    assert.ok((await page.locator('pre.sql .sql-keyword').count()) > 5)
    assert.equal(await page.title(), 'shop-dev')
  }))

test('a follow-up sends the context of the answer', () =>
  run(async page => {
    await askAndSee(page, questions.count)
    assert.equal(stand.received.at(-1)?.body.previous_context, undefined)
    await page.getByRole('button', { name: texts.followUp }).click()
    await page.getByText(texts.followUpTo).waitFor()
    await page.keyboard.type(questions.best)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 2, name: questions.best }).waitFor()
    await page.locator('article.answer').waitFor()
    assert.deepEqual(stand.received.at(-1)?.body, {
      question: questions.best,
      previous_context: ['SELECT count(*) AS customers FROM customers'],
    })
    // The next question is a new one again.
    await askAndSee(page, questions.series)
    assert.equal(stand.received.at(-1)?.body.previous_context, undefined)
  }))

test('one value is a big number', () =>
  run(async page => {
    await askAndSee(page, questions.count)
    await panel(page, texts.chart).getByRole('img', { name: 'customers: 12,480' }).waitFor()
  }))

test('a time series is a line for each shop, and can be bars', () =>
  run(async page => {
    await askAndSee(page, questions.series)
    const chart = panel(page, texts.chart)
    assert.equal(await chart.locator('svg path[stroke-width="2"]').count(), 3)
    for (const name of ['Lisbon', 'Porto', 'Vigo']) await chart.locator('svg').getByText(name).waitFor()
    // The arrow keys read the points.
    await chart.getByRole('img').focus()
    await page.keyboard.press('ArrowRight')
    await chart.getByRole('status').getByText('Lisbon, day 2026-01-01, revenue').waitFor()
    await chart.getByRole('button', { name: texts.kinds.bar }).click()
    await chart.getByText(texts.omitted(270)).waitFor()
    assert.equal(await chart.getByRole('button', { name: texts.kinds.bar }).getAttribute('aria-pressed'), 'true')
  }))

test('two numbers are points', () =>
  run(async page => {
    await askAndSee(page, questions.points)
    await panel(page, texts.chart).locator('svg').getByText('ground').waitFor()
    assert.equal(await panel(page, texts.chart).locator('svg path[opacity]').count(), 2)
  }))

test('a chart is saved as SVG and as PNG', () =>
  run(async page => {
    await askAndSee(page, questions.best)
    const svg = page.waitForEvent('download')
    await page.getByRole('button', { name: texts.downloadSVG }).click()
    const saved = await svg
    assert.equal(saved.suggestedFilename(), 'what-is-the-best-selling-product-in-every-country.svg')
    const content = await contentOf(saved)
    assert.match(content, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    assert.match(content, /Portugal/)
    assert.doesNotMatch(content, /var\(|fill=""/)
    const png = page.waitForEvent('download')
    await page.getByRole('button', { name: texts.downloadPNG }).click()
    const image = readFileSync(await (await png).path())
    assert.equal(image.subarray(1, 4).toString(), 'PNG')
    assert.deepEqual([image.readUInt32BE(16), image.readUInt32BE(20)], [1920, 1000])
  }))

test('10,000 rows are a table of a few, sorted and scrolled', () =>
  run(async page => {
    await askAndSee(page, questions.large)
    const table = panel(page, texts.table).getByRole('table')
    assert.equal(await table.getAttribute('aria-rowcount'), '10001')
    assert.ok((await page.locator('tr').count()) < 100)
    await page.getByRole('button', { name: 'total' }).click()
    await page.locator('th[aria-sort="descending"]').waitFor()
    assert.equal(await cells(page).nth(3).textContent(), '199.99')
    await page.getByRole('button', { name: 'total' }).click()
    await page.locator('th[aria-sort="ascending"]').waitFor()
    assert.equal(await cells(page).nth(3).textContent(), '0.00')
    await page.getByRole('button', { name: 'id', exact: true }).click()
    await page.locator('th[aria-sort="descending"]').getByText('id').waitFor()
    await page.getByRole('group', { name: texts.table }).focus()
    await page.keyboard.press('End')
    await page.locator('tr[aria-rowindex="10001"]').waitFor()
    assert.equal(await page.locator('tr[aria-rowindex="10001"] td').first().textContent(), '1')
    assert.ok((await page.locator('tr').count()) < 100)
    assert.equal(
      await page
        .locator('td.number')
        .first()
        .evaluate(cell => getComputedStyle(cell).textAlign),
      'right',
    )
    const csv = page.waitForEvent('download')
    await page.getByRole('button', { name: texts.downloadCSV }).click()
    const lines = (await contentOf(await csv)).trimEnd().split('\r\n')
    assert.equal(lines.length, 10_001)
    assert.match(lines[1] ?? '', /^10000,/)
  }))

test('cells are text, and no formula', () =>
  run(
    async page => {
      await askAndSee(page, questions.hostile)
      assert.equal(await cells(page).first().textContent(), hostile.html)
      assert.equal(await page.locator('article img').count(), 0)
      const csv = page.waitForEvent('download')
      await page.getByRole('button', { name: texts.downloadCSV }).click()
      const content = await contentOf(await csv)
      assert.ok(content.includes(`"'${hostile.formula.replaceAll('"', '""')}",2\r\n`), content)
      assert.ok(content.includes("'-1+1,1\r\n"), content)
      await page.getByRole('button', { name: texts.copyTable }).click()
      await page.getByRole('status').getByText(texts.copied).waitFor()
      const copied = await page.evaluate(() => navigator.clipboard.readText())
      assert.match(copied, /^name\tunits\r?\n/)
      assert.match(copied, /"'=HYPERLINK/)
      assert.equal(await page.evaluate(() => document.body.dataset.owned), undefined)
    },
    { permissions: ['clipboard-read', 'clipboard-write'] },
  ))

test('a long cell is shown whole', () =>
  run(async page => {
    await askAndSee(page, questions.hostile)
    const cell = cells(page).first().getByRole('button')
    const height = async () => (await bodyRows(page).first().boundingBox())?.height ?? 0
    const before = await height()
    await cell.press('Enter')
    await page.locator('td button[aria-expanded="true"]').waitFor()
    assert.equal(await cell.textContent(), hostile.html)
    assert.ok((await height()) > before, 'the row is not higher')
    assert.deepEqual(await accessibilityProblems(page), [])
  }))

test('a failure says what to do and shows the request id', () =>
  run(async page => {
    await ask(page, questions.wrong)
    const alert = page.getByRole('alert')
    await alert.getByRole('heading', { name: 'The database refused the SQL' }).waitFor()
    await alert.getByText('relation "planets" does not exist').waitFor()
    await alert.getByText('T5FJ5EXLF5L24DQSUZLW4UDMCT').waitFor()
    assert.equal(await alert.locator('pre.sql').textContent(), 'SELECT sum(total) FROM planets')
    assert.deepEqual(await accessibilityProblems(page), [])
    await ask(page, questions.unready)
    await alert.getByText('defog doctor').waitFor()
    const before = stand.received.length
    await page.getByRole('button', { name: texts.askAgain }).click()
    await alert.getByText('defog doctor').waitFor()
    assert.equal(stand.received.length, before + 1)
  }))

test('an answer shows what it rests on', () =>
  run(async page => {
    await askAndSee(page, questions.trusted)
    const trust = panel(page, texts.trust)
    assert.deepEqual(await trust.locator('dt').allTextContents(), [
      texts.source,
      texts.confidence,
      texts.tables,
      texts.filters,
      texts.assumptions,
      texts.schema,
    ])
    assert.deepEqual(await trust.locator('dd').allTextContents(), [
      'A language model',
      '2 of 3 answers of the model have these rows. All can have the same mistake.',
      'orders',
      'shop.customers',
      'status is open',
      'Late orders are open, too.',
      hostile.html,
      'Read from the database 2 hours ago',
    ])
    assert.deepEqual(await accessibilityProblems(page), [])
    // An answer without these fields has no such panel.
    await askAndSee(page, questions.count)
    assert.equal(await panel(page, texts.trust).count(), 0)
  }))

test('the meanings of an ambiguous question are buttons that ask', () =>
  run(async page => {
    await ask(page, questions.ambiguous)
    const alert = page.getByRole('alert')
    await alert.getByText('What makes a customer good?').waitFor()
    const meanings = alert.getByRole('list', { name: texts.meanings })
    assert.deepEqual(await meanings.getByRole('button').allTextContents(), [questions.meaning, hostile.html])
    assert.deepEqual(await accessibilityProblems(page), [])
    await meanings.getByRole('button', { name: questions.meaning }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 2, name: questions.meaning }).waitFor()
    await page.locator('article.answer').waitFor()
    assert.deepEqual(stand.received.at(-1)?.body, { question: questions.meaning, allow_clarification: false })
    // Another question may be ambiguous again.
    await ask(page, questions.ambiguous)
    await alert.getByText('What makes a customer good?').waitFor()
    assert.equal(stand.received.at(-1)?.body.allow_clarification, undefined)
  }))

const feedbackPanel = (page: Page) => page.getByRole('region', { name: texts.feedback })

test('an answer is judged by keyboard, with the SQL that is right', async () => {
  const rated = await new Stand({ config: { feedback: true } }).start()
  try {
    await run(
      async page => {
        await askAndSee(page, questions.count)
        const right = feedbackPanel(page).getByRole('button', { name: texts.right })
        await right.focus()
        await page.keyboard.press('Enter')
        await feedbackPanel(page).getByText(texts.storedFeedback(true)).waitFor()
        assert.equal(await right.getAttribute('aria-pressed'), 'true')

        await page.keyboard.press('Tab')
        await page.keyboard.press('Enter')
        const sql = page.getByLabel(texts.correctSQL)
        assert.equal(await sql.inputValue(), 'SELECT count(*) AS customers FROM customers')
        assert.ok(await sql.evaluate(element => element === document.activeElement), 'the form has no focus')
        assert.deepEqual(await accessibilityProblems(page), [])
        await page.keyboard.press('End')
        await page.keyboard.type(' WHERE is_real')
        await page.keyboard.press('Tab')
        await page.keyboard.type('Without tests.')
        await page.keyboard.press('Tab')
        await page.keyboard.press('Enter')
        await feedbackPanel(page).getByText(texts.storedFeedback(false)).waitFor()
        assert.equal(await sql.count(), 0)
        const focused = await page.evaluate(() => document.activeElement?.textContent)
        assert.equal(focused, texts.wrong)
        assert.deepEqual(await accessibilityProblems(page), [])
        const id = 'QCBWWVTTEZTSSK5TRUTTPSF6XR'
        assert.deepEqual(
          rated.feedback.map(received => received.body),
          [
            { request_id: id, verdict: 'right' },
            {
              request_id: id,
              verdict: 'wrong',
              sql: 'SELECT count(*) AS customers FROM customers WHERE is_real',
              comment: 'Without tests.',
            },
          ],
        )
      },
      {},
      rated,
    )
  } finally {
    await rated.stop()
  }
})

test('SQL that is unchanged is not sent, and a refusal keeps the form', async () => {
  const rated = await new Stand({ config: { feedback: true } }).start()
  const message = 'No such answer: it is unknown.'
  rated.refusals.push({
    status: 404,
    body: { ran_successfully: false, error_code: 'not_found', error_message: message, request_id: 'r' },
  })
  try {
    await run(
      async page => {
        await askAndSee(page, questions.best)
        await feedbackPanel(page).getByRole('button', { name: texts.wrong }).click()
        await page.getByLabel(texts.comment, { exact: true }).fill(hostile.html)
        await page.getByRole('button', { name: texts.sendFeedback, exact: true }).click()
        await feedbackPanel(page).getByRole('alert').getByText(message).waitFor()
        assert.deepEqual(await accessibilityProblems(page), [])
        assert.equal(await page.getByLabel(texts.comment, { exact: true }).inputValue(), hostile.html)
        await page.getByRole('button', { name: texts.sendFeedback, exact: true }).click()
        await feedbackPanel(page).getByText(texts.storedFeedback(false)).waitFor()
        assert.deepEqual(Object.keys(rated.feedback.at(-1)?.body ?? {}), ['request_id', 'verdict', 'comment'])
        // The next answer has no verdict yet.
        await askAndSee(page, questions.count)
        assert.equal(await feedbackPanel(page).getByText(texts.storedFeedback(false)).count(), 0)
      },
      {},
      rated,
    )
  } finally {
    await rated.stop()
  }
})

test('a failed question takes the SQL that answers it', async () => {
  const rated = await new Stand({ config: { feedback: true } }).start()
  try {
    await run(
      async page => {
        await ask(page, questions.wrong)
        await feedbackPanel(page).getByRole('button', { name: texts.suggestSQL }).click()
        await page.getByLabel(texts.correctSQL).fill('SELECT sum(total) FROM orders')
        assert.deepEqual(await accessibilityProblems(page), [])
        await page.getByRole('button', { name: texts.sendFeedback, exact: true }).click()
        await feedbackPanel(page).getByText(texts.storedFeedback(false)).waitFor()
        assert.deepEqual(rated.feedback.at(-1)?.body, {
          request_id: 'T5FJ5EXLF5L24DQSUZLW4UDMCT',
          verdict: 'wrong',
          sql: 'SELECT sum(total) FROM orders',
        })
        await ask(page, questions.unready)
        await page.getByRole('alert').getByText('defog doctor').waitFor()
        assert.equal(await feedbackPanel(page).count(), 0)
      },
      {},
      rated,
    )
  } finally {
    await rated.stop()
  }
})

test('a stack without feedback shows nothing of it', () =>
  run(async page => {
    await askAndSee(page, questions.count)
    assert.equal(await feedbackPanel(page).count(), 0)
  }))

test('an unreachable server is a failure', async () => {
  const gone = await new Stand({}).start()
  await run(
    async page => {
      await box(page).waitFor()
      await gone.stop()
      await ask(page, questions.count)
      await page.getByRole('heading', { name: texts.failures.network?.[0] ?? '' }).waitFor()
    },
    {},
    gone,
  )
})

test('a question in progress can be cancelled', () =>
  run(async page => {
    const abandoned = new Promise<void>(resolve => {
      stand.onAbandoned = resolve
    })
    await ask(page, questions.slow)
    await page.getByRole('timer').getByText('1 s').waitFor()
    await page.getByRole('button', { name: texts.cancel }).click()
    await abandoned
    await page.getByText(texts.cancelled).waitFor()
    // The question is in its box again, to be changed.
    assert.equal(await box(page).inputValue(), questions.slow)
    assert.equal(await box(page).evaluate(element => element === document.activeElement), true)
  }))

test('a long question shows how far it is, and then its answer', async () => {
  const long = await new Stand({ config: { async: true } }).start()
  try {
    await run(
      async page => {
        let answer = () => {}
        const asked = new Promise<void>(resolve => {
          answer = resolve
        })
        long.onRunning = () => asked
        await ask(page, questions.best)
        await page.getByText(texts.stages.running ?? '').waitFor()
        assert.equal(await page.locator('.progress pre.sql').textContent(), 'SELECT pg_sleep(60)')
        assert.equal(long.received.at(-1)?.body.async, true)
        assert.deepEqual(await accessibilityProblems(page), [])
        answer()
        await page.locator('article.answer').waitFor()
        assert.equal(await bodyRows(page).count(), 5)
      },
      {},
      long,
    )
  } finally {
    await long.stop()
  }
})

test('a long question is cancelled in the stack', async () => {
  const long = await new Stand({ config: { async: true } }).start()
  try {
    await run(
      async page => {
        const cancelled = new Promise<void>(resolve => {
          long.onCancelled = resolve
        })
        long.onRunning = () => new Promise(() => {})
        await ask(page, questions.best)
        await page.getByText(texts.stages.running ?? '').waitFor()
        await page.keyboard.press('Escape')
        await cancelled
        await page.getByText(texts.cancelled).waitFor()
      },
      {},
      long,
    )
    assert.equal(long.cancelled.length, 1)
  } finally {
    await long.stop()
  }
})

test('an answer that lacks rows says so, and links to all of them', () =>
  run(async page => {
    await askAndSee(page, questions.truncated)
    await page.getByText(texts.truncated(2)).waitFor()
    const link = page.getByRole('link', { name: texts.stored(250_000) })
    assert.equal(await link.getAttribute('href'), 'https://bucket.example/all.csv?signature=x')
    await askAndSee(page, questions.none)
    await page.getByText(texts.empty).waitFor()
  }))

test('an error of the page is a message, and no blank page', () =>
  run(async page => {
    await box(page).waitFor()
    await page.evaluate(() =>
      Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', {
        get() {
          throw new Error('no format')
        },
      }),
    )
    await ask(page, questions.count)
    await page.getByRole('alert').getByText('no format').waitFor()
    await page.getByText(texts.failures.page?.[0] ?? '').waitFor()
  }))

test('history and pinned questions outlive a reload', () =>
  run(async page => {
    await askAndSee(page, questions.count)
    await askAndSee(page, questions.best)
    await page.getByRole('button', { name: texts.pin, exact: true }).click()
    await page.reload()
    const side = page.getByRole('complementary')
    await side.getByRole('list', { name: texts.pinned }).getByText(questions.best).waitFor()
    await side.getByRole('list', { name: texts.recent }).getByText(questions.count).click()
    await page.locator('article.answer').waitFor()
    await side.getByRole('button', { name: texts.clear }).click()
    await side.getByRole('list', { name: texts.recent }).waitFor({ state: 'detached' })
    assert.deepEqual(await side.getByRole('listitem').locator('.text').allTextContents(), [questions.best])
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }))
    assert.doesNotMatch(kept, /Harbour Blend/, 'the history holds rows')
  }))

test('a link fills in its question and sends nothing', () =>
  run(async page => {
    const before = stand.received.length
    await page.goto(`${stand.url}#q=${encodeURIComponent(questions.best)}`)
    await page.reload()
    await box(page).waitFor()
    assert.equal(await box(page).inputValue(), questions.best)
    await page.evaluate(question => {
      location.hash = `q=${encodeURIComponent(question)}`
    }, questions.count)
    await page.waitForFunction(question => document.querySelector('textarea')?.value === question, questions.count)
    assert.equal(stand.received.length, before)
  }))

test('a keyboard suffices', () =>
  run(async page => {
    await box(page).waitFor()
    await page.keyboard.press('Tab')
    await page.getByRole('link', { name: texts.skip }).waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.type(questions.best)
    await page.keyboard.press('Enter')
    await page.locator('article.answer').waitFor()
    const names = new Set<string>()
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab')
      const focus = await page.evaluate(() => {
        const element = document.activeElement
        const style = element && getComputedStyle(element)
        const isSeen = style?.outlineStyle !== 'none' || element?.tagName === 'TEXTAREA' || element === document.body
        return { name: element?.getAttribute('aria-label') ?? element?.textContent ?? '', isSeen }
      })
      assert.ok(focus.isSeen, `no focus to be seen on ${focus.name}`)
      names.add(focus.name)
    }
    for (const name of [
      texts.followUp,
      texts.pin,
      texts.downloadPNG,
      texts.copyTable,
      'units',
      texts.table,
      texts.copySQL,
      texts.sql,
    ]) {
      assert.ok(names.has(name), `${name} is not reached; ${[...names]}`)
    }
    await ask(page, questions.slow)
    await page.getByRole('timer').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText(texts.cancelled).waitFor()
  }))

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1280]) {
    test(`axe finds nothing, ${colorScheme}, ${width} pixels wide`, () =>
      run(
        async page => {
          await box(page).waitFor()
          assert.deepEqual(await accessibilityProblems(page), [])
          await askAndSee(page, questions.series)
          await askAndSee(page, questions.large)
          await page.locator('.drawing svg').waitFor()
          assert.deepEqual(await accessibilityProblems(page), [])
          await ask(page, questions.wrong)
          await page.getByRole('alert').getByRole('heading').first().waitFor()
          assert.deepEqual(await accessibilityProblems(page), [])
          await ask(page, questions.slow)
          await page.getByRole('timer').waitFor()
          assert.deepEqual(await accessibilityProblems(page), [])
          if (width < 1100) {
            await page.getByRole('button', { name: texts.history }).click()
            await page.getByRole('dialog').waitFor()
            assert.deepEqual(await accessibilityProblems(page), [])
          }
          assert.ok(
            await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
            'the page scrolls sideways',
          )
        },
        { colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' },
      ))
  }
}

test('the console’s token leaves the address and goes with each question', async () => {
  const authorize = (headers: { [name: string]: unknown }) =>
    headers['x-defog-token'] === 'secret' ? null : { status: 403, body: '{"message":"Forbidden"}' }
  const guarded = await new Stand({ config: { auth: 'console' }, authorize }).start()
  try {
    await run(
      async page => {
        await page.getByText(texts.noToken).waitFor()
        // The page loads itself anew for another token.
        await page.goto(`${guarded.url}#token=secret`)
        await askAndSee(page, questions.count)
        assert.equal(page.url(), guarded.url)
        assert.equal(guarded.received.at(-1)?.headers['x-defog-token'], 'secret')
        // A link of others that no header could carry does not replace it.
        await page.goto(`${guarded.url}#token=%E2%82%AC`)
        await page.reload()
        await askAndSee(page, questions.best)
      },
      {},
      guarded,
    )
  } finally {
    await guarded.stop()
  }
})

test('a pasted token goes with each question', async () => {
  const authorize = (headers: { authorization?: string | undefined }) =>
    headers.authorization === 'Bearer good' ? null : { status: 401, body: '{"message":"Unauthorized"}' }
  const guarded = await new Stand({ config: { auth: 'token' }, authorize }).start()
  try {
    await run(
      async page => {
        await page.getByLabel(texts.token).fill('wrong')
        await page.getByRole('button', { name: texts.useToken }).click()
        await ask(page, questions.count)
        await page.getByRole('alert').getByText('gateway-request').waitFor()
        await page.getByRole('button', { name: texts.signIn }).click()
        assert.deepEqual(await accessibilityProblems(page), [])
        await page.getByLabel(texts.token).fill('good')
        await page.getByRole('button', { name: texts.useToken }).click()
        assert.equal(await box(page).inputValue(), questions.count)
        await askAndSee(page, questions.count)
      },
      {},
      guarded,
    )
  } finally {
    await guarded.stop()
  }
})

test('a user signs in with OpenID Connect', async () => {
  const provider = await new Provider().start()
  const authorize = (headers: { authorization?: string | undefined }) =>
    provider.tokens.has(headers.authorization?.replace('Bearer ', '') ?? '')
      ? null
      : { status: 401, body: '{"message":"Unauthorized"}' }
  const config = { auth: 'oidc', oidc: { issuer: provider.url, client_id: client, scopes: 'openid' } }
  const guarded = await new Stand({ config, authorize, connect: [provider.url] }).start()
  try {
    await run(
      async page => {
        await page.goto(`${guarded.url}#q=${encodeURIComponent(questions.count)}`)
        await page.reload()
        assert.deepEqual(await accessibilityProblems(page), [])
        await page.getByRole('button', { name: texts.signIn }).click()
        await page.getByRole('link', { name: 'I refuse' }).click()
        await page.getByText('Not a member of the team').waitFor()
        assert.equal(page.url(), guarded.url)
        await page.getByRole('button', { name: texts.signIn }).click()
        await page.getByRole('link', { name: 'I am Ada' }).click()
        await box(page).waitFor()
        // Neither the code nor the state stays in the address; the question came back.
        assert.equal(page.url(), guarded.url)
        assert.equal(await box(page).inputValue(), questions.count)
        await askAndSee(page, questions.count)
        await page.reload()
        await askAndSee(page, questions.best)
        // Another user of the browser has another history.
        assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), ['defog:history:/prod/:ada'])
        provider.tokens.clear()
        await ask(page, questions.count)
        await page
          .getByRole('alert')
          .getByText(texts.failures.http_401?.[0] ?? '')
          .waitFor()
        await page.getByRole('button', { name: texts.signOut }).click()
        await page.getByRole('button', { name: texts.signIn }).waitFor()
        assert.equal(await page.evaluate(() => JSON.stringify({ ...sessionStorage }).includes('access_token')), false)
      },
      {},
      guarded,
      [provider.url],
    )
  } finally {
    await guarded.stop()
    await provider.stop()
  }
})

test('the stand-in has every question but the slow one', () => {
  const missing = Object.values(questions).filter(question => !answers[question])
  assert.deepEqual(missing, [questions.slow])
})
