/** The first journey of the product: a couple is entered, found, called, and keeps its history through a switch. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Visitor } from '../support/harness.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { startLoad } from './support/load.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, shippedPlugins, type Words, wordsOf } from './support/words.ts'

const TITLE = 'Amélie Brontë & Zoë Đặng-Lefèvre'
const SUBJECT = 'Rappelé au sujet du vin d’honneur'
const isThere = ['couple', 'interactions'].every((id) => shippedPlugins.includes(id))

describe.skipIf(!isThere)('a couple, from the first call on (needs the plugins couple and interactions)', () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), openBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  test.each(LANGUAGES)(
    'it is entered, found, called, and its plugin switched off and on under load (%s)',
    async (language) => {
      const t = wordsOf(language)
      const studio = stage.studios[language]
      const visit = await openVisit(browser, stage.address, { language })
      const { page } = visit
      await studio.api.post('/api/clients', { type: 'person', lastName: 'First', email: 'taken@example.org' })

      await signIn(visit, studio.email, t)
      await enterCouple(page, t)
      await findCouple(page, t)
      await addCall(page, t)
      await readHistory(page, t, studio.name)
      await switchOff(stage, page, t, studio.api)
      await switchOn(page, t, studio.api)
      expectQuiet(visit, [409])
      await visit.context.close()
    },
  )
})

const clients = (page: Page, t: Words) =>
  page.getByRole('navigation', { name: t('nav.main') }).getByRole('link', { name: t('clients:clients') })
const plugins = (page: Page, t: Words) =>
  page.getByRole('navigation', { name: t('nav.main') }).getByRole('link', { name: t('plugins.title') })
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true })

async function enterCouple(page: Page, t: Words): Promise<void> {
  await page.getByRole('link', { name: t('list.new', { what: t('clients:clients.one') }) }).click()
  await page.getByRole('radiogroup').getByText(t('clients:clients.type.couple'), { exact: true }).click()
  const field = (key: string) => page.getByRole('textbox', { name: t(key), exact: true })
  await field('clients:clients.firstName').fill('Amélie')
  await field('clients:clients.lastName').fill('Brontë')
  await field('couple:clients.firstName').fill('Zoë')
  await field('couple:clients.lastName').fill('Đặng-Lefèvre')
  await field('clients:clients.phone').fill('+33 6 39 98 12 34')
  const email = field('clients:clients.email')
  await email.fill('taken@example.org')
  const save = page.getByRole('button', { name: t('form.save') })
  await save.click()
  // Beside its field, tied to it, and with the focus in it.
  await page.locator('[data-field="/email"]').getByText(t('form.error.unique.email')).waitFor()
  expect(await email.getAttribute('aria-invalid')).toBe('true')
  await email.and(page.locator(':focus')).waitFor()
  await email.fill('amelie.zoe@example.org')
  await save.click()
  await page.getByRole('heading', { level: 1, name: TITLE }).waitFor()
}

async function findCouple(page: Page, t: Words): Promise<void> {
  await clients(page, t).click()
  await page.getByRole('row', { name: 'First' }).waitFor()
  await page.getByRole('searchbox', { name: t('list.search') }).fill('ang-lefe')
  await page.getByRole('row', { name: 'First' }).waitFor({ state: 'detached' })
  await page.getByRole('row', { name: TITLE }).waitFor()
  expect(new URL(page.url()).searchParams.get('q')).toBe('ang-lefe')

  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: t('search.open') }).fill('dang lefevre')
  await page.getByRole('option', { name: TITLE }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: TITLE }).waitFor()
}

async function addCall(page: Page, t: Words): Promise<void> {
  await tab(page, t('interactions:widget.timeline')).click()
  await page
    .getByRole('button', { name: t('interactions:interactions.type.call-out') })
    .first()
    .click()
  const form = page.getByRole('form', { name: t('interactions:timeline.form.add') })
  await form.getByLabel(t('interactions:interactions.title')).fill(SUBJECT)
  await form
    .getByLabel(t('interactions:interactions.outcome'))
    .selectOption({ label: t('interactions:interactions.outcome.reached') })
  await form.getByRole('button', { name: t('interactions:timeline.save') }).click()
  await page.getByRole('heading', { name: SUBJECT }).waitFor()
}

async function readHistory(page: Page, t: Words, who: string): Promise<void> {
  await tab(page, t('record.history')).click()
  const panel = page.getByRole('tabpanel')
  await panel.getByText(t('history.own.created', { who })).waitFor()
  await panel.getByText(t('history.other.created', { who, what: t('interactions:interactions.one') })).waitFor()
  await panel.getByText(SUBJECT).waitFor()
  for (const rest of await panel.locator('summary').all()) await rest.click()
  await panel.getByText('Đặng-Lefèvre').waitFor()
}

/** What the API says of interactions, in this process and in another. */
async function isGone(address: string, { cookie }: Visitor): Promise<boolean> {
  const reply = await fetch(`${address}/api/interactions`, { headers: { cookie } })
  return reply.status === 404
}

async function switchOff(stage: Stage, page: Page, t: Words, api: Visitor): Promise<void> {
  const other = await stage.openSecondServer()
  expect(await isGone(other, api)).toBe(false)
  const record = page.url().split('?')[0] as string
  await plugins(page, t).click()
  const load = await startLoad(stage.address, stage.harness.bob)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const answered = page.waitForResponse((reply) => reply.request().method() === 'PATCH')
  await page.getByRole('switch', { name: t('interactions:interactions') }).click()
  expect((await answered).status()).toBe(200)
  for (const address of [stage.address, other]) {
    await eventually(() => isGone(address, api), `interactions are gone at ${address}`, 1000)
  }
  await expectAbsence(page, t, record)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const { failures, perSecond } = await load.stop()
  expect(failures).toEqual([])
  expect(perSecond).toBeGreaterThan(50)
}

async function expectAbsence(page: Page, t: Words, record: string): Promise<void> {
  await clients(page, t).click()
  await page.getByRole('row', { name: TITLE }).waitFor()
  await page
    .getByRole('columnheader', { name: t('interactions:clients.lastInteractionAt') })
    .waitFor({ state: 'detached' })
  await page.getByRole('link', { name: TITLE }).click()
  await tab(page, t('record.history')).waitFor()
  expect(page.url()).toContain(record)
  await tab(page, t('interactions:widget.timeline')).waitFor({ state: 'detached' })
}

async function switchOn(page: Page, t: Words, api: Visitor): Promise<void> {
  await plugins(page, t).click()
  await page.getByRole('switch', { name: t('interactions:interactions') }).click()
  await page.getByText(t('plugins.on', { name: t('interactions:interactions') })).waitFor()
  const { body } = await api.get('/api/interactions')
  expect(body.items.map(({ title }: { title: string }) => title)).toEqual([SUBJECT])
  await clients(page, t).click()
  await page.getByRole('columnheader', { name: t('interactions:clients.lastInteractionAt') }).waitFor()
  await page.getByRole('link', { name: TITLE }).click()
  await tab(page, t('interactions:widget.timeline')).click()
  await page.getByRole('heading', { name: SUBJECT }).waitFor()
}
