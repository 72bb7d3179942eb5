/** Two tabs change the same client: whoever saves second chooses, and nothing of either is lost. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Words, wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage(), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

const field = (page: Page, t: Words, name: string) =>
  page.getByRole('textbox', { name: t(`clients:clients.${name}`), exact: true })
const save = (page: Page, t: Words) => page.getByRole('button', { name: t('form.save'), exact: true }).click()

const sides = LANGUAGES.flatMap((language) => (['mine', 'theirs'] as const).map((side) => ({ language, side })))

test.each(sides)(
  'the second save asks which value stays, and joins the rest ($language, $side)',
  async ({ language, side }) => {
    const t = wordsOf(language)
    const { email, api } = stage.studios[language]
    const { body: client } = await api.post('/api/clients', { type: 'person', firstName: 'Ada', lastName: 'Byron' })
    const visit = await openVisit(browser, stage.address, { language })
    const first = visit.page
    await signIn(visit, email, t)
    const second = await visit.context.newPage()
    for (const page of [first, second]) {
      await page.goto(`/clients/${client.id}/edit`)
      await field(page, t, 'lastName').waitFor()
    }

    await field(second, t, 'lastName').fill('King')
    await field(second, t, 'mobile').fill('06 39 98 00 01')
    await field(first, t, 'lastName').fill('Lovelace')
    await field(first, t, 'notes').fill('Prefers letters.')
    await save(first, t)
    await first.getByRole('heading', { level: 1, name: 'Ada Lovelace' }).waitFor()

    await save(second, t)
    const question = second.getByRole('alert').filter({ hasText: t('form.conflict.title') })
    await question.getByText('Lovelace').waitFor()
    await question.getByText('King').waitFor()
    await question.getByRole('radio', { name: t(`form.conflict.${side}`) }).check()
    await second.getByRole('button', { name: t('form.conflict.save') }).click()
    const lastName = side === 'mine' ? 'King' : 'Lovelace'
    await second.getByRole('heading', { level: 1, name: `Ada ${lastName}` }).waitFor()

    const { body } = await api.get(`/api/clients/${client.id}`)
    expect(body).toMatchObject({ firstName: 'Ada', lastName, mobile: '06 39 98 00 01', notes: 'Prefers letters.' })
    expectQuiet(visit, [412])
    await visit.context.close()
  },
)
