import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { readAddress } from './message.ts'
import { openPost } from './post.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'weft-mail-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

const send = (who: Visitor, mail: object, kind = 'exchange') => who.post(`/api/probe/mail/${kind}`, mail)
const plain = { to: 'Ada <ada@example.org>', subject: 'Été', text: 'Bonjour Ada' }

test.each([
  ['ada@example.org', { name: '', address: 'ada@example.org' }],
  ['Ada Lovelace <ada@example.org>', { name: 'Ada Lovelace', address: 'ada@example.org' }],
  ['"Lovelace, Ada" <ada@example.org>', { name: 'Lovelace, Ada', address: 'ada@example.org' }],
  ['ada@example.org, eve@example.org', null],
  ['Team: ada@example.org;', null],
  ['ada@example.org\r\nBcc: eve@example.org', null],
  ['Ada\nBcc: eve@example.org <ada@example.org>', null],
  ['ada', null],
  ['', null],
  ['ada@', null],
  ['a b@example.org', null],
  ['<>', null],
  ['ada@example.org\u0000', null],
  [7, null],
])('%j is read as one address or none', (given, address) => {
  expect(readAddress(given)).toEqual(address)
})

test('mails are from whom SMTP_URL says, else from nobody at the public address', () => {
  const of = (smtpUrl: string | null, url: string | null) => openPost({ smtpUrl, url }).sender
  expect(of('smtp://mail.example.org?from=crm@studio.example', 'https://crm.example.org')).toBe('crm@studio.example')
  expect(of('smtp://mail.example.org', 'https://crm.example.org')).toBe('no-reply@crm.example.org')
  expect(of(null, null)).toBe('no-reply@localhost')
})

describe('without a mail server', () => {
  let h: Harness
  let member: Visitor
  beforeAll(async () => {
    h = await openHarness({ config: { dataDir }, worker: true })
    member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
  })
  afterAll(() => h?.close())

  test('a mail is kept for the administrators of its tenant', async () => {
    const file = (await h.alice.post('/api/probe/files/put/exchange', { name: 'offer.txt', content: 'x' })).body
    const mail = { ...plain, html: '<p>Bonjour</p>', replyTo: 'eve@example.org', attachments: [file.id] }
    const { id } = (await send(h.alice, mail)).body
    const list = (await h.alice.get('/api/mailbox')).body
    expect(list).toMatchObject({ live: false, next: null })
    expect(list.items).toEqual([
      {
        id,
        plugin: 'probe',
        to: ['Ada <ada@example.org>'],
        subject: 'Été',
        state: 'kept',
        reason: null,
        at: expect.stringMatching(/Z$/),
        sentAt: null,
      },
    ])
    expect((await h.alice.get(`/api/mailbox/${id}`)).body).toMatchObject({
      text: 'Bonjour Ada',
      html: '<p>Bonjour</p>',
      from: 'alice <no-reply@localhost>',
      replyTo: 'eve@example.org',
      attachments: ['offer.txt'],
      messageId: `<${id}@localhost>`,
    })
    expect((await h.bob.get('/api/mailbox')).body.items).toEqual([])
    for (const unknown of [id, 'x', '00000000-0000-4000-8000-000000000000'])
      expect((await h.bob.get(`/api/mailbox/${unknown}`)).status, unknown).toBe(404)
    expect([(await member.get('/api/mailbox')).status, (await member.get(`/api/mailbox/${id}`)).status]).toEqual([
      403, 403,
    ])
  })

  test('a mail that could become another one, or reach too many, is refused with the path', async () => {
    const before = (await h.alice.get('/api/mailbox')).body.items.length
    const theirs = (await h.bob.post('/api/probe/files/put/exchange', { name: 'x.txt', content: 'x' })).body.id
    const wrong: [object, string][] = [
      [{ to: 'ada@example.org\r\nBcc: eve@example.org' }, '/to/0'],
      [{ to: ['ada@example.org', 'nobody'] }, '/to/1'],
      [{ to: [] }, '/to'],
      [{ to: Array(51).fill('ada@example.org') }, '/to'],
      [{ subject: 'Hello\nBcc: eve@example.org' }, '/subject'],
      [{ subject: ' ' }, '/subject'],
      [{ replyTo: 'a@b.example, c@d.example' }, '/replyTo'],
      [{ text: undefined }, '/text'],
      [{ html: 7 }, '/html'],
      [{ attachments: [theirs] }, '/attachments/0'],
      [{ attachments: ['x'] }, '/attachments/0'],
    ]
    for (const [part, path] of wrong) {
      const refused = await send(h.alice, { ...plain, ...part })
      expect([refused.status, refused.body.errors[0].path], path).toEqual([path.startsWith('/att') ? 404 : 400, path])
    }
    expect((await h.alice.get('/api/mailbox')).body.items.length).toBe(before)
  })

  test('a mail is not sent within a transaction', async () => {
    expect((await send(h.alice, plain, 'command')).body).toMatch(/cannot be taken back/)
  })

  test('a handler that is told again sends each mail once', async () => {
    await h.bob.post('/api/probe/mail/later', { to: 'ada@example.org', fails: true })
    const items = await eventually(async () => {
      const { body } = await h.bob.get('/api/mailbox')
      return body.items.length >= 2 && body.items
    }, 'both mails are there')
    const done = `select 1 from kernel.deliveries where handler = 'probe.post' and state = 'done' and attempts = 1`
    await eventually(async () => (await h.database.query(done)).length === 1, 'it was told twice')
    expect(items.map(({ subject }: { subject: string }) => subject).toSorted()).toEqual(['first', 'second'])
    expect((await h.bob.get('/api/mailbox')).body.items).toHaveLength(2)
  })

  test('the list goes on page by page', async () => {
    await h.database.query('alter table kernel.mails disable trigger mail_guarded')
    await h.database.query(
      `insert into kernel.mails (tenant_id, id, plugin, key, message_id, sender, recipients, subject, state, at)
        select $1, gen_random_uuid(), 'probe', 'page ' || i, i, 'x', '{}', 'page ' || i, 'kept', now() - interval '1 day' * (i / 2)
        from generate_series(1, 120) i`,
      [h.tenants.bob],
    )
    await h.database.query('alter table kernel.mails enable trigger mail_guarded')
    const subjects: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const { body } = await h.bob.get(`/api/mailbox${next && `?after=${next}`}`)
      subjects.push(...body.items.map(({ subject }: { subject: string }) => subject))
      next = body.next
    }
    expect([subjects.length, new Set(subjects).size]).toEqual([122, 122])
    expect((await h.bob.get('/api/mailbox?after=x')).status).toBe(400)
    expect((await h.bob.get('/api/mailbox?before=x')).status).toBe(400)
  })
})

describe('with a mail server', () => {
  interface Received {
    readonly from: string | undefined
    readonly to: readonly string[]
    readonly raw: string
  }
  const received: Received[] = []
  let refuses = false
  let server: SMTPServer
  let h: Harness
  beforeAll(async () => {
    server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        username === 'crm@studio' && password === 'hush/hush' ? done(null, { user: username }) : done(new Error('no')),
      onData: async (stream, { envelope }, done) => {
        const raw = await readText(stream)
        if (refuses) return done(Object.assign(new Error('4.2.1 try later'), { responseCode: 451 }))
        const from = envelope.mailFrom ? envelope.mailFrom.address : undefined
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw })
        return done()
      },
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.server.address() as { port: number }
    const smtpUrl = `smtp://crm%40studio:hush%2Fhush@127.0.0.1:${port}?from=crm@studio.example`
    h = await openHarness({ config: { dataDir, smtpUrl }, worker: true })
  })
  afterAll(async () => {
    await h?.close()
    await new Promise<void>((resolve) => server.close(resolve))
  })

  test('a mail arrives whole, and its body is kept nowhere else', async () => {
    const file = (await h.alice.post('/api/probe/files/put/exchange', { name: 'été.csv', content: 'a,b' })).body
    const mail = {
      ...plain,
      to: ['Ada <ada@example.org>', 'eve@example.org'],
      html: '<b>Bonjour</b>',
      attachments: [file.id],
    }
    const { id } = (await send(h.alice, mail)).body
    const [one] = received.splice(0)
    expect([one!.from, one!.to]).toEqual(['crm@studio.example', ['ada@example.org', 'eve@example.org']])
    expect(one!.raw).toMatch(/^From: alice <crm@studio.example>\r$/m)
    expect(one!.raw).toMatch(/^To: Ada <ada@example.org>, eve@example.org\r$/m)
    expect(one!.raw).toMatch(/^Subject: =\?UTF-8\?/m)
    expect(one!.raw).toContain(`Message-ID: <${id}@studio.example>`)
    expect(one!.raw).toContain('Bonjour Ada')
    expect(one!.raw).toContain('<b>Bonjour</b>')
    expect(one!.raw).toContain(Buffer.from('a,b').toString('base64'))
    expect(one!.raw).toMatch(/Content-Type: text\/csv/)
    const entry = (await h.alice.get(`/api/mailbox/${id}`)).body
    expect(entry).toMatchObject({ state: 'sent', text: null, html: null, sentAt: expect.any(String) })
    expect((await h.alice.get('/api/mailbox')).body.live).toBe(true)
  })

  test('a mail names no file and no address to fetch', async () => {
    await send(h.alice, { ...plain, html: '<img src="file:///etc/passwd">', text: { path: '/etc/passwd' } })
    expect(received).toEqual([])
  })

  test('what the server refuses is said, and tried again under the same Message-ID', async () => {
    refuses = true
    const refused = await send(h.bob, plain)
    expect([refused.status, refused.body.code]).toEqual([502, 'mail_failed'])
    expect((await h.bob.get('/api/mailbox')).body.items[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/451/),
    })
    expect(received).toEqual([])
    await h.bob.post('/api/probe/mail/later', { to: 'ada@example.org', fails: false })
    const failed = async () =>
      (
        await h.database.query<{ message_id: string }>(
          `select message_id from kernel.mails where subject = 'first' and state = 'failed'`,
        )
      )[0]
    const { message_id: id } = await eventually(failed, 'the handler has failed')
    refuses = false
    await eventually(async () => received.length === 2, 'the handler has sent both')
    expect(received[0]!.raw).toContain(`Message-ID: ${id}`)
    expect(new Set(received.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw)![1])).size).toBe(2)
    received.length = 0
  })

  test('a server that is away is a fault of its own kind, and its password is told to nobody', async () => {
    const away = await openHarness({ config: { dataDir, smtpUrl: 'smtp://user:hush@127.0.0.1:1' } })
    const refused = await send(away.alice, plain)
    expect([refused.status, refused.body.code]).toEqual([502, 'mail_failed'])
    const { text } = await away.alice.get('/api/mailbox')
    expect(text).toMatch(/"reason":"[^"]+"/)
    expect(refused.text + text).not.toContain('hush')
    await away.close()
  })
})
