/** A change that a plugin holds: the form says so and keeps what was typed, and somebody approves or rejects it. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pluginFolders } from '../support/settings.ts'
import { findBarriers, findPaleness } from '../../core/commands/conformance/axe.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

const card = (page: Page, name: string) => page.getByRole('listitem', { name })

/** With WEFT_PICTURES=<folder>, what a person may want to look at. */
async function shoot(page: Page, name: string): Promise<void> {
  await settle(page)
  const folder = process.env.WEFT_PICTURES
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) })
}

async function look(page: Page, name: string): Promise<void> {
  await settle(page)
  expect([name, await findBarriers(page)]).toEqual([name, []])
  await shoot(page, `${name}-light`)
  await page.emulateMedia({ colorScheme: 'dark' })
  await settle(page)
  expect([name, await findPaleness(page)]).toEqual([name, []])
  await shoot(page, `${name}-dark`)
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, `${name}-phone`)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'light' })
}

async function askForChange(page: Page, t: Words, id: string): Promise<void> {
  await page.goto(`/clients/${id}/edit`)
  await page.getByRole('textbox', { name: t('clients:clients.notes'), exact: true }).fill('probe: hold')
  for (let time = 0; time < 2; time++) {
    await page.getByRole('button', { name: t('form.save'), exact: true }).click()
    await page
      .getByRole('status')
      .filter({ hasText: t('form.held.title') })
      .waitFor()
  }
}

test.each(LANGUAGES)('a held change waits, is seen field by field, and is decided (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, api } = stage.studios[language]
  const add = async (lastName: string) =>
    (await api.post('/api/clients', { type: 'person', lastName, notes: 'Likes oak.' })).body.id as string
  const [first, second] = [await add('Oakley'), await add('Elmore')]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await askForChange(page, t, first)
  await look(page, `${language}-held-form`)
  expect((await api.get(`/api/clients/${first}`)).body.version).toBe(1)
  await api.patch(`/api/clients/${second}`, { notes: 'probe: hold' }, 1)
  await api.post('/api/clients', { type: 'person', lastName: 'Newcomer', notes: 'probe: hold' })

  await page.getByRole('link', { name: t('form.held.open') }).click()
  await page.getByRole('button', { name: t('leave.yes') }).click()
  await page.getByRole('heading', { level: 1, name: t('approvals.title') }).waitFor()
  await card(page, 'Oakley').getByText('Likes oak.').waitFor()
  // Pressed twice, the button has asked once.
  await page.getByRole('link', { name: t('approvals.count', { count: 3 }) }).waitFor()
  await look(page, `${language}-approvals`)

  await card(page, 'Oakley')
    .getByRole('button', { name: t('approvals.approve') })
    .press('Enter')
  await page.getByText(t('approvals.done.approved'), { exact: true }).waitFor()
  expect((await api.get(`/api/clients/${first}`)).body.notes).toBe('probe: hold')
  await card(page, 'Elmore')
    .getByRole('button', { name: t('approvals.reject') })
    .click()
  await page
    .getByRole('dialog')
    .getByRole('textbox', { name: t('approvals.reason') })
    .fill('Not in May')
  await look(page, `${language}-rejection`)
  const other = (await api.get('/api/proposals?state=waiting')).body.items[0]
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('approvals.reject'), exact: true })
    .click()
  await page.getByText(t('approvals.done.rejected'), { exact: true }).waitFor()

  // Somebody else is faster, and what tells the page of it is late.
  await card(page, 'Newcomer').waitFor()
  const told = Promise.withResolvers<void>()
  await page.route('**/api/proposals?*', (route) => told.promise.then(() => route.continue()))
  await api.post(`/api/proposals/${other.id}/reject`, {})
  await card(page, 'Newcomer')
    .getByRole('button', { name: t('approvals.approve') })
    .click()
  told.resolve()
  await page.getByText(t('approvals.decidedByOther')).waitFor()
  await page.getByText(t('approvals.empty.title')).waitFor()
  await page.getByRole('button', { name: t('approvals.decided') }).click()
  await card(page, 'Elmore').getByText('Not in May').waitFor()
  await look(page, `${language}-decided`)
  expectQuiet(visit, [409])
  await visit.context.close()
})
