/** Every page, in each language, and in the dark in one of them: axe finds nothing, and the browser has nothing to complain of. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lookAt } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { type Demo, findBusyClient, openDemo } from './support/demo.ts'
import { SCHEMES } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, shippedPlugins, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
let demo: Demo
let client: string
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ worker: true }), openBrowser()])
  demo = await openDemo(stage.harness)
  client = await findBusyClient(demo, shippedPlugins.includes('interactions'))
  await demo.api.post('/api/api-keys', { name: 'Website', permissions: ['clients.read'] })
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test.each(LANGUAGES)('axe finds nothing on any page, in light or dark (%s)', async (language) => {
  const t = wordsOf(language)
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  const found: Record<string, string[]> = {}
  const look = async (name: string) => void Object.assign(found, await lookAt(page, name, SCHEMES[language]))
  await page.goto('/')
  await look('sign in')
  await page.getByRole('button', { name: t('signIn.submit') }).click()
  await page.getByText(t('signIn.incomplete')).waitFor()
  await look('sign in, refused')
  await signIn(visit, demo.emails[language], t)
  await page.goto('/clients?limit=25')
  await page.getByRole('row').nth(1).waitFor()
  await look('list')
  await page.goto('/clients?q=zzzzzzzz')
  await page.getByText(t('list.none.title')).waitFor()
  await look('list, nothing found')
  await lookAtRecord(page, look)
  await lookAtForms(page, t, look)
  await lookAtSettings(page, t, look)
  await page.goto('/no/such/page')
  await look('not found')
  await page.goto('/clients/00000000-0000-4000-8000-000000000000')
  await page.getByRole('button', { name: t('record.missing.restore') }).waitFor()
  await look('record, not found')
  expect(found).toEqual({})
  expectQuiet(visit, [404])
  await visit.context.close()
})

type Look = (name: string) => Promise<void>

async function lookAtRecord(page: Page, look: Look): Promise<void> {
  await page.goto(`/clients/${client}`)
  await page.getByRole('tab').first().waitFor()
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click()
    await page.getByRole('tabpanel').waitFor()
    await look(`record, ${await tab.textContent()}`)
  }
}

async function lookAtForms(page: Page, t: Words, look: Look): Promise<void> {
  await page.goto('/clients/new')
  await page.getByRole('button', { name: t('form.save') }).click()
  await page.getByText(t('form.error.required')).first().waitFor()
  await look('new, refused')
  await page.goto(`/clients/${client}/edit`)
  await page.getByRole('button', { name: t('form.save') }).waitFor()
  await look('edit')
}

async function lookAtSettings(page: Page, t: Words, look: Look): Promise<void> {
  await page.goto('/settings/plugins')
  await page.getByRole('switch').first().waitFor()
  await look('plugins')
  const settings = page.getByRole('button', { name: t('plugins.settings.of', { name: '' }) })
  if (await settings.count()) {
    await settings.first().click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('form.save') })
      .waitFor()
    await look('settings dialog')
  }
  await page.goto('/settings/api-keys')
  await look('API keys')
  await page.getByRole('button', { name: t('keys.new') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('keys.create') })
    .waitFor()
  await look('new key')
  await page.goto('/settings/people')
  await look('people')
  await page.goto('/settings/roles')
  await page.getByRole('row').nth(1).waitFor()
  await look('roles')
  await page.goto('/settings/roles/new')
  await page.getByRole('checkbox').first().check()
  await page.locator('summary').first().click()
  await look('new role')
}
