/** Files that a plugin looks at before anybody has them, as a scanner of viruses does. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { LocalStore } from './store.ts'
import { Spool } from './spool.ts'
import { sweepFiles } from './sweep.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'weft-storing-'))
const root = join(dataDir, 'files')
let h: Harness
let member: Visitor
beforeAll(async () => {
  h = await openHarness({ config: { dataDir } })
  member = await h.addMember(h.tenants.alice, 'storing@test.example', 'member')
})
afterAll(async () => {
  await h?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const upload = (name: string, body: string, who = h.alice) =>
  who.call('POST', `/api/files?plugin=probe&name=${name}`, { body, headers: { 'content-type': 'text/plain' } })
const rows = () => h.database.query<{ id: string; state: string }>('select id, state from kernel.files')
const bytes = () =>
  readdirSync(root)
    .filter((name) => name !== '.incoming')
    .flatMap((tenant) => readdirSync(join(root, tenant)))
const put = (name: string, content: string) => h.alice.post('/api/probe/files/put/exchange', { name, content })

test('what is looked at and let pass is there as ever', async () => {
  const file = await upload('scan-good.txt', 'nothing to see')
  expect(file.status, file.text).toBe(201)
  expect((await h.alice.get(`/api/files/${file.body.id}`)).text).toBe('nothing to see')
  expect((await put('scan-too.txt', 'as good')).status).toBe(200)
  expect((await rows()).map(({ state }) => state).sort()).toEqual(['kept', 'staged'])
})

test.each([
  ['scan-bad.txt', 'X EICAR X', 'infected', [{ path: '/content', code: 'infected' }]],
  ['scan-unclear.txt', 'hold it', 'unclear', []],
  ['broken.txt', 'any', 'unanswered', [{ path: '', code: 'unanswered', params: { plugin: 'meter' } }]],
  ['changed.txt', 'any', 'unanswered', [{ path: '', code: 'unanswered', params: { plugin: 'meter' } }]],
  ['storing.txt', 'any', 'unanswered', [{ path: '', code: 'unanswered', params: { plugin: 'meter' } }]],
])('%s is refused, its bringer is told why, and nothing of it stays', async (name, content, code, errors) => {
  const before = [await rows(), bytes()]
  const refused = await upload(name, content)
  expect([refused.status, refused.body.code, refused.body.errors ?? []]).toEqual([409, code, errors])
  const own = await put(name, content)
  expect([own.status, own.body.code]).toEqual([409, code])
  expect([await rows(), bytes()]).toEqual(before)
})

test('a file is nobody’s before it is answered for', async () => {
  const brought = upload('waiting.txt', 'patience')
  const id = await eventually(
    async () => (await rows()).find(({ state }) => state === 'scanning')?.id,
    'the file is being looked at',
  )
  const early = await h.alice.get(`/api/files/${id}`)
  expect([early.status, early.body.code]).toEqual([409, 'scanning'])
  expect((await member.get(`/api/files/${id}`)).status).toBe(404)
  expect((await h.bob.get(`/api/files/${id}`)).status).toBe(404)
  for (const [name, kind] of [
    ['open', 'exchange'],
    ['info', 'command'],
    ['claim', 'command'],
  ])
    expect((await h.alice.post(`/api/probe/files/${name}/${kind}`, { id })).body.code, name).toBe('scanning')
  await eventually(async () => process.listenerCount('weft-scan') > 0, 'the answer waits')
  process.emit('weft-scan' as never)
  const file = await brought
  expect([file.status, file.body.id]).toEqual([201, id])
  expect((await h.alice.get(`/api/files/${id}`)).text).toBe('patience')
})

test('what was never answered for, because the process was killed, is swept away after a day', async () => {
  const { id } = (await upload('scan-left.txt', 'left')).body
  await h.database.query('set session_replication_role = replica')
  await h.database.query(
    `update kernel.files set state = 'scanning', created_at = now() - interval '25 hours' where id = $1`,
    [id],
  )
  await h.database.query('set session_replication_role = origin')
  const { database } = h.kernel.services
  await sweepFiles({ database, store: new LocalStore(root), spool: new Spool(join(root, '.incoming')) })
  expect((await rows()).some((row) => row.id === id)).toBe(false)
  expect(bytes()).not.toContain(id)
})

test('where the plugin is off nobody is asked', async () => {
  expect((await h.bob.patch('/api/plugins/meter', { enabled: false })).status).toBe(200)
  const file = await upload('scan-bad.txt', 'X EICAR X', h.bob)
  expect(file.status, file.text).toBe(201)
  expect((await h.bob.get(`/api/files/${file.body.id}`)).text).toBe('X EICAR X')
})
