/** Every page and slot of every plugin, found by its manifest: axe finds nothing, in each language and colour scheme. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findAt } from '../../core/commands/conformance/looking.ts'
import { type Place, Places } from '../../core/commands/conformance/places.ts'
import { UNLABELLED } from './support/broken-plugins.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage, type Studio } from './support/stage.ts'
import { LANGUAGES, shippedPlugins, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: [inject('unlabelledPlugin')] }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

async function openPlaces({ harness }: Stage, { api, tenant, name }: Studio): Promise<Places> {
  const { body } = await api.get('/api/session')
  const side = {
    tenant,
    slug: name,
    user: body.user.id as string,
    cookie: api.cookie,
    word: name.split(' ')[0] as string,
  }
  return Places.open(harness.kernel.services, { ...side, ask: (method, url, call) => api.call(method, url, call) })
}

test.each(LANGUAGES)('axe finds nothing at any place that a shipped plugin fills (%s)', async (language) => {
  const studio = stage.studios[language]
  const places = await (await openPlaces(stage, studio)).of(['clients', ...shippedPlugins])
  const visit = await openVisit(browser, stage.address, { language })
  await signIn(visit, studio.email, wordsOf(language))
  const found: Record<string, string[]> = {}
  for (const place of places) Object.assign(found, await findAt(visit.page, place))
  expect(found).toEqual({})
  expectQuiet(visit)
  await visit.context.close()
})

test('a widget without a label is found', async () => {
  const studio = stage.studios.en
  const places = await (await openPlaces(stage, studio)).of([UNLABELLED])
  expect(places.map(({ name }) => name)).toEqual([`${UNLABELLED}, page box`])
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  await signIn(visit, studio.email, wordsOf('en'))
  const found = await findAt(visit.page, places[0] as Place)
  // Only what is opened shows it.
  expect(Object.keys(found)).toEqual([`${UNLABELLED}, page box, opened 1`])
  expect(found[`${UNLABELLED}, page box, opened 1`]?.join('\n')).toMatch(/^label: <input/)
  await visit.context.close()
})
