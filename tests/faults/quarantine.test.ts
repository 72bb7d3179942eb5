/** A plugin that blocks, fills, ends or shakes the process: the process comes back, the others go on, and the plugin is shut out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fixtures } from '../support/fixtures.ts'
import { eventually } from '../support/harness.ts'
import { Folders, freePort, type Program, run } from './program.ts'

const fixtures = new Fixtures()
const folders = new Folders()
const admin = { email: 'admin@quarantine.example', password: 'a password of some length' }
/** What is promised, and what one of them may take on a busy machine. */
const BACK_MS = 10_000
const LATE_MS = 30_000
const MEMORY_MB = 900
let program: Program | null = null
let origin = ''
let cookie = ''

const act = (id: string, body: string) => `import { definePlugin } from 'weft'
const kept = []
const acts = { ${body} }
const routes = Object.entries(acts).map(([name, act]) => ({
  method: 'POST', path: '/' + name, access: '${id}.run', kind: 'exchange', handle: async (ctx) => (await act(ctx)) ?? { pid: process.pid },
}))
export default definePlugin({ routes })
`
const plugin = (id: string, body: string) =>
  fixtures.write(id, {
    server: act(id, body),
    manifest: { permissions: { [`${id}.run`]: { en: 'Run', fr: 'Lancer' } } },
  })

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const headers = { origin, cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const reply = await fetch(`${origin}${path}`, {
    method,
    headers,
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (path === '/api/session') cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
  const text = await reply.text()
  return { status: reply.status, body: text === '' ? null : JSON.parse(text) }
}
const statusOf = async (path: string) => (await call('GET', path).catch(() => null))?.status ?? 0
const stateOf = async (id: string) =>
  (await call('GET', '/api/plugins')).body.items.find((each: { id: string }) => each.id === id)
/** Another process serves again. @returns how long that took, in ms */
async function untilBack(pid: number): Promise<number> {
  const begin = performance.now()
  const isBack = async () => {
    const reply = await call('POST', '/api/steady/look').catch(() => null)
    return reply?.status === 200 && reply.body.pid !== pid
  }
  await eventually(isBack, 'another process serves', 60_000)
  return performance.now() - begin
}
const pidOf = async () => (await call('POST', '/api/steady/look')).body.pid as number

beforeAll(async () => {
  const trouble = plugin(
    'trouble',
    `block: () => { for (;;); }, leave: () => process.exit(7),
     stray: () => { void Promise.reject(new Error('nobody awaits me')); setTimeout(() => { throw new Error('nobody catches me') }, 1) },
     later: async () => { setTimeout(() => { for (;;); }, 50) }`,
  )
  const hoarder = plugin(
    'hoarder',
    `leak: () => { kept.push(Buffer.alloc(100_000_000, 1)) },
     hoard: () => { for (;;) { kept.push(Buffer.alloc(5_000_000, 1)); for (const end = performance.now() + 3; performance.now() < end;); } }`,
  )
  const steady = plugin('steady', 'look: () => {}')
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  program = run(['start'], {
    PORT: `${port}`,
    WEFT_DATA_DIR: folders.path('data'),
    WEFT_ADMIN_EMAIL: admin.email,
    WEFT_ADMIN_PASSWORD: admin.password,
    WEFT_PLUGINS: [trouble, hoarder, steady].join(','),
    WEFT_MEMORY: `${MEMORY_MB}`,
  })
  const failed = program.ended.then(({ err }) => Promise.reject(new Error(err)))
  failed.catch(() => {})
  await Promise.race([
    failed,
    eventually(async () => (await statusOf('/health/ready')) === 200, 'it is ready', 180_000),
  ])
  expect((await call('POST', '/api/session', admin)).status).toBe(200)
}, 200_000)

afterAll(async () => {
  program?.process.kill('SIGTERM')
  await program?.ended
  folders.remove(['data'])
  fixtures.remove()
})

describe('a plugin that', { timeout: 120_000 }, () => {
  test('leaves a failed promise or a thrown error to nobody does not end the process', async () => {
    const pid = await pidOf()
    for (let i = 0; i < 3; i++) expect((await call('POST', '/api/trouble/stray')).status).toBe(200)
    await eventually(async () => (await stateOf('trouble')).state === 'active', 'it answers')
    expect(await pidOf()).toBe(pid)
  })

  test('blocks the process is quarantined the second time, wherever in its code; the others are back in time', async () => {
    const postgres = folders.postmaster('data')
    const pid = await pidOf()
    // In a timer, after others have been called: only its own stack says whose it is.
    await call('POST', '/api/trouble/later')
    await call('POST', '/api/steady/look').catch(() => null)
    const times = [await untilBack(pid)]
    expect(await stateOf('trouble')).toMatchObject({ state: 'active' })
    const second = await pidOf()
    call('POST', '/api/trouble/block').catch(() => {})
    times.push(await untilBack(second))
    expect(Math.min(...times), times.map(Math.round).join(' ')).toBeLessThan(BACK_MS)
    expect(Math.max(...times), times.map(Math.round).join(' ')).toBeLessThan(LATE_MS)
    expect(await stateOf('trouble')).toMatchObject({
      state: 'quarantined',
      reason: { rule: 'it blocked the process for more than 5000 ms, twice in ten minutes' },
    })
    expect((await call('POST', '/api/trouble/block')).status).toBe(404)
    expect((await call('POST', '/api/clients', { type: 'person', lastName: 'Steady' })).status).toBe(201)
    expect(folders.postmaster('data'), 'the same PostgreSQL').toBe(postgres)
  })

  test('is quarantined is loaded again when an administrator resumes it', async () => {
    expect((await call('POST', '/api/plugins/steady/resume')).status).toBe(409)
    expect((await call('POST', '/api/plugins/nobody/resume')).status).toBe(404)
    expect((await call('POST', '/api/plugins/trouble/resume')).status).toBe(202)
    const isBack = async () => (await stateOf('trouble').catch(() => null))?.state === 'active'
    await eventually(isBack, 'it is loaded', 60_000)
    expect((await call('POST', '/api/trouble/stray')).status).toBe(200)
  })

  test('ends the process is quarantined the second time', async () => {
    for (const state of ['active', 'quarantined']) {
      const pid = await pidOf()
      await call('POST', '/api/trouble/leave').catch(() => {})
      expect(await untilBack(pid)).toBeLessThan(LATE_MS)
      expect(await stateOf('trouble')).toMatchObject({ state })
    }
    expect((await stateOf('trouble')).reason.rule).toBe('it ended the process (code 7), twice in ten minutes')
  })

  test('fills the memory, call by call or in one, is quarantined when it was seen at it twice', async () => {
    const first = await pidOf()
    const leak = async () => (await call('POST', '/api/hoarder/leak').catch(() => null))?.body?.pid !== first
    await eventually(leak, 'the process is another one', 60_000)
    expect(await untilBack(first)).toBeLessThan(LATE_MS)
    expect(await stateOf('hoarder')).toMatchObject({ state: 'active' })
    // Between two calls nobody can say whose it is, so that not every life is counted.
    for (let life = 0; life < 6 && (await stateOf('hoarder')).state === 'active'; life++) {
      const pid = await pidOf()
      call('POST', '/api/hoarder/hoard').catch(() => {})
      expect(await untilBack(pid)).toBeLessThan(LATE_MS)
    }
    const rule = `it filled the memory of the process beyond ${MEMORY_MB} MB, twice in ten minutes`
    expect(await stateOf('hoarder')).toMatchObject({ state: 'quarantined', reason: { rule } })
    expect((await call('POST', '/api/clients', { type: 'person', lastName: 'Roomy' })).status).toBe(201)
  })
})
