/** A plugin whose screen fails says so in its own place, and the rest of the page does not hear of it. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findBarriers } from '../../core/commands/conformance/axe.ts'
import { openBrowser, openVisit, signIn } from './support/browser.ts'
import { brokenIds } from './support/broken-plugins.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: inject('brokenPlugins') }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

const placeOf = (page: Page, id: string) => page.locator(`[data-widget="${id}-box"]`)

test.each(LANGUAGES)('widgets that throw or never come become cards on a page that works (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, api } = stage.studios[language]
  const { body: client } = await api.post('/api/clients', { type: 'person', lastName: 'Lovelace' })
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.goto(`/clients/${client.id}`)

  // While some of them are still awaited, what works is there.
  await placeOf(page, 'works-well').getByRole('button', { name: 'Press me' }).click()
  await page.getByText('I work', { exact: true }).waitFor()
  for (const id of brokenIds) {
    const card = placeOf(page, id).getByRole('alert')
    await card.getByText(t('widget.failed', { title: `Box of ${id}` })).waitFor()
    await card.getByRole('button', { name: t('widget.retry') }).waitFor()
  }
  expect(await findBarriers(page)).toEqual([])
  await retry(page, t)
  await page.getByRole('tab', { name: t('record.history') }).click()
  await page.getByText(t('history.own.created', { who: stage.studios[language].name })).waitFor()
  await page.getByRole('link', { name: t('action.edit') }).click()
  await page.getByRole('button', { name: t('form.save') }).waitFor()
  await visit.context.close()
})

/** A second attempt fails like the first: the card comes back, and nothing else moves. */
async function retry(page: Page, t: Words): Promise<void> {
  const place = placeOf(page, 'throws-at-import')
  await place.getByRole('button', { name: t('widget.retry') }).click()
  await place.getByRole('alert').waitFor()
  await placeOf(page, 'works-well').getByRole('button', { name: 'Press me' }).waitFor()
}
