/** Somebody is invited, comes in by mail, forgets the password, and is shown out again. */
import { generate } from 'otplib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/harness.ts'
import { PASSWORD } from '../support/settings.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn, type Visit } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage, type Studio } from './support/stage.ts'
import { LANGUAGES, type Language, type Words, wordsOf } from './support/words.ts'

const FIRST = 'seven gulls over the harbour'
const SECOND = 'a lantern beneath the willow'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage({ worker: true }), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

/** Where the last mail to an address leads; another one than `before`. */
async function readPath({ api }: Studio, email: string, before = ''): Promise<string> {
  return eventually(async () => {
    const { items } = (await api.get('/api/mailbox')).body
    const mail = items.find(({ to }: { to: string[] }) => to.some((each) => each.includes(email)))
    const text = mail && (await api.get(`/api/mailbox/${mail.id}`)).body.text
    const path = text && /https?:\/\/[^/]+(\/\S+)/.exec(text)?.[1]
    return path !== before && path
  }, `a mail to ${email}`) as Promise<string>
}

async function invite(page: Page, email: string, t: Words): Promise<void> {
  await page.goto('/settings/people')
  await page.getByRole('button', { name: t('people.invite') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('signIn.email')).fill('nobody')
  await dialog.getByRole('button', { name: t('people.invite.submit') }).click()
  await dialog.getByText(t('entry.problem.format')).waitFor()
  await dialog.getByLabel(t('signIn.email')).fill(email)
  // By the keyboard alone.
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('row', { name: email }).getByText(t('people.invitation.sent')).waitFor()
}

async function accept(visit: Visit, path: string, t: Words): Promise<void> {
  const { page } = visit
  await page.goto(path)
  await page.getByLabel(t('invitation.name')).fill('Zoë Newcomer')
  const password = page.getByLabel(t('password.choose'))
  await password.fill('newcomer')
  await page.getByRole('button', { name: t('invitation.create') }).click()
  await page.getByText(t('entry.problem.guessable')).waitFor()
  await password.fill(FIRST)
  await page.getByRole('button', { name: t('password.show') }).click()
  expect(await password.inputValue()).toBe(FIRST)
}

async function enter(page: Page, email: string, password: string, t: Words): Promise<void> {
  await page.getByLabel(t('signIn.email')).fill(email)
  await page.getByLabel(t('signIn.password')).fill(password)
  await page.getByRole('button', { name: t('signIn.submit') }).click()
  await page.getByRole('heading', { level: 1, name: t('clients:clients') }).waitFor()
}

async function forget(visit: Visit, email: string, { t, language }: { t: Words; language: Language }): Promise<void> {
  const { page } = visit
  await page.goto('/')
  await page.getByLabel(t('signIn.email')).fill(email)
  await page.getByRole('button', { name: t('forgotten.link') }).click()
  expect(await page.getByLabel(t('signIn.email')).inputValue()).toBe(email)
  await look(visit, `${language}-forgotten`)
  await page.keyboard.press('Enter')
  await page.getByText(t('forgotten.sent', { email })).waitFor()
}

test.each(LANGUAGES)('from the invitation to the way out (%s)', async (language) => {
  const t = wordsOf(language)
  const studio = stage.studios[language]
  const email = `zoe-${language}@studio.example`
  const admin = await openVisit(browser, stage.address, { language })
  await signIn(admin, studio.email, t)
  await invite(admin.page, email, t)
  await look(admin, `${language}-people`)

  const guest = await openVisit(browser, stage.address, { language, width: 390, height: 844 })
  const invitation = await readPath(studio, email)
  await accept(guest, invitation, t)
  await look(guest, `${language}-invitation`)
  await guest.page.getByRole('button', { name: t('invitation.create') }).click()
  await guest.page.getByRole('link', { name: t('entry.signIn') }).click()
  await enter(guest.page, email, FIRST, t)
  await guest.page.goto(invitation)
  await guest.page.reload()
  await guest.page.getByRole('heading', { name: t('entry.spent') }).waitFor()

  // Another browser of the same person, whose password is forgotten there.
  const other = await openVisit(browser, stage.address, { language })
  await forget(other, email, { t, language })
  await other.page.goto(await readPath(studio, email, invitation))
  await other.page.getByLabel(t('password.new')).fill(SECOND)
  await look(other, `${language}-new-password`)
  await other.page.getByRole('button', { name: t('newPassword.submit') }).click()
  await other.page.getByRole('link', { name: t('entry.signIn') }).click()
  await enter(other.page, email, SECOND, t)
  await guest.page.goto('/')
  await enter(guest.page, email, SECOND, t)

  await account(other, guest, { t, language })
  await secure(other, email, { t, language })
  await actAs(admin, { t, language })
  await showOut(admin.page, t)
  await other.page.goto('/account')
  await other.page.getByRole('heading', { name: t('signIn.title') }).waitFor()
  expectQuiet(admin, [400])
  expectQuiet(guest, [400, 401, 404])
  expectQuiet(other, [401, 403])
  for (const { context } of [admin, guest, other]) await context.close()
})

/** The administrator helps: sees what the person may, leaves both names, and is itself again. */
async function actAs(visit: Visit, { t, language }: { t: Words; language: Language }): Promise<void> {
  const { page } = visit
  const name = 'Zoë Newcomer'
  await page.goto('/settings/people')
  await page.getByRole('button', { name: t('people.act.of', { name }) }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('people.act'), exact: true })
    .click()
  const bar = page.getByRole('region', { name: t('acting.region') })
  await bar.waitFor()
  expect(await page.getByRole('link', { name: t('people.title') }).count()).toBe(0)
  await look(visit, `${language}-acting`)
  await bar.getByRole('button', { name: t('acting.end') }).click()
  await bar.waitFor({ state: 'detached' })
  await page.goto('/settings/people')
  const times = page.getByRole('region', { name: t('acting.title') })
  await times.getByRole('row', { name }).waitFor()
  await look(visit, `${language}-acted`)
}

/** The sessions of the same person, of which one ends the other; and the password. */
async function account(visit: Visit, ended: Visit, { t, language }: { t: Words; language: Language }): Promise<void> {
  const { page } = visit
  await page.getByRole('button', { name: t('user.menu') }).click()
  await page.getByRole('menuitem', { name: t('account.title') }).click()
  await settle(page)
  await page.getByText(t('account.thisDevice')).waitFor()
  await look(visit, `${language}-account`)
  await page.getByLabel(t('password.current')).fill('not this one')
  await page.getByLabel(t('password.new')).fill(FIRST)
  await page.getByRole('button', { name: t('account.password.submit') }).click()
  await page.getByText(t('entry.problem.credentials')).waitFor()
  await page.getByLabel(t('password.current')).fill(SECOND)
  await page.getByRole('button', { name: t('account.password.submit') }).click()
  await page.getByText(t('account.passwordChanged')).first().waitFor()
  await page.getByRole('button', { name: t('account.endOthers') }).waitFor({ state: 'detached' })
  await ended.page.reload()
  await ended.page.getByRole('heading', { name: t('signIn.title') }).waitFor()
}

/** An app is set up, and asked for at the next sign-in; a recovery code does as well. */
async function secure(visit: Visit, email: string, { t, language }: { t: Words; language: Language }): Promise<void> {
  const { page } = visit
  await page.goto('/account')
  await page.getByRole('button', { name: t('factor.setUp') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('password.current')).fill(FIRST)
  await page.keyboard.press('Enter')
  await dialog.getByRole('img', { name: t('factor.qr') }).waitFor()
  await look(visit, `${language}-second-factor`)
  const secret = (await dialog.locator('.select-all').textContent())!.replaceAll(' ', '')
  await dialog.getByLabel(t('factor.code')).fill('000000')
  await page.keyboard.press('Enter')
  await dialog.getByText(t('entry.problem.wrong_code')).waitFor()
  await dialog.getByLabel(t('factor.code')).fill(await generate({ secret }))
  await page.keyboard.press('Enter')
  await dialog.getByText(t('factor.codes.text')).waitFor()
  const codes = await dialog.getByRole('listitem').allTextContents()
  expect(codes).toHaveLength(10)
  await look(visit, `${language}-recovery-codes`)
  await dialog.getByRole('button', { name: t('factor.codes.done') }).click()
  await page.getByText(t('factor.codesLeft', { count: 10 })).waitFor()
  await page.getByRole('button', { name: t('user.menu') }).click()
  await page.getByRole('menuitem', { name: t('user.signOut') }).click()
  await page.getByLabel(t('signIn.email')).fill(email)
  await page.getByLabel(t('signIn.password')).fill(FIRST)
  await page.getByRole('button', { name: t('signIn.submit') }).click()
  await page.getByText(t('factor.asked')).waitFor()
  await look(visit, `${language}-code`)
  await page.getByLabel(t('factor.code')).fill(codes[0]!)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: t('clients:clients') }).waitFor()
}

async function showOut(page: Page, t: Words): Promise<void> {
  await page.goto('/settings/people')
  await page.getByRole('button', { name: t('people.suspend.of', { name: 'Zoë Newcomer' }) }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('people.suspend') })
    .click()
  await page
    .getByRole('row', { name: /Zoë Newcomer/ })
    .getByText(t('people.suspended'), { exact: true })
    .waitFor()
}

/** A device that opens with a finger at once. */
async function addDevice({ context, page }: Visit): Promise<void> {
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
}

test.each(LANGUAGES)('a passkey signs in without a password, until it is forgotten (%s)', async (language) => {
  const t = wordsOf(language)
  const { email } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await addDevice(visit)
  await page.goto('/account')
  await page.getByRole('button', { name: t('passkey.add') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('passkey.name')).fill('My phone')
  await dialog.getByLabel(t('password.current')).fill(PASSWORD)
  await look(visit, `${language}-passkey`)
  await page.keyboard.press('Enter')
  await page.getByText(t('passkey.kept')).first().waitFor()
  await page.getByText('My phone').waitFor()
  const enterByKey = async () => {
    await page.getByRole('button', { name: t('user.menu') }).click()
    await page.getByRole('menuitem', { name: t('user.signOut') }).click()
    await page.getByRole('button', { name: t('passkey.signIn') }).click()
  }
  await enterByKey()
  await page.getByRole('heading', { level: 1, name: t('clients:clients') }).waitFor()
  await page.goto('/account')
  await page.getByRole('button', { name: t('passkey.remove.of', { name: 'My phone' }) }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('passkey.remove') })
    .click()
  await page
    .getByText(t('passkey.removed', { name: 'My phone' }))
    .first()
    .waitFor()
  await enterByKey()
  await page.getByText(t('passkey.unknown')).waitFor()
  await look(visit, `${language}-passkey-unknown`)
  expectQuiet(visit, [401])
  await visit.context.close()
})
