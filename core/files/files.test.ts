import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Reply, type Visitor } from '../../tests/support/harness.ts'
import { S3Store } from './s3-store.ts'
import { Spool } from './spool.ts'
import { LocalStore } from './store.ts'
import { sweepFiles } from './sweep.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'weft-files-'))
const root = join(dataDir, 'files')
let h: Harness
let member: Visitor
let client: string
beforeAll(async () => {
  h = await openHarness({ config: { dataDir } })
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Files' })).body.id
})
afterAll(async () => {
  await h?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const act = (who: Visitor, name: string, body: object, kind = 'exchange') =>
  who.post(`/api/probe/files/${name}/${kind}`, body)
const put = async (who: Visitor, content: string, more: object = {}) =>
  (await act(who, 'put', { name: 'notes.txt', content, ...more })).body
const upload = (
  who: Visitor,
  body: Buffer | string,
  query = 'plugin=probe&name=up.txt',
  type = 'text/plain',
): Promise<Reply> => who.call('POST', `/api/files?${query}`, { body, headers: { 'content-type': type } })
const sha = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')
const storedIds = () =>
  readdirSync(root)
    .filter((name) => name !== '.incoming')
    .flatMap((tenant) => readdirSync(join(root, tenant)))
const spooled = () => readdirSync(join(root, '.incoming'))
const lines = async () => (await h.database.query('select id from kernel.files')).length

describe('a file of a plugin', () => {
  test('is kept whole, with what is known of it', async () => {
    const file = await put(h.alice, 'hello été')
    expect(file).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'notes.txt',
      type: 'text/plain',
      bytes: 11,
      sha256: sha('hello été'),
      recordId: null,
      createdAt: expect.stringMatching(/Z$/),
      createdBy: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect((await act(h.alice, 'open', { id: file.id })).body).toBe('hello été')
    expect((await act(h.alice, 'info', { id: file.id }, 'command')).body).toEqual(file)
    const path = join(root, h.tenants.alice, file.id)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    expect(spooled()).toEqual([])
  })

  test('is not there for another tenant, another plugin or after it was removed', async () => {
    const { id } = await put(h.alice, 'mine')
    for (const name of ['open', 'info', 'claim', 'remove'])
      expect((await act(h.bob, name, { id })).status, name).toBe(404)
    expect((await h.bob.get(`/api/files/${id}`)).text).toBe((await h.bob.get(`/api/files/${randomUUID()}`)).text)
    await h.database.query('alter table kernel.files disable trigger file_guarded')
    await h.database.query(`update kernel.files set plugin = 'tasklist' where id = $1`, [id])
    expect((await act(h.alice, 'open', { id })).status).toBe(404)
    await h.database.query(`update kernel.files set plugin = 'probe' where id = $1`, [id])
    await h.database.query('alter table kernel.files enable trigger file_guarded')
    expect((await act(h.alice, 'remove', { id }, 'command')).status).toBe(200)
    expect((await act(h.alice, 'open', { id })).status).toBe(404)
    expect((await h.alice.get(`/api/files/${id}`)).status).toBe(404)
    expect(storedIds()).toContain(id)
  })

  test('belongs to a record of its own tenant that the actor may read', async () => {
    const theirs = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Theirs' })).body.id
    for (const recordId of [theirs, randomUUID(), 'no id']) {
      const refused = await act(h.alice, 'put', { name: 'x.txt', content: 'x', recordId })
      expect([refused.status, refused.body.errors[0]]).toEqual([422, { path: '/recordId', code: 'reference' }])
    }
    expect((await put(h.alice, 'x', { recordId: client })).recordId).toBe(client)
  })

  test('is written and read outside of a transaction alone', async () => {
    const { id } = await put(h.alice, 'x')
    for (const [name, body] of [
      ['put', { name: 'x', content: 'x' }],
      ['open', { id }],
    ] as const)
      expect((await act(h.alice, name, body, 'command')).body).toMatch(/is for an exchange/)
  })
})

describe('an upload', () => {
  test('is staged for its plugin, and kept by the command that claims it', async () => {
    const sent = await upload(h.alice, 'staged', 'plugin=probe&name=..%2Fup.txt')
    expect([sent.status, sent.headers.location, sent.body.name]).toEqual([201, `/api/files/${sent.body.id}`, 'up.txt'])
    const { id } = sent.body
    expect((await act(member, 'claim', { id }, 'command')).status).toBe(404)
    expect((await act(h.alice, 'claim-and-fail', { id }, 'command')).status).toBe(409)
    const [staged] = await h.database.query<{ state: string }>('select state from kernel.files where id = $1', [id])
    expect(staged!.state).toBe('staged')
    expect((await act(h.alice, 'claim', { id, recordId: client }, 'command')).body.recordId).toBe(client)
    expect((await act(h.alice, 'claim', { id }, 'command')).status).toBe(404)
  })

  test('of JSON or of nothing is bytes like any other', async () => {
    const json = await upload(h.alice, '{"a":', 'plugin=probe&name=a.json', 'application/json')
    expect([json.status, json.body.bytes, json.body.type]).toEqual([201, 5, 'application/json'])
    const empty = await h.alice.call('POST', '/api/files?plugin=probe&name=empty', {})
    expect([empty.status, empty.body.bytes]).toEqual([201, 0])
  })

  test('needs a right to create, a plugin that is on, and a name', async () => {
    const before = await lines()
    const key = async (permissions: string[]) => ({
      authorization: `Bearer ${(await h.alice.post('/api/api-keys', { name: 'k', permissions })).body.key}`,
      'content-type': 'text/plain',
    })
    const as = async (permissions: string[]) =>
      h.anonymous().call('POST', '/api/files?plugin=probe&name=x', { body: 'x', headers: await key(permissions) })
    expect((await as(['probe.run'])).status).toBe(403)
    expect((await upload(h.anonymous(), 'x')).status).toBe(401)
    for (const query of ['name=x', 'plugin=probe', '', 'plugin=probe&name=x&more=1'])
      expect((await upload(h.alice, 'x', query)).status, query).toBe(400)
    expect((await upload(h.alice, 'x', 'plugin=nobody&name=x')).status).toBe(404)
    await h.bob.patch('/api/plugins/probe', { enabled: false })
    expect((await upload(h.bob, 'x')).status).toBe(404)
    await h.bob.patch('/api/plugins/probe', { enabled: true })
    expect(await lines()).toBe(before)
    expect((await as(['probe.upload'])).status).toBe(201)
  })

  test('beyond the tenant’s room is refused and leaves nothing, however many come at once', async () => {
    const [{ used }] = (await h.database.query<{ used: string }>(
      'select coalesce(sum(bytes), 0)::text as used from kernel.files where tenant_id = $1',
      [h.tenants.bob],
    )) as [{ used: string }]
    await h.database.query('update kernel.tenants set file_quota = $2 where id = $1', [
      h.tenants.bob,
      Number(used) + 1_000,
    ])
    const stored = storedIds().length
    const replies = await Promise.all(Array.from({ length: 12 }, () => upload(h.bob, 'x'.repeat(300))))
    const statuses = replies.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([...Array(3).fill(201), ...Array(9).fill(507)])
    expect(replies.find(({ status }) => status === 507)!.body.code).toBe('quota')
    expect(storedIds().length).toBe(stored + 3)
    expect(spooled()).toEqual([])
    expect((await upload(h.bob, 'x'.repeat(5_000))).status).toBe(507)
    await h.database.query('update kernel.tenants set file_quota = default where id = $1', [h.tenants.bob])
  })

  test('that its client breaks off leaves nothing behind', async () => {
    await h.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = h.app.server.address() as { port: number }
    const before = [await lines(), storedIds().length]
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST /api/files?plugin=probe&name=half.txt HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\n` +
        `cookie: ${h.alice.cookie}\r\ncontent-type: text/plain\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(50_000)}`,
    )
    await eventually(async () => spooled().length === 1, 'the upload runs')
    socket.destroy()
    await eventually(async () => spooled().length === 0, 'what had come is gone')
    expect([await lines(), storedIds().length]).toEqual(before)
  })

  test('of many bytes is taken in constant memory', async () => {
    const { port } = h.app.server.address() as { port: number }
    const part = randomBytes(1024 * 1024)
    const socket = connect(port, '127.0.0.1')
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
    let peak = 0
    const before = process.memoryUsage().rss
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss - before)), 5)
    socket.write(
      `POST /api/files?plugin=probe&name=large.bin HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\n` +
        `cookie: ${h.alice.cookie}\r\ncontent-type: x/y\r\ncontent-length: ${300 * part.length}\r\n\r\n`,
    )
    for (let i = 0; i < 300; i++) if (!socket.write(part)) await once(socket, 'drain')
    expect(await answer).toMatch(/^HTTP\/1.1 201 /)
    clearInterval(timer)
    socket.destroy()
    const [kept] = await h.database.query('select bytes::int from kernel.files order by created_at desc limit 1')
    expect(kept).toEqual({ bytes: 300 * part.length })
    expect(peak).toBeLessThan(150 * 1024 * 1024)
  })
})

describe('a download', () => {
  const get = (who: Visitor, id: string, headers: Record<string, string> = {}, query = '') =>
    who.call('GET', `/api/files/${id}${query}`, { headers })

  test('is saved and never run, whatever the file is', async () => {
    const page = await put(h.alice, '<!doctype html><script>alert(1)</script>', { name: 'été.html', recordId: client })
    const { headers, status, text } = await get(h.alice, page.id, {}, '?inline=1')
    expect([status, text]).toEqual([200, '<!doctype html><script>alert(1)</script>'])
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': `attachment; filename="_t_.html"; filename*=UTF-8''%C3%A9t%C3%A9.html`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      etag: `"${page.sha256}"`,
    })
    const paper = await put(h.alice, '%PDF-1.7\n', { name: 'a.pdf' })
    expect((await get(h.alice, paper.id)).headers['content-disposition']).toMatch(/^attachment/)
    expect((await get(h.alice, paper.id, {}, '?inline=1')).headers['content-disposition']).toMatch(/^inline/)
    expect((await get(h.alice, paper.id, {}, '?other=1')).status).toBe(400)
  })

  test('may be a part of it, or nothing where it is known', async () => {
    const { id, sha256 } = await put(h.alice, '0123456789')
    const part = async (range: string, more: Record<string, string> = {}) => {
      const { status, text, headers } = await get(h.alice, id, { range, ...more })
      return [status, status === 416 ? '' : text, headers['content-range']]
    }
    expect(await part('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10'])
    expect(await part('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await part('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await part('bytes=0-99')).toEqual([206, '0123456789', 'bytes 0-9/10'])
    for (const none of ['bytes=10-', 'bytes=-0', 'bytes=5-2'])
      expect(await part(none), none).toEqual([416, '', 'bytes */10'])
    for (const whole of ['bytes=0-0,2-3', 'bytes=a-b', 'lines=1-2', 'bytes=-'])
      expect((await part(whole)).slice(0, 2), whole).toEqual([200, '0123456789'])
    expect(await part('bytes=2-4', { 'if-range': '"other"' })).toEqual([200, '0123456789', undefined])
    expect((await part('bytes=2-4', { 'if-range': `"${sha256}"` }))[0]).toBe(206)
    expect((await get(h.alice, id, { 'if-none-match': `"${sha256}"` })).status).toBe(304)
    const head = await h.alice.call('HEAD', `/api/files/${id}`)
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '10', ''])
  })

  test('is for who may read the record, and goes with it', async () => {
    const one = (await h.alice.post('/api/clients', { type: 'person', lastName: 'One' })).body
    const two = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Two' })).body
    const { id } = await put(h.alice, 'of one', { recordId: one.id })
    expect((await get(member, id)).status).toBe(200)
    expect((await get(h.bob, id)).status).toBe(404)
    const { body } = await h.alice.post('/api/api-keys', { name: 'k', permissions: ['probe.run', 'tasklist.read'] })
    const as = { headers: { authorization: `Bearer ${body.key}` } }
    expect((await h.anonymous().call('GET', `/api/files/${id}`, as)).status).toBe(404)
    const { mergeId } = (await h.alice.post(`/api/clients/${two.id}/merge`, { with: one.id })).body
    expect((await get(member, id)).status).toBe(200)
    await h.alice.post(`/api/clients/${two.id}/unmerge`, { mergeId })
    const { version } = (await h.alice.get(`/api/clients/${one.id}`)).body
    await h.alice.remove(`/api/clients/${one.id}`, version)
    expect((await get(member, id)).status).toBe(404)
    await h.alice.post(`/api/clients/${one.id}/restore`)
    expect((await get(member, id)).status).toBe(200)
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    expect((await get(member, id)).status).toBe(404)
    await h.alice.patch('/api/plugins/probe', { enabled: true })
  })

  test('of no record is for who made it', async () => {
    const { id } = await put(member, 'private')
    expect((await get(member, id)).status).toBe(200)
    expect((await get(h.alice, id)).status).toBe(404)
  })

  test('whose bytes are lost is refused without an end', async () => {
    const { id } = await put(h.alice, 'lost')
    rmSync(join(root, h.tenants.alice, id))
    const lost = await get(h.alice, id)
    expect([lost.status, lost.body.code]).toEqual([503, 'file_store_unavailable'])
  })
})

describe('the sweep', () => {
  const sweep = () =>
    sweepFiles({
      database: h.kernel.services.database,
      store: new LocalStore(root),
      spool: new Spool(join(root, '.incoming')),
    })
  const age = async (sql: string, id: string) => {
    await h.database.query('alter table kernel.files disable trigger file_guarded')
    await h.database.query(`update kernel.files set ${sql} where id = $1`, [id])
    await h.database.query('alter table kernel.files enable trigger file_guarded')
  }
  const old = (path: string) => utimesSync(path, new Date(0), new Date(0))

  test('takes what nobody claimed, what was removed long ago, and bytes without a row', async () => {
    const [kept, staged, removed, recent, orphan] = [
      await put(h.alice, 'kept'),
      (await upload(h.alice, 'staged')).body,
      await put(h.alice, 'removed'),
      await put(h.alice, 'recent'),
      await put(h.alice, 'orphan'),
    ]
    for (const { id } of [removed, recent]) await act(h.alice, 'remove', { id })
    await age(`created_at = now() - interval '25 hours'`, staged.id)
    await age(`deleted_at = now() - interval '31 days'`, removed.id)
    await h.database.query('delete from kernel.files where id = $1', [orphan.id])
    const path = (id: string) => join(root, h.tenants.alice, id)
    for (const { id } of [kept, recent, orphan]) old(path(id))
    // Its row may be on the way.
    const young = randomUUID()
    writeFileSync(path(young), 'x')
    await sweep()
    const left = storedIds()
    for (const { id } of [kept, recent]) expect(left).toContain(id)
    expect(left).toContain(young)
    for (const { id } of [staged, removed, orphan]) expect(left).not.toContain(id)
    expect((await act(h.alice, 'open', { id: kept.id })).body).toBe('kept')
  })
})

describe('an object store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-s3-'))
  let server: S3rver
  let s3: Harness
  let port: number
  beforeAll(async () => {
    server = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: folder,
      configureBuckets: [{ name: 'files', configs: [] }],
    })
    port = (await server.run()).port
    s3 = await openHarness({ config: { dataDir, s3Url: `s3://S3RVER:S3RVER@127.0.0.1:${port}/files?tls=false` } })
  })
  afterAll(async () => {
    await s3?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('keeps, gives, parts and removes files as a folder does', async () => {
    const file = await put(s3.alice, 'in a bucket')
    expect((await act(s3.alice, 'open', { id: file.id })).body).toBe('in a bucket')
    const part = await s3.alice.call('GET', `/api/files/${file.id}`, { headers: { range: 'bytes=3-3' } })
    expect([part.status, part.text]).toEqual([206, 'a'])
    expect(spooled()).toEqual([])
    const store = new S3Store({
      endpoint: `http://127.0.0.1:${port}`,
      bucket: 'files',
      region: 'us-east-1',
      key: 'S3RVER',
      secret: 'S3RVER',
    })
    const listed = await Array.fromAsync(store.list())
    expect(listed.map(({ tenant, id }) => ({ tenant, id }))).toEqual([{ tenant: s3.tenants.alice, id: file.id }])
    await s3.database.query('delete from kernel.files')
    await sweepFiles(
      { database: s3.kernel.services.database, store, spool: new Spool(join(root, '.incoming')) },
      new Date(Date.now() + 60_000),
    )
    expect(await Array.fromAsync(store.list())).toEqual([])
  })

  test('that is away refuses with its own code, and leaves nothing behind', async () => {
    const away = await openHarness({ config: { dataDir, s3Url: 's3://key:hush@127.0.0.1:1/files?tls=false' } })
    const refused = await act(away.alice, 'put', { name: 'x', content: 'x' })
    expect([refused.status, refused.body.code]).toEqual([503, 'file_store_unavailable'])
    expect(refused.text).not.toMatch(/hush|127/)
    expect(spooled()).toEqual([])
    expect(await away.database.query('select 1 from kernel.files')).toEqual([])
    await away.close()
  })
})

test('a full disk is said so, and nothing is left', async () => {
  const folder = join(dataDir, 'full')
  const full = (async function* () {
    yield Buffer.from('x')
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  })()
  const taking = new Spool(folder).take(full, { limit: 10, refuse: () => new Error() as never }, async () => {})
  await expect(taking).rejects.toMatchObject({ status: 507, code: 'disk_full' })
  expect(readdirSync(folder)).toEqual([])
})
