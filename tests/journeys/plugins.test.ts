/** Plugins as they stand: at work with their figures, and away with a reason. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../core/host/catalogue.ts'
import { pluginFolders } from '../support/settings.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf } from './support/words.ts'

const BROKEN = join(ROOT, '.build/journeys/misplaced')

/** Its manifest promises texts that are not there. */
function writeBroken(): string {
  rmSync(BROKEN, { recursive: true, force: true })
  mkdirSync(BROKEN, { recursive: true })
  const text = { en: 'Table plans for long evenings', fr: 'Plans de table pour longues soirées' }
  const manifest = { id: 'misplaced', version: '1.0.0', weft: '*', name: text, summary: text, permissions: ['wrong'] }
  writeFileSync(join(BROKEN, 'manifest.json'), JSON.stringify(manifest))
  return BROKEN
}

let stage: Stage
let browser: Browser
beforeAll(async () => {
  const plugins = [...pluginFolders, writeBroken()]
  ;[stage, browser] = await Promise.all([openStage({ plugins }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
  rmSync(BROKEN, { recursive: true, force: true })
})

test.each(LANGUAGES)('a plugin that is away says why, one at work how it does (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email } = stage.studios[language]
  await api.post('/api/clients', { type: 'person', lastName: 'Sorel' })
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  // The same plugin as it would look once its tables are kept for later, and when it was stopped for a while.
  await page.route(/\/api\/plugins[?]/, async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { items: { id: string; state: string }[] }
    const away = body.items.find(({ state }) => state === 'quarantined')
    const others = ['detached', 'suspended'].map((state) => ({ ...away, id: state, state, resumable: true }))
    await route.fulfill({ response, json: { items: [...body.items, ...others] } })
  })
  await page.getByRole('link', { name: t('plugins.title') }).press('Enter')
  const cards = page.getByRole('main').getByRole('listitem')
  const away = cards.filter({ hasText: t('plugins.state.quarantined') })
  await away.getByText(t('plugins.reason'), { exact: true }).waitFor()
  await away.getByText(t('plugins.mend'), { exact: true }).waitFor()
  await away.getByText(language === 'fr' ? 'elle enfreint une règle' : 'it breaks a rule').waitFor()
  const probe = cards.filter({ has: page.getByRole('heading', { name: language === 'fr' ? 'Sonde' : 'Probe' }) })
  await probe.getByText(t('plugins.metrics'), { exact: true }).press('Enter')
  const figure = probe.getByRole('row').filter({ hasText: t('plugins.metrics.calls') })
  await figure.waitFor()
  expect(Number(await figure.getByRole('cell').textContent())).toBeGreaterThanOrEqual(0)
  await look(visit, `${language}-plugins`)
  expectQuiet(visit)
  await visit.context.close()
})
