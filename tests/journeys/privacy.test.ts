/** For how long people are kept: rules tried before they are switched on, what they have done, and one person at once. */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginRetention } from '../../core/worker/retention.ts'
import { eventually } from '../support/harness.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Language, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ worker: true }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

/** Two clients of four years ago, and one of today. */
async function meetPeople(language: Language): Promise<void> {
  const { api, tenant } = stage.studios[language]
  for (const lastName of ['Ancelin', 'Bailly', 'Clément'])
    await api.post('/api/clients', { type: 'person', firstName: 'Odile', lastName, email: `${lastName}@mail.example` })
  const { query } = stage.harness.database
  await query('set session_replication_role = replica')
  await query(
    `update clients set created_at = now() - interval '4 years' where tenant_id = $1 and last_name <> 'Clément'`,
    [tenant],
  )
  await query('set session_replication_role = origin')
}

const switchOf = (page: Page, t: Words, act: 'erase' | 'delete') =>
  page.getByRole('switch', { name: t(`privacy.rule.${act}`, { what: t('clients:clients') }) })

/** The worker does today what is due tomorrow. */
async function applyRules(tenant: string): Promise<void> {
  const { database, kernel } = stage.harness
  await database.query('set session_replication_role = replica')
  await database.query(`update kernel.retention_rules set next_run_at = now() where tenant_id = $1 and enabled`, [
    tenant,
  ])
  await database.query('set session_replication_role = origin')
  await beginRetention(kernel.services)
  const over = async () =>
    (
      await database.query(
        `select 1 from kernel.tasks where tenant_id = $1 and name = 'retention.erase' and state = 'done'`,
        [tenant],
      )
    ).length > 0
  await eventually(over, 'the rule is applied', 60_000)
}

test.each(LANGUAGES)('a rule is made, tried, switched on, applied and taken away (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, api, tenant } = stage.studios[language]
  await meetPeople(language)
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.getByRole('link', { name: t('privacy.title') }).press('Enter')
  await page.getByRole('heading', { name: t('privacy.empty.title') }).waitFor()
  await look(visit, `${language}-privacy-empty`)

  await page.getByRole('link', { name: t('privacy.rule.new') }).press('Enter')
  const keep = page.getByRole('group', { name: t('privacy.keep'), exact: true })
  await keep.getByRole('spinbutton').fill('0')
  await page.getByRole('button', { name: t('form.save') }).press('Enter')
  await page.getByText(t('privacy.keep.range')).waitFor()
  await keep.getByRole('spinbutton').fill('36')
  await keep.getByLabel(t('privacy.keep.unit')).selectOption('m')
  await page.getByRole('button', { name: t('filter.add') }).press('Enter')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('clients:clients.type'), exact: true })
    .press('Enter')
  await page
    .getByRole('dialog')
    .getByRole('checkbox', { name: t('clients:clients.type.person') })
    .press('Space')
  await look(visit, `${language}-privacy-condition`)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: t('privacy.try') }).press('Enter')
  const what = t('clients:clients')
  await page.getByText(t('privacy.dry.erase', { count: 2, what })).waitFor()
  await page.getByRole('link', { name: /Ancelin/ }).waitFor()
  await look(visit, `${language}-privacy-rule`)
  await page.getByRole('button', { name: t('form.save') }).press('Enter')

  const rule = switchOf(page, t, 'erase')
  await rule.waitFor()
  expect(await rule.isChecked()).toBe(false)
  await page.getByText(t('privacy.last.never')).waitFor()
  await rule.press('Space')
  const dialog = page.getByRole('dialog')
  await dialog.getByText(t('privacy.dry.erase', { count: 2, what })).waitFor()
  await look(visit, `${language}-privacy-switch`)
  expect((await api.get('/api/privacy/retention')).body.items[0].enabled).toBe(false)
  await dialog.getByRole('button', { name: t('privacy.switchOn') }).press('Enter')
  await eventually(() => rule.isChecked(), 'the rule is on')

  await applyRules(tenant)
  await page.reload()
  await page.getByText(t('privacy.last.count', { count: 2 })).waitFor()
  await page.getByRole('region', { name: t('task.title') }).waitFor()
  await look(visit, `${language}-privacy`)
  expect((await api.get('/api/clients?count=exact')).body.total.value ?? 1).toBe(1)

  await page
    .getByRole('link', { name: t('privacy.rule.edit.of', { name: t('privacy.rule.erase', { what }) }) })
    .press('Enter')
  expect(await keep.getByRole('spinbutton').inputValue()).toBe('36')
  await page.getByRole('radio', { name: t('privacy.act.delete') }).check()
  await page.getByRole('button', { name: t('form.save') }).press('Enter')
  // Another act is another rule: it is off until somebody has seen what it does.
  await switchOf(page, t, 'delete').waitFor()
  expect(await switchOf(page, t, 'delete').isChecked()).toBe(false)
  await page.getByRole('button', { name: t('privacy.rule.remove.of', { name: '' }) }).press('Enter')
  await dialog.getByRole('button', { name: t('action.delete') }).press('Enter')
  await page.getByRole('heading', { name: t('privacy.empty.title') }).waitFor()
  expectQuiet(visit)
  await visit.context.close()
})

test.each(LANGUAGES)('the history is kept for some months, after a question (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, api } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.goto('/settings/privacy')
  await page.getByRole('radio', { name: t('privacy.history.months') }).press('Space')
  const months = page.getByRole('spinbutton', { name: t('privacy.history.number') })
  const section = page.getByRole('region', { name: t('privacy.history') })
  const save = section.getByRole('button', { name: t('form.save') })
  await months.fill('0')
  await page.getByText(t('privacy.history.range', { most: 1200 })).waitFor()
  expect(await save.isDisabled()).toBe(true)
  await months.fill('24')
  await months.press('Enter')
  await page.getByRole('heading', { name: t('privacy.history.title', { count: 24 }) }).waitFor()
  expect((await api.get('/api/privacy/history')).body.months).toBeNull()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('privacy.history.yes') })
    .press('Enter')
  await page.getByText(t('privacy.history.saved'), { exact: true }).waitFor()
  expect((await api.get('/api/privacy/history')).body.months).toBe(24)
  // To keep more forgets nothing.
  await page.getByRole('radio', { name: t('privacy.history.all') }).check()
  await save.press('Enter')
  await eventually(async () => (await api.get('/api/privacy/history')).body.months === null, 'all of it is kept')
  expectQuiet(visit)
  await visit.context.close()
})

/** As a plugin does it. */
async function attachFile(tenant: string, record: string, name: string): Promise<void> {
  const { query } = stage.harness.database
  await query('set session_replication_role = replica')
  await query(
    `insert into kernel.files (tenant_id, id, plugin, record_id, name, type, bytes, sha256, state, created_at)
      values ($1, gen_random_uuid(), 'interactions', $2, $3, 'text/plain', 4, sha256('file'), 'kept', now())`,
    [tenant, record, name],
  )
  await query('set session_replication_role = origin')
}

test.each(LANGUAGES)('a person gets what is kept of them, and is erased by name (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, api } = stage.studios[language]
  const input = { type: 'person', firstName: 'Rosa', lastName: 'Lindqvist', email: 'rosa@mail.example' }
  const { id } = (await api.post('/api/clients', input)).body
  await attachFile(stage.studios[language].tenant, id, 'passport.txt')
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.goto(`/clients/${id}`)
  const menu = page.getByRole('button', { name: t('privacy.record') })
  await menu.press('Enter')
  await look(visit, `${language}-record-privacy`)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: t('privacy.pack') }).press('Enter'),
  ])
  expect(download.suggestedFilename()).toBe(`access-pack-${id}.json`)
  const pack = JSON.parse(readFileSync(await download.path(), 'utf8'))
  expect(pack).toMatchObject({
    subject: { resource: 'clients', id },
    rows: { clients: [{ lastName: 'Lindqvist' }] },
    files: [{ name: 'passport.txt' }],
  })

  await menu.press('Enter')
  await page.getByRole('menuitem', { name: t('privacy.erase') }).press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText(t('privacy.erase.rows', { what: t('clients:clients'), count: 1 })).waitFor()
  await dialog.getByText(t('privacy.erase.rows', { what: t('privacy.erase.files'), count: 1 })).waitFor()
  await page.keyboard.type('Rosa')
  await page.keyboard.press('Enter')
  await dialog.getByText(t('privacy.erase.mismatch')).waitFor()
  await look(visit, `${language}-record-erase`)
  expect((await api.get(`/api/clients/${id}`)).status).toBe(200)
  const name = dialog.getByRole('textbox')
  await name.fill('rosa lindqvist')
  await name.press('Enter')
  await page.getByText(t('privacy.erased')).waitFor()
  await page.getByRole('heading', { level: 1, name: t('clients:clients') }).waitFor()
  await settle(page)
  expect((await api.get(`/api/clients/${id}`)).status).toBe(404)
  const [row] = await stage.harness.database.query<{ email: string | null }>(
    'select email from clients where id = $1',
    [id],
  )
  expect(row?.email).toBeNull()
  expectQuiet(visit)
  await visit.context.close()
})

test('rules that cannot be fetched are asked again, and a member finds none of it', async () => {
  const t = wordsOf('en')
  const { tenant, email, api } = stage.studios.en
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  const { page } = visit
  await signIn(visit, email, t)
  await page.route('**/api/privacy/retention', (route) => route.fulfill({ status: 500, body: '{}' }))
  await page.goto('/settings/privacy')
  const again = page.getByRole('alert').getByRole('button', { name: t('action.retry') })
  await again.waitFor()
  await page.unroute('**/api/privacy/retention')
  await again.press('Enter')
  await page.getByRole('heading', { name: t('privacy.empty.title') }).waitFor()
  expectQuiet(visit, [500])
  await visit.context.close()

  await stage.harness.addMember(tenant, 'member@studio.example', 'member')
  const { id } = (await api.post('/api/clients', { type: 'person', lastName: 'Ober' })).body
  const other = await openVisit(browser, stage.address, { language: 'en' })
  await signIn(other, 'member@studio.example', t)
  await settle(other.page)
  expect(await other.page.getByRole('link', { name: t('privacy.title') }).count()).toBe(0)
  await other.page.goto(`/clients/${id}`)
  await other.page.getByRole('heading', { level: 1, name: 'Ober' }).waitFor()
  expect(await other.page.getByRole('button', { name: t('privacy.record') }).count()).toBe(0)
  expectQuiet(other)
  await other.context.close()
})
