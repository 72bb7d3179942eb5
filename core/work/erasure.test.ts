/** What the kernel keeps of a record beside rows: an access pack tells of it, an erasure leaves nothing of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { listTables } from '../../tests/support/tables.ts'
import { LocalStore } from '../files/store.ts'
import { purgeFiles } from '../files/sweep.ts'

const CANARY = 'Nachtigall'
const HOUR_MS = 3_600_000
const BESIDE = ['kernel.files', 'kernel.links', 'kernel.mails', 'kernel.notifications', 'kernel.schedules']

const dataDir = mkdtempSync(join(tmpdir(), 'weft-erasure-'))
const root = join(dataDir, 'files')
let h: Harness
beforeAll(async () => {
  h = await openHarness({ config: { dataDir } })
})
afterAll(async () => {
  await h?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const ask = async (path: string, body: unknown) => {
  const reply = await h.alice.post(`/api/probe/${path}`, body)
  expect(reply.status, `${path}: ${reply.text}`).toBe(200)
  return reply.body
}
const addClient = async (lastName: string) =>
  (await h.alice.post('/api/clients', { type: 'person', lastName })).body.id as string

/** One of each kind, about this record. */
async function attach(recordId: string, words: string): Promise<{ file: string; token: string }> {
  const file = await ask('files/put/exchange', { name: `${words}.txt`, content: `${words} sings`, recordId })
  await ask('mail/exchange', { to: `${words}@example.com`, subject: words, text: `Dear ${words}`, recordId })
  const session = (await h.alice.get('/api/session')).body
  await ask('notify/exchange', { to: [session.user.id], key: 'called', params: { who: words, times: 2 }, recordId })
  const { token } = await ask('share', { subject: recordId, note: words })
  await ask('ring', { recordId, word: words, now: true })
  await ask('ring', { recordId, word: words, at: new Date(Date.now() + HOUR_MS).toISOString(), key: words })
  return { file: file.id, token }
}

async function tablesWith(words: string): Promise<string[]> {
  const parts = (await listTables(h.database.query)).map(
    (name) => `select '${name}' as name where exists (select from ${name} t where t::text ilike '%' || $1 || '%')`,
  )
  const found = await h.database.query<{ name: string }>(parts.join(' union all '), [words])
  return found.map(({ name }) => name)
}
const filesWith = (words: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .filter((each) => readFileSync(join(each.parentPath, each.name), 'utf8').includes(words))

test('an access pack tells of files, mails, notices and links', async () => {
  const [one, two] = [await addClient('One'), await addClient('Two')]
  const { file } = await attach(one, 'Amsel')
  await attach(two, 'Drossel')
  const { body } = await h.alice.get(`/api/clients/${one}/access-pack`)
  expect(body).toMatchObject({
    files: [{ id: file, plugin: 'probe', name: 'Amsel.txt', bytes: 11, recordId: one }],
    mails: [{ plugin: 'probe', to: ['Amsel@example.com'], subject: 'Amsel', text: 'Dear Amsel', state: 'kept' }],
    notices: [{ plugin: 'probe', key: 'called', params: { who: 'Amsel', times: 2 } }],
    links: [{ plugin: 'probe', name: 'share', data: { note: 'Amsel' } }],
    isWhole: true,
  })
  expect(JSON.stringify(body)).not.toContain('Drossel')
})

test('an erasure leaves nothing of them, also of what was merged, and all of others', async () => {
  const [one, two, other] = [await addClient('One'), await addClient('Two'), await addClient('Other')]
  const { file, token } = await attach(one, CANARY)
  const { file: second } = await attach(two, `${CANARY}2`)
  const kept = await attach(other, 'Zeisig')
  expect((await h.alice.post(`/api/clients/${one}/merge`, { with: two })).status).toBe(200)
  expect(await tablesWith(CANARY)).toEqual(expect.arrayContaining(BESIDE))
  expect(filesWith(CANARY)).toHaveLength(2)
  expect((await h.anonymous().get(`/api/link/${token}/probe/shared`)).status).toBe(200)

  expect((await h.alice.post(`/api/clients/${one}/erase`)).status).toBe(200)
  expect(await tablesWith(CANARY)).toEqual([])
  for (const id of [file, second]) expect((await h.alice.get(`/api/files/${id}`)).status).toBe(404)
  expect((await h.anonymous().get(`/api/link/${token}/probe/shared`)).status).toBe(404)
  await purgeFiles({ database: h.kernel.services.database, store: new LocalStore(root) })
  expect(filesWith(CANARY)).toEqual([])
  expect(await h.database.query('select id from kernel.files where id = any($1)', [[file, second]])).toEqual([])

  expect(await tablesWith('Zeisig')).toEqual(expect.arrayContaining(BESIDE))
  expect((await h.alice.get(`/api/files/${kept.file}`)).text).toBe('Zeisig sings')
  // What an event told is blank; whom it was about is known.
  const told = await h.database.query<{ payload: unknown }>(
    `select payload from kernel.facts where event = 'probe.rang' and record_id = $1`,
    [one],
  )
  expect(told).toEqual([{ payload: { recordId: one, word: null } }])
})

test('a mail is about a record that is there', async () => {
  const reply = await h.alice.post('/api/probe/mail/exchange', {
    to: 'any@example.com',
    subject: 'Any',
    text: 'Any',
    recordId: h.tenants.bob,
  })
  expect([reply.status, reply.body.code, reply.body.errors]).toEqual([
    422,
    'reference',
    [{ path: '/recordId', code: 'reference' }],
  ])
})

test.each([
  ['files/put/exchange', (recordId: string) => ({ name: 'late.txt', content: 'late', recordId })],
  ['mail/exchange', (recordId: string) => ({ to: 'late@example.com', subject: 'Late', text: 'Late', recordId })],
  ['share', (recordId: string) => ({ subject: recordId, note: 'late' })],
])('what comes while the record is erased waits and is refused: %s', async (path, bodyOf) => {
  const id = await addClient('Erased meanwhile')
  await h.database.query('begin')
  // As the erasure does it.
  await h.database.query('select from kernel.records where id = $1 for update', [id])
  await h.database.query('update kernel.records set deleted_at = now(), erased_at = now() where id = $1', [id])
  const coming = h.alice.post(`/api/probe/${path}`, bodyOf(id))
  try {
    const isWaiting = async () => {
      await h.database.query('select pg_stat_clear_snapshot()')
      const found = await h.database.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return found.length > 0
    }
    await eventually(isWaiting, 'it waits')
  } finally {
    await h.database.query('commit')
  }
  const refused = await coming
  expect([refused.status, refused.body.code], refused.text).toEqual([422, 'reference'])
  expect(await tablesWith('late.txt')).toEqual([])
  expect(filesWith('late')).toEqual([])
})
