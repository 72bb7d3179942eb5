/** What concerns one person, and what widgets show, arrives while the page stands still: nothing asks for it by the clock. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/harness.ts'
import { pluginFolders } from '../support/settings.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, shippedPlugins, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test.each(LANGUAGES)('the bell, the approvals and what was given up count by themselves (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email, tenant } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await settle(page)
  const bell = (name: string) => page.getByRole('button', { name, exact: true })
  await bell(t('notices.bell.none')).waitFor()

  const me = (await api.get('/api/session')).body.user.id
  await api.post('/api/probe/notify/command', { to: [me], key: 'called', params: { who: 'Ada', times: 3 } })
  await bell(t('notices.bell', { count: 1 })).waitFor()
  await api.post('/api/notifications/read')
  await bell(t('notices.bell.none')).waitFor()

  const client = (await api.post('/api/clients', { type: 'person', lastName: 'Sorel' })).body.id
  expect((await api.patch(`/api/clients/${client}`, { notes: 'probe: hold' }, 1)).status).toBe(202)
  await page.getByRole('link', { name: t('approvals.count', { count: 1 }) }).waitFor()
  const [proposal] = (await api.get('/api/proposals?state=waiting')).body.items
  await api.post(`/api/proposals/${proposal.id}/reject`, {})
  await page.getByRole('link', { name: t('approvals.count', { count: 1 }) }).waitFor({ state: 'detached' })

  const { query } = stage.harness.database
  await query(
    `insert into kernel.deliveries (tenant_id, handler, fact) select $1, 'probe.flaky', max(id) from kernel.facts
      where tenant_id = $1`,
    [tenant],
  )
  await query(`update kernel.deliveries set state = 'dead' where tenant_id = $1 and handler = 'probe.flaky'`, [tenant])
  await page.getByRole('link', { name: t('deliveries.count', { count: 1 }) }).waitFor()
  expectQuiet(visit)
  await visit.context.close()
})

test.skipIf(!shippedPlugins.includes('interactions')).each(LANGUAGES)(
  'a widget shows what somebody else writes, and keeps what one is writing oneself (%s)',
  async (language) => {
    const t = wordsOf(language)
    const { api, email } = stage.studios[language]
    const add = async (recordId: string, title: string) =>
      (await api.post('/api/interactions', { recordId, type: 'note', title })).body
    const client = (await api.post('/api/clients', { type: 'person', lastName: 'Lovelace' })).body.id as string
    const other = (await api.post('/api/clients', { type: 'person', lastName: 'Byron' })).body.id as string
    const first = await add(client, 'Asked for lilies')
    const visit = await openVisit(browser, stage.address, { language })
    const { page } = visit
    await signIn(visit, email, t)
    await page.goto(`/clients/${client}`)
    await page.getByRole('tab', { name: t('interactions:widget.timeline') }).click()
    const timeline = page.getByRole('tabpanel')
    await timeline.getByText('Asked for lilies').waitFor()

    let asked = 0
    page.on('request', (request) => void (asked += Number(request.url().includes('/api/interactions?'))))
    await add(other, 'Of somebody else')
    await add(client, 'Called back')
    await timeline.getByText('Called back').waitFor()
    await api.patch(`/api/interactions/${first.id}`, { title: 'Asked for roses' }, first.version)
    await timeline.getByText('Asked for roses').waitFor()
    expect(await timeline.getByText('Of somebody else').count()).toBe(0)
    expect(asked).toBeGreaterThan(0)

    await timeline
      .getByRole('button', { name: t('interactions:interactions.type.note') })
      .first()
      .click()
    const subject = timeline.getByRole('textbox', { name: t('interactions:interactions.title') })
    await subject.fill('Half a sentence')
    await add(client, 'Came by')
    await timeline.getByText('Came by').waitFor()
    expect(await subject.inputValue()).toBe('Half a sentence')
    await api.remove(`/api/interactions/${first.id}`, 2)
    await eventually(async () => (await timeline.getByText('Asked for roses').count()) === 0, 'it is gone')
    expect(await subject.inputValue()).toBe('Half a sentence')
    expectQuiet(visit)
    await visit.context.close()
  },
)
