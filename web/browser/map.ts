// Looks at layers on the map that a deployed function of PODPAC serves, and prints what the map shows, as JSON:
//
//	node map.ts URL
//
// The end-to-end tests of deployments run this program.
import type { Page } from 'playwright-core'
import { accessibilityProblems, launch, timeout, visit } from './chromium.ts'

const [url = ''] = process.argv.slice(2)
const browser = await launch()
const { page, problems } = await visit(browser, [new URL(url).origin], { reducedMotion: 'reduce' })
// Each of the page's first requests may start a function, which imports podpac.
page.setDefaultTimeout(5 * timeout)
/** The URLs of requests to the endpoint, by operation. */
const requested: Record<string, string[]> = { GetMap: [], GetFeatureInfo: [] }
page.on('request', request => {
  requested[new URL(request.url()).searchParams.get('REQUEST') ?? '']?.push(request.url())
})
try {
  process.stdout.write(JSON.stringify(await look()))
} catch (error) {
  process.exitCode = 1
  console.error(error, problems, await page.locator('body').textContent())
} finally {
  await browser.close()
}

async function look() {
  await page.goto(url)
  await drawn(page)
  const first = await layer(page)
  await axe('light')
  const clicked = await click(page)

  // Enter on the map shows the value in the middle.
  await page.locator('#map').focus()
  await Promise.all([answered('GetFeatureInfo'), page.keyboard.press('Enter')])
  const entered = await settled(page)

  // The slider: its first time, by keyboard. The value follows.
  const slider = page.getByRole('slider', { name: 'Time' })
  await Promise.all([answered('GetMap'), answered('GetFeatureInfo'), slider.press('Home')])
  await drawn(page)
  const earlier = { time: await page.locator('#shown-time').textContent(), value: await settled(page) }

  await page.emulateMedia({ colorScheme: 'dark' })
  await axe('dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await Promise.all([answered('GetMap'), page.setViewportSize({ width: 400, height: 800 })])
  await drawn(page)
  await axe('narrow')
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (overflow > 0) problems.push(`narrow: the page is ${overflow} pixels too wide`)
  await Promise.all([answered('GetMap'), page.setViewportSize({ width: 1280, height: 900 })])

  const layers = []
  const choice = page.getByLabel('Layer', { exact: true })
  for (const name of await choice.locator('option').allTextContents()) {
    if (name !== (await page.locator('h1').textContent())) {
      await Promise.all([answered('GetMap'), choice.selectOption(name)])
    }
    await drawn(page)
    layers.push(await layer(page))
  }
  return { first, clicked, entered, earlier, layers, requested, problems }

  async function answered(operation: string) {
    await page.waitForResponse(response => response.url().includes(`REQUEST=${operation}&`))
  }

  async function axe(name: string) {
    for (const problem of await accessibilityProblems(page)) problems.push(`${name}: ${problem}`)
  }
}

/** drawn waits until the picture of the view is on the map. */
async function drawn(page: Page) {
  await page.locator('#map:not([aria-busy]) canvas').waitFor()
}

async function layer(page: Page) {
  return {
    title: await page.locator('h1').textContent(),
    legend: await page.locator('#legend :is(p, li, .ends span)').allTextContents(),
    time: (await page.locator('#times').isVisible()) ? await page.locator('#shown-time').textContent() : '',
    failure: await page.locator('#failure').textContent(),
    colors: await colors(page),
  }
}

/** colors returns the number of colors in the picture, and how much of it has one. */
async function colors(page: Page) {
  return page.locator('#map canvas').evaluate(element => {
    const canvas = element as HTMLCanvasElement
    const pixels = new Uint32Array(
      canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data.buffer ?? new ArrayBuffer(0),
    )
    const visible = pixels.filter(pixel => pixel >>> 24 === 255)
    return { number: new Set(visible).size, share: visible.length / pixels.length }
  })
}

/** click clicks the map right of and above its middle, and returns the value that the page shows. */
async function click(page: Page) {
  const box = await page.locator('#map').boundingBox()
  if (!box) throw new Error('the map is not visible')
  await page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.4)
  await page.locator('#value .number').waitFor()
  return settled(page)
}

/** settled returns the value that the page shows, once it has read it. */
async function settled(page: Page) {
  const number = page.locator('#value').filter({ hasNotText: 'Reading' }).locator('.number')
  await number.waitFor()
  return number.textContent()
}
