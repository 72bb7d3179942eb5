/** Every page and slot of every plugin, found by its manifest: axe finds nothing, in each language and colour scheme. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findBarriers, findPaleness } from './support/axe.ts'
import { UNLABELLED } from './support/broken-plugins.ts'
import { expectQuiet, openBrowser, openVisit, settle, signIn } from './support/browser.ts'
import { openAll, type Place, Places } from './support/places.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, shippedPlugins, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: [inject('unlabelledPlugin')] }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

/** What axe finds at a place, by its name. @throws Error where the widget is not shown */
async function findAt(page: Page, { name, url, tag, tab }: Place, t: Words): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  const look = async (more: string) => {
    await settle(page)
    const at = [name, more].filter(Boolean).join(', ')
    const barriers = await findBarriers(page)
    if (barriers.length > 0) found[at] = barriers
    await page.emulateMedia({ colorScheme: 'dark' })
    await settle(page)
    const pale = await findPaleness(page)
    if (pale.length > 0) found[`${at}, dark`] = pale
    await page.emulateMedia({ colorScheme: 'light' })
  }
  await page.goto(url)
  await settle(page)
  if (tab) await page.getByRole('tab', { name: t(tab) }).click()
  if (tag) {
    await page.locator(`[data-widget="${tag}"] ${tag}`).waitFor()
    expect(await page.locator(`[data-widget="${tag}"] [role="alert"]`).count(), name).toBe(0)
  }
  await look('')
  if (tag) await openAll(page, tag, look)
  return found
}

test.each(LANGUAGES)('axe finds nothing at any place that a shipped plugin fills (%s)', async (language) => {
  const t = wordsOf(language)
  const studio = stage.studios[language]
  const places = await (await Places.open(stage.harness, studio)).of(['clients', ...shippedPlugins])
  const visit = await openVisit(browser, stage.address, { language })
  await signIn(visit, studio.email, t)
  const found: Record<string, string[]> = {}
  for (const place of places) Object.assign(found, await findAt(visit.page, place, t))
  expect(found).toEqual({})
  expectQuiet(visit)
  await visit.context.close()
})

test('a widget without a label is found', async () => {
  const studio = stage.studios.en
  const places = await (await Places.open(stage.harness, studio)).of([UNLABELLED])
  expect(places.map(({ name }) => name)).toEqual([`${UNLABELLED}, page box`])
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  await signIn(visit, studio.email, wordsOf('en'))
  const found = await findAt(visit.page, places[0] as Place, wordsOf('en'))
  // Only what is opened shows it.
  expect(Object.keys(found)).toEqual([`${UNLABELLED}, page box, opened 1`])
  expect(found[`${UNLABELLED}, page box, opened 1`]?.join('\n')).toMatch(/^label: <input/)
  await visit.context.close()
})
