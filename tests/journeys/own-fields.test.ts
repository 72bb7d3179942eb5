/** Fields that an organisation has defined itself are asked for, shown, listed and told like those of a plugin. */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../core/host/catalogue.ts'
import { defined } from '../support/own-fields.ts'
import { pluginFolders } from '../support/settings.ts'
import { findBarriers, findPaleness } from '../../core/commands/conformance/axe.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn, type Visit } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, wordsOf } from './support/words.ts'

const FIELDS = {
  budget: { type: 'integer', minimum: 0, 'x-filter': true, 'x-sort': true, 'x-list': 4, 'x-section': 'money' },
  stage: { type: 'string', enum: ['cold', 'warm', 'won'], 'x-filter': true, 'x-list': 5, 'x-section': 'money' },
  topics: {
    type: 'array',
    items: { type: 'string', enum: ['wine', 'art'] },
    uniqueItems: true,
    'x-section': 'taste',
  },
  since: { type: 'string', format: 'date', 'x-section': 'taste' },
  remark: { type: 'string', maxLength: 2000, 'x-widget': 'textarea', 'x-section': 'taste' },
  gift: { type: 'boolean', 'x-section': 'taste' },
  mood: { type: 'string', 'x-values': 'tenantfields.moods', 'x-section': 'taste' },
}
const LABELS = {
  budget: { en: 'Budget in euros', fr: 'Budget en euros' },
  stage: { en: 'Stage', fr: 'Étape' },
  'stage.cold': { en: 'Cold', fr: 'Froid' },
  'stage.warm': { en: 'Warm', fr: 'Tiède' },
  'stage.won': { en: 'Won', fr: 'Gagné' },
  topics: { en: 'Topics', fr: 'Sujets' },
  'topics.wine': { en: 'Wine', fr: 'Vin' },
  'topics.art': { en: 'Art', fr: 'Art' },
  since: { en: 'Guest since', fr: 'Invité depuis' },
  remark: { en: 'Remark', fr: 'Remarque' },
  gift: { en: 'Gets a gift', fr: 'Reçoit un cadeau' },
  mood: { en: 'Mood', fr: 'Humeur' },
  'section.money': { en: 'Money', fr: 'Argent' },
  'section.taste': { en: 'Taste', fr: 'Goûts' },
}
type Language = 'en' | 'fr'
const say = (key: keyof typeof LABELS, language: Language) => LABELS[key][language]

let stage: Stage
let browser: Browser
beforeAll(async () => {
  const plugins = pluginFolders.filter((folder) => folder.endsWith('/tenantfields'))
  ;[stage, browser] = await Promise.all([openStage({ plugins }), openBrowser()])
  for (const language of LANGUAGES) {
    const { api } = stage.studios[language]
    await defined(api, FIELDS, { labels: LABELS, required: ['budget'] })
  }
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

async function lookAt({ page }: Visit, name: string): Promise<void> {
  await settle(page)
  expect(await findBarriers(page), name).toEqual([])
  await page.screenshot({ path: join(ROOT, `.build/journeys/own-fields-${name}.png`), fullPage: true })
  await page.emulateMedia({ colorScheme: 'dark' })
  await settle(page)
  expect(await findPaleness(page), `${name}, dark`).toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
}

test.each(LANGUAGES)('a client with fields of the organisation is entered, listed and told (%s)', async (language) => {
  const t = wordsOf(language)
  const { email } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page
    .getByRole('link', { name: t('list.new', { what: t('clients:clients.one') }) })
    .first()
    .click()
  await page.getByRole('radiogroup').getByText(t('clients:clients.type.person'), { exact: true }).click()
  await page.getByRole('textbox', { name: t('clients:clients.lastName'), exact: true }).fill('Besnard')
  // What the organisation demands is missed beside its field.
  await page.getByRole('button', { name: t('form.save') }).click()
  await page.locator('[data-field="/extensions/tenantfields/budget"]').getByText(t('form.error.required')).waitFor()
  await page.getByLabel(say('budget', language)).fill('4200')
  await page.getByLabel(say('stage', language), { exact: true }).selectOption({ label: say('stage.warm', language) })
  await page.getByLabel(say('remark', language), { exact: true }).fill('Likes the garden')
  await lookAt(visit, `form-${language}`)
  await page.getByRole('button', { name: t('form.save') }).click()
  await page.getByRole('heading', { level: 1, name: 'Besnard' }).waitFor()
  await page.getByText('Likes the garden').waitFor()
  await lookAt(visit, `record-${language}`)

  await page.getByRole('tab', { name: t('record.history'), exact: true }).click()
  for (const rest of await page.getByRole('tabpanel').locator('summary').all()) await rest.click()
  await page.getByRole('tabpanel').getByText(say('budget', language)).waitFor()
  await page.goto(`/clients?extensions.tenantfields.stage.in=warm&sort=-extensions.tenantfields.budget`)
  await page.getByRole('row', { name: 'Besnard' }).getByText(say('stage.warm', language)).waitFor()
  await page.getByRole('columnheader', { name: say('budget', language) }).waitFor()
  await lookAt(visit, `list-${language}`)
  expectQuiet(visit, [400])
  await visit.context.close()
})

test.each(LANGUAGES)(
  'a list of values is edited by keys, and the form offers what it holds now (%s)',
  async (language) => {
    const t = wordsOf(language)
    const { email, api } = stage.studios[language]
    const old = { type: 'person', lastName: 'Old', extensions: { tenantfields: { budget: 1, mood: 'sad' } } }
    const { body: row } = await api.post('/api/clients', old)
    const visit = await openVisit(browser, stage.address, { language })
    const { page } = visit
    await signIn(visit, email, t)
    await page.getByRole('link', { name: t('lists.title') }).press('Enter')
    // A value is told by its English name where it has one.
    const [calm, sad] = ['Calm', 'Sad']
    const label = (name: string) => page.getByLabel(t(`lists.label.${language}`, { name }))
    await label(calm).press('Alt+ArrowDown')
    await page.getByText(t('lists.moved', { place: 2, total: 3 })).waitFor({ state: 'attached' })
    await page.getByRole('button', { name: t('lists.archive', { name: sad }) }).press('Enter')
    await page.getByLabel(t('lists.color', { name: calm })).selectOption({ label: t('lists.tone.5') })
    await page.getByRole('button', { name: t('lists.add') }).press('Enter')
    await page.keyboard.type('Dreamy')
    if (language === 'fr') await label('Dreamy').fill('Rêveur')
    await lookAt(visit, `lists-${language}`)
    await page.getByRole('button', { name: t('lists.save') }).press('Enter')
    await page.getByRole('button', { name: t('lists.save') }).waitFor({ state: 'detached' })

    await page.goto('/clients/new')
    const mood = page.getByLabel(say('mood', language), { exact: true })
    const words = { en: ['Merry', 'Calm', 'Dreamy'], fr: ['Gai', 'Calme', 'Rêveur'] }[language]
    await mood.waitFor()
    expect((await mood.locator('option').allTextContents()).slice(-3)).toEqual(words)
    // What was archived stays where it stands, and does not keep anybody from saving.
    await page.goto(`/clients/${row.id}/edit`)
    await page.getByRole('textbox', { name: t('clients:clients.lastName'), exact: true }).fill('Older')
    await page.getByRole('button', { name: t('form.save') }).click()
    await page.getByRole('heading', { level: 1, name: 'Older' }).waitFor()
    await page.getByText(language === 'en' ? 'Sad' : 'Triste', { exact: true }).waitFor()
    expectQuiet(visit, [])
    await visit.context.close()
  },
)
