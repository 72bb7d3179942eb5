/** What the kernel keeps for plugins, as people meet it: secrets in the settings, mails in the mailbox. */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/harness.ts'
import { pluginFolders } from '../support/settings.ts'
import { findBarriers, findPaleness } from '../../core/commands/conformance/axe.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn, type Visit } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Language, wordsOf } from './support/words.ts'

const folder = process.env.WEFT_PICTURES

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ plugins: pluginFolders, worker: true }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

test.each(LANGUAGES)('a secret is set, replaced and removed, and never shown (%s)', async (language) => {
  const t = wordsOf(language)
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, stage.studios[language].email, t)
  await page.goto('/settings/plugins')
  await page
    .getByRole('button', { name: t('plugins.settings.of', { name: language === 'fr' ? 'Sonde' : 'Probe' }) })
    .click()
  const dialog = page.getByRole('dialog').first()
  const name = language === 'fr' ? 'Jeton d’API' : 'API token'
  await dialog.getByRole('button', { name: t('plugins.secret.enter.of', { name }) }).click()
  await page.keyboard.type('hush-hush-value')
  await look(visit, `${language}-secret-input`)
  await page.keyboard.press('Enter')
  const replace = dialog.getByRole('button', { name: t('plugins.secret.replace.of', { name }) })
  await replace.waitFor()
  expect(await page.content()).not.toContain('hush-hush-value')
  await look(visit, `${language}-secrets`)
  const reveal = async () =>
    (await stage.studios[language].api.post('/api/probe/reveal-query', { name: 'apiToken' })).body
  expect(await reveal()).toBe('hush-hush-value')
  await replace.click()
  await page.keyboard.type('another')
  await page.keyboard.press('Enter')
  await replace.waitFor()
  expect(await reveal()).toBe('another')
  await dialog.getByRole('button', { name: t('plugins.secret.remove.of', { name }) }).click()
  await page
    .getByRole('button', { name: t('plugins.secret.remove'), exact: true })
    .last()
    .click()
  await dialog.getByRole('button', { name: t('plugins.secret.enter.of', { name }) }).waitFor()
  expect(await reveal()).toBeNull()
  expectQuiet(visit)
  await visit.context.close()
})

test.each(LANGUAGES)('a mail is read as its receiver gets it, and nothing in it acts (%s)', async (language) => {
  const t = wordsOf(language)
  const html = `<html><head><style>p{color:red}</style></head><body onload="parent.document.title='taken'">
    <p style="color:red">Your <b>offer</b></p><script>parent.document.title='taken'</script>
    <img src="https://elsewhere.example/pixel.gif" alt="pixel"><form action="/api/session"><button>Go</button></form></body></html>`
  const mail = { to: 'Ada <ada@example.org>', subject: 'Your offer', text: 'Your offer\n\nin two lines', html }
  expect((await stage.studios[language].api.post('/api/probe/mail/exchange', mail)).status).toBe(200)
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, stage.studios[language].email, t)
  await page.getByRole('link', { name: t('mailbox.title') }).click()
  await page.getByText(t('mailbox.lead.kept')).waitFor()
  await look(visit, `${language}-mailbox`)
  await page.getByRole('link', { name: 'Your offer' }).click()
  const frame = page.frameLocator('iframe')
  await frame.getByText('offer').waitFor()
  expect([await frame.locator('script, style, form, img[src]').count(), await page.title()]).toEqual([
    0,
    expect.stringContaining('Your offer'),
  ])
  await look(visit, `${language}-mail`)
  expectQuiet(visit)
  await visit.context.close()
})

test.each(LANGUAGES)(
  'a notice rings, leads to its record and is read; and one chooses how to be told (%s)',
  async (language) => {
    const t = wordsOf(language)
    const { api, email } = stage.studios[language]
    const client = (await api.post('/api/clients', { type: 'person', lastName: 'Lovelace' })).body.id
    const me = (await api.get('/api/session')).body.user.id
    const notice = { to: [me], key: 'called', params: { who: 'Ada', times: 3 } }
    expect((await api.post('/api/probe/notify/command', { ...notice, recordId: client })).body).toBe('told')
    await api.post('/api/probe/notify/command', { ...notice, params: { who: 'Eve', times: 2 } })
    const visit = await openVisit(browser, stage.address, { language })
    const { page } = visit
    await signIn(visit, email, t)
    const bell = (count: number) =>
      page.getByRole('button', { name: count ? t('notices.bell', { count }) : t('notices.bell.none'), exact: true })
    await bell(2).click()
    const panel = page.getByRole('dialog', { name: t('notices.title') })
    const text = language === 'fr' ? 'Ada a appelé 3 fois' : 'Ada called 3 times'
    await panel.getByText(text).waitFor()
    await settle(page)
    expect(await findBarriers(page)).toEqual([])
    if (folder) await page.screenshot({ path: join(folder, `${language}-bell.png`) })
    await panel.getByText(text).click()
    await page.getByRole('heading', { level: 1, name: 'Lovelace' }).waitFor()
    await bell(1).waitFor()
    await page.setViewportSize({ width: 390, height: 800 })
    await bell(1).click()
    await look390(visit, language)
    await panel.getByRole('button', { name: t('notices.readAll') }).click()
    await bell(0).waitFor()
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('button', { name: t('user.menu') }).click()
    await page.getByRole('menuitem', { name: t('notices.preferences') }).click()
    const name = language === 'fr' ? 'Sonde' : 'Probe'
    const tick = page.getByRole('checkbox', { name: t('notices.mail.of', { name }) })
    await tick.check()
    await look(visit, `${language}-preferences`)
    const kept = async () => (await api.get('/api/notifications/preferences')).body.items
    await eventually(
      async () =>
        (await kept()).some(({ plugin, mail }: { plugin: string; mail: boolean }) => plugin === 'probe' && mail),
      'the choice is kept',
    )
    expectQuiet(visit)
    await visit.context.close()
  },
)

async function look390({ page }: Visit, language: Language): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await settle(page)
    expect(await findPaleness(page), scheme).toEqual([])
    if (folder) await page.screenshot({ path: join(folder, `${language}-bell-390-${scheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}
