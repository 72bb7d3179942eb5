/** Everything a day needs, without a pointing device. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/settings.ts'
import { expectQuiet, openBrowser, openVisit } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage(), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

const MANY = 60

/** Presses Tab until the focus is on what is so called; whoever never gets there is told where he went. */
async function tabTo(page: Page, role: 'textbox' | 'radio' | 'link' | 'button', name: string): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true }).and(page.locator(':focus'))
  const passed: string[] = []
  for (let i = 0; i < MANY; i++) {
    if ((await wanted.count()) > 0) return
    await page.keyboard.press('Tab')
    passed.push(
      (await page
        .locator(':focus')
        .first()
        .textContent({ timeout: 1000 })
        .catch(() => '')) ?? '',
    )
  }
  throw new Error(`Tab did not reach the ${role} "${name}", but ${passed.join(' | ')}`)
}

test.each(LANGUAGES)('a person is entered, changed, deleted and brought back by keys alone (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, api } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  const { keyboard } = page
  const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

  await page.goto('/')
  await page.getByLabel(t('signIn.email')).and(page.locator(':focus')).waitFor()
  await keyboard.type(email)
  await keyboard.press('Tab')
  await keyboard.type(PASSWORD)
  await keyboard.press('Enter')
  await heading(t('clients:clients'))

  await keyboard.press('/')
  await page
    .getByRole('combobox', { name: t('search.open') })
    .and(page.locator(':focus'))
    .waitFor()
  await keyboard.press('Enter')
  await heading(t('list.new', { what: t('clients:clients.one') }))

  await tabTo(page, 'radio', t('clients:clients.type.person'))
  await keyboard.press('Space')
  expect(await page.getByRole('radio', { name: t('clients:clients.type.person') }).isChecked()).toBe(true)
  await tabTo(page, 'textbox', t('clients:clients.firstName'))
  await keyboard.type('Rosalind')
  await tabTo(page, 'textbox', t('clients:clients.lastName'))
  await keyboard.type('Franklin')
  await keyboard.press('Control+Enter')
  await heading('Rosalind Franklin')

  await tabTo(page, 'link', t('action.edit'))
  await keyboard.press('Enter')
  await heading(t('form.title.edit', { name: 'Rosalind Franklin' }))
  await tabTo(page, 'textbox', t('clients:clients.lastName'))
  await keyboard.press('Control+a')
  await keyboard.type('Elsie Franklin')
  await keyboard.press('Control+Enter')
  await heading('Rosalind Elsie Franklin')

  await tabTo(page, 'button', t('action.delete'))
  await keyboard.press('Enter')
  await page.getByText(t('record.deleted', { name: 'Rosalind Elsie Franklin' })).waitFor()
  await heading(t('clients:clients'))
  expect((await api.get('/api/clients?q=elsie')).body.items).toEqual([])
  await tabTo(page, 'button', t('action.undo'))
  await keyboard.press('Enter')
  await page.getByText(t('record.restored', { name: 'Rosalind Elsie Franklin' })).waitFor()
  await page.getByRole('link', { name: 'Rosalind Elsie Franklin' }).waitFor()
  expect((await api.get('/api/clients?q=elsie')).body.items).toHaveLength(1)
  expectQuiet(visit)
  await visit.context.close()
})
