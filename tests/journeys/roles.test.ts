/** An administrator says what a role gives; whoever has it meets that and no more, and at once what is said anew. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Visitor } from '../support/harness.ts'
import { settle } from '../../core/commands/conformance/looking.ts'
import { expectQuiet, openBrowser, openVisit, signIn, type Visit } from './support/browser.ts'
import { look } from './support/look.ts'
import { openStage, type Stage } from './support/stage.ts'
import { LANGUAGES, type Language, type Words, wordsOf } from './support/words.ts'

const MAIL = 'marguerite@mail.example'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  ;[stage, browser] = await Promise.all([openStage(), openBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

interface Scene {
  readonly t: Words
  readonly language: Language
  readonly api: Visitor
  readonly member: { readonly id: string; readonly email: string }
}

async function addMember(language: Language, email: string): Promise<Scene['member']> {
  const visitor = await stage.harness.addMember(stage.studios[language].tenant, email, 'member')
  return { id: (await visitor.get('/api/session')).body.user.id, email }
}

/** One client of the member's own, and one of nobody's. */
async function addClients({ api, member }: Scene): Promise<{ own: string; other: string }> {
  const add = async (lastName: string, more: object) => {
    const body = { type: 'person', lastName, notes: 'Loves peonies.', status: 'active', ...more }
    return (await api.post('/api/clients', body)).body.id as string
  }
  const own = await add('Marguerite', { ownerId: member.id, email: MAIL, phone: '01 99 00 12 34' })
  await api.patch(`/api/clients/${own}`, { notes: 'Loves peonies and ferns.', email: `2${MAIL}` }, 1)
  return { own, other: await add('Narcisse', { email: 'narcisse@mail.example' }) }
}

const part = (page: Page, t: Words) => page.getByRole('region', { name: t('clients:clients'), exact: true })
const box = (page: Page, t: Words, verb: string) =>
  page.getByRole('checkbox', { name: `${t('clients:clients')}, ${t(`verb.${verb}`)}`, exact: true })
const save = (page: Page, t: Words) => page.getByRole('button', { name: t('form.save') })

async function openFields(clients: Locator, t: Words): Promise<void> {
  await clients.locator('summary', { hasText: t('roles.fields') }).press('Enter')
}

/** By the keyboard alone, as far as there are keys for it. */
async function makeRole(visit: Visit, { t, language }: Scene, name: string): Promise<void> {
  const { page } = visit
  await page.getByRole('link', { name: t('roles.title') }).press('Enter')
  await page.getByRole('heading', { name: t('roles.empty.title') }).waitFor()
  await look(visit, `${language}-roles-empty`)
  await page.getByRole('link', { name: t('roles.new') }).press('Enter')
  await save(page, t).press('Enter')
  await page.getByText(t('roles.problem.needed')).waitFor()
  await look(visit, `${language}-role-new`)
  await page.getByRole('textbox', { name: t('roles.name'), exact: true }).focus()
  await page.keyboard.type(name)
  // Who may change is thought to read.
  for (const verb of ['update', 'create']) await box(page, t, verb).press('Space')
  expect(await box(page, t, 'read').isChecked()).toBe(true)
  await page
    .getByRole('checkbox', { name: t('verb.read'), exact: true })
    .last()
    .waitFor()
  const clients = part(page, t)
  const read = clients.getByRole('group', { name: t('roles.rows.read') })
  await read.getByRole('radio', { name: t('roles.rows.read.some') }).press('Space')
  await read.getByRole('checkbox', { name: t('roles.term.own'), exact: true }).press('Space')
  await save(page, t).press('Enter')
  await page.getByText(t('roles.problem.needs_term')).waitFor()
  await read.getByRole('checkbox', { name: t('roles.term.own'), exact: true }).press('Space')
  await openFields(clients, t)
  await clients.getByLabel(t('clients:clients.email'), { exact: true }).selectOption('masked')
  await clients.getByLabel(t('clients:clients.notes'), { exact: true }).selectOption('read')
  expect(await clients.getByLabel(t('clients:clients.type'), { exact: true }).locator('option').count()).toBe(2)
  await clients.getByText(t('roles.field.needed')).first().waitFor()
  expect(await clients.getByLabel(t('system.createdAt'), { exact: true }).isDisabled()).toBe(true)
  await look(visit, `${language}-role`)
  await save(page, t).press('Enter')
  await page.getByRole('row', { name }).waitFor()
  await look(visit, `${language}-roles`)
}

async function giveRole(page: Page, { t, member }: Scene, role: string): Promise<void> {
  await page.goto('/settings/people')
  await page.getByLabel(t('people.role.of', { name: member.email })).selectOption({ label: role })
  await page
    .getByText(t('people.roleChanged', { name: member.email }))
    .first()
    .waitFor()
}

/** What the role hides is nowhere, what it fixes is shown, and what it does not allow is not offered. */
async function lookAround(visit: Visit, scene: Scene, { own, other }: { own: string; other: string }) {
  const { page } = visit
  const { t, language } = scene
  await page.getByRole('link', { name: /Marguerite$/ }).waitFor()
  expect(await page.getByText('Narcisse').count()).toBe(0)
  await look(visit, `${language}-role-list`)
  for (const key of ['people.title', 'roles.title', 'plugins.title', 'privacy.title'])
    expect(await page.getByRole('link', { name: t(key), exact: true }).count(), key).toBe(0)
  await page.goto(`/clients/${own}`)
  await page.getByText('Loves peonies and ferns.').waitFor()
  expect(await page.getByText(t('clients:clients.email'), { exact: true }).count()).toBe(0)
  expect(await page.getByRole('button', { name: t('action.delete') }).count()).toBe(0)
  // Who may not know the people here still knows itself.
  await page.locator('dd', { hasText: scene.member.email }).waitFor()
  await page.getByText(t('value.hiddenUser')).first().waitFor()
  expect(await page.getByText(t('value.unknownUser')).count()).toBe(0)
  await look(visit, `${language}-role-record`)
  await page.getByRole('tab', { name: t('record.history') }).press('Enter')
  await page.getByText('Loves peonies and ferns.').waitFor()
  expect(await page.getByText(MAIL).count()).toBe(0)
  await look(visit, `${language}-role-history`)
  await page.goto(`/clients/${own}/edit`)
  await page.getByLabel(t('clients:clients.firstName'), { exact: true }).fill('Rose')
  for (const name of ['email', 'notes'])
    expect(await page.getByLabel(t(`clients:clients.${name}`), { exact: true }).count(), name).toBe(0)
  await look(visit, `${language}-role-form`)
  await save(page, t).press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Rose Marguerite' }).waitFor()
  await page.goto(`/clients/${other}`)
  await page
    .getByRole('heading', { name: t('record.missing.title') })
    .first()
    .waitFor()
  await page.goto('/settings/roles')
  await page
    .getByRole('heading', { name: t('forbidden.title') })
    .first()
    .waitFor()
  await look(visit, `${language}-role-forbidden`)
}

test.each(LANGUAGES)('a role is made, given, met and changed (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email } = stage.studios[language]
  const scene: Scene = { t, language, api, member: await addMember(language, `ines-${language}@studio.example`) }
  const ids = await addClients(scene)
  const name = t('roles.name.example')
  const admin = await openVisit(browser, stage.address, { language })
  await signIn(admin, email, t)
  await makeRole(admin, scene, name)
  const [role] = (await api.get('/api/roles')).body.items
  expect(role).toMatchObject({
    name,
    permissions: ['clients.create', 'clients.read', 'clients.update'],
    rows: { clients: { read: ['own'] } },
    fields: { clients: { email: 'masked', notes: 'read' } },
  })
  await giveRole(admin.page, scene, name)

  const visit = await openVisit(browser, stage.address, { language })
  await signIn(visit, scene.member.email, t)
  await lookAround(visit, scene, ids)

  // The screen of whoever has it follows by itself.
  await visit.page.goto('/clients')
  await visit.page.getByRole('link', { name: /Marguerite$/ }).waitFor()
  const { page } = admin
  await page.goto('/settings/roles')
  await page.getByRole('link', { name, exact: true }).press('Enter')
  const clients = part(page, t)
  await clients.getByRole('radio', { name: t('roles.rows.read.all'), exact: true }).press('Space')
  await openFields(clients, t)
  await clients.getByLabel(t('clients:clients.email'), { exact: true }).selectOption('')
  await save(page, t).press('Enter')
  await page.getByText(t('roles.saved', { name })).first().waitFor()
  await visit.page.getByRole('link', { name: 'Narcisse', exact: true }).waitFor()
  await visit.page.getByText('narcisse@mail.example').waitFor()

  await removeRole(admin, scene, name)
  expectQuiet(admin)
  expectQuiet(visit, [404])
  for (const { context } of [admin, visit]) await context.close()
})

/** First it is somebody's. */
async function removeRole(visit: Visit, scene: Scene, name: string): Promise<void> {
  const { page } = visit
  const { t, language, member } = scene
  const remove = page.getByRole('button', { name: t('roles.remove.of', { name }) })
  const dialog = page.getByRole('dialog')
  await remove.press('Enter')
  await dialog.getByText(member.email).waitFor()
  await look(visit, `${language}-role-in-use`)
  await page.keyboard.press('Escape')
  await giveRole(page, scene, t('people.role.member'))
  await page.goto('/settings/roles')
  await page.getByRole('link', { name: t('roles.copy.of', { name }) }).press('Enter')
  expect(await page.getByRole('textbox', { name: t('roles.name'), exact: true }).inputValue()).toBe(
    t('roles.copy', { name }),
  )
  await page.getByRole('textbox', { name: t('roles.name'), exact: true }).fill(name)
  await page
    .getByRole('link', { name: t('roles.title') })
    .first()
    .press('Enter')
  await dialog.getByText(t('leave.title')).waitFor()
  await dialog.getByRole('button', { name: t('leave.yes') }).press('Enter')
  await remove.press('Enter')
  await dialog.getByRole('button', { name: t('action.delete') }).press('Enter')
  await page.getByRole('heading', { name: t('roles.empty.title') }).waitFor()
}

test.each(LANGUAGES)('what is refused is told at its place, and a newer role is loaded anew (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email } = stage.studios[language]
  const rows = { clients: { read: [{ status: 'active' }] } }
  const made = await api.post('/api/roles', { name: 'Florist', permissions: ['clients.read'], rows })
  await api.post('/api/roles', { name: 'Cook', permissions: [] })
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.goto(`/settings/roles/${made.body.id}`)
  const name = page.getByRole('textbox', { name: t('roles.name'), exact: true })
  await name.fill('cook')
  await name.press('Enter')
  await page.getByText(t('roles.problem.unique')).waitFor()
  expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true')
  await name.fill('Gardener')
  const read = part(page, t).getByRole('group', { name: t('roles.rows.read') })
  await read.getByRole('button', { name: t('roles.term.filter.add') }).press('Enter')
  await save(page, t).press('Enter')
  await page.getByText(t('roles.problem.needs_condition')).waitFor()
  await look(visit, `${language}-role-refused`)
  const second = read.getByRole('group', { name: t('roles.term.filter') }).last()
  await second.getByRole('button', { name: t('filter.add'), exact: true }).press('Enter')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('clients:clients.type'), exact: true })
    .press('Enter')
  await page
    .getByRole('dialog')
    .getByRole('checkbox', { name: t('clients:clients.type.couple') })
    .press('Space')
  await page.keyboard.press('Escape')
  await api.patch(`/api/roles/${made.body.id}`, { version: 1, name: 'Florist too' })
  await save(page, t).press('Enter')
  await page.getByText(t('roles.stale')).waitFor()
  await look(visit, `${language}-role-stale`)
  await page.getByRole('button', { name: t('roles.reload') }).press('Enter')
  await eventually(async () => (await name.inputValue()) === 'Florist too', 'the newest name')
  await read.getByRole('checkbox', { name: t('roles.term.team'), exact: true }).press('Space')
  await save(page, t).press('Enter')
  await page.getByRole('row', { name: 'Florist too' }).waitFor()
  const kept = (await api.get(`/api/roles/${made.body.id}`)).body
  expect(kept.rows).toEqual({ clients: { read: ['team', { status: 'active' }] } })
  expectQuiet(visit, [409, 412])
  await visit.context.close()
})

test.each(LANGUAGES)('a team is made, filled, called otherwise and taken away (%s)', async (language) => {
  const t = wordsOf(language)
  const { api, email, name } = stage.studios[language]
  const visit = await openVisit(browser, stage.address, { language })
  const { page } = visit
  await signIn(visit, email, t)
  await page.goto('/settings/roles')
  await page.getByRole('button', { name: t('teams.new') }).press('Enter')
  const dialog = page.getByRole('dialog')
  await page.keyboard.press('Enter')
  await dialog.getByText(t('teams.needsName')).waitFor()
  await page.keyboard.type('Weddings')
  await dialog.getByRole('checkbox', { name }).press('Space')
  await look(visit, `${language}-team`)
  await save(page, t).press('Enter')
  await page.getByRole('row', { name: 'Weddings' }).getByText(name).waitFor()
  await page.getByRole('button', { name: t('teams.edit.of', { name: 'Weddings' }) }).press('Enter')
  await dialog.getByLabel(t('teams.name'), { exact: true }).fill('Ceremonies')
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: 'Ceremonies' }).waitFor()
  expect((await api.get('/api/teams')).body.items).toMatchObject([{ name: 'Ceremonies', version: 2 }])
  await look(visit, `${language}-teams`)
  await page.getByRole('button', { name: t('teams.remove.of', { name: 'Ceremonies' }) }).press('Enter')
  await dialog.getByRole('button', { name: t('action.delete') }).press('Enter')
  await page.getByRole('heading', { name: t('teams.empty.title') }).waitFor()
  expectQuiet(visit)
  await visit.context.close()
})

test('who manages people gives no more than it has, and is told so', async () => {
  const t = wordsOf('en')
  const { api, email } = stage.studios.en
  const member = await addMember('en', 'desk@studio.example')
  const permissions = ['users.manage', 'users.read', 'clients.read']
  const { id } = (await api.post('/api/roles', { name: 'Desk', permissions })).body
  await api.patch(`/api/users/${member.id}`, { role: id })
  const visit = await openVisit(browser, stage.address, { language: 'en' })
  const { page } = visit
  await signIn(visit, member.email, t)
  await page.goto('/settings/people')
  await page.getByRole('button', { name: t('people.invite') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(t('signIn.email')).fill('more@studio.example')
  await dialog.getByLabel(t('people.role')).selectOption({ label: t('people.role.administrator') })
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: t('people.invite.submit') }).click()
  await dialog.getByText(t('problem.beyond_own')).waitFor()
  await dialog.getByLabel(t('people.role')).selectOption({ label: 'Desk' })
  await dialog.getByRole('button', { name: t('people.invite.submit') }).click()
  await page.getByRole('row', { name: 'more@studio.example' }).getByText('Desk').waitFor()
  await page.getByRole('button', { name: t('people.suspend.of', { name: stage.studios.en.name }) }).click()
  await dialog.getByRole('button', { name: t('people.suspend') }).click()
  await page.getByText(t('problem.beyond_own')).waitFor()
  expect(
    (await api.get('/api/users')).body.items.find((each: { email: string }) => each.email === email),
  ).toMatchObject({
    suspended: false,
  })
  await settle(page)
  expectQuiet(visit, [403])
  await visit.context.close()
})
