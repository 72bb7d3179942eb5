import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'

let h: Harness
let member: Visitor
let ids: { alice: string; bob: string; member: string }
let client: string
beforeAll(async () => {
  h = await openHarness({ worker: true, config: { url: 'http://localhost' } })
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
  const idOf = async (who: Visitor) => (await who.get('/api/session')).body.user.id
  ids = { alice: await idOf(h.alice), bob: await idOf(h.bob), member: await idOf(member) }
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Notice' })).body.id
})
afterAll(() => h?.close())

const tell = (who: Visitor, notice: object, kind = 'command') =>
  who.post(`/api/probe/notify/${kind}`, { key: 'called', params: { who: 'Ada', times: 3 }, ...notice })
const listOf = async (who: Visitor, query = '') => (await who.get(`/api/notifications${query}`)).body
const textsOf = async (who: Visitor, query = '') =>
  (await listOf(who, query)).items.map(({ text }: { text: string }) => text)
const clear = () => h.database.query('delete from kernel.notifications')

describe('a notice', () => {
  test('is told to its reader alone, in the reader’s language', async () => {
    expect((await tell(h.alice, { to: [ids.member], recordId: client })).body).toBe('told')
    const { items, unread, next } = await listOf(member)
    expect(items).toEqual([
      {
        id: expect.any(String),
        plugin: 'probe',
        text: 'Ada called 3 times',
        recordId: client,
        url: `/clients/${client}`,
        at: expect.stringMatching(/Z$/),
        read: false,
      },
    ])
    expect([unread, next]).toEqual([1, null])
    await member.patch('/api/session', { language: 'fr' })
    expect(await textsOf(member)).toEqual(['Ada a appelé 3 fois'])
    await member.patch('/api/session', { language: 'en' })
    for (const other of [h.alice, h.bob]) expect(await listOf(other)).toEqual({ items: [], next: null, unread: 0 })
    expect((await h.anonymous().get('/api/notifications')).status).toBe(401)
    await clear()
  })

  test('of a command that is undone was never told', async () => {
    expect((await tell(h.alice, { to: [ids.alice], fails: true })).status).toBe(409)
    expect(await textsOf(h.alice)).toEqual([])
    expect((await tell(h.alice, { to: [ids.alice], fails: true }, 'exchange')).status).toBe(409)
    // An exchange holds no transaction.
    expect(await textsOf(h.alice)).toHaveLength(1)
    await clear()
  })

  test('goes to members of the tenant, and to nobody who may not read its record', async () => {
    const stranger = await tell(h.alice, { to: [ids.member, ids.bob] })
    expect([stranger.status, stranger.body.errors]).toEqual([422, [{ path: '/to/1', code: 'reference' }]])
    const theirs = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Theirs' })).body.id
    for (const recordId of [theirs, 'x', ids.bob])
      expect((await tell(h.alice, { to: [ids.member], recordId })).status, recordId).toBe(422)
    expect(await textsOf(member)).toEqual([])
    await tell(h.alice, { to: { permission: 'plugins.manage' }, recordId: client })
    expect([(await textsOf(h.alice)).length, (await textsOf(member)).length]).toEqual([1, 0])
    await tell(h.alice, { to: { permission: 'clients.read' } })
    expect([(await textsOf(h.alice)).length, (await textsOf(member)).length]).toEqual([2, 1])
    await clear()
  })

  test('is as sound as its plugin’s texts and paths', async () => {
    const wrong: [object, RegExp][] = [
      [{ key: 'unknown' }, /have no text 'notify.unknown'/],
      [{ key: 'constructor' }, /have no text/],
      [{ url: 'https://elsewhere.example' }, /no path of the screen/],
      [{ url: '//elsewhere.example' }, /no path of the screen/],
      [{ url: '/\\elsewhere.example' }, /no path of the screen/],
      [{ params: { who: { a: 1 } } }, /texts and numbers/],
      [{ params: { who: 'x'.repeat(3_000) } }, /texts and numbers/],
    ]
    for (const [part, message] of wrong)
      expect((await tell(h.alice, { to: [ids.alice], ...part })).body, JSON.stringify(part)).toMatch(message)
    expect(await textsOf(h.alice)).toEqual([])
    await tell(h.alice, { to: [ids.alice], url: '/page/probe/plan' })
    expect((await listOf(h.alice)).items[0].url).toBe('/page/probe/plan')
    await clear()
  })

  test('of a plugin that answers another one is its own, and what the other writes is still the other’s', async () => {
    expect((await h.alice.post('/api/tasklist/add', { clientId: client, title: 'notify' })).status).toBe(200)
    expect((await listOf(h.alice)).items).toMatchObject([{ plugin: 'probe', text: 'notify called 1 times' }])
    const facts = await h.database.query(
      `select plugin from kernel.facts where event = 'tasklist.created' order by id desc limit 1`,
    )
    expect(facts).toEqual([{ plugin: 'tasklist' }])
    await clear()
  })

  test('of a record that is gone, or of a plugin that is off, is not shown', async () => {
    const one = (await h.alice.post('/api/clients', { type: 'person', lastName: 'One' })).body
    const two = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Two' })).body
    await tell(h.alice, { to: [ids.alice], recordId: one.id })
    await h.alice.post(`/api/clients/${two.id}/merge`, { with: one.id })
    expect((await listOf(h.alice)).items[0].url).toBe(`/clients/${two.id}`)
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    expect(await listOf(h.alice)).toEqual({ items: [], next: null, unread: 0 })
    await h.alice.patch('/api/plugins/probe', { enabled: true })
    expect((await listOf(h.alice)).unread).toBe(1)
    const { version } = (await h.alice.get(`/api/clients/${two.id}`)).body
    await h.alice.remove(`/api/clients/${two.id}`, version)
    expect(await listOf(h.alice)).toEqual({ items: [], next: null, unread: 0 })
    await clear()
  })

  test('is marked as read by its reader alone', async () => {
    for (const _ of [1, 2, 3]) await tell(h.alice, { to: [ids.member] })
    const [first] = (await listOf(member)).items
    const mark = (who: Visitor, body: unknown, id = first.id) => who.patch(`/api/notifications/${id}`, body)
    expect((await mark(h.alice, { read: true })).status).toBe(404)
    expect((await mark(h.bob, { read: true })).status).toBe(404)
    expect((await mark(member, { read: true }, 'x')).status).toBe(404)
    expect((await mark(member, { read: 'yes' })).status).toBe(400)
    expect((await mark(member, { read: true })).status).toBe(204)
    expect((await listOf(member)).unread).toBe(2)
    expect(await textsOf(member, '?unread=true')).toHaveLength(2)
    await mark(member, { read: false })
    expect((await listOf(member)).unread).toBe(3)
    await h.alice.post('/api/notifications/read')
    expect((await listOf(member)).unread).toBe(3)
    expect((await member.post('/api/notifications/read')).status).toBe(204)
    expect((await listOf(member)).unread).toBe(0)
    expect((await member.get('/api/notifications?unread=x')).status).toBe(400)
    await clear()
  })

  test('is listed page by page', async () => {
    for (let i = 0; i < 65; i++) await tell(h.bob, { to: [ids.bob], params: { who: `n${i}`, times: i } })
    const seen: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const page = await listOf(h.bob, next && `?after=${next}`)
      seen.push(...page.items.map(({ text }: { text: string }) => text))
      next = page.next
    }
    expect([seen.length, new Set(seen).size, seen[0]]).toEqual([65, 65, 'n64 called 64 times'])
    expect((await h.bob.get('/api/notifications?after=x')).status).toBe(400)
    await clear()
  })
})

describe('a preference', () => {
  const prefer = (who: Visitor, change: object) =>
    who.patch('/api/notifications/preferences', { plugin: 'probe', ...change })
  const mailsOf = async () => (await h.alice.get('/api/mailbox')).body.items

  test('is each member’s own, for each plugin that tells anything', async () => {
    expect((await member.get('/api/notifications/preferences')).body.items).toEqual([
      { plugin: 'probe', inApp: true, mail: false },
    ])
    expect((await prefer(member, { mail: true })).body.items).toEqual([{ plugin: 'probe', inApp: true, mail: true }])
    expect((await prefer(member, { inApp: false })).body.items).toEqual([{ plugin: 'probe', inApp: false, mail: true }])
    expect((await h.alice.get('/api/notifications/preferences')).body.items[0].mail).toBe(false)
    for (const change of [
      {},
      { plugin: 'nobody', mail: true },
      { plugin: 'tasklist', mail: true },
      { mail: 1 },
      { x: 1 },
    ])
      expect((await prefer(member, change)).status, JSON.stringify(change)).toBe(400)
  })

  test('has a notice mailed once, in the reader’s language, and not shown where that is not wanted', async () => {
    await member.patch('/api/session', { language: 'fr' })
    await tell(h.alice, { to: { permission: 'clients.read' }, recordId: client })
    const [mail] = await eventually(async () => {
      const mails = await mailsOf()
      return mails.length > 0 && mails
    }, 'the mail is sent')
    expect(mail).toMatchObject({
      plugin: 'probe',
      to: ['member@test.example <member@test.example>'],
      subject: 'Ada a appelé 3 fois',
    })
    expect((await h.alice.get(`/api/mailbox/${mail.id}`)).body.text).toBe(
      `Ada a appelé 3 fois\n\nhttp://localhost/clients/${client}\n`,
    )
    expect([await textsOf(member), (await textsOf(h.alice)).length]).toEqual([[], 1])
    const left = 'select 1 from kernel.notifications where mail_due is not null'
    await eventually(async () => (await h.database.query(left)).length === 0, 'nothing is left to mail')
    // A worker that died after it had sent and before it had said so.
    await h.database.query('alter table kernel.notifications disable trigger notification_guarded')
    await h.database.query('update kernel.notifications set mail_due = now() where not shown')
    await h.database.query('alter table kernel.notifications enable trigger notification_guarded')
    h.kernel.worker.wake()
    await eventually(async () => (await h.database.query(left)).length === 0, 'it is settled')
    expect(await mailsOf()).toHaveLength(1)
  })

  test('for nothing at all leaves no trace', async () => {
    await clear()
    await prefer(member, { mail: false })
    await tell(h.alice, { to: [ids.member] })
    expect(await h.database.query('select 1 from kernel.notifications')).toEqual([])
  })
})
