/** What was handed out by links: seen page by page, narrowed, revoked after a question. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pluginFolders } from '../support/settings.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test.each(LANGUAGES)('links are looked through and revoked (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.getByRole('link', { name: t('links.title') }).press('Enter')
  await page.getByRole('heading', { name: t('links.empty.open') }).waitFor()
  await look(visit, `${language}-links-empty`)

  const client = (await api.post('/api/clients', { type: 'person', lastName: 'Sorel' })).body.id as string
  const share = async (options: object) => {
    const made = await api.post('/api/probe/share', options)
    expect(made.status, made.text).toBe(200)
    return made.body as { url: string }
  }
  for (let i = 0; i < 25; i++) await share({ subject: client })
  const { url } = await share({ subject: client, uses: 5, password: 'long enough' })
  await page.reload()
  const rows = page.getByRole('region', { name: t('links.title') }).getByRole('row')
  const locked = rows.filter({ hasText: t('links.password') })
  await locked.getByText(t('links.left', { count: 5 })).waitFor()
  await locked.getByText(stage.studios[language].name).waitFor()
  expect(await locked.getByRole('link').getAttribute('href')).toBe(`/clients/${client}`)
  expect(await rows.count()).toBe(26)
  await look(visit, `${language}-links`)
  await page.getByRole('button', { name: t('pager.next') }).press('Enter')
  await locked.waitFor({ state: 'detached' })
  await settle(page)
  expect(await rows.count()).toBe(2)
  await page.getByRole('button', { name: t('pager.previous') }).press('Enter')

  await locked.getByRole('button').press('Enter')
  await look(visit, `${language}-links-revoke`)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: t('action.cancel') }).press('Enter')
  expect(await locked.count()).toBe(1)
  await locked.getByRole('button').press('Enter')
  await dialog.getByRole('button', { name: t('links.revoke') }).press('Enter')
  await page.getByText(t('links.revoke.done')).waitFor()
  await locked.waitFor({ state: 'detached' })
  expect((await stage.harness.anonymous().get(new URL(url, stage.address).pathname)).status).toBe(404)

  await page.getByRole('button', { name: t('links.view.over') }).press('Enter')
  await locked.getByText(t('links.revoked')).waitFor()
  expect(await locked.getByRole('button').count()).toBe(0)
  await page.getByLabel(t('links.plugin'), { exact: true }).selectOption('tasklist')
  await page.getByRole('heading', { name: t('links.empty.over') }).waitFor()
  await page.goBack()
  await locked.waitFor()
  expectQuiet(visit)
  await visit.context.close()
})

test('links that cannot be fetched are asked for again', async () => {
  const t = wordsOf('en')
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  const { page } = visit
  await signIn(visit, stage.studios.en.email, t)
  await page.route('**/api/links?*', (route) => route.fulfill({ status: 500, body: '{}' }))
  await page.goto('/settings/links?plugin=tasklist')
  const again = page.getByRole('alert').getByRole('button', { name: t('action.retry') })
  await again.waitFor()
  await page.unroute('**/api/links?*')
  await again.press('Enter')
  await page.getByRole('heading', { name: t('links.empty.open') }).waitFor()
  expectQuiet(visit, [500])
  await visit.context.close()
})
