/** How a page is looked at: when nothing moves in it and nothing is loading. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { findBarriers, findPaleness } from './axe.ts'
import type { Place } from './places.ts'

export const LAUNCHED = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']

// Scripts of pages are texts, for here the compiler knows no DOM.
/** Nothing moves: colours half way between two schemes are nobody's, and a busy machine draws them in its own time. */
export const STAND_STILL = `const still = new CSSStyleSheet()
still.replaceSync('*, ::before, ::after, ::details-content { transition: none !important; animation: none !important }')
document.adoptedStyleSheets.push(still)`
const IS_SETTLED = `!document.querySelector('.skeleton, [aria-busy="true"]') && document.querySelector('h1') !== null`
const SETTLED_MS = 30_000

/** @throws Error where something still loads after half a minute */
export async function settle(page: Page): Promise<void> {
  // Not `waitForFunction`, which evaluates inside of the page, where the security policy forbids it.
  for (const end = performance.now() + SETTLED_MS; !(await page.evaluate<boolean>(IS_SETTLED)); await pause(20))
    if (performance.now() > end) throw new Error(`${page.url()} is not settled after ${SETTLED_MS / 1000} s.`)
}

/** Opens what a widget hides until it is asked for, one thing after the other. */
async function openAll(page: Page, tag: string, look: (name: string) => Promise<void>): Promise<void> {
  const hidden = page.locator(
    `[data-widget="${tag}"] :is(summary, button[aria-expanded="false"], button[aria-haspopup])`,
  )
  for (let n = 0; n < (await hidden.count()); n++) {
    await hidden.nth(n).click()
    await look(`opened ${n + 1}`)
    await page.keyboard.press('Escape')
  }
}

export type Scheme = 'light' | 'dark'

/** What axe finds on a page as it stands, by `name` and in the dark by `name, dark`; where it finds nothing, nothing. */
export async function lookAt(
  page: Page,
  name: string,
  schemes: readonly Scheme[] = ['light', 'dark'],
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme })
    await settle(page)
    const lines = scheme === 'light' ? await findBarriers(page) : await findPaleness(page)
    if (lines.length > 0) found[scheme === 'light' ? name : `${name}, dark`] = lines
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return found
}

/** What axe finds at a place, by the name of what was looked at. @throws Error where a widget is not shown */
export async function findAt(page: Page, { name, url, tag }: Place): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  const look = async (at: string) => void Object.assign(found, await lookAt(page, at))
  await page.goto(url)
  await settle(page)
  if (tag) {
    await page.locator(`[data-widget="${tag}"] ${tag}`).waitFor()
    const alerts = await page.locator(`[data-widget="${tag}"] [role="alert"]`).count()
    if (alerts > 0) throw new Error(`In place of ${name} stands that it is broken.`)
  }
  await look(name)
  if (tag) await openAll(page, tag, (opened) => look(`${name}, ${opened}`))
  return found
}
