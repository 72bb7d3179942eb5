/** How one wants to be told, chosen on a phone: from the drawer, in a dialog that fits. */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pluginFolders } from '../support/settings.ts'
import { findBarriers, findPaleness } from '../../core/commands/conformance/axe.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf } from './support/words.ts'

const folder = process.env.WEFT_PICTURES

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test.each(LANGUAGES)('the preferences fit a phone (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email, name } = stage.studios[language]
  const me = (await api.get('/api/session')).body.user.id
  await api.post('/api/probe/notify/command', { to: [me], key: 'called', params: { who: 'Ada', times: 3 } })
  const visit = await openVisit(browser, stage.address, { language, width: 390, height: 844 })
  const { page } = visit
  await signIn(visit, email, t)
  await page.getByRole('button', { name: t('nav.open') }).press('Enter')
  await page.getByRole('button', { name: new RegExp(name) }).press('Enter')
  await page.getByRole('menuitem', { name: t('notices.preferences') }).press('Enter')
  const dialog = page.getByRole('dialog', { name: t('notices.preferences.title') })
  const tick = dialog.getByRole('checkbox').last()
  await tick.waitFor()
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await settle(page)
    expect(scheme === 'light' ? await findBarriers(page) : await findPaleness(page), scheme).toEqual([])
    if (folder) await page.screenshot({ path: join(folder, `${language}-preferences-phone-${scheme}.png`) })
  }
  const box = await dialog.boundingBox()
  expect(box!.x).toBeGreaterThanOrEqual(0)
  expect(box!.x + box!.width).toBeLessThanOrEqual(390)
  const before = await tick.isChecked()
  await tick.press('Space')
  expect(await tick.isChecked()).toBe(!before)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expectQuiet(visit)
  await visit.context.close()
})
