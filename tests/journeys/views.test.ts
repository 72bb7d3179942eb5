/** A list is saved as a view by keys alone, shown again, changed, shared, made the default and deleted. */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../core/host/catalogue.ts'
import { eventually } from '../support/harness.ts'
import { findBarriers, findPaleness } from '../../core/commands/conformance/axe.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn, type Visit } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf, type Words } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage(), openBrowser()])
  for (const language of LANGUAGES) {
    const { api } = stage.studios[language]
    await api.post('/api/clients', { type: 'company', companyName: 'Bellerive', status: 'active' })
    await api.post('/api/clients', { type: 'person', lastName: 'Morel' })
  }
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

const menuOf = ({ page }: Visit, name: string | RegExp) => page.locator('.view-menu').getByRole('button', { name })
const rowsOf = async ({ page }: Visit) => (await page.getByRole('row').count()) - 1
const choose = ({ page }: Visit, name: string | RegExp, role: 'menuitem' | 'menuitemradio' = 'menuitem') =>
  page.getByRole(role, { name }).press('Enter')

async function lookAt({ page }: Visit, name: string): Promise<void> {
  await settle(page)
  expect(await findBarriers(page), name).toEqual([])
  await page.screenshot({ path: join(ROOT, `.build/journeys/view-${name}.png`) })
  await page.emulateMedia({ colorScheme: 'dark' })
  await settle(page)
  expect(await findPaleness(page), `${name}, dark`).toEqual([])
  await page.screenshot({ path: join(ROOT, `.build/journeys/view-${name}-dark.png`) })
  await page.emulateMedia({ colorScheme: 'light' })
}

async function saveView(visit: Visit, t: Words, language: string): Promise<void> {
  const { page } = visit
  await page.goto('/clients?type.in=company&sort=-createdAt')
  await eventually(async () => (await rowsOf(visit)) === 1, 'the companies alone are listed')
  await menuOf(visit, t('view.title')).press('Enter')
  await lookAt(visit, `menu-${language}`)
  await choose(visit, t('view.save'))
  await page.keyboard.press('Enter')
  await page.getByText(t('view.needsName')).waitFor()
  await page.getByRole('textbox', { name: t('view.name'), exact: true }).fill('Maisons')
  await page.getByLabel(t('view.share')).check()
  await lookAt(visit, `dialog-${language}`)
  await page.getByRole('textbox', { name: t('view.name'), exact: true }).press('Enter')
  await menuOf(visit, 'Maisons').waitFor()
}

test.each(LANGUAGES)('a list is kept under a name (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await saveView(visit, t, language)
  const { body } = await api.get('/api/views')
  expect(body.items[0]).toMatchObject({
    name: 'Maisons',
    resource: 'clients',
    isShared: true,
    sort: ['-createdAt'],
    filter: { all: [{ type: { in: ['company'] } }] },
  })

  // The whole list, then the view again.
  await menuOf(visit, 'Maisons').press('Enter')
  await page.getByRole('menu').waitFor()
  await page.getByRole('menuitemradio').first().press('Enter')
  await eventually(async () => (await rowsOf(visit)) === 2, 'everybody is listed')
  await menuOf(visit, t('view.title')).press('Enter')
  await choose(visit, /Maisons/, 'menuitemradio')
  await eventually(async () => (await rowsOf(visit)) === 1, 'the view is shown')

  // Changed, and saved as it is now.
  await page.getByRole('searchbox').fill('bell')
  await menuOf(visit, t('view.changed')).waitFor()
  await menuOf(visit, /Maisons/).press('Enter')
  await choose(visit, t('view.update'))
  await eventually(async () => (await api.get('/api/views')).body.items[0].q === 'bell', 'the change is saved')
  await page.getByText(t('view.changed'), { exact: true }).waitFor({ state: 'detached' })

  // The default: a list opened without a question shows it.
  await menuOf(visit, 'Maisons').press('Enter')
  await choose(visit, t('view.standard.make'))
  await page.goto('/clients')
  await menuOf(visit, 'Maisons').waitFor()
  await eventually(async () => (await rowsOf(visit)) === 1, 'the list opens with the view')

  await menuOf(visit, 'Maisons').press('Enter')
  await choose(visit, t('view.rename'))
  await page.getByRole('textbox', { name: t('view.name'), exact: true }).fill('Domaines')
  await page.getByRole('textbox', { name: t('view.name'), exact: true }).press('Enter')
  await menuOf(visit, 'Domaines').waitFor()
  await menuOf(visit, 'Domaines').press('Enter')
  await choose(visit, t('view.remove'))
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('action.delete') })
    .press('Enter')
  await menuOf(visit, t('view.title')).waitFor()
  await eventually(async () => (await rowsOf(visit)) === 2, 'everybody is listed again')
  expect((await api.get('/api/views')).body.items).toEqual([])
  expectQuiet(visit)
  await visit.context.close()
})

test('a view that asks for more than fields, or for fields that are off, says so; also on a phone', async () => {
  const t = wordsOf('en')
  const { api, email } = stage.studios.en
  const saved = await api.post('/api/views', {
    name: 'Without couples',
    resource: 'clients',
    filter: { all: [{ not: { type: 'couple' } }, { type: 'company' }] },
  })
  const visit = await openVisit(browser, stage.address, { language: 'en', width: 390, height: 780 })
  const { page } = visit
  await signIn(visit, email, t)
  await page.goto(`/clients?view=${saved.body.id}`)
  await menuOf(visit, /Without couples/).press('Enter')
  await lookAt(visit, 'phone')
  await choose(visit, /Without couples/, 'menuitemradio')
  await page.getByText(t('filter.full'), { exact: true }).waitFor()
  await page.getByText('Bellerive').first().waitFor()
  await page.getByText('Morel').waitFor({ state: 'detached' })
  await page.goto(`/clients?view=${saved.body.id}&extensions.gone.word=x`)
  await page.getByText(t('view.missing', { fields: 'extensions.gone.word' })).waitFor()
  expectQuiet(visit)
  await visit.context.close()
})
