/** Many rows at once: picked by hand, by keys or by what the list asks, changed, deleted and put back. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findBarriers, findPaleness } from '../../core/commands/conformance/axe.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Language, wordsOf } from './support/words.ts'

const COUNT = 30
const pictures = process.env.WEFT_PICTURES

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ worker: true }), openBrowser()])
  for (const language of LANGUAGES) {
    const { api } = stage.studios[language]
    for (let i = 0; i < COUNT; i++) await api.post('/api/clients', { type: 'person', lastName: `Martin ${i + 10}` })
  }
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

/** How many clients have these notes, past the screen. */
async function withNotes(language: Language, notes: string): Promise<number> {
  const { items } = (await stage.studios[language].api.get('/api/clients?limit=200')).body
  return items.filter((each: { notes: string | null }) => each.notes === notes).length
}

/** Barriers in light, paleness in dark, and a picture of each where somebody wants to see it. */
async function look(page: Page, name: string): Promise<void> {
  await settle(page)
  expect(await findBarriers(page), name).toEqual([])
  if (pictures) await page.screenshot({ path: join(pictures, `bulk-${name}-light.png`) })
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await findPaleness(page), `${name}, dark`).toEqual([])
  if (pictures) await page.screenshot({ path: join(pictures, `bulk-${name}-dark.png`) })
  await page.emulateMedia({ colorScheme: 'light' })
}

test.each(LANGUAGES)('rows are picked, changed, watched and put back (%s)', async (language) => {
  const t = wordsOf(language)
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, stage.studios[language].email, t)
  await page.goto('/clients?limit=25&q=martin')
  const box = (n: number) => page.getByRole('checkbox', { name: t('bulk.pick', { id: n }), exact: true })
  const bar = page.getByRole('region', { name: t('bulk.label') })
  const panel = page.getByRole('region', { name: t('task.panel') })
  await box(2).click()
  await box(5).click({ modifiers: ['Shift'] })
  await bar.getByText(t('bulk.count', { count: 4 })).waitFor()
  await look(page, `${language}-picked`)

  await bar.getByRole('button', { name: t('bulk.edit') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('bulk.field'), { exact: true }).selectOption({ label: t('clients:clients.notes') })
  await dialog.getByRole('textbox', { name: t('clients:clients.notes') }).fill('seen together')
  await look(page, `${language}-edit`)
  await dialog.getByRole('button', { name: t('bulk.edit.yes', { count: 4 }) }).click()
  await panel.getByText(t('task.count.of', { done: 4, total: 4 })).waitFor()
  await panel.getByRole('button', { name: t('action.undo') }).waitFor()
  expect(await withNotes(language, 'seen together')).toBe(4)
  await look(page, `${language}-done`)
  await panel.getByRole('button', { name: t('action.undo') }).click()
  await panel
    .getByText(t('task.name.undo', { what: t('clients:clients') }))
    .first()
    .waitFor()
  await panel.getByRole('button', { name: t('action.dismiss') }).click()
  expect(await withNotes(language, 'seen together')).toBe(0)

  // By keys alone: the whole page, then all that match.
  await page.getByRole('checkbox', { name: t('bulk.pickPage') }).focus()
  await page.keyboard.press('Space')
  await bar.getByText(t('bulk.count', { count: 25 })).waitFor()
  await bar.getByRole('button', { name: t('bulk.pickAll') }).focus()
  await page.keyboard.press('Enter')
  await bar.getByText(t('bulk.all', { count: COUNT })).waitFor()
  await bar.getByRole('button', { name: t('action.delete') }).focus()
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: t('action.delete') }).click()
  await page.getByText(t('list.none.title')).waitFor()

  await page.getByRole('link', { name: t('task.title'), exact: true }).click()
  await page.getByRole('heading', { level: 1, name: t('task.title') }).waitFor()
  const deletion = t('task.name.batch.delete', { what: t('clients:clients') })
  await page.getByRole('button', { name: t('task.undo.of', { name: deletion }) }).waitFor()
  await look(page, `${language}-activity`)
  await page.getByRole('button', { name: t('task.undo.of', { name: deletion }) }).click()
  await page
    .getByRole('row', { name: deletion })
    .getByText(new RegExp(`^${t('task.state.undone')} ·`))
    .waitFor()
  const { total } = (await stage.studios[language].api.get('/api/clients?limit=1&count=exact')).body
  expect(total.value).toBe(COUNT)
  // The pointer may rest on a row that is being deleted, and the page asks for it.
  expectQuiet(visit, [404])
  await visit.context.close()
})

test('what has changed since is named, and leads to its record; also on a phone', async () => {
  const t = wordsOf('en')
  const { api, email } = stage.studios.en
  const { items } = (await api.get('/api/clients?limit=3&sort=lastName')).body
  const ids = items.map(({ id }: { id: string }) => id)
  const { task } = (await api.post('/api/clients/batch', { ids, update: { notes: 'phone' } })).body
  const visit = await openVisit(browser, stage.address, { language: 'en', width: 390, height: 844 })
  const { page } = visit
  await signIn(visit, email, t)
  await page.getByRole('checkbox', { name: t('bulk.pick', { id: 1 }), exact: true }).click()
  await look(page, 'phone-picked')
  const [first] = (await api.get('/api/clients?limit=1&sort=lastName')).body.items
  await api.patch(`/api/clients/${first.id}`, { notes: 'by hand' }, first.version)
  await api.post(`/api/tasks/${task}`, { undo: true })
  await page.goto('/settings/tasks')
  await page
    .getByText(t('task.failed', { count: 1 }))
    .first()
    .waitFor()
  await page.locator('summary').first().click()
  await page.getByText(t('task.problem.changed_since')).waitFor()
  await look(page, 'phone-activity')
  await page.getByRole('link', { name: `#${first.id.slice(-6)}` }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(page.url()).toContain(`/clients/${first.id}`)
  expectQuiet(visit)
  await visit.context.close()
})
