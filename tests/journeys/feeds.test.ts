/** What plugins keep running: which worker has it, since when, and why it ended the last time. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pluginFolders } from '../support/settings.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf } from './support/words.ts'

const WORKER = '5f0c9a5e-6b1d-4c55-9b0b-8f6f5d3a7e21'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test.each(LANGUAGES)('feeds are looked at (%s)', async (language) => {
  const t = wordsOf(language)
  const { email, tenant } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.route('**/api/feeds?*', (route) => route.fulfill({ status: 500, body: '{}' }))
  await page.getByRole('link', { name: t('feeds.title') }).press('Enter')
  const again = page.getByRole('alert').getByRole('button', { name: t('action.retry') })
  await again.waitFor()
  await page.unroute('**/api/feeds?*')
  await again.press('Enter')
  await page.getByRole('heading', { name: t('feeds.empty.title') }).waitFor()
  await look(visit, `${language}-feeds-empty`)

  await stage.harness.database.query(
    `insert into kernel.feeds (tenant_id, plugin, feed, key, state, worker, fence, leased_until, since, due, restarts, reason)
      select $1, 'probe', 'inbox', 'box-' || lpad(n::text, 2, '0'), case when n = 2 then 'waiting' else 'running' end,
        case when n <> 2 then $2::uuid end, n, now() + interval '1 day', now() - n * interval '1 hour',
        now() + interval '3 minutes', case when n = 2 then 4 else 0 end,
        case when n = 2 then 'connect ECONNREFUSED 203.0.113.7:993' end
      from generate_series(1, 27) n`,
    [tenant, WORKER],
  )
  await page.reload()
  const rows = page.getByRole('region', { name: t('feeds.title') }).getByRole('row')
  await rows.filter({ hasText: 'box-01' }).getByText(WORKER.slice(-6)).waitFor()
  const waiting = rows.filter({ hasText: 'box-02' })
  await waiting.getByText(t('feeds.state.waiting')).waitFor()
  await waiting.getByText('ECONNREFUSED').waitFor()
  await look(visit, `${language}-feeds`)
  await page.getByRole('button', { name: t('pager.next') }).press('Enter')
  await rows.filter({ hasText: 'box-27' }).waitFor()
  await settle(page)
  expect(await rows.count()).toBe(3)
  expectQuiet(visit, [500])
  await visit.context.close()
})
