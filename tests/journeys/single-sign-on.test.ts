/** An administrator enters the organisation's identity provider; people join, link and sign in by it. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IdentityProvider, openIdentityProvider } from '../support/identity-provider.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn, type Visit } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Language, type Words, wordsOf } from './support/words.ts'
import { PASSWORD } from '../support/settings.ts'

const SECRET = 'a secret between the two of us'

let stage: Stage
let browser: Browser
let idp: IdentityProvider
beforeAll(async () => {
  const people = Object.fromEntries(
    LANGUAGES.map((language) => [
      `sub-${language}`,
      { email: `noor@${language}.example`, email_verified: true, name: 'Noor Haddad' },
    ]),
  )
  ;[stage, browser, idp] = await Promise.all([
    openStage({ config: { localProviders: true } }),
    openBrowser(),
    openIdentityProvider(people),
  ])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
  await idp?.close()
})

interface Telling {
  readonly t: Words
  readonly language: Language
}

/** A name that differs from language to language: one tenant each, at one server. */
const nameOf = (language: Language) => `Harbour ID ${language}`

async function configure(visit: Visit, { t, language }: Telling): Promise<void> {
  const { page } = visit
  await page.goto('/settings/identity-providers')
  await look(visit, `${language}-providers-empty`)
  await page.getByRole('button', { name: t('providers.add') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('providers.name')).fill(nameOf(language))
  await dialog.getByLabel(t('providers.issuer')).fill('nonsense')
  await dialog.getByLabel(t('providers.clientId')).fill(`weft-${language}`)
  await dialog.getByLabel(t('providers.clientSecret')).fill(SECRET)
  await dialog.getByLabel(t('providers.domains')).fill(`@${language}.example`)
  await dialog.getByLabel(t('providers.joinRole')).selectOption('member')
  await dialog.getByRole('button', { name: t('providers.save') }).click()
  await dialog.getByText(t('providers.problem.issuer')).waitFor()
  await look(visit, `${language}-provider-form`)
  // Nobody is there.
  await dialog.getByLabel(t('providers.issuer')).fill('http://localhost:1')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: t('providers.test.of', { name: nameOf(language) }) }).click()
  await page.getByText(t('providers.reason.unreachable')).waitFor()
  await page.getByRole('button', { name: t('providers.edit.of', { name: nameOf(language) }) }).click()
  await dialog.getByLabel(t('providers.issuer')).fill(idp.issuer)
  await dialog.getByRole('button', { name: t('providers.save') }).click()
  await dialog.getByText(t('providers.problem.clientSecret')).waitFor()
  await dialog.getByLabel(t('providers.clientSecret')).fill(SECRET)
  await dialog.getByRole('button', { name: t('providers.save') }).click()
  await dialog.waitFor({ state: 'detached' })
  const redirectUri = await page.getByLabel(t('providers.redirectUri'), { exact: true }).inputValue()
  idp.register({ id: `weft-${language}`, secret: SECRET, redirectUri })
  await page.getByRole('button', { name: t('providers.test.of', { name: nameOf(language) }) }).click()
  await page.getByText(t('providers.reached')).waitFor()
  await look(visit, `${language}-providers`)
}

/** The pages of the provider itself, which are its own. */
async function enterAtProvider(page: Page, subject: string): Promise<void> {
  await page.waitForURL(`${idp.issuer}/**`)
  await page.locator('[name=login]').fill(subject)
  await page.locator('[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  await page.locator('[name=prompt][value=consent]').waitFor({ state: 'attached' })
  await page.locator('button[type=submit]').click()
  await page.waitForURL(`${stage.address}/**`)
}

const arrive = (page: Page, t: Words) => page.getByRole('heading', { level: 1, name: t('clients:clients') }).waitFor()

test.each(LANGUAGES)('an organisation signs in by its provider (%s)', async (language) => {
  const telling = { t: wordsOf(language), language }
  const { t } = telling
  const admin = await openVisit(browser, stage.address, { language })
  await signIn(admin, stage.studios[language].email, t)
  await configure(admin, telling)

  const guest = await openVisit(browser, stage.address, { language })
  for (const visit of [admin, guest]) await refuseTypefaces(visit)
  await joinByMail(guest, telling)
  await comeByLink(guest, telling)
  await linkOwn(admin, telling)
  await acceptInvitation(telling)
  await requireProvider(admin, telling)
  expectQuiet(admin, [400])
  expectQuiet(guest, [401])
  for (const { context } of [admin, guest]) await context.close()
})

/** By the address of a mail: unknown ones lead nowhere, those of the domain to the provider. */
async function joinByMail(guest: Visit, { t, language }: Telling): Promise<void> {
  const { page } = guest
  await page.goto('/clients?q=harbour')
  await page.getByRole('button', { name: t('provider.signIn') }).click()
  await page.getByText(t('provider.needsEmail')).waitFor()
  await page.getByLabel(t('signIn.email')).fill('somebody@nowhere.example')
  await page.getByRole('button', { name: t('provider.signIn') }).click()
  await page.getByText(t('provider.none')).waitFor()
  await look(guest, `${language}-entry`)
  await page.getByLabel(t('signIn.email')).fill(`anybody@${language}.example`)
  await page.getByRole('button', { name: t('provider.signIn') }).click()
  await enterAtProvider(page, `sub-${language}`)
  await arrive(page, t)
  expect(new URL(page.url()).search).toContain('q=harbour')
}

/** By the link of the organisation; broken off, it is said why, and it begins again. */
async function comeByLink(guest: Visit, { t, language }: Telling): Promise<void> {
  const { page } = guest
  const link = `/sign-in/studio-${language}`
  await page.goto(link)
  await arrive(page, t)
  await page.getByRole('button', { name: t('user.menu') }).click()
  await page.getByRole('menuitem', { name: t('user.signOut') }).click()
  await page.getByRole('heading', { name: t('signIn.title') }).waitFor()
  await page.goto(link)
  const button = page.getByRole('button', { name: t('provider.continue', { name: nameOf(language) }) })
  await button.waitFor()
  await look(guest, `${language}-entry-organisation`)
  await page.goto('/#provider=spent')
  await page.getByText(t('provider.problem.spent')).waitFor()
  expect(page.url()).not.toContain('#')
  await look(guest, `${language}-entry-refused`)
  await page.goto(link)
  await button.click()
  // The provider still knows the browser.
  await arrive(page, t)
}

async function linkOwn(admin: Visit, { t, language }: Telling): Promise<void> {
  const { page } = admin
  await page.goto('/account')
  await page.getByRole('button', { name: t('identity.link', { name: nameOf(language) }) }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('password.current')).fill(PASSWORD)
  await look(admin, `${language}-identity-link`)
  await page.keyboard.press('Enter')
  await enterAtProvider(page, `admin-${language}`)
  await page.getByText(t('identity.kept')).first().waitFor()
  await settle(page)
  await look(admin, `${language}-identities`)
  await page.getByRole('button', { name: t('identity.unlink.of', { name: nameOf(language) }) }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('identity.unlink') })
    .click()
  await page
    .getByText(t('identity.unlinked', { name: nameOf(language) }))
    .first()
    .waitFor()
}

/** Who is invited comes by the provider at once, without choosing a password. */
async function acceptInvitation({ t, language }: Telling): Promise<void> {
  const { accountTokens } = stage.harness.kernel.services
  const { tenant, api } = stage.studios[language]
  const { user } = (await api.get('/api/session')).body
  const email = `invited-${language}@studio.example`
  const { id } = await accountTokens.invite(tenant, user.id, { email, role: { role: 'member', roleId: null } })
  const invited = await openVisit(browser, stage.address, { language })
  await refuseTypefaces(invited)
  await invited.page.goto(`/invitation#${await accountTokens.issue(id)}`)
  const button = invited.page.getByRole('button', { name: t('provider.continue', { name: nameOf(language) }) })
  await button.waitFor()
  await look(invited, `${language}-invitation-provider`)
  await button.click()
  await enterAtProvider(invited.page, `invited-${language}`)
  await arrive(invited.page, t)
  expectQuiet(invited)
  await invited.context.close()
}

/** The pages of the provider ask for a typeface elsewhere. */
async function refuseTypefaces({ context }: Visit): Promise<void> {
  await context.route('https://fonts.googleapis.com/**', (route) =>
    route.fulfill({ contentType: 'text/css', body: '' }),
  )
}

/** A member who has a password is told to use the provider. */
async function requireProvider(admin: Visit, { t, language }: Telling): Promise<void> {
  const { page } = admin
  const email = `member-${language}@studio.example`
  await stage.harness.addMember(stage.studios[language].tenant, email, 'member')
  await page.goto('/settings/identity-providers')
  await page.getByRole('button', { name: t('providers.edit.of', { name: nameOf(language) }) }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('providers.passwords')).uncheck()
  await dialog.getByRole('button', { name: t('providers.save') }).click()
  await page.getByText(t('providers.passwords.off')).waitFor()
  const member = await openVisit(browser, stage.address, { language })
  await member.page.goto('/')
  await member.page.getByLabel(t('signIn.email')).fill(email)
  await member.page.getByLabel(t('signIn.password')).fill(PASSWORD)
  await member.page.getByRole('button', { name: t('signIn.submit') }).click()
  await member.page.getByText(t('problem.provider_required')).waitFor()
  await member.context.close()
}
