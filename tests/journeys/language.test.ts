/** The language that somebody chooses before signing in is the one that is spoken afterwards, and next time. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/settings.ts'
import { expectQuiet, openBrowser, openVisit, signIn } from './support/browser.ts'
import { openStage, type Stage } from './support/stage.ts'
import { wordsOf } from './support/words.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage(), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test('a choice on the sign-in page outlives the sign-in, in an organisation that speaks another language', async () => {
  const [en, fr] = [wordsOf('en'), wordsOf('fr')]
  const { email } = stage.studios.en
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  const { page } = visit
  await page.goto('/')
  await page.getByRole('heading', { name: en('signIn.title') }).waitFor()
  await page.getByRole('button', { name: 'Français' }).click()
  await page.getByLabel(fr('signIn.email')).fill(email)
  await page.getByLabel(fr('signIn.password')).fill(PASSWORD)
  await page.getByRole('button', { name: fr('signIn.submit') }).click()
  await page.getByRole('link', { name: fr('plugins.title') }).waitFor()
  expect(await page.getAttribute('html', 'lang')).toBe('fr')
  await page.reload()
  await page.getByRole('link', { name: fr('plugins.title') }).waitFor()
  expectQuiet(visit)
  await visit.context.close()

  const other = await openVisit(browser, stage.address, { language: 'en' })
  await signIn(other, email, en)
  await other.page.getByRole('link', { name: fr('plugins.title') }).waitFor()
  await other.context.close()
})
