/** What handlers could not be told: seen with its reason, told again one by one or all of a handler. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pluginFolders } from '../support/settings.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Language, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  // Without a worker, what is told again waits, and nothing else fails.
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

/** @returns the client that they are about */
async function failDeliveries(language: Language): Promise<string> {
  const { api, tenant } = stage.studios[language]
  const client = (await api.post('/api/clients', { type: 'person', lastName: 'Sorel' })).body.id as string
  const rest = Array.from({ length: 30 }, (_, i) => `probe.late-${i}`)
  await stage.harness.database.query(
    `insert into kernel.deliveries (tenant_id, handler, fact, state, attempts, reason, due, updated_at)
      select $1, h.name, f.id, case when h.n = 2 then 'waiting' else 'dead' end, 8,
        'connect ECONNREFUSED 203.0.113.7:443: the other side is away', now() + interval '5 minutes',
        now() - h.n * interval '1 hour'
      from unnest($3::text[]) with ordinality h(name, n),
        (select min(id) as id from kernel.facts where tenant_id = $1 and record_id = $2) f`,
    [tenant, client, ['probe.flaky', 'probe.ring', ...rest]],
  )
  await stage.harness.database.query(
    `insert into kernel.deliveries (tenant_id, handler, fact, state, attempts, reason)
      select $1, 'tasklist.welcome', id, 'dead', 8, 'the list is full' from kernel.facts
      where tenant_id = $1 order by id desc limit 3 on conflict (tenant_id, handler, fact) do nothing`,
    [tenant],
  )
  return client
}

const table = (page: Page, t: Words) => page.getByRole('region', { name: t('deliveries.title') })
const states = async (handler: string, tenant: string) =>
  (
    await stage.harness.database.query<{ state: string }>(
      'select state from kernel.deliveries where tenant_id = $1 and handler = $2',
      [tenant, handler],
    )
  ).map(({ state }) => state)

test.each(LANGUAGES)('deliveries that were given up are told again (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, tenant } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  const entry = page.getByRole('link', { name: t('deliveries.title') })
  await entry.press('Enter')
  await page.getByRole('heading', { name: t('deliveries.empty.dead') }).waitFor()
  await look(visit, `${language}-deliveries-empty`)

  const client = await failDeliveries(language)
  await page.reload()
  await page.getByRole('link', { name: new RegExp(t('deliveries.count', { count: 32 })) }).waitFor()
  await look(visit, `${language}-deliveries`)
  const rows = table(page, t).getByRole('row')
  expect(await rows.count()).toBe(26)
  await page.getByRole('button', { name: t('pager.next') }).press('Enter')
  await rows.filter({ hasText: 'late-29' }).waitFor()
  await page.getByRole('button', { name: t('pager.previous') }).press('Enter')

  const flaky = rows.filter({ hasText: 'flaky' })
  await flaky.getByText('the other side is away').waitFor()
  expect(await flaky.getByRole('link').getAttribute('href')).toBe(`/clients/${client}`)
  await flaky.getByRole('button', { name: /flaky/ }).press('Enter')
  await page.getByText(t('deliveries.retried', { count: 1 })).waitFor()
  await flaky.waitFor({ state: 'detached' })
  expect(await states('probe.flaky', tenant)).toEqual(['waiting'])

  const choice = page.getByLabel(t('deliveries.handler'), { exact: true })
  await choice.selectOption('tasklist.welcome')
  const count = (await states('tasklist.welcome', tenant)).length
  await page.getByRole('button', { name: t('deliveries.retryAll', { count }) }).press('Enter')
  await look(visit, `${language}-deliveries-retry-all`)
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('deliveries.retry') })
    .press('Enter')
  await page.getByRole('heading', { name: t('deliveries.empty.dead') }).waitFor()
  expect(new Set(await states('tasklist.welcome', tenant))).toEqual(new Set(['waiting']))

  await choice.selectOption('')
  await page.getByRole('button', { name: t('deliveries.view.tried') }).press('Enter')
  await rows.filter({ hasText: 'ring' }).waitFor()
  await settle(page)
  expect(await rows.count()).toBe(2)
  await page.goBack()
  await rows.filter({ hasText: 'late-0' }).waitFor()
  expectQuiet(visit)
  await visit.context.close()
})

test('a page that cannot be fetched says so and is asked again, and a member does not find it', async () => {
  const t = wordsOf('en')
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  const { page } = visit
  await signIn(visit, stage.studios.en.email, t)
  await page.route('**/api/deliveries?*', (route) => route.fulfill({ status: 500, body: '{}' }))
  await page.goto('/settings/deliveries?state=tried')
  const again = page.getByRole('alert').getByRole('button', { name: t('action.retry') })
  await again.waitFor()
  await page.unroute('**/api/deliveries?*')
  await again.press('Enter')
  await table(page, t).getByText('ring').waitFor()
  expectQuiet(visit, [500])
  await visit.context.close()

  await stage.harness.addMember(stage.studios.en.tenant, 'member@studio.example', 'member')
  const other = await openVisit(browser, stage.address, { language: 'en' })
  await signIn(other, 'member@studio.example', t)
  await settle(other.page)
  expect(await other.page.getByRole('link', { name: t('deliveries.title') }).count()).toBe(0)
  expectQuiet(other)
  await other.context.close()
})
